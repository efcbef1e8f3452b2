"""Updates that follow a usual loss beside another one that the sheet computes: one finding, which names both."""

from __future__ import annotations

import pytest

from tests import hand
from tracer.grading.graph.read import read_graph
from tracer.grading.judging.findings import Kind
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.ways.formulas import judge_graph

Columns = dict[str, tuple[hand.Value, str | None]]
STEPS = 10
LOGISTIC: Columns = {
    "x": (None, None),
    "t": (None, None),
    "w": (0.4, "={w-1}-{eta}*{gw-1}"),
    "b": (-0.2, "={b-1}-{eta}*{gb-1}"),
    "p": ("=1/(1+EXP(-({w}*{x}+{b})))", None),
    "d": ("={p}-{t}", None),
    "gw": ("={d}*{x}", None),
    "gb": ("={d}", None),
    "E": ("=({t}-{p})^2/2", None),
}
"""A neuron with a sigmoid that is trained sample by sample, by the errors of the cross entropy."""
SLOPE, ENTROPY = "=({p}-{t})*{p}*(1-{p})", "=-{t}*LN({p})-(1-{t})*LN(1-{p})"


def of(**changes: tuple[hand.Value, str | None]) -> Judgement:
    cells = hand.table("A3", LOGISTIC | changes, STEPS, {"eta": "$B$1"})
    for r in range(4, 4 + STEPS):
        cells |= {f"A{r}": [0.5, -1.0, 0.7, -0.2, 1.3][r % 5], f"B{r}": float(r % 2)}
    return judged({"A1": "eta", "B1": 0.3, **cells})


def judged(cells: hand.Cells) -> Judgement:
    book = hand.book(("Sheet", cells))
    (judgement,) = judge_graph(book, read_graph(book))
    return judgement


@pytest.mark.parametrize("loss", ["=({t}-{p})^2/2", "=({p}-{t})^2"])
def test_the_missing_slope_is_named_with_the_loss_that_needs_none(loss: str) -> None:
    (fault,) = of(E=(loss, None)).faults
    assert fault.why is not None
    assert (fault.formula, fault.right) == ("E4-B4", "(E4-B4)*E4*(1-E4)")
    assert fault.why.sentence == (
        "the activation's derivative E4·(1 − E4) is missing for the squared error; right for the cross entropy of a "
        "sigmoid −B4·ln E4 − (1 − B4)·ln(1 − E4)"
    )


def test_a_slope_that_the_cross_entropy_does_not_need_is_named() -> None:
    (fault,) = of(d=(SLOPE, None), E=(ENTROPY, None)).faults
    assert fault.why is not None
    assert (fault.right, fault.why.slip) == ("E4-B4", "extra_factor")
    assert fault.why.sentence.endswith("right for the squared error (E4 − B4)²")


WITHOUT_A_CELL: Columns = {
    "w": (0.4, "={w-1}-{eta}*({p-1}-{t-1})*{x-1}"),
    "b": (-0.2, "={b-1}-{eta}*({p-1}-{t-1})"),
    "d": (None, None),
    "gw": (None, None),
    "gb": (None, None),
}
IN_THE_GRADIENTS: Columns = {"d": (None, None), "gw": ("=({p}-{t})*{x}", None), "gb": ("={p}-{t}", None)}


@pytest.mark.parametrize(
    ("changes", "kind", "columns"), [(WITHOUT_A_CELL, Kind.UPDATE, {3, 4}), (IN_THE_GRADIENTS, Kind.FORMULA, {7, 8})]
)
def test_without_a_cell_for_the_error_all_that_has_it_is_one_finding(
    changes: Columns, kind: Kind, columns: set[int]
) -> None:
    judgement = of(**changes)
    (fault,) = judgement.faults
    assert fault.why is not None
    assert (fault.kind, {place[1][1] for place in fault.places}, len(fault.spoils)) == (kind, columns, 2)
    assert fault.why.slip == "other_loss"
    assert fault.why.sentence == (
        "right for the cross entropy of a sigmoid −B4·ln E4 − (1 − B4)·ln(1 − E4); for the squared error that the sheet "
        "computes, the factor E4·(1 − E4) is missing"
    )


@pytest.mark.parametrize(
    ("changes", "loss"),
    [({}, ENTROPY), ({"d": (SLOPE, None)}, "=({p}-{t})^2/2"), ({"d": (SLOPE, None)}, "=({p}-{t})^2")],
)
def test_updates_by_the_loss_that_the_sheet_computes_have_no_conflict(changes: Columns, loss: str) -> None:
    judgement = of(**changes, E=(loss, None))
    assert judgement.standing in (Standing.CONFIRMED, Standing.FACTOR)
    assert (judgement.conflict, judgement.faults) == (None, ())


def softmax(error: str, loss: str) -> Judgement:
    """Three classes by a softmax of two inputs, sample by sample. error: of a class, from its p and its t."""
    classes = range(3)
    columns: Columns = dict.fromkeys(("x1", "x2", "t0", "t1", "t2"), (None, None))
    for k in classes:
        for j in (1, 2):
            columns[f"w{k}{j}"] = (0.1 * (2 * k + j) - 0.3, f"={{w{k}{j}-1}}-{{eta}}*{{g{k}{j}-1}}")
    for k in classes:
        columns[f"e{k}"] = (f"=EXP({{w{k}1}}*{{x1}}+{{w{k}2}}*{{x2}})", None)
    for k in classes:
        columns[f"p{k}"] = (f"={{e{k}}}/({{e0}}+{{e1}}+{{e2}})", None)
    for k in classes:
        columns[f"d{k}"] = (error.replace("#", str(k)), None)
    for k in classes:
        columns |= {f"g{k}{j}": (f"={{d{k}}}*{{x{j}}}", None) for j in (1, 2)}
    columns["E"] = (loss, None)
    cells = hand.table("A3", columns, STEPS, {"eta": "$B$1"})
    for r in range(4, 4 + STEPS):
        cells |= {f"A{r}": [0.5, -1.0, 0.7, -0.2, 1.3][r % 5], f"B{r}": [0.3, 0.4, -0.7, -0.9][r % 4]}
        cells |= {f"{letter}{r}": float(r % 3 == k) for k, letter in enumerate("CDE")}
    return judged({"A1": "eta", "B1": 0.3, **cells})


SQUARES, LIKELIHOOD = "=({p0}-{t0})^2+({p1}-{t1})^2+({p2}-{t2})^2", "=-{t0}*LN({p0})-{t1}*LN({p1})-{t2}*LN({p2})"


def test_a_softmax_with_the_squared_error_lacks_its_derivative() -> None:
    judgement = softmax("={p#}-{t#}", SQUARES)
    (fault,) = judgement.faults
    assert fault.why is not None
    assert fault.why.sentence.endswith("the derivative of the softmax is missing, p·(e − Σ p·e) for e = p − t")
    assert len({place[1][1] for place in fault.places}) == 3
    assert softmax("={p#}-{t#}", LIKELIHOOD).standing is Standing.CONFIRMED


def test_a_softmax_with_the_cross_entropy_needs_no_slope() -> None:
    (fault,) = softmax("=({p#}-{t#})*{p#}*(1-{p#})", LIKELIHOOD).faults
    assert fault.why is not None
    assert (fault.why.slip, fault.right) == ("extra_factor", "O4-C4")


def test_no_edit_that_makes_the_updates_right_for_another_loss_is_a_cause() -> None:
    """With the input as its target, the output would be trained by the cross entropy, and the sheet's loss be none."""
    hidden: Columns = {
        "v": (0.6, "={v-1}-{eta}*{gv-1}"),
        "h": ("=1/(1+EXP(-{v}*{x}))", None),
        "p": ("=1/(1+EXP(-({w}*{h}+{b})))", None),
        "gw": ("={d}*{h}", None),
        "gv": ("={d}*{w}*{h}*(1-{h})*{x}", None),
        "E": ("=({t}-{p})^2", None),
    }
    (fault,) = of(**hidden).faults
    assert (fault.formula, fault.right) == ("E4-B4", "(E4-B4)*E4*(1-E4)")
