"""Chains of updates: those of a parameter, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.updates.updates import TooManyParameters, Update, roots

MOST_STEPS = 500
"""Steps that are judged."""
MOST_PARAMETERS = 4_096
"""Chains of updates that are followed."""
NONE = -1


@dataclass(frozen=True, slots=True)
class Chain:
    """The updates of a parameter, one after the other, the seed of each, and the step of the first."""

    updates: tuple[Update, ...]
    seeds: tuple[int, ...]
    first: int = 0

    def steps(self) -> Iterator[tuple[int, Update, int]]:
        """The number, update and seed of each step that is judged."""
        rows = zip(range(self.first, MOST_STEPS), self.updates, self.seeds, strict=False)
        return iter(rows)


def chains_of(graph: Graph, updates: Sequence[Update], parent: IntArray) -> list[Chain]:
    """The updates by parameter. Where several continue one, the longest does, of equal ones that which is as far from
    it as is usual; the others are parameters of their own."""
    root = roots(parent)
    by_node = {update.node: index for index, update in enumerate(updates)}
    before = [by_node.get(int(root[update.parameter]), NONE) for update in updates]
    length = [1] * len(updates)
    after = [NONE] * len(updates)
    usual: Counter[tuple[str, str, int, int]] | None = None
    for index in range(len(updates) - 1, -1, -1):
        previous = before[index]
        if previous == NONE:
            continue
        if length[index] + 1 == length[previous]:
            usual = usual or Counter(_between(graph, updates[b], updates[i]) for i, b in enumerate(before) if b != NONE)
            own, other = (usual[_between(graph, updates[previous], updates[i])] for i in (index, after[previous]))
            if own <= other:
                continue
        if length[index] + 1 >= length[previous]:
            length[previous], after[previous] = length[index] + 1, index
    seeds = _seeds(updates, parent)
    chains = []
    for index, previous in enumerate(before):
        if previous == NONE or after[previous] != index:
            chain = [index]
            while after[chain[-1]] != NONE:
                chain.append(after[chain[-1]])
            chains.append(Chain(tuple(updates[i] for i in chain), tuple(int(seeds[i]) for i in chain)))
    if len(chains) > MOST_PARAMETERS:
        raise TooManyParameters(f"it trains {len(chains):,} parameters; the limit is {MOST_PARAMETERS:,}")
    return chains


def _between(graph: Graph, update: Update, other: Update) -> tuple[str, str, int, int]:
    """The sheets of two updates, and the rows and columns between them."""
    (sheet, (row, column)), (sheet_2, (row_2, column_2)) = (graph.places[each.node] for each in (update, other))
    return sheet, sheet_2, row_2 - row, column_2 - column


def _seeds(updates: Sequence[Update], parent: IntArray) -> IntArray:
    """The first cell in the chain of copies of each parameter that no other update uses."""
    parameters = np.array([update.parameter for update in updates], int)
    claims = np.zeros(len(parent), int)
    at = parameters
    while len(at):
        np.add.at(claims, at, 1)
        at = parent[at][parent[at] != at]
    seeds = parameters
    while True:
        above = parent[seeds]
        further = np.where(claims[above] == 1, above, seeds)
        if np.array_equal(further, seeds):
            return seeds
        seeds = further
