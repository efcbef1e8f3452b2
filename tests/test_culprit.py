"""The cell that is to blame for wrong updates."""

from __future__ import annotations

import math

import pytest

from tests import hand
from tracer.grading.book.cells import Place, reference
from tracer.grading.book.relative import absolute
from tracer.grading.culprits.copies import odd_cells
from tracer.grading.graph.read import read_graph
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.ways.formulas import judge_graph

STEPS = 6
COLUMNS: dict[str, tuple[hand.Value, str | None]] = {
    "x": (0.5, None), "y": (1.0, None), "t": (0.2, None),
    "w1": (0.15, "={w1-1}-$A$1*{g1-1}"), "w2": (0.25, "={w2-1}-$A$1*{g2-1}"),
    "w3": (0.35, "={w3-1}-$A$1*{g3-1}"), "w4": (0.45, "={w4-1}-$A$1*{g4-1}"),
    "v1": (0.4, "={v1-1}-$A$1*{k1-1}"), "v2": (-0.3, "={v2-1}-$A$1*{k2-1}"),
    "h1": ("=TANH({w1}*{x}+{w2}*{y})", None), "h2": ("=TANH({w3}*{x}+{w4}*{y})", None),
    "a": ("=1/(1+EXP(-({v1}*{h1}+{v2}*{h2})))", None), "E": ("=0.5*({a}-{t})^2", None),
    "d": ("=({a}-{t})*{a}*(1-{a})", None),
    "d1": ("={d}*{v1}*(1-{h1}^2)", None), "d2": ("={d}*{v2}*(1-{h2}^2)", None),
    "k1": ("={d}*{h1}", None), "k2": ("={d}*{h2}", None),
    "g1": ("={d1}*{x}", None), "g2": ("={d1}*{y}", None), "g3": ("={d2}*{x}", None), "g4": ("={d2}*{y}", None),
}  # fmt: skip
"""A 2-2-1 network, a step a row from B3 on, the headers in row 2, η in A1."""
LETTER = {name: reference((1, 2 + index))[:-1] for index, name in enumerate(COLUMNS)}


def judged(changes: dict[str, str] | None = None, cells: hand.Cells | None = None) -> Judgement:
    """The judgement of the sheet with some columns' formulas changed, or some cells."""
    columns = {name: _with(name, (changes or {}).get(name)) for name in COLUMNS}
    sheet: hand.Cells = {"A1": 0.5, **hand.table("B2", columns, STEPS), **(cells or {})}
    book = hand.book(("S", sheet))
    (judgement,) = judge_graph(book, read_graph(book))
    return judgement


def _with(name: str, formula: str | None) -> tuple[hand.Value, str | None]:
    first, others = COLUMNS[name]
    if formula is None:
        return first, others
    return (first, formula) if others else (formula, None)


def test_a_right_sheet_has_no_culprit() -> None:
    judgement = judged()
    assert judgement.standing is Standing.CONFIRMED
    assert judgement.faults == ()


SLIPS = {
    "d1": "={d}*{v1}*(1-{h1})",  # the slope of tanh without its square
    "d2": "={d}*{v1}*(1-{h2}^2)",  # the other neuron's weight
    "g3": "={d1}*{x}",  # the other neuron's δ
    "k2": "={d}*{h1}",
    "w3": "={w3-1}-$A$1*{g4-1}",  # the gradient of the neighbour
    "v1": "={v1-1}-{k1-1}",  # without η
}


@pytest.mark.parametrize(("column", "formula"), SLIPS.items())
def test_a_slip_in_all_rows_is_found_in_its_column(column: str, formula: str) -> None:
    judgement = judged({column: formula})
    assert judgement.standing is Standing.WRONG
    (fault,) = judgement.faults
    assert {columns_of(place) for place in fault.places} == {LETTER[column]}
    assert len(fault.places) >= STEPS - 1


def columns_of(place: Place) -> str:
    return reference((1, place[1][1]))[:-1]


def test_the_right_value_of_a_hidden_delta_is_given() -> None:
    right = judged({"d1": "={d}*{v1}*(1-{h1})"}).faults[0]
    assert right.value is not None
    assert right.right_value is not None
    # d·v1·(1 − h1²) is d·v1·(1 − h1) times 1 + h1, which is tanh(0.15·0.5 + 0.25) in the first row
    assert right.right_value / right.value == pytest.approx(1 + math.tanh(0.325), rel=1e-9)


@pytest.mark.parametrize(
    ("cell", "formula", "sentence"),
    [
        ("d1", "={d}*{v2}*(1-{h1}^2)", "v2 (J5) is used instead of v1 (I5)"),
        ("h2", "=TANH({w3}*{x}-{w4}*{y})", "− is used instead of + before H5·C5"),
    ],
)
def test_a_cell_that_differs_from_its_copies_is_named_with_their_formula(
    cell: str, formula: str, sentence: str
) -> None:
    """Also a forward one, which no gradient can tell."""
    row = 5
    text = hand._filled(formula, {name: 2 + i for i, name in enumerate(COLUMNS)}, row, {})
    judgement = judged(cells={f"{LETTER[cell]}{row}": text})
    assert judgement.standing is Standing.WRONG
    (fault,) = judgement.faults
    assert [reference(place[1]) for place in fault.places] == [f"{LETTER[cell]}{row}"]
    original = COLUMNS[cell][0]
    assert isinstance(original, str)
    assert fault.right == hand._filled(original, {name: 2 + i for i, name in enumerate(COLUMNS)}, row, {})[1:]
    assert fault.why is not None
    assert fault.why.sentence == f"{sentence}, unlike in its copies"


def test_rows_of_another_kind_are_not_odd() -> None:
    """A sum below its rows, and a first row that begins otherwise."""
    cells: hand.Cells = {"A1": 1.0, "B1": 2.0, "A2": "=A1*2", "B2": "=B1*2"}
    cells |= {f"{c}{row}": f"={c}{row - 1}*3" for row in range(3, 7) for c in "AB"}
    cells |= {"A7": "=SUM(A1:A6)", "B7": "=SUM(B1:B6)"}
    assert not [entry for entry in odd_cells(read_graph(hand.book(("S", cells)))) if entry.between and entry.alone]


def test_relative_formulas_are_written_as_in_a_cell() -> None:
    assert absolute("R[-1]C[2]*R31C7+Other!R[0]C1", (5, 2)) == "D4*$G$31+Other!$A5"
