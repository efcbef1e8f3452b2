"""The values of all nodes, in their order of dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tracer.grading.graph.forms import safely, scalar, unrounded
from tracer.grading.graph.graph import Array, Form, Graph, IntArray


def values_of(forms: Sequence[Form], start: Array, changed: Mapping[int, float], exact: bool = False) -> Array:
    """The values of all nodes: `start` where there is no formula, the changed ones, and what follows from these."""
    values = start.tolist()
    functions: list[Any] = [None] * len(values)
    operands: list[Sequence[int]] = [()] * len(values)
    numbers: list[Sequence[float]] = [()] * len(values)
    for form in forms:
        function = scalar(unrounded(form.expression) if exact else form.expression)
        nodes = form.nodes.tolist()
        for node, slots in zip(nodes, _rows(form.operands), strict=True):
            functions[node], operands[node] = function, slots
        if form.numbers.shape[1]:
            for node, row in zip(nodes, _rows(form.numbers), strict=True):
                numbers[node] = row
    for node, number in changed.items():
        functions[node], values[node] = None, number
    for node, function in enumerate(functions):
        if function is not None:
            values[node] = safely(function, values, operands[node], numbers[node])
    return np.array(values, float)


def _rows(array: npt.NDArray[Any]) -> Sequence[tuple[Any, ...]]:
    """The rows of an array as tuples, which the garbage collector does not follow."""
    return list(zip(*array.T.tolist(), strict=True)) or [()] * len(array)


def evaluate(graph: Graph, changed: Mapping[int, float], only: IntArray | None = None, exact: bool = False) -> Array:
    """The values of all nodes, or of `only` these, with those of some replaced, whatever their formulas are. exact:
    leave out roundings to one decimal or more."""
    start = np.where(graph.text < 0, graph.values, np.nan)
    found = values_of(graph.forms, start, changed, exact)
    return found if only is None else found[only]
