"""Two columns whose headers are exchanged: each holds what the other should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.network.fitting import fit
from tracer.grading.network.model import Model, family
from tracer.grading.network.series import Rows
from tracer.grading.sheet.tables import Table

_T = TypeVar("_T")

MOST_WRONG = 12
"""Columns that do not fit, up to which exchanged headers are looked for."""
GAIN = 1.5
"""Of the columns that fit, by which an exchange shows. What is computed from the two fits no worse then; where it does,
their formulas are exchanged and not their headers."""


def with_headers_in_place(table: Table, rows: Rows, model: Model) -> tuple[Table, Rows, list[Finding]]:
    """The table and its numbers, two columns by what they hold where their headers are exchanged; and the finding."""
    if rows.plan:
        return table, rows, []
    shares = fit(model, rows)
    wrong = [name for name, share in shares.items() if share < 0.5]
    if not 2 <= len(wrong) <= MOST_WRONG:
        return table, rows, []
    total = sum(shares.values())
    for one, other in combinations(wrong, 2):
        if family(one) != family(other) or one not in table.series or other not in table.series:
            continue
        turned = replace(rows, columns=_exchanged(rows.columns, one, other))
        new = fit(model, turned)
        spoilt = any(new.get(name, 0.0) < share for name, share in shares.items() if name not in (one, other))
        if sum(new.values()) > total + GAIN and not spoilt:
            places = tuple(table.header_cells[name] for name in (one, other))
            finding = Finding(one, Kind.HEADER, places, cause_of("headers_swapped", one=one, other=other))
            return replace(table, series=_exchanged(table.series, one, other)), turned, [finding]
    return table, rows, []


def _exchanged(columns: Mapping[str, _T], one: str, other: str) -> dict[str, _T]:
    return {**columns, one: columns[other], other: columns[one]}


__all__ = ["with_headers_in_place"]
