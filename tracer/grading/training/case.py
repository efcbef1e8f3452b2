"""A training under judgement: what was found out about it, each when it is first needed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tracer.grading.graph.graph import Array
from tracer.grading.losses.guesses import guesses
from tracer.grading.losses.losses import Role, Roles, roles_of
from tracer.grading.losses.recognition import Recognized, recognized, shown_losses, usual_by_formula
from tracer.grading.losses.sampling import Sample, sample_of
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import Steps, Training
from tracer.grading.training.optimizers import GradientCells, gradient_cells
from tracer.grading.training.understanding import Loss, Tried, all_cells, all_changes, gradients, tried

MOST_LIKELY = 8
"""Losses that rules with more terms are tried on."""


class Case:
    """A training under judgement; its state is what was found out about it, each when it is first needed."""

    def __init__(self, steps: Steps, training: Training, points: list[Point]) -> None:
        self.steps, self.training, self.points = steps, training, points
        self.graph = steps.network.graph

    @cached_property
    def sample(self) -> Sample:
        return sample_of(self.steps, self.training, self.points)

    @cached_property
    def roles(self) -> Roles:
        return roles_of(self.sample)

    @cached_property
    def cells(self) -> Cells:
        return all_cells(self.steps, self.training)

    @cached_property
    def changes(self) -> Array:
        return all_changes(self.steps, self.training, self.points)

    @cached_property
    def recognized(self) -> list[Recognized]:
        return recognized(self.sample, self.roles, self.points)

    @cached_property
    def usual(self) -> list[tuple[Role, str, bool]]:
        """The cells that are usual losses, with their names, and whether they are maximized."""
        known = [(entry.role, entry.guess.name, entry.ascends) for entry in self.recognized]
        return (known or usual_by_formula(self.sample, self.roles, self.points))[:MOST_LIKELY]

    @cached_property
    def shown(self) -> list[Role]:
        """The cells that compare predictions with targets, and are no usual loss."""
        usual = {role for role, _, _ in self.usual}
        return [role for role in shown_losses(self.sample, self.roles) if role not in usual][:MOST_LIKELY]

    @cached_property
    def taken(self) -> GradientCells:
        """The cells that the sampled updates take their gradients from."""
        return gradient_cells(self.training, self.sample.cells, self.steps.parameters)

    @cached_property
    def all_taken(self) -> GradientCells:
        """The same for all updates."""
        return gradient_cells(self.training, self.cells, self.steps.parameters)

    @cached_property
    def plain(self) -> list[Tried]:
        """The losses as the sampled updates follow them."""
        return tried(self.sample, self.roles, self.sample.change, self.points)

    @cached_property
    def by_gradient_cells(self) -> list[Tried]:
        """The losses as the cells follow them that the sampled updates take their gradients from."""
        change = self.taken.changes(self.points)[self.sample.parameters]
        return tried(self.sample, self.roles, change, self.points)

    @cached_property
    def likely_losses(self) -> list[Loss]:
        """The recognized losses, or else the usual ones on the sheet's predictions."""
        roles: list[Loss] = [entry.role for entry in self.recognized]
        return roles[:MOST_LIKELY] or list(guesses(self.sample.cells))

    def without_states(self) -> Case:
        """The case without parameters that are states of an optimizer: running means, which decay and which no loss
        depends on. The case itself if it has none, or nothing else."""
        decaying = np.array(
            [any(update is not None and update.decays for update in row) for row in self.training.updates]
        )
        losses = [gradients(loss, self.sample.cells, self.points) for loss in self.likely_losses]
        used = np.zeros(len(decaying), bool)
        for gradient in losses:
            used |= (np.nan_to_num(gradient, nan=1.0) != 0.0).any((1, 2))
        kept = ~decaying | used
        if kept.all() or not (kept & used).any():
            return self
        rows = np.flatnonzero(kept)
        training = Training(tuple(self.training.updates[row] for row in rows.tolist()), self.training.seeds[rows])
        return Case(self.steps, training, self.points)
