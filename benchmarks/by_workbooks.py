"""The yardsticks for workbooks: the cells of a run's sheet, written by openpyxl and XlsxWriter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

Value = str | float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: the formula, or the value if it has none."""

    value: Value
    formula: str | None


Cells = Sequence[Sequence[Cell]]


def cells(path: Path, sheet: str) -> Cells:
    """The cells of the header and the steps of a sheet."""
    values, formulas = (openpyxl.load_workbook(path, data_only=only)[sheet] for only in (True, False))
    rows = (book.iter_rows(min_row=4, values_only=True) for book in (values, formulas))
    return [
        [Cell(v, f if isinstance(f, str) and f.startswith("=") else None) for v, f in zip(*pair, strict=True)]
        for pair in zip(*rows, strict=True)
    ]


def openpyxl_cells(rows: Cells, path: Path) -> None:
    """Cell by cell, in memory; a formula has no value."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row, 1):
            sheet.cell(number, column, cell.formula or cell.value)
    book.save(path)


def openpyxl_rows(rows: Cells, path: Path) -> None:
    """Row by row, in its write-only mode; a formula has no value."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("run")
    for row in rows:
        sheet.append([cell.formula or cell.value for cell in row])
    book.save(path)


def xlsxwriter_cells(rows: Cells, path: Path) -> None:
    """Cell by cell; a formula has its value."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("run")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell.formula:
                sheet.write_formula(number, column, cell.formula, None, cell.value)
            else:
                sheet.write(number, column, cell.value)
    book.close()
