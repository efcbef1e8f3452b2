"""The outcome of a sweep: its table, a row a run, and what is to be said of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.config import yamlfile
from tracer.config.grid import Grid
from tracer.execution.sweep.planning import Planned
from tracer.execution.sweep.results import Results

if TYPE_CHECKING:
    import pandas as pd

RUN = "run"
COLUMNS: Mapping[str, Callable[[Results], Any]] = {
    "first_loss": lambda results: results.first_loss,
    "best_loss": lambda results: results.best_loss,
    "final_loss": lambda results: results.final_loss,
    "iterations_done": lambda results: results.iterations,
    "iterations_to_1_percent": lambda results: results.to_fraction,
    "until_met": lambda results: results.until_met,
    "diverged": lambda results: results.diverged,
    "diverged_quantity": lambda results: results.quantity,
}
"""What the table has of a run, besides its number and the varied keys; 0 for a number of iterations stands for none."""
FINAL = "final_"
"""Before the name of a parameter: its value after the last update."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table. values: one a run; whole numbers, doubles (NaN for none), or texts. none: the value that
    stands for none. lengths: of a curve, of which the values are rows, how many numbers of each row there are."""

    name: str
    values: Any
    none: Any = None
    lengths: Any = None


def columns(grid: Grid, results: Results, first: int) -> Iterator[Column]:
    """The columns of some runs, of which `first` (from 0) is the first one."""
    count = len(results)
    yield Column(RUN, np.arange(first + 1, first + count + 1))
    points = points_of(grid, first, count)
    for place, varied in enumerate(grid.varied):
        yield Column(varied.key, cells_of(varied.values)[points[:, place]])
    for name, of in COLUMNS.items():
        values = of(results)
        none = {"i": 0, "O": ""}.get(values.dtype.kind) if name != "iterations_done" else None
        yield Column(name, values, none)
    for name, values in results.final.items():
        yield Column(FINAL + name, values)
    for name, values in results.curves.items():
        yield Column(name, values, lengths=results.iterations)


def points_of(grid: Grid, first: int, count: int) -> Any:
    """As `grid.point`, of so many runs at once: a row a run, a column a key."""
    numbers = np.arange(first, first + count) if grid.drawn is None else np.array(grid.drawn[first : first + count])
    sizes = [len(varied.values) for varied in grid.varied]
    return np.stack(np.unravel_index(numbers.astype(np.int64), sizes), axis=1)


def cells_of(values: Sequence[Any]) -> Any:
    """The values of a key as they stand in a column: numbers, or texts."""
    if isinstance(values, range) and all(-(2**63) <= end < 2**63 for end in (values[0], values[-1])):
        return np.arange(len(values)) * values.step + values.start
    kinds = {type(value) for value in values}
    if kinds <= {int} and all(abs(value) < 2**63 for value in values):
        return np.array(values, np.int64)
    if all(issubclass(kind, (int, float)) and kind is not bool for kind in kinds):
        return np.array(values, float)
    return np.array([value if isinstance(value, str) else yamlfile.written(value) for value in values], object)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Many runs of a config. grid: the keys that vary. results: of every run, in the order of the grid."""

    planned: Planned
    results: Results

    def __repr__(self) -> str:
        keys = " × ".join(f"{varied.key} ({len(varied.values):,})" for varied in self.grid.varied)
        return f"<Sweep of {len(self):,} runs over {keys}>"

    def __len__(self) -> int:
        return len(self.results)

    @property
    def grid(self) -> Grid:
        """The keys that vary, with their values."""
        return self.planned.plan.grid

    def to_frame(self) -> pd.DataFrame:
        """A data frame with a row for each run; curves as arrays of the iterations that a run has."""
        import pandas as pd

        found: dict[str, Any] = {}
        for column in columns(self.grid, self.results, 0):
            if column.lengths is not None:
                rows = zip(column.values, column.lengths, strict=True)
                found[column.name] = pd.Series([values[:length] for values, length in rows], dtype=object)
            elif column.none == 0:
                found[column.name] = pd.array(column.values, "Int64")
                found[column.name][column.values == 0] = pd.NA
            else:
                found[column.name] = column.values
        return pd.DataFrame(found)

    def setting(self, run: int) -> dict[str, Any]:
        """The values of the varied keys in a run, counted from 0."""
        point = self.grid.point(run)
        return {varied.key: varied.values[place] for varied, place in zip(self.grid.varied, point, strict=True)}

    @property
    def ranked(self) -> Any:
        """The runs that have a final loss, from 0, the best first."""
        losses = self.results.final_loss
        order = np.argsort(losses, kind="stable")
        return order[np.isfinite(losses[order])]

    @property
    def diverged(self) -> int:
        """How many runs met a number that is not finite."""
        return int(np.count_nonzero(self.results.diverged))

    def edges(self) -> list[str]:
        """For each key of numbers, from where on runs diverge: a sentence."""
        found = []
        if self.diverged == 0:
            return []
        points = points_of(self.grid, 0, len(self))
        failed = self.results.diverged > 0
        for place, varied in enumerate(self.grid.varied):
            values = cells_of(varied.values)
            if values.dtype.kind == "O" or len(values) < 2:
                continue
            share = _shares(points[:, place], failed, len(values))
            sentence = _edge(values, share)
            if sentence:
                found.append(f"{varied.key}: {sentence}")
        return found


def _shares(places: Any, failed: Any, count: int) -> Any:
    """The part of runs that failed at each value; NaN where there are none."""
    runs = np.bincount(places, minlength=count)
    with np.errstate(invalid="ignore"):
        return np.bincount(places, failed, minlength=count) / runs


def _edge(values: Any, share: Any) -> str:
    """From which value on runs diverge, all or some; empty where that does not depend on the value in one direction."""
    known = ~np.isnan(share)
    order = np.argsort(values[known], kind="stable")
    values, share = values[known][order], share[known][order]
    direction = "from {} on"
    if len(share) and share[0] > 0 and share[-1] == 0:
        values, share, direction = values[::-1], share[::-1], "down from {}"
    if not len(share) or share[0] > 0 or not share.any():
        return ""
    begin = int(np.argmax(share > 0))
    all_from = len(share) - int(np.argmin((share == 1)[::-1])) if not (share == 1).all() else 0
    sides = f"no run diverges {'up' if direction.startswith('from') else 'down'} to {values[begin - 1]:.6g}"
    if all_from < len(share):
        if all_from == begin:
            return f"{sides}, every run {direction.format(f'{values[begin]:.6g}')}"
        return (
            f"{sides}, some do {direction.format(f'{values[begin]:.6g}')}, "
            f"every run {direction.format(f'{values[all_from]:.6g}')}"
        )
    return f"{sides}, some do {direction.format(f'{values[begin]:.6g}')} ({share[begin:].mean():.0%} there)"


def number(value: float) -> str:
    """A number in a sentence; a dash for none."""
    return "—" if math.isnan(value) else f"{value:.6g}"
