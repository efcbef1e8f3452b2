"""The slips that are named where the cells to blame are found by a sheet's graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import named
from tests.walkthroughs.plan import Plan
from tests.walkthroughs.sentences import Said, mended
from tests.walkthroughs.workbook import write
from tracer.grading.book.package import read_book
from tracer.grading.check import check_workbook
from tracer.grading.graph.read import read_graph
from tracer.grading.training.judgement import Fault
from tracer.grading.ways.formulas import judge_graph

SLIPS = [
    ("columns, 2-2-1", "sign", "gw1_2_1", "the sign is flipped"),
    ("columns, 2-2-1", "η left out", "w2_1_2", "η (B2) is missing"),
    ("columns, 2-2-1", "η twice", "w1_2_2", "the factor η (B2) appears twice"),
    ("columns, 2-2-1", "slope left out", "d1_1", "the activation's derivative slope 1,1 (B27) is missing"),
    ("columns, 2-2-1", "input left out", "gw1_2_1", "the factor input 1 (B4) is missing"),
    ("columns, 2-2-1", "input of the neighbour", "gw1_2_2", "input 1 (B4) is used instead of input 2 (B5)"),
    (
        "columns, 2-2-1",
        "input of the step before",
        "gw2_1_1",
        "out 1,1 (B18) of the previous step is used instead of out 1,1 (C18)",
    ),
    ("columns, 2-2-1", "gradient of the neighbour", "w2_1_2", "dE/db 2,1 (B40) is used instead of dE/dw 2,1,2 (B39)"),
    ("columns, 2-2-1", "net input for activation", "gw2_1_2", "net 1,2 (B17) is used instead of out 1,2 (B19)"),
    ("columns, 2-2-1", "new weight for η", "b1_1", "weight 1,1,1 (C7) is used instead of η (B2)"),
    ("matrices, array MMULT", "mean left out", "G2", "the division by 4 is missing"),
    ("matrices, array MMULT", "Z for the activation", "G2", "Z1 (B18:D21) is used instead of A1 (F18:H21)"),
    (
        "matrices, array MMULT",
        "new weight",
        "D1",
        "W2 (J39:J41) of the next step is used instead of W2 (J12:J14)",
    ),
    ("columns, 2-2-1", "slope of the neighbour", "s1_2", "out 1,1 (B18) is used instead of out 1,2 (B19)"),
    ("columns, 2-2-1", "slope of tanh", "s1_1", "the derivative of tanh is used instead of B18·(1 − B18)"),
    ("rows, momentum", "sign", "gw2_1_2", "the sign is flipped"),
    ("matrices, array MMULT", "slope at the net input", "D1", "Z1 (B18:D21) is used instead of A1 (F18:H21)"),
    (
        "matrices, array MMULT",
        "slope left out",
        "D1",
        "the activation's derivative F18:H21·(1 − F18:H21) is missing",
    ),
    (
        "matrices, array MMULT",
        "sum over samples missing",
        "B2",
        "only D2[1] (F25) is used instead of SUM(F25:F28)",
    ),
    ("matrices, array MMULT", "η left out", "W1", "η (C2) is missing"),
    ("matrices, array MMULT", "η left out", "b2", "η (C2) is missing"),
    ("logistic over a table", "weight of the neighbour", "w1", "weight 2 (C4) is used instead of weight 1 (B4)"),
    ("public: NAND across", "input of the neighbour", "new 0", "x2 (C3) is used instead of x1 (C2)"),
    ("public: RNN through time", "a moment short", "gbh", "the range H9:H10 leaves out H8"),
    (
        "public: RNN through time",
        "slope of the sigmoid",
        "dz",
        "the derivative of the sigmoid is used instead of 1 − E10^2",
    ),
]


def faults_of(plan: Plan, folder: Path) -> list[Fault]:
    """The faults that a sheet's graph shows."""
    book = read_book(write(plan, folder / "sheet.xlsx", stored=True))
    return [fault for judgement in judge_graph(book, read_graph(book)) for fault in judgement.faults]


@pytest.mark.parametrize(("layout", "slip", "unit", "sentence"), SLIPS)
def test_the_slip_is_named_and_the_right_formulas_make_the_sheet_right(
    layout: str, slip: str, unit: str, sentence: str, tmp_path: Path
) -> None:
    (mistake,) = named(LAYOUTS[layout](), [(slip, unit)])
    faults = faults_of(mistake.plan, tmp_path)
    assert {fault.why and fault.why.sentence for fault in faults} == {sentence}
    said = [Said(tuple((sheet, *where) for sheet, where in fault.places), sentence, fault.right) for fault in faults]
    right = mended(mistake.plan, said)
    assert right is not None
    assert faults_of(right, tmp_path) == []


def test_a_wrong_cell_that_makes_no_update_wrong_counts(tmp_path: Path) -> None:
    plan = LAYOUTS["rows, momentum"]()
    place = [place for place, unit in plan.units.items() if unit == "z1_1"][2]
    wrong = plan.with_cells({place: str(plan.cells[place]).replace("+", "-", 1)})
    (sheet,) = check_workbook(write(wrong, tmp_path / "sheet.xlsx", stored=True)).sheets
    (finding,) = sheet.mistakes
    assert (finding.places, finding.right) == ((place[1:],), plan.cells[place])
    assert sheet.right == sheet.judged - 1
    assert sheet.score is not None
    assert sheet.score < 100.0


def test_a_mistake_that_cuts_a_training_into_several_is_one_finding(tmp_path: Path) -> None:
    (mistake,) = named(LAYOUTS["function, columns"](), [("wrong variable", "gy")])
    (fault,) = faults_of(mistake.plan, tmp_path)
    assert len(fault.spoils) == 6
    (sheet,) = check_workbook(tmp_path / "sheet.xlsx").sheets
    assert (sheet.right, sheet.judged) == (6, 12)
