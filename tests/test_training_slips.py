"""Every named slip in every layout: noticed, and its cell named. What is not yet so is in tests/walkthroughs/misses.csv."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walkthroughs import misses
from tests.walkthroughs.layouts import LAYOUTS


@pytest.mark.long
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_slip_is_noticed_and_its_cell_named(layout: str, tmp_path: Path) -> None:
    """But for the known misses; one that is mended is to be removed from their table: python -m tests.walkthroughs.misses."""
    found = {slip: outcome for slip, outcome, _ in misses.missed(LAYOUTS[layout](), tmp_path)}
    assert found == misses.known().get(layout, {})


def test_the_known_misses_are_sorted_and_have_reasons() -> None:
    rows = misses.rows()
    keys = [(row["layout"], row["slip"]) for row in rows]
    assert keys == sorted(set(keys))
    assert {layout for layout, _ in keys} <= LAYOUTS.keys()
    assert {row["outcome"] for row in rows} <= {misses.NOT_NOTICED, misses.ANOTHER, misses.AMONG_MANY}
    assert all(row["reason"] for row in rows)
