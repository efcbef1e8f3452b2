"""How the page looks in windows of different sizes: what can be read, what is scrolled, what is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.browser import Browser
from tests.places import CONFIGS, ROOT, WALKTHROUGH
from tests.test_batches import LINE, XOR

pytestmark = pytest.mark.browser

LEAST = 11
"""Pixels of the smallest letters of a picture."""
PICTURE = """(() => {
  const drawing = document.querySelector(".drawing"), scale = drawing.getScreenCTM().a;
  const texts = [...drawing.querySelectorAll("text")].filter(text => text.textContent);
  const smallest = Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize) * scale));
  const { clientWidth, clientHeight, scrollWidth, scrollHeight } = document.querySelector(".picture");
  return [smallest, scrollWidth > clientWidth + 1, scrollHeight > clientHeight + 1];
})()"""
CUT = """[...document.querySelectorAll(".history text")].filter(text => {
  const { x, y, width, height } = text.getBBox(), box = text.ownerSVGElement.viewBox.baseVal;
  return x < 0 || y < -3 || x + width > box.width + 1 || y + height > box.height + 4;
}).map(text => text.textContent)"""


@pytest.fixture(autouse=True)
def window(browser: Browser) -> None:
    browser.emulate(1280, 720)


def opened(browser: Browser, source: Any, folder: Path, address: str = "", **settings: Any) -> None:
    """The page of a config, in the state of an address."""
    tracer.run(source, **settings).to_html(folder / "page.html")
    browser.open(folder / "page.html", address)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_picture_can_be_read_and_is_scrolled_in_one_direction(browser: Browser, path: Path, tmp_path: Path) -> None:
    opened(browser, path, tmp_path)
    smallest, is_wide, is_high = browser.evaluate(PICTURE)
    assert smallest >= LEAST - 0.05
    assert not (is_wide and is_high)
    assert not is_wide or path.stem not in ("walkthrough", "lstm", "attention", "convolution", "rnn")


def test_a_picture_can_be_read_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(390, 844)
    opened(browser, ROOT / "configs" / "iris.yaml", tmp_path)
    smallest, _, is_high = browser.evaluate(PICTURE)
    assert smallest >= LEAST - 0.05
    assert not is_high


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280, 1920])
def test_nothing_is_wider_than_the_window(browser: Browser, width: int, tmp_path: Path) -> None:
    browser.emulate(width, 800)
    opened(browser, WALKTHROUGH, tmp_path)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    cut = """[...document.querySelectorAll("select, button.text, h1")].filter(element => {
      const style = getComputedStyle(element), canvas = document.createElement("canvas").getContext("2d");
      canvas.font = style.font;
      const words = element.selectedOptions?.[0].textContent ?? element.textContent;
      const arrow = element.matches("select") ? 18 : 0;
      return element.clientWidth && canvas.measureText(words).width + arrow > element.clientWidth + 0.5;
    }).map(element => element.textContent)"""
    assert browser.evaluate(cut) == []


def test_labels_of_a_picture_do_not_touch_its_numbers(browser: Browser, tmp_path: Path) -> None:
    opened(browser, ROOT / "configs" / "iris.yaml", tmp_path, "#iteration=3")
    touching = """(() => {
      const boxes = [...document.querySelectorAll(".drawing text")].filter(text => text.textContent).map(text => [text, text.getBoundingClientRect()]);
      const labels = boxes.filter(([text]) => text.matches(".label")), numbers = boxes.filter(([text]) => text.matches(".number"));
      return labels.flatMap(([label, one]) => numbers.filter(([, other]) =>
        Math.abs(one.top - other.top) < 6 && one.left < other.left && one.right > other.left - 1).map(([number]) => label.textContent + number.textContent));
    })()"""
    assert browser.evaluate(touching) == []


@pytest.mark.parametrize("name", ["rnn", "lstm", "attention"])
def test_an_equation_stays_in_its_box_when_it_is_computed(browser: Browser, name: str, tmp_path: Path) -> None:
    wider = """(() => {
      const nodes = new Map([...document.querySelectorAll(".drawing .node")].map(node => [node.dataset.of, node.getBoundingClientRect()]));
      return [...document.querySelectorAll(".drawing .equation.lit")].map(equation => [equation.getBoundingClientRect(), nodes.get(equation.dataset.of)])
        .map(([one, box]) => Math.max(box.left - one.left, one.right - box.right));
    })()"""
    opened(browser, ROOT / "configs" / f"{name}.yaml", tmp_path, "#line=1")
    beyond = []
    for _ in range(6):
        beyond += browser.evaluate(wider)
        browser.press("ArrowRight")
        browser.follow()
    assert len(beyond) >= 3
    assert max(beyond) <= 0


@pytest.mark.parametrize("width", [718, 1500])
def test_all_of_a_printed_page_is_on_the_paper(browser: Browser, width: int, tmp_path: Path) -> None:
    opened(browser, ROOT / "configs" / "iris.yaml", tmp_path)
    browser.emulate(width, 1000, printed=True)
    right, height, scrolled = browser.evaluate("""(() => {
      const { right, height } = document.querySelector(".drawing").getBoundingClientRect();
      const panels = [...document.querySelectorAll(".panel, .picture")];
      return [right, height, panels.filter(panel => panel.scrollHeight > panel.clientHeight + 2).map(panel => panel.className)];
    })()""")
    assert right <= width
    assert height > 200
    assert scrolled == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


# --------------------------------------------------------------------------------------------------------- curves


def test_a_run_of_one_iteration_is_a_point(browser: Browser, tmp_path: Path) -> None:
    opened(browser, WALKTHROUGH, tmp_path, iterations=1)
    marks = "[...document.querySelectorAll('.slider .axes text[text-anchor=middle]')].map(mark => mark.textContent)"
    assert browser.evaluate(marks) == ["1"]
    drawn = "[...document.querySelectorAll('.slider .curve')].filter(curve => curve.getTotalLength() > 5).length"
    assert browser.evaluate(drawn) == 6
    browser.evaluate(
        "document.querySelector('.slider').dispatchEvent(new PointerEvent('pointermove', { buttons: 1, clientX: 900 }))"
    )
    assert browser.complaints == []


def test_a_loss_that_reaches_0_is_said_to_have_no_place_on_a_log_scale(browser: Browser, tmp_path: Path) -> None:
    zero = LINE | {"equations": "E = (t - a*x)^2 / 2", "parameters": {"a": 0}, "inputs": {"x": 1}, "targets": {"t": 1},
                   "learning_rate": 1, "iterations": 4}  # fmt: skip
    missing = "document.querySelector('.missing').textContent"
    opened(browser, zero, tmp_path, "#log=1")
    assert browser.evaluate(missing) == "Not on a log scale: 0 and below, first in iteration 2"
    browser.press("l")
    browser.follow()
    assert browser.evaluate(missing) == ""


def test_names_of_small_curves_are_not_cut_off(browser: Browser, tmp_path: Path) -> None:
    names = ["a_rather_long_name_of_an_input", "x"]
    samples = [{"inputs": dict.fromkeys(names, 1), "targets": [1]}]
    wider = XOR | {"samples": samples, "layers": [{"neurons": 5}, {"neurons": 1}], "weights": [0.1] * 15}
    for source in (wider | {"biases": {"o": 0.1}}, WALKTHROUGH, ROOT / "configs" / "iris.yaml"):
        opened(browser, source, tmp_path)
        browser.evaluate("document.querySelector('#tab-1').click()")
        browser.follow()
        assert browser.evaluate("document.querySelectorAll('.history text.rate').length") > 5
        assert browser.evaluate(CUT) == []
