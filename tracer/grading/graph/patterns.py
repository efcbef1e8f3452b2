"""Formulas without their references: what is read once for all formulas that differ in these alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from tracer.formulas.tree import Name
from tracer.grading.book.relative import parts

_REFERENCE = re.compile(
    r"(?<![\w.])(?:(?P<sheet>'(?:[^']|'')+'|(?:\[[^\[\]]+\])?[^\W\d][\w.]*)!)?"
    r"R(\[?)(-?\d+)\]?C(\[?)(-?\d+)\]?(?::R\[?(-?\d+)\]?C\[?(-?\d+)\]?)?(?![\w.(])|\"[^\"]*\""
)
_PLACES_MATTER = re.compile(r"\b(?:ROW|COLUMN|INDEX|SINGLE|\w?LOOKUP)\(", re.IGNORECASE)
"""In formulas that depend on where the cells are that they refer to, not only on what these hold."""

Reference = tuple[str, int, int, int, int]
"""A cell, of a range the first one: the sheet, "" for the formula's own; the row, and 1 if it moves along with the
formula's cell; the same of the column."""
Shapes = tuple[tuple[int, int], ...]
"""The rows and columns of references."""


def patterned(text: str) -> tuple[str, Shapes, tuple[Reference, ...]] | None:
    """A relative formula with its references replaced by others of the same shapes, these shapes, and the references.
    None if the meaning of the formula depends on more than the shapes."""
    if _PLACES_MATTER.search(text):
        return None
    found: dict[str, int] = {}
    references: list[Reference] = []
    shapes: list[tuple[int, int]] = []

    def written(match: re.Match[str]) -> str:
        whole = match[0]
        if whole[0] == '"':
            return whole
        index = found.get(whole)
        if index is None:
            index = found[whole] = len(references)
            sheet, row_moves, row, column_moves, column, last_row, last_column = match.groups()
            ends = (int(row), int(last_row or row)), (int(column), int(last_column or column))
            sheet = sheet.strip("'").replace("''", "'") if sheet else ""
            references.append((sheet, min(ends[0]), int(row_moves != ""), min(ends[1]), int(column_moves != "")))
            shapes.append((abs(ends[0][0] - ends[0][1]) + 1, abs(ends[1][0] - ends[1][1]) + 1))
        return f"\0{index}\0"

    spelled = _REFERENCE.sub(written, text)
    return _spelled(spelled, tuple(shapes)), tuple(shapes), tuple(references)


@lru_cache(maxsize=20_000)
def _spelled(text: str, shapes: Shapes) -> str:
    starts = _starts(shapes)

    def reference(match: re.Match[str]) -> str:
        (rows, columns), start = shapes[int(match[1])], starts[int(match[1])]
        first = f"R[0]C[{start}]"
        return first if rows == columns == 1 else f"{first}:R[{rows - 1}]C[{start + columns - 1}]"

    return re.sub("\0(\\d+)\0", reference, text)


@lru_cache(maxsize=20_000)
def _starts(shapes: Shapes) -> list[int]:
    """The column of a pattern in which each of its references begins."""
    starts = [0]
    for _, columns in shapes:
        starts.append(starts[-1] + columns)
    return starts


def located(name: Name, shapes: Shapes) -> tuple[int, int, int]:
    """The reference that a name in a pattern belongs to, and how far down and along the cell is in its range."""
    found = parts(name.name)
    assert found, name
    starts = _starts(shapes)
    index = bisect_right(starts, found[3]) - 1
    return index, found[1], found[3] - starts[index]
