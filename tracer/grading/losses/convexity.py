"""Whether a loss is convex where a training goes: then it has no maximum that updates could climb to."""

from __future__ import annotations

import numpy as np

from tracer.grading.graph.graph import Array
from tracer.grading.graph.values import evaluate
from tracer.grading.losses.losses import Role
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.steps import NONE

DISTANCES = (0.1, 1.0, 3.0)
"""How far the parameters are moved, as a part of their size, or of 1 if they are smaller."""
TOLERANCE = 1e-9
"""What counts as a straight line, as a part of the loss."""


def is_convex(cells: Cells, role: Role, values: Array, gradient: Array) -> bool:
    """Whether a loss is convex on the line along its gradient in every step, [parameters, steps], and not straight in
    all of them."""
    nodes = role.nodes(cells)
    used = np.isfinite(gradient) & (cells.seeds != NONE)
    seeds, slopes = cells.seeds[used], gradient[used]
    size = np.abs(slopes).max(initial=0.0)
    if not size:
        return False
    unit = slopes / size * np.maximum(1.0, np.abs(values[seeds]))
    curved = False
    for distance in DISTANCES:
        ends = []
        for sign in (1.0, -1.0):
            moved = dict(zip(seeds.tolist(), (values[seeds] + sign * distance * unit).tolist(), strict=True))
            ends.append(evaluate(cells.graph, moved, exact=True)[nodes])
        bend = ends[0] + ends[1] - 2.0 * values[nodes]
        scale = TOLERANCE * (np.abs(ends[0]) + np.abs(ends[1]) + np.abs(values[nodes]))
        if not (bend >= -scale).all():
            return False
        curved |= bool((bend > scale).any())
    return curved
