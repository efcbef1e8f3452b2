"""A cell's formula → an expression of quantities: `R33*(1-R33)` reads `a_o1·(1 − a_o1)`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from tracer.formulas.tree import Expression, Name, Number, names, with_names
from tracer.grading.book.cells import MAX_ROW, Formula, Position, Sheet
from tracer.grading.book.references import References, parsed
from tracer.grading.book.relative import UnknownFormula, moves_down
from tracer.grading.network.series import Found
from tracer.model import naming

DEEPEST = 12
"""Maximum helper cells between a formula and its quantities."""
MOST_NAMES = 400


class _Series(NamedTuple):
    """A quantity in these rows of a column, one step per row."""

    name: str
    rows: range


class _Run(NamedTuple):
    """What a formula reads in all these steps; offset: its row in step 0."""

    reading: Expression
    offset: int
    steps: range


class Translator:
    """Maps cells of a table to quantities, and caches translations."""

    def __init__(self, found: Found, constant: frozenset[str] = frozenset()) -> None:
        """constant: the given quantities that are the same in all steps, so that any step's cell stands for them."""
        self.sheet, self.constant, table = found.sheet, constant, found.table
        self._references = References(found.book)
        self._columns: dict[int, list[_Series]] = {}
        self._single: dict[Position, tuple[str, int | None]] = {
            s.position: (n, None)
            for n, s in table.scalars.items()
            if n != naming.ITERATION  # a number that stands once counts no rows
        }
        for name, places in table.series.items():
            first, column = places[0]
            if places[-1] == (first + len(places) - 1, column):
                self._columns.setdefault(column, []).append(_Series(name, range(first, first + len(places))))
            else:
                self._single |= {place: (name, step) for step, place in enumerate(places)}
        self._runs: dict[tuple[int, Formula], _Run] = {}
        self._made: dict[tuple[str, tuple[Expression, ...]], Expression] = {}
        self._failed: dict[tuple[str, Position], str] = {}

    def relative(self, formula: Formula) -> str:
        """The formula's text relative to its own cell: the same for all cells that it was copied to."""
        return self._references.relative(formula)

    def slides(self, formula: Formula) -> bool:
        """Whether a formula has a reference that moves along with the cell's row or column."""
        return "[" in self.relative(formula)

    def references(self, place: Position, formula: Formula) -> list[Position]:
        """The cells of the same sheet that a cell's formula refers to."""
        found = []
        with suppress(UnknownFormula):
            for name in parsed(self.relative(formula))[0]:
                with suppress(UnknownFormula):
                    sheet, where = self._references.cell(name, self.sheet, place)
                    if sheet is self.sheet:
                        found.append(where)
        return found

    def read(self, place: Position, step: int) -> Expression:
        """The formula of a cell in that step, in quantities. Raises UnknownFormula."""
        cell = self.sheet.cells[place]
        assert cell.formula is not None
        run = self._runs.get((place[1], cell.formula))
        if run is not None and step in run.steps and place[0] - step == run.offset:
            return run.reading
        reading = self._read(self.sheet, place, cell.formula, step, 0)
        steps = self._alike(place, cell.formula, step)
        if len(steps) > 1:
            self._runs[place[1], cell.formula] = _Run(reading, place[0] - step, steps)
        return reading

    def last(self, places: Sequence[Position]) -> Expression | None:
        """The last formula in a series of cells, in quantities; None if there is none, or it cannot be read."""
        for step in reversed(range(len(places))):
            cell = self.sheet.cells.get(places[step])
            if cell is not None and cell.formula is not None:
                with suppress(UnknownFormula):
                    return self.read(places[step], step)
                return None
        return None

    def _alike(self, place: Position, formula: Formula, step: int) -> range:
        """The steps in which the formula, copied down, reads as in this one: its references move along within columns
        of quantities, or are fixed to what is the same in all steps."""
        low, high = 0, step + MAX_ROW
        for name in parsed(self.relative(formula))[0]:
            sheet, (row, column) = self._references.cell(name, self.sheet, place)
            quantity, _ = self.quantity((row, column)) if sheet is self.sheet else (None, None)
            rows = next((s.rows for s in self._columns.get(column, ()) if row in s.rows), None)
            if quantity is None:
                return range(step, step + 1)
            if moves_down(name.name):
                if rows is None:
                    return range(step, step + 1)
                low, high = max(low, step + rows.start - row), min(high, step + rows.stop - row)
            elif rows is not None and quantity not in self.constant:
                return range(step, step + 1)
        return range(low, high)

    def quantity(self, place: Position) -> tuple[str | None, int | None]:
        """The quantity that a cell is, and in which step; no step for what holds in all of them."""
        for series in self._columns.get(place[1], ()):
            if place[0] in series.rows:
                return series.name, place[0] - series.rows.start
        return self._single.get(place, (None, None))

    def _read(self, sheet: Sheet, place: Position, formula: Formula, step: int, depth: int) -> Expression:
        failed = self._failed.get((sheet.name, place))
        if failed is not None:
            raise UnknownFormula(failed)
        try:
            return self._put_together(sheet, place, formula, step, depth)
        except UnknownFormula as error:
            self._failed[sheet.name, place] = str(error)
            raise

    def _put_together(self, sheet: Sheet, place: Position, formula: Formula, step: int, depth: int) -> Expression:
        if depth > DEEPEST:
            raise UnknownFormula("it refers to too many helper cells, or to itself")
        text = self.relative(formula)
        references, expression = parsed(text)
        resolved = tuple(self._meaning(sheet, name, place, step, depth) for name in references)
        known = self._made.get((text, resolved))
        if known is None:
            known = with_names(expression, dict(zip(references, resolved, strict=True)))
            if sum(1 for _ in names(known)) > MOST_NAMES:
                raise UnknownFormula("it depends on too many quantities")
            self._made[text, resolved] = known
        return known

    def _meaning(self, sheet: Sheet, name: Name, at: Position, step: int, depth: int) -> Expression:
        sheet, place = self._references.cell(name, sheet, at)
        quantity, of = self.quantity(place) if sheet is self.sheet else (None, None)
        if quantity is not None:
            lag = 0 if of is None or quantity in self.constant else step - of
            return Name(quantity, lag)
        cell = sheet.cells.get(place)
        if cell is None:
            return Number(0.0)
        if cell.formula is not None:
            return self._read(sheet, place, cell.formula, step, depth + 1)
        if isinstance(cell.value, float):
            return Number(cell.value)
        raise UnknownFormula(f"it uses a cell that holds the text '{cell.value!s:.20}'")
