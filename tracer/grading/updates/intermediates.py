"""Cells that add to a parameter or an activation within the forward pass: recurrent and residual networks."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.updates.updates import Update, roots

FARTHEST = 20_000
"""Cells that are followed back from an update."""


def without_intermediates(graph: Graph, parent: IntArray, updates: Sequence[Update]) -> list[Update]:
    """The updates without cells that only look like ones: those that another update depends on whose own parameter is
    not younger. A true update is a parameter of what depends on it. Those that lead through a rejected one follow it.
    """
    root, kept = roots(parent), list(updates)
    while True:
        search = _Search(graph, root, kept)
        rejected = [update for update in _first_of_each(graph, kept) if search.is_intermediate(update)]
        if not rejected:
            return kept
        texts, shapes = {int(graph.text[u.node]) for u in rejected}, {_shape(graph, u) for u in rejected}
        kept = [u for u in kept if int(graph.text[u.node]) not in texts and _shape(graph, u) not in shapes]


def _shape(graph: Graph, update: Update) -> tuple[object, ...]:
    """A formula and how far away what it refers to is, whether its references are absolute or not: the same in blocks
    that are copies of each other."""
    _, (row, column) = graph.places[update.node]
    operands = (graph.places[operand][1] for operand in graph.operands_of(update.node).tolist())
    return int(graph.form[update.node]), *((own_row - row, own_column - column) for own_row, own_column in operands)


def _first_of_each(graph: Graph, updates: Sequence[Update]) -> list[Update]:
    """The first two updates of each formula."""
    found: dict[int, list[Update]] = {}
    for update in updates:
        samples = found.setdefault(int(graph.text[update.node]), [])
        if len(samples) < 2:
            samples.append(update)
    return [update for samples in found.values() for update in samples]


class _Search:
    """Follows cells back; its state are the graph's arrays as lists, and the updates by where they start from."""

    def __init__(self, graph: Graph, root: IntArray, updates: Sequence[Update]) -> None:
        self._starts, self._operands = graph.starts.tolist(), graph.operands.tolist()
        self._root = root.tolist()
        self._made = {update.node for update in updates}
        self._by_root: dict[int, list[Update]] = {}
        for update in updates:
            self._by_root.setdefault(self._root[update.parameter], []).append(update)

    def is_intermediate(self, update: Update) -> bool:
        """Whether another update depends on this one although its parameter does not."""
        root = self._root[update.parameter]
        older = [root] if root in self._made or self._is_constant(root) else self._parameters_of(root)
        others = [other for start in older for other in self._by_root.get(start, ()) if other.node > update.node]
        return any(self._depends(other.node, update.node) for other in others)

    def _is_constant(self, node: int) -> bool:
        return bool(self._starts[node] == self._starts[node + 1])

    def _parameters_of(self, node: int) -> list[int]:
        """The parameters that a cell depends on within its step."""
        pending, seen, found = [node], {node}, []
        while pending and len(seen) < FARTHEST:
            at = pending.pop()
            if at in self._by_root:
                found.append(at)
            if at not in self._made or at == node:
                further = set(self._operands[self._starts[at] : self._starts[at + 1]]) - seen
                seen |= further
                pending += further
        return found

    def _depends(self, node: int, on: int) -> bool:
        pending, seen = [node], {node}
        while pending and len(seen) < FARTHEST:
            at = pending.pop()
            for operand in self._operands[self._starts[at] : self._starts[at + 1]]:
                if operand == on:
                    return True
                if operand > on and operand not in seen:
                    seen.add(operand)
                    pending.append(operand)
        return False
