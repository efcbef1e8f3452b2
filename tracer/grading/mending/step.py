"""One step of a training as a small graph: how its updates and its loss change with some of its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.forms import of_arrays, unrounded
from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case

NEARNESS = 3e-5
"""How far parameters are moved for a difference quotient."""
LEAST_MOVED = 1e-2
"""The smallest part of NEARNESS that a parameter with a large gradient is moved by."""
SIDES = 3
"""Columns for each point: the point itself, and moved forward and backward."""
FARTHEST = 2
"""Formulas from a cell of the step to one that depends on none of its parameters and may be edited."""
Gather = Callable[[IntArray], Array]
"""Nodes → their values, [candidates or 1, nodes, columns]."""


@dataclass(frozen=True, slots=True)
class Target:
    """What should be proportional to the gradients: an update less its parameter, or the cell of a gradient. nodes:
    a node for each row of the training; less: the node that is subtracted, -1 for none; seeds: the parameter's own."""

    nodes: IntArray
    less: IntArray
    seeds: IntArray


@dataclass(frozen=True, slots=True)
class Loss:
    """What a step minimizes: the sum of nodes, each times a weight. weights: from the values of `nodes` and `others`;
    None for 1."""

    nodes: IntArray
    others: IntArray
    weights: Callable[[Array, Array], Array] | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """Cells of one level with one form."""

    level: int
    form: int
    nodes: IntArray
    rows: IntArray


class Step:
    """The cells of a step; `leading` are those that its updates and its loss depend on. Holds the values of all
    nodes at a few points, there and with all parameters moved a little in one direction; the last row is that of an
    empty cell. gradients: of the loss by the parameters, [parameters, points]."""

    def __init__(
        self, case: Case, number: int, target: Target, loss: Loss, points: Sequence[Point], gradients: Array
    ) -> None:
        self.number, self.graph, self.gradients, self._case = number, case.graph, gradients, case
        self._target, self._loss = target, loss
        self._seeds = set(target.seeds.tolist())
        outputs = [*target.nodes.tolist(), *loss.nodes.tolist()]
        self.leading = np.array(sorted(self._ancestors(outputs)), int)
        unused = np.flatnonzero(case.cells.step == number).tolist()
        self._levels = self._ancestors([*outputs, *unused])
        self.nodes = np.array(sorted(self._levels), int)
        at = np.repeat(np.stack([point.values for point in points], 1), SIDES, 1)
        self.at = np.concatenate([at, np.zeros((1, at.shape[1]))])
        self._direction = self._chosen_direction()
        for side, sign in ((1, 1.0), (2, -1.0)):
            self.at[target.seeds, side::SIDES] += sign * NEARNESS * self._direction
        self._groups = self._grouped(self.nodes)
        for group in self._groups:
            self.at[group.nodes] = self._computed(group, lambda nodes: self.at[nodes][None])[0]

    # ------------------------------------------------------------------------------------------------ what it holds

    def _chosen_direction(self) -> Array:
        """A direction for each point, at random, in which all parameters count about the same, whatever the size of
        their gradients, [parameters, points]."""
        size = np.abs(self.changes()[0])
        largest = size.max(initial=0.0) or 1.0
        random = np.random.default_rng(self.number)
        signs = random.choice([-1.0, 1.0], size.shape)
        direction: Array = signs * random.uniform(0.5, 1.0, size.shape) * LEAST_MOVED
        direction /= np.clip(np.where(np.isfinite(size), size, largest) / largest, LEAST_MOVED, 1.0)
        return direction

    def _ancestors(self, outputs: Sequence[int]) -> dict[int, int]:
        """The formulas that these nodes depend on within the step, with their levels."""
        graph, cells = self.graph, self._case.cells
        earlier = self._case.training.nodes[:, : self.number]
        stop = self._seeds | set(earlier[earlier != NONE].tolist())
        last, inside = cells.last, cells.region.inside
        own = set(self._case.training.nodes[:, self.number].tolist())
        depth = {node: 0 for node in outputs if node not in stop and graph.form[node] >= 0}
        pending = list(depth)
        while pending:
            node = pending.pop()
            for operand in graph.operands_of(node).tolist():
                if operand in stop or graph.form[operand] < 0 or 0 <= last[operand] < self.number:
                    continue
                far = 0 if inside[operand] or operand in own else depth[node] + 1
                if far <= FARTHEST and (operand not in depth or far < depth[operand]):
                    depth[operand] = far
                    pending.append(operand)
        levels: dict[int, int] = {}
        for node in sorted(depth):
            levels[node] = 1 + max((levels.get(operand, 0) for operand in graph.operands_of(node).tolist()), default=0)
        return levels

    def _grouped(self, nodes: IntArray) -> list[_Group]:
        found: dict[tuple[int, int], list[int]] = {}
        for node in nodes.tolist():
            found.setdefault((self._levels[node], int(self.graph.form[node])), []).append(node)
        return [
            _Group(level, form, np.array(own), np.searchsorted(self.graph.forms[form].nodes, own))
            for (level, form), own in sorted(found.items())
        ]

    def _computed(self, group: _Group, gather: Gather) -> Array:
        """The values of the cells of a group, [candidates, cells, columns]."""
        form = self.graph.forms[group.form]
        operands = form.operands[group.rows]
        values = gather(operands.ravel())
        slots = np.moveaxis(values.reshape(len(values), *operands.shape, self.at.shape[1]), 2, 0)
        shape = slots.shape[1:]
        count = int(np.prod(shape))
        numbers = np.broadcast_to(form.numbers[group.rows].T[:, None, :, None], (form.numbers.shape[1], *shape))
        flat = of_arrays(
            unrounded(form.expression), slots.reshape(len(slots), count).T, numbers.reshape(len(numbers), count).T
        )
        return flat.reshape(shape)

    def level(self, node: int) -> int:
        """The level of a node: those that it depends on have lower ones."""
        return self._levels[node]

    def influenced(self, nodes: IntArray) -> IntArray:
        """The formulas of the step that depend on these nodes, themselves left out if they do not."""
        reached = set(nodes.tolist())
        found = []
        for node in self.nodes.tolist():
            if not reached.isdisjoint(self.graph.operands_of(node).tolist()):
                found.append(node)
                reached.add(node)
        return np.array(found, int)

    def leads_to_loss(self, nodes: IntArray) -> bool:
        """Whether the loss depends on these nodes."""
        influenced = np.concatenate([nodes, self.influenced(nodes)])
        return bool(np.isin(self._loss.nodes, influenced).any())

    def only_shows(self, nodes: IntArray) -> bool:
        """Whether no update depends on these nodes: those of the loss."""
        influenced = np.concatenate([nodes, self.influenced(nodes)])
        return not np.isin(self._target.nodes, influenced).any()

    # ------------------------------------------------------------------------------------------------ what changes do

    def rates(self, nodes: IntArray, values: Array) -> Array:
        """The factor between updates and gradients along the step's direction, [candidates, points], if these nodes had
        these values, [candidates, nodes, columns]."""
        influenced, gather = self._with_values(nodes, values)
        rates = self._rates(gather)
        if np.isin(self._loss.nodes, influenced).any() or np.isin(self._loss.nodes, nodes).any():
            lost = (self._changes(gather) == 0.0) & (self.changes() != 0.0)
            rates[lost.any((1, 2))] = np.nan
        return rates

    def changes(self, nodes: IntArray | None = None, values: Array | None = None) -> Array:
        """What each update adds to its parameter, or the cell of its gradient, [candidates, parameters, points]: as the
        step is, or if these nodes had these values, [candidates, nodes, columns]."""
        if nodes is None or values is None:
            return self._changes(lambda wanted: self.at[wanted][None])
        return self._changes(self._with_values(nodes, values)[1])

    @property
    def compares_gradients(self) -> bool:
        """Whether cells of gradients are compared, not updates."""
        return bool((self._target.less == NONE).all())

    def targets_of(self, nodes: IntArray) -> Flags:
        """Which updates, or cells of gradients, depend on these nodes or are among them."""
        influenced = np.concatenate([nodes, self.influenced(nodes)])
        return np.isin(self._target.nodes, influenced) | np.isin(self._target.less, influenced)

    def _with_values(self, nodes: IntArray, values: Array) -> tuple[IntArray, Gather]:
        """The nodes that depend on these, and all values if these had other ones."""
        influenced = np.setdiff1d(self.influenced(nodes), nodes)
        groups = self._grouped(influenced)
        less = self._target.less[self._target.less != NONE]
        outputs = np.concatenate([self._target.nodes, less, self._loss.nodes, self._loss.others])
        operands = [self.graph.forms[g.form].operands[g.rows].ravel() for g in groups]
        local = np.unique(np.concatenate([nodes, influenced, outputs, *operands]))
        now = np.repeat(self.at[local][None], len(values), 0)
        now[:, np.searchsorted(local, nodes)] = values
        for group in groups:
            now[:, np.searchsorted(local, group.nodes)] = self._computed(
                group, lambda wanted: now[:, np.searchsorted(local, wanted)]
            )
        return influenced, lambda wanted: now[:, np.searchsorted(local, wanted)]

    def own_rates(self) -> Array:
        """The same as the step is."""
        return self._rates(lambda wanted: self.at[wanted][None])

    def _changes(self, gather: Gather) -> Array:
        target = self._target
        made = gather(target.nodes)[..., ::SIDES].copy()
        taken = target.less != NONE
        made[:, taken] -= gather(target.less[taken])[..., ::SIDES]
        return made

    def _rates(self, gather: Gather) -> Array:
        change = np.einsum("ip,eip->ep", self._direction, self._changes(gather))
        loss = gather(self._loss.nodes)
        difference = loss[..., 1::SIDES] - loss[..., 2::SIDES]
        if self._loss.weights is not None:
            others = gather(self._loss.others)[..., ::SIDES]
            difference = difference * self._loss.weights(loss[..., ::SIDES], others)
        with np.errstate(all="ignore"):
            rates: Array = change / (difference.sum(1) / (2.0 * NEARNESS))
        return rates
