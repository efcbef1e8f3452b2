"""The values that cells to blame should have, at every point: those that make the updates follow the gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.losses.factors import fit
from tracer.grading.losses.guesses import guesses
from tracer.grading.losses.predictions import Terms
from tracer.grading.losses.sampling import values_of
from tracer.grading.mending.wrong import first_use
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement
from tracer.grading.training.understanding import effects

EXACT = 1e-6
"""How far a change may be off, as a part of the one that is asked for."""
ROUNDING = 1e-11
"""How far it may be off as a part of the numbers that it is computed from."""
MOST_ROWS = 12
"""Parameters with a wrong update that must be explained."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What updates ask for. targets: the update of each parameter in each step, or the cell that it takes its gradient
    from, [parameters, steps]. lacks: by how much these are too small, [parameters, steps, points].
    used_in: the step that each node of the graph belongs to."""

    targets: IntArray
    lacks: Array
    used_in: IntArray
    known: dict[int, Array] = field(default_factory=dict)

    def slopes(self, case: Case, row: int) -> Array:
        """The derivatives of a parameter's targets by all nodes of their steps, a column for each point; kept."""
        if row not in self.known:
            self.known[row] = effects(case.steps, case.cells, self.targets[row : row + 1], case.points)[:, 0]
        return self.known[row]


@dataclass(frozen=True, slots=True)
class Demand:
    """Cells to blame, and what the updates that they spoil ask for.

    nodes, steps: the cells with their steps. base: what is right in any case: the parameter where a cell is its update,
    otherwise 0. theirs: what is added to it. base, theirs: [cells, points]. slopes: the derivatives of what is spoiled
    by the cells, [parameters, cells, points]. lacks: by how much these are too small, [parameters, steps, points].
    """

    nodes: IntArray
    steps: IntArray
    base: Array
    theirs: Array
    slopes: Array
    lacks: Array

    def first(self, most: int) -> Demand:
        """The cells of the first steps, about so many."""
        steps = np.unique(self.steps)
        per_step = len(self.nodes) / len(steps)
        own = np.isin(
            self.steps, steps[np.unique(np.linspace(0, len(steps) - 1, max(1, int(most / per_step)), dtype=int))]
        )
        return Demand(
            self.nodes[own], self.steps[own], self.base[own], self.theirs[own], self.slopes[:, own], self.lacks
        )

    def effect(self, change: Array) -> tuple[Array, Array]:
        """What changes of the cells, [candidates, cells, points], change in what is spoiled, and what that lacks; with
        axes for parameters, steps and points."""
        steps, index = np.unique(self.steps, return_inverse=True)
        moved = np.zeros((len(change), len(self.lacks), len(steps), change.shape[2]))
        for cell, step in enumerate(index.tolist()):
            moved[:, :, step] += self.slopes[:, cell] * change[:, None, cell]
        return moved, self.lacks[:, steps]

    def met(self, ours: Array) -> list[int]:
        """Which rows of values, [candidates, cells, points], make everything right that is spoiled."""
        with np.errstate(all="ignore"):
            moved, asked = self.effect(ours - self.theirs)
            size, _ = self.effect((np.abs(self.theirs) + np.abs(self.base))[None])
            close = np.abs(moved - asked) <= EXACT * np.abs(asked) + ROUNDING * np.abs(size)
        return np.flatnonzero((close | ~np.isfinite(asked)).all((1, 2, 3))).tolist()


def wanted(case: Case, judgement: Judgement) -> Iterator[Wanted]:
    """What the updates of a training ask for, in each way that they may be understood."""
    used_in = first_use(case)
    for change, targets, known, sign in _ways(case, judgement):
        for terms in _losses(case, judgement):
            gradient = case.cells.gradients(*terms, case.points)
            found = fit(change, gradient)
            uphill = found.matched[found.valid].all()
            rates = [np.abs(found.rates) if uphill else found.rates]
            rates += [] if known is None else [np.full_like(found.rates, known)]
            for rate in rates:
                yield Wanted(targets, sign * (-rate[None, :, None] * gradient - change), used_in)


def _ways(case: Case, judgement: Judgement) -> Iterator[tuple[Array, IntArray, float | None, float]]:
    yield case.changes, case.training.nodes, judgement.rate, 1.0
    if judgement.rate is None and case.all_taken.complete:
        yield case.all_taken.changes(case.points), case.all_taken.nodes, None, -1.0


def _losses(case: Case, judgement: Judgement) -> list[Terms]:
    if judgement.loss:
        nodes = np.array([case.graph.number[place] for place in judgement.loss])
        return [(nodes, np.ones((len(nodes), len(case.points))))]
    named = [guess for guess in guesses(case.cells) if guess.name == judgement.assumed_loss]
    return [guess.terms(case.cells, case.points) for guess in named]


def demand(case: Case, fault: Fault, nodes: IntArray, asked: Wanted) -> Demand | None:
    """What these cells should change in the updates that a fault spoils; None where they change nothing."""
    rows = _spoiled(case, fault)[:MOST_ROWS]
    steps = asked.used_in[nodes]
    nodes, steps = nodes[steps >= 0], steps[steps >= 0]
    if not rows or not len(nodes):
        return None
    slopes = np.stack([asked.slopes(case, row)[nodes] for row in rows])
    updates = {u.node: u.parameter for own in case.training.updates for u in own if u is not None}
    base = np.zeros((len(nodes), len(case.points)))
    for number, node in enumerate(nodes.tolist()):
        if node in updates:
            base[number] = values_of(np.array([updates[node]]), case.points)[0]
    return Demand(nodes, steps, base, values_of(nodes, case.points) - base, slopes, asked.lacks[rows])


def _spoiled(case: Case, fault: Fault) -> list[int]:
    """The parameters whose updates a fault makes wrong, as rows of the training."""
    after = {parameter.after for parameter in fault.spoils}
    places = case.graph.places
    made = [tuple(places[u.node] for u in updates if u is not None) for updates in case.training.updates]
    return [row for row, own in enumerate(made) if own in after]
