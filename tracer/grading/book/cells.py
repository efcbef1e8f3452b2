"""The cells of a foreign workbook, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from tracer.workbook.xlsx.names import letters as letters

Position = tuple[int, int]
"""(row, column), both from 1."""
Place = tuple[str, Position]
"""A cell of a workbook: the name of its sheet, and its position."""

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
"""Of a sheet (Microsoft, "Excel specifications and limits")."""


class Formula(NamedTuple):
    """A formula as stored: its text without the equals sign, and the cell that the text is written for. Cells
    that share a formula have the same one; its relative references move with the cell."""

    text: str
    row: int
    column: int


class Fault(str):
    """An error value of a cell: #VALUE!, #DIV/0!, …"""

    __slots__ = ()


class TextNumber(float):
    """A number stored as text. Formulas can calculate with it, but ISNUMBER is false for it."""

    __slots__ = ()


class Cell(NamedTuple):
    """A cell that is not empty. value: None if a formula is stored without its result."""

    value: float | str | Fault | None
    formula: Formula | None = None

    @property
    def number(self) -> float | None:
        """The value if it is a number."""
        return self.value if isinstance(self.value, float) else None


@dataclass(frozen=True, slots=True)
class Uncomputed:
    """Why a formula without a stored value could not be computed; exactly one of these.

    cause: what is not supported. circle: the cells through which it leads back to itself. needs: the cells
    without value that it depends on. given_up: why it was not even tried.
    """

    cause: str = ""
    circle: tuple[Place, ...] = ()
    needs: tuple[Place, ...] = ()
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its name, and its cells; empty ones are left out. uncomputed: why cells have no value. hidden: whether
    it is hidden from the person who opens the workbook. arrays: the cells with array formulas, each with the last cell
    that the formula fills."""

    name: str
    cells: Mapping[Position, Cell]
    uncomputed: Mapping[Position, Uncomputed] = field(default_factory=dict)
    hidden: bool = False
    arrays: Mapping[Position, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook: its sheets in their order, its named cells, a description of any damage, its custom properties, and
    whether it has macros."""

    sheets: tuple[Sheet, ...]
    names: Mapping[str, str]
    damage: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    macros: bool = False

    @property
    def damaged(self) -> str:
        """A description of the damage; "" if there is none."""
        return f"the file is damaged: {self.damage}" if self.damage else ""


_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")


@lru_cache(maxsize=MAX_COLUMN)
def column_number(text: str) -> int:
    """The number of a column: A → 1, AA → 27."""
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def reference(position: Position) -> str:
    """A cell's reference: (33, 26) → Z33."""
    return f"{letters(position[1])}{position[0]}"


def position(text: str) -> Position | None:
    """The cell that a reference names, or None: $Z$33 → (33, 26)."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        return None
    row, column = int(match[2]), column_number(match[1])
    return (row, column) if 1 <= row <= MAX_ROW and column <= MAX_COLUMN else None


def place_in_words(place: Place, book: Book) -> str:
    """A cell's reference, with its sheet where the workbook has several."""
    return reference(place[1]) if len(book.sheets) == 1 else f"{place[0]}!{reference(place[1])}"
