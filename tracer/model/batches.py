"""The plan of a run: which samples each iteration takes, and which iterations are kept."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, count, islice, repeat

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

    def numbers(self, first: int = 0) -> Iterator[int]:
        """The iterations from `first` on."""
        return count(first)

    def places(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The iteration and the sample, both counted from 1, of the rows from `first` to before `end`."""
        number = self.iteration(first)
        if self.samples == 1:
            return zip(map((1).__add__, self.numbers(number)), repeat(1, end - first), strict=False)
        skipped = first - self.first_row(number)
        steps = (
            (iteration + 1, sample + 1)
            for iteration, batch in zip(self.numbers(number), self.taken(number), strict=False)
            for sample in batch
        )
        return islice(steps, skipped, skipped + end - first)

    def pass_rows(self, complete: int, last: bool) -> range:
        """The rows of the first or the last complete pass through the samples, of so many complete rows; all of them if
        no pass is complete."""
        passes = complete // self.samples
        first = (passes - 1) * self.samples if last and passes else 0
        return range(first, min(first + self.samples, complete))


@dataclass(frozen=True, slots=True)
class KeptBatches(Batches):
    """The plan of a run of which some iterations are kept: iterations have the numbers of the whole run, and rows count
    those that are kept.

    kept: these iterations, in their order. starts: the first row of each, and the end.
    """

    kept: tuple[int, ...] = ()
    starts: tuple[int, ...] = (0,)

    def first_row(self, iteration: int) -> int:
        """The first row of an iteration, or of the next one that is kept."""
        return self.starts[bisect_left(self.kept, iteration)]

    def iteration(self, row: int) -> int:
        """The iteration that a row belongs to; after the last row, the one after the last that is kept."""
        place = bisect_right(self.starts, row) - 1
        return self.kept[place] if place < len(self.kept) else self.kept[-1] + 1

    def taken(self, first: int = 0) -> Iterator[list[int]]:
        """The samples of every iteration that is kept, from `first` on."""
        return (next(Batches.taken(self, number)) for number in self.numbers(first))

    def numbers(self, first: int = 0) -> Iterator[int]:
        """The iterations that are kept, from `first` on."""
        return iter(self.kept[bisect_left(self.kept, first) :])

    def pass_rows(self, complete: int, last: bool) -> range:
        """The rows of the first or the last complete iteration: no pass need be kept."""
        whole = bisect_right(self.starts, complete) - 1
        chosen = whole - 1 if last and whole else 0
        return range(self.starts[chosen], self.starts[chosen + 1]) if whole else range(0)


def kept_of(batches: Batches, kept: Iterable[int]) -> KeptBatches:
    """The plan of a run of which these iterations are kept."""
    numbers = tuple(kept)
    rows = (batches.first_row(number + 1) - batches.first_row(number) for number in numbers)
    starts = tuple(accumulate(rows, initial=0))
    return KeptBatches(batches.samples, batches.size, batches.reduction, batches.seed, numbers, starts)


@dataclass(frozen=True, slots=True)
class Keep:
    """Which iterations are kept, with all their rows; all of them by default.

    every: each one whose number is a multiple, the first and the last. tail: so many at the end. With both, what either
    keeps.
    """

    every: int | None = None
    tail: int | None = None

    @property
    def all(self) -> bool:
        """Whether every iteration is kept."""
        return self.every == 1 or (self.every is None and self.tail is None)

    def spaced(self, first: int, end: int) -> list[int]:
        """Those that `every` keeps of the iterations from `first` to before `end`, which count from 0; the last one of
        a run besides."""
        if not self.every:
            return []
        chosen = [*range(first + -(first + 1) % self.every, end, self.every)]
        return [0, *chosen] if first == 0 < end and self.every > 1 else chosen

    def most(self, iterations: int) -> int:
        """The most of so many iterations that are kept."""
        if self.all:
            return iterations
        spaced = 2 + iterations // self.every if self.every else 0
        return min(iterations, spaced + (self.tail or 0))

    def __str__(self) -> str:
        spaced = f"the first iteration, each {ordinal(self.every)} and the last one" if self.every else ""
        last = f"the last {self.tail:,} iterations" if self.tail else ""
        return " and ".join(filter(None, [spaced, last])) or "every iteration"


ALL = Keep()


def ordinal(number: int) -> str:
    """A number as in "the 21st"."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
