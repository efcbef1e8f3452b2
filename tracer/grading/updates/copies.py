"""Cells that are copies of one formula, also where its references to constants are not copied along."""

from __future__ import annotations

import numpy as np

from tracer.grading.graph.graph import Flags, Graph, IntArray

FIXED = np.iinfo(np.int64).min
"""Stands for a constant in a comparison of formulas."""


def copies(graph: Graph, eligible: Flags) -> list[IntArray]:
    """The eligible cells with formulas in groups. Those of a group have one form and, if not one relative formula, the
    same distances to all operands that are computed: blocks that name their own cells absolutely are copies too."""
    nodes = np.flatnonzero(eligible & (graph.form >= 0))
    pairs, pair = np.unique(graph.form[nodes] * len(graph.texts) + graph.text[nodes], return_inverse=True)
    last = np.zeros(len(pairs), int)
    np.maximum.at(last, pair, nodes)
    group = _alike(graph, last)[pair]
    order = np.argsort(group, kind="stable")
    return np.split(nodes[order], np.flatnonzero(np.diff(group[order])) + 1) if len(nodes) else []


def _alike(graph: Graph, nodes: IntArray) -> IntArray:
    """A number for each node, the same for those with one form and the same distances to computed operands."""
    found = np.zeros(len(nodes), int)
    count = 0
    of = graph.form[nodes]
    for number in np.unique(of).tolist():
        members = np.flatnonzero(of == number)
        form = graph.forms[number]
        operands = form.operands[np.searchsorted(form.nodes, nodes[members])]
        distances = graph.keys[operands] - graph.keys[nodes[members], None]
        distances[graph.form[operands] < 0] = FIXED
        _, index = np.unique(distances, axis=0, return_inverse=True)
        found[members] = index.ravel() + count
        count += int(index.max()) + 1
    return found
