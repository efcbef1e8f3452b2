"""Points at which a training is judged: the sheet's own numbers, and others that its parameters start from.

A rule that holds at several points holds in general; coincidences of small integers do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from tracer.grading.graph.derivatives import slopes
from tracer.grading.graph.forms import unrounded
from tracer.grading.graph.graph import Array, Graph, IntArray
from tracer.grading.graph.values import evaluate
from tracer.grading.steps.steps import Training

COLUMNS = 12
"""Steps, counted once for each point, in which a training is judged at least."""
MOST_POINTS, MIDDLE_POINTS, FEW_POINTS = 6, 3, 2
"""Points of a small graph whose training has one step, of a larger one, and of a large one."""
SMALL, LARGE = 2_000, 20_000
"""Nodes of a larger graph and of a large one."""
SPREAD = 0.2
"""How far the parameters are moved, as a part of them and absolutely."""


@dataclass(frozen=True, slots=True)
class Point:
    """The values of all nodes, unrounded, and the derivative of each by its operands."""

    values: Array
    slope: Array


def points_of(graph: Graph, trainings: Sequence[Training], root: IntArray) -> list[Point]:
    """The sheet's own point, then others; those at which the numbers blow up are left out."""
    steps = min(training.seeds.shape[1] for training in trainings)
    size = len(graph.text)
    least = FEW_POINTS if size >= LARGE else MIDDLE_POINTS if size >= SMALL else MOST_POINTS - 1
    count = least if size >= LARGE else max(least, min(MOST_POINTS, -(-COLUMNS // steps)))
    start = np.unique(np.concatenate([_start(graph, training, root) for training in trainings]))
    found = [_point(graph, {})]
    known = np.isfinite(found[0].values)
    for number in range(1, count):
        point = _point(graph, _moved(found[0].values, start, number))
        if np.isfinite(point.values[known]).all():
            found.append(point)
    return found


def _start(graph: Graph, training: Training, root: IntArray) -> IntArray:
    """The cells that the parameters start from: constants that the first ones copy, or else these themselves."""
    seeds = np.array([row[row >= 0][0] for row in training.seeds], int)
    return np.where(graph.text[root[seeds]] < 0, root[seeds], seeds)


def _moved(values: Array, start: IntArray, number: int) -> dict[int, float]:
    uniform = Random(number).uniform  # numpy.random would take longer to load than a small sheet to judge
    return {
        node: value * (1.0 + uniform(-SPREAD, SPREAD)) + uniform(-SPREAD, SPREAD)
        for node, value in zip(start.tolist(), values[start].tolist(), strict=True)
    }


def _point(graph: Graph, changed: dict[int, float]) -> Point:
    rounds = any(unrounded(form.expression) is not form.expression for form in graph.forms)
    values = evaluate(graph, changed, exact=True) if changed or rounds else graph.values
    return Point(values, slopes(graph, values))
