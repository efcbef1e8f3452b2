"""Rectangles of cells, as ranges."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.formulas.tree import Name
from tracer.grading.book.cells import Position


def cells_in(first: Position, last: Position) -> Iterator[Position]:
    """The cells between two corners, row by row."""
    return ((row, column) for row in range(first[0], last[0] + 1) for column in range(first[1], last[1] + 1))


def area(cells: set[Position]) -> tuple[Position, Position] | None:
    """The corners of the rectangle that cells fill; None where they do not fill one."""
    rows, columns = zip(*cells, strict=True)
    first, last = (min(rows), min(columns)), (max(rows), max(columns))
    return (first, last) if set(cells_in(first, last)) == cells else None


def range_of(sheet: str, first: Position, last: Position) -> Name:
    """A range by its corners."""
    front = f"{sheet}!" if sheet else ""
    corners = [f"R{row}C{column}" for row, column in dict.fromkeys((first, last))]
    return Name(front + ":".join(corners))
