"""Optimizers by hand: their gradients, judged where the updates take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.sampling import values_of
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import NONE, Training
from tracer.grading.updates.updates import Update


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
    for column in later:
        updates = (row[cells.steps[column]] for row in training.updates)
        taken = [_taken(cells, parameters, update, column) if update else set() for update in updates]
        others = set().union(*(own for own in taken if len(own) == 1))
        for row, own in enumerate(own if len(own) == 1 else own - others for own in taken):
            if len(own) == 1:  # the gradient of another parameter may be taken by mistake, beside its own
                (found[row, column],) = own
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
            if operand in seen or parameters[operand] or not inside[operand] or cells.last[operand] < column:
                continue
            seen.add(operand)
            if step[operand] == column:
                found.add(operand)
            elif step[operand] == NONE:
                pending.append(operand)
    return found
