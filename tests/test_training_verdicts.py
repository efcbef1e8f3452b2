"""What trains in small sheets, told from their formulas alone; every sheet is written out here, cell by cell."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest

from tests import hand
from tracer.formulas.grammar import parse
from tracer.formulas.primitives import FUNCTIONS
from tracer.grading.book.cells import Book, reference
from tracer.grading.graph.read import read_graph
from tracer.grading.graph.values import evaluate
from tracer.grading.losses.factors import counted, fit
from tracer.grading.steps.points import points_of
from tracer.grading.steps.steps import NONE, steps_of
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.training.understanding import all_cells
from tracer.grading.updates.shapes import appearances, leads
from tracer.grading.ways.formulas import judge_graph

Columns = dict[str, tuple[hand.Value, str | None]]
FIXED = {"eta": "$B$1"}
SAMPLES = ((0.3, 0.9), (1.1, -0.4), (-0.7, 0.2), (0.8, 1.5), (0.5, 0.1), (-1.2, 0.7))
"""x and t, a row each."""

NEURON: Columns = {
    "x": (None, None),
    "t": (None, None),
    "w": (0.4, "={w-1}-{eta}*{gw-1}"),
    "b": (-0.2, "={b-1}-{eta}*{gb-1}"),
    "z": ("={w}*{x}+{b}", None),
    "a": ("=TANH({z})", None),
    "E": ("=({t}-{a})^2/2", None),
    "d": ("=({a}-{t})*(1-{a}^2)", None),
    "gw": ("={d}*{x}", None),
    "gb": ("={d}", None),
}
"""A neuron that is trained sample by sample, a row each."""
COLUMN = {name: chr(ord("A") + number) for number, name in enumerate(NEURON)}


def sheet(columns: Mapping[str, tuple[hand.Value, str | None]], rate: float = 0.3) -> Book:
    """A table from row 4 on, with the samples in its first two columns, and η in B1."""
    cells = hand.table("A3", columns, len(SAMPLES), FIXED)
    for row, sample in enumerate(SAMPLES, 4):
        cells |= {f"{letter}{row}": value for letter, value in zip("AB", sample, strict=True)}
    return hand.book(("Sheet", {"A1": "eta", "B1": rate, **cells}))


def judged(book: Book) -> Judgement:
    (judgement,) = judge_graph(book, read_graph(book))
    return judgement


def with_columns(**changes: tuple[hand.Value, str | None]) -> Book:
    return sheet({**NEURON, **changes})


def cells_of(judgement: Judgement) -> set[str]:
    return {reference(position) for fault in judgement.faults for _, position in fault.places}


def test_a_right_sheet_is_confirmed_with_what_it_minimizes() -> None:
    judgement = judged(sheet(NEURON))
    assert (judgement.standing, judgement.firm, judgement.steps) == (Standing.CONFIRMED, True, 5)
    assert [reference(p.places[0][1]) for p in judgement.parameters] == ["C4", "D4"]
    assert [reference(position) for _, position in judgement.loss] == [f"G{row}" for row in range(4, 9)]
    assert (judgement.rate, judgement.rate_at, judgement.factor) == (0.3, ("Sheet", (1, 2)), 1.0)


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [
        ({"gw": ("={d}*{t}", None)}, "I"),
        ({"gb": ("=-{d}", None)}, "J"),
        ({"w": (0.4, "={w-1}-{eta}*{gb-1}")}, "C"),
        ({"w": (0.4, "={w-1}-{gw-1}")}, "C"),
        ({"b": (-0.2, "={b-1}-{eta}*{eta}*{gb-1}")}, "D"),
        ({"d": ("=({a}-{t})", None)}, "H"),
        ({"d": ("=({a}-{t})*(1-{z}^2)", None)}, "H"),
        ({"d": ("=({t}-{a})*(1-{a}^2)", None)}, "H"),
        ({"b": (-0.2, "=-({b-1}-{eta}*{gb-1})")}, "D"),
        ({"gw": ("={d}+{x}", None)}, "I"),
    ],
)
def test_a_mistake_is_found_where_it_is(changes: Columns, blamed: str) -> None:
    judgement = judged(with_columns(**changes))
    assert judgement.standing is Standing.WRONG
    assert judgement.firm
    assert blamed in {cell[0] for cell in cells_of(judgement)}


@pytest.mark.parametrize(
    "changes",
    [
        {"E": ("=({t}-{a})^2", None)},  # ½ missing
        {"w": (0.4, "={w-1}-{eta}*({gw-1}+0.01*{w-1})")},  # weight decay that the loss does not have
        {"w": (0.4, "=(1-0.003)*{w-1}-{eta}*{gw-1}")},
        {"w": (0.4, "={w-1}-{eta}/(1+ROW())*{gw-1}"), "b": (-0.2, "={b-1}-{eta}/(1+ROW())*{gb-1}")},
        {"w": (0.4, "=ROUND({w-1}-{eta}*{gw-1},4)"), "z": ("=ROUND({w}*{x}+{b},3)", None)},
        {"E": ("=SQRT(({t}-{a})^2)", None)},  # another figure is shown
        {"E": (None, None)},
        {"n": (1, "={n-1}+1"), "sum": (0, "={sum-1}+{E}")},
        {"d": ("=({a}-{t})", None), "a": ("=1/(1+EXP(-{z}))", None), "E": ("=-{t}*LN({a})-(1-{t})*LN(1-{a})", None)},
    ],
)
def test_another_right_way_is_no_mistake(changes: Columns) -> None:
    judgement = judged(with_columns(**changes))
    assert judgement.standing in (Standing.CONFIRMED, Standing.FACTOR), judgement.reason
    assert not judgement.faults


def test_momentum_is_understood_with_its_numbers() -> None:
    judgement = judged(
        with_columns(
            w=(0.4, "={w-1}-{vw-1}"), b=(-0.2, "={b-1}-{vb-1}"),
            vw=("={eta}*{gw}", "=0.8*{vw-1}+{eta}*{gw}"), vb=("={eta}*{gb}", "=0.8*{vb-1}+{eta}*{gb}"),
        )
    )  # fmt: skip
    assert (judgement.standing, judgement.faults) == (Standing.CONFIRMED, ())
    assert judgement.reason.endswith("momentum 0.8")


@pytest.mark.parametrize("rule", ["{eta}*({t}-{y})*{x}", "IF({y}<>{t},{eta}*({t}-{y})*{x},0)"])
def test_the_perceptron_rule_needs_no_derivative(rule: str) -> None:
    columns: Columns = {
        "x": (None, None), "s": (None, None), "w": (0.4, "={w-1}+{dw-1}"), "b": (0.1, "={b-1}+{eta}*({t-1}-{y-1})"),
        "z": ("={w}*{x}+{b}", None), "y": ("=IF({z}>0,1,0)", None), "dw": ("=" + rule, None),
        "t": ("=IF({s}>0.5,0,1)", None),
    }  # fmt: skip
    judgement = judged(sheet(columns))
    assert (judgement.standing, judgement.faults) == (Standing.CONFIRMED, ())
    assert judgement.assumed_loss == "perceptron rule"


@pytest.mark.parametrize(
    "columns",
    [
        {"x": (None, None), "t": (None, None), "n": (1, "={n-1}+1"), "S": (0, "={S-1}+{x-1}*{t-1}")},
        {"x": (None, None), "t": (None, None), "B": (100, "={B-1}+{B-1}*{eta}-5")},  # a loan
        {"x": (None, None), "t": (None, None), "B": (0.3, "={B-1}-{eta}*(1-{B-1})"), "C": ("={B}*{B}+{B}-TANH({B})", None), "D": ("={C}", None), "E": ("=({D}-{B})^2", None)},
        {"x": (None, None), "t": (None, None), "C": (0.3, "={C-1}+{eta}*{F-1}"), "F": ("=-2*{C}", None), "e": ("=({C}-{t})^2", None)},  # decay beside measured values
        {"x": (None, None), "t": (None, None), "h": (0.1, "={h-1}+TANH({x}*{h-1})"), "y": ("={h}*{t}", None)},
        {"x": (None, None), "t": (None, None), "c": (0.0, "=1/(1+EXP(-{x}*{h-1}))*{c-1}+{x}"), "h": ("=TANH({c})", None)},
    ],
)  # fmt: skip
def test_nothing_is_said_of_what_does_not_learn(columns: Columns) -> None:
    judgement = judged(sheet(columns))
    assert (judgement.standing, judgement.faults) == (Standing.NOTHING, ())
    assert judgement.reason


def test_updates_are_told_from_counters_and_sums() -> None:
    graph = read_graph(with_columns(n=(1, "={n-1}+1"), sum=(0, "={sum-1}+{E}")))
    (training,) = steps_of(graph).trainings
    first = [row[0] for row in training.updates]
    assert [reference(graph.places[update.node][1]) for update in first if update] == ["C5", "D5"]


def test_gradients_within_a_step_are_differences_of_the_loss() -> None:
    """Of step 3, though its loss depends on the parameters of all steps before."""
    graph = read_graph(sheet(NEURON))
    steps = steps_of(graph)
    (training,) = steps.trainings
    points = points_of(graph, steps.trainings, steps.root)[:1]
    cells = all_cells(steps, training)
    loss = np.array([graph.number["Sheet", (row, 7)] for row in range(4, 9)])
    found = cells.gradients(loss, np.ones((5, 1)), points)
    for row, step in itertools.product(range(2), range(5)):
        seed = int(training.seeds[row, step])
        assert seed != NONE
        at, h = float(points[0].values[seed]), 1e-6
        up, down = (evaluate(graph, {seed: at + side})[loss[step]] for side in (h, -h))
        assert math.isclose((up - down) / (2 * h), found[row, step, 0], rel_tol=1e-6, abs_tol=1e-9)


def test_a_fit_finds_the_rate_of_most_changes() -> None:
    gradient = np.array([[[1.0], [2.0], [4.0]], [[3.0], [5.0], [7.0]]])
    change = -0.5 * gradient
    change[1, 2] = 9.0
    found = fit(change, gradient)
    assert (found.constant, found.rates.tolist(), int(found.matched.sum())) == (True, [0.5] * 3, 5)
    assert not found.explains_all


def test_equal_numbers_are_counted() -> None:
    value, count = counted(np.array([[1.0, 2.0, 2.0 + 1e-12, np.nan], [np.nan, np.nan, np.nan, np.nan]]))
    assert (round(float(value[0]), 9), count.tolist()) == (2.0, [2, 0])
    assert np.isnan(value[1])


@pytest.mark.parametrize(
    ("formula", "slots"),
    [
        ("q0 - q1*q2", [0]), ("q0 + q1", [0, 1]), ("if(q1 > 0, q0 + q2, q0)", [0]), ("q0*q1", []), ("q0", []),
        ("(1 - q1)*q0 - q2", [0]), ("-(q0 - q1)", []),
    ],
)  # fmt: skip
def test_what_a_formula_adds_to(formula: str, slots: list[int]) -> None:
    form = parse(formula, FUNCTIONS)
    assert [lead.slot for lead in leads(form)] == slots
    assert set(slots) <= set(appearances(form)) or not slots


@pytest.mark.parametrize(
    "loss", ["IF(ABS({a}-{t})<0.5,({a}-{t})^2/2,0.5*ABS({a}-{t})-0.125)", "({a}-{t})^2+0.05*{w}^2"]
)
def test_climbing_what_has_no_maximum_is_wrong(loss: str) -> None:
    """A Huber loss, and one with a penalty: losses that are not among the usual ones."""
    slope = "IF(ABS({a}-{t})<0.5,{a}-{t},0.5*SIGN({a}-{t}))" if "IF" in loss else "2*({a}-{t})"
    penalty = "" if "IF" in loss else "+0.1*{w}"
    line: Columns = {"a": ("={z}", None), "E": ("=" + loss, None), "d": ("=" + slope, None), "gw": ("={d}*{x}" + penalty, None)}  # fmt: skip
    assert judged(with_columns(**line)).standing is Standing.CONFIRMED
    up: Columns = {"w": (0.4, "={w-1}+{eta}*{gw-1}"), "b": (-0.2, "={b-1}+{eta}*{gb-1}")}
    judgement = judged(with_columns(**line, **up))
    assert (judgement.standing, {cell[0] for cell in cells_of(judgement)}) == (Standing.WRONG, {"C", "D"})


def test_a_likelihood_is_climbed() -> None:
    """It is concave."""
    line: Columns = {"a": ("=1/(1+EXP(-{z}))", None), "E": ("={t}*{z}-LN(1+EXP({z}))", None), "d": ("={t}-{a}", None)}
    up: Columns = {"w": (0.4, "={w-1}+{eta}*{gw-1}"), "b": (-0.2, "={b-1}+{eta}*{gb-1}")}
    assert judged(with_columns(**line, **up)).standing is Standing.CONFIRMED


def test_players_of_a_game_each_climb_their_own_profit() -> None:
    game: Columns = {
        "x": (None, None), "t": (None, None), "P": (0.3, "={P-1}+{eta}*{g-1}"), "Q": (0.9, "={Q-1}+{eta}*{h-1}"),
        "a": ("={P}*(5-{P}-{Q})", None), "b": ("={Q}*(5-{P}-{Q})", None), "g": ("=5-2*{P}-{Q}", None), "h": ("=5-2*{Q}-{P}", None),
    }  # fmt: skip
    assert judged(sheet(game)).faults == ()
