"""The values that cells to blame should have, at every point: those that make the updates follow the gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.training.case import Case
from tracer.grading.training.factors import TOLERANCE, fit
from tracer.grading.training.guesses import guesses
from tracer.grading.training.judgement import Fault, Judgement
from tracer.grading.training.predictions import Terms
from tracer.grading.training.sampling import values_of
from tracer.grading.training.steps import NONE

MOST_ROWS = 4
"""Parameters with a wrong update that a cell's right value is computed from."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What updates ask for. targets: the update of each parameter in each step, or the cell that it takes its gradient
    from, [parameters, steps]. lacks: by how much these are too small, [parameters, steps, points]."""

    targets: IntArray
    lacks: Array


@dataclass(frozen=True, slots=True)
class Difference:
    """Cells to blame, a row each, a column for each point. base: what is right in any case: the parameter where the
    cell is its update, otherwise 0. theirs, right: what is added to it."""

    nodes: IntArray
    steps: IntArray
    base: Array
    theirs: Array
    right: Array

    def of(self, rows: IntArray) -> Difference:
        """The same of some of the cells."""
        return Difference(self.nodes[rows], self.steps[rows], self.base[rows], self.theirs[rows], self.right[rows])


def wanted(case: Case, judgement: Judgement) -> Iterator[Wanted]:
    """What the updates of a training ask for, in each way that they may be understood."""
    for change, targets, known, sign in _ways(case, judgement):
        for terms in _losses(case, judgement):
            gradient = case.cells.gradients(*terms, case.points)
            found = fit(change, gradient)
            uphill = found.matched[found.valid].all()
            rates = [np.abs(found.rates) if uphill else found.rates]
            rates += [] if known is None else [np.full_like(found.rates, known)]
            for rate in rates:
                yield Wanted(targets, sign * (-rate[None, :, None] * gradient - change))


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


def difference(case: Case, fault: Fault, asked: Wanted) -> Difference | None:
    """What the cells of a fault should be; None where that does not follow from the updates that they spoil."""
    graph, points = case.graph, case.points
    nodes = np.array([graph.number[place] for place in fault.places])
    rows = _spoiled(case, fault)[:MOST_ROWS]
    at = values_of(nodes, points)
    lack = np.full(at.shape, np.nan)
    steps = np.array([_step(case, node, rows) for node in nodes.tolist()])
    base = np.zeros(at.shape)
    for row in rows:
        slope = _slopes(case, asked.targets[row])[nodes]
        with np.errstate(all="ignore"):
            own = np.where((steps >= 0)[:, None] & (slope != 0.0), asked.lacks[row, steps] / slope, np.nan)
            differs = np.abs(own - lack) > TOLERANCE * (np.abs(own) + np.abs(lack))
        if differs.any():
            return None
        lack = np.where(np.isnan(lack), own, lack)
    for number, node in enumerate(nodes.tolist()):
        for update in case.training.updates:
            if steps[number] >= 0 and (own_update := update[steps[number]]) and own_update.node == node:
                base[number] = values_of(np.array([own_update.parameter]), points)[0]
    return Difference(nodes, steps, base, at - base, at - base + lack)


def _spoiled(case: Case, fault: Fault) -> list[int]:
    """The parameters whose updates a fault makes wrong, as rows of the training."""
    after = {parameter.after for parameter in fault.spoils}
    places = case.graph.places
    made = [tuple(places[u.node] for u in updates if u is not None) for updates in case.training.updates]
    return [row for row, own in enumerate(made) if own in after]


def _step(case: Case, node: int, rows: list[int]) -> int:
    if case.cells.step[node] != NONE:
        return int(case.cells.step[node])
    for row in rows:
        for step, update in enumerate(case.training.updates[row]):
            if update is not None and (node == update.node or node in case.graph.operands_of(update.node)):
                return step
    return NONE


def _slopes(case: Case, targets: IntArray) -> Array:
    """The derivatives of the targets by the nodes of their steps, a column for each point."""
    graph, region = case.graph, case.cells.region
    own = targets[targets != NONE]
    columns = []
    for point in case.points:
        start = np.zeros(len(graph.text))
        start[own] = 1.0
        updates = own[~region.inside[own] | case.steps.cut[own]]
        edges = case.steps.network.leading_to(updates)
        np.add.at(start, graph.operands[edges], point.slope[edges])
        found = region.reverse(start, point.slope)
        found[case.steps.cut] = 0.0
        found[own] = 1.0
        columns.append(found)
    return np.stack(columns, 1)
