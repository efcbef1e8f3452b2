"""The formula that a person should have written, by the slip in theirs."""

from __future__ import annotations

import pytest

from tests import hand
from tracer.grading.book.cells import position
from tracer.grading.culprits.rewriting import (
    Rewrite,
    divided,
    negated,
    right_formula,
    times,
    with_cell_for,
    with_factor,
    without_factor,
)
from tracer.grading.graph.graph import Graph
from tracer.grading.graph.read import read_graph

CELLS: hand.Cells = {"A1": 0.5, "A2": 3.0, "B2": 2.0, "C2": 1.5}


def graph_of(formula: str) -> Graph:
    """Three numbers, η in A1, and a formula in D2."""
    return read_graph(hand.book(("S", {**CELLS, "D2": f"={formula}", "E2": "=A1+A2+B2+C2"})))


def node(graph: Graph, cell: str) -> int:
    where = position(cell)
    assert where is not None
    return graph.number["S", where]


def rewritten(formula: str, rewrite: Rewrite, base: str | None = None) -> str | None:
    graph = graph_of(formula)
    return right_formula(graph, node(graph, "D2"), None if base is None else node(graph, base), rewrite)


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ("A2*B2*B2", "A2*B2"),
        ("A2*B2^3", "A2*B2^2"),
        ("A2*B2^2", "A2*B2"),
        ("A2/B2", "A2/B2^2"),
        ("A2/B2^2", "A2/B2^3"),
        ("A2*C2", None),
    ],
)
def test_a_factor_less(formula: str, right: str | None) -> None:
    """As the value divided by B2."""
    assert rewritten(formula, without_factor(node(graph_of(formula), "B2"))) == right


def test_of_an_update_only_the_change() -> None:
    assert rewritten("A2-B2", with_factor(("S", (1, 1))), "A2") == "A2-$A$1*B2"
    assert rewritten("A2+$A$1*B2", negated, "A2") == "A2-$A$1*B2"
    assert rewritten("A2*B2", negated) == "-(A2*B2)"


def test_a_number_of_times() -> None:
    assert rewritten("A2*B2", divided(4)) == "A2*B2/4"
    assert rewritten("2*A2*B2", divided(2)) == "A2*B2"
    assert rewritten("A2*B2", times(2)) == "2*A2*B2"
    assert rewritten("A2*B2/4", times(4)) == "A2*B2"
    assert rewritten("1/A2*B2", times(2)) == "2*B2/A2"


def test_the_rate_in_place_of_a_typed_number() -> None:
    rewrite = with_cell_for(0.3, ("S", (1, 1)), divided(30))
    assert rewritten("A2-B2*0.3", rewrite, "A2") == "A2-B2*$A$1"
    assert rewritten("A2-B2*0.4", rewrite, "A2") == "A2-B2*0.4/30"
