"""The factors between updates and gradients: one learning rate for all, one a step, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tracer.grading.graph.graph import Array, Flags

TOLERANCE = 1e-6
"""Relative difference of a factor from the others that are the same."""
MOST_RATES = 4
"""Factors of single parameters that are tried for all."""
NEGLIGIBLE = 1e-11
"""What counts as 0, as a part of the largest number of the same step."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How far changes are gradients times a factor; all arrays have an axis for parameters, steps and points.

    rates: the learning rate of each step, of which `constant` says whether it is one for all. valid: where a change or
    a gradient is not 0. matched: where the change is the gradient times the rate of its step.
    """

    rates: Array
    constant: bool
    valid: Flags
    matched: Flags

    @property
    def explains_all(self) -> bool:
        """Whether the rates explain all changes, which are more than the rates are."""
        return bool(self.matched[self.valid].all()) and self.evidence > 0

    @property
    def evidence(self) -> int:
        """How many changes are explained, less the rates that this takes."""
        rates = 1 if self.constant else int(self.matched.any((0, 2)).sum())
        return int(self.matched.sum()) - rates


def coefficients(parts: Array, change: Array) -> Array | None:
    """The numbers, one for each column of parts, whose sum of parts comes closest to the change (least squares); None
    where a part or the change is not finite."""
    size = np.abs(parts).max(0, initial=0.0)
    scale = np.where(size > 0.0, size, 1.0)
    scaled = parts / scale
    if not (np.isfinite(scaled).all() and np.isfinite(change).all()):
        return None
    found: Array = np.linalg.lstsq(scaled, change, rcond=None)[0] / scale
    return found


def fit(change: Array, gradient: Array) -> Fit:
    """The rates that explain most of the changes, −change = rate · gradient; both [parameters, steps, points]."""
    ratio = _ratio(change, gradient)
    common = most_common(ratio.reshape(1, -1))[0]
    constant = _compared(change, gradient, np.full(change.shape[1], common), True)
    if constant.matched[constant.valid].all():
        return constant
    by_step = most_common(np.moveaxis(ratio, 1, 0).reshape(change.shape[1], -1))
    scheduled = _at_all_points(_compared(change, gradient, by_step, False))
    return max(constant, scheduled, key=lambda found: found.evidence)


def fits(change: Array, gradient: Array) -> list[Fit]:
    """The best fit, and those by the factor of each parameter that has one in all steps, if it is another one."""
    best = fit(change, gradient)
    ratio = _ratio(change, gradient).reshape(len(change), -1)
    own, count = counted(ratio)
    whole = np.unique(np.round(own[(count == np.isfinite(ratio).sum(1)) & (count > 1)], 12))
    others = [_compared(change, gradient, np.full(change.shape[1], rate), True) for rate in whole[:MOST_RATES].tolist()]
    return [best, *others]


def _at_all_points(found: Fit) -> Fit:
    """The fit with only those changes matched that are so at every point: a learning rate does not depend on it."""
    whole = (found.matched | ~found.valid).all(2, keepdims=True)
    return replace(found, matched=found.matched & whole)


def _ratio(change: Array, gradient: Array) -> Array:
    with np.errstate(all="ignore"):
        ratio = -change / gradient
    return np.where(np.isfinite(ratio) & ~_is_zero(gradient) & ~_is_zero(change), ratio, np.nan)


def _is_zero(numbers: Array) -> Flags:
    """Which numbers are next to nothing beside the others of their step and point."""
    size = np.abs(np.nan_to_num(numbers))
    zero: Flags = size <= NEGLIGIBLE * size.max(0, initial=0.0, keepdims=True)
    return zero


def _compared(change: Array, gradient: Array, rates: Array, constant: bool) -> Fit:
    expected = -rates[None, :, None] * gradient
    scale = np.abs(change) + np.abs(expected)
    valid = ~(_is_zero(change) & _is_zero(gradient)) & np.isfinite(change) & np.isfinite(gradient)
    with np.errstate(all="ignore"):
        matched = valid & (np.abs(change - expected) <= TOLERANCE * scale)
    return Fit(rates, constant, valid, matched)


def most_common(numbers: Array) -> Array:
    """The value that most numbers of each row share, of those that are not NaN; NaN where there is none."""
    return counted(numbers)[0]


def counted(numbers: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """The value that most numbers of each row share, and how many do."""
    ordered = np.sort(numbers, 1)  # NaN last
    if not ordered.shape[1]:
        return np.full(len(ordered), np.nan), np.zeros(len(ordered), int)
    with np.errstate(all="ignore"):
        same = np.abs(np.diff(ordered, axis=1)) <= TOLERANCE * np.abs(ordered[:, 1:])
    index = np.broadcast_to(np.arange(ordered.shape[1]), ordered.shape)
    breaks = np.ones(ordered.shape, bool)
    breaks[:, 1:] = ~same
    run = np.where(np.isnan(ordered), 0, index - np.maximum.accumulate(np.where(breaks, index, 0), 1) + 1)
    last = run.argmax(1)
    length = run.max(1)
    middle = np.maximum(last - length // 2, 0)
    return np.take_along_axis(ordered, middle[:, None], 1)[:, 0], length
