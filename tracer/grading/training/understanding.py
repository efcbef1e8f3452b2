"""What a training was found to minimize, and how its updates compare with the gradients of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.losses.factors import Fit, fit
from tracer.grading.losses.guesses import Guess, guesses
from tracer.grading.losses.losses import Role, Roles
from tracer.grading.losses.sampling import Sample, changes
from tracer.grading.steps.cells import Cells, cells_of
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import NONE, Steps, Training

Loss = Role | Guess
"""What may be minimized: a cell of the sheet or a usual loss."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A loss, and how the updates of a sample compare with its gradients, [parameters, steps, points]."""

    loss: Loss
    gradient: Array
    fit: Fit

    @property
    def guessed(self) -> bool:
        """Whether it is not a cell of the sheet."""
        return isinstance(self.loss, Guess)


def tried(sample: Sample, roles: Roles, change: Array, points: list[Point]) -> list[Tried]:
    """The losses that a training may have, those that explain most changes first, cells of the sheet before others."""
    found = []
    losses: list[Loss] = [*roles.following(change), *guesses(sample.cells)]
    for loss in losses:
        gradient = gradients(loss, sample.cells, points)[sample.parameters]
        if np.isfinite(gradient).any() and gradient.any():
            found.append(Tried(loss, gradient, fit(change, gradient)))
    return sorted(found, key=lambda entry: (-entry.fit.evidence, entry.guessed))


def gradients(loss: Loss, cells: Cells, points: list[Point]) -> Array:
    """The gradients of a loss by all parameters of the cells, [parameters, steps, points]; NaN in the few steps that
    lack its cell."""
    nodes, weights = loss.terms(cells, points)
    found = cells.gradients(nodes, weights, points)
    if isinstance(loss, Role):
        found[:, loss.lacking(cells)] = np.nan
    return found


@dataclass(frozen=True, slots=True)
class Whole:
    """All parameters and steps of a training. change, gradient: [parameters, steps, points]."""

    cells: Cells
    change: Array
    gradient: Array
    fit: Fit


def all_cells(steps: Steps, training: Training) -> Cells:
    """The cells of a training in all its steps."""
    return cells_of(steps, training, np.arange(training.seeds.shape[1]))


def whole(cells: Cells, change: Array, loss: Loss, points: list[Point]) -> Whole:
    """All changes of a training compared with the gradients of a loss."""
    gradient = gradients(loss, cells, points)
    return Whole(cells, change, gradient, fit(change, gradient))


def all_changes(steps: Steps, training: Training, points: list[Point]) -> Array:
    """What all updates of a training add, [parameters, steps, points]."""
    parameters, chosen = (np.arange(size) for size in training.seeds.shape)
    return changes(steps, training, parameters, chosen, points)


def effects(steps: Steps, cells: Cells, targets: IntArray, points: Sequence[Point]) -> Array:
    """The derivatives of targets by all nodes of their steps, [nodes, rows of targets, points]. targets: updates, or
    cells that these take their gradients from, a column for each step; NONE where there is none."""
    graph, region = steps.network.graph, cells.region
    found = np.zeros((len(graph.text), len(targets), len(points)))
    for row, own in enumerate(targets):
        own = own[own != NONE]
        edges = steps.network.leading_to(own[~region.inside[own] | steps.cut[own]])
        for number, point in enumerate(points):
            start = np.zeros(len(graph.text))
            start[own] = 1.0
            np.add.at(start, graph.operands[edges], point.slope[edges])
            made = region.reverse(start, point.slope)
            made[steps.cut] = 0.0
            made[own] = 1.0
            found[:, row, number] = made
    return found
