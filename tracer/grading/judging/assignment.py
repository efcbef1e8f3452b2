"""The given numbers of a table against those that a config asks for: first weights, inputs, targets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracer.formulas.tree import Name
from tracer.grading.book.numbers import Array, Flags
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.exactness import HALF, decimals
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.network.series import Rows
from tracer.grading.sheet.tables import NOWHERE, Table
from tracer.model import naming
from tracer.model.system import System

FEWEST = 3
"""Decimals of a typed value that may have been rounded from the config's."""


def given_quantities(rows: Rows, system: System) -> list[str]:
    """The weights, inputs and targets of a config that a table shows."""
    return [
        name for name in (*(p.name for p in system.parameters), *system.data) if np.isfinite(rows[Name(name)]).any()
    ]


def differing(table: Table, rows: Rows, system: System, tolerance: float) -> list[Finding]:
    """A finding for every given quantity that is not the config's. A row may be any of the config's samples."""
    return [*_first_values(table, rows, system, tolerance), *_samples(table, rows, system, tolerance)]


def _first_values(table: Table, rows: Rows, system: System, tolerance: float) -> Iterator[Finding]:
    first = rows[Name(naming.ITERATION)][:1]
    if np.isfinite(first).all() and (first > 1).any():
        return  # the table begins later
    for parameter in system.parameters:
        theirs = rows[Name(parameter.name)][:1]
        if np.isfinite(theirs).all() and len(theirs) and not _alike(theirs, parameter.start, tolerance).all():
            yield _finding(table, parameter.name, [0], theirs, parameter.start, "first_value_differs")


def _samples(table: Table, rows: Rows, system: System, tolerance: float) -> Iterator[Finding]:
    """The inputs and targets of rows that are none of the samples, against the nearest one."""
    names = [name for name in system.data if np.isfinite(rows[Name(name)]).any()]
    columns = {name: rows[Name(name)] for name in names}
    alike = [
        {name: _alike(columns[name], sample[system.data.index(name)], tolerance) for name in names}
        for sample in system.samples
    ]
    agreeing = np.array([sum(each.values(), np.zeros(rows.steps, int)) for each in alike])
    nearest = agreeing.argmax(axis=0) if len(agreeing) else np.zeros(rows.steps, int)
    for name in names:
        right = np.array([system.samples[sample][system.data.index(name)] for sample in nearest])
        wrong = [
            step
            for step in range(rows.steps)
            if np.isfinite(columns[name][step]) and not alike[nearest[step]][name][step]
        ]
        if wrong:
            yield _finding(table, name, wrong, columns[name], right[wrong[0]], "sample_differs")


def _alike(theirs: Array, right: float, tolerance: float) -> Flags:
    """Which values are the config's, as exactly as they were typed."""
    shown = [decimals(x) for x in theirs.tolist()]
    room = np.array([HALF * 10.0**-digits if digits and digits >= FEWEST else 0.0 for digits in shown])
    result: Flags = np.abs(theirs - right) <= tolerance * abs(right) + room
    return result


def _finding(table: Table, name: str, steps: list[int], theirs: Array, right: float, slip: str) -> Finding:
    scalar = table.scalars.get(name)
    series = table.series.get(name, ())
    places = tuple(series[step] for step in steps if step < len(series) and series[step] != NOWHERE)
    places = places or ((scalar.position,) if scalar else (min(table.header_cells.values()),))
    value = float(theirs[steps[0]])
    return Finding(
        name,
        Kind.GIVEN,
        places,
        cause_of(slip, found=value, expected=float(right)),
        value=value,
        right_value=float(right),
    )


__all__ = ["differing", "given_quantities"]
