"""The page in a browser without a window: every number in it is the trace's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.browser import Browser
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH, agree
from tests.test_batches import LINE, XOR
from tests.test_javascript import CHOICES
from tests.test_recalculation import FAR_OUT
from tracer.model import naming
from tracer.page.page import page_of as page_of_run

pytestmark = pytest.mark.browser

DEEP: dict[str, Any] = {
    "inputs": [1, 2, 3], "targets": [1], "weights": {"init": "xavier_uniform", "seed": 1}, "learning_rate": 0.1,
    "iterations": 5,
}  # fmt: skip

ALL_NUMBERS = """[...document.querySelectorAll("[data-quantity][data-value]")].map(element => [
  element.dataset.quantity, Number(element.dataset.value), element.tagName.toLowerCase(),
  "after" in element.dataset, "before" in element.dataset, "total" in element.dataset, element.dataset.sample ?? null, element.dataset.at ?? null])"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number on the page: the quantity, its value with all digits, the element; whether it is the value after the
    update, before the iteration, or the sum over the batch; of which other sample or iteration it is."""

    name: str
    value: float
    tag: str
    after: bool
    before: bool
    total: bool
    sample: str | None
    at: str | None


def numbers(browser: Browser) -> list[Shown]:
    """All numbers on the page."""
    assert browser.complaints == []
    return [Shown(*number) for number in browser.evaluate(ALL_NUMBERS)]


def check(browser: Browser, trace: tracer.Trace, iteration: int, sample: int | None, eta: float | None) -> int:
    """The numbers of the open page against the trace; how many quantities there are."""
    run = trace.run_of(eta)
    row = trace.row(iteration, sample, eta)
    after = run.final if iteration == run.iterations else trace.row(iteration + 1, None, eta)
    given = {**trace.system.hyper, **run.hyper, naming.COUNT: float(iteration)}
    quantities = set()
    for number in numbers(browser):
        values = row
        if number.after:
            values = dict(after)
        elif number.before:
            values = trace.row(iteration - 1, None, eta) if iteration > 1 else dict(trace.system.states)
        elif number.total:
            rows = [index for index, place in enumerate(run.places()) if place[0] == iteration]
            values = row | {number.name: math.fsum(run.step(index)[number.name] for index in rows)}
        elif number.at:
            values = trace.row(int(number.at), int(number.sample) if number.sample else None, eta)
        elif number.sample:
            values = trace.row(iteration, int(number.sample), eta)
        expected = {**given, **values}[number.name]
        assert agree(number.value, expected), (number, expected)
        quantities.add(number.name)
    return len(quantities)


def page_of(source: Any, folder: Path, **settings: Any) -> tuple[tracer.Trace, Path]:
    """The trace of a config, and its page."""
    trace, path = tracer.run(source, **settings), folder / "page.html"
    trace.to_html(path)
    return trace, path


def test_every_number_of_the_classic_network(browser: Browser, tmp_path: Path) -> None:
    trace, path = page_of(WALKTHROUGH, tmp_path)
    browser.open(path, "#eta=0.5&iteration=30")
    assert check(browser, trace, 30, 1, 0.5) >= 40


def test_numbers_of_a_sample_of_a_batch(browser: Browser, tmp_path: Path) -> None:
    trace, path = page_of(XOR | {"update": "batch", "optimizer": "momentum"}, tmp_path)
    browser.open(path, "#iteration=7&sample=3&quantity=dE_batch/dw1")
    assert check(browser, trace, 7, 3, 0.5) >= 40


def test_changed_numbers(browser: Browser, tmp_path: Path) -> None:
    """The page of a config, with numbers changed in its address, has the numbers of the changed config."""
    _, path = page_of(WALKTHROUGH, tmp_path)
    weights = [0.15, 0.2, 0.25, 0.3, 0.3, 0.45, 0.5, 0.55]
    changed = tracer.run(WALKTHROUGH, weights=weights, inputs=[0.05, -0.7], learning_rate=0.3)
    browser.open(path, "#eta=0.3&iteration=20&w5=0.3&i2=-0.7")
    assert check(browser, changed, 20, 1, 0.3) >= 40


@pytest.mark.parametrize("name", ["walkthrough", "regression"])
def test_an_address_that_says_what_cannot_be_is_ignored(browser: Browser, name: str, tmp_path: Path) -> None:
    """The last equation can be shown; one beyond it, and words of JavaScript, leave the whole step."""
    _, page = page_of(ROOT / "configs" / f"{name}.yaml", tmp_path)
    browser.open(page)
    lines = "[...new Set([...document.querySelectorAll('[data-line]')].map(row => Number(row.dataset.line)))].sort()"
    whole = browser.evaluate(lines)
    last = max(whole)
    for address in (
        f"#line={last}",
        *(f"#line={last + beyond}" for beyond in (1, 2, 9)),
        "#__proto__=1",
        "#constructor=1&valueOf=2",
    ):
        browser.open(page, address)
        assert browser.complaints == []
        assert browser.evaluate("document.querySelector('h1').textContent") == name
        assert browser.evaluate(lines) == whole


def test_an_address_begins_a_quiz(browser: Browser, tmp_path: Path) -> None:
    """With the first equation; where the whole step is shown it asks nothing."""
    _, page = page_of(WALKTHROUGH, tmp_path)
    asked = "document.querySelector('.quiz').hidden ? null : document.querySelector('.quiz .line').dataset.of"
    for address, asks in (("#quiz=1", "h1"), ("#quiz=1&line=1", "a_h1"), ("#line=1", None)):
        browser.open(page, address)
        assert browser.evaluate(asked) == asks
    browser.open(page, "#quiz=1")
    browser.press("Escape")
    browser.follow()
    browser.evaluate(
        "document.querySelector('.quiz input').value = '1'; document.querySelector('.quiz form').requestSubmit()"
    )
    assert browser.evaluate(asked) is None
    assert browser.complaints == []


def test_a_parameter_may_be_called_like_a_word_of_javascript(browser: Browser, tmp_path: Path) -> None:
    names = {"__proto__": 0.5, "constructor": 2}
    config = LINE | {"equations": "E = (t - __proto__*x - constructor)^2 / 2", "parameters": names}
    trace, page = page_of(config | {"inputs": {"x": 1}, "targets": {"t": 1}}, tmp_path)
    browser.open(page, "#iteration=2")
    assert check(browser, trace, 2, 1, 0.1) >= 5


def test_what_a_config_says_is_text(browser: Browser, tmp_path: Path) -> None:
    """The page holds the config, with its comments; a browser may take none of it for more than text."""
    text = "</script><img src=x onerror=alert(1)><!-- \"'&amp; \u05e9\u05dc\u05d5\u05dd"
    config = tmp_path / "config.yaml"
    lines = WALKTHROUGH.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("name:", "description:"))]
    config.write_text("\n".join([f"# {text}", 'name: "&lt;b&gt; & \u05e9\'"', *kept]), encoding="utf-8")
    trace, path = page_of(config, tmp_path, description=text)
    browser.open(path)
    assert browser.complaints == []
    assert browser.evaluate("document.images.length") == 0
    assert browser.evaluate("document.querySelector('h1').textContent") == trace.experiment.name
    assert browser.evaluate("document.title") == trace.experiment.name


def test_a_long_run_is_cut_off_and_the_page_says_so(browser: Browser, tmp_path: Path) -> None:
    experiment = tracer.load(WALKTHROUGH, [tracer.config.Override(("iterations",), 1_000_000, "")])
    path = tmp_path / "page.html"
    page_of_run(experiment, tracer.assemble(experiment)).write(path)
    browser.open(path, "#iteration=300000&eta=2")
    said = browser.evaluate("document.body.innerText")
    assert "runs 1,000,000 iterations; this page computes the first 370,370" in said
    assert browser.complaints == []


def test_a_notebook_shows_the_page_in_a_frame_that_can_do_nothing_else(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "notebook.html"
    trace = tracer.run(WALKTHROUGH)
    path.write_text(f"<!doctype html><meta charset=utf-8><h1>cell</h1>{trace.page()._repr_html_()}", encoding="utf-8")
    browser.open(path)
    with browser.frame():
        found = {number.name: number.value for number in numbers(browser) if number.tag == "text"}
        assert browser.evaluate("origin") == "null"
    assert len(found) > 30
    assert all(agree(value, trace.row(1)[name]) for name, value in found.items())


@pytest.mark.parametrize(
    "end", [lambda browser: browser.process.kill(), lambda browser: browser.crash()], ids=["browser", "page"]
)
def test_a_browser_that_has_ended_is_no_obstacle_to_the_next_test(
    end: Callable[[Browser], None], tmp_path: Path
) -> None:
    trace, path = page_of(WALKTHROUGH, tmp_path)
    browser = Browser()
    try:
        browser.emulate(390, 844)
        end(browser)
        browser.open(path, "#eta=0.5&iteration=30")
        assert check(browser, trace, 30, 1, 0.5) >= 40
        assert browser.evaluate("innerWidth") == 390
    finally:
        browser.close()


def test_nothing_can_be_requested(browser: Browser, tmp_path: Path) -> None:
    _, path = page_of(WALKTHROUGH, tmp_path)
    browser.open(path)
    blocked = "new Promise(done => {{ document.addEventListener('securitypolicyviolation', event => done(event.violatedDirective)); {} }})"
    assert browser.evaluate(blocked.format("fetch('https://example.org').catch(() => {})")) == "connect-src"
    assert (
        browser.evaluate(
            blocked.format("document.body.append(Object.assign(new Image(), { src: 'https://example.org/a.png' }))")
        )
        == "img-src"
    )
    assert browser.evaluate(blocked.format("document.body.setAttribute('onclick', '1')")) == "script-src-attr"


@pytest.mark.long
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_number_of_the_shipped_configs(browser: Browser, path: Path, tmp_path: Path) -> None:
    trace, page = page_of(path, tmp_path)
    for run in trace.runs[:: max(1, len(trace.runs) - 1)]:
        for iteration in (1, run.iterations // 2, run.iterations):
            eta = "" if run.learning_rate is None else f"eta={run.learning_rate}&"
            sample = next(run.places(run.batches.first_row(iteration - 1)))[1]
            browser.open(page, f"#{eta}iteration={iteration}")
            assert check(browser, trace, iteration, sample, run.learning_rate) >= 10


STRANGE: dict[str, Any] = {
    **{name: XOR | {"iterations": 12} | choice for name, choice in CHOICES.items() if "decimals" not in name},
    **{f"far out: {name}": config for name, config in FAR_OUT.items()},
    "compact": XOR | {"columns": "compact", "optimizer": "momentum", "update": "batch"},
    "all frozen": XOR | {"frozen": ["w1", "w2", "w3", "w4", "w5", "w6", "b_h1", "b_h2", "b2"]},
    "a rate of 0": XOR | {"learning_rate": 0},
    "one iteration": XOR | {"iterations": 1},
    "deep": DEEP | {"layers": [*[{"neurons": 3}] * 12, {"neurons": 1}]},
    "wide": DEEP | {"inputs": [0.01 * n for n in range(200)], "targets": [1] * 30, "layers": [{"neurons": 40}, {"neurons": 30}]},
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", STRANGE)
def test_every_number_of_any_config(browser: Browser, name: str, tmp_path: Path) -> None:
    trace, page = page_of(STRANGE[name], tmp_path)
    run = trace.runs[0]
    for iteration in {1, run.iterations}:
        browser.open(page, f"#iteration={iteration}")
        sample = next(run.places(run.batches.first_row(iteration - 1)))[1]
        check(browser, trace, iteration, sample, run.learning_rate)


@pytest.mark.parametrize("rate", [1e6, 1e308])
def test_a_run_that_diverges_is_shown_up_to_there(browser: Browser, rate: float, tmp_path: Path) -> None:
    trace, page = page_of(BLOWS_UP | {"learning_rate": rate}, tmp_path)
    (run,) = trace.runs
    assert run.divergence
    browser.open(page, f"#iteration={run.iterations}")
    found = {number.name: number.value for number in numbers(browser) if number.tag == "text"}
    row = run.step(-1)
    assert len({*found} & {name for name, value in row.items() if math.isfinite(value)}) >= 10
    assert all(agree(value, row[name]) for name, value in found.items() if math.isfinite(row[name]))
    assert f"iteration {run.divergence.iteration}" in browser.evaluate("document.body.innerText")
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft", "ArrowUp", " "):
        browser.press(key)
    assert browser.complaints == []
