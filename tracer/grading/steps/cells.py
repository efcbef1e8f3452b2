"""The cells of a training by step: those that depend on the parameters of just one of its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, Graph, IntArray
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import Steps, Training
from tracer.grading.updates.chains import NONE
from tracer.grading.updates.region import Region, region


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells that depend on the parameters of a training, by step.

    steps: the chosen ones of the training. seeds: its parameters in these, [parameters, steps]. region: what depends on
    them. step: of each node of the graph, the number of the chosen step whose parameters it depends on; -1 for the
    parameters, for what depends on several steps or none. last: the last of the steps that it depends on, -1 for
    none. nodes: those with a step. form, rank: of each of these, and which of the cells of this form it is in its step.
    """

    graph: Graph
    steps: IntArray
    seeds: IntArray
    region: Region
    step: IntArray
    last: IntArray
    nodes: IntArray
    form: IntArray
    rank: IntArray

    def leading_to_updates(self) -> Flags:
        """Which nodes the updates depend on; a loss is not among them, as a rule, nor what only shows something."""
        return self.feeding(self.region.ends.operands)

    def feeding(self, nodes: IntArray) -> Flags:
        """Which of the cells these nodes depend on, themselves included."""
        found = np.zeros(len(self.step), bool)
        found[nodes] = True
        for level in reversed(self.region.levels):
            found[level.operands[found[level.owners]]] = True
        return found

    def gradients(self, nodes: IntArray, weights: Array, points: list[Point]) -> Array:
        """The derivatives of the sum of these nodes in each step by its parameters, [parameters, steps, points]; NaN
        where there is none. weights: a row for each node, a column for each point."""
        found = self.derivatives(nodes, weights, points)[self.seeds]
        found[self.seeds == NONE] = np.nan
        return found

    def derivatives(self, nodes: IntArray, weights: Array, points: list[Point]) -> Array:
        """The derivatives of the same sum by all nodes of its step, a column for each point."""
        start = np.zeros((len(self.step), len(points)))
        np.add.at(start, nodes, weights)
        columns = [self.region.reverse(start[:, number], point.slope) for number, point in enumerate(points)]
        return np.stack(columns, 1)


def cells_of(steps: Steps, training: Training, chosen: IntArray) -> Cells:
    """The cells of a training in the chosen ones of its steps."""
    graph, seeds = steps.network.graph, training.seeds[:, chosen]
    present = np.unique(seeds[seeds != NONE])
    found = region(steps.network, present, steps.cut)
    step, last = _labels(found, seeds, len(graph.text))
    step[present] = NONE
    nodes = np.flatnonzero(found.inside & (step != NONE))
    form = graph.form[nodes]
    return Cells(graph, chosen, seeds, found, step, last, nodes, form, _ranks(nodes, step[nodes], form))


def _labels(found: Region, seeds: IntArray, count: int) -> tuple[IntArray, IntArray]:
    first, last = np.full(count, seeds.shape[1]), np.full(count, NONE)
    for number, column in enumerate(seeds.T):
        first[column[column != NONE]] = last[column[column != NONE]] = number
    first, last = found.gathered(first, np.minimum), found.gathered(last, np.maximum)
    return np.where(first == last, first, NONE), last


def _ranks(nodes: IntArray, step: IntArray, form: IntArray) -> IntArray:
    order = np.lexsort((nodes, step, form))
    new = np.ones(len(nodes), bool)
    new[1:] = (np.diff(form[order]) != 0) | (np.diff(step[order]) != 0)
    start = np.maximum.accumulate(np.where(new, np.arange(len(nodes)), 0))
    rank = np.empty(len(nodes), int)
    rank[order] = np.arange(len(nodes)) - start
    return rank
