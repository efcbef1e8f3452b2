"""How exactly the numbers of a table are known: values without a formula may be rounded to decimals or to digits, cut
off, or of single precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import floor, log10

import numpy as np

from tracer.grading.book.cells import Position, Sheet
from tracer.grading.book.numbers import Array
from tracer.grading.network.model import Model
from tracer.grading.network.series import Rows
from tracer.grading.sheet.tables import Table

EXACT_DIGITS = 14
"""A value with so many significant digits was not rounded by a person."""
USUAL_DECIMALS = 4
"""Decimals that a person keeps."""
HALF = 0.5000001
"""Of the last digit: how far a rounded value may be from the one that it was rounded from."""
STORED = 1e-14
"""How exactly a computed value is stored, relative: some programs write 15 digits."""
SINGLE = 4 * 2.0**-24
"""Relative: what a few operations of single precision leave (IEEE 754: half a unit in the last place each)."""
MOSTLY = 0.9
"""The share of a column's typed values that have to be rounded for the column to count as rounded."""
AGAINST = 0.25
"""Zeros a value that a column would have to hide to be rounded as its table is; with more, it is rounded otherwise."""
CHANCE = 2
"""So many last digits of a column may be zeros by chance."""
FEWEST_PRINTED = 24
"""Printed values by which single precision is told: one in six of eight digits looks as if."""

Typed = Sequence[float | None]
"""The values of a column that have no formula, None for its other cells."""


@dataclass(frozen=True, slots=True)
class Exactness:
    """slack: how far each value of a column may be from the exact one. said: how a rounded column was rounded, in
    words."""

    slack: Mapping[str, Array]
    said: Mapping[str, str]

    def cut_off(self) -> Exactness:
        """The same where last digits were not rounded but cut off, as far as there are rounded columns."""
        twice = {
            name: 2 * slack if self.said.get(name, "").startswith(ROUNDED) else slack
            for name, slack in self.slack.items()
        }
        return Exactness(twice, {name: text.replace(ROUNDED, "cut off after") for name, text in self.said.items()})


ROUNDED = "rounded to"


@dataclass(frozen=True, slots=True)
class _Rounding:
    """A column's rounding in one manner. kept: decimals, or significant digits. lost: how many last digits would have
    to be zeros that are not shown; the manner with the fewest is the likeliest."""

    manner: str
    kept: int
    lost: int

    def slack(self, values: Typed) -> list[float]:
        """How far each typed value may be from the one that it was rounded from; 0 for the others."""
        shown = _MANNERS[self.manner](values, self.kept)
        return [0.0 if n is None else HALF * 10.0**-n for n in shown]

    @property
    def text(self) -> str:
        return f"{ROUNDED} {self.kept} {'digits' if self.manner == 'digits' else 'decimals'}"


def measured(sheet: Sheet, table: Table, rows: Rows, model: Model) -> Exactness:
    """How exactly each column is known. Given numbers count as exact, and so do values that formulas gave."""
    typed = {
        name: [_typed(sheet, place) for place in places]
        for name, places in table.series.items()
        if name in rows.columns and model.equation(name) is not None
    }
    judged = {name: _without_given(values, model.first_step(name)) for name, values in typed.items()}
    slack = {name: np.abs(column) * STORED for name, column in rows.columns.items()}
    single = _single(judged)
    if single:
        return Exactness(
            {name: np.abs(column) * SINGLE for name, column in rows.columns.items()},
            dict.fromkeys(single, "single precision"),
        )
    roundings = _roundings(judged)
    for name, rounding in roundings.items():
        own = rounding.slack(_with_first(typed[name], judged[name], rounding))
        slack[name] = np.fmax(slack[name], np.array(own + [0.0] * (rows.steps - len(own))))
    return Exactness(slack, {name: rounding.text for name, rounding in roundings.items()})


def _without_given(values: Typed, first: int) -> Typed:
    return [None if step < first else value for step, value in enumerate(values)]


def _typed(sheet: Sheet, place: Position) -> float | None:
    cell = sheet.cells.get(place)
    return cell.number if cell is not None and cell.formula is None else None


def _with_first(typed: Typed, judged: Typed, rounding: _Rounding) -> Typed:
    """The judged values, and given first ones that show as many digits as the others: they were rounded too."""
    shown = _MANNERS[rounding.manner](typed, rounding.kept)
    return [
        value if value is not None or first is None or decimals(first) != digits else first
        for value, first, digits in zip(judged, typed, shown, strict=True)
    ]


def _roundings(columns: Mapping[str, Typed]) -> dict[str, _Rounding]:
    """The rounding of every rounded column: that of the table, unless the column's own digits speak against it."""
    options = {name: found for name, values in columns.items() if (found := _options(values))}
    varied = {name: found for name, found in options.items() if not _is_constant(columns[name])}
    lost = dict.fromkeys(_MANNERS, 0)
    for found in varied.values():
        for option in found:
            lost[option.manner] += option.lost
    likeliest = min(lost, key=lambda manner: lost[manner])
    chosen = {}
    for name, found in options.items():
        best = min(found, key=lambda option: option.lost)
        usual = next(option for option in found if option.manner == likeliest)
        against = usual.lost - best.lost
        chosen[name] = best if against > max(CHANCE, AGAINST * len(columns[name])) else usual
    common = _usual([chosen[name] for name in varied])
    return {
        name: rounding if name in varied else _at_least(rounding, common, columns[name])
        for name, rounding in chosen.items()
    }


def _usual(roundings: Sequence[_Rounding]) -> _Rounding:
    """The rounding of most columns."""
    if not roundings:
        return _Rounding("decimals", USUAL_DECIMALS, 0)
    manners = [rounding.manner for rounding in roundings]
    manner = max(dict.fromkeys(manners), key=manners.count)
    return _Rounding(manner, int(np.median([r.kept for r in roundings if r.manner == manner])), 0)


def _at_least(own: _Rounding, usual: _Rounding, values: Typed) -> _Rounding:
    """A column of one typed number does not show how far it was rounded: it counts as exact as the others."""
    same = next((option for option in _options(values) if option.manner == usual.manner), own)
    return replace(same, kept=max(same.kept, usual.kept))


def _options(values: Typed) -> list[_Rounding]:
    """The manners in which the values may have been rounded; none where they are not."""
    typed = [value for value in values if value is not None]
    known = [value for value in typed if decimals(value) is not None]
    if not known or len(known) < MOSTLY * len(typed):
        return []
    most = max(decimals(value) or 0 for value in known)
    digits = max(_digits(value) for value in known)
    return [_rounding(values, manner, digits if manner == "digits" else most) for manner in _MANNERS]


def _rounding(values: Typed, manner: str, kept: int) -> _Rounding:
    shown = _MANNERS[manner](values, kept)
    own = [None if value is None else decimals(value) for value in values]
    lost = sum(s - d for s, d, v in zip(shown, own, values, strict=True) if s is not None and d is not None and v)
    return _Rounding(manner, kept, lost)


def _to_decimals(values: Typed, kept: int) -> list[int | None]:
    return [None if value is None or decimals(value) is None else kept for value in values]


def _to_characters(values: Typed, kept: int) -> list[int | None]:
    """As a spreadsheet shows numbers in a column of some width: −0.07422 beside 0.327843, 2.93E-05 beside 0.000131."""
    own = [None if value is None else decimals(value) for value in values]
    width = max(_before_point(v) + d for v, d in zip(values, own, strict=True) if v is not None and d is not None)
    return [
        None if v is None or d is None else d if 0 < abs(v) < 1e-4 else max(d, min(kept, width - _before_point(v)))
        for v, d in zip(values, own, strict=True)
    ]


def _to_digits(values: Typed, kept: int) -> list[int | None]:
    """To significant digits: 0.0987654 beside 0.123456."""
    deepest = max((decimals(value) or 0 for value in values if value is not None), default=0)
    return [
        None if value is None or decimals(value) is None else kept - 1 - floor(log10(abs(value))) if value else deepest
        for value in values
    ]


_MANNERS: Mapping[str, Callable[[Typed, int], list[int | None]]] = {
    "decimals": _to_decimals,
    "characters": _to_characters,
    "digits": _to_digits,
}
"""How values are rounded: the decimals that each of them then shows; the usual one first."""


def decimals(value: float) -> int | None:
    """How many decimals a typed value has; None where it has all the digits of a double."""
    if value == 0 or not np.isfinite(value):
        return 0
    number = Decimal(f"{value:.15g}").normalize().as_tuple()  # 0.19975300000000001 was typed as 0.199753
    if len(number.digits) >= EXACT_DIGITS:
        return None
    return max(0, -int(number.exponent))


def _digits(value: float) -> int:
    """How many significant digits a typed value has."""
    return len(Decimal(f"{value:.15g}").normalize().as_tuple().digits)


def _before_point(value: float) -> int:
    """The characters of a number before its point, the sign among them."""
    return len(str(int(abs(value)))) + (value < 0)


def _is_constant(values: Typed) -> bool:
    typed = [value for value in values if value is not None]
    return len(typed) > 1 and len(set(typed)) == 1


def _single(columns: Mapping[str, Typed]) -> list[str]:
    """The columns of single precision: all digits of such numbers, or in the whole table the few that tell them apart,
    as NumPy prints them."""
    typed = {name: [value for value in values if value] for name, values in columns.items()}
    with np.errstate(over="ignore"):
        exact = [
            name for name, values in typed.items()
            if all(abs(float(np.float32(v)) - v) <= 1e-15 * abs(v) for v in values) and _mostly_longer(values, 9)
        ]  # fmt: skip
        every = [value for values in typed.values() for value in values]
        short = len(every) >= FEWEST_PRINTED and all(float(str(np.float32(value))) == value for value in every)
    return exact or (list(typed) if short and _mostly_longer(every, 7) else [])


def _mostly_longer(values: Sequence[float], digits: int) -> bool:
    return 2 * sum(_digits(value) > digits for value in values) > len(values)


__all__ = ["Exactness", "decimals", "measured"]
