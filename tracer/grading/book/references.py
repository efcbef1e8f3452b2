"""Resolves the references of formulas in a workbook; once for all cells that a formula was copied to."""

from __future__ import annotations

from functools import lru_cache

from tracer.formulas.tree import Expression, Name, names
from tracer.grading.book import relative as formulas
from tracer.grading.book.cells import Book, Formula, Position, Sheet, position, reference
from tracer.grading.book.formula import read
from tracer.grading.book.relative import UnknownFormula


@lru_cache(maxsize=20_000)
def parsed(relative: str) -> tuple[tuple[Name, ...], Expression]:
    """The references of a formula, each once, and the formula; the text is that of `formula.relative`.

    Raises UnknownFormula.
    """
    expression = read(relative)
    return tuple(dict.fromkeys(names(expression))), expression


def elsewhere(sheet: str, place: Position) -> str:
    """Why a reference to a cell of a sheet that the workbook does not have cannot be followed."""
    if "[" in sheet:
        return f"it refers to another workbook, {sheet}!{reference(place)}, which is not read"
    return f"the workbook has no sheet '{sheet}'"


class References:
    """Resolves names in formulas to cells, and caches the results."""

    def __init__(self, book: Book) -> None:
        self._sheets = {sheet.name.lower(): sheet for sheet in book.sheets}
        self._defined = book.names
        self._relative: dict[Formula, str] = {}

    def relative(self, formula: Formula) -> str:
        """The formula's text relative to its own cell: the same for all cells that it was copied to."""
        text = self._relative.get(formula)
        if text is None:
            text = self._relative[formula] = formulas.relative(formula)
        return text

    def cell(self, name: Name, sheet: Sheet, at: Position) -> tuple[Sheet, Position]:
        """The cell that a name refers to in the formula of that cell. Raises UnknownFormula."""
        if formulas.is_place(name.name):
            where, place = formulas.place(name.name, at)
        else:
            where, _, text = self._defined.get(name.name, "").rpartition("!")
            where = where.strip("'").replace("''", "'")
            defined = position(text)
            if defined is None:
                raise UnknownFormula(f"the defined name '{name.name}' is not supported")
            place = defined
        if not where:
            return sheet, place
        other = self._sheets.get(where.lower())
        if other is None:
            raise UnknownFormula(elsewhere(where, place))
        return other, place
