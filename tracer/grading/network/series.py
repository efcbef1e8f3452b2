"""A table as found, and its numbers as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tracer.formulas.notation.numpy import Array, Quantities
from tracer.formulas.tree import Name
from tracer.grading.book.cells import Book, Cell, Position, Sheet
from tracer.grading.network.plan import Plan
from tracer.grading.sheet.tables import Table
from tracer.model import naming

Steps = npt.NDArray[np.intp]
"""Selected steps of a table."""


@dataclass(frozen=True, slots=True)
class Found:
    """A table of a sheet, as found; its columns may be interpreted differently (`table`)."""

    book: Book
    sheet: Sheet
    table: Table

    def cells(self, places: Iterable[Position]) -> list[Cell | None]:
        """The cells at these positions; None for an empty one."""
        return [self.sheet.cells.get(place) for place in places]

    def of(self, name: str) -> list[Cell | None]:
        """The cells of a quantity, in their steps."""
        return self.cells(self.table.series[name])

    def has_formulas(self, name: str) -> bool:
        """Whether a quantity has formulas, whether computed or not."""
        return any(cell and cell.formula for cell in self.of(name))


@dataclass(frozen=True, eq=False)
class Rows(Quantities):
    """A table's quantities by name and lag, as arrays over its steps. NaN where a cell holds no number, and where the
    lag leads out of the table, or to an iteration before those that are left out.

    columns: quantity → its value in every step. scalars: the numbers that stand once. plan: the batches of the table,
    where a batch has several rows. A lag of what there is once a batch counts batches; a name that stands for its
    values in all rows of a batch has a row's own value in every row. only: the steps that are looked at;
    None for all. start: what has a value before the first row, where that is the first iteration.
    """

    columns: Mapping[str, Array]
    scalars: Mapping[str, float]
    steps: int
    plan: Plan | None = None
    only: Steps | None = None
    start: Mapping[str, float] = field(default_factory=dict)
    _known: dict[Name, Array] = field(default_factory=dict, init=False)

    def __getitem__(self, name: Name) -> Array:
        known = self._known.get(name)
        if known is None:
            known = self._shifted(name)
            known = self._known[name] = known if self.only is None or name.batch else known[self.only]
        return known

    def _shifted(self, name: Name) -> Array:
        if name.name not in self.columns:
            return np.full(self.steps, self.scalars.get(name.name, np.nan))
        column, before = self.columns[name.name], self.start.get(name.name, np.nan) if name.lag > 0 else np.nan
        shifted = self._lagged(name, column, before)
        return shifted if self.left_out is None else self._adjacent(name, shifted)

    def _lagged(self, name: Name, column: Array, before: float) -> Array:
        """A column at a lag. before: its value before the first row."""
        if self.plan and name.name in self.plan.shared:
            of_batch = self.plan.of_batch(column, 0 if name.batch else name.lag)
            return of_batch if np.isnan(before) else np.where(self.plan.batch < name.lag, before, of_batch)
        if not name.lag or name.batch:
            return column
        out = np.full(self.steps, before)
        if 0 < name.lag < self.steps:
            out[name.lag :] = column[: -name.lag]
        elif 0 < -name.lag < self.steps:
            out[: name.lag] = column[-name.lag :]
        return out

    @cached_property
    def left_out(self) -> Array | None:
        """How many iterations are left out before each row, by the column that counts them; None for none."""
        numbers = self.columns.get(naming.ITERATION)
        if numbers is None or not np.isfinite(numbers).all():
            return None
        missing = np.maximum(np.diff(numbers, prepend=numbers[:1]) - 1, 0)
        return np.cumsum(missing) if missing.any() else None

    def _adjacent(self, name: Name, shifted: Array) -> Array:
        """The values that come from as many iterations before as rows."""
        assert self.left_out is not None
        there = self._lagged(name, self.left_out, 0.0)
        return np.where(np.isnan(there) | (there == self.left_out), shifted, np.nan)

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        assert self.plan is not None
        reduced = self.plan.reduced(how, lag, np.broadcast_to(members, (self.steps,)))
        if lag and self.left_out is not None:
            reduced = np.where(self.plan.of_batch(self.left_out, lag) == self.left_out, reduced, np.nan)
        return reduced if self.only is None else reduced[self.only]

    def known(self, name: str) -> Array:
        """The numbers of a quantity, without missing ones."""
        column = self[Name(name)]
        return column[np.isfinite(column)]

    def varies(self, name: str) -> bool:
        """Whether a quantity has different numbers."""
        known = self.known(name)
        return bool(len(known)) and bool(np.ptp(known) > 0)

    def by_row(self) -> Rows:
        """The same, with every lag counted in rows."""
        return replace(self, plan=None) if self.plan else self

    def with_scalars(self, **numbers: float) -> Rows:
        """The same with added or replaced scalars."""
        return replace(self, scalars={**self.scalars, **numbers})

    def with_array(self, name: Name, array: Array) -> Rows:
        """The same with the array of one quantity replaced, at one lag."""
        other = replace(self)
        other._known.update({**self._known, name: array})
        return other

    def __iter__(self) -> Iterator[Name]:
        return iter(Name(name) for name in (*self.columns, *self.scalars))

    def __len__(self) -> int:
        return len(self.columns) + len(self.scalars)

    @cached_property
    def names(self) -> frozenset[str]:
        """The quantities of the table, including those given once for all steps."""
        return frozenset((*self.columns, *self.scalars))


def rows_of(found: Found) -> Rows:
    """The table's numbers."""
    table = found.table
    columns = {}
    for name, cells in ((name, found.cells(places)) for name, places in table.series.items()):
        column = np.full(table.steps, np.nan)
        column[: len(cells)] = [cell.value if cell and isinstance(cell.value, float) else np.nan for cell in cells]
        if any(cells):
            columns[name] = column
    return Rows(columns, {name: scalar.value for name, scalar in table.scalars.items()}, table.steps)
