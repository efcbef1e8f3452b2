"""Compares the given numbers of a table with those of a config: first weights, inputs, targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tracer.formulas.notation.numpy import Array, Flags
from tracer.formulas.tree import Name
from tracer.grading.book.cells import Position
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.exactness import HALF, decimals
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.network.series import Rows
from tracer.grading.network.understanding import Understood
from tracer.grading.sheet.tables import NOWHERE, Table
from tracer.model import naming
from tracer.model.system import System

FEWEST = 3
"""Minimum decimals of a typed value that may have been rounded from the config's."""


def differing(shown: Understood, system: System, tolerance: float) -> Iterator[Finding]:
    """A finding for every given quantity that differs from the config. A row may show any of its samples."""
    rows, data = shown.rows, [name for name in system.data if len(shown.rows.known(name))]
    expected = {**_first_values(rows, system), **_samples(rows, system, data, tolerance)}
    for name, right in expected.items():
        theirs = rows[Name(name)]
        wrong = np.isfinite(theirs) & np.isfinite(right) & ~_alike(theirs, right, tolerance)
        if wrong.any():
            step = int(np.argmax(wrong))
            value, other = float(theirs[step]), float(right[step])
            slip = "sample_differs" if name in data else "first_value_differs"
            places = _places(shown.table, name, np.flatnonzero(wrong).tolist())
            yield Finding(
                name, Kind.GIVEN, places, cause_of(slip, found=value, expected=other), value=value, right_value=other
            )


def _first_values(rows: Rows, system: System) -> dict[str, Array]:
    """The required first values of the parameters, unless the table begins later; NaN for the others."""
    iteration = rows[Name(naming.ITERATION)][:1]
    later = np.isfinite(iteration).all() and (iteration > 1).any()
    start = np.where(np.arange(rows.steps) == 0, 1.0, np.nan)
    return {} if later else {parameter.name: parameter.start * start for parameter in system.parameters}


def _samples(rows: Rows, system: System, data: Sequence[str], tolerance: float) -> dict[str, Array]:
    """The inputs and targets of every row: those of the nearest sample."""
    samples = {name: [sample[system.data.index(name)] for sample in system.samples] for name in data}
    alike = [
        sum(
            (_alike(rows[Name(name)], each, tolerance) for name, each in zip(data, sample, strict=True)),
            np.zeros(rows.steps, int),
        )
        for sample in zip(*samples.values(), strict=True)
    ]
    nearest = np.argmax(alike, axis=0) if alike else []
    return {name: np.array(values)[nearest] for name, values in samples.items()}


def _alike(theirs: Array, right: Array | float, tolerance: float) -> Flags:
    """Which values equal the config's, to the precision with which they were typed."""
    shown = [decimals(x) for x in theirs.tolist()]
    room = np.array([HALF * 10.0**-digits if digits and digits >= FEWEST else 0.0 for digits in shown])
    result: Flags = np.abs(theirs - right) <= tolerance * np.abs(right) + room
    return result


def _places(table: Table, name: str, steps: Sequence[int]) -> tuple[Position, ...]:
    """The cells of a given quantity in these steps; where they are none of the table's, that of its label."""
    series, scalar = table.series.get(name, ()), table.scalars.get(name)
    places = tuple(series[step] for step in steps if step < len(series) and series[step] != NOWHERE)
    return places or (scalar.position if scalar else min(table.header_cells.values()),)
