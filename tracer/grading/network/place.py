"""The place of a row in its batch, and how many rows of others are around it."""

from __future__ import annotations

from typing import NamedTuple

from tracer.model.batches import REDUCTIONS

MEAN, SUM = REDUCTIONS["mean"], REDUCTIONS["sum"]


class Place(NamedTuple):
    """The place of a row: its position in its batch, from 0; how many rows the batch before has (0 where there is
    none, and the states of the optimizer have the values that they start from), its own, the next."""

    position: int
    before: int
    own: int
    after: int

    def batches_back(self, lag: int) -> int:
        """The number of batches between this one and the row `lag` rows above."""
        row = self.position - lag
        if row < 0:
            return (-row - 1) // (self.before or self.own) + 1
        return 0 if row < self.own else -((row - self.own) // self.after + 1)

    def lags(self, batch: int) -> range:
        """How many rows above this one the rows of a batch stand, from its first on: of the own one (0), of the one
        before (1), of the next one (−1)."""
        first, size = {
            1: (self.position + self.before, self.before),
            0: (self.position, self.own),
            -1: (self.position - self.own, self.after),
        }[batch]
        return range(first, first - size, -1)


ALONE = Place(0, 1, 1, 1)
"""Every row is a batch of its own."""
