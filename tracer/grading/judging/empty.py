"""Cells of our own exercises that are to be filled in, and are empty."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracer.grading.book.cells import Position, Sheet, position
from tracer.grading.book.relative import text_at
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.sheet.tables import Table

_MARK = re.compile(r'IF\(ISBLANK\((\w+)\),"",')
"""How the mark of a cell to fill in begins, in the sheet of an exercise."""
CAUSE = cause_of("not_filled_in")


def empty_cells(sheet: Sheet, table: Table) -> list[Finding]:
    """A finding for every quantity of a table of which cells are to be filled in and hold neither a number nor a
    formula; none in a sheet that is no exercise."""
    empty = set(_to_fill_in(sheet)) - {
        place for place, cell in sheet.cells.items() if cell.formula is not None or cell.number is not None
    }
    columns = [*table.series.items(), *((stranger.header, stranger.places) for stranger in table.strangers)]
    found = ((name, tuple(place for place in places if place in empty)) for name, places in columns)
    return [Finding(name, Kind.EMPTY, places, CAUSE) for name, places in found if places]


def _to_fill_in(sheet: Sheet) -> Iterator[Position]:
    for place, cell in sheet.cells.items():
        if cell.formula is not None and cell.formula.text.startswith("IF(ISBLANK("):
            mark = _MARK.match(text_at(cell.formula, place))
            framed = position(mark[1]) if mark else None
            if framed is not None:
                yield framed


__all__ = ["empty_cells"]
