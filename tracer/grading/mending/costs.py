"""How likely it is that a formula was to read otherwise: what edits are compared by."""

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
"""How unlikely the slips are that edits mend, to compare them by."""
COST_OF_FORWARD = 0.6
"""What it costs that an edit changes the loss: what lies below it would then be right by chance."""
COST_OF_SIZE = 0.1
"""What a token more costs: a formula that gets shorter was rather wrong than one that gets longer."""


def cost_of(edit: Edit, forward: bool) -> float:
    """How unlikely the slip is that an edit mends. forward: whether it changes the loss."""
    cost = COST_OF_LESS_SIGN if edit.kind is Kind.SIGN and edit.size < 0 else COST[edit.kind]
    return cost + COST_OF_SIZE * edit.size + COST_OF_FORWARD * forward


COST_OF_LESS_SIGN = 0.6
"""What a sign costs that is left out: it was hardly written without a thought."""
_POINTS = (-1.3, -0.4, 0.7, 1.9)


@lru_cache(maxsize=4_096)
def is_activation(form: Expression) -> bool:
    """Whether a formula of one cell is a usual activation function, which needs no edit but of its reference."""
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
