"""The states of an optimizer: running means of gradients, which lie between a parameter and its own update."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from tracer.grading.graph.graph import Flags, Graph, IntArray
from tracer.grading.updates.chains import Chain
from tracer.grading.updates.updates import Update, roots

STEPS = 3
"""Steps in which states are searched."""
FARTHEST = 20_000
"""Cells that are followed back from the updates of a step."""


def without_states(
    graph: Graph,
    parent: IntArray,
    decaying: Sequence[Update],
    chains: Sequence[Chain],
    cut: Flags,
) -> list[Update]:
    """The decaying updates of weights, without those of states. chains: the other updates. cut: their nodes and seeds.

    A state is what an update adds, or a cell between a parameter and its own update. A weight is neither: updates
    depend on its value before the step.
    """
    root = roots(parent)
    others = [update for chain in chains for update in chain.updates]
    steps: dict[int, list[tuple[Update, int]]] = {}
    for chain in chains:
        for number, update, seed in islice(chain.steps(), STEPS):
            steps.setdefault(number, []).append((update, seed))
    states = set()
    for user in (*decaying, *others):
        edges = range(graph.starts[user.node], graph.starts[user.node + 1])
        states |= {int(root[graph.operands[edge]]) for edge in edges if edge - edges.start != user.lead.slot}
    between = {int(graph.text[node]) for step in steps.values() for node in _between(graph, step, cut)}
    taken = states | {update.node for update in others}
    return [u for u in decaying if u.node not in taken and int(graph.text[u.node]) not in between]


def _between(graph: Graph, step: Sequence[tuple[Update, int]], cut: Flags) -> set[int]:
    """The cells that the updates of a step depend on, and that depend on a parameter of this step."""
    seeds, updates = {seed for _, seed in step}, {update.node for update, _ in step}
    pending, seen = list(updates), set(updates)
    while pending and len(seen) < FARTHEST:
        node = pending.pop()
        for operand in graph.operands_of(node).tolist():
            if operand not in seen:
                seen.add(operand)
                if not cut[operand]:
                    pending.append(operand)
    found = set(seeds)
    for node in sorted(seen - updates):
        if not cut[node] and not found.isdisjoint(graph.operands_of(node).tolist()):
            found.add(node)
    return found - seeds
