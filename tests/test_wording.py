"""What is wrong with a formula, in words, where the right one is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests import hand
from tracer.grading.graph.read import read_graph
from tracer.grading.steps.steps import NONE
from tracer.grading.ways.labels import Labels
from tracer.grading.wording.comparison import Words
from tracer.grading.wording.sentences import in_words

HEADERS = ("x1", "x2", "w1", "w2", "a", "t", "mask", "g1", "g2")
RATE, ROW = (1, 12), 4

SENTENCES = [
    ("A4*D4", "A4*C4", "w2 (D4) is used instead of w1 (C4)"),
    ("A3*C4", "A4*C4", "x1 (A3) of the previous step is used instead of x1 (A4)"),
    ("A4*C5", "A4*C4", "w1 (C5) of the next step is used instead of w1 (C4)"),
    ("C4-H4", "C4-$L$1*H4", "η (L1) is missing"),
    ("C4-$L$1*$L$1*H4", "C4-$L$1*H4", "the factor η (L1) appears twice"),
    ("C4-L4*H4", "C4-$L$1*H4", "the reference to η moves along when the formula is copied; it should be fixed as $L$1"),
    ("C4-D4*H4", "C4-$L$1*H4", "w2 (D4) is used instead of η (L1)"),
    ("C4+$L$1*H4", "C4-$L$1*H4", "+ is used instead of − before L1·H4"),
    ("C4-$L$1+H4", "C4-$L$1*H4", "+ is used instead of · in L1·H4"),
    ("(E4-F4)*A4", "(E4-F4)*E4*(1-E4)*A4", "the activation's derivative E4·(1 − E4) is missing"),
    ("(E4-F4)*(1-E4^2)", "(E4-F4)*E4*(1-E4)", "the derivative of tanh is used instead of E4·(1 − E4)"),
    ("(E4-F4)*E4*(1-E4)", "(E4-F4)*(1-E4^2)", "the derivative of the sigmoid is used instead of 1 − E4^2"),
    ("(E4-F4)*E4*E4", "(E4-F4)*E4*(1-E4)", "1 − is missing before E4"),
    ("H4", "H4*G4", "the relu mask mask (G4) is left out"),
    ("(F4-E4)*A4", "(E4-F4)*A4", "E4 and F4 are swapped: the sign is flipped"),
    ("-(A4*C4)", "A4*C4", "the sign is flipped"),
    ("A4*C4", "A4*C4+B4*D4", "the term B4·D4 is missing"),
    ("A4*C4*G4", "(A4*C4+B4*D4)*G4", "the term B4·D4 is missing"),
    ("(A4+B4)*G4", "(A4*C4+B4*D4)*G4", "the factors w1 (C4) and w2 (D4) are missing"),
    ("SUM(A3:A4)", "SUM(A3:A5)", "the range A3:A4 leaves out A5"),
    ("SUM(A2:A5)", "SUM(A3:A5)", "the range A2:A5 includes A2, which does not belong in it"),
    ("A3/3", "SUM(A3:A5)/3", "only x1 (A3) is used instead of SUM(A3:A5)"),
    ("SUM(A3:A5)", "SUM(A3:A5)/3", "the division by 3 is missing"),
    ("SUM(A3:A5)*3", "SUM(A3:A5)/3", "· is used instead of / before 3"),
    ("SUM(A3:A5)", "AVERAGE(A3:A5)", "SUM is used instead of AVERAGE"),
    ("MMULT(A3:B4,C3:D4)", "MMULT(A3:B4,TRANSPOSE(C3:D4))", "C3:D4 is not transposed"),
    ("MMULT(TRANSPOSE(A3:B4),C3:D4)", "MMULT(A3:B4,C3:D4)", "A3:B4 is transposed, but should not be"),
    ("MMULT(C3:D4,A3:B4)", "MMULT(A3:B4,C3:D4)", "C3:D4 and A3:B4 are swapped"),
    ("3*A4^2", "2*A4^2", "3 is used instead of 2"),
    ("A4", "A4^2", "the exponent 2 of A4 is missing"),
    ("0.517*A4", "C4*A4", "the constant 0.517 is used instead of w1 (C4)"),
    ("C4+A4", "C4*A4", "+ is used instead of · in C4·A4"),
    ("E4*A4", "A4", "an extra factor a (E4)"),
]  # fmt: skip


def words(formula: str) -> Words:
    """A sheet with a step in each row, and the formula in K4."""
    cells: hand.Cells = {"L1": 0.5, "K4": f"={formula}", "L4": 0.25}
    for column, header in zip("ABCDEFGHI", HEADERS, strict=True):
        cells |= {f"{column}1": header} | {f"{column}{row}": 0.1 * row + ord(column) for row in range(2, 6)}
    cells["G4"] = "=IF(E4>0,1,0)"
    cells["M4"] = "=SUM(A2:I5)+L1"
    book = hand.book(("S", cells))
    graph = read_graph(book)
    steps = np.array([place[1][0] if place[1][0] > 1 else NONE for place in graph.places])
    return Words(graph, Labels(book).of_ends, graph.number["S", RATE], steps)


@pytest.mark.parametrize(("formula", "right", "sentence"), SENTENCES)
def test_the_difference_of_two_formulas_in_words(formula: str, right: str, sentence: str) -> None:
    own = words(formula)
    why = in_words(own, [own.graph.number["S", (ROW, 11)]], right)
    assert why is not None
    assert why.sentence == sentence
