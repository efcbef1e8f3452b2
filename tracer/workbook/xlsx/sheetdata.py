"""The XML of a sheet's cells (ECMA-376 part 1, 18.3.1.73 row and 18.3.1.4 c): formulas that carry their value.

A row that repeats with other numbers is a `RowTemplate`, put together once and filled with the numbers of each step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape  # xml.sax.saxutils, which has the same, loads all of http
from typing import NamedTuple

from tracer.workbook.xlsx.limits import MAX_TEXT

MARKS = THIS_ROW, ROW_ABOVE, ITERATION_BEFORE, LAST_OF_BATCH = "\x01", "\x02", "\x03", "\x04"
"""Stand for row numbers in the formulas of a RowTemplate: this one, the one above, the first one of the iteration
before, the last one of this batch. Characters that no formula has."""
_VALUE = "\x05"
"""Stands for the value of a cell of a RowTemplate."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 does not allow (section 2.2)."""

Value = float | int | str
"""What a cell shows: a number, or text."""
NOT_AVAILABLE = "#N/A"
"""The error that a formula gives where a number is missing."""


class Cell(NamedTuple):
    """A cell of a row: its column letters, its style's index, its value, and the formula that computes it."""

    column: str
    style: int
    value: Value | None = None
    formula: str | None = None

    def xml(self, row: str) -> str:
        """The cell in the row with this number."""
        start = f'<c r="{self.column}{row}" s="{self.style}"'
        formula = f"<f>{escape(self.formula, quote=False)}</f>" if self.formula is not None else ""
        if self.value is None and not formula:
            return start + "/>"
        if isinstance(self.value, str) and formula:
            kind = "e" if self.value == NOT_AVAILABLE else "str"
            return f'{start} t="{kind}">{formula}<v>{_text(self.value)}</v></c>'
        if isinstance(self.value, str):
            space = ' xml:space="preserve"' if self.value != self.value.strip(" \t\n\r") else ""
            return f'{start} t="inlineStr"><is><t{space}>{_text(self.value)}</t></is></c>'
        value = "" if self.value is None else f"<v>{self.value!r}</v>"
        return f"{start}>{formula}{value}</c>"


def writable(text: str) -> str:
    """The text with what XML cannot hold replaced."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _text(text: str) -> str:
    return escape(writable(text)[:MAX_TEXT], quote=False)


def row(number: int, cells: Iterable[Cell], height: float | None = None, folds: bool = False) -> bytes:
    """A row of cells, in the order of their columns; `height` in points; whether it folds away."""
    attributes = f' ht="{height:g}" customHeight="1"' if height else ""
    attributes += ' outlineLevel="1"' if folds else ""
    return f'<row r="{number}"{attributes}>{"".join(cell.xml(str(number)) for cell in cells)}</row>'.encode()


class RowTemplate:
    """A row whose cells are the same in every step but for the row numbers and the values.

    Formulas refer to rows by MARKS; every cell takes one number, as text, in the order of the cells.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        text = f'<row r="{THIS_ROW}">{"".join(map(_value_slot, cells))}</row>'
        self._parts = text.replace("%", "%%").replace(_VALUE, "%b").encode().split(THIS_ROW.encode())
        self._others = [mark.encode() if mark in text else b"" for mark in MARKS if mark != THIS_ROW]

    def fill(self, values: Iterable[bytes], this: int, above: int, before: int = 0, last: int = 0) -> bytes:
        """The row with its values; the row numbers are what MARKS stand for."""
        row = (b"%d" % this).join(self._parts)
        for mark, number in zip(self._others, (above, before, last), strict=True):
            if mark:
                row = row.replace(mark, b"%d" % number)
        return row % tuple(values)


def _value_slot(cell: Cell) -> str:
    before, _, after = cell.xml(THIS_ROW).partition("</c>")
    body = before.removesuffix("/>") + ">" if before.endswith("/>") else before
    return f"{body}<v>{_VALUE}</v></c>{after}"
