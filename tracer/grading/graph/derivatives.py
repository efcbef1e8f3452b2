"""The derivatives of nodes: local slopes, and the chain rule forward and in reverse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tracer.grading.graph.forms import slopes_of_arrays
from tracer.grading.graph.graph import Array, Graph, IntArray


def slopes(graph: Graph, values: Array) -> Array:
    """The partial derivative of each node by each of its operands, aligned with `graph.operands`; a rounding to
    one decimal or more counts as none."""
    result = np.zeros(len(graph.operands))
    with np.errstate(all="ignore"):
        for form in graph.forms:
            width = form.operands.shape[1]
            if width:
                found = slopes_of_arrays(form.expression, values[form.operands], form.numbers)
                result[graph.starts[form.nodes][:, None] + np.arange(width)] = found
    return result


def tangents(graph: Graph, slope: Array, seeds: IntArray, nodes: IntArray | None = None) -> Array:
    """The derivatives of nodes by the seeds: a row for each of `nodes` (None: of all), a column for each seed. A seed
    is an independent variable: what its own formula depends on does not matter."""
    count = len(graph.text)
    found = np.zeros((count, len(seeds)))
    found[seeds, np.arange(len(seeds))] = 1.0
    reached = np.zeros(count, bool)
    reached[seeds] = True
    seed = set(seeds.tolist())
    starts, operands = graph.starts.tolist(), graph.operands
    for node in range(count):
        if node in seed or starts[node] == starts[node + 1]:
            continue
        own = slice(starts[node], starts[node + 1])
        through = reached[operands[own]]
        if through.any():
            reached[node] = True
            found[node] = slope[own][through] @ found[operands[own][through]]
    return found if nodes is None else found[nodes]


def adjoints(
    graph: Graph, slope: Array, of: Mapping[int, float], stop: IntArray, nodes: IntArray | None = None
) -> Array:
    """The derivatives of a weighted sum of nodes by all nodes, or by `nodes`. stop: nodes whose own formulas are cut,
    so that nothing is passed on through them."""
    result = [0.0] * len(graph.text)
    for node, weight in of.items():
        result[node] += weight
    cut = set(stop.tolist())
    starts, operands, slope_ = graph.starts.tolist(), graph.operands.tolist(), slope.tolist()
    for node in range(len(result) - 1, -1, -1):
        outer = result[node]
        if outer != 0.0 and node not in cut:
            for edge in range(starts[node], starts[node + 1]):
                local = slope_[edge]
                if local != 0.0:
                    result[operands[edge]] += outer * local
    found = np.array(result)
    return found if nodes is None else found[nodes]
