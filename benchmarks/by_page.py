"""What the page takes: writing it, opening it in Chromium until something is seen, changing η in it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from measure import Row, alone

import tracer
from tests.browser import Browser

OPENED, CHANGES = 5, 100
SEEN = """new Promise(done => {
  const look = () => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    paint ? done(paint.startTime / 1000) : requestAnimationFrame(look);
  };
  look();
})"""
CHANGE = """new Promise(done => {{
  const slider = document.querySelector("input[type=range]");
  slider.value = Number(slider.min) + (Number(slider.max) - Number(slider.min)) * {place};
  slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
  requestAnimationFrame(() => requestAnimationFrame(() => done(1)));
}})"""


def rows(configs: dict[str, Any], folder: Path) -> Iterator[Row]:
    """The rows of each config, by what it is called."""
    browser = Browser()
    try:
        for name, config in configs.items():
            trace, path = tracer.run(config), folder / "page.html"
            trace.to_html(path)
            size = {"size": f"{path.stat().st_size / 1000:.0f} kB"}
            yield alone("page", f"{name}: write the page", partial(trace.to_html, path), size)
            seen = []
            for _ in range(OPENED):
                browser.open(path)
                seen.append(browser.evaluate(SEEN))
            yield Row("page", f"{name}: open it, until the first picture", statistics.median(seen))
            yield Row("page", f"{name}: change η, script time", statistics.median(_changes(browser)))
    finally:
        browser.close()


def _changes(browser: Browser) -> Iterator[float]:
    """The script time of each change of η, in seconds."""
    for number in range(CHANGES):
        before = browser.script_time()
        browser.evaluate(CHANGE.format(place=0.3 + 0.4 * number / CHANGES))
        yield browser.script_time() - before
