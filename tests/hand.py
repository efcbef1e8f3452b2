"""Sheets written out cell by cell, as a person lays them out who has never seen ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tracer.grading.book.cells import Book, Cell, Formula, Position, Sheet, position, reference
from tracer.grading.book.recalculation import recalculated

Value = float | str | None
Cells = dict[str, Value]
"""Cells by their references; a text that begins with = is a formula."""


def book(*sheets: tuple[str, Mapping[str, Value]], names: Mapping[str, str] | None = None) -> Book:
    """Sheets by their cells; a text that begins with = is a formula. Formulas are computed."""
    return recalculated(
        Book(
            tuple(
                Sheet(name, {_place(r): _cell(r, v) for r, v in cells.items() if v is not None})
                for name, cells in sheets
            ),
            names or {},
        )
    )


def _place(text: str) -> Position:
    place = position(text)
    assert place is not None, text
    return place


def _cell(where: str, value: Value) -> Cell:
    row, column = _place(where)
    if isinstance(value, str) and value.startswith("="):
        return Cell(None, Formula(value[1:], row, column))
    return Cell(float(value) if isinstance(value, (int, float)) else value)


def table(
    corner: str,
    columns: Mapping[str, tuple[Value, str | None]],
    steps: int,
    fixed: Mapping[str, str] | None = None,
) -> Cells:
    """A table: header → (the first row's value or formula, the formula of the others; None for the same as above).

    In formulas {h1} is the cell of that header in the same row, {h1-1} the one in the row above; `fixed` names cells.
    """
    row, column = _place(corner)
    places = {header: column + index for index, header in enumerate(columns)}
    cells: Cells = {}
    for header, (first, others) in columns.items():
        cells[reference((row, places[header]))] = header
        for step in range(steps):
            value = first if not step or others is None else others
            if isinstance(value, str):
                value = _filled(value, places, row + 1 + step, fixed or {})
            cells[reference((row + 1 + step, places[header]))] = value
    return cells


def _filled(text: str, places: Mapping[str, int], row: int, fixed: Mapping[str, str]) -> str:
    def cell(match: re.Match[str]) -> str:
        name, up = match[1], int(match[2] or 0)
        return fixed.get(name) or reference((row + up, places[name]))

    return re.sub(r"\{([^{}]+?)(-1)?\}", cell, text)


def form(corner: str, pairs: Sequence[Sequence[tuple[str, Value]]]) -> Cells:
    """Labels with their values to the right, pair beside pair; {label} in a formula is its value's cell."""
    row, column = _place(corner)
    where = {
        label: reference((row + i, column + 3 * j + 1))
        for i, line in enumerate(pairs)
        for j, (label, _) in enumerate(line)
    }
    cells: Cells = {}
    for i, line in enumerate(pairs):
        for j, (label, value) in enumerate(line):
            cells[reference((row + i, column + 3 * j))] = label
            if isinstance(value, str):
                value = re.sub(r"\{([^{}]+)\}", lambda m: where[m[1]], value)
            cells[where[label]] = value
    return cells
