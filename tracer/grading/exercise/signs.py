"""Signs by which an exercise of ours shows, without all that it takes to rebuild one."""

from __future__ import annotations

from tracer.grading.book.cells import Book
from tracer.workbook.exercise.task import FRAMED, HINT, WORKED

HINT_CELL = (2, 3)
"""Row and column."""


def may_be_ours(book: Book) -> bool:
    """Whether a workbook is to be looked at more closely: an exercise has a Config sheet or a note, if they are not
    lost."""
    return len(book.sheets) > 1 or bool(book.properties) or has_traces(book)


def has_traces(book: Book) -> bool:
    """Whether a sheet is one of an exercise, by its title or its hint. Graded as any other, it would be right though
    nothing is filled in."""
    hints = [str(sheet.cells[HINT_CELL].value) for sheet in book.sheets if HINT_CELL in sheet.cells]
    titled = any(sheet.name.startswith(WORKED) for sheet in book.sheets)
    return titled or any(hint.startswith(HINT) and FRAMED in hint for hint in hints)
