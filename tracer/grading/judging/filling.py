"""Slips of filling a table in: given numbers that a drag or a hand has changed, rows that repeat the one before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracer.grading.book.cells import Sheet
from tracer.grading.book.numbers import Array
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.network.model import Model
from tracer.grading.network.series import Rows
from tracer.grading.sheet.tables import Table
from tracer.model import naming

FEWEST = 4
"""Rows in which a given number has to stand for its change to be told from another sample."""


def dragged(sheet: Sheet, table: Table, rows: Rows, model: Model) -> Iterator[Finding]:
    """Inputs and targets that were filled as a series, or that change once though nothing else that is given does.

    Samples that really change do so in several columns, or again and again.
    """
    given = [name for name in model.system.data if _is_typed(sheet, table, rows, name)]
    changing = [name for name in given if np.ptp(rows.columns[name]) > 0]
    for name in changing:
        column, places = rows.columns[name], table.series[name]
        if _is_series(column) and (column[0] != round(column[0]) or changing == [name]):
            start = ", ".join(f"{x:g}" for x in column[:3])
            yield Finding(
                name, Kind.VALUE, places[1:], cause_of("filled_as_series", start=start),
                value=float(column[1]), right_value=float(column[0]),
            )  # fmt: skip
        elif changing == [name] and (odd := _odd(column)):
            usual = float(column[0] if 0 not in odd else column[-1])
            yield Finding(
                name,
                Kind.VALUE,
                tuple(places[step] for step in odd),
                cause_of("rows_differ_from_others", rows=len(odd), of=len(column))
                if len(odd) > 1
                else cause_of("differs_from_other_rows"),
                value=float(column[odd[0]]),
                right_value=usual,
            )


def _is_typed(sheet: Sheet, table: Table, rows: Rows, name: str) -> bool:
    if name not in rows.columns or name not in table.series:
        return False
    cells = [sheet.cells.get(place) for place in table.series[name]]
    return len(cells) >= FEWEST and all(cell and cell.formula is None and cell.number is not None for cell in cells)


def _is_series(column: Array) -> bool:
    """Whether each number is the one before plus 1, as a spreadsheet fills cells."""
    return bool(np.allclose(np.diff(column), 1.0, rtol=0, atol=1e-9))


def _odd(column: Array) -> tuple[int, ...]:
    """The rows that differ, where they are one run of the fewer ones."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) != 2:
        return ()
    steps = np.flatnonzero(column == values[np.argmin(counts)])
    alone = len(steps) == 1 or steps[-1] == len(column) - 1 or steps[0] == 0
    return tuple(int(s) for s in steps) if alone and np.ptp(steps) == len(steps) - 1 else ()


def repeated(sheet: Sheet, table: Table, rows: Rows, model: Model) -> list[Finding]:
    """Typed rows that are the row before once more, so that no weight moves in them."""
    if rows.plan:
        return []
    names = [name for name in table.series if name in rows.columns and name != naming.ITERATION]
    weights = [name for name in names if name in model.system.updates]
    slopes = [name for name in names if name.startswith("∂E/∂") and name[4:] in model.system.updates]
    if not weights or not slopes:
        return []
    steps = [
        step
        for step in range(1, rows.steps)
        if all(rows.columns[n][step] == rows.columns[n][step - 1] for n in names if np.isfinite(rows.columns[n][step]))
        and any(rows.columns[n][step] for n in slopes)
        and all((cell := sheet.cells.get(table.series[n][step])) and cell.formula is None for n in weights)
    ]
    if not steps:
        return []
    places = tuple(table.series[name][step] for name in weights for step in steps)
    named = weights[0] if len(weights) == 1 else f"{weights[0]}…{weights[-1]}"
    cause = cause_of("rows_repeated", rows=len(steps)) if len(steps) > 1 else cause_of("row_repeated")
    return [Finding(named, Kind.REPEATED, places, cause)]


__all__ = ["dragged", "repeated"]
