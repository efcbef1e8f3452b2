"""Formulas that refer to tables by their columns are read as references to cells."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.table import Table as ExcelTable

from tests.hand import book
from tests.homework import write
from tests.test_grading_ways import regression
from tracer.grading.book.package import read_book
from tracer.grading.book.structured import Table, resolved
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Verdict

TABLES = {"t1": Table("S", (3, 1), (12, 4), ("x", "y hat", "a[1]", "Loss"), 1, 1)}


@pytest.mark.parametrize(
    ("formula", "cells"),
    [
        ("SUM(T1[Loss])", "SUM($D$4:$D$11)"),
        ("T1[[#This Row],[x]]*2", "$A5*2"),
        ("T1[@x]-t1[@[y hat]]", "$A5-$B5"),
        ("SUM(T1[[x]:[y hat]])", "SUM($A$4:$B$11)"),
        ("SUM(T1[[#This Row],[x]:[a'[1']]])", "SUM($A5:$C5)"),
        ("COUNTA(T1[#Headers])", "COUNTA($A$3:$D$3)"),
        ("T1[[#Totals],[Loss]]", "$D$12"),
        ("ROWS(T1[#All])+ROWS(T1[])", "ROWS($A$3:$D$12)+ROWS($A$4:$D$11)"),
        ('"T1[Loss]"&A1', '"T1[Loss]"&A1'),
        ("T1[unknown]+T2[x]", "T1[unknown]+T2[x]"),
        ("[1]Other!A1+'[b.xlsx]T1'!A1", "[1]Other!A1+'[b.xlsx]T1'!A1"),
        ("T1[Loss", "T1[Loss"),
        ("T1[[#This Row],[x],[Loss],[x]]", "T1[[#This Row],[x],[Loss],[x]]"),
    ],
)
def test_references_to_tables(formula: str, cells: str) -> None:
    assert resolved(formula, 5, "S", TABLES) == cells
    assert resolved("SUM(T1[Loss])", 5, "It's", TABLES) == "SUM('S'!$D$4:$D$11)"


def test_a_sheet_whose_formulas_refer_to_its_table_is_judged(tmp_path: Path) -> None:
    path = write(book(("S", regression())), tmp_path / "plain.xlsx")
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["S"]
    for row in range(4, 12):
        this = "T1[[#This Row],[{}]]".format
        sheet[f"E{row}"] = f"={this('Achse')}+{this('Steigung')}*{this('Eingang')}"
    sheet["L1"] = "=SUM(T1[Ist])"
    sheet.add_table(ExcelTable(displayName="T1", ref="A3:J11"))
    workbook.save(tmp_path / "table.xlsx")
    cells = read_book(tmp_path / "table.xlsx").sheets[0].cells
    # a formula that is copied down is read once, for the first of its rows
    assert [c.formula.text for c in (cells[5, 5], cells[1, 12]) if c.formula] == ["$C4+$D4*$A4", "SUM($E$4:$E$11)"]
    (report,) = check_workbook(tmp_path / "table.xlsx").sheets
    assert (report.verdict, report.judged, report.right) == (Verdict.RIGHT, 2, 2)
