"""The learning rate: which cell or typed number of the updates is the factor that their gradients take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Graph, IntArray
from tracer.grading.losses.factors import TOLERANCE
from tracer.grading.steps.cells import Cells
from tracer.grading.updates.region import Network
from tracer.grading.updates.shapes import literals
from tracer.grading.updates.updates import Update

LARGEST_COUNT = 10_000
"""The largest number of samples that a factor of a gradient is taken for."""
FARTHEST = 3
"""Formulas from an update to the one that has the learning rate."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A learning rate. node: its cell, -1 where it is typed into a formula. factor: that the gradients have besides."""

    value: float
    node: int
    factor: float


def has_own_rate(
    network: Network,
    values: Array,
    updates: Iterable[Update],
    found: float,
    cells: Cells,
    loss: IntArray,
    others: Sequence[int],
) -> bool:
    """Whether a factor that is not that of most parameters is a learning rate of its own: one in a cell that all its
    updates refer to, and nothing in the forward pass, nor the updates of others. loss: the nodes that are minimized.
    others: these updates."""
    made = list(updates)
    rate = rate_of(network.graph, values, cells, made, found)
    if rate is None or not _is_one(abs(rate.factor)):
        return False
    if any(rate.node not in network.graph.operands_of(update.node) for update in made):
        return False
    users = network.owner[network.leading_from(np.array([rate.node]))]
    forward = cells.feeding(loss) & (cells.step >= 0)
    return not forward[users].any() and not np.isin(users, others).any()


def is_simple(factor: float) -> bool:
    """Whether a factor may come from a missing ½ or from a mean in place of a sum: 2, ½, n, 1/n, 2/n, n/2."""
    size = abs(factor)
    if not (1 / LARGEST_COUNT <= size <= LARGEST_COUNT):
        return False
    return any(abs(n - round(n)) <= TOLERANCE * n for n in (size, 1 / size, 2 * size, 2 / size))


def rate_of(graph: Graph, values: Array, cells: Cells, updates: Iterable[Update], found: float) -> Rate | None:
    """The rate in these updates that the factor found is, or is a simple multiple of; None if there is none."""
    cell_votes: Counter[int] = Counter()
    typed_votes: Counter[float] = Counter()
    for update in updates:
        nodes, typed = _factors(graph, cells, update)
        cell_votes.update(node for node in nodes if values[node])
        typed_votes.update(number for number in typed if number)
    rates = [
        (votes, Rate(float(values[node]), node, found / float(values[node]))) for node, votes in cell_votes.items()
    ]
    rates += [(votes, Rate(number, -1, found / number)) for number, votes in typed_votes.items()]
    simple = [(votes, rate) for votes, rate in rates if is_simple(rate.factor)]
    if not simple:
        return None
    return max(simple, key=lambda entry: (_is_one(abs(entry[1].factor)), entry[0], entry[1].node >= 0))[1]


def _is_one(factor: float) -> bool:
    return abs(factor - 1.0) <= TOLERANCE


def _factors(graph: Graph, cells: Cells, update: Update) -> tuple[set[int], set[float]]:
    """The cells outside the training that an update and the formulas just before it refer to, and their numbers."""
    nodes, typed = set[int](), set[float]()
    for node, operands in _nearby(graph, cells, update.node):
        nodes |= {operand for operand in operands.tolist() if not cells.region.inside[operand]}
        typed |= {abs(number) for number in literals(graph.forms[graph.form[node]].expression)} - {1.0}
    return nodes - {update.parameter}, typed


def _nearby(graph: Graph, cells: Cells, node: int) -> Iterator[tuple[int, IntArray]]:
    """A node and those just before it that depend on the parameters, with their operands."""
    frontier = [node]
    for _ in range(FARTHEST):
        further = []
        for at in frontier:
            operands = graph.operands_of(at)
            yield at, operands
            further += [o for o in operands.tolist() if cells.step[o] >= 0]
        frontier = list(dict.fromkeys(further))[:16]


def same(first: float, second: float) -> bool:
    """Whether two factors are the same but for rounding errors."""
    return bool(np.isclose(first, second, rtol=TOLERANCE, atol=0.0))
