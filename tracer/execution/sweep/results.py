"""The results of a sweep, as arrays with one element per run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
LOSS = "losses"
"""The curve of the loss."""
FRACTION = 0.01
"""The part of its first loss that a run is to reach."""


@dataclass(slots=True)
class Results:
    """Runs, one element each; all values are dimensionless, and NaN (0 for a number of iterations) where there is none.

    first_loss, best_loss: the first and the smallest loss of an iteration; of a batch where there are any. final_loss:
    of all samples, after the last update. iterations: those with all values. to_fraction: the first iteration whose
    loss is at most FRACTION of the first one. until_met: the iteration after which the condition held. diverged: the
    iteration with the first quantity without a finite value, and quantity: which one. final: the parameters after the
    last update. curves: with `keep`, quantities by iteration, a row a run.
    """

    first_loss: Array
    best_loss: Array
    final_loss: Array
    iterations: npt.NDArray[np.int64]
    to_fraction: npt.NDArray[np.int64]
    until_met: npt.NDArray[np.int64]
    diverged: npt.NDArray[np.int64]
    quantity: npt.NDArray[np.object_]
    final: Mapping[str, Array] = field(default_factory=dict)
    curves: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.final_loss)

    def part(self, first: int, end: int) -> Results:
        """The runs from `first` to before `end`."""
        return Results(*(_part(getattr(self, item.name), slice(first, end)) for item in fields(self)))

    def put(self, places: npt.NDArray[np.int64], others: Results) -> None:
        """Take over the results of others, at these places."""
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(others, item.name)
            if not isinstance(mine, Mapping):
                mine[places] = theirs
                continue
            for name, values in theirs.items():
                mine[name][places, ..., *(slice(length) for length in values.shape[1:])] = values


def _part(values: Any, chosen: slice) -> Any:
    if isinstance(values, Mapping):
        return {name: found[chosen] for name, found in values.items()}
    return values[chosen]


def empty(runs: int, parameters: Iterable[str], curves: Iterable[str], iterations: int) -> Results:
    """Results without values."""

    def numbers() -> Array:
        return np.full(runs, np.nan)

    def counts() -> npt.NDArray[np.int64]:
        return np.zeros(runs, np.int64)

    return Results(
        numbers(), numbers(), numbers(), counts(), counts(), counts(), counts(), np.full(runs, "", object),
        {name: numbers() for name in parameters},
        {name: np.full((runs, iterations), np.nan) for name in curves},
    )  # fmt: skip


def joined(parts: Mapping[int, Results], total: int) -> Results:
    """Results of blocks, by their first run, as one."""
    parameters = dict.fromkeys(name for part in parts.values() for name in part.final)
    curves = dict.fromkeys(name for part in parts.values() for name in part.curves)
    longest = max((values.shape[1] for part in parts.values() for values in part.curves.values()), default=0)
    results = empty(total, parameters, curves, longest)
    for first, part in parts.items():
        results.put(np.arange(first, first + len(part)), part)
    return results
