"""The numbers of a table as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from tracer.formulas.tree import Name
from tracer.grading.book.cells import Cell, Position
from tracer.grading.book.numbers import Array, Quantities
from tracer.grading.network.plan import Plan
from tracer.grading.sheet.tables import Table


class Rows(Quantities):
    """A table's quantities by name and lag, as arrays over its steps. NaN where a cell holds no number, and where the
    lag leads out of the table.

    plan: the batches of the table, where a batch has several rows. A lag of what there is once a batch counts batches;
    a name that stands for its values in all rows of a batch has a row's own value in every row.
    """

    def __init__(
        self, columns: Mapping[str, Array], scalars: Mapping[str, float], steps: int, plan: Plan | None = None
    ) -> None:
        self.columns, self.scalars, self.steps, self.plan = columns, scalars, steps, plan
        self._shifted: dict[Name, Array] = {}

    def __getitem__(self, name: Name) -> Array:
        known = self._shifted.get(name)
        if known is None:
            known = self._shifted[name] = self._shift(name)
        return known

    def _shift(self, name: Name) -> Array:
        if name.name not in self.columns:
            if name.name in self.scalars:
                return np.full(self.steps, self.scalars[name.name])
            return np.full(self.steps, np.nan)
        column = self.columns[name.name]
        if self.plan and name.name in self.plan.shared:
            return self.plan.of_batch(column, 0 if name.batch else name.lag)
        if not name.lag or name.batch:
            return column
        out = np.full(self.steps, np.nan)
        if 0 < name.lag < self.steps:
            out[name.lag :] = column[: -name.lag]
        elif 0 < -name.lag < self.steps:
            out[: name.lag] = column[-name.lag :]
        return out

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        assert self.plan is not None
        return self.plan.reduced(how, lag, np.broadcast_to(members, (self.steps,)))

    def changed(self, columns: Mapping[str, Array] | None = None, scalars: Mapping[str, float] | None = None) -> Rows:
        """The same with other columns, or other numbers that stand once."""
        return Rows(
            self.columns if columns is None else columns,
            self.scalars if scalars is None else scalars,
            self.steps,
            self.plan,
        )

    def by_row(self) -> Rows:
        """The same, every lag counted in rows."""
        return Rows(self.columns, self.scalars, self.steps) if self.plan else self

    def __iter__(self) -> Iterator[Name]:
        return iter(Name(name) for name in (*self.columns, *self.scalars))

    def __len__(self) -> int:
        return len(self.columns) + len(self.scalars)

    @property
    def names(self) -> frozenset[str]:
        """The quantities that stand in the table, or once for all its steps."""
        return frozenset((*self.columns, *self.scalars))

    def has(self, name: str) -> bool:
        """Whether the quantity stands in the table, or once for all its steps."""
        return name in self.columns or name in self.scalars

    def picked(self, steps: npt.NDArray[np.intp]) -> Mapping[Name, Array]:
        """The same, of some steps only."""
        return _Picked(self, steps)


class _Picked(Quantities):
    def __init__(self, rows: Rows, steps: npt.NDArray[np.intp]) -> None:
        self.rows, self.steps = rows, steps

    def __getitem__(self, name: Name) -> Array:
        column = self.rows[name]
        picked: Array = column if name.batch else column[self.steps]
        return picked

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        picked: Array = self.rows.over_batch(how, lag, members)[self.steps]
        return picked

    def __iter__(self) -> Iterator[Name]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class Moved(Quantities):
    """The rows, one quantity moved."""

    def __init__(self, rows: Rows, name: Name, moved: Array) -> None:
        self.rows, self.name, self.moved = rows, name, moved

    def __getitem__(self, name: Name) -> Array:
        return self.moved if name == self.name else self.rows[name]

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        return self.rows.over_batch(how, lag, members)

    def __iter__(self) -> Iterator[Name]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def rows_of(table: Table, cells: Mapping[Position, Cell]) -> Rows:
    """The table's numbers."""
    steps = table.steps
    columns = {}
    for name, places in table.series.items():
        values = [cell.value if (cell := cells.get(p)) and isinstance(cell.value, float) else np.nan for p in places]
        column = np.array(values + [np.nan] * (steps - len(values)), float)
        if not np.isnan(column).all() or any(p in cells for p in places):
            columns[name] = column
    return Rows(columns, {name: scalar.value for name, scalar in table.scalars.items()}, steps)
