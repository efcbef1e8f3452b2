"""Generated sheets of training in every layout, judged by their graph: right ones, and those with nothing to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.score import by_graph, fits, judged
from tests.walkthroughs.untrained import UNTRAINED

GUESSED = ("regression over a table, no loss",)
"""Right sheets without a loss, about which nothing is said: the errors stand within a sum over a table."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_right_sheets_are_confirmed_firmly(layout: str, tmp_path: Path) -> None:
    plan = LAYOUTS[layout]()
    verdict = judged(plan, tmp_path, by_graph)
    assert not verdict.faults
    if layout in GUESSED:
        assert verdict.standing == "nothing to judge"
    else:
        assert (verdict.standing, verdict.firm) == (plan.expected, True), verdict.reason


@pytest.mark.parametrize("layout", UNTRAINED)
def test_nothing_is_found_where_nothing_trains(layout: str, tmp_path: Path) -> None:
    plan = UNTRAINED[layout]()
    verdict = judged(plan, tmp_path, by_graph)
    assert fits(plan, verdict), verdict
