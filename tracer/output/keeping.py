"""Which iterations of a run are written, and choosing them as they are computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.execution.runs import Stretch
from tracer.model.batches import Batches, Keep, kept_of

DOUBLE = 8
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Iterations to write: their numbers, from 0, and their rows, as in a Stretch."""

    numbers: range | list[int]
    rows: memoryview[float]

    def places(self, batches: Batches, width: int) -> list[tuple[int, int]]:
        """The iteration and the sample, both from 1, of the rows of so many quantities."""
        rows = len(self.rows) // width
        if isinstance(self.numbers, range):
            first = batches.first_row(self.numbers.start)
            return [*batches.places(first, first + rows)]
        return [*kept_of(batches, self.numbers).places(0, rows)] if rows else []


def kept(stretches: Iterator[Stretch], keep: Keep, batches: Batches, width: int) -> Iterator[Kept]:
    """What is kept of each stretch, and then of the last iterations."""
    if keep.all:
        for stretch in stretches:
            yield Kept(range(stretch.done, stretch.done + _count(stretch, batches, width)), stretch.rows)
        return
    tail = 1 if keep.tail is None else keep.tail
    last: list[tuple[int, bytes]] = []  # the iterations that are the last ones so far
    for stretch in stretches:
        first, end = stretch.done, stretch.done + _count(stretch, batches, width)
        settled = max(first, end - tail)  # before it, no iteration of this stretch is one of the last
        chosen = [(number, rows) for number, rows in last if number < end - tail and keep.spaced(number, number + 1)]
        chosen += [(number, _rows(stretch, number, batches, width)) for number in keep.spaced(first, settled)]
        last = [(number, rows) for number, rows in last if number >= end - tail]
        last += [(number, _rows(stretch, number, batches, width)) for number in range(settled, end)]
        yield _kept(chosen)
    yield _kept(last)


def _count(stretch: Stretch, batches: Batches, width: int) -> int:
    """The iterations of a stretch; one that stopped half-way counts."""
    rows = len(stretch.rows) // width
    return batches.iteration(batches.first_row(stretch.done) + rows - 1) + 1 - stretch.done if rows else 0


def _rows(stretch: Stretch, number: int, batches: Batches, width: int) -> bytes:
    """A copy of an iteration's rows."""
    first = batches.first_row(stretch.done)
    begin, end = batches.first_row(number) - first, batches.first_row(number + 1) - first
    return stretch.rows[begin * width : end * width].tobytes()


def _kept(iterations: list[tuple[int, bytes]]) -> Kept:
    rows = b"".join(rows for _, rows in iterations)
    return Kept([number for number, _ in iterations], memoryview(rows).cast("d"))
