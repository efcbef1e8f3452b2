"""The XML of one sheet → its cells (ECMA-376 part 1, 18.3.1.4 c, 18.3.1.40 f, 18.18.11 ST_CellType)."""

from __future__ import annotations

import math
import re
from datetime import datetime

from tracer.grading.cells import MAX_COLUMN, MAX_ROW, Cell, Fault, Formula, Position, position

_DAY_ZERO = datetime(1899, 12, 30)


_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+|0,\d+|\d+,(?!\d{3}$)\d+)(?:[eE][-+]?\d+)?")


def number_or_text(text: str) -> float | str:
    """A number that was typed as text, with a point or a comma, as the number that a spreadsheet computes with."""
    stripped = text.strip()
    return float(stripped.replace(",", ".")) if _NUMBER.fullmatch(stripped) else text


class CellReader:
    """Collects cells while expat walks through a sheet. Its state is the cell that it stands in.

    full: there were more cells than allowed, the rest was left out. highest_style: the largest style index that a cell
    has, and the cell.
    """

    def __init__(self, texts: list[str], limit: int) -> None:
        self.cells: dict[Position, Cell] = {}
        self.full = False
        self.highest_style: tuple[int, Position] = (0, (1, 1))
        self._texts, self._limit = texts, limit
        self._shared: dict[str, Formula] = {}
        self._row = self._column = 0
        self._kind = self._index = ""
        self._formula: dict[str, str] | None = None
        self._formula_text = self._value = ""
        self._into = ""
        self._inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            where = attributes.get("r")
            place = position(where) if where else (self._row, self._column + 1)
            if place is None:
                raise ValueError(f"there is no cell {where}")
            self._row, self._column = place
            self._kind = attributes.get("t", "n")
            self._formula, self._formula_text, self._value = None, "", ""
            self._inside = True
            style = int(attributes.get("s", "0"))
            if style > self.highest_style[0]:
                self.highest_style = (style, place)
        elif tag == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            if not 1 <= self._row <= MAX_ROW:
                raise ValueError(f"there is no row {self._row}")
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
            self._keep()
        self._into = ""

    def _keep(self) -> None:
        value = self._typed()
        formula = self._written()
        if value is None and formula is None:
            return
        if len(self.cells) >= self._limit:
            self.full = True
        elif self._column <= MAX_COLUMN:
            self.cells[self._row, self._column] = Cell(value, formula)

    def _written(self) -> Formula | None:
        if self._formula is None:
            return None
        text, shared = self._formula_text.strip(), self._formula.get("si")
        if self._formula.get("t") == "shared" and shared is not None:
            if text:
                self._shared[shared] = Formula(text, self._row, self._column)
            return self._shared.get(shared)
        return Formula(text, self._row, self._column) if text else None

    def _typed(self) -> float | str | Fault | None:
        kind, text = self._kind, self._value
        if kind == "inlineStr":
            return number_or_text(text) if text else None
        if not text:
            return None
        if kind == "s":
            index = int(text)
            return number_or_text(self._texts[index]) if 0 <= index < len(self._texts) else None
        if kind == "e":
            return Fault(text)
        if kind == "str":
            return text
        if kind == "d":
            return (datetime.fromisoformat(text.rstrip("Z")) - _DAY_ZERO).total_seconds() / 86400
        number = float(text)
        return number if math.isfinite(number) else Fault("#NUM!")
