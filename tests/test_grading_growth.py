"""The work of judging a sheet by its formulas grows with its steps, not with their square."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from tests.walkthroughs.layouts import scaled
from tests.walkthroughs.plan import Plan
from tests.walkthroughs.workbook import write
from tracer.grading.book.package import read_book
from tracer.grading.graph.read import read_graph
from tracer.grading.steps import points
from tracer.grading.updates.copies import copies
from tracer.grading.ways import trials
from tracer.grading.ways.formulas import judge_graph

STEPS = (12, 24, 48)
MOST = 2.2
"""The additional work for the last steps, as a part of that for the steps before, of which there are half as many."""


def calls(work: Callable[[], object]) -> int:
    """How many calls some work makes."""
    count = 0

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("layout", "slip"),
    [
        ("rows, classic 2-2-2", ""),
        ("rows, adam", "δ of the neighbour"),
        ("matrices, array MMULT", "sign"),
        pytest.param("rows, adam", "", marks=pytest.mark.long),
        pytest.param("wide 2-6-1", "η slides", marks=pytest.mark.long),
        pytest.param("recurrent network", "δ for error", marks=pytest.mark.long),
        pytest.param("matrices, SUMPRODUCT", "", marks=pytest.mark.long),
    ],
)
def test_the_work_grows_with_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, slip: str) -> None:
    monkeypatch.setattr(points, "SMALL", sys.maxsize)  # as many points for all of them
    monkeypatch.setattr(trials, "MOST_CELLS", 0)  # of which there are fewer in a larger sheet
    work = []
    for steps in (STEPS[0], *STEPS):  # what is compiled once is not counted
        plan = with_slip(scaled(layout, steps), slip)
        book = read_book(write(plan, tmp_path / "sheet.xlsx"))
        graph = read_graph(book)
        work.append(calls(partial(judge_graph, book, graph)))
    assert work[3] - work[2] <= MOST * (work[2] - work[1]), work


def test_blocks_that_name_their_cells_absolutely_are_copies(tmp_path: Path) -> None:
    found = []
    for steps in (4, 8):
        graph = read_graph(read_book(write(scaled("matrices, SUMPRODUCT", steps), tmp_path / "sheet.xlsx")))
        found.append(copies(graph, np.ones(len(graph.text), bool)))
    assert len(found[0]) == len(found[1]) < len(graph.texts)
    assert sum(map(len, found[1])) == np.count_nonzero(graph.form >= 0)


def with_slip(plan: Plan, slip: str) -> Plan:
    """The plan with the slip in all copies of the first formula that it can be planted in."""
    return plan.with_cells(next(cells for (name, _), cells in plan.slips.items() if name == slip)) if slip else plan
