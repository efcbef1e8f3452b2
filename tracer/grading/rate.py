"""The learning rate of a table: from its label, the sheet's name, or the updates; labels that contradict these."""

from __future__ import annotations

import re

import numpy as np

from tracer import naming
from tracer.expression import Name, names
from tracer.grading.cells import Sheet
from tracer.grading.findings import Finding, Kind
from tracer.grading.model import Model
from tracer.grading.numbers import Array, value
from tracer.grading.series import Rows
from tracer.grading.spelling import NEXT
from tracer.grading.tables import Table

_RATE_IN_NAME = re.compile(
    r"(?:^|[^a-z])(?:lr|l\.r\.?|eta|η|α|alpha|learning ?rate|rate)\s*[=:_ -]*\s*(\d*[.,]?\d+)", re.IGNORECASE
)


def learning_rate(sheet: Sheet, table: Table, rows: Rows, model: Model) -> tuple[float | None, Rows, list[Finding]]:
    """η: from its label, the sheet's name, or the updates; and a finding where the label contradicts the updates."""
    implied = _implied(rows, model)
    label = rows.scalars.get(naming.ETA)
    if naming.ETA in rows.columns:
        column = rows.columns[naming.ETA]
        values = column[np.isfinite(column)]
        return (float(values[0]) if len(values) else None), rows, []
    if label is None:
        match = _RATE_IN_NAME.search(sheet.name)
        label = float(match[1].replace(",", ".")) if match else None
        if label is None and re.fullmatch(r"\d*\.?\d+", sheet.name.strip()) and "." in sheet.name:
            label = float(sheet.name)
    if implied is None:
        return label, _with_eta(rows, label), []
    if label is None:
        return implied, _with_eta(rows, implied), []
    if abs(implied - label) <= 1e-6 * max(abs(implied), abs(label)):
        return label, _with_eta(rows, label), []
    scalar = table.scalars.get(naming.ETA)
    places = (scalar.position,) if scalar else (min(table.header_cells.values()),)
    said = "the label" if scalar else "the sheet's name"
    finding = Finding(
        naming.ETA, Kind.ETA, places,
        f"{said} says {label:g}, all updates take {implied:.6g} of the gradient",
        f"{implied:.6g}", f"{label:g}", ((0, len(f"{implied:.6g}")),), None, implied, label,
    )  # fmt: skip
    return implied, _with_eta(rows, implied), [finding]


def _with_eta(rows: Rows, eta: float | None) -> Rows:
    if eta is None:
        return rows
    return rows.changed(scalars={**rows.scalars, naming.ETA: eta})


def _implied(rows: Rows, model: Model) -> float | None:
    """The learning rate that the updates show, where most of the parameters agree on one; None otherwise."""
    rates = []
    none, one = _with_eta(rows, 0.0), _with_eta(rows, 1.0)
    for parameter in model.parameters:
        for name in (parameter, parameter + NEXT):
            form = model.written(name, rows.has) if name in rows.columns else None
            if form is None or (
                Name(naming.ETA) not in set(names(form)) and not any(n.name == naming.ETA for n in names(form))
            ):
                continue
            rate = _rate(rows.columns[name], value(form, none), value(form, one))
            if rate is not None:
                rates.append(rate)
    if len(rates) < 2:
        return rates[0] if rates and rates[0] > 0 else None
    middle = float(np.median(rates))
    agreeing = [rate for rate in rates if abs(rate - middle) <= 1e-6 * abs(middle)]
    if len(agreeing) * 3 >= len(rates) * 2:
        return _short(middle)
    return None


def _rate(theirs: Array, start: Array, end: Array) -> float | None:
    """η of one parameter's updates: the middle of those that are known exactly."""
    with np.errstate(all="ignore"):
        rates = (theirs - start) / (end - start)
    known = rates[np.isfinite(rates) & (np.abs(end - start) > 1e-9)]
    if not len(known):
        return None
    middle = float(np.median(known))
    return middle if (np.abs(known - middle) <= 1e-5 * abs(middle)).mean() > 0.6 else None


def _short(rate: float) -> float:
    """A rate without the noise of its last digits."""
    return float(f"{rate:.9g}")
