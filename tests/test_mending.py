"""Small edits of one formula that make all updates right: each kind in a net by hand, and what is not edited."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests import hand
from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import named
from tests.walkthroughs.score import by_graph, judged
from tracer.grading.book.cells import reference
from tracer.grading.graph.read import read_graph
from tracer.grading.mending.costs import is_activation
from tracer.grading.mending.edits import edits_of
from tracer.grading.mending.rewriting import HOLE
from tracer.grading.training.judgement import Fault, Standing
from tracer.grading.ways.formulas import judge_graph

STEPS = 6
COLUMNS: dict[str, tuple[hand.Value, str | None]] = {
    "x": (0.5, None), "y": (1.5, None), "t": (0.2, None),
    "w1": (0.15, "={w1-1}-$A$1*{g1-1}"), "w2": (0.25, "={w2-1}-$A$1*{g2-1}"), "b": (0.1, "={b-1}-$A$1*{d1-1}"),
    "v": (0.4, "={v-1}-$A$1*{k-1}"), "c": (-0.3, "={c-1}-$A$1*{d-1}"),
    "z": ("={w1}*{x}+{w2}*{y}+{b}", None), "h": ("=TANH({z})", None), "n": ("={v}*{h}+{c}", None),
    "a": ("=1/(1+EXP(-{n}))", None), "E": ("=0.5*({a}-{t})^2", None),
    "d": ("=({a}-{t})*{a}*(1-{a})", None), "d1": ("={d}*{v}*(1-{h}^2)", None), "k": ("={d}*{h}", None),
    "g1": ("={d1}*{x}", None), "g2": ("={d1}*{y}", None),
}  # fmt: skip
"""A 2-1-1 network, a step a row from B3 on, the headers in row 2, η in A1."""
MISTAKES = {
    "sign of a whole formula": ("d1", "=-({d}*{v}*(1-{h}^2))"),
    "sign of a term": ("v", "={v-1}+$A$1*{k-1}"),
    "operator": ("d1", "={d}/{v}*(1-{h}^2)"),
    "factor left out": ("k", "={d}"),
    "slope left out": ("d1", "={d}*{v}"),
    "factor twice": ("g1", "={d1}*{x}*{x}"),
    "η left out": ("w1", "={w1-1}-{g1-1}"),
    "1 − left out": ("d", "=({a}-{t})*{a}*({a})"),
    "power left out": ("d1", "={d}*{v}*(1-{h})"),
    "slope of another function": ("d", "=({a}-{t})*(1-{a}^2)"),
    "net input for activation": ("k", "={d}*{z}"),
    "neighbor": ("g2", "={d1}*{x}"),
    "sign in the forward pass": ("z", "=-({w1}*{x}+{w2}*{y}+{b})"),
    "operator in the forward pass": ("z", "={w1}*{x}-{w2}*{y}+{b}"),
}
"""Kinds of mistakes, the column that is wrong, and its formula."""
LETTERS = {name: reference((1, 2 + index))[:-1] for index, name in enumerate(COLUMNS)}


def fault_of(column: str, formula: str) -> Fault:
    """The only fault that is found where a column has another formula."""
    first, others = COLUMNS[column]
    columns = {**COLUMNS, column: (first, formula) if others else (formula, None)}
    samples = {f"{LETTERS[name]}{3 + row}": 0.2 + 0.3 * ((row * 3 + i) % 5) for row in range(STEPS) for i, name in enumerate("xyt")}  # fmt: skip
    book = hand.book(("S", {"A1": 0.5, **hand.table("B2", columns, STEPS), **samples}))
    (judgement,) = judge_graph(book, read_graph(book))
    assert judgement.standing is Standing.WRONG
    (fault,) = judgement.faults
    return fault


@pytest.mark.parametrize("kind", MISTAKES)
def test_the_formula_is_named_with_the_right_one(kind: str) -> None:
    column, formula = MISTAKES[kind]
    fault = fault_of(column, formula)
    assert {reference(place[1]).rstrip("0123456789") for place in fault.places} == {LETTERS[column]}
    assert fault.right is not None
    first, others = COLUMNS[column]
    values = {name: 0.3 + 0.17 * index for index, name in enumerate(COLUMNS)}
    row = fault.places[0][1][0]
    assert _value(fault.right, row, values) == pytest.approx(_value(str(others or first), row, values), rel=1e-12)


def _value(formula: str, row: int, values: dict[str, float]) -> float:
    """A formula in Excel's notation, or with the names of columns, computed by Python."""

    text = formula.lstrip("=").replace("$", "").replace("^", "**").replace("A1", "0.5")
    for name in sorted(COLUMNS, key=len, reverse=True):
        for place in (f"{{{name}}}", f"{{{name}-1}}", f"{LETTERS[name]}{row}", f"{LETTERS[name]}{row - 1}"):
            text = text.replace(place, f"({values[name]!r})")
    return float(eval(text, {"EXP": math.exp, "TANH": math.tanh}))


def test_usual_activation_functions_are_recognized() -> None:
    forms = {}
    for text in ("1/(1+EXP(-A1))", "TANH(A1)", "MAX(0,A1)", "1-EXP(-A1)", "A1*A1"):
        graph = read_graph(hand.book(("S", {"A1": 0.5, "B1": f"={text}"})))
        forms[text] = is_activation(graph.forms[0].expression)
    assert forms == {"1/(1+EXP(-A1))": True, "TANH(A1)": True, "MAX(0,A1)": True, "1-EXP(-A1)": False, "A1*A1": False}


def test_edits_of_ranges_and_matrices() -> None:
    texts = {edit.text for edit in edits_of("MMULT(TRANSPOSE(R[0]C[1]:R[3]C[2]),R[0]C[4]:R[3]C[4])/4")}
    assert "MMULT(R[0]C[1]:R[3]C[2],R[0]C[4]:R[3]C[4])/4" in texts
    assert "MMULT(TRANSPOSE(R[0]C[1]:R[3]C[2]),R[0]C[5]:R[3]C[5])/4" in texts
    assert "MMULT(TRANSPOSE(R[0]C[1]:R[3]C[2]),R[0]C[4]:R[3]C[4])" in texts
    assert "R[0]C[1]*R[0]C[2]" in {edit.text for edit in edits_of("R[1]C[1]*R[1]C[2]")}
    assert not list(edits_of('IF(R[0]C[1]="yes",1,0)'))


def test_edits_are_few_and_different() -> None:
    texts = [edit.text for edit in edits_of("R[0]C[1]*R[0]C[2]*(1-R[0]C[2])")]
    assert len(texts) == len(set(texts)) < 80
    assert sum(HOLE in text for text in texts) < len(texts)


@pytest.mark.parametrize(
    ("layout", "slip", "cause"),
    [
        ("rows, momentum", "η twice", "the factor learning rate (B2) appears twice"),
        ("public: skip-gram", "η left out", "the factor learning rate (F1) is missing"),
    ],
)
def test_wrong_updates_are_named(tmp_path: Path, layout: str, slip: str, cause: str) -> None:
    """Also where all cells of gradients are right, which momentum takes the updates from, and where most updates lack
    the learning rate of the others."""
    plan = LAYOUTS[layout]()
    (mistake, *_) = named(plan, [each for each in plan.slips if each[0] == slip])
    verdict = judged(mistake.plan, tmp_path, by_graph)
    assert verdict.names(mistake)
    assert {said.cause for said in verdict.said} == {cause}
