"""The numbers of a table as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from tracer.expression import Name
from tracer.grading.cells import Cell, Position
from tracer.grading.numbers import Array
from tracer.grading.tables import Table


class Rows(Mapping[Name, Array]):
    """A table's quantities by name and lag, as arrays over its steps. NaN where a cell holds no number, and where the
    lag leads out of the table."""

    def __init__(self, columns: Mapping[str, Array], scalars: Mapping[str, float], steps: int) -> None:
        self.columns, self.scalars, self.steps = columns, scalars, steps
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
        if not name.lag:
            return column
        out = np.full(self.steps, np.nan)
        if 0 < name.lag < self.steps:
            out[name.lag :] = column[: -name.lag]
        elif 0 < -name.lag < self.steps:
            out[: name.lag] = column[-name.lag :]
        return out

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

    def moved(self, name: Name, by: Array) -> Mapping[Name, Array]:
        """The same, one quantity with something added."""
        return _Moved(self, name, self[name] + by)

    def picked(self, steps: npt.NDArray[np.intp]) -> Mapping[Name, Array]:
        """The same, of some steps only."""
        return _Picked(self, steps)


class _Moved(Mapping[Name, Array]):
    """The rows, one quantity moved."""

    def __init__(self, rows: Rows, name: Name, moved: Array) -> None:
        self.rows, self.name, self.moved = rows, name, moved

    def __getitem__(self, name: Name) -> Array:
        return self.moved if name == self.name else self.rows[name]

    def __iter__(self) -> Iterator[Name]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class _Picked(Mapping[Name, Array]):
    def __init__(self, rows: Rows, steps: npt.NDArray[np.intp]) -> None:
        self.rows, self.steps = rows, steps

    def __getitem__(self, name: Name) -> Array:
        picked: Array = self.rows[name][self.steps]
        return picked

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
