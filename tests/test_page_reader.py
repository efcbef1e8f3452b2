"""The page for those who cannot see it, or have no mouse: what a screen reader gets of it, and what a finger does."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.browser import Browser
from tests.places import ROOT, WALKTHROUGH
from tests.test_batches import XOR
from tracer.page.page import page_of

pytestmark = pytest.mark.browser

NAMED = {
    "button",
    "checkbox",
    "combobox",
    "heading",
    "image",
    "region",
    "slider",
    "tab",
    "tabpanel",
    "textbox",
    "toolbar",
}
"""Roles that say nothing without a name."""


def opened(browser: Browser, source: Any, folder: Path, address: str = "") -> None:
    tracer.run(source).to_html(folder / "page.html")
    browser.open(folder / "page.html", address)


def see(browser: Browser, script: str) -> Any:
    """What an expression gives once the page has followed."""
    browser.follow()
    return browser.evaluate(script)


# --------------------------------------------------------------------------------------------------- screen reader


def names(browser: Browser, role: str) -> list[str]:
    browser.follow()
    return [part.name for part in browser.accessible() if part.role == role]


@pytest.mark.parametrize(("name", "address"), [("walkthrough", ""), ("xor", "#quiz=1"), ("lstm", "#line=3")])
def test_whatever_has_the_focus_has_a_name(browser: Browser, name: str, address: str, tmp_path: Path) -> None:
    opened(browser, ROOT / "configs" / f"{name}.yaml", tmp_path, address)
    parts = browser.accessible()
    assert len([part for part in parts if part.focusable]) > 60
    assert [part for part in parts if (part.focusable or part.role in NAMED) and not part.name.strip()] == []


def test_numbers_of_the_picture_are_named_and_follow_changes(browser: Browser, tmp_path: Path) -> None:
    opened(browser, WALKTHROUGH, tmp_path)
    buttons = names(browser, "button")
    assert {"w1, weight: 0.15", "h1, net input: 0.0275", "i1, input: 0.05", "h1, net input"} <= {*buttons}
    browser.evaluate("location.hash = '#iteration=90'")
    browser.wait_for("document.querySelector('input[aria-label=iteration]').value === '90'")
    assert f"w1, weight: {tracer.run(WALKTHROUGH).row(90)['w1']:.4g}" in names(browser, "button")
    assert "w1, weight: 0.15" not in names(browser, "button")
    browser.press("Home")
    browser.press("ArrowRight")
    buttons = names(browser, "button")
    assert {"h1, net input: 0.0275", "a_h1, activation: not computed yet"} <= {*buttons}


def test_equations_are_read_with_their_results(browser: Browser, tmp_path: Path) -> None:
    opened(browser, WALKTHROUGH, tmp_path, "#line=0")
    lines = names(browser, "listitem")
    assert "h_1 = w_1·i_1+w_2·i_2 = 0.027500000" in lines
    assert "E_total = E_1+E_2 = not computed yet" in lines
    assert "w1, weight" in names(browser, "heading") or "h1, net input" in names(browser, "heading")


def test_a_change_is_not_announced_number_by_number(browser: Browser, tmp_path: Path) -> None:
    """A live region for the equation that is gone to, and for what happened; none for each result."""
    opened(browser, WALKTHROUGH, tmp_path)
    live = "document.querySelectorAll('[aria-live], [role=status], [role=alert], output').length"
    assert browser.evaluate(live) < 10


# --------------------------------------------------------------------------------------------------------- touch


def test_a_finger_drags_a_number(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(390, 844)
    opened(browser, WALKTHROUGH, tmp_path)
    value = "Number(document.querySelector('.picture [data-quantity=w1]').dataset.value)"
    assert browser.evaluate(value) == 0.15
    x, y = browser.middle(".cell[data-of=w1]")
    browser.touch("touchStart", (x, y))
    for step in range(1, 9):
        browser.touch("touchMove", (x + 5 * step, y))
    browser.touch("touchEnd")
    assert see(browser, value) == pytest.approx(0.15 + 40 * 0.005)
    assert browser.evaluate("document.querySelector('.picture').scrollLeft") == 0
    assert browser.complaints == []


def test_a_finger_moves_a_picture_that_is_too_wide(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(390, 844)
    opened(browser, WALKTHROUGH, tmp_path)
    x, y = browser.evaluate("(({ left, right, bottom }) => [right - 40, bottom - 30])"
                            "(document.querySelector('.picture').getBoundingClientRect())")  # fmt: skip
    browser.touch("touchStart", (x, y))
    for step in range(1, 11):
        browser.touch("touchMove", (x - 20 * step, y))
    browser.touch("touchEnd")
    browser.wait_for("document.querySelector('.picture').scrollLeft > 100")


def test_what_is_tapped_is_explained_where_it_is_seen(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(390, 700)
    opened(browser, WALKTHROUGH, tmp_path)
    x, y = browser.middle(".cell[data-of=h1]")
    browser.touch("touchStart", (x, y))
    browser.touch("touchEnd")
    browser.wait_for("document.querySelector('.details dd[data-quantity]').dataset.quantity === 'h1'")
    browser.wait_for("document.querySelector('.details h3').getBoundingClientRect().bottom < innerHeight - 60")


# -------------------------------------------------------------------------------------------------------- regions


def test_decision_regions_are_what_the_model_gives(browser: Browser, tmp_path: Path) -> None:
    """Of a network of two inputs, by a forward pass written out here."""
    browser.emulate(1280, 720)
    trace = tracer.run(XOR | {"iterations": 40})
    page_of(trace.experiment, trace.system).write(tmp_path / "page.html")
    browser.open(tmp_path / "page.html", "#iteration=30")
    browser.evaluate(
        "[...document.querySelectorAll('[role=tab]')].find(tab => tab.textContent === 'Decision regions').click()"
    )
    browser.follow()
    row = trace.row(30)
    w = [row[f"w{number}"] for number in range(1, 7)]
    read = 0
    for place in range(0, 400, 57):
        browser.evaluate(
            f"document.querySelectorAll('.region')[{place}].dispatchEvent(new PointerEvent('pointermove', {{ bubbles: true }}))"
        )
        said = see(browser, "document.querySelector('.reading-of-plane').textContent").replace("−", "-")
        x, y, value = map(float, re.fullmatch(r"i₁ = (\S+), i₂ = (\S+): a_o₁ = (\S+)", said).groups())  # type: ignore[union-attr]
        h1 = math.tanh(w[0] * x + w[1] * y + row["b_h1"])
        h2 = math.tanh(w[2] * x + w[3] * y + row["b_h2"])
        assert value == pytest.approx(1 / (1 + math.exp(-(w[4] * h1 + w[5] * h2 + row["b2"]))), abs=2e-3)
        read += 1
    assert read == 8
    assert browser.evaluate("document.querySelectorAll('.marks-of-samples > *').length") == 4


# ---------------------------------------------------------------------------------------------------------- guard


def test_a_part_that_fails_says_so_and_the_others_go_on(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(1280, 720)
    opened(browser, WALKTHROUGH, tmp_path)
    browser.evaluate(
        "window.kept = document.createElement; document.createElement = () => { throw new Error('no room'); }"
    )
    browser.press("ArrowRight")
    broken = "[...document.querySelectorAll('[role=alert]')].map(alert => alert.textContent).join('')"
    assert "cannot be shown here (no room)" in see(browser, broken)
    assert browser.evaluate("document.querySelector('.blocks .current').dataset.of") == "h1"
    browser.evaluate("document.createElement = window.kept")
    browser.press("ArrowRight")
    assert see(browser, broken) == ""
    assert browser.evaluate("document.querySelector('.blocks .current').dataset.of") == "a_h1"
    assert any("no room" in complaint for complaint in browser.complaints)
