"""Which samples each iteration takes: one after the other, a few at a time, or all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracer.formulas.tree import Function

REDUCTIONS: Mapping[str, Function] = {name: Function(name) for name in ("mean", "sum")}
"""Reductions over a batch: functions of a quantity in all rows of the batch."""


@dataclass(frozen=True, slots=True)
class Batches:
    """The plan of a run: an iteration takes `size` samples, one row each; a pass takes every sample once. Rows, samples
    and iterations count from 0 here.

    samples: their number. size: of a batch; the last one of a pass may be smaller. reduction: how the values of
    a batch become one, from REDUCTIONS. seed: of the order, drawn anew for every pass; None keeps the samples in their
    order.
    """

    samples: int = 1
    size: int = 1
    reduction: str = "mean"
    seed: int | None = None

    @property
    def per_pass(self) -> int:
        """Iterations per pass through the samples."""
        return -(-self.samples // self.size)

    @property
    def several(self) -> bool:
        """Whether an iteration has more than one row."""
        return self.size > 1

    @property
    def rows(self) -> int:
        """Rows per iteration; 0 if the last iteration of a pass has fewer."""
        return 0 if self.samples % self.size else self.size

    def first_row(self, iteration: int) -> int:
        """The first row of an iteration."""
        passes, rest = divmod(iteration, self.per_pass)
        return passes * self.samples + rest * self.size

    def iteration(self, row: int) -> int:
        """The iteration that a row belongs to."""
        passes, rest = divmod(row, self.samples)
        return passes * self.per_pass + rest // self.size

    def order(self, number: int) -> list[int]:
        """The samples in the order in which a pass takes them. A stable sort by numbers of `random.random`, the one
        sequence that Python promises to keep."""
        if self.seed is None:
            return list(range(self.samples))
        keys = random.Random(f"{self.seed} {number}")
        return sorted(range(self.samples), key=lambda _: keys.random())

    def taken(self, first: int = 0) -> Iterator[list[int]]:
        """The samples of every iteration from `first` on, endlessly."""
        passes, rest = divmod(first, self.per_pass)
        while True:
            order = self.order(passes)
            for start in range(rest * self.size, self.samples, self.size):
                yield order[start : start + self.size]
            passes, rest = passes + 1, 0
