"""A sheet laid out cell by cell: contents, merged ranges, row heights, column widths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.xlsx.limits import MAX_HEIGHT
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import Cell, Value, row

LINE_HEIGHT = 15.0
"""Points to a line of text at the sheet's size."""
CHARACTER = 0.85
"""The width of a character of text, on average, in those of a digit, which widths are measured in."""


def lines(characters: float, width: float) -> int:
    """How many lines a text of so many characters takes in a cell of this width."""
    return max(1, math.ceil(CHARACTER * characters / max(width - 2, 1)))


class Grid:
    """Cells by row and column, both counted from 1. It grows while a sheet is laid out; `content` closes it."""

    def __init__(self, widths: Sequence[float]) -> None:
        self.widths = list(widths)
        self._cells: dict[int, dict[int, Cell]] = {}
        self._heights: dict[int, float] = {}
        self._folding: set[int] = set()
        self._merged: list[CellRange] = []

    def put(self, at: tuple[int, int], style: int, value: Value | None = None, formula: str | None = None) -> str:
        """Fill the cell at (row, column); its absolute reference, such as $B$5."""
        letter = get_column_letter(at[1])
        self._cells.setdefault(at[0], {})[at[1]] = Cell(letter, style, value, formula)
        return f"${letter}${at[0]}"

    def span(
        self,
        at: tuple[int, int],
        last: int,
        style: int,
        value: Value | None = None,
        formula: str | None = None,
        rows: int = 1,
    ) -> str:
        """Fill a cell that reaches to the column `last`, and over so many rows."""
        top, first = at
        for number in range(top, top + rows):
            for column in range(first, last + 1):
                self.put((number, column), style)
        if last > first or rows > 1:
            self._merged.append(CellRange(min_col=first, min_row=top, max_col=last, max_row=top + rows - 1))
        return self.put(at, style, value, formula)

    def text(self, at: tuple[int, int], last: int, style: int, value: str, formula: str | None = None) -> int:
        """Fill a cell that reaches to the column `last`, and over as many rows as its text needs; the row below."""
        width = self.width(at[1], last)
        rows = sum(lines(len(line), width) for line in value.split("\n"))
        self.span(at, last, style, value, formula, rows)
        return at[0] + rows

    def compute(self, reference: str, formula: str) -> None:
        """Give a filled cell, such as $B$5, another formula."""
        column, row = coordinate_from_string(reference.replace("$", ""))
        cells, place = self._cells[row], column_index_from_string(column)
        cells[place] = cells[place]._replace(formula=formula)

    def reach(self, first: int, width: float) -> int:
        """The column up to which the columns from `first` on are at least this wide together, in characters."""
        for column, total in enumerate(accumulate(self.widths[first - 1 :]), first):
            if total >= width:
                return column
        return len(self.widths)

    def spans(self, row: int, first: int, widths: Sequence[float]) -> list[tuple[tuple[int, int], int]]:
        """Cells beside each other, at least so wide, for `span`: each as its place and its last column."""
        spans = []
        for width in widths:
            last = self.reach(first, width)
            spans.append(((row, first), last))
            first = last + 1
        return spans

    def width(self, first: int, last: int) -> float:
        """How wide the columns from `first` to `last` are together, in characters."""
        return sum(self.widths[first - 1 : last])

    def height(self, number: int, points: float) -> None:
        """Make the row at least this high."""
        self._heights[number] = min(max(points, self._heights.get(number, 0.0)), MAX_HEIGHT)

    def wrap(self, number: int, characters: float, width: float) -> None:
        """Make the row high enough for a text of so many characters in a cell of this width."""
        self.height(number, LINE_HEIGHT * lines(characters, width) + 1)

    def fold(self, rows: range) -> None:
        """Let these rows fold away below the one above them."""
        self._folding.update(rows)

    def points(self, first: int, last: int) -> float:
        """How high the rows from `first` to `last` are together, in points."""
        return sum(self._heights.get(number, LINE_HEIGHT) for number in range(first, last + 1))

    @property
    def last_row(self) -> int:
        return max(self._cells)

    def content(self, sheet: Worksheet) -> SheetCells:
        """Give the sheet its widths and merged ranges, and its cells for the package."""
        for column, width in enumerate(self.widths, 1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.merged_cells.ranges.update(self._merged)  # `add` would compare each with all others
        if self._folding:
            sheet.sheet_properties.outlinePr.summaryBelow = False
            sheet.sheet_format.outlineLevelRow = 1
        last = max(column for cells in self._cells.values() for column in cells)
        return SheetCells(self._rows(), f"A1:{get_column_letter(last)}{self.last_row}")

    def _rows(self) -> Iterator[bytes]:
        for number in sorted(self._cells.keys() | self._heights.keys() | self._folding):
            cells = self._cells.get(number, {})
            height, folds = self._heights.get(number), number in self._folding
            yield row(number, [cells[column] for column in sorted(cells)], height, folds)
