"""A few parameters and steps of a training, and the derivatives of all cells by them: enough to find its loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.steps.cells import Cells, cells_of
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import NONE, Steps, Training
from tracer.grading.updates.updates import added

PARAMETERS, STEPS, LEADING = 16, 12, 6
"""How many are sampled; so many of the steps are the first ones."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sampled parameters and steps of a training.

    cells: by step. change: what the updates add, [parameters, steps, points]. tangents: of the nodes of `cells` by the
    sampled parameters of their step, [nodes, parameters, points]. values: of the parameters, like `change`.
    """

    cells: Cells
    parameters: IntArray
    change: Array
    values: Array
    tangents: Array


def changes(steps: Steps, training: Training, parameters: IntArray, chosen: IntArray, points: Sequence[Point]) -> Array:
    """What the updates add to the parameters, [parameters, steps, points]; NaN where there is none."""
    found = np.full((len(parameters), len(chosen), len(points)), np.nan)
    where = [
        (row, column, update)
        for row, parameter in enumerate(parameters.tolist())
        for column, step in enumerate(chosen.tolist())
        if (update := training.updates[parameter][step]) is not None
    ]
    rows, columns = [row for row, _, _ in where], [column for _, column, _ in where]
    for number, point in enumerate(points):
        found[rows, columns, number] = added(steps.network.graph, point.values, [update for _, _, update in where])
    return found


def sample_of(steps: Steps, training: Training, points: Sequence[Point]) -> Sample:
    """A sample of a training."""
    count = len(steps.network.graph.text)
    parameters = _spread(training.seeds.shape[0], PARAMETERS)
    chosen = _spread(training.seeds.shape[1], STEPS, LEADING)
    cells = cells_of(steps, training, chosen)
    start = np.zeros((count, len(parameters)))
    for column, parameter in enumerate(parameters.tolist()):
        own = training.seeds[parameter, chosen]
        start[own[own != NONE], column] = 1.0
    tangents = np.stack([cells.region.forward(start, point.slope)[cells.nodes] for point in points], 2)
    change = changes(steps, training, parameters, chosen, points)
    return Sample(cells, parameters, change, values_of(cells.seeds[parameters], points), tangents)


def values_of(nodes: IntArray, points: Sequence[Point]) -> Array:
    """The values of nodes at each point; NaN for -1."""
    return np.stack([np.where(nodes == NONE, np.nan, point.values[nodes]) for point in points], nodes.ndim)


def _spread(size: int, most: int, leading: int = 0) -> IntArray:
    """Up to so many numbers below `size`: the first `leading` ones, and others spread evenly, the last among them."""
    spread = np.linspace(0, size - 1, min(size, most - leading)).astype(int)
    return np.unique(np.concatenate([np.arange(min(size, leading)), spread]))
