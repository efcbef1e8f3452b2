"""The values of all nodes, in their order of dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.grading.graph.forms import safely, scalar, unrounded
from tracer.grading.graph.graph import Array, Form, Graph, IntArray


def values_of(forms: Sequence[Form], start: Array, changed: Mapping[int, float], exact: bool = False) -> Array:
    """The values of all nodes: `start` where there is no formula, the changed ones, and what follows from these."""
    values = start.tolist()
    work: list[Any] = [None] * len(values)
    for form in forms:
        columns = form.nodes.tolist(), form.operands.tolist(), form.numbers.tolist()
        function = scalar(unrounded(form.expression) if exact else form.expression)
        for node, operands, numbers in zip(*columns, strict=True):
            work[node] = (function, operands, numbers)
    for node, number in changed.items():
        work[node], values[node] = None, number
    for node, entry in enumerate(work):
        if entry is not None:
            function, operands, numbers = entry
            values[node] = safely(function, values, operands, numbers)
    return np.array(values, float)


def evaluate(graph: Graph, changed: Mapping[int, float], only: IntArray | None = None, exact: bool = False) -> Array:
    """The values of all nodes, or of `only` these, with those of some replaced, whatever their formulas are. exact:
    leave out roundings to one decimal or more."""
    start = np.where(graph.text < 0, graph.values, np.nan)
    found = values_of(graph.forms, start, changed, exact)
    return found if only is None else found[only]
