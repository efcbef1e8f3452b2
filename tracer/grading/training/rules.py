"""Updates that take more than a gradient: weight decay that the loss does not have, and momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags
from tracer.grading.losses.factors import TOLERANCE, coefficients, most_common

ROWS_FOR_EACH = 3
"""Changes that a parameter has at least, for each number that is found from them."""
LARGE_ENOUGH = 0.5
"""The part of the parameters that a rule explains at least."""


@dataclass(frozen=True, slots=True)
class Rule:
    """X' − X as a sum of terms, each times a number that most parameters share.

    terms: their names, `gradient` first. numbers: of the terms, in this order. matched, valid: which changes it
    explains, and which of them exist, [parameters, steps, points].
    """

    terms: tuple[str, ...]
    numbers: tuple[float, ...]
    matched: Flags
    valid: Flags

    @property
    def explains_all(self) -> bool:
        """Whether it explains all changes."""
        return bool(self.matched[self.valid].all())


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of parameters, and what they may be made of, [parameters, steps, points]. previous: the changes of
    the step before, NaN where it is not known."""

    change: Array
    gradient: Array
    values: Array
    previous: Array

    def term(self, name: str) -> Array:
        """A term by its name."""
        terms: Mapping[str, Array] = {
            "gradient": -self.gradient,
            "weight decay": -self.values,
            "L1 decay": -np.sign(self.values),
            "momentum": self.previous,
        }
        return terms[name]


RULES = (
    ("gradient", "weight decay"),
    ("gradient", "momentum"),
    ("gradient", "L1 decay"),
    ("gradient", "weight decay", "momentum"),
)
"""The rules that are tried, one after the other."""


def rule_for(changes: Changes) -> Rule | None:
    """The first rule that explains the changes of most parameters, with the same numbers in all of these."""
    found = [rule for rule in (_fitted(changes, terms) for terms in RULES) if rule is not None]
    return max(found, key=lambda rule: int(rule.matched.sum()), default=None)


def _fitted(changes: Changes, terms: tuple[str, ...]) -> Rule | None:
    parts = np.stack([changes.term(name) for name in terms], -1)
    valid = np.isfinite(changes.change) & np.isfinite(parts).all(-1)
    valid &= (changes.change != 0.0) | (changes.gradient != 0.0)
    numbers = np.full((len(parts), len(terms)), np.nan)
    for row in range(len(parts)):
        numbers[row] = _numbers(changes.change[row][valid[row]], parts[row][valid[row]])
    rate = most_common(numbers[:, :1].T)[0]
    if not np.isfinite(rate) or not rate:
        return None
    own = np.abs(numbers[:, 0] - rate) <= TOLERANCE * abs(rate)
    if own.sum() < max(2, LARGE_ENOUGH * len(numbers)) and len(numbers) > 1:
        return None
    common = np.array([rate, *(_shared(numbers[own, index], rate) for index in range(1, len(terms)))])
    if not np.isfinite(common).all() or not ((common[1:] > 0.0) & (common[1:] < 1.0)).all():
        return None  # weights that grow of themselves do not learn: a loan, a population
    size = np.abs(changes.change) + np.abs(parts * common).sum(-1)
    with np.errstate(all="ignore"):
        full, alone = (
            valid & (np.abs(changes.change - expected) <= TOLERANCE * size)
            for expected in (parts @ common, parts[..., 0] * rate)
        )
    is_bias = alone.sum((1, 2)) > full.sum((1, 2))
    return Rule(terms, tuple(common.tolist()), np.where(is_bias[:, None, None], alone, full), valid)


def _shared(numbers: Array, rate: float) -> float:
    """The number that most parameters share, without those that have none, as biases that do not decay."""
    some = np.where(np.abs(numbers) > TOLERANCE * abs(rate), numbers, np.nan)
    return float(most_common(some[None])[0])


def _numbers(change: Array, parts: Array) -> Array:
    """The numbers that make the change of the parts, exactly; NaN where there are none."""
    none = np.full(parts.shape[-1], np.nan)
    if len(change) < ROWS_FOR_EACH * parts.shape[-1]:
        return none
    numbers = coefficients(parts, change)
    if numbers is None:
        return none
    size = np.abs(change) + np.abs(parts * numbers).sum(-1)
    return numbers if (np.abs(change - parts @ numbers) <= TOLERANCE * size).all() else none
