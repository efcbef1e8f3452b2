"""The learning rate of a table: from its label, the sheet's name, or the updates; and labels that contradict these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.formulas.notation.numpy import Array, value
from tracer.formulas.tree import names
from tracer.grading.book.cells import Position, Sheet
from tracer.grading.judging.by_hand import decimals_written
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.exactness import HALF, Exactness
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.network.understanding import Understood
from tracer.grading.sheet.spelling import candidates
from tracer.model import naming
from tracer.model.quantity import Role

_RATE_IN_NAME = re.compile(
    r"(?:^|[^a-z])(?:lr|l\.r\.?|eta|η|α|alpha|learning ?rate|rate)\s*[=:_ -]*\s*(\d*[.,]?\d+)", re.IGNORECASE
)

_NUMBERED = re.compile(r"[ _]*\d+(?=[ =:]*$)")
"""The number of one of several labels."""

CLOSE = 1e-6
"""Relative tolerance of equal rates."""


def learning_rate(
    shown: Understood, exactness: Exactness, otherwise: float | None = None
) -> tuple[float | None, Understood, list[Finding]]:
    """η: from its column, its label, the sheet's name, or the updates, or `otherwise` that of the config; the table
    with it; and a finding where the label contradicts the updates."""
    rows, table = shown.rows, shown.table
    if naming.ETA in rows.columns:
        return next(iter(rows.known(naming.ETA).tolist()), None), shown, []
    label = rows.scalars.get(naming.ETA, _in_name(shown.sheet.name))
    implied, room = _implied(shown, exactness, otherwise if label is None else label) or (None, 0.0)
    findings = []
    if (
        implied is not None
        and label is not None
        and abs(implied - label) > CLOSE * max(abs(implied), abs(label)) + room
    ):
        scalar = table.scalars.get(naming.ETA)
        place = scalar.position if scalar else min(table.header_cells.values())
        stated = "label" if scalar else "sheet's name"
        why = cause_of("label_contradicts_updates", label=stated, expected=label, found=implied)
        theirs, marks = f"{implied:.6g}", ((0, len(f"{implied:.6g}")),)
        findings = [
            Finding(naming.ETA, Kind.ETA, (place,), why, theirs, f"{label:g}", marks, None, implied, label),
        ]
    eta = implied if label is None or findings else label
    if otherwise is not None and (eta is None or abs(eta - otherwise) <= CLOSE * otherwise):
        eta = otherwise
    return eta, shown if eta is None else replace(shown, rows=rows.with_scalars(**{naming.ETA: eta})), findings


def _in_name(sheet: str) -> float | None:
    """The learning rate in the name of a sheet, if any: `lr = 0.1`, `0.1`."""
    match = _RATE_IN_NAME.search(sheet)
    if match:
        return float(match[1].replace(",", "."))
    return float(sheet) if re.fullmatch(r"\d*\.\d+", sheet.strip()) else None


def labeled_rates(sheet: Sheet) -> dict[Position, float]:
    """All numbers of a sheet beside or below a label that names η, also one with a number, as η2."""
    found = {}
    for (row, column), cell in sheet.cells.items():
        bare = _NUMBERED.sub("", cell.value) if isinstance(cell.value, str) else ""
        if bare and any(q.role is Role.LEARNING_RATE for q in candidates(bare)):
            for place in ((row, column + 1), (row + 1, column)):
                number = sheet.cells[place].number if place in sheet.cells else None
                if number is not None:
                    found[place] = number
                    break
    return found


def _implied(shown: Understood, exactness: Exactness, label: float | None) -> tuple[float, float] | None:
    """The learning rate that the updates imply, with its precision, if most of the parameters agree on one; None
    otherwise."""
    rows, model = shown.rows, shown.model
    updates, rounding = [], exactness.by_hand is not None
    none, one = (rows.with_scalars(**{naming.ETA: eta}) for eta in (0.0, 1.0))
    for parameter in model.parameters:
        for name in (parameter, naming.after_update(parameter)):
            form = model.in_terms_of(name, rows.names) if name in rows.columns else None
            if form is not None and any(n.name == naming.ETA for n in names(form)):
                written, slack = decimals_written(shown, name), exactness.slack[name]
                if written is not None:
                    rounding, slack = True, np.fmax(slack, HALF * 10.0**-written)
                updates.append((rows.columns[name], value(form, none), value(form, one), slack))
    if rounding:
        return _of_rounded(updates, label)
    rates = [rate for update in updates if (rate := _rate(*update)) is not None]
    return _common(rates) or _common([(rate, room) for rate, room in rates if abs(rate - 1) > CLOSE + room])


def _common(rates: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """The rate on which most of these agree, with its precision. Where none is, those of 1 may be updates without η."""
    if not rates:
        return None
    middle, room = (float(np.median(part)) for part in zip(*rates, strict=True))
    if middle <= room:  # a sign or a reference that is wrong everywhere, no rate
        return None
    agreeing = [rate for rate, _ in rates if abs(rate - middle) <= CLOSE * abs(middle) + room]
    return (_short(middle, room), room) if len(agreeing) * 3 >= len(rates) * 2 else None


def _of_rounded(
    updates: Sequence[tuple[Array, Array, Array, Array]], label: float | None
) -> tuple[float, float] | None:
    """η of updates that are rounded as they are computed: the label's, or else the simplest number that explains most
    of them."""
    ends = []
    for theirs, start, end, slack in updates:
        with np.errstate(all="ignore"):
            between = np.stack([theirs - start - slack, theirs - start + slack]) / (end - start)
        ends.append(np.sort(between[:, np.isfinite(between).all(axis=0)], axis=0))
    low, high = np.concatenate(ends, axis=1) if ends else np.zeros((2, 0))
    no_rate = (low <= 1) & (high >= 1)
    return _explaining(low, high, label) or _explaining(low[~no_rate], high[~no_rate], label)


def _explaining(low: Array, high: Array, label: float | None) -> tuple[float, float] | None:
    """The number that lies in most of these intervals, with its precision; None if there is none."""
    if not len(low):
        return None
    if label is not None and 3 * ((low <= label) & (label <= high)).sum() >= 2 * len(low):
        return label, 0.0
    holding = np.searchsorted(np.sort(low), low, "right") - np.searchsorted(np.sort(high), low, "left")
    least = low[np.argmax(holding)]
    if least <= 0 or 3 * holding.max() < 2 * len(low):
        return None
    largest = high[(low <= least) & (least <= high)].min()
    room = float(largest - least) / 2
    return _short(float(least) + room, room), room


def _rate(theirs: Array, start: Array, end: Array, slack: Array) -> tuple[float, float] | None:
    """η of one parameter's updates, the middle of those that are known exactly, and how far rounding may have moved
    it."""
    with np.errstate(all="ignore"):
        rates = (theirs - start) / (end - start)
        rooms = 2 * slack / np.abs(end - start)
    usable = np.isfinite(rates) & (np.abs(end - start) > 1e-9)
    known = rates[usable]
    if not len(known):
        return None
    middle, room = float(np.median(known)), float(np.median(rooms[usable]))
    return (middle, room) if (np.abs(known - middle) <= 1e-5 * abs(middle) + 2 * room).mean() > 0.6 else None


def _short(rate: float, room: float) -> float:
    """The shortest number within the precision of the rate."""
    shortened = (float(f"{rate:.{digits}g}") for digits in range(1, 10))
    return next((short for short in shortened if abs(short - rate) <= max(1e-9 * abs(rate), room)), rate)
