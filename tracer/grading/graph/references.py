"""The cells of a workbook as integers, and the references of formulas as arrays of these."""

from __future__ import annotations

import numpy as np

from tracer.formulas.tree import Name
from tracer.grading.book.cells import MAX_COLUMN, MAX_ROW, Book, Place, Position, reference
from tracer.grading.book.relative import UnknownFormula, parts
from tracer.grading.graph.graph import Flags, IntArray

_COLUMN_BITS, _ROW_BITS = 15, 21
_COLUMN, _ROW = (1 << _COLUMN_BITS) - 1, (1 << _ROW_BITS) - 1
_SHEET = _COLUMN_BITS + _ROW_BITS


def key(sheet: int, position: Position) -> int:
    """The integer of a cell; cells of a sheet are in reading order."""
    return sheet << _SHEET | position[0] << _COLUMN_BITS | position[1]


def sheet_of(key: int) -> int:
    """The number of its sheet."""
    return key >> _SHEET


def position_of(key: int) -> Position:
    """Its row and column."""
    return key >> _COLUMN_BITS & _ROW, key & _COLUMN


def rows(keys: IntArray) -> IntArray:
    """The rows of cells."""
    return keys >> _COLUMN_BITS & _ROW


def columns(keys: IntArray) -> IntArray:
    """The columns of cells."""
    return keys & _COLUMN


class Sheets:
    """The sheets of a workbook by number."""

    def __init__(self, book: Book) -> None:
        self.names = [sheet.name for sheet in book.sheets]
        self._numbers = {name.lower(): number for number, name in enumerate(self.names)}

    def place(self, key: int) -> Place:
        """The cell that an integer stands for."""
        return self.names[sheet_of(key)], position_of(key)

    def resolved(self, name: Name, cells: IntArray) -> tuple[IntArray, Flags]:
        """The cells that a reference means in the formulas of these cells, and for which it exists. Raises
        UnknownFormula if it is in no sheet of the workbook."""
        found = parts(name.name)
        assert found, name
        sheet, row, row_moves, column, column_moves = found
        own = cells >> _SHEET
        if sheet:
            number = self._numbers.get(sheet.lower())
            if number is None and "[" in sheet:
                first = position_of(int(cells[0]))
                where = (row + row_moves * first[0], column + column_moves * first[1])
                raise UnknownFormula(f"it refers to another workbook, {sheet}!{reference(where)}, which is not read")
            if number is None:
                raise UnknownFormula(f"there is no sheet '{sheet}' in this workbook")
            own = np.full_like(cells, number)
        at_row = rows(cells) + row if row_moves else np.full_like(cells, row)
        at_column = columns(cells) + column if column_moves else np.full_like(cells, column)
        exists = (at_row >= 1) & (at_row <= MAX_ROW) & (at_column >= 1) & (at_column <= MAX_COLUMN)
        return own << _SHEET | at_row << _COLUMN_BITS | at_column, exists
