"""Mistakes of filling in a table: exchanged headers, given numbers changed by dragging, rows that repeat the one
before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

import numpy as np

from tracer.formulas.notation.numpy import Array
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.network.fitting import fit
from tracer.grading.network.series import Found
from tracer.grading.network.understanding import Understood
from tracer.model import naming

_T = TypeVar("_T")

FEWEST = 4
"""Minimum rows with a given number for its change to be distinguished from another sample."""
MOST_WRONG = 12
"""Maximum columns that do not fit for exchanged headers to be searched."""
GAIN = 1.5
"""Of the columns that fit, by which an exchange shows. What is computed from the two fits no worse then; where it does,
their formulas are exchanged and not their headers."""


def with_headers_in_place(shown: Understood) -> tuple[Understood, list[Finding]]:
    """The table and its numbers, two columns by what they hold where their headers are exchanged; and the finding. At
    most 66 pairs are tried: those of MOST_WRONG columns."""
    table, rows, model = shown.table, shown.rows, shown.model
    shares = {} if rows.plan else fit(model, rows)
    wrong = [name for name, share in shares.items() if share < 0.5]
    if not 2 <= len(wrong) <= MOST_WRONG:
        return shown, []
    total = sum(shares.values())
    for one, other in combinations(wrong, 2):
        if naming.family(one) != naming.family(other) or one not in table.series or other not in table.series:
            continue
        exchanged = replace(rows, columns=_exchanged(rows.columns, one, other))
        new = fit(model, exchanged)
        spoilt = any(new.get(name, 0.0) < share for name, share in shares.items() if name not in (one, other))
        if sum(new.values()) > total + GAIN and not spoilt:
            places = tuple(table.header_cells[name] for name in (one, other))
            finding = Finding(one, Kind.HEADER, places, cause_of("headers_swapped", one=one, other=other))
            in_place = replace(table, series=_exchanged(table.series, one, other))
            return replace(shown, found=replace(shown.found, table=in_place), rows=exchanged), [finding]
    return shown, []


def _exchanged(columns: Mapping[str, _T], one: str, other: str) -> dict[str, _T]:
    return {**columns, one: columns[other], other: columns[one]}


def dragged(shown: Understood) -> Iterator[Finding]:
    """Inputs and targets that were filled as a series, or that change once while no other given number does.

    Samples that really change do so in several columns, or again and again.
    """
    columns = shown.rows.columns
    given = [name for name in shown.model.system.data if name in columns and _is_typed(shown.found, name)]
    changing = [name for name in given if np.ptp(columns[name]) > 0]
    for name in changing:
        column, places = columns[name], shown.table.series[name]
        is_series = np.allclose(np.diff(column), 1.0, rtol=0, atol=1e-9)  # each the one before plus 1
        if is_series and (column[0] != round(column[0]) or changing == [name]):
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


def _is_typed(found: Found, name: str) -> bool:
    cells = found.of(name) if name in found.table.series else []
    return len(cells) >= FEWEST and all(cell and cell.formula is None and cell.number is not None for cell in cells)


def _odd(column: Array) -> tuple[int, ...]:
    """The rows that differ, if they are a contiguous minority."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) != 2:
        return ()
    steps = np.flatnonzero(column == values[np.argmin(counts)])
    alone = len(steps) == 1 or steps[-1] == len(column) - 1 or steps[0] == 0
    return tuple(int(s) for s in steps) if alone and np.ptp(steps) == len(steps) - 1 else ()


def repeated(shown: Understood) -> list[Finding]:
    """Typed rows that repeat the previous row, so that no weight is updated."""
    table, rows, model = shown.table, shown.rows, shown.model
    if rows.plan:
        return []
    names = [name for name in table.series if name in rows.columns and name != naming.ITERATION]
    weights = [name for name in names if name in model.system.updates]
    slopes = [model.system.gradient(name) for name in model.system.updates]
    slopes = [name for name in slopes if name in names]
    if not weights or not slopes:
        return []
    steps = [
        step
        for step in range(1, rows.steps)
        if all(rows.columns[n][step] == rows.columns[n][step - 1] for n in names if np.isfinite(rows.columns[n][step]))
        and any(rows.columns[n][step] for n in slopes)
        and all((cell := shown.found.of(n)[step]) and cell.formula is None for n in weights)
    ]
    if not steps:
        return []
    places = tuple(table.series[name][step] for name in weights for step in steps)
    named = weights[0] if len(weights) == 1 else f"{weights[0]}…{weights[-1]}"
    cause = cause_of("rows_repeated", rows=len(steps)) if len(steps) > 1 else cause_of("row_repeated")
    return [Finding(named, Kind.REPEATED, places, cause)]
