"""Generated sheets of training in every layout, judged by their graph: right ones, and those with nothing to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import at_random, named
from tests.walkthroughs.motions import motion
from tests.walkthroughs.score import Tally, by_graph, fits, judged
from tests.walkthroughs.untrained import UNTRAINED, large

SURE = (
    "gradient of the neighbour",
    "input of the neighbour",
    "input left out",
    "δ of the neighbour",
    "η left out",
    "wrong input",
)
"""Slips of single units that must be noticed in every layout."""
WITHOUT_UNITS = {
    "all values rounded",
    "bias as a row of X",
    "matrices, linear regression",
    "matrices, logistic",
    "public: CNN with pooling",
    "public: IFERROR and POWER",
    "public: RNN through time",
    "public: Rosenbrock, Adam",
    "public: XOR, an epoch a sheet",
    "public: adaline",
    "public: classic, before and after",
    "public: classic, tables of layers",
    "public: dropout masks",
    "public: early stopping by IF",
    "public: films, factors",
    "public: line with momentum",
    "public: negative sampling",
    "public: optimizers side by side",
    "public: polynomial, typed rate",
    "public: radial units",
    "public: softmax of flowers",
    "public: x squared",
    "relu masks as copies",
    "right up to a factor",
    "rows, perceptron beside",
    "xor, weights by INDEX",
}
"""Layouts without cells for single units, or whose slips have names of their own: none of these can be made in them."""
NOT_NOTICED = {"public: OR, threshold table"}
"""Layouts in which the first of these slips is not noticed yet."""
NOTICED_WITH_LOSS, NOTICED, NAMED = 0.75, 0.75, 0.55


@pytest.mark.parametrize("layout", LAYOUTS)
def test_right_sheets_are_confirmed_firmly(layout: str, tmp_path: Path) -> None:
    plan = LAYOUTS[layout]()
    verdict = judged(plan, tmp_path, by_graph)
    assert not verdict.faults
    assert (verdict.standing, verdict.firm) == (plan.expected, True), verdict.reason


@pytest.mark.parametrize("layout", UNTRAINED)
def test_nothing_is_found_where_nothing_trains(layout: str, tmp_path: Path) -> None:
    plan = UNTRAINED[layout]()
    verdict = judged(plan, tmp_path, by_graph)
    assert fits(plan, verdict), verdict


def test_a_sheet_of_784_inputs_is_refused_by_its_figure(tmp_path: Path) -> None:
    verdict = judged(large(784, 6), tmp_path, by_graph)
    assert verdict.standing == "nothing to judge"
    assert "it trains 4,710 parameters; the limit is 4,096" in verdict.reason


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True) if name in NOT_NOTICED else ())
        for name in sorted(LAYOUTS.keys() - WITHOUT_UNITS)
    ],
)
def test_a_slip_in_each_layout_is_noticed(layout: str, tmp_path: Path) -> None:
    plan = LAYOUTS[layout]()
    slips = [key for key in plan.slips if key[0] in SURE and plan.expected == "confirmed"]
    mistake = next(found for found in named(plan, slips) if found.spoils)
    verdict = judged(mistake.plan, tmp_path, by_graph)
    assert verdict.noticed, (mistake.kind, mistake.unit, verdict)


@pytest.mark.long
def test_most_planted_mistakes_are_noticed_and_named(tmp_path: Path) -> None:
    """A little less than the share that was reached, so that a loss of it is seen."""
    with_loss, all_mistakes = Tally(), Tally()
    for make in LAYOUTS.values():
        plan = make()
        if plan.expected == "confirmed":
            for mistake in at_random(plan, 10):
                verdict = judged(mistake.plan, tmp_path, by_graph)
                assert not verdict.standing.startswith("exception"), (plan.layout, mistake.kind, mistake.unit, verdict)
                all_mistakes.add(verdict.noticed, verdict.names(mistake))
                if plan.loss_cell:
                    with_loss.add(verdict.noticed, verdict.names(mistake))
    assert all_mistakes.all >= 900
    assert with_loss.noticed >= NOTICED_WITH_LOSS * with_loss.all, with_loss
    assert all_mistakes.noticed >= NOTICED * all_mistakes.all, all_mistakes
    assert all_mistakes.right >= NAMED * all_mistakes.all, all_mistakes


MOTIONS, ACCUSED = 60, 0.05
"""Random state equations, and the part of them in which a coincidence may be taken for a training with a mistake."""


def test_what_moves_without_a_loss_is_hardly_ever_called_wrong(tmp_path: Path) -> None:
    verdicts = [judged(motion(number), tmp_path, by_graph) for number in range(MOTIONS)]
    assert not [verdict for verdict in verdicts if verdict.standing.startswith("exception")]
    assert sum(verdict.noticed for verdict in verdicts) <= ACCUSED * MOTIONS
