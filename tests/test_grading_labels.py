"""Names for cells: from the texts around them, as a person would read them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.hand import Cells, Value, book
from tracer.grading.book.cells import position
from tracer.grading.ways.labels import Labels


def name(cells: Mapping[str, Value], *places: str) -> str | None:
    labels = Labels(book(("S", cells)))
    found = [position(place) for place in places]
    return labels.of([("S", place) for place in found if place])


TABLE: Cells = {
    "A1": "x", "B1": "w1", "C1": "w2", "D1": "δw1", "A2": "start", "B2": 0.1, "C2": 0.2, "D2": 0.5,
    "A3": 1, "B3": "=B2-D2", "C3": "=C2", "D3": 0.5, "A4": 2, "B4": "=B3-D3", "C4": "=C3", "D4": 0.5,
}  # fmt: skip
MATRICES = {
    "B2": "W1", "B3": 1, "C3": 2, "D3": 3, "B4": 4, "C4": 5, "D4": 6, "E2": "b1", "E3": 7, "E4": 8,
    "B6": "A1 = relu(Z1)", "B7": 1, "C7": 2, "B8": 3, "C8": 4, "G3": "v", "H3": 1, "I3": 2, "J3": 3,
}  # fmt: skip
FORM = {"A1": "name", "B1": "value", "A2": "slope", "B2": 1, "A3": "intercept:", "B3": 2, "A4": "η =", "B4": 0.1}
NAMED_BOTH_WAYS = {
    "A1": "W", "B1": "x1", "C1": "x2", "A2": "h1", "B2": 1, "C2": 2, "A3": "h2", "B3": 3, "C3": 4,
    "A5": "weights", "A6": "가중치 1", "A7": "가중치 2", "B6": 1, "B7": 2,
}  # fmt: skip

ITERATIONS_AS_COLUMNS: Cells = {
    "B1": "x", "D1": "iteration 0", "E1": "iteration 1", "A2": "η", "D2": 0.1, "E2": 0.1,
    "A3": "slope", "D3": 1, "E3": "=D3-D2*D5", "A5": "d slope", "D5": 2, "E5": 3,
}  # fmt: skip
WORDS: Cells = {
    "A1": "word", "B1": "center", "C1": "W in", "A2": "king", "B2": 1, "C2": 0.1, "D2": 0.2,
    "A3": "queen", "B3": 0, "C3": 0.3, "D3": 0.4,
}  # fmt: skip
FAR_ABOVE: Cells = {
    "A1": "user", "B1": "Matrix", "C1": "Titanic", "A2": 1, "B2": 5, "C2": 3,
    "B5": "P", "B6": 0.8, "C6": 0.9, "B7": 0.7, "C7": 0.6,
}  # fmt: skip
LABELED_NUMBER_ABOVE: Cells = {
    "A1": "rate",
    "B1": 0.1,
    "A2": "w11",
    "B2": "w12",
    "C2": "w11",
    "A3": 1,
    "B3": 2,
    "C3": 3,
}


@pytest.mark.parametrize(
    ("cells", "places", "expected"),
    [
        (TABLE, ["B2", "B3", "B4"], "w1"),
        (TABLE, ["D3", "D4"], "δw1"),
        (TABLE, ["C2"], "w2"),
        (MATRICES, ["C4"], "W1[2,2]"),
        (MATRICES, ["D3"], "W1[1,3]"),
        (MATRICES, ["E4"], "b1[2]"),
        (MATRICES, ["C7"], "A1[1,2]"),
        (MATRICES, ["J3"], "v[3]"),
        (FORM, ["B2"], "slope"),
        (FORM, ["B3"], "intercept"),
        (FORM, ["B4"], "η"),
        (NAMED_BOTH_WAYS, ["C3"], "W[h2, x2]"),
        (NAMED_BOTH_WAYS, ["B7"], "가중치 2"),
        (ITERATIONS_AS_COLUMNS, ["D3", "E3"], "slope"),
        (ITERATIONS_AS_COLUMNS, ["D5", "E5"], "d slope"),
        (WORDS, ["C2"], "W in[king, 1]"),
        (WORDS, ["D3"], "W in[queen, 2]"),
        (FAR_ABOVE, ["C6"], "P[1,2]"),
        (LABELED_NUMBER_ABOVE, ["A3"], "w11"),
        ({"B2": 1}, ["B2"], None),
        ({"A1": "→", "B1": 1, "B2": 2}, ["B1"], None),
        ({"A1": "A remark that says in many words what is below", "A2": 1}, ["A2"], None),
        ({"A1": "w", "A3": 0.5, "A4": 0.6}, ["A3", "A4"], "w"),
    ],
)
def test_names_of_cells(cells: Mapping[str, Value], places: list[str], expected: str | None) -> None:
    assert name(cells, *places) == expected


def test_steps_that_run_along_a_row_are_named_by_its_label() -> None:
    cells: Cells = {
        "A1": "iteration",
        "B1": 1,
        "C1": 2,
        "A2": "w",
        "B2": 0.5,
        "C2": "=B2-B3",
        "A3": "dw",
        "B3": 1,
        "C3": 2,
    }
    assert name(cells, "B2", "C2") == "w"
    assert name(cells, "B3", "C3") == "dw"


def test_a_header_that_is_repeated_has_the_one_above_it() -> None:
    cells: Cells = {
        "A1": "∂z/",
        "C1": "∂C/",
        "A2": "∂w",
        "B2": "∂b",
        "C2": "∂w",
        "D2": "∂b",
        "A3": 1,
        "B3": 2,
        "C3": 3,
        "D3": 4,
    }
    assert [name(cells, place) for place in ("A3", "B3", "C3", "D3")] == ["∂z/∂w", "∂z/∂b", "∂C/∂w", "∂C/∂b"]


def test_a_text_that_means_harm_is_cut_and_printable() -> None:
    found = name({"A1": "w\x1b]0;x\x07 1", "A2": 1}, "A2")
    assert found is not None
    assert found.isprintable()


def test_the_cell_is_always_given_and_its_sheet_where_there_are_several() -> None:
    one, two = book(("S", TABLE)), book(("S", TABLE), ("T", {"A1": 1}))
    assert Labels(one).called([("S", (2, 2)), ("S", (3, 2))]) == "w1 (B2)"
    assert Labels(two).called([("S", (2, 2)), ("S", (3, 2))]) == "w1 (S!B2)"
    assert Labels(two).called([("T", (1, 1))]) == "T!A1"
