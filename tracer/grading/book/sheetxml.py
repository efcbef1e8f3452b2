"""The XML of one sheet → its cells (ECMA-376 part 1, 18.3.1.4 c, 18.3.1.40 f, 18.18.11 ST_CellType)."""

from __future__ import annotations

import math
import re
from datetime import datetime

from tracer.grading.book.cells import MAX_COLUMN, MAX_ROW, Cell, Fault, Formula, Position, TextNumber, letters, position
from tracer.grading.book.relative import copied_down

_DAY_ZERO = datetime(1899, 12, 30)


_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+|0,\d+|\d+,(?!\d{3}$)\d+)(?:[eE][-+]?\d+)?")


def number_or_text(text: str) -> float | str:
    """A number typed as text, with a decimal point or comma, as the number that spreadsheets compute with."""
    stripped = text.strip()
    return TextNumber(stripped.replace(",", ".")) if _NUMBER.fullmatch(stripped) else text


class CellReader:
    """Collects cells while expat parses a sheet. Its state is the current cell.

    arrays: the cells with array formulas, each with the last cell that the formula fills. full: there were more cells
    than allowed, and the rest was ignored. highest_style: the largest style index of a cell, and the cell. damage: a
    description of the first invalid row or cell; such cells are ignored.
    """

    def __init__(self, texts: list[str], limit: int) -> None:
        self.cells: dict[Position, Cell] = {}
        self.arrays: dict[Position, Position] = {}
        self.full = False
        self.highest_style: tuple[int, Position] = (0, (1, 1))
        self.damage = ""
        self._texts, self._limit = texts, limit
        self._shared: dict[str, Formula] = {}
        self._above: dict[int, tuple[Formula, str, tuple[int, ...]]] = {}
        self._columns: dict[str, int] = {}
        self._row, self._column, self._row_text = 0, 0, "0"
        self._exists = True
        self._kind = ""
        self._formula: dict[str, str] | None = None
        self._formula_text = self._value = ""
        self._into = ""
        self._inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._go_to(attributes.get("r"))
            self._kind = attributes.get("t", "n")
            self._formula, self._formula_text, self._value = None, "", ""
            self._inside = True
            style = attributes.get("s")
            if style and int(style) > self.highest_style[0]:
                self.highest_style = (int(style), (self._row, self._column))
        elif tag == "row":
            self._begin_row(attributes.get("r"))
        elif self._inside:
            if tag == "f":
                self._formula = attributes
            self._into = tag if tag in ("f", "v", "t", "rPh") else self._into

    def text(self, data: str) -> None:
        if self._into == "f":
            self._formula_text += data
        elif self._into in ("v", "t"):
            self._value += data

    def end(self, tag: str) -> None:
        if tag == "c":
            self._inside = False
            if self._exists:
                self._keep()
        self._into = ""

    def _begin_row(self, number: str | None) -> None:
        row = self._row + 1 if number is None else int(number) if number.isdecimal() else 0
        self._exists = 1 <= row <= MAX_ROW
        self._row, self._column, self._row_text = row, 0, str(row)
        if not self._exists:
            self._damaged(f"there is no row {number or row}")

    def _go_to(self, where: str | None) -> None:
        """Move to the cell of that reference; without one, to the next cell of the row."""
        if where is None:
            self._column += 1
            if self._column > MAX_COLUMN:
                self._exists = False
                self._damaged(f"row {self._row} has more than {MAX_COLUMN:,} cells")
            return
        if where.endswith(self._row_text):
            column = self._columns.get(where[: -len(self._row_text)])
            if column is not None:
                self._column, self._exists = column, True
                return
        place = position(where)
        self._exists = place is not None
        if place is None:
            self._damaged(f"there is no cell {where[:20]}")
            return
        self._row, self._column = place
        self._row_text = str(self._row)
        self._columns[letters(self._column)] = self._column

    def _damaged(self, what: str) -> None:
        self.damage = self.damage or f"{what}; its contents are ignored"

    def _keep(self) -> None:
        if self._kind == "str" and not self._value:
            return  # a formula that gives the empty text, as =IF(A1="","",…): to the eye an empty cell
        value = self._typed()
        formula = self._written() if self._formula is not None else None
        if value is None and formula is None:
            return
        if len(self.cells) >= self._limit:
            self.full = True
        else:
            self.cells[self._row, self._column] = Cell(value, formula)

    def _written(self) -> Formula | None:
        """The formula of the cell; the same object as the one above it if it was copied down."""
        assert self._formula is not None
        text, shared = self._formula_text.strip(), self._formula.get("si")
        if not text:
            return self._shared.get(shared or "") if self._formula.get("t") == "shared" else None
        row, column = self._row, self._column
        if self._formula.get("t") == "array":
            last = position(self._formula.get("ref", "").rpartition(":")[2])
            self.arrays[row, column] = last or (row, column)
        above = self._above.get(column)
        if above is not None and text == above[1] % tuple([row + distance for distance in above[2]]):
            formula = above[0]
        else:
            formula = Formula(text, row, column)
            self._above[column] = (formula, *copied_down(formula))
        if shared is not None:
            self._shared[shared] = formula
        return formula

    def _typed(self) -> float | str | Fault | None:
        kind, text = self._kind, self._value
        if not text:
            return None
        if kind == "n" or kind == "b":
            number = float(text)
            return number if math.isfinite(number) else Fault("#NUM!")
        if kind == "s":
            index = int(text)
            return number_or_text(self._texts[index]) if 0 <= index < len(self._texts) else None
        if kind == "e":
            return Fault(text)
        if kind == "d":
            return (datetime.fromisoformat(text.rstrip("Z")) - _DAY_ZERO).total_seconds() / 86400
        return number_or_text(text) if kind == "inlineStr" else text
