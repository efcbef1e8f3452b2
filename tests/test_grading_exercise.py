"""`check` of our own exercises and of hidden sheets: what is empty is not right, what is hidden is not graded."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from tests.homework import Layout, homework, write
from tests.places import ROOT, WALKTHROUGH
from tests.test_exercise import answers, filled, trace_of
from tests.test_grading_command import changed_part
from tracer.commands.main import main
from tracer.grading.book.cells import reference
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict
from tracer.model.system import System
from tracer.workbook.exercise.task import BLANKS

XOR = ROOT / "configs" / "xor.yaml"


def graded(path: Path, system: System | None = None) -> SheetReport:
    """The report of the sheet to fill in."""
    return check_workbook(path, system=system).sheets[0]


def empty(findings: list[Finding]) -> list[str]:
    return sorted(reference(place) for finding in findings for place in finding.places if finding.kind is Kind.EMPTY)


@pytest.mark.parametrize("columns", ["full", "compact"])
@pytest.mark.parametrize("blank", BLANKS)
def test_an_untouched_exercise_is_not_right(blank: str, columns: str, tmp_path: Path) -> None:
    path, right = answers(trace_of(WALKTHROUGH, 3, learning_rate=0.5, columns=columns), tmp_path, blank)
    report = check_workbook(path)
    sheet, *others = report.sheets
    assert empty(sheet.mistakes) == sorted(right)
    assert (sheet.right, sheet.empty, sheet.judged) == (0, len(right), len(right))
    assert report.score == 0.0
    assert not others
    assert CliRunner().invoke(main, ["check", str(path)]).exit_code == 1
    assert graded(tmp_path / "key.xlsx").verdict is Verdict.RIGHT


@pytest.mark.parametrize("blank", BLANKS)
def test_an_untouched_exercise_of_a_batch(blank: str, tmp_path: Path) -> None:
    trace = trace_of(XOR, 8, learning_rate=0.5, optimizer="momentum")
    path, right = answers(trace, tmp_path, blank)
    assert empty(graded(path, trace.system).mistakes) == sorted(right)
    assert graded(tmp_path / "key.xlsx", trace.system).verdict is Verdict.RIGHT


def test_an_exercise_that_is_filled_in_half(tmp_path: Path) -> None:
    """Right answers in the first row, and text for one in the second."""
    path, right = answers(trace_of(WALKTHROUGH, 2, learning_rate=0.5), tmp_path, "backward")
    some: dict[str, str | float] = {cell: formula for cell, formula in right.items() if cell.endswith("5")}
    book = openpyxl.load_workbook(filled(path, "η = 0.5", some, "half.xlsx"))
    book["η = 0.5"]["Y6"] = "?"
    book.save(tmp_path / "half.xlsx")
    sheet = graded(tmp_path / "half.xlsx")
    assert empty(sheet.mistakes) == sorted(set(right) - {*some, "Y6"})
    assert {finding.kind for finding in sheet.mistakes} == {Kind.EMPTY, Kind.VALUE}
    assert (sheet.right, sheet.wrong, sheet.empty) == (20, 1, 19)
    whole = graded(filled(path, "η = 0.5", {**right}, "whole.xlsx"))
    assert (whole.verdict, whole.score) == (Verdict.RIGHT, 100.0)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_not_graded(state: str, tmp_path: Path) -> None:
    path = write(homework(Layout()).book(), tmp_path / "right.xlsx")
    assert check_workbook(path).readable
    copy = changed_part(path, "xl/workbook.xml", lambda xml: xml.replace("<sheet ", f'<sheet state="{state}" '))
    report = check_workbook(copy)
    assert report.score is None
    assert report.reason == (
        "no table of a network was recognized; hidden sheets are not graded; unhide the one to check: Sheet1"
    )
    assert CliRunner().invoke(main, ["check", str(copy)]).exit_code == 2
