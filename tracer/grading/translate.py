"""A cell's formula → an expression of quantities: `R33*(1-R33)` reads `a_o1·(1 − a_o1)`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

from tracer import naming
from tracer.expression import Expression, Name, Number, names
from tracer.grading import formula as formulas
from tracer.grading.cells import Book, Cell, Fault, Formula, Position, Sheet, position
from tracer.grading.formula import UnknownFormula
from tracer.grading.tables import Table
from tracer.grading.tree import with_names

DEEPEST = 12
"""So many helper cells may stand between a formula and the quantities that it is made of."""
MOST_NAMES = 400
ETERNAL = None


@lru_cache(maxsize=20_000)
def _places(text: str) -> tuple[tuple[Name, ...], Expression]:
    expression = formulas.read(text)
    return tuple(dict.fromkeys(names(expression))), expression


class Translator:
    """Knows which quantity each cell of a table is; keeps what it has translated."""

    def __init__(self, book: Book, sheet: Sheet, table: Table, constant: frozenset[str]) -> None:
        """constant: the given quantities that are the same in all steps, so that any step's cell stands for them."""
        self.sheet, self.constant = sheet, constant
        self.sheets: Mapping[str, Sheet] = {s.name.lower(): s for s in book.sheets}
        self.defined = book.names
        self.quantity: dict[Position, tuple[str, int | None]] = {
            s.position: (n, ETERNAL)
            for n, s in table.scalars.items()
            if n != naming.ITERATION  # a number that stands once counts no rows
        }
        self.quantity |= {
            place: (name, step) for name, series in table.series.items() for step, place in enumerate(series)
        }
        self._relative: dict[Formula, str] = {}
        self._made: dict[tuple[str, tuple[Expression, ...]], Expression] = {}
        self._failed: dict[tuple[str, Position], str] = {}

    def relative(self, formula: Formula) -> str:
        """The formula's text relative to its own cell: the same for all cells that it was copied to."""
        text = self._relative.get(formula)
        if text is None:
            text = self._relative[formula] = formulas.relative(formula)
        return text

    def slides(self, formula: Formula) -> bool:
        """Whether a formula has a reference that moves along with the cell's row or column."""
        return "[" in self.relative(formula)

    def references(self, place: Position, formula: Formula) -> list[Position]:
        """The cells of its own sheet that a cell's formula names."""
        found = []
        with suppress(UnknownFormula):
            for name in _places(self.relative(formula))[0]:
                if name.name.startswith("R") and name.name[-1] in "]0123456789":
                    found.append(formulas.place(name.name, place)[1])
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
        references, expression = _places(text)
        meant = tuple(self._meaning(sheet, name, place, step, depth) for name in references)
        known = self._made.get((text, meant))
        if known is None:
            known = with_names(expression, dict(zip(references, meant, strict=True)))
            if sum(1 for _ in names(known)) > MOST_NAMES:
                raise UnknownFormula("it is made of too many quantities")
            self._made[text, meant] = known
        return known

    def _meaning(self, sheet: Sheet, name: Name, at: Position, step: int, depth: int) -> Expression:
        if "R" in name.name and "C" in name.name and name.name[-1] in "]0123456789":
            where, place = formulas.place(name.name, at)
        else:
            where, place = self._defined(name.name)
        if where:
            other = self.sheets.get(where.lower())
            if other is None:
                raise UnknownFormula(f"there is no sheet '{where}' in this workbook")
            sheet = other
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

    def _defined(self, name: str) -> tuple[str, Position]:
        text = self.defined.get(name, "")
        sheet, _, where = text.rpartition("!")
        place = position(where)
        if place is None:
            raise UnknownFormula(f"the name '{name}' is not understood")
        return sheet.strip("'").replace("''", "'"), place


def recalculated(book: Book) -> Book:
    """The workbook with the formulas computed that are stored without a value. A cell that lies on a circle of
    references, or that cannot be computed, stays without one."""
    missing = any(c.value is None and c.formula for sheet in book.sheets for c in sheet.cells.values())
    return _Recalculation(book).book() if missing else book


class _Recalculation:
    """Computes cells in the order in which they need each other, without recursion."""

    def __init__(self, book: Book) -> None:
        self.whole = book
        self.sheets = {sheet.name.lower(): sheet for sheet in book.sheets}
        self.cells: dict[tuple[str, Position], Cell] = {}
        self.relative: dict[Formula, str] = {}

    def book(self) -> Book:
        for sheet in self.whole.sheets:
            for place, cell in sheet.cells.items():
                if cell.value is None and cell.formula:
                    self._compute((sheet.name.lower(), place))
        return Book(
            tuple(
                Sheet(s.name, {p: self.cells.get((s.name.lower(), p), c) for p, c in s.cells.items()})
                for s in self.whole.sheets
            ),
            self.whole.names,
            self.whole.damage,
        )

    def _compute(self, first: tuple[str, Position]) -> None:
        pending = [first]
        entered: set[tuple[str, Position]] = set()
        while pending:
            key = pending[-1]
            if key in self.cells:
                pending.pop()
                continue
            cell = self.sheets[key[0]].cells[key[1]]
            assert cell.formula is not None
            try:
                needs = self._needs(key, cell.formula)
            except UnknownFormula:
                self.cells[key] = cell
                continue
            open_ = [n for n in needs.values() if isinstance(n, tuple) and n not in self.cells]
            if open_ and key not in entered:
                entered.add(key)
                pending.extend(open_)
                continue
            self.cells[key] = Cell(None if open_ else self._value(cell.formula, needs), cell.formula)

    def _needs(self, key: tuple[str, Position], formula: Formula) -> dict[Name, float | tuple[str, Position] | None]:
        text = self.relative.get(formula)
        if text is None:
            text = self.relative[formula] = formulas.relative(formula)
        references, _ = _places(text)
        needs: dict[Name, float | tuple[str, Position] | None] = {}
        for name in references:
            if formulas.is_place(name.name):
                where, place = formulas.place(name.name, key[1])
            else:
                where, place = self._named(name.name)
            sheet = self.sheets.get(where.lower() if where else key[0])
            if sheet is None:
                raise UnknownFormula(f"there is no sheet '{where}'")
            cell = sheet.cells.get(place)
            if cell is None:
                needs[name] = 0.0
            elif cell.value is None and cell.formula:
                needs[name] = (sheet.name.lower(), place)
            else:
                needs[name] = cell.number
        return needs

    def _named(self, name: str) -> tuple[str, Position]:
        sheet, _, where = self.whole.names.get(name, "").rpartition("!")
        place = position(where)
        if place is None:
            raise UnknownFormula(f"the name '{name}' is not understood")
        return sheet.strip("'").replace("''", "'"), place

    def _value(
        self, formula: Formula, needs: Mapping[Name, float | tuple[str, Position] | None]
    ) -> float | Fault | None:
        from tracer.grading.numbers import plain

        values: dict[Name, float] = {}
        for name, need in needs.items():
            number = self.cells[need].number if isinstance(need, tuple) else need
            if number is None:
                return Fault("#VALUE!")
            values[name] = number
        return plain(_places(self.relative[formula])[1], values)


__all__ = ["Translator", "UnknownFormula", "recalculated"]
