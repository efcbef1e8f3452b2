"""What a person does with the page, by keys and by mouse, in a browser without a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.browser import Browser
from tests.places import ROOT, WALKTHROUGH

pytestmark = pytest.mark.browser

SHIFT = 8


class Hand:
    """A reader of an open page."""

    def __init__(self, browser: Browser, page: Path) -> None:
        self.browser, self.page = browser, page

    def open(self, address: str = "") -> None:
        self.browser.open(self.page, address)

    def see(self, script: str) -> Any:
        """What an expression gives once the page has followed."""
        self.browser.follow()
        return self.browser.evaluate(script)

    def keys(self, *keys: str, modifiers: int = 0) -> None:
        for key in keys:
            self.browser.press(key, key if len(key) == 1 else "\r" if key == "Enter" else "", modifiers)

    def write(self, text: str) -> None:
        self.keys(*text)

    def middle(self, selector: str) -> tuple[float, float]:
        self.see("1")
        return self.browser.middle(selector)

    def point(self, selector: str) -> None:
        self.browser.mouse("mouseMoved", *self.middle(selector))

    def click(self, selector: str) -> None:
        self.drag(selector, 0)

    def drag(self, selector: str, by: float) -> None:
        """Press the mouse button on an element, move to the right, let go."""
        x, y = self.middle(selector)
        self.browser.mouse("mouseMoved", x, y)
        self.browser.mouse("mousePressed", x, y)
        for step in range(1, 5) if by else ():
            self.browser.mouse("mouseMoved", x + by * step / 4, y, held=True)
        self.browser.mouse("mouseReleased", x + by, y)

    def current(self) -> str | None:
        """The quantity of the equation that the reader is at."""
        found: str | None = self.see("document.querySelector('.blocks .current')?.dataset.of ?? null")
        return found

    def number(self, quantity: str, where: str = ".picture", kind: str = "") -> float | None:
        """A number on the page; None where it is not seen. kind: a selector of its element."""
        element = f"document.querySelector('{where} [data-quantity=\"{quantity}\"]{kind}')"
        text: str | None = self.see(f"{element}?.dataset.value ?? null")
        return None if text is None else float(text)

    def text(self, selector: str) -> str:
        return str(self.see(f"document.querySelector({selector!r}).textContent"))

    def iteration(self) -> int:
        return int(self.see("document.querySelector('input[aria-label=iteration]').value"))

    def subject(self) -> str:
        """What is explained."""
        return str(self.see("document.querySelector('.details dd[data-quantity]').dataset.quantity"))


@pytest.fixture(scope="module")
def classic(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    page = tmp_path_factory.mktemp("page") / "walkthrough.html"
    tracer.run(WALKTHROUGH).to_html(page)
    yield Hand(browser, page)
    assert browser.complaints == []


def test_keys_go_from_equation_to_equation(classic: Hand) -> None:
    classic.open()
    classic.keys("ArrowRight", " ")
    assert classic.current() == "a_h1"
    assert classic.number("a_h1") is not None
    assert classic.number("w8") == 0.55  # what is given is known from the beginning
    assert classic.number("o1") is None
    assert classic.see("Boolean(document.querySelector('.cell.lit[data-of=h1]'))")
    assert "= 0.506874567" in classic.text("[aria-live]")
    classic.keys("ArrowRight", modifiers=SHIFT)
    assert classic.current() == "E1"
    classic.keys("ArrowLeft", modifiers=SHIFT)
    assert classic.current() == "h1"
    classic.keys("ArrowLeft")
    assert (classic.current(), classic.iteration()) == ("h1", 1)
    classic.keys("ArrowDown")
    assert (classic.current(), classic.iteration()) == ("h1", 2)
    classic.keys("ArrowLeft")
    assert (classic.current(), classic.iteration()) == ("w8", 1)
    classic.keys(" ")
    assert (classic.current(), classic.iteration()) == ("h1", 2)
    classic.keys("ArrowUp", "Escape")
    assert (classic.current(), classic.iteration()) == (None, 1)


def test_what_is_pointed_at_is_explained_and_a_click_keeps_it(classic: Hand) -> None:
    classic.open("#iteration=7&eta=0.5")
    assert classic.subject() == "w1"
    classic.point('.cell[data-of="∂E/∂w5"]')
    assert classic.subject() == "∂E/∂w5"
    classic.point("h1")
    assert classic.subject() == "w1"
    classic.click('.cell[data-of="∂E/∂w1"]')
    classic.point("h1")
    assert classic.subject() == "∂E/∂w1"
    gradient = classic.number("∂E/∂w1", ".values", ":not([data-at])")
    strands = classic.see(
        "[...document.querySelectorAll('.strand .product')].map(product => Number(product.dataset.value))"
    )
    assert len(strands) == 2
    assert sum(strands) == pytest.approx(gradient)
    classic.keys("ArrowDown")
    assert classic.subject() == "∂E/∂w1"
    assert classic.number("∂E/∂w1", ".values", ":not([data-at])") != gradient


def test_why_w1_moved_in_iteration_7(classic: Hand) -> None:
    run = tracer.run(WALKTHROUGH)
    before, after = run.row(7, learning_rate=0.5), run.row(8, learning_rate=0.5)
    classic.open("#iteration=7&eta=0.5")
    said = classic.text(".said")
    assert "is positive, so w1 goes down by" in said
    assert f"= {before['w1'] - after['w1']:.6g}." in said
    assert classic.text(".said .together") == "η·0.000266612"
    assert classic.see("[...document.querySelectorAll('.strand .product')].map(product => product.textContent)") == [
        "0.000106095", "0.000160517"]  # fmt: skip
    assert classic.number("w1", ".values") == before["w1"]
    assert classic.number("w1", ".values", "[data-after]") == after["w1"]


def test_a_factor_of_a_path_leads_to_its_own_explanation(classic: Hand) -> None:
    classic.open("#iteration=7&eta=0.5")
    classic.click(".strand .factor[data-of='∂a_h1/∂h1']")
    assert classic.subject() == "∂a_h1/∂h1"
    classic.click(".details .line [data-of=a_h1]")
    assert classic.subject() == "a_h1"
    classic.click(".details .line .result")
    assert classic.subject() == "a_h1"
    classic.keys("Escape")
    assert classic.subject() == "w1"


def test_numbers_are_changed_by_typing_and_by_dragging(classic: Hand) -> None:
    classic.open()
    classic.click(".editor input")
    classic.see("document.activeElement.select()")
    classic.write("0,3")
    classic.keys("Enter")
    assert classic.number("w1") == 0.3
    assert classic.text(".changes span") == "Changed: w1"
    assert classic.see("document.querySelector('.cell[data-of=w1]').classList.contains('changed')")
    classic.click("h1")
    classic.see("document.activeElement.blur()")
    classic.keys("Delete")
    assert classic.number("w1") == 0.15
    assert classic.see("document.querySelector('.changes').hidden")
    classic.drag('.cell[data-of="w5"]', 40)
    assert classic.number("w5") == pytest.approx(0.4 + 40 * 0.005)
    assert classic.number("a_o1") != tracer.run(WALKTHROUGH).row(1)["a_o1"]


def test_what_is_no_number_does_not_stay_in_a_field(classic: Hand) -> None:
    classic.open()
    for field, true in ((".editor input", "0.15"), (".rate > input", "0.1")):
        classic.click(field)
        classic.see("document.activeElement.select()")
        classic.write("0x10")
        classic.keys("Enter")
        assert classic.see(f"document.querySelector({field!r}).value") == true
        assert classic.see(f"document.querySelector({field!r}).ariaInvalid") == "true"
    assert classic.text(".editor .was") == "“0x10” is not a number"
    classic.write("2")
    assert classic.see("document.querySelector('.rate > input').ariaInvalid") is None


def test_the_field_of_the_iteration_shows_the_iteration(classic: Hand) -> None:
    """At once, whatever was typed."""
    classic.open("#iteration=5")
    field = "document.querySelector('input[aria-label=iteration]')"
    for typed, shown, is_invalid in (
        ("12", 12, None),
        ("2000", 100, None),
        ("0", 1, None),
        ("x", 1, "true"),
        ("7.4", 7, None),
    ):
        classic.click("input[aria-label=iteration]")
        classic.see(f"{field}.select()")
        classic.write(typed)
        classic.keys("Enter")
        assert (classic.iteration(), classic.see(f"{field}.ariaInvalid")) == (shown, is_invalid)
    classic.see("document.activeElement.blur()")


def test_a_quantity_is_found_by_its_name(classic: Hand) -> None:
    classic.open()
    classic.click(".finder input")
    classic.write("dE/dw7")
    classic.keys("Enter")
    assert classic.subject() == "∂E/∂w7"
    classic.click(".finder input")
    classic.write("nothing")
    classic.keys("Enter")
    assert classic.subject() == "∂E/∂w7"
    assert classic.see("document.querySelector('.finder input').ariaInvalid") == "true"


def test_the_iteration_is_a_slider(classic: Hand) -> None:
    classic.open()
    classic.see("document.querySelector('.slider').focus()")
    classic.keys("ArrowRight", "ArrowRight", "PageDown")
    assert classic.iteration() == 13
    classic.keys("End")
    assert classic.iteration() == 100
    classic.click(".slider")
    assert 40 < classic.iteration() < 60


def test_the_quiz_knows_the_likely_slips(classic: Hand) -> None:
    classic.open()
    classic.keys("q")
    assert classic.current() == "h1"
    assert classic.number("h1") is None
    classic.write("0.0075")
    classic.keys("Enter")
    assert classic.text(".verdict") == "Not yet: the term w₂·i₂ is missing."
    classic.see("document.activeElement.select()")
    classic.write("0.0275")
    classic.keys("Enter")
    assert classic.text(".verdict") == "Right: 0.0275."
    assert classic.number("h1") == pytest.approx(0.0275)
    classic.keys("Enter")
    assert classic.current() == "a_h1"
    row = tracer.run(WALKTHROUGH).row(1)
    lines = classic.see("[...document.querySelectorAll('.blocks .line')].map(line => line.dataset.of)")
    classic.open(f"#quiz=1&line={lines.index('∂a_h2/∂h2')}")
    classic.write(repr(row["a_h1"] * (1 - row["a_h1"])))
    classic.keys("Enter")
    assert "a_h₁ is used instead of a_h₂" in classic.text(".verdict")


def test_tab_reaches_everything_and_the_arrows_go_on_from_there(classic: Hand) -> None:
    classic.open()
    reached = []
    for _ in range(40):
        classic.keys("Tab")
        reached.append(classic.see("document.activeElement.className + document.activeElement.tagName"))
        if reached[-1].endswith("BODY"):
            break
    kinds = " ".join(map(str, reached))
    assert all(part in kinds for part in ("slider", "line", "chip", "SELECT", "INPUT", "SUMMARY"))
    classic.see("document.querySelector('.cell[tabindex=\"0\"]').focus()")
    classic.keys("ArrowRight")
    assert classic.see("document.activeElement.dataset.of") in ("w1", "w3")
    found = classic.see("document.activeElement.dataset.of")
    classic.keys("Enter")
    classic.see("document.activeElement.blur()")
    assert classic.subject() == found
    classic.see("document.querySelector('.blocks .line').focus()")
    classic.keys("ArrowDown", "Enter")
    assert classic.current() == "a_h1"


@pytest.mark.long
@pytest.mark.parametrize("name", ["iris", "xor", "deep", "lstm", "attention"])
def test_all_equations_of_other_configs(classic: Hand, name: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    tracer.run(ROOT / "configs" / f"{name}.yaml").to_html(page)
    hand = Hand(classic.browser, page)
    hand.open()
    lines = hand.see("document.querySelectorAll('.blocks .line').length")
    for _ in range(lines):
        hand.keys("ArrowRight")
    assert hand.iteration() == 1
    assert hand.see("document.querySelectorAll('.blocks [data-unknown]').length") == 0
    hand.keys("Escape")
    for tab in range(hand.see("document.querySelectorAll('[role=tab]').length")):
        hand.click(f"#tab-{tab}")
    assert hand.browser.complaints == []
