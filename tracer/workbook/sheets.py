"""The sheets of a workbook as a table, and the workbook built from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.trace.context import Context
from tracer.workbook.xlsx.package import SheetCells, save


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its title: `build` lays it out and gives its cells; wanted: whether a workbook has it."""

    title: str
    build: Callable[[Worksheet, Context], SheetCells]
    wanted: Callable[[Context], bool] = lambda _context: True


def write(context: Context, sheets: Iterable[Sheet], path: Path) -> None:
    """Write the sheets that are wanted, in this order. The same context gives the same bytes."""
    book = context.book
    book.remove(book.active)
    cells = {}
    for sheet in sheets:
        if sheet.wanted(context):
            cells[sheet.title] = sheet.build(book.create_sheet(sheet.title), context)
    save(book, cells, path)
