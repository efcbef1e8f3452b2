"""Updates that are none: the sheet computes something else where an updated parameter belongs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.walkthroughs.evaluator import Place
from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.plan import Plan, ref
from tests.walkthroughs.workbook import write
from tracer.grading.book.package import read_book
from tracer.grading.graph.read import read_graph
from tracer.grading.training.judgement import Standing
from tracer.grading.ways.formulas import judge_graph

Edit = Callable[[str], str]


def negated(formula: str) -> str:
    return f"=-({formula[1:]})"


def replaced(old: str, new: str) -> Edit:
    """References by a pattern → others."""
    return lambda formula: re.sub(old, new, formula, count=1)


def blamed(layout: str, unit: str, edit: Edit | float, cells: slice, folder: Path) -> tuple[set[str], set[str]]:
    """The planted cells, and those that are named, for a change of some of a unit's cells, or a number in their place."""
    plan = LAYOUTS[layout]()
    chosen: list[Place] = sorted(place for place, name in plan.units.items() if name == unit)[cells]
    changes = {place: edit(str(plan.cells[place])) if callable(edit) else edit for place in chosen}
    assert all(plan.cells[place] != content for place, content in changes.items())
    book = read_book(write(plan.with_cells(changes), folder / "sheet.xlsx", stored=True))
    wrong = [judgement for judgement in judge_graph(book, read_graph(book)) if judgement.standing is Standing.WRONG]
    assert wrong
    found = {ref((sheet, *where)) for judgement in wrong for fault in judgement.faults for sheet, where in fault.places}
    return {ref(place) for place in chosen}, found


ALL, FIRST, SECOND, LAST = slice(None), slice(1), slice(1, 2), slice(-1, None)
KINDS = {
    "the sign of the whole update": ("rows, 2-2-1 full", "w1_1_2", negated),
    "η in place of the weight": ("rows, 2-2-1 full", "b1_2", replaced(r"(?<==)\w+", "$B$2")),
    "another weight": ("rows, 2-2-1 full", "w1_2_1", replaced(r"(?<==)E(\d+)", r"F\1")),
    "the gradient in place of the weight": ("rows, 2-2-1 full", "w2_1_1", replaced(r"(?<==)H(\d+)", r"AK\1")),
    "the sign of a copy": ("blocks, 2-2-2", "w2_1_1", negated),
    "a copy of another update": ("blocks, 2-2-2", "w1_2_1", replaced(r"\d+", lambda m: str(int(m[0]) + 1))),  # type: ignore[arg-type]
    "η in place of a weight by absolute references": ("columns, batch", "w2_1_2+", replaced(r"(?<==)[$\w]+", "$B$2")),
    "the sign of a bias vector": ("matrices, SUMPRODUCT", "b1", negated),
}


@pytest.mark.parametrize(
    "cells",
    [ALL, FIRST, pytest.param(SECOND, marks=pytest.mark.long), LAST],
    ids=["in all copies", "first", "second", "last"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_cell_that_is_no_update_is_named(kind: str, cells: slice, tmp_path: Path) -> None:
    planted, found = blamed(*KINDS[kind], cells, tmp_path)
    assert found
    assert found <= planted


def test_all_copies_of_a_broken_update_are_named(tmp_path: Path) -> None:
    planted, found = blamed("rows, 2-2-1 full", "w1_1_2", negated, ALL, tmp_path)
    assert found == planted


FOREIGN = {
    "η twice, no gradient": ("columns, 2-2-1", "b2_1", replaced(r"\*B(\d+)|\*\w+$", "*$B$2")),
    "η for the gradient of a typed weight": ("huber", "w", replaced(r"\*J\d+", "*$B$2")),
    "no gradient of the output": ("softmax with MAX", "w3", replaced(r"\*X\d+", "")),
    "the gradient of another output in the only step": ("matrices, one step", "W2+", replaced(r"\*H", "*J")),
}
"""Updates that do not depend on their own parameter, beside right ones."""


@pytest.mark.parametrize("kind", FOREIGN)
def test_an_update_that_does_not_depend_on_its_parameter_is_wrong(kind: str, tmp_path: Path) -> None:
    planted, found = blamed(*FOREIGN[kind], ALL, tmp_path)
    assert found
    assert found <= planted


ONE_STEP = {
    "the sign of the whole update": ("one step, columns", "w1_1_1+", negated),
    "η in place of the weight": ("blocks, one step", "w1_2_1+", replaced(r"(?<==)\w+", "$B$2")),
    "another weight": ("matrices, one step", "W2+", replaced(r"(?<==)J", "H")),
}


@pytest.mark.parametrize("kind", ONE_STEP)
def test_in_a_single_step_the_other_updates_tell(kind: str, tmp_path: Path) -> None:
    planted, found = blamed(*ONE_STEP[kind], SECOND if kind == "another weight" else ALL, tmp_path)
    assert found == planted


@pytest.mark.parametrize("layout", ["update rows, first differs", "two rates", "epochs with sums", "ridge"])
def test_right_parameters_that_start_or_end_otherwise_are_none(layout: str, tmp_path: Path) -> None:
    assert no_faults(LAYOUTS[layout](), tmp_path)


UNLIKE = {
    "the sign of a net input": ("one neuron", "z1_1", negated, FIRST),
    "no learning rate for a matrix": ("bias as a row of X", "W", replaced(r"\$M\$1\*", ""), SECOND),
    "the sign of an error by an array formula": ("matrices, W X, array", "D2", negated, FIRST),
    "a product for a mean": ("matrices, linear regression", "G1", replaced("/6$", "*6"), FIRST),
}
"""Formulas of one step that all others compute otherwise: the gradients of that step follow them, or have one factor
more."""


@pytest.mark.parametrize("kind", UNLIKE)
def test_a_step_that_is_computed_unlike_all_others_is_wrong(kind: str, tmp_path: Path) -> None:
    planted, found = blamed(*UNLIKE[kind], tmp_path)
    assert found
    assert planted <= found


TYPED = {
    "an activation": ("rows, adam", "a1_2", SECOND),
    "a net input": ("rows, weight decay", "z2_1", SECOND),
    "the total of a mean": ("public: house prices, blocks", "db", SECOND),
    "a parameter that starts anew without the other": ("absolute error", "b", slice(2, 3)),
}
"""Cells of a column or row of copies that a number is typed into."""


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.long] if kind == "the total of a mean" else []) for kind in TYPED],
)
def test_a_number_typed_over_a_formula_is_named(kind: str, tmp_path: Path) -> None:
    layout, unit, cells = TYPED[kind]
    planted, found = blamed(layout, unit, 0.25, cells, tmp_path)
    assert found == planted


def test_a_number_typed_into_one_training_leaves_the_others_right(tmp_path: Path) -> None:
    plan, other = LAYOUTS["absolute error"](), LAYOUTS["falling rate"]()
    typed = sorted(place for place, name in plan.units.items() if name == "b")[2]
    beside = {("Other", row, column): content for (_, row, column), content in other.cells.items()}
    book = read_book(write(plan.with_cells({typed: 0.25, **beside}), tmp_path / "sheet.xlsx", stored=True))
    standings = {judgement.sheets: judgement.standing for judgement in judge_graph(book, read_graph(book))}
    assert standings == {(typed[0],): Standing.WRONG, ("Other",): Standing.CONFIRMED}


CANCELLED = {
    "all changes are 0": ("rows, linear regression", "d1_1", replaced(r"C(\d+)", r"G\1"), ALL),
    "in one step": ("huber", "e", replaced(r"C(\d+)", r"F\1"), FIRST),
}
"""Errors that subtract the prediction or the target from itself."""


@pytest.mark.parametrize("kind", CANCELLED)
def test_a_cell_subtracted_from_itself_is_named(kind: str, tmp_path: Path) -> None:
    planted, found = blamed(*CANCELLED[kind], tmp_path)
    assert found == planted


def multiplied(formula: str) -> str:
    return f"=1*({formula[1:]})"


ANOTHER_WAY: list[tuple[str, str, Edit]] = [
    ("rows, classic 2-2-2", "z1_1", multiplied),
    ("rows, classic 2-2-2", "gw2_1_1", multiplied),
    ("rows, classic 2-2-2", "w1_1_1", lambda formula: re.sub(r"=(\w+)-(.*)", r"=-\2+\1", formula)),
    ("blocks, 2-2-2", "e1_1", multiplied),
    ("matrices, array MMULT", "Z1", multiplied),
    ("matrices, array MMULT", "A1", multiplied),
    ("public: bowl, falling rate", "∂f/∂x (D)", multiplied),
]


@pytest.mark.parametrize(("layout", "unit", "edit"), ANOTHER_WAY)
def test_a_formula_that_is_written_another_way_in_one_step_is_right(
    layout: str, unit: str, edit: Edit, tmp_path: Path
) -> None:
    plan = LAYOUTS[layout]()
    place = sorted(place for place, name in plan.units.items() if name == unit)[1]
    rewritten = plan.with_cells({place: edit(str(plan.cells[place]))})
    assert rewritten.cells != plan.cells
    assert no_faults(rewritten, tmp_path)


@pytest.mark.parametrize(("layout", "unit"), [("falling rate", "rate"), ("public: bowl, falling rate", "η (F)")])
def test_a_learning_rate_may_be_typed_into_a_schedule(layout: str, unit: str, tmp_path: Path) -> None:
    plan = LAYOUTS[layout]()
    place = sorted(place for place, name in plan.units.items() if name == unit)[3]
    assert no_faults(plan.with_cells({place: 0.35}), tmp_path)


def no_faults(plan: Plan, folder: Path) -> bool:
    book = read_book(write(plan, folder / "sheet.xlsx", stored=True))
    return not [fault for judgement in judge_graph(book, read_graph(book)) for fault in judgement.faults]
