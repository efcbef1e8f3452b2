"""A workbook with other formulas in some of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tracer.grading.book.cells import Book, Cell, Formula, Place, Position
from tracer.grading.book.relative import absolute


def with_formulas(book: Book, texts: Mapping[Place, str]) -> Book | None:
    """The workbook with these relative formulas, of an array formula in its first cell; None where one refers to no
    cell."""
    by_sheet: dict[str, dict[Position, str]] = {}
    for (name, position), text in texts.items():
        by_sheet.setdefault(name, {})[position] = absolute(text, position)
    sheets = []
    for sheet in book.sheets:
        formulas = by_sheet.get(sheet.name, {})
        if any("#REF!" in formula for formula in formulas.values()):
            return None
        new = {position: Cell(None, Formula(formula, *position)) for position, formula in formulas.items()}
        sheets.append(replace(sheet, cells={**sheet.cells, **new}) if new else sheet)
    return replace(book, sheets=tuple(sheets))
