"""The cells of an exercise: which are to be filled in, and what the given ones show until then."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from openpyxl.utils import column_index_from_string

from tracer.formulas.tree import Name, distinct
from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.formulas import FIRST_ROW, TraceFormulas
from tracer.workbook.xlsx.limits import MAX_ARGUMENTS
from tracer.workbook.xlsx.names import ranges

Place = tuple[int, int]
"""A cell: its row and its column."""


def to_fill_in(trace: TraceFormulas, phases: Collection[Phase]) -> set[Place]:
    """The cells of these phases, but for those that are given, repeat the row above, or have no finite value."""
    found = set()
    for index in range(len(trace.run)):
        values, begins = trace.run.step(index), trace.begins(index)
        for name, phase in trace.columns.items():
            computed = trace.expression(name, begins, index == 0) is not None
            if phase in phases and computed and math.isfinite(values[name]):
                found.add((FIRST_ROW + index, column_index_from_string(trace.letters[name])))
    return found


@dataclass(slots=True)
class Cells:
    """The cells of a run's sheet, some of which are to be filled in.

    blanks: these. names: the quantity of each column. pending: the given cells that show nothing until blanks are
    filled.
    """

    trace: TraceFormulas
    blanks: Collection[Place]
    names: dict[int, str] = field(init=False)
    pending: dict[Place, frozenset[Place]] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {column_index_from_string(letter): name for name, letter in self.trace.letters.items()}
        self.pending = {}
        shown: set[Place] = set()
        for row in range(FIRST_ROW, self.trace.last_row + 1):
            for column in self.names:
                self._waits((row, column), shown)

    def _waits(self, place: Place, shown: set[Place]) -> bool:
        """Whether a cell is to be filled in, or waits for one that is; `shown` are those known not to."""
        if place in shown:
            return False
        if place in self.blanks or place in self.pending:
            return True
        needed = frozenset(other for other in self.needs(place) if self._waits(other, shown))
        if needed:
            self.pending[place] = needed
        else:
            shown.add(place)
        return bool(needed)

    def needs(self, place: Place) -> set[Place]:
        """The cells of quantities that a cell's formula refers to."""
        trace, (row, column) = self.trace, place
        index = row - FIRST_ROW
        name, begins = self.names[column], trace.begins(index)
        expression = trace.expression(name, begins, index == 0)
        if expression is None:
            given = index == 0 or trace.columns[name] is Phase.DATA
            return set() if given else {(row - 1, column)}
        return set(self._cells(distinct(expression), row))

    def computes(self, place: Place) -> bool:
        """Whether a cell has a formula of its own, so that it can be filled in."""
        index, name = place[0] - FIRST_ROW, self.names.get(place[1])
        if name is None or not 0 <= index < len(self.trace.run):
            return False
        return self.trace.expression(name, self.trace.begins(index), index == 0) is not None

    def _cells(self, names: Iterable[Name], row: int) -> Iterator[Place]:
        rows = self.trace.rows(row - FIRST_ROW)
        for name in names:
            if name.name in self.trace.hyper_cells or name.name == naming.COUNT:
                continue
            letter, first, last = self.trace.span(name, rows)
            yield from ((other, column_index_from_string(letter)) for other in range(int(first), int(last) + 1))

    def plain(self, place: Place) -> str | None:
        """The formula of a cell, as in the sheet of a run."""
        index = place[0] - FIRST_ROW
        trace = self.trace
        return trace.formula(self.names[place[1]], trace.rows(index), trace.begins(index), index == 0)

    def formula(self, place: Place) -> str | None:
        """The formula of a given cell: it shows nothing until what it needs is filled in."""
        plain, needed = self.plain(place), self.pending.get(place)
        return f'IF({missing(needed)},"",{plain})' if needed else plain


def missing(places: Collection[Place]) -> str:
    """The condition that at least one of these cells is not a number."""
    parts = ranges(places).split(", ")
    chunks = (",".join(parts[start : start + MAX_ARGUMENTS]) for start in range(0, len(parts), MAX_ARGUMENTS))
    return f"{'+'.join(f'COUNT({chunk})' for chunk in chunks)}<{len(places)}"
