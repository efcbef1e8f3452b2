"""What several tests stand on: where the project's files are, and which other programs can be asked."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import tracer
from tests.places import REQUIRED, WALKTHROUGH

settings.register_profile("walkthrough", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("walkthrough")

for name, usual in (("SIGHUP", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
    how = getattr(signal, name, None)  # Windows has no SIGHUP
    if how is not None and signal.getsignal(how) is signal.SIG_IGN:  # behind nohup, or in the background of a shell
        signal.signal(how, usual)

PROGRAMS = {
    "office": ("soffice", "nothing here can recalculate a workbook"),
    "node": ("node", "nothing here can run the page's program"),
}
"""By the marker of the tests that need it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests that need a program which is missing, unless it is required."""
    for marker, (program, reason) in PROGRAMS.items():
        if shutil.which(program) or marker in REQUIRED:
            continue
        for item in items:
            if marker in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"{program} is not installed: {reason}"))


@pytest.fixture(scope="session")
def trace() -> tracer.Trace:
    return tracer.run(WALKTHROUGH)


@pytest.fixture(scope="session")
def path(trace: tracer.Trace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "walkthrough.xlsx"
    trace.to_excel(path)
    return path
