"""The cells to blame for wrong updates: the gradient nearest to the update, the update itself, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, Graph
from tracer.grading.judging.findings import Kind
from tracer.grading.training.factors import TOLERANCE, most_common
from tracer.grading.training.judgement import Fault, Parameter
from tracer.grading.training.points import Point
from tracer.grading.training.steps import Steps, Training
from tracer.grading.training.understanding import Whole
from tracer.grading.training.updates import Update


def faults_of(
    steps: Steps, training: Training, points: Sequence[Point], found: Whole, wrong: Flags
) -> tuple[Fault, ...]:
    """The faults of all parameters with wrong updates, [parameters, steps]."""
    blame = _Blame(steps, training, points[0].values, found)
    rows = np.flatnonzero(wrong.any(1)).tolist()
    return tuple(fault for row in rows for fault in blame.faults(row, np.flatnonzero(wrong[row]).tolist()))


def parameter_of(graph: Graph, updates: Sequence[Update | None]) -> Parameter:
    """A parameter by its cells."""
    made = [update for update in updates if update is not None]
    places = tuple(graph.places[update.parameter] for update in made)
    return Parameter(places, tuple(graph.places[update.node] for update in made))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A wrong cell of a step, and the value that it should have."""

    node: int
    right: float


class _Blame:
    """Finds the wrong cells; its state is what the right updates have in common."""

    def __init__(self, steps: Steps, training: Training, values: Array, found: Whole) -> None:
        self._graph, self._cut = steps.network.graph, steps.cut
        self._training, self._values, self._found = training, values, found
        self._sign = self._factor_of_gradients()

    def faults(self, row: int, wrong: Sequence[int]) -> list[Fault]:
        """The wrong gradients of a parameter, and its wrong updates, in the steps that are wrong."""
        gradients, updates = [], []
        for step in wrong:
            update = self._training.updates[row][step]
            assert update is not None
            gradient = float(self._found.gradient[row, step, 0])
            rate = float(self._found.fit.rates[step])
            cell = self._gradient_cell(update)
            taken = gradient
            if cell is not None and not self._is(cell, gradient * self._sign):
                gradients.append(_Wrong(cell, gradient * self._sign))
                taken = float(self._values[cell]) / self._sign
            right = -rate * taken
            if cell is None or abs(self._found.change[row, step, 0] - right) > TOLERANCE * abs(right):
                updates.append(_Wrong(update.node, float(self._values[update.parameter]) - rate * gradient))
        kinds = ((Kind.FORMULA, gradients), (Kind.UPDATE, updates))
        return [self._fault(row, kind, cells) for kind, cells in kinds if cells]

    def _fault(self, row: int, kind: Kind, cells: Sequence[_Wrong]) -> Fault:
        return Fault(
            places=tuple(self._graph.places[cell.node] for cell in cells),
            kind=kind,
            value=float(self._values[cells[0].node]),
            right_value=cells[0].right,
            spoils=(parameter_of(self._graph, self._training.updates[row]),),
        )

    def _is(self, node: int, expected: float) -> bool:
        return abs(float(self._values[node]) - expected) <= TOLERANCE * abs(expected)

    def _gradient_cell(self, update: Update) -> int | None:
        """The only cell besides parameters that an update takes from the training: that of the gradient."""
        operands = set(self._graph.operands_of(update.node).tolist())
        inside = [node for node in operands if self._found.cells.region.inside[node] and not self._cut[node]]
        return inside[0] if len(inside) == 1 else None

    def _factor_of_gradients(self) -> float:
        """The cells of the gradients over the gradients, as most right updates have it: −1 where these are descents."""
        ratios = []
        for row, step in np.argwhere(self._found.fit.matched[:, :, 0]).tolist():
            update = self._training.updates[row][step]
            cell = self._gradient_cell(update) if update else None
            gradient = self._found.gradient[row, step, 0]
            if cell is not None and gradient:
                ratios.append(float(self._values[cell] / gradient))
        common = float(most_common(np.array([ratios]))[0]) if ratios else np.nan
        return common if np.isfinite(common) and common else 1.0
