"""The usual losses, where a sheet has no cell for its own.

They are taken of the predictions and targets that its formulas subtract or compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tracer.formulas.derivative import partials
from tracer.grading.graph.forms import of_arrays
from tracer.grading.graph.graph import Array, Graph, IntArray
from tracer.grading.training.cells import Cells
from tracer.grading.training.points import Point
from tracer.grading.training.shapes import pairs, slot_of, threshold

Terms = tuple[IntArray, Array]
"""Nodes, and the weight of each at each point: a sum whose derivatives are those of a loss."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Predictions and targets, as nodes."""

    predictions: IntArray
    targets: IntArray


Origin = tuple[str, int]
"""Where pairs come from: `in` the formulas of a form, `of` the predictions of a form, `all`."""


def pairs_of(cells: Cells) -> dict[Origin, Pairs]:
    """The pairs of predictions and targets in the cells of a training, by their origin."""
    groups: dict[Origin, list[tuple[int, int]]] = {}
    for number, form in enumerate(cells.graph.forms):
        for pair in pairs(form.expression):
            for first, second in (pair, pair[::-1]):
                prediction, target = form.operands[:, first], form.operands[:, second]
                fits = (cells.step[prediction] >= 0) & ~cells.region.inside[target]
                for node, other in zip(prediction[fits].tolist(), target[fits].tolist(), strict=True):
                    for group in (("in", number), ("of", int(cells.graph.form[node])), ("all", 0)):
                        groups.setdefault(group, []).append((node, other))
    return {origin: Pairs(*np.array(sorted(set(group))).T) for origin, group in groups.items()}


def _squared(a: Array, y: Array) -> Array:
    return a - y


def _absolute(a: Array, y: Array) -> Array:
    return np.sign(a - y)


def _cross_entropy(a: Array, y: Array) -> Array:
    return np.where((a > 0.0) & (a < 1.0), (a - y) / (a * (1.0 - a)), np.nan)


def _likelihood(a: Array, y: Array) -> Array:
    return np.where(a > 0.0, -y / a, np.nan)


def _hit_or_miss(a: Array, y: Array) -> Array:
    return np.where(a == y, 0.0, -y)


BY_PREDICTION: Mapping[str, Callable[[Array, Array], Array]] = {
    "squared error": _squared,
    "cross entropy of a sigmoid": _cross_entropy,
    "cross entropy of a softmax": _likelihood,
    "absolute error": _absolute,
}
"""Usual losses → their derivative by the prediction, from it and its target; up to a factor."""
BY_ARGUMENT: Mapping[str, Callable[[Array, Array], Array]] = {
    "perceptron rule": _squared,
    "perceptron rule on misses": _hit_or_miss,
}
"""Rules for a prediction that is a step → the factor of the derivative of the step's argument."""


def guesses(cells: Cells) -> list[Guess]:
    """All usual losses on all different sets of pairs."""
    different: dict[tuple[tuple[int, ...], tuple[int, ...]], Origin] = {}
    for origin, found in pairs_of(cells).items():
        different.setdefault((tuple(found.predictions.tolist()), tuple(found.targets.tolist())), origin)
    return [Guess(name, origin) for origin in different.values() for name in (*BY_PREDICTION, *BY_ARGUMENT)]


@dataclass(frozen=True, slots=True)
class Guess:
    """A usual loss, by its name, on the pairs of an origin."""

    name: str
    origin: Origin

    def terms(self, cells: Cells, points: list[Point]) -> Terms:
        """The sum that has the derivatives of this loss; without terms where it is not defined."""
        found = pairs_of(cells).get(self.origin, Pairs(cells.nodes[:0], cells.nodes[:0]))
        at = np.stack([point.values for point in points], 1)
        a, y = at[found.predictions], at[found.targets]
        with np.errstate(all="ignore"):
            if self.name in BY_PREDICTION:
                weights = BY_PREDICTION[self.name](a, y)
                return (
                    (found.predictions, weights) if np.isfinite(weights).all() else (found.predictions[:0], weights[:0])
                )
            factor = BY_ARGUMENT[self.name](a, y)
        return _of_arguments(cells.graph, found.predictions, factor, at)


def _of_arguments(graph: Graph, predictions: IntArray, factor: Array, values: Array) -> Terms:
    """The arguments of step functions, weighted: as the cells that they are computed from."""
    nodes, weights = [np.empty(0, int)], [np.empty((0, values.shape[1]))]
    for number in np.unique(graph.form[predictions]).tolist():
        form = graph.forms[number]
        argument = threshold(form.expression) if number >= 0 else None
        members = np.flatnonzero(graph.form[predictions] == number)
        if argument is None:
            continue
        rows = np.searchsorted(form.nodes, predictions[members])
        for name, slope in partials(argument).items():
            slot = slot_of(name)
            if slot is not None:
                slopes = np.stack([of_arrays(slope, v[form.operands[rows]], form.numbers[rows]) for v in values.T], 1)
                nodes.append(form.operands[rows, slot])
                weights.append(factor[members] * slopes)
    return np.concatenate(nodes), np.concatenate(weights)
