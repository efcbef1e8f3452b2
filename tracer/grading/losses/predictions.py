"""Predictions and their targets: what the formulas of a sheet subtract from each other or compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tracer.formulas.derivative import partials
from tracer.formulas.tree import Expression
from tracer.grading.graph.forms import of_arrays, over_slots
from tracer.grading.graph.graph import Array, Form, Graph, IntArray
from tracer.grading.steps.cells import Cells
from tracer.grading.updates.shapes import Pair, compared_slots, differences, margins, pairs, product, slot_of, threshold

Origin = tuple[str, int]
"""Where pairs come from: `in` the formulas of a form, `of` the predictions of a form, `all`; `within` the formulas of a
form, where predictions have no cell of their own; `margin`, where the formulas of a form compare their product."""
Terms = tuple[IntArray, Array]
"""Nodes, and the weight of each at each point: a sum whose derivatives are those of a loss."""
MOST_DIFFERENCES = 4_000
"""Predictions within the formulas of a form."""


@dataclass(frozen=True, slots=True)
class Within:
    """Predictions that are a part of a formula: an expression over slots, and the nodes in these, a row each."""

    expression: Expression
    operands: IntArray

    def values(self, at: Array) -> Array:
        """Their values, [predictions, points]; `at` has those of all nodes."""
        return self._computed(self.expression, at)

    def terms(self, weights: Array, at: Array) -> Terms:
        """The predictions as a sum over the nodes that they are computed from, each times its weight."""
        nodes, found = [], []
        for name, slope in partials(self.expression).items():
            slot = slot_of(name)
            if slot is not None:
                nodes.append(self.operands[:, slot])
                found.append(weights * self._computed(slope, at))
        return np.concatenate(nodes), np.concatenate(found)

    def _computed(self, expression: Expression, at: Array) -> Array:
        none = np.empty((len(self.operands), 0))
        return np.stack([of_arrays(expression, values[self.operands], none) for values in at.T], 1)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Predictions and targets, as nodes. within: the predictions instead, where they have no cell."""

    predictions: IntArray
    targets: IntArray
    within: Within | None = None

    def values(self, at: Array) -> tuple[Array, Array]:
        """Of the predictions and the targets, [pairs, points]; `at` has those of all nodes."""
        return self.within.values(at) if self.within else at[self.predictions], at[self.targets]

    def terms(self, weights: Array, at: Array) -> Terms:
        """The sum of the predictions, each times its weight."""
        return self.within.terms(weights, at) if self.within else (self.predictions, weights)

    def sources(self, graph: Graph, by_argument: bool) -> list[IntArray]:
        """The nodes that each prediction is computed from: itself, or the operands where it has no cell or is a step
        (by_argument), which has no derivative."""
        if self.within:
            return list(self.within.operands)
        return [graph.operands_of(node) if by_argument else np.array([node]) for node in self.predictions.tolist()]

    @property
    def key(self) -> tuple[object, ...]:
        """What tells different pairs apart."""
        within = self.within and (self.within.expression, self.within.operands.tobytes())
        return self.predictions.tobytes(), self.targets.tobytes(), within


@lru_cache(maxsize=16)
def pairs_of(cells: Cells) -> dict[Origin, Pairs]:
    """The pairs of predictions and targets in the cells of a training, by their origin."""
    groups: dict[Origin, list[tuple[int, int]]] = {}
    for number, form in enumerate(cells.graph.forms):
        for node, other in _fitting(cells, form, pairs(form.expression)):
            for group in (("in", number), ("of", int(cells.graph.form[node])), ("all", 0)):
                groups.setdefault(group, []).append((node, other))
        compared = list(_fitting(cells, form, margins(form.expression)))
        for slot in compared_slots(form.expression):
            compared += _factors(cells, form.operands[:, slot])
        if compared:
            groups["margin", number] = compared
    found = {origin: Pairs(*np.array(sorted(set(group))).T) for origin, group in groups.items()}
    for number in range(len(cells.graph.forms)):
        inner = _within(cells, number)
        if inner is not None:
            found["within", number] = inner
    return found


def _fitting(cells: Cells, form: Form, found: Sequence[Pair]) -> Iterator[tuple[int, int]]:
    """Of these pairs of slots, the nodes that may be a prediction and its target, in either order."""
    for pair in found:
        for first, second in (pair, pair[::-1]):
            prediction, target = form.operands[:, first], form.operands[:, second]
            fits = (cells.step[prediction] >= 0) & ~cells.region.inside[target]
            yield from zip(prediction[fits].tolist(), target[fits].tolist(), strict=True)


def _factors(cells: Cells, nodes: IntArray) -> Iterator[tuple[int, int]]:
    """The predictions and targets whose products these nodes are."""
    numbers = cells.graph.form[nodes[cells.step[nodes] >= 0]]
    for number in np.unique(numbers[numbers >= 0]).tolist():
        form = cells.graph.forms[number]
        pair = product(form.expression)
        if pair is not None:
            yield from _fitting(cells, form, [pair])


def _within(cells: Cells, number: int) -> Pairs | None:
    """The predictions within the formulas of a form, all of which are computed alike."""
    form = cells.graph.forms[number]
    alike: dict[Expression, list[tuple[IntArray, IntArray]]] = {}
    for difference in differences(form.expression)[:MOST_DIFFERENCES]:
        expression, slots = over_slots(difference.prediction)
        operands, targets = form.operands[:, list(slots)], form.operands[:, difference.target]
        fits = cells.region.inside[operands].any(1) & ~cells.region.inside[targets]
        if fits.any():
            alike.setdefault(expression, []).append((operands[fits], targets[fits]))
    if len(alike) != 1:
        return None
    ((expression, parts),) = alike.items()
    operands, targets = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Pairs(np.empty(0, int), targets, Within(expression, operands))


def of_arguments(graph: Graph, predictions: IntArray, factor: Array, at: Array) -> Terms:
    """The arguments of step functions, weighted: as the cells that they are computed from."""
    parts: list[Terms] = [(np.empty(0, int), np.empty((0, at.shape[1])))]
    for number in np.unique(graph.form[predictions]).tolist():
        argument = threshold(graph.forms[number].expression) if number >= 0 else None
        if argument is None:
            continue
        form, members = graph.forms[number], np.flatnonzero(graph.form[predictions] == number)
        expression, slots = over_slots(argument)
        rows = np.searchsorted(form.nodes, predictions[members])
        parts.append(Within(expression, form.operands[rows][:, list(slots)]).terms(factor[members], at))
    return _joined(parts)


def _joined(parts: Sequence[Terms]) -> Terms:
    return np.concatenate([nodes for nodes, _ in parts]), np.concatenate([weights for _, weights in parts])
