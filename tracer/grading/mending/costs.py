"""Costs of edits: the lower, the likelier is the slip that an edit corrects."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.tree import Call, Expression, Name
from tracer.grading.graph.forms import of_arrays
from tracer.grading.graph.graph import Array
from tracer.grading.mending.edits import Edit
from tracer.grading.mending.rewriting import Kind
from tracer.tables.activations import ACTIVATIONS, KNOWN

COST = {
    Kind.OPERATOR: 1.0, Kind.REFERENCE: 1.0, Kind.RANGE: 1.0, Kind.SIGN: 1.2, Kind.LESS: 1.4, Kind.COMPLEMENT: 1.6,
    Kind.MORE: 1.5, Kind.POWER: 1.8, Kind.COPY: 1.0, Kind.SLOPE: 1.0,
}  # fmt: skip
"""The cost of each kind of edit."""
COST_OF_FORWARD = 0.6
"""Added for an edit that changes the loss: the gradients below it would be right by chance."""
COST_OF_ASCENT = 0.7
"""Added for an edit that makes an update go up: the sign of a gradient is wrong more often."""
COST_OF_SIZE = 0.1
"""Added for each token that an edit adds: slips add tokens more often than they lose them."""


def cost_of(edit: Edit, forward: bool, ascends: bool) -> float:
    """The cost of an edit. forward: whether it changes the loss. ascends: whether it makes an update add what it
    subtracts."""
    cost = COST_OF_LESS_SIGN if edit.kind is Kind.SIGN and edit.size < 0 else COST[edit.kind]
    return cost + COST_OF_SIZE * edit.size + COST_OF_FORWARD * forward + COST_OF_ASCENT * ascends


COST_OF_LESS_SIGN = 0.6
"""The cost of removing a sign."""
_POINTS = (-1.3, -0.4, 0.7, 1.9)


@lru_cache(maxsize=4_096)
def is_activation(form: Expression) -> bool:
    """Whether a formula is a usual activation function of one cell."""
    if not isinstance(form, Call):
        return False
    at = np.array(_POINTS)[:, None]
    try:
        values = of_arrays(form, at, np.empty((len(at), 0)))
    except (IndexError, NameError, TypeError, ValueError):
        return False  # of several cells
    return any(np.allclose(values, known, rtol=1e-9) for known in _values())


@lru_cache(maxsize=1)
def _values() -> tuple[Array, ...]:
    """The values of the usual activation functions."""
    found = []
    for name in ACTIVATIONS:
        try:
            found.append(np.array([evaluate(Call(KNOWN[name], (Name("z"),)), {"z": z}) for z in _POINTS]))
        except NO_NUMBER:
            continue
    return tuple(found)
