"""The derivatives of nodes by their operands."""

from __future__ import annotations

import numpy as np

from tracer.grading.graph.forms import slopes_of_arrays
from tracer.grading.graph.graph import Array, Graph


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
