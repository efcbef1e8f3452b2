"""How exactly the numbers of a table are known: values without a formula may be rounded to decimals or to digits, cut
off, or of single precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import floor, isfinite, log10

import numpy as np

from tracer.formulas.notation.numpy import Array
from tracer.grading.network.understanding import Understood

EXACT_DIGITS = 14
"""A value with this number of significant digits was not rounded by a person."""
USUAL_DECIMALS = 4
"""Most decimals that a person keeps."""
HALF = 0.5000001
"""Rounding error in units of the last digit."""
STORED = 1e-14
"""Relative precision of a stored computed value: some programs write 15 digits."""
FEWEST_DIGITS, FEWEST_STORED, MOST_STORED = 9, 8, 2_000
"""Minimum significant digits that a program keeps of a stored value; minimum computed values to tell how many it keeps,
and the most that are looked at."""
SINGLE = 4 * 2.0**-24
"""Relative error of a few operations in single precision (IEEE 754: half a unit in the last place each)."""
MOSTLY = 0.9
"""Minimum share of rounded values among a column's typed values for the column to count as rounded."""
AGAINST = 0.25
"""Zeros a value that a column would have to hide to be rounded as its table is; with more, it is rounded otherwise."""
CHANCE = 2
"""Last digits of a column that may be zeros by chance."""
FEWEST_PRINTED = 24
"""Minimum printed values to detect single precision: one in six of eight digits fits by chance."""

Typed = Sequence[float | None]
"""The values of a column without a formula; None for its other cells."""


class Manner(StrEnum):
    """How the values of a column are rounded."""

    DECIMALS = "decimals"
    CHARACTERS = "characters"
    DIGITS = "digits"
    SINGLE = "single precision"


@dataclass(frozen=True, slots=True)
class Rounding:
    """A column's rounding in one manner. kept: decimals, or significant digits. lost: how many last digits would have
    to be zeros that are not shown; the manner with the fewest is the likeliest. cut: whether last digits were cut off.
    """

    manner: Manner
    kept: int = 0
    lost: int = 0
    cut: bool = False

    def slack(self, values: Typed) -> list[float]:
        """The maximum rounding error of each typed value; 0 for the others."""
        shown = _SHOWN[self.manner](values, self.kept)
        return [0.0 if n is None else HALF * 10.0**-n for n in shown]

    def __str__(self) -> str:
        if self.manner is Manner.SINGLE:
            return str(self.manner)
        unit = Manner.DIGITS if self.manner is Manner.DIGITS else Manner.DECIMALS
        return f"{'cut off after' if self.cut else 'rounded to'} {self.kept} {unit}"


@dataclass(frozen=True, slots=True)
class Exactness:
    """slack: the possible error of each value of a column. roundings: how a rounded column was rounded. by_hand: the
    decimals to which every value was rounded as it was computed; None if they were not."""

    slack: Mapping[str, Array]
    roundings: Mapping[str, Rounding]
    by_hand: int | None = None

    def cut_off(self) -> Exactness:
        """The same with the rounded columns truncated instead of rounded."""
        rounded = {name: how for name, how in self.roundings.items() if how.manner is not Manner.SINGLE}
        twice = {name: 2 * slack if name in rounded else slack for name, slack in self.slack.items()}
        return Exactness(twice, {**self.roundings, **{name: replace(how, cut=True) for name, how in rounded.items()}})


def rounded_by_hand(shown: Understood, kept: int) -> Exactness:
    """The precision of columns whose values were all rounded as they were computed; given numbers count as exact."""
    slack = {name: np.abs(column) * STORED for name, column in shown.rows.columns.items()}
    for name in shown.computed:
        slack[name][shown.model.first_step(name) :] += HALF * 10.0**-kept
    return Exactness(slack, dict.fromkeys(shown.computed, Rounding(Manner.DECIMALS, kept)), kept)


def measured(shown: Understood) -> Exactness:
    """The precision of each column. Given numbers count as exact, and so do results of formulas."""
    rows, first = shown.rows, shown.model.first_step
    typed: dict[str, Typed] = {
        name: [cell.number if cell and cell.formula is None else None for cell in shown.found.of(name)]
        for name in shown.computed
    }
    judged: dict[str, Typed] = {
        name: [*(None,) * first(name), *values[first(name) :]] for name, values in typed.items()
    }
    stored = _stored(shown)
    slack = {name: np.abs(column) * stored for name, column in rows.columns.items()}
    single = _single(judged)
    if single:
        return Exactness(
            {name: np.abs(column) * SINGLE for name, column in rows.columns.items()},
            dict.fromkeys(single, Rounding(Manner.SINGLE)),
        )
    roundings = _roundings(judged)
    for name, rounding in roundings.items():
        own = rounding.slack(_with_first(typed[name], judged[name], rounding))
        slack[name] = np.fmax(slack[name], np.array(own + [0.0] * (rows.steps - len(own))))
    return Exactness(slack, roundings)


def _stored(shown: Understood) -> float:
    """The relative precision of the stored results of a table's formulas: a few digits fewer than a double has are kept
    of all of them by some programs; what was changed by hand later, or is short by nature, does not count."""
    cells = (cell for name in shown.computed for cell in shown.found.of(name) if cell is not None and cell.formula)
    values = [cell.number for cell in cells if cell.number]
    digits = sorted(_digits(value) for value in values[:: len(values) // MOST_STORED + 1])
    kept = digits[int(MOSTLY * (len(digits) - 1))] if len(digits) >= FEWEST_STORED else EXACT_DIGITS
    return 10.0 ** (1 - kept) if FEWEST_DIGITS <= kept < EXACT_DIGITS else STORED


def _with_first(typed: Typed, judged: Typed, rounding: Rounding) -> Typed:
    """The judged values, and given first values with as many digits: these were rounded too."""
    shown = _SHOWN[rounding.manner](typed, rounding.kept)
    return [
        value if value is not None or first is None or decimals(first) != digits else first
        for value, first, digits in zip(judged, typed, shown, strict=True)
    ]


def _roundings(columns: Mapping[str, Typed]) -> dict[str, Rounding]:
    """The rounding of every rounded column: that of the table, unless the column's digits contradict it."""
    options = {name: found for name, values in columns.items() if (found := _options(values))}
    varied = {name: found for name, found in options.items() if not _is_constant(columns[name])}
    lost = dict.fromkeys(_SHOWN, 0)
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


def _usual(roundings: Sequence[Rounding]) -> Rounding:
    """The rounding of most columns."""
    if not roundings:
        return Rounding(Manner.DECIMALS, USUAL_DECIMALS)
    manners = [rounding.manner for rounding in roundings]
    manner = max(dict.fromkeys(manners), key=manners.count)
    return Rounding(manner, int(np.median([r.kept for r in roundings if r.manner == manner])))


def _at_least(own: Rounding, usual: Rounding, values: Typed) -> Rounding:
    """A column of a single typed number does not show its rounding: it gets the precision of the others."""
    same = next((option for option in _options(values) if option.manner == usual.manner), own)
    return replace(same, kept=max(same.kept, usual.kept))


def _options(values: Typed) -> list[Rounding]:
    """The manners in which the values may have been rounded; empty if they are not."""
    typed = [value for value in values if value is not None]
    known = [value for value in typed if decimals(value) is not None]
    if not known or len(known) < MOSTLY * len(typed):
        return []
    most = max(decimals(value) or 0 for value in known)
    digits = max(_digits(value) for value in known)
    return [_rounding(values, manner, digits if manner is Manner.DIGITS else most) for manner in _SHOWN]


def _rounding(values: Typed, manner: Manner, kept: int) -> Rounding:
    shown = _SHOWN[manner](values, kept)
    own = [None if value is None else decimals(value) for value in values]
    lost = sum(s - d for s, d, v in zip(shown, own, values, strict=True) if s is not None and d is not None and v)
    return Rounding(manner, kept, lost)


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


_SHOWN: Mapping[Manner, Callable[[Typed, int], list[int | None]]] = {
    Manner.DECIMALS: _to_decimals,
    Manner.CHARACTERS: _to_characters,
    Manner.DIGITS: _to_digits,
}
"""How values are rounded: the decimals that each of them then shows; the usual one first."""


@lru_cache(maxsize=100_000)
def decimals(value: float) -> int | None:
    """The decimals of a typed value; None if it has all digits of a double."""
    if value == 0 or not isfinite(value):
        return 0
    return None if _digits(value) >= EXACT_DIGITS else shown_decimals(value)


@lru_cache(maxsize=100_000)
def shown_decimals(value: float) -> int:
    """The decimals of a value in its first 15 digits: 0.19975300000000001 was typed as 0.199753."""
    return max(0, -int(Decimal(f"{value:.15g}").normalize().as_tuple().exponent))


def _digits(value: float) -> int:
    """The significant digits of a typed value."""
    return len(Decimal(f"{value:.15g}").normalize().as_tuple().digits)


def _before_point(value: float) -> int:
    """The characters of a number before its decimal point, including the sign."""
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
