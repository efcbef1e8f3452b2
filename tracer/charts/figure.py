"""A figure as data: panels of lines with axes and ticks, and the thinning of long lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
EQUAL, TINY = 1e-12, 1e-290
"""Values that differ by less, relative to the largest, are drawn as one; and those below as 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A curve: its label, and as many x as y; a y that is not finite leaves a gap."""

    label: str
    x: Array
    y: Array

    def thinned(self, columns: int) -> Line:
        """The line with at most four points for each of so many columns of a picture: the first, the smallest, the
        largest and the last, so that it looks the same."""
        count = len(self.x)
        if count <= 4 * columns:
            return self
        edges = np.linspace(0, count, columns + 1).astype(int)
        starts, column = edges[:-1], np.repeat(np.arange(columns), np.diff(edges))
        y = np.where(np.isfinite(self.y), self.y, np.nan)
        kept = [starts, edges[1:] - 1]
        for extreme in (np.fmin, np.fmax):
            found = np.flatnonzero(y == extreme.reduceat(y, starts)[column])
            kept.append(found[np.flatnonzero(np.diff(column[found], prepend=-1))])
        places = np.unique(np.concatenate(kept))
        return Line(self.label, self.x[places], self.y[places])


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share their axes. y_label: what is drawn."""

    y_label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """Panels below each other. log: whether the y axes are logarithmic; values of 0 and below are then left out."""

    panels: tuple[Panel, ...]
    x_label: str = "iteration"
    log: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high`, logarithmic or not, with the places of its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def place(self, values: Array) -> Array:
        """Where values stand between the ends of the axis, from 0 to 1; NaN where there is no place for them."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.log:
                low, high = math.log10(self.low), math.log10(self.high)
                return np.where(values > 0, (np.log10(values) - low) / (high - low), np.nan)
            return np.where(np.isfinite(values), (values - self.low) / (self.high - self.low), np.nan)


def axis(values: Sequence[Array], log: bool = False, most_ticks: int = 6) -> Axis:
    """The axis that shows all finite values, with ticks at round numbers; logarithmic ones at powers of ten."""
    finite = np.concatenate([part[np.isfinite(part) & ((part > 0) | (not log))] for part in values] or [np.zeros(0)])
    low, high = (
        (float(finite.min()), float(finite.max())) if len(finite) else (1.0 if log else 0.0, 10.0 if log else 1.0)
    )
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        last = max(last, first + 1)
        every = -(-(last - first) // most_ticks)
        ticks = tuple(10.0**power for power in range(first, last + 1, every))
        return Axis(10.0**first, 10.0**last, ticks, log=True)
    size = max(abs(low), abs(high))
    if high - low <= EQUAL * size or size < TINY:
        low, high = (low - size / 2, high + size / 2) if size >= TINY else (-1.0, 1.0)
    step = _round_step((high - low) / most_ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Axis(first * step, last * step, tuple(number * step for number in range(first, last + 1)))


def _round_step(size: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below a size."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= size * (1 - 1e-9))


def labels(axis: Axis) -> list[str]:
    """The ticks as text, all with the same decimals."""
    if axis.log:
        return [f"1e{round(math.log10(tick))}" if not 0.001 <= tick <= 10_000 else f"{tick:g}" for tick in axis.ticks]
    step = axis.ticks[1] - axis.ticks[0]
    largest = max(map(abs, axis.ticks))
    if largest >= 1e6 or step < 1e-5:
        return [f"{tick:.{max(0, math.ceil(math.log10(largest / step)))}e}" if tick else "0" for tick in axis.ticks]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{tick + 0.0:.{decimals}f}" for tick in axis.ticks]


def segments(x: Array, y: Array) -> Iterator[tuple[Array, Array]]:
    """The parts of a line between its gaps."""
    there = ~np.isnan(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(int)))
    for first, end in edges.reshape(-1, 2):
        yield x[first:end], y[first:end]
