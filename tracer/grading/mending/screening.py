"""Which cells of a step could make its updates right, whatever values they had: all others need no edits."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.factors import coefficients
from tracer.grading.mending.step import SIDES, Step

CLOSE = 1e-5
"""Relative difference between updates and multiples of gradients that are the same."""
SMALL = 1e-7
"""Updates that are as small, as a part of the largest one, are not compared."""
MOST_CELLS = 16
"""Cells whose values are solved for."""
ROUNDING = 1e-9
"""How far a linear function of the cells may be off, as a part of the updates."""


class Screen:
    """Compares what a step's updates would be with the gradients of its loss. rates: the factors between both that are
    right; empty if they are not known."""

    def __init__(self, step: Step, rates: Collection[float]) -> None:
        self._step, self._rates = step, rates
        self._changes = step.changes()[0]
        size = np.abs(self._changes)
        known = np.isfinite(self._changes) & np.isfinite(step.gradients)
        self._compared = known & (size > SMALL * np.nanmax(np.where(known, size, 0.0), 0, initial=0.0))

    def may_mend(self, nodes: IntArray) -> bool:
        """Whether some values of these cells, which the loss does not depend on, could make all updates right."""
        reached = self._step.targets_of(nodes)
        rates = self._rates_of(~reached)
        if rates is None:
            return False
        return len(nodes) > MOST_CELLS or not len(rates) or self._solvable(nodes, rates)

    def _rates_of(self, rows: Flags) -> list[float] | None:
        """The rates that these updates leave open; None if they have different ones."""
        compared = self._compared & rows[:, None]
        if not compared.any():
            return list(self._rates)
        found = (self._changes / self._step.gradients)[compared]
        rate = float(np.median(found))
        if not (np.abs(found - rate) <= CLOSE * abs(rate)).all():
            return None
        return [rate]

    def _solvable(self, nodes: IntArray, rates: Collection[float]) -> bool:
        """Whether values of these cells exist for one of the rates, as far as the updates are linear in them."""
        slopes = self._slopes(nodes)
        if slopes is None:
            return True
        return any(all(self._fits(slopes, rate, point) for point in range(slopes.shape[2])) for rate in rates)

    def _fits(self, slopes: Array, rate: float, point: int) -> bool:
        rows = self._compared[:, point]
        lacks = rate * self._step.gradients[rows, point] - self._changes[rows, point]
        scale = np.maximum(np.abs(self._changes[rows, point]), np.abs(rate * self._step.gradients[rows, point]))
        matrix = slopes[rows, :, point] / scale[:, None]
        found = coefficients(matrix, lacks / scale)
        return found is None or bool((np.abs(matrix @ found - lacks / scale) <= CLOSE).all())

    def _slopes(self, nodes: IntArray) -> Array | None:
        """The derivatives of the updates by the cells, [parameters, cells, points]; None where they are not linear."""
        now = self._step.at[nodes]
        moved = np.abs(now) + 1.0
        random = np.random.default_rng(len(nodes)).uniform(0.5, 1.5, len(nodes))[:, None]
        values = np.stack(
            [
                *(now + moved * (np.arange(len(nodes)) == cell)[:, None] for cell in range(len(nodes))),
                now - moved * random,
            ]
        )
        changes = self._step.changes(nodes, values) - self._changes
        by_cell = np.moveaxis(changes[:-1], 0, 1)
        linear = changes[-1] + np.einsum("ick,c->ik", by_cell, random[:, 0])
        size = np.abs(self._changes) + np.abs(changes).max(0)
        if not (np.abs(linear) <= ROUNDING * size)[self._compared].all():
            return None
        slopes: Array = by_cell / moved[None, :, ::SIDES]
        return slopes
