"""What several tests stand on: where the project's files are, and which other programs can be asked."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import tracer
from tests.browser import Browser
from tests.places import REQUIRED, WALKTHROUGH

settings.register_profile("walkthrough", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("walkthrough")

gc.set_threshold(200_000, 20, 20)  # takes a tenth off the time of the suite

for name, usual in (("SIGHUP", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
    how = getattr(signal, name, None)  # Windows has no SIGHUP
    if how is not None and signal.getsignal(how) is signal.SIG_IGN:  # behind nohup, or in the background of a shell
        signal.signal(how, usual)

PROGRAMS = {
    "office": ("soffice", "LibreOffice (soffice) is not installed: nothing here can recalculate a workbook"),
    "latex": (
        "pdflatex",
        "LaTeX (pdflatex, of texlive-latex-base) is not installed: nothing here can compile a document",
    ),
    "node": ("node", "Node.js (node) is not installed: nothing here can run the page's program"),
    "browser": ("chromium", "Chromium is not installed: nothing here can show the page"),
    "graphviz": ("dot", "Graphviz (dot) is not installed: nothing here can read a graph"),
}
"""Marker → the program that its tests need, and why they are left out without it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of programs that are missing, unless they are required."""
    missing = {
        marker: reason
        for marker, (program, reason) in PROGRAMS.items()
        if not shutil.which(program) and marker not in REQUIRED
    }
    for item in items:
        for marker, reason in missing.items():
            if marker in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def trace() -> tracer.Trace:
    return tracer.run(WALKTHROUGH)


@pytest.fixture(scope="session")
def path(trace: tracer.Trace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "walkthrough.xlsx"
    trace.to_excel(path)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser()
    yield running
    running.close()
