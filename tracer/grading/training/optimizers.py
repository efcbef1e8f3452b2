"""Optimizers by hand: gradients judged where the updates take them, and their formulas by comparing parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.graph.values import evaluate
from tracer.grading.losses.factors import TOLERANCE
from tracer.grading.losses.sampling import values_of
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import NONE, Steps, Training
from tracer.grading.updates.shapes import appearances
from tracer.grading.updates.updates import Update, added

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
            if operand in seen or parameters[operand] or not inside[operand] or cells.last[operand] < column:
                continue
            seen.add(operand)
            if step[operand] == column:
                found.add(operand)
            elif step[operand] == NONE:
                pending.append(operand)
    return found


class Comparison:
    """Compares the updates of parameters by their formulas: what those of one would make of the gradients and values of
    another. Its state is the training."""

    def __init__(self, steps: Steps, training: Training, cells: Cells, gradients: GradientCells, point: Point) -> None:
        self._graph, self._training, self._cells = steps.network.graph, training, cells
        self._taken, self._values = gradients.nodes, point.values

    def odd_ones(self) -> IntArray:
        """The parameters whose updates are not made like the others: a single one, or those that have the learning
        rate twice or not at all."""
        rows = np.flatnonzero((self._taken != NONE).all(1) & (self._cells.seeds != NONE).all(1))
        if not 1 < len(rows) <= MOST_COMPARED or len(self._graph.text) > LARGEST:
            return rows[:0]
        groups = self._groups(rows.tolist())
        main = max(groups, key=len, default=[])
        odd = [group[0] for group in groups if len(group) == 1 and len(main) >= LEAST_ALIKE]
        for group in groups:
            if group is not main and group[0] not in odd:
                odd += self._with_another_rate(main, group)
        return np.array(sorted(odd), int)

    def _groups(self, rows: list[int]) -> list[list[int]]:
        groups: list[list[int]] = []
        while rows and len(groups) < REFERENCES:
            first = rows[0]
            alike = [row for row in rows if row == first or _is_one(self._ratio(first, row))]
            groups.append(alike)
            rows = [row for row in rows if row not in alike]
        return [] if rows else groups

    def _ratio(self, reference: int, row: int) -> Array:
        """The updates of a parameter over what the formulas of the reference make of its gradients and values."""
        seeds, values = self._cells.seeds, self._values
        changed = dict(zip(seeds[reference].tolist(), values[seeds[row]].tolist(), strict=True))
        changed |= dict(zip(self._taken[reference].tolist(), values[self._taken[row]].tolist(), strict=True))
        expected = added(self._graph, evaluate(self._graph, changed, exact=True), self._updates(reference))
        actual = added(self._graph, values, self._updates(row))
        with np.errstate(all="ignore"):
            return np.where(actual == expected, 1.0, actual / expected)

    def _updates(self, row: int) -> list[Update]:
        return [update for update in self._training.updates[row] if update is not None]

    def _with_another_rate(self, main: list[int], group: list[int]) -> list[int]:
        """The one of two groups whose updates have a factor twice or not at all that the others have once."""
        ratio = self._ratio(main[0], group[0])
        if not _is_one(ratio / ratio[0]):
            return []
        first, second = (self._factors(rows[0]) for rows in (main, group))
        for node in first.keys() | second.keys():
            value = abs(float(self._values[node]))
            if value and any(abs(abs(ratio[0]) - v) <= TOLERANCE * v for v in (value, 1.0 / value)):
                return group if first[node] == 1 else main
        return []

    def _factors(self, row: int) -> Counter[int]:
        """How often the first update of a parameter refers to each cell outside the training."""
        node = self._updates(row)[0].node
        often = appearances(self._graph.forms[self._graph.form[node]].expression)
        operands = self._graph.operands_of(node).tolist()
        outside = [slot for slot, operand in enumerate(operands) if not self._cells.region.inside[operand]]
        return Counter({operands[slot]: often[slot] for slot in outside})


def _is_one(ratio: Array) -> bool:
    return bool((np.abs(ratio - 1.0) <= TOLERANCE).all())
