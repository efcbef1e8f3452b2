"""The cells of a workbook as integers, and the references of formulas as arrays of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.formulas.tree import Name
from tracer.grading.book.cells import MAX_COLUMN, MAX_ROW, Book, Place, Position
from tracer.grading.book.references import elsewhere
from tracer.grading.book.relative import UnknownFormula, parts
from tracer.grading.graph.graph import Flags, IntArray
from tracer.grading.graph.patterns import Reference, Shapes, located

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


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells whose formulas have one meaning, and the cells that a name in it stands for.

    written: the cells that the formulas are relative to; own: those that show the values, which in array formulas are
    others. texts: the index of each one's formula. shapes: of a pattern, those of its references; None where the names
    are the formula's own references. corners: the first cell of each reference, a row for each of `own`: its sheet, row
    and column.
    """

    written: IntArray
    own: IntArray
    texts: IntArray
    sheets: Sheets
    shapes: Shapes | None = None
    corners: tuple[IntArray, IntArray, IntArray] | None = None

    def among(self, members: IntArray) -> Cells:
        """Some of these cells."""
        corners = self.corners and (self.corners[0][members], self.corners[1][members], self.corners[2][members])
        return Cells(self.written[members], self.own[members], self.texts[members], self.sheets, self.shapes, corners)

    def resolved(self, names: Sequence[Name]) -> tuple[IntArray, Flags]:
        """The cells that names stand for, a row for each formula, and whether they exist. Raises UnknownFormula for a
        sheet that the workbook does not have."""
        if self.shapes is None or self.corners is None:
            references = []
            for name in names:
                found = parts(name.name)
                assert found, name
                sheet, row, row_moves, column, column_moves = found
                references.append((sheet, row, int(row_moves), column, int(column_moves)))
            return _keys(*self.sheets.corners(references, self.written))
        where = np.array([located(name, self.shapes) for name in names], int).reshape(-1, 3)
        sheets, at_rows, at_columns = (corner[:, where[:, 0]] for corner in self.corners)
        return _keys(sheets, at_rows + where[:, 1], at_columns + where[:, 2])


def _keys(sheets: IntArray, rows: IntArray, columns: IntArray) -> tuple[IntArray, Flags]:
    exists = (rows >= 1) & (rows <= MAX_ROW) & (columns >= 1) & (columns <= MAX_COLUMN)
    return sheets << _SHEET | rows << _COLUMN_BITS | columns, exists


class Sheets:
    """The sheets of a workbook by number."""

    def __init__(self, book: Book) -> None:
        self.names = [sheet.name for sheet in book.sheets]
        self._numbers = {name.lower(): number for number, name in enumerate(self.names)}

    def place(self, key: int) -> Place:
        """The cell that an integer stands for."""
        return self.names[sheet_of(key)], position_of(key)

    def number(self, reference_: Reference, cell: int) -> int:
        """The number of the sheet that a reference names, -1 for the formula's own. Raises UnknownFormula if it is none
        of the workbook's. cell: the first with the formula."""
        sheet, row, row_moves, column, column_moves = reference_
        number = self._numbers.get(sheet.lower()) if sheet else -1
        if number is None:
            first = position_of(cell)
            place = row + row_moves * first[0], column + column_moves * first[1]
            raise UnknownFormula(elsewhere(sheet, place))
        return number

    def corners(self, references: Sequence[Reference], cells: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """The sheets, rows and columns that references mean in the formulas of cells: a row for each cell."""
        first = int(cells[0])
        parts = np.array([(self.number(each, first), *each[1:]) for each in references], int).reshape(-1, 5)
        return moved(parts[None], cells)


def moved(parts: IntArray, cells: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """The sheets, rows and columns of references, given as numbers for each cell or for all."""
    sheets = np.where(parts[..., 0] < 0, (cells >> _SHEET)[:, None], parts[..., 0])
    at_rows = parts[..., 1] + parts[..., 2] * rows(cells)[:, None]
    return sheets, at_rows, parts[..., 3] + parts[..., 4] * columns(cells)[:, None]
