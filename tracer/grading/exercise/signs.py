"""Signs that a workbook is one of our exercises, read without rebuilding it."""

from __future__ import annotations

from tracer.grading.book.cells import Book, Cell, Sheet
from tracer.workbook.exercise.task import FRAMED, HINT, WORKED

OLDER_HINT = (2, 3)
"""Where exercises of older versions have their hint: row and column. Those of today have it in the first row."""


def may_be_ours(book: Book) -> bool:
    """Whether a workbook is to be looked at more closely: an exercise has a Config sheet or a note, if they are not
    lost."""
    return len(book.sheets) > 1 or bool(book.properties) or has_traces(book)


def has_traces(book: Book) -> bool:
    """Whether a sheet is one of an exercise, by its title or its hint. Graded as any other, it would be right though
    nothing is filled in."""
    titled = any(sheet.name.startswith(WORKED) for sheet in book.sheets)
    return titled or any(map(_has_hint, book.sheets))


def is_older(sheet: Sheet) -> bool:
    """Whether a sheet has the columns of an exercise where older versions had them."""
    return OLDER_HINT in sheet.cells and _is_hint(sheet.cells[OLDER_HINT])


def _has_hint(sheet: Sheet) -> bool:
    return is_older(sheet) or any(row == 1 and _is_hint(cell) for (row, _), cell in sheet.cells.items())


def _is_hint(cell: Cell) -> bool:
    text = str(cell.value)
    return text.startswith(HINT) and FRAMED in text
