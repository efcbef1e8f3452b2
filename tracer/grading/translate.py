"""A cell's formula → an expression of quantities: `R33*(1-R33)` reads `a_o1·(1 − a_o1)`."""

from __future__ import annotations

from contextlib import suppress

from tracer.expression import Expression, Name, Number, names
from tracer.grading.cells import Book, Formula, Position, Sheet
from tracer.grading.formula import UnknownFormula
from tracer.grading.references import References, parsed
from tracer.grading.tables import Table
from tracer.grading.tree import with_names

DEEPEST = 12
"""So many helper cells may stand between a formula and the quantities that it is made of."""
MOST_NAMES = 400
ETERNAL = None


class Translator:
    """Knows which quantity each cell of a table is; keeps what it has translated."""

    def __init__(self, book: Book, sheet: Sheet, table: Table, constant: frozenset[str]) -> None:
        """constant: the given quantities that are the same in all steps, so that any step's cell stands for them."""
        self.sheet, self.constant = sheet, constant
        self._references = References(book)
        self.quantity: dict[Position, tuple[str, int | None]] = {
            s.position: (n, ETERNAL) for n, s in table.scalars.items()
        }
        self.quantity |= {
            place: (name, step) for name, series in table.series.items() for step, place in enumerate(series)
        }
        self._made: dict[tuple[str, tuple[Expression, ...]], Expression] = {}
        self._failed: dict[tuple[str, Position], str] = {}

    def relative(self, formula: Formula) -> str:
        """The formula's text relative to its own cell: the same for all cells that it was copied to."""
        return self._references.relative(formula)

    def slides(self, formula: Formula) -> bool:
        """Whether a formula has a reference that moves along with the cell's row or column."""
        return "[" in self.relative(formula)

    def references(self, place: Position, formula: Formula) -> list[Position]:
        """The cells of its own sheet that a cell's formula names."""
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
        return self._read(self.sheet, place, cell.formula, step, 0)

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
            raise UnknownFormula("it leads through too many helper cells, or in a circle")
        text = self.relative(formula)
        references, expression = parsed(text)
        meant = tuple(self._meaning(sheet, name, place, step, depth) for name in references)
        known = self._made.get((text, meant))
        if known is None:
            known = with_names(expression, dict(zip(references, meant, strict=True)))
            if sum(1 for _ in names(known)) > MOST_NAMES:
                raise UnknownFormula("it is made of too many quantities")
            self._made[text, meant] = known
        return known

    def _meaning(self, sheet: Sheet, name: Name, at: Position, step: int, depth: int) -> Expression:
        sheet, place = self._references.cell(name, sheet, at)
        if sheet is self.sheet and place in self.quantity:
            quantity, of = self.quantity[place]
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


__all__ = ["Translator", "UnknownFormula"]
