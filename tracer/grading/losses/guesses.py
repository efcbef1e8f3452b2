"""The usual losses, where a sheet has no cell for its own.

They are taken of the predictions and targets that its formulas subtract or compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.losses.predictions import Origin, Terms, of_arguments, pairs_of
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.points import Point


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


BY_PREDICTION: dict[str, Callable[[Array, Array], Array]] = {
    "squared error": _squared,
    "cross entropy of a sigmoid": _cross_entropy,
    "cross entropy of a softmax": _likelihood,
    "absolute error": _absolute,
}
"""Usual losses → their derivative by the prediction, from it and its target; up to a factor."""
BY_MARGIN: dict[str, Callable[[Array, Array], Array]] = {
    "perceptron loss": lambda a, y: np.where(a * y <= 0.0, -y, 0.0),
    "hinge loss": lambda a, y: np.where(a * y < 1.0, -y, 0.0),
}
"""Losses for classes −1 and 1 → their derivative by the prediction, where its product with the class is too small."""
BY_ARGUMENT: Mapping[str, Callable[[Array, Array], Array]] = {
    "perceptron rule": _squared,
    "perceptron rule on misses": _hit_or_miss,
}
"""Rules for a prediction that is a step → the factor of the derivative of the step's argument."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A usual loss, by its name, on the pairs of an origin."""

    name: str
    origin: Origin

    def terms(self, cells: Cells, points: list[Point]) -> Terms:
        """The sum that has the derivatives of this loss; without terms where it is not defined."""
        at = np.stack([point.values for point in points], 1)
        found = pairs_of(cells).get(self.origin)
        if found is None:
            return np.empty(0, int), np.empty((0, len(points)))
        with np.errstate(all="ignore"):
            a, y = found.values(at)
            if self.name in BY_ARGUMENT:
                return of_arguments(cells.graph, found.predictions, BY_ARGUMENT[self.name](a, y), at)
            nodes, weights = found.terms((BY_PREDICTION | BY_MARGIN)[self.name](a, y), at)
        return (nodes, weights) if np.isfinite(weights).all() else (nodes[:0], weights[:0])

    def sources(self, cells: Cells) -> list[IntArray]:
        """The nodes that each prediction is computed from."""
        found = pairs_of(cells).get(self.origin)
        return found.sources(cells.graph, self.name in BY_ARGUMENT) if found else []


def guesses(cells: Cells) -> list[Guess]:
    """All usual losses on all different sets of pairs."""
    different: dict[tuple[object, ...], Origin] = {}
    for origin, found in pairs_of(cells).items():
        different.setdefault((origin[0] == "margin", *found.key), origin)
    return [Guess(name, origin) for origin in different.values() for name in _names(origin)]


def _names(origin: Origin) -> Iterable[str]:
    """The losses on pairs of an origin."""
    if origin[0] == "margin":
        return BY_MARGIN
    return BY_PREDICTION if origin[0] == "within" else (*BY_PREDICTION, *BY_ARGUMENT)
