"""Cells that cannot be computed: a circle, another workbook, an unknown function. Each cause is a finding, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.hand import Cells, book, table
from tests.homework import write
from tests.test_grading_right import FIXED, RATE, classic
from tracer.commands.main import main
from tracer.grading.book import recalculation
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Kind, SheetReport, Verdict

UNREAD = "which is not read, and no value is stored"


ROWS = range(6, 10)


def sheet_of(changes: Cells) -> Cells:
    """The classic network, right, in A4:AC9 with η in B1, but for some cells."""
    return table("A4", classic(), 5, FIXED) | RATE | changes


def checked(cells: Cells, folder: Path) -> SheetReport:
    report = check_workbook(write(book(("S", cells)), folder / "book.xlsx"))
    assert report.readable, report.reason
    return report.sheets[0]


def said(sheet: SheetReport) -> list[tuple[str, str, Kind, str | None]]:
    return [(finding.quantity, finding.cells, finding.kind, finding.cause) for finding in sheet.mistakes]


Said = tuple[str, str, str]

CASES: dict[str, tuple[Cells, list[Said]]] = {
    "a circle of two": (
        {"M6": "=N6"},
        [("h1", "M6", "circular reference: M6 → N6 → M6")],
    ),
    "a cell that needs itself": (
        {"M6": "=E6*C6+F6*D6+0*M6"},
        [("h1", "M6", "circular reference: M6 → M6")],
    ),
    "an update by its own row's gradient, in every row": (
        {f"I{row}": f"=I{row - 1}-$B$1*Z{row}" for row in ROWS},
        [("w5", "I6:I9", "circular reference: I6 → Z6 → R6 → Q6 → I6")],
    ),
    "a circle beside the table": (
        {"B1": "=C1*1", "C1": "=B1*1"},
        [("w1", "E6", "B1: circular reference: B1 → C1 → B1")],
    ),
    "another workbook in a column of given values": (
        {f"C{row}": "='[1]Other'!$A$1" for row in range(5, 10)},
        [("i1", "C5:C9", f"it refers to another workbook, [1]Other!A1, {UNREAD}")],
    ),
    "another workbook in a column of formulas, row by row": (
        {f"M{row}": f"=[Lab.xlsx]Net!B{row}" for row in ROWS},
        [("h1", "M6:M9", f"it refers to another workbook, [Lab.xlsx]Net!B6, {UNREAD}")],
    ),
    "a function that is not supported": (
        {"M6": '=INDIRECT("E6")'},
        [("h1", "M6", "the function INDIRECT is not supported, and no value is stored")],
    ),
    "an unknown function in a helper cell that the whole sheet needs": (
        {"B1": "=RAND()/2"},
        [("w1", "E6", "B1: the function RAND is not supported, and no value is stored")],
    ),
    "two causes": (
        {"M6": "=N6", "O8": "=NOW()"},
        [
            ("h1", "M6", "circular reference: M6 → N6 → M6"),
            ("h2", "O8", "the function NOW is not supported, and no value is stored"),
        ],
    ),
    "a sheet that is not there": (
        {"M6": "=Sheet9!A1"},
        [("h1", "M6", "the workbook has no sheet 'Sheet9', and no value is stored")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_cause_is_said_once_where_it_lies(name: str, tmp_path: Path) -> None:
    changes, expected = CASES[name]
    sheet = checked(sheet_of(changes), tmp_path)
    assert sheet.verdict is Verdict.FINDINGS
    assert said(sheet) == [(quantity, cells, Kind.ERROR, cause) for quantity, cells, cause in expected]
    assert sheet.judged - sheet.right == len(expected)


def test_the_wrong_formula_of_a_circle_is_shown_beside_the_right_one(tmp_path: Path) -> None:
    (finding,) = checked(sheet_of({"I6": "=I5-$B$1*Z6"}), tmp_path).mistakes
    assert (finding.theirs, finding.right) == ("w5 − η·∂E/∂w5[+1]", "w5 − η·∂E/∂w5")


def test_another_sheet_that_cannot_be_computed_is_named(tmp_path: Path) -> None:
    one = book(("S", sheet_of({"B1": "=Rates!A1"})), ("Rates", {"A1": "=RAND()"}))
    sheet = check_workbook(write(one, tmp_path / "book.xlsx")).sheets[0]
    cause = "Rates!A1: the function RAND is not supported, and no value is stored"
    assert said(sheet) == [("w1", "E6", Kind.ERROR, cause)]


def test_a_table_of_nothing_but_circles(tmp_path: Path) -> None:
    cells = {where: f"={where}+1" if str(value).startswith("=") else value for where, value in sheet_of({}).items()}
    sheet = checked(cells, tmp_path)
    assert (sheet.verdict, sheet.score, sheet.judged) == (Verdict.FINDINGS, 0.0, 25)
    assert said(sheet)[0] == ("w1", "E6:E9", Kind.ERROR, "circular reference: E6 → E6")


def test_an_error_that_begins_in_a_cell_is_found_where_the_rest_has_no_value(tmp_path: Path) -> None:
    sheet = checked(sheet_of({"M6": "=NOW()", "Q8": "=1/0"}), tmp_path)
    assert [(finding.quantity, finding.cells) for finding in sheet.mistakes] == [("h1", "M6"), ("o1", "Q8")]


def test_what_is_beyond_the_budget_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalculation, "MOST_REFERENCES", 200)
    sheet = checked(sheet_of({}), tmp_path)
    assert (sheet.verdict, sheet.findings) == (Verdict.RIGHT, ())
    assert "too many formulas without stored values to compute them all: open the workbook in Excel" in str(
        sheet.reason
    )


def test_a_score_of_what_was_judged_says_what_was_not(tmp_path: Path) -> None:
    """Without the hidden layer's weights nothing tells what its net inputs should be."""
    weights = [where for where in sheet_of({}) if where.rstrip("0123456789") in ("E", "F", "G", "H")]
    nets = {f"{column}{row}": 0.1 * row for column in "MO" for row in range(5, 10)}
    path = write(book(("S", sheet_of({**dict.fromkeys(weights), **nets}))), tmp_path / "book.xlsx")
    result = CliRunner().invoke(main, ["check", str(path), "--json", str(tmp_path / "out.json")])
    assert result.exit_code == 0
    assert "not judged, because what they depend on is missing or has no value or derivative: h1, h2" in result.output
    assert "19 of 19 quantities correct, 2 not judged" in result.output
    assert "verdict: right, score 100 of 100, 2 quantities not judged" in result.output
    (data,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (data["unjudged"], data["sheets"][0]["unjudged"]) == (2, 2)
