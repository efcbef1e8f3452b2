"""Computes formulas stored without a value, or gives the reason why they cannot be computed.

Nothing is executed: the formulas are those that `formula` reads. The number of references followed is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tracer.formulas.notation.numpy import value
from tracer.formulas.tree import Name
from tracer.grading.book.cells import Book, Cell, Fault, Formula, Place, Sheet, Uncomputed
from tracer.grading.book.references import References, parsed
from tracer.grading.book.relative import UnknownFormula

MOST_REFERENCES = 300_000
"""Limit of references of formulas without values that are followed, in total."""
READING = 10
"""The cost of a formula that has not been read before, in references."""
GIVEN_UP = Uncomputed(
    given_up="there are too many formulas without stored values to compute them all: open the workbook "
    "in Excel or LibreOffice and save it"
)


def recalculated(book: Book) -> Book:
    """The workbook with the formulas computed that are stored without a value. What cannot be computed stays without
    one, and its sheet says why."""
    missing = any(c.value is None for sheet in book.sheets for c in sheet.cells.values())
    return _Recalculation(book).book() if missing else book


Needs = dict[Name, float | Place | None]
"""The names of a formula: their numbers, or the cells to be computed first; None for values that are not numbers."""


@dataclass(slots=True)
class _Open:
    """A cell that is being computed, and its references that are still to be visited."""

    formula: Formula
    needs: Needs
    waiting: Iterator[Place]


class _Recalculation:
    """Computes cells in order of their dependencies, without recursion."""

    def __init__(self, book: Book) -> None:
        self.whole = book
        self.sheets = {sheet.name: sheet for sheet in book.sheets}
        self.references = References(book)
        self.left = MOST_REFERENCES
        self.read: set[str] = set()
        self.values: dict[Place, float | Fault] = {}
        self.failed: dict[Place, Uncomputed] = {}
        self.circles: dict[Place, tuple[Place, ...]] = {}

    def book(self) -> Book:
        for place in self._missing():
            if place not in self.values:
                self._compute(place)
            if self.left < 0:
                break
        return replace(self.whole, sheets=tuple(self._filled(sheet) for sheet in self.whole.sheets))

    def _missing(self) -> Iterator[Place]:
        for sheet in self.whole.sheets:
            yield from ((sheet.name, place) for place, cell in sheet.cells.items() if cell.value is None)

    def _filled(self, sheet: Sheet) -> Sheet:
        cells, uncomputed = dict(sheet.cells), {}
        for place, cell in sheet.cells.items():
            if cell.value is None:
                value = self.values.get((sheet.name, place))
                if value is None:
                    uncomputed[place] = self.failed.get((sheet.name, place), GIVEN_UP)
                else:
                    cells[place] = Cell(value, cell.formula)
        return replace(sheet, cells=cells, uncomputed=uncomputed)

    def _compute(self, first: Place) -> None:
        path: dict[Place, _Open] = {}
        self._enter(first, path)
        while path:
            place, cell = next(reversed(path.items()))
            for need in cell.waiting:
                if need in path:
                    self._keep_circle(need, list(path))
                elif need not in self.values and need not in self.failed:
                    self._enter(need, path)
                    break
            else:
                del path[place]
                self._finish(place, cell)

    def _enter(self, place: Place, path: dict[Place, _Open]) -> None:
        """Append a cell to the path, or record why it cannot be computed."""
        formula = self.sheets[place[0]].cells[place[1]].formula
        assert formula is not None
        if self.left < 0:
            self.failed[place] = GIVEN_UP
            return
        try:
            needs = self._needs(place, formula)
        except UnknownFormula as error:
            self.failed[place] = Uncomputed(f"{error}, and no value is stored")
            return
        path[place] = _Open(formula, needs, iter([need for need in needs.values() if isinstance(need, tuple)]))

    def _needs(self, place: Place, formula: Formula) -> Needs:
        text = self.references.relative(formula)
        names, _ = parsed(text)
        self.left -= len(names) + (READING if text not in self.read else 0)
        self.read.add(text)
        needs: Needs = {}
        for name in names:
            sheet, where = self.references.cell(name, self.sheets[place[0]], place[1])
            cell = sheet.cells.get(where)
            if cell is None:
                needs[name] = 0.0
            else:
                needs[name] = (sheet.name, where) if cell.value is None else cell.number
        return needs

    def _keep_circle(self, start: Place, path: list[Place]) -> None:
        circle = tuple(path[path.index(start) :])
        for place in circle:
            self.circles.setdefault(place, circle)

    def _finish(self, place: Place, cell: _Open) -> None:
        circle = self.circles.get(place, ())
        missing = tuple(need for need in cell.needs.values() if isinstance(need, tuple) and need not in self.values)
        if circle or missing:
            self.failed[place] = Uncomputed(circle=circle) if circle else Uncomputed(needs=missing)
        else:
            self.values[place] = self._value(cell)

    def _value(self, cell: _Open) -> float | Fault:
        values: dict[Name, float] = {}
        for name, need in cell.needs.items():
            number = self.values[need] if isinstance(need, tuple) else need
            if not isinstance(number, float):
                return Fault("#VALUE!")
            values[name] = number
        result = float(value(parsed(self.references.relative(cell.formula))[1], values))
        return result if math.isfinite(result) else Fault("#NUM!")
