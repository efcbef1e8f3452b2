"""What a training was found to minimize, and how its updates compare with the gradients of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array
from tracer.grading.training.cells import Cells, cells_of
from tracer.grading.training.factors import Fit, fit
from tracer.grading.training.guesses import Guess, guesses
from tracer.grading.training.losses import Role, roles_of
from tracer.grading.training.points import Point
from tracer.grading.training.sampling import Sample, changes
from tracer.grading.training.steps import Steps, Training

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


def tried(sample: Sample, points: list[Point]) -> list[Tried]:
    """The losses that a training may have, those that explain most updates first, cells of the sheet before others."""
    found = []
    losses: list[Loss] = [*roles_of(sample).following(sample.change), *guesses(sample.cells)]
    for loss in losses:
        gradient = gradients(loss, sample.cells, points)[sample.parameters]
        if np.isfinite(gradient).any() and gradient.any():
            found.append(Tried(loss, gradient, fit(sample.change, gradient)))
    return sorted(found, key=lambda entry: (-entry.fit.evidence, entry.guessed))


def gradients(loss: Loss, cells: Cells, points: list[Point]) -> Array:
    """The gradients of a loss by all parameters of the cells, [parameters, steps, points]."""
    nodes, weights = loss.terms(cells, points)
    return cells.gradients(nodes, weights, points)


@dataclass(frozen=True, slots=True)
class Whole:
    """All parameters and steps of a training. change, gradient: [parameters, steps, points]."""

    cells: Cells
    change: Array
    gradient: Array
    fit: Fit


def whole(steps: Steps, training: Training, loss: Loss, points: list[Point]) -> Whole:
    """A training compared with the gradients of a loss in all its parameters and steps."""
    parameters, chosen = (np.arange(size) for size in training.seeds.shape)
    cells = cells_of(steps, training, chosen)
    gradient = gradients(loss, cells, points)
    change = changes(steps, training, parameters, chosen, points)
    return Whole(cells, change, gradient, fit(change, gradient))
