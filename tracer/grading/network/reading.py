"""What the headers of a table mean, determined together with the network that fits its numbers.

A header may stand for several quantities, and two headers for one. The likeliest meanings are taken first; where
columns then do not fit the network, the others are tried, a kind of header at a time (a_h1, a_h2, … together), and the
reading that fits best is kept. A column that loses its quantity to one that fits becomes an unknown column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from tracer.grading.book.cells import Position
from tracer.grading.network.fitting import fit
from tracer.grading.network.inference import Effort, NotANetwork, infer
from tracer.grading.network.model import Shape, model_of
from tracer.grading.network.series import Found, Rows, rows_of
from tracer.grading.sheet.spelling import is_parameter, normalize, quantity_of
from tracer.grading.sheet.tables import Table
from tracer.model import naming
from tracer.model.naming import spell
from tracer.model.quantity import Quantity, Role

FITS = 0.5
"""Minimum share of right values for a column to fit."""
MOST = 0.8
"""Minimum share of fitting columns for a network to be accepted."""
BETTER = 0.5
"""Additional columns that must fit for another reading to be preferred."""
MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """The interpretation of a table. shares: see `fitting.fit`. late: whether the weights of a row are those after its
    update."""

    found: Found
    rows: Rows
    shape: Shape
    shares: Mapping[str, float]
    late: bool = False

    @property
    def score(self) -> float:
        return sum(self.shares.values())

    @property
    def fits(self) -> bool:
        """Whether most of its columns fit."""
        return sum(share >= FITS for share in self.shares.values()) > MOST * len(self.shares)


def best_reading(found: Found, effort: Effort) -> Reading:
    """The reading of a table that fits its numbers best. Raises NotANetwork.

    In MOST_ROUNDS rounds, one reading is tried for each meaning of each kind of header; `effort` bounds the networks
    that are tried for all of them.
    """
    before = effort.left
    best = _with_late_weights(_read(found, effort), effort)
    for _ in range(MOST_ROUNDS):
        others = [other for rival in _rivals(best) if (other := _tried(replace(found, table=rival), effort))]
        other = max(others, key=lambda reading: reading.score, default=best)
        if other.score <= best.score + BETTER:
            break
        best = replace(other, late=best.late)
    if best.fits:
        effort.left = before  # a network that was found cost nothing: the next table may be another
    return best


def _tried(found: Found, effort: Effort) -> Reading | None:
    with suppress(NotANetwork):
        return _read(found, effort) if effort.left > 0 else None
    return None


def _read(found: Found, effort: Effort) -> Reading:
    shape, rows = infer(spread(rows_of(found)), effort)
    return Reading(found, rows, shape, fit(model_of(shape), rows))


def spread(rows: Rows) -> Rows:
    """Apply inputs, targets and biases that are given in the first row only to all rows."""
    columns, scalars = dict(rows.columns), dict(rows.scalars)
    for name, column in rows.columns.items():
        if (
            rows.steps > 1
            and (quantity := quantity_of(name))
            and quantity.role in (Role.INPUT, Role.TARGET, Role.SHARED_BIAS)
            and np.isfinite(column[0])
            and not np.isfinite(column[1:]).any()
        ):
            scalars[name] = float(column[0])
            del columns[name]
    return replace(rows, columns=columns, scalars=scalars)


def _with_late_weights(reading: Reading, effort: Effort) -> Reading:
    """If the weights of a row are those after its update, name them so: a row's forward pass then uses the
    weights of the row above."""
    table, rows = reading.found.table, reading.rows
    shown = {name: quantity for name in rows.columns if (quantity := quantity_of(name))}
    late = {name: naming.after_update(name) for name, quantity in shown.items() if is_parameter(quantity)}
    if rows.steps < 3 or not late or any(q.role is Role.AFTER_UPDATE for q in shown.values()) or reading.fits:
        return reading
    renamed = table.called({cell: late.get(name, name) for name, cell in table.header_cells.items()})
    other = _read(replace(reading.found, table=renamed), effort)
    return replace(other, late=True) if other.score > reading.score + 2 else reading


# ------------------------------------------------------------------------------------------------ other readings


def _rivals(reading: Reading) -> Iterator[Table]:
    """The table with one kind of header read otherwise, for every kind that may be why columns do not fit."""
    table = reading.found.table
    columns = table.columns()
    kinds: dict[tuple[str, Quantity | None], list[Position]] = {}
    for place, (name, column) in columns.items():
        kinds.setdefault((_DIGITS.sub("", normalize(column.header)), _kind(name)), []).append(place)
    if all(share >= FITS for share in reading.shares.values()):
        return
    for places in kinds.values():
        meanings = {place: _meanings(table, place, columns[place][0]) for place in places}
        fits = _most_fit((columns[place][0] for place in places), reading)
        for kind in dict.fromkeys(_kind(meaning) for meaning in meanings[places[0]]):
            new = {place: next((m for m in meanings[place] if _kind(m) == kind), "") for place in places}
            held = [name for name in new.values() if name in reading.shares]
            if all(new.values()) and (not fits or (held and not _most_fit(held, reading))):
                yield _renamed(table, new)


_DIGITS = re.compile(r"\d")


def _kind(name: str | None) -> Quantity | None:
    quantity = quantity_of(name) if name else None
    return quantity.kind if quantity else None


def _most_fit(names: Iterable[str], reading: Reading) -> bool:
    """Whether most columns fit."""
    fits = [reading.shares.get(name, 0.0) >= FITS for name in names]
    return 2 * sum(fits) >= len(fits)


def _meanings(table: Table, place: Position, name: str) -> list[str]:
    """Other meanings of a column: what its header may stand for, and quantities often confused with that."""
    options = table.options.get(place, ())
    confused = (spell(_confused_with(quantity)) for option in options if (quantity := quantity_of(option)))
    return [option for option in dict.fromkeys((*options, *confused)) if option != name]


def _confused_with(quantity: Quantity) -> Quantity:
    """The quantity often confused with another: net input and activation; the δ of the layers, which some count from
    the output."""
    if quantity.role in _OTHER_ROLE:
        return replace(quantity, role=_OTHER_ROLE[quantity.role])
    by = quantity.by
    if quantity.role is Role.GRADIENT and by and by.role is Role.NET_INPUT:
        return replace(quantity, by=replace(by, layer=_OTHER_LAYER[by.layer]))
    return quantity


_OTHER_ROLE = {Role.NET_INPUT: Role.ACTIVATION, Role.ACTIVATION: Role.NET_INPUT}
_OTHER_LAYER = {naming.HIDDEN_LAYER: naming.OUTPUT_LAYER, naming.OUTPUT_LAYER: naming.HIDDEN_LAYER}


def _renamed(table: Table, new: Mapping[Position, str]) -> Table:
    """The table with some columns renamed; columns that had these names take another, or none."""
    names = {place: name for place, (name, _) in table.columns().items() if place not in new}
    taken = {*names.values(), *new.values()}
    for place, name in names.items():
        if name in new.values():
            names[place] = next((m for m in _meanings(table, place, name) if m not in taken), "")
            taken.add(names[place])
    return table.called({**names, **new})
