"""Formulas that are written in another way in some steps: equal ones are no mistakes, and a loss that is left out in a
step is still one loss."""

from __future__ import annotations

import numpy as np
import pytest

from tests import hand
from tracer.grading.book.cells import position
from tracer.grading.graph.equal import with_equal_texts
from tracer.grading.graph.read import read_graph
from tracer.grading.graph.values import evaluate
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.ways.formulas import judge_graph

SAMPLES = ((0.3, 0.9), (1.1, -0.4), (-0.7, 0.2), (0.8, 1.5), (0.5, 0.1), (-1.2, 0.7))
STEPS = 9


def line(**changes: hand.Value) -> hand.Cells:
    """A line y = w·x + b that is fitted sample by sample, from row 4 on, with the loss in F; with other cells."""
    cells: hand.Cells = {"A1": "eta", "B1": 0.1}
    cells |= {
        f"{letter}3": header
        for letter, header in zip("ABCDEFGH", ["x", "t", "w", "b", "y", "E", "gw", "gb"], strict=True)
    }
    for step in range(STEPS):
        r, (x, t) = 4 + step, SAMPLES[step % len(SAMPLES)]
        cells |= {
            f"A{r}": x, f"B{r}": t,
            f"C{r}": f"=C{r - 1}-$B$1*G{r - 1}" if step else 0.4, f"D{r}": f"=D{r - 1}-$B$1*H{r - 1}" if step else -0.2,
            f"E{r}": f"=C{r}*A{r}+D{r}", f"F{r}": f"=(E{r}-B{r})^2/2", f"G{r}": f"=(E{r}-B{r})*A{r}",
            f"H{r}": f"=E{r}-B{r}",
        }  # fmt: skip
    return cells | changes


def judged(cells: hand.Cells) -> Judgement:
    book = hand.book(("Sheet", cells))
    (judgement,) = judge_graph(book, read_graph(book))
    return judgement


LOSSES: dict[str, hand.Cells] = {
    "a factor in front": {"F7": "=0.5*(B7-E7)^2"},
    "a power": {"F7": "=POWER(B7-E7,2)/2"},
    "a sum of squares": {"F7": "=SUMSQ(E7-B7)*0.5"},
    "a product": {"F7": "=(E7-B7)*(E7-B7)/2"},
    "in the first step": {"F4": "=0.5*(B4-E4)^2"},
    "in the last step": {f"F{3 + STEPS}": f"=0.5*(B{3 + STEPS}-E{3 + STEPS})^2"},
    "in two steps": {"F5": "=0.5*(B5-E5)^2", "F7": "=POWER(B7-E7,2)/2"},
    "in half of the steps": {f"F{r}": f"=0.5*(B{r}-E{r})^2" for r in range(8, 4 + STEPS)},
    "with the prediction in it": {"F7": "=(C7*A7+D7-B7)^2/2"},
    "left empty": {"F7": None},
    "typed in": {"F7": 0.25},
    "a dash": {"F7": "-"},
    "the whole row": {"E7": "=D7+A7*C7", "F7": "=0.5*(B7-E7)^2", "G7": "=-(B7-E7)*A7", "C8": "=-G7*$B$1+C7"},
}


@pytest.mark.parametrize("kind", LOSSES)
def test_a_loss_written_in_another_way_in_some_steps_is_one_loss(kind: str) -> None:
    judgement = judged(line(**LOSSES[kind]))
    assert (judgement.standing, judgement.firm, judgement.faults) == (Standing.CONFIRMED, True, ())
    assert judgement.loss[:1] == (("Sheet", position("F4")),)
    assert judgement.rate == pytest.approx(0.1)


@pytest.mark.parametrize("loss", ["=(E{r}-B{r})^2/2", "=0.5*(B{r}-E{r})^2", None])
def test_a_mistake_in_a_row_is_found_however_its_loss_is_written(loss: str | None) -> None:
    judgement = judged(line(G7="=(E7-B7)*B7", F7=loss.format(r=7) if loss else None))
    (fault,) = judgement.faults
    assert (fault.places, fault.formula, fault.right) == ((("Sheet", (7, 7)),), "(E7-B7)*B7", "(E7-B7)*A7")


def test_a_cell_with_an_equal_text_is_shown_as_it_is_written() -> None:
    wrong = {f"G{r}": f"=(E{r}-B{r})*B{r}" for r in range(4, 4 + STEPS)}
    judgement = judged(line(**wrong | {"G4": "=-(B4-E4)*B4"}))
    assert {(fault.formula, len(fault.places)) for fault in judgement.faults} == {("-(B4-E4)*B4", STEPS)}


def test_sums_are_equal_to_their_terms_and_other_formulas_are_not() -> None:
    cells: hand.Cells = {f"{letter}{r}": 0.3 * r + 0.1 * k for r in range(1, 6) for k, letter in enumerate("ABC")}
    cells |= {"D1": "=SUM(A1:C1)", "D2": "=SUM(A2:C2)", "D3": "=C3+(A3+B3)", "D4": "=A4+B4-C4", "D5": "=MAX(A5:C5)"}
    graph = read_graph(hand.book(("Sheet", cells)))
    equal = with_equal_texts(graph)
    text = {row: equal.text[equal.number["Sheet", (row, 4)]] for row in range(1, 6)}
    assert text[1] == text[2] == text[3]
    assert len({text[1], text[4], text[5]}) == 3
    assert [len(entry.nodes) for entry in equal.texts] == [
        int((equal.text == n).sum()) for n in range(len(equal.texts))
    ]
    changed = {equal.number["Sheet", (3, column)]: float(column) for column in (1, 2, 3)}
    np.testing.assert_allclose(evaluate(equal, changed), evaluate(graph, changed))
    np.testing.assert_allclose(evaluate(equal, {}), graph.values)


@pytest.mark.parametrize("other", ["=IF(C3>100,A3,A3+B3)", "=ROUND(A3+B3+C3,3)", "=A3+B3+C3+ROW()"])
def test_formulas_that_differ_somewhere_are_not_equal(other: str) -> None:
    cells: hand.Cells = {f"{letter}{r}": 1.0 + r for r in range(1, 4) for letter in "ABC"}
    cells |= {"D1": "=A1+B1+C1", "D2": "=A2+B2+C2", "D3": other}
    graph = read_graph(hand.book(("Sheet", cells)))
    assert with_equal_texts(graph) is graph
