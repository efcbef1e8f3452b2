"""Optimizers by hand: gradients judged where the updates take them, and their formulas by comparing parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, Graph, IntArray
from tracer.grading.graph.values import evaluate
from tracer.grading.training.cells import Cells
from tracer.grading.training.factors import TOLERANCE
from tracer.grading.training.points import Point
from tracer.grading.training.sampling import values_of
from tracer.grading.training.steps import NONE, Steps, Training
from tracer.grading.training.updates import Update, added

MOST_COMPARED, LARGEST = 24, 20_000
"""Parameters whose formulas are compared, and nodes of a graph in which they are."""
REFERENCES = 4
"""Parameters that the others are compared with."""
LEAST_ALIKE = 3
"""Parameters that agree with each other, where one that does not is said to be wrong."""


@dataclass(frozen=True, slots=True)
class GradientCells:
    """The cells that updates take gradients from, [parameters, steps]; -1 where there is not just one."""

    nodes: IntArray

    def changes(self, points: Sequence[Point]) -> Array:
        """Their values, as changes that a learning rate of 1 would make, [parameters, steps, points]."""
        return -values_of(self.nodes, points)

    @property
    def complete(self) -> bool:
        """Whether every parameter has such cells."""
        return bool((self.nodes != NONE).any(1).all())


def gradient_cells(training: Training, cells: Cells, parameters: Flags) -> GradientCells:
    """The cells that depend on the parameters of the same step only, and that the updates take: directly, or through
    states, which depend on earlier steps too. In steps that follow on none of the cells', they are told from the
    others. parameters: the cells that show a parameter."""
    found = np.full(cells.seeds.shape, NONE)
    following = np.diff(cells.steps, prepend=NONE - 1) == 1
    later = np.flatnonzero(following | (len(following) == 1)).tolist()
    roles: Counter[tuple[int, int, int]] = Counter()
    by_node = dict(zip(cells.nodes.tolist(), zip(cells.form.tolist(), cells.rank.tolist(), strict=True), strict=True))
    for row in range(len(found)):
        for column in later:
            update = training.updates[row][cells.steps[column]]
            taken = _taken(cells, parameters, update, column) if update else set()
            if len(taken) == 1:
                (found[row, column],) = taken
                roles[(row, *by_node[found[row, column]])] += 1
    by_role = {(*role, int(cells.step[node])): node for node, role in by_node.items()}
    for row, form, rank in roles:
        for column in np.flatnonzero(found[row] == NONE).tolist():
            found[row, column] = by_role.get((form, rank, column), NONE)
    return GradientCells(found)


def _taken(cells: Cells, parameters: Flags, update: Update, column: int) -> set[int]:
    graph, inside, step = cells.graph, cells.region.inside, cells.step
    pending, seen, found = [update.node], {update.node}, set()
    while pending:
        for operand in graph.operands_of(pending.pop()).tolist():
            if operand in seen or parameters[operand] or not inside[operand]:
                continue
            seen.add(operand)
            if step[operand] == column:
                found.add(operand)
            elif step[operand] == NONE:
                pending.append(operand)
    return found


def unlike_others(steps: Steps, training: Training, cells: Cells, gradients: GradientCells, point: Point) -> IntArray:
    """The parameters whose updates are not what the formulas of the others make of their gradients."""
    graph = steps.network.graph
    rows = np.flatnonzero((gradients.nodes != NONE).all(1) & (cells.seeds != NONE).all(1))
    if not LEAST_ALIKE < len(rows) <= MOST_COMPARED or len(graph.text) > LARGEST:
        return rows[:0]
    groups: list[list[int]] = []
    left = rows.tolist()
    while left and len(groups) < REFERENCES:
        alike = [
            row for row in left if row == left[0] or _alike(graph, training, cells, gradients, point, left[0], row)
        ]
        groups.append(alike)
        left = [row for row in left if row not in alike]
    if left or max(map(len, groups)) < LEAST_ALIKE:
        return rows[:0]
    return np.array([group[0] for group in groups if len(group) == 1], int)


def _alike(
    graph: Graph, training: Training, cells: Cells, gradients: GradientCells, point: Point, reference: int, row: int
) -> bool:
    """Whether the formulas of one parameter make the updates of another one, given its gradients and values."""
    taken, seeds = gradients.nodes, cells.seeds
    changed = dict(zip(seeds[reference].tolist(), point.values[seeds[row]].tolist(), strict=True))
    changed |= dict(zip(taken[reference].tolist(), point.values[taken[row]].tolist(), strict=True))
    values = evaluate(graph, changed, exact=True)
    mine, others = ([u for u in training.updates[index] if u is not None] for index in (row, reference))
    expected, actual = added(graph, values, others), added(graph, point.values, mine)
    return bool((np.abs(expected - actual) <= TOLERANCE * np.abs(actual)).all())
