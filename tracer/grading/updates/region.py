"""The cells that depend on the parameters within a step, in levels: derivatives for all steps at once.

The graph is cut at the parameters of every step and at their updates. What is left is shallow, however many steps
there are: sweeping over its levels differentiates all steps side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, Graph, IntArray


@dataclass(frozen=True, slots=True)
class Level:
    """Cells whose operands all lie in earlier levels.

    cells: their nodes. edges: those that lead to them, sorted by cell, as indices into the graph's operands.
    operands, owners: the nodes that these lead from and to. starts: where the edges of each cell start.
    """

    cells: IntArray
    edges: IntArray
    operands: IntArray
    owners: IntArray
    starts: IntArray


@dataclass(frozen=True, slots=True)
class Network:
    """The graph's edges in both directions. owner: the node of each edge. user_starts, used_by: the edges that lead
    away from a node n are `used_by[user_starts[n]:user_starts[n + 1]]`."""

    graph: Graph
    owner: IntArray
    user_starts: IntArray
    used_by: IntArray

    @staticmethod
    def of(graph: Graph) -> Network:
        """The edges of a graph."""
        owner = np.repeat(np.arange(len(graph.text)), np.diff(graph.starts))
        starts = np.concatenate([[0], np.cumsum(np.bincount(graph.operands, minlength=len(graph.text)))])
        return Network(graph, owner, starts, np.argsort(graph.operands, kind="stable"))

    def leading_from(self, nodes: IntArray) -> IntArray:
        """The edges that lead away from these nodes."""
        return self.used_by[ranges(self.user_starts[nodes], self.user_starts[nodes + 1])]

    def leading_to(self, nodes: IntArray) -> IntArray:
        """The edges that lead to these nodes, sorted by node in their order."""
        return ranges(self.graph.starts[nodes], self.graph.starts[nodes + 1])


@dataclass(frozen=True, slots=True)
class Region:
    """inside: which nodes depend on a seed, the seeds among them. levels: those that do not stand at a cut. ends: those
    that do, as a level of their own: the updates, as far as they depend on a seed."""

    inside: Flags
    levels: tuple[Level, ...]
    ends: Level

    def forward(self, start: Array, slope: Array) -> Array:
        """The derivatives of all nodes, a row each; `start` has those of the seeds, and 0."""
        found = start.copy()
        for level in self.levels:
            found[level.cells] = np.add.reduceat(slope[level.edges, None] * found[level.operands], level.starts)
        return found

    def reverse(self, start: Array, slope: Array) -> Array:
        """The derivatives by all nodes of the sum of the nodes, each weighted by its number in `start`."""
        found = start.copy()
        for level in reversed(self.levels):
            np.add.at(found, level.operands, slope[level.edges] * found[level.owners])
        return found

    def gathered(self, start: IntArray, by: np.ufunc) -> IntArray:
        """What the seeds have in `start`, gathered by an operation such as `minimum` over all that each node depends
        on; the nodes at the cuts keep theirs: see `at_ends`."""
        found = start.copy()
        for level in self.levels:
            found[level.cells] = by.reduceat(found[level.operands], level.starts)
        return found

    def at_ends(self, gathered: IntArray, by: np.ufunc) -> IntArray:
        """The same for the nodes of `ends`."""
        return by.reduceat(gathered[self.ends.operands], self.ends.starts) if len(self.ends.cells) else gathered[:0]


def region(network: Network, seeds: IntArray, cut: Flags) -> Region:
    """The nodes that depend on these seeds by ways that lead through no node that is cut."""
    graph = network.graph
    inside = np.zeros(len(graph.text), bool)
    inside[seeds] = True
    frontier = np.unique(seeds)
    ends = np.zeros_like(inside)
    while len(frontier):
        reached = network.owner[network.leading_from(frontier)]
        ends[reached[cut[reached]]] = True
        frontier = np.unique(reached[~inside[reached] & ~cut[reached]])
        inside[frontier] = True
    inner = inside.copy()
    inner[seeds] = False
    edges = network.leading_to(np.flatnonzero(inner))
    edges = edges[inside[graph.operands[edges]]]
    return Region(inside, tuple(_levels(network, np.unique(seeds), edges)), _ends(network, inside, ends))


def _ends(network: Network, inside: Flags, ends: Flags) -> Level:
    edges = network.leading_to(np.flatnonzero(ends))
    return _level(network, edges[inside[network.graph.operands[edges]]])


def _level(network: Network, edges: IntArray) -> Level:
    """The level of the cells that these edges, sorted by cell, lead to."""
    owners = network.owner[edges]
    cells, starts = np.unique(owners, return_index=True)
    return Level(cells, edges, network.graph.operands[edges], owners, starts)


def _levels(network: Network, seeds: IntArray, edges: IntArray) -> list[Level]:
    """The cells that these edges lead to, each after its operands."""
    graph, count = network.graph, len(network.graph.text)
    waiting = np.bincount(network.owner[edges], minlength=count)
    wanted = np.zeros(len(graph.operands), bool)
    wanted[edges] = True
    levels = []
    frontier = seeds
    while len(frontier):
        passed = network.leading_from(frontier)
        reached = network.owner[passed[wanted[passed]]]
        np.subtract.at(waiting, reached, 1)
        frontier = np.unique(reached[waiting[reached] == 0])
        if len(frontier):
            to = network.leading_to(frontier)
            levels.append(_level(network, to[wanted[to]]))
    return levels


def ranges(starts: IntArray, stops: IntArray) -> IntArray:
    """The numbers from each start to before its stop, one range after the other."""
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    numbers: IntArray = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    return numbers
