"""Trainings in workbooks with what cannot be read, errors and unusual parts: judged, or not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
import openpyxl
import pytest
from openpyxl.chart import LineChart, Reference
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

from tests.test_grading_command import changed
from tests.test_grading_ways import regression
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import SheetReport, Verdict
from tracer.grading.report.terminal import lines

Change = Callable[[Workbook, Worksheet], object]
ROWS = range(4, 12)
MISTAKE = "=D{r}-H{r}"
"""η is left out in the update of the slope, column J."""


def saved(folder: Path, change: Change, update: str = "=D{r}-$B$1*H{r}") -> Path:
    """A linear regression as openpyxl saves it, without values, after the change."""
    whole = openpyxl.Workbook()
    sheet = whole.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "S"
    for where, value in regression(update=update).items():
        sheet[where] = value
    change(whole, sheet)
    whole.save(folder / "sheet.xlsx")
    return folder / "sheet.xlsx"


def trained(path: Path) -> SheetReport:
    """The report on the sheet that trains."""
    report = check_workbook(path)
    assert report.reason is None
    (sheet,) = (sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE)
    return sheet


def put(**cells: object) -> Change:
    """These cells."""
    return lambda _, sheet: [sheet.__setitem__(where, value) for where, value in cells.items()]


def in_rows(column: str, formula: str) -> Change:
    """A formula in all rows of a column."""
    return lambda _, sheet: [sheet.__setitem__(f"{column}{r}", formula.format(r=r)) for r in ROWS]


def named(**names: str) -> Change:
    """Defined names."""
    return lambda whole, _: whole.defined_names.update({n: DefinedName(n, attr_text=to) for n, to in names.items()})


def both(*changes: Change) -> Change:
    return lambda whole, sheet: [change(whole, sheet) for change in changes]


def hide(_: Workbook, sheet: Worksheet) -> None:
    sheet.row_dimensions[6].hidden = sheet.column_dimensions["G"].hidden = True


def charted(whole: Workbook, sheet: Worksheet) -> None:
    chart = LineChart()
    chart.add_data(Reference(sheet, min_col=6, min_row=4, max_row=11))
    whole.create_chartsheet("Chart").add_chart(chart)


def with_rate_in(state: str) -> Change:
    """η in a sheet of this state."""

    def change(whole: Workbook, sheet: Worksheet) -> None:
        other = whole.create_sheet("It's")
        other["A1"], other.sheet_state = 0.05, state
        sheet["B1"] = "='It''s'!A1"

    return change


def epoch(whole: Workbook, sheet: Worksheet) -> None:
    whole.epoch = CALENDAR_MAC_1904
    sheet["M4"], sheet["M5"] = datetime(2024, 1, 1), "=M4+1"


JUDGED: dict[str, tuple[Change, str]] = {
    "a circle beside": (put(M4="=M5+1", M5="=M4*2", M6="=M4+F4"), "M4 is not judged, nor what depends on it: it refers to itself"),
    "a circle in the loss": (in_rows("F", "=(B{r}-E{r})^2+0*F{r}"), ""),
    "OFFSET for one sample": (put(P4=4, A6="=OFFSET($P$4,0,0)"), "A6 is not judged, nor what depends on it: the function OFFSET is not supported; refer to the cells directly"),
    "INDIRECT in the loss": (in_rows("F", '=(INDIRECT("B"&ROW())-E{r})^2'), ""),
    "another workbook beside": (put(M4="=[1]Data!A1", M5="=M4+F4"), "M4 is not judged, nor what depends on it: it refers to another workbook"),
    "a name of deleted cells": (both(named(dead="#REF!"), put(M4="=dead+F4", M5="=M4")), "M4 is not judged, nor what depends on it: a reference points to a deleted cell (#REF!)"),
    "a name of a deleted sheet": (both(named(dead="Gone!$A$1"), put(M4="=dead*F4", M5="=M4")), "the workbook has no sheet 'Gone'"),
    "a name that nothing defines": (put(M4="=never+1", M5="=M4"), "the name 'never' is not defined as a cell"),
    "an array formula over deleted cells": (put(M4=ArrayFormula("M4:M7", "=#REF!*F4:F7"), M9="=M4"), "#REF!"),
    "errors beside": (put(M4="=1/0", M5="=M4+F4", M6="=NA()", M7="#N/A"), ""),
    "an error in the data": (put(A9="#N/A"), "A9 is not judged, nor what depends on it: it shows #N/A"),
    "errors in half of the gradients": (put(**{f"G{r}": f"=2*(E{r}-B{r})/0" for r in range(8, 12)}), "G8 is not judged, nor what depends on it: it shows an error"),
    "numbers as text": (both(put(B1="0.05"), *(put(**{f"A{r}": text}) for r, text in zip(ROWS, ["1", "2", "4", "3", "0.5", "2.5", "1.5", "3.5"], strict=True))), ""),
    "merged cells": (lambda _, sheet: (sheet.merge_cells("A12:J20"), sheet.merge_cells("L1:XFD3")), ""),
    "hidden rows and columns": (hide, ""),
    "a hidden sheet": (with_rate_in("hidden"), ""),
    "a very hidden sheet": (with_rate_in("veryHidden"), ""),
    "a chart sheet": (charted, ""),
    "dates from 1904": (epoch, ""),
    "a data table": (put(M5=DataTableFormula(ref="M5:M8", dt2D=False, r1="B1")), ""),
    "a total over a whole column": (put(L2="=SUM(F:F)", L3="=AVERAGE(F4:F1048576)"), ""),
    "a protected sheet": (lambda _, sheet: sheet.protection.enable(), ""),
    "an array formula of Google Sheets": (in_rows("E", "=ARRAY_CONSTRAIN(ARRAYFORMULA(C{r}+D{r}*A{r}),1,1)"), ""),
    "a function that Google Sheets replaces": (put(M4='=IFERROR(__xludf.DUMMYFUNCTION("SPARKLINE(F4:F11)"),"")'), ""),
    "a column of which a formula takes its own row": (in_rows("H", "=G{r}*A$4:A$11"), ""),
    "the same by name": (both(named(x="S!$A$4:$A$11"), in_rows("H", "=x*G{r}")), ""),
    "the same of a whole column": (in_rows("H", "=G{r}*A:A"), ""),
    "the same as Excel writes it": (in_rows("H", "=G{r}*_xlfn.SINGLE(A$4:A$11)"), ""),
}  # fmt: skip
"""What is in the sheet → what is said of it."""


@pytest.mark.parametrize("kind", JUDGED)
def test_it_is_judged_all_the_same_and_what_is_not_is_said_once(kind: str, tmp_path: Path) -> None:
    change, said = JUDGED[kind]
    sheet = trained(saved(tmp_path, change))
    assert (sheet.verdict, sheet.judged, sheet.findings) == (Verdict.RIGHT, 2, ())
    assert said in (sheet.reason or "")
    assert bool(said) == bool(sheet.reason)
    wrong = trained(saved(tmp_path, change, MISTAKE))
    assert [re.sub("[^A-Z]", "", finding.cells)[0] for finding in wrong.findings] == ["J"]


NOT_JUDGED: dict[str, tuple[Change, str]] = {
    "OFFSET": (in_rows("A", "=OFFSET($P$4,{r},0)"), "A4 is not judged, nor what depends on it: the function OFFSET is not supported; refer to the cells directly"),
    "INDIRECT": (in_rows("A", '=INDIRECT("P"&ROW())'), "A4 is not judged, nor what depends on it: the function INDIRECT is not supported; refer to the cells directly"),
    "LAMBDA": (in_rows("E", "=_xlfn.LAMBDA(_xlpm.x,C{r}+D{r}*_xlpm.x)(A{r})"), "E4 is not judged, nor what depends on it: the function LAMBDA is not supported"),
    "a user function": (in_rows("G", "=slope(E{r},B{r})"), "G4 is not judged, nor what depends on it: the function SLOPE"),
    "a function by name": (both(named(lin="_xlfn.LAMBDA(_xlpm.a,_xlpm.a)"), in_rows("E", "=lin(C{r})+D{r}*A{r}")), "E4 is not judged, nor what depends on it: the function LIN is not supported"),
    "another workbook": (in_rows("A", "='[other.xlsx]Data'!A{r}"), "A4 is not judged, nor what depends on it: it refers to another workbook"),
    "a circle through all": (put(C4="=IF(J11>1,0.5,C11)"), "refers to itself"),
    "η of a deleted sheet": (both(in_rows("I", "=C{r}-Gone!$B$1*G{r}"), in_rows("J", "=D{r}-Gone!$B$1*H{r}")), "I4 is not judged, nor what depends on it: the workbook has no sheet 'Gone'"),
    "η of a deleted cell": (both(in_rows("I", "=C{r}-#REF!*G{r}"), in_rows("J", "=D{r}-#REF!*H{r}")), "I4 is not judged, nor what depends on it: a reference points to a deleted cell (#REF!)"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NOT_JUDGED)
def test_what_depends_on_it_is_not_judged_and_that_is_said_once(kind: str, tmp_path: Path) -> None:
    change, said = NOT_JUDGED[kind]
    report = check_workbook(saved(tmp_path, change, MISTAKE))
    assert report.reason is not None
    assert not report.has_findings
    assert "\n".join(lines(report, how=True)).count(said) == 1


def test_a_parameter_behind_a_circle_is_counted_as_not_judged(tmp_path: Path) -> None:
    """The slope of rows 7 and 8 refers to itself instead of its updates: nothing that follows is right or wrong."""
    sheet = trained(saved(tmp_path, put(D7="=D8", D8="=D7")))
    assert [finding.cells for finding in sheet.findings] == ["D7", "D8"]
    assert (sheet.right, sheet.unjudged) == (2, 2)
    wrong = trained(saved(tmp_path, put(D7="=D8", D8="=D7"), MISTAKE))
    assert "J4:J6" in [finding.cells for finding in wrong.findings]


@pytest.mark.parametrize("count", [9, pytest.param(500, marks=pytest.mark.long)])
def test_a_step_a_sheet_is_one_training_and_a_mistake_in_all_of_them_is_said_once(count: int, tmp_path: Path) -> None:
    output = click.unstyle("\n".join(lines(check_workbook(saved(tmp_path, in_sheets(count), MISTAKE)))))
    assert f"2 parameters, {count} steps" in output
    assert output.count("η (B1) is missing") == 1
    assert f"the same in Step 2, Step 3, Step 4, Step 5, Step 6, Step 7 and {count - 7} more" in output
    assert "verdict: 1 finding, score 50 of 100" in output


def in_sheets(count: int) -> Change:
    """The first row of the sheet alone, in a sheet for each step."""

    def change(whole: Workbook, first: Worksheet) -> None:
        first.delete_rows(5, 8)
        first.title, first["B1"] = "Step 1", 0.01
        for step in range(2, count + 1):
            sheet = whole.create_sheet(f"Step {step}")
            for row in first.iter_rows():
                for cell in row:
                    sheet[cell.coordinate] = cell.value
            sheet["C4"], sheet["D4"] = f"='Step {step - 1}'!I4", f"='Step {step - 1}'!J4"

    return change


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (lambda data: data[: len(data) // 2], "is damaged: it is cut off, or parts of it were changed; download it again"),
    "a part by another name": (lambda data: data.replace(b"xl/workbook.xml", b"xl/wirkbook.xml"), "is a ZIP archive without a workbook; save it as .xlsx in Excel or LibreOffice"),
    "text in front": (lambda data: b"junk" + data, "is not an .xlsx workbook; save it as .xlsx"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_refused_with_what_to_do(kind: str, tmp_path: Path) -> None:
    damage, said = DAMAGED[kind]
    path = saved(tmp_path, put())
    path.write_bytes(damage(path.read_bytes()))
    assert said in (check_workbook(path).reason or "")


def test_a_workbook_without_the_parts_of_its_sheets_is_damaged(tmp_path: Path) -> None:
    path = saved(tmp_path, put())
    path.write_bytes(path.read_bytes().replace(b"sheet1.xml", b"sheet7.xml"))
    assert "is damaged: it has no worksheet; download it again" in (check_workbook(path).reason or "")


def test_stale_values_are_computed_anew(tmp_path: Path) -> None:
    """0 as the stored value of each formula."""
    path = changed(saved(tmp_path, put()), lambda xml: re.sub(r"</f><v ?/>|</f><v></v>", "</f><v>0</v>", xml))
    assert trained(path).verdict is Verdict.RIGHT
