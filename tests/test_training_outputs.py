"""Wrong errors of the output: all gradients of a sheet are wrong, in another way in each step."""

from __future__ import annotations

import pytest

from tests import hand
from tracer.grading.book.cells import reference
from tracer.grading.graph.read import read_graph
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.ways.formulas import judge_graph

SAMPLES = ((0.3, 0.9), (1.1, 0.4), (-0.7, 0.2), (0.8, 0.6), (0.5, 0.1), (-1.2, 0.7))
"""x and t, a row each."""
PARAMETERS = {"w": 0.4, "b": -0.2, "v": 0.7, "c": 0.1}
STATE = {
    "plain": None,
    "momentum": ("=0.1*{g}", "=0.9*{s-1}+0.1*{g}"),
    "RMSProp": ("=0.1*{g}^2", "=0.9*{s-1}+0.1*{g}^2"),
    "weight decay": None,
}
"""Optimizer → the columns of its states, in the first row and below."""
UPDATE = {
    "plain": "={p-1}-$B$1*{g-1}",
    "momentum": "={p-1}-$B$1*{s-1}",
    "RMSProp": "={p-1}-$B$1*{g-1}/(SQRT({s-1})+0.001)",
    "weight decay": "={p-1}-$B$1*({g-1}+0.01*{p-1})",
}
LOSSES = {
    "squared error": ("=({a}-{t})^2/2", "=({a}-{t})*{a}*(1-{a})"),
    "cross entropy": ("=-{t}*LN({a})-(1-{t})*LN(1-{a})", "={a}-{t}"),
}
"""The loss, and the error of the output with it."""
WRONG = (
    "=({a}-{t})*(1-{a}^2)",
    "=({a}-{t})*{y}*(1-{y})",
    "=({a}+{t})*{a}*(1-{a})",
    "=({a}-{t})+{a}*(1-{a})",
)


def judged(optimizer: str, loss: str, error: str | None = None, shown: bool = True) -> Judgement:
    """The judgement of a net with a tanh and a sigmoid, trained sample by sample."""
    cell, right = LOSSES[loss]
    columns: dict[str, tuple[hand.Value, str | None]] = {"x": (None, None), "t": (None, None)}
    for name, value in PARAMETERS.items():
        columns[name] = (value, UPDATE[optimizer].replace("{p", "{" + name).replace("{g", "{g" + name).replace("{s", "{s" + name))  # fmt: skip
    columns |= {
        "z": ("={w}*{x}+{b}", None), "h": ("=TANH({z})", None), "y": ("={v}*{h}+{c}", None), "a": ("=1/(1+EXP(-{y}))", None),
        "E": (cell if shown else None, None), "d": (error or right, None), "e": ("={d}*{v}*(1-{h}^2)", None),
        "gw": ("={e}*{x}", None), "gb": ("={e}", None), "gv": ("={d}*{h}", None), "gc": ("={d}", None),
    }  # fmt: skip
    state = STATE[optimizer]
    if state:
        for name in PARAMETERS:
            first, others = (text.replace("{g", "{g" + name).replace("{s", "{s" + name) for text in state)
            columns["s" + name] = (first, others)
    cells = hand.table("A3", columns, len(SAMPLES), {})
    for row, sample in enumerate(SAMPLES, 4):
        cells |= {f"{letter}{row}": value for letter, value in zip("AB", sample, strict=True)}
    book = hand.book(("Sheet", {"A1": "eta", "B1": 0.5, **cells}))
    (judgement,) = judge_graph(book, read_graph(book))
    return judgement


@pytest.mark.parametrize("optimizer", UPDATE)
@pytest.mark.parametrize("loss", LOSSES)
def test_right_errors_are_confirmed(optimizer: str, loss: str) -> None:
    judgement = judged(optimizer, loss)
    assert (judgement.standing, judgement.faults) == (Standing.CONFIRMED, ())


@pytest.mark.parametrize("optimizer", UPDATE)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("error", WRONG)
def test_a_wrong_error_of_the_output_is_found_in_its_column(optimizer: str, loss: str, error: str) -> None:
    judgement = judged(optimizer, loss, error)
    assert (judgement.standing, judgement.firm) == (Standing.WRONG, True), judgement.reason
    (fault,) = judgement.faults
    assert {reference(position)[0] for _, position in fault.places} == {"L"}


@pytest.mark.parametrize("optimizer", UPDATE)
@pytest.mark.parametrize("error", WRONG[:2])
def test_without_a_loss_an_error_of_no_usual_loss_is_wrong(optimizer: str, error: str) -> None:
    (fault,) = judged(optimizer, "squared error", error, shown=False).faults
    assert {reference(position)[0] for _, position in fault.places} == {"L"}


@pytest.mark.parametrize("error", ["={a}-{t}", "=TANH({a}-{t})", "=2*({a}-{t})*(1+{t})"])
def test_without_a_loss_errors_of_other_losses_are_not_judged(error: str) -> None:
    """Log-cosh, and samples with weights."""
    assert judged("plain", "squared error", error, shown=False).faults == ()
