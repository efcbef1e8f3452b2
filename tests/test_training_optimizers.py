"""Optimizers by hand: a formula of one parameter that the others do not have is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.score import by_command, by_graph, judged

SLIPS = [
    ("rows, rmsprop", "square left out", "v_b1_1"),
    ("rows, adam", "square left out", "v_w1_1_1"),
    ("public: Rosenbrock, Adam", "gradient of the neighbour", "m_y (H)"),
    ("public: Rosenbrock, Adam", "gradient of the neighbour", "v_y (N)"),
]


@pytest.mark.parametrize("slip", SLIPS, ids=" ".join)
def test_a_state_unlike_those_of_the_other_parameters_is_named(slip: tuple[str, str, str], tmp_path: Path) -> None:
    layout, *key = slip
    plan = LAYOUTS[layout]()
    wrong = plan.slips[key[0], key[1]]
    for grader in (by_graph, by_command):
        (said,) = judged(plan.with_cells(wrong), tmp_path, grader).said
        assert set(said.cells) <= wrong.keys()


EDITS = {
    "momentum for one bias alone": ("rows, momentum", "m_b1_1", "$D$2*", "0.5*"),
    "decay of another mean": ("rows, rmsprop", "v_w1_1_2", "$D$2", "$F$2"),
}


@pytest.mark.parametrize("kind", EDITS)
def test_a_setting_that_one_state_does_not_have_is_named(kind: str, tmp_path: Path) -> None:
    layout, unit, old, new = EDITS[kind]
    plan = LAYOUTS[layout]()
    changes = {place: str(plan.cells[place]).replace(old, new) for place, own in plan.units.items() if own == unit}
    found = judged(plan.with_cells(changes), tmp_path, by_graph).faults
    assert found
    assert set().union(*found) <= changes.keys()


def test_a_bias_that_does_not_decay_beside_weights_that_do_is_right(tmp_path: Path) -> None:
    plan = LAYOUTS["rows, rmsprop"]()
    weights = [place for place, unit in plan.units.items() if unit.startswith("w")]
    formulas = {place: str(plan.cells[place]) for place in weights}
    decaying = {place: f"{formula}-0.01*{formula[1:].partition('-')[0]}" for place, formula in formulas.items()}
    assert not judged(plan.with_cells(decaying), tmp_path, by_graph).said
