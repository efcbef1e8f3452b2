"""Clamps in formulas: what limits a value to an interval, and factors that are 1 up to a limit.

A clamp is recognized by its values, not by its functions: `MAX(-c,MIN(c,g))`, `MEDIAN(-c,g,c)` and
`IF(ABS(g)>c,SIGN(g)*c,g)` all equal g between −c and c, and are constant beyond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, permutations

import numpy as np

from tracer.formulas.notation.numpy import value_from_parts
from tracer.formulas.tree import Name, distinct
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.graph.graph import Array
from tracer.grading.graph.picks import meaning
from tracer.grading.lifting.parts import Kind, Parts, Span, Tokens, is_range, is_sum, parts_of, refers, replaced, terms

MOST_TOKENS = 120
"""Tokens of a formula that is looked at."""
CHOICES = frozenset({"MAX", "MIN", "MEDIAN", "IF", "IFS"})
"""The functions that clamps are written with."""
OF_ALL = frozenset({"MAX", "MIN", "MEDIAN"})
"""Those that give one value for a range."""
FAR, WIDE, LITTLE = 1e9, 1e6, 1e-6
"""An argument that is beyond all limits, the largest limit, and an argument that is within limits."""
NEAR = 1e-9
"""Relative difference of values that are equal."""
VALUE, NORM = "R1048576C16384", "R1048575C16384"
"""Stand for the value that is clamped, and for the norm that is limited."""

Function = Callable[[Array], Array]
Known = tuple[tuple[str, float], ...]
"""References to constants, with their values."""


@dataclass(frozen=True, slots=True)
class Lift:
    """A part of a formula, and the part of it that is left without the clamp; None: a factor of 1. times: the constant
    that this is multiplied by."""

    span: Span
    left: Span | None
    kind: Kind
    times: float = 1.0


@lru_cache(maxsize=20_000)
def clamp_in(tokens: Tokens, known: Known) -> Lift | None:
    """The outermost clamp in a formula; None if it has none. known: the references to constants."""
    if not CHOICES.intersection(tokens) or len(tokens) > MOST_TOKENS:
        return None
    formula = _Formula(tokens, dict(known))
    spans = (*formula.parts.compound, *terms(tokens))
    return next((lift for span in spans if (lift := formula.lift(span))), None)


class _Formula:
    """Looks for clamps in a formula; its state is what the formula consists of."""

    def __init__(self, tokens: Tokens, known: Mapping[str, float]) -> None:
        self._tokens, self._known = tokens, known
        self.parts: Parts = parts_of(tokens)

    def lift(self, span: Span) -> Lift | None:
        """What a part is without a clamp; None if it is none."""
        own = self._tokens[slice(*span)]
        if not CHOICES.intersection(own):
            return None
        varying = [part for part in self.parts.within(span)[::-1] if self._varies(part)]
        return next(
            chain(*(way(span, varying) for way in (self._limited, self._factors, self._scaled, self._limited_product))),
            None,
        )

    def _limited(self, span: Span, parts: Sequence[Span]) -> Iterator[Lift]:
        """The part as a value between limits."""
        own = self._tokens[slice(*span)]
        for part in parts:
            value = self._tokens[slice(*part)]
            if any(map(is_range, value)) and OF_ALL.intersection(own):
                continue
            function = self._function(replaced(own, value, VALUE), VALUE)
            limits = _limits(function) if function else None
            if limits is None:
                continue
            if limits == (-FAR, 1.0) and not is_sum(value):
                yield Lift(span, None, Kind.SCALE)
            elif limits[0] == -limits[1]:
                yield Lift(span, part, Kind.CLIP)
            elif span == (0, len(self._tokens)):
                yield Lift(span, part, Kind.LIMIT)

    def _factors(self, span: Span, parts: Sequence[Span]) -> Iterator[Lift]:
        """The part as a factor that depends on a norm."""
        own = self._tokens[slice(*span)]
        for norm in parts:
            function = self._function(replaced(own, self._tokens[slice(*norm)], NORM), NORM)
            if function and _is_factor(function):
                yield Lift(span, None, Kind.SCALE)

    def _scaled(self, span: Span, parts: Sequence[Span]) -> Iterator[Lift]:
        """The part as a value times such a factor."""
        own = self._tokens[slice(*span)]
        for part, norm in permutations(parts, 2):
            value, size = self._tokens[slice(*part)], self._tokens[slice(*norm)]
            function = self._function(replaced(replaced(own, size, NORM), value, VALUE), VALUE, NORM)
            if function and all(_is_factor(partial(_times, function, times)) for times in (1.0, -2.5)):
                yield Lift(span, part, Kind.SCALE)

    def _limited_product(self, span: Span, parts: Sequence[Span]) -> Iterator[Lift]:
        """The part as a constant times a value, between limits: `SIGN(g)*MIN(η*ABS(g),c)`."""
        own = self._tokens[slice(*span)]
        for part in parts:
            value = self._tokens[slice(*part)]
            function = None if any(map(is_range, value)) else self._function(replaced(own, value, VALUE), VALUE)
            times = float(function(np.array([LITTLE]))[0]) / LITTLE if function else 0.0
            if function and LITTLE < times < FAR:
                limits = _limits(partial(_divided, function, times))
                if limits and limits[0] == -limits[1]:
                    yield Lift(span, part, Kind.CLIP, times)

    def _varies(self, part: Span) -> bool:
        return any(refers(token) and token not in self._known for token in self._tokens[slice(*part)])

    def _function(self, tokens: Tokens, *arguments: str) -> Callable[..., Array] | None:
        """A part of the formula as a function; None where it depends on more than these arguments and constants."""
        references = {token for token in tokens if refers(token)}
        if not references.issuperset(arguments) or not references - {*arguments} <= self._known.keys():
            return None
        try:
            found = meaning("".join(tokens), (0, 0))
        except (UnknownFormula, ValueError, TypeError, LookupError, RecursionError):
            return None
        names = {name.name for name in distinct(found.expression)}
        if found.numbers or found.picks or not names <= {*arguments, *self._known}:
            return None
        constants = {Name(name): np.array(self._known[name]) for name in names - {*arguments}}

        def function(*values: Array) -> Array:
            given = dict(zip(map(Name, arguments), values, strict=True))
            try:
                result = value_from_parts(found.expression, {**given, **constants}, {})
            except (NameError, KeyError, TypeError, ValueError):  # a function without values of arrays
                return np.full(values[0].shape, np.nan)
            return np.broadcast_to(result, values[0].shape)

        return function


def _limits(function: Function) -> tuple[float, float] | None:
    """Between which values a function gives its argument, and beyond which it gives these; FAR for none. None of other
    functions."""
    low, high = function(np.array([-FAR, FAR])).tolist()
    bounds = [bound for bound in (low, high) if abs(bound) < FAR]
    if not low < high or not bounds or max(map(abs, bounds)) > WIDE:
        return None
    inner = np.linspace(low if abs(low) < FAR else high - 10.0, high if abs(high) < FAR else low + 10.0, 9)
    outer = np.array([low - 1.0, high + 1.0])
    is_clamp = _equal(function(inner), inner) and _equal(function(outer), np.clip(outer, low, high))
    return (low, high) if is_clamp else None


def _divided(function: Function, by: float, values: Array) -> Array:
    """What a function gives for values that are divided by a number before."""
    return function(values / by)


def _times(function: Callable[..., Array], value: float, norms: Array) -> Array:
    """What a function of a value and a norm multiplies a value by."""
    return function(np.full_like(norms, value), norms) / value


def _is_factor(function: Function) -> bool:
    """Whether a function of a norm is 1 up to a limit, and beyond it the limit divided by the norm, or one divided by
    this."""
    first, last = function(np.array([1e-7, FAR])).tolist()
    if not abs(first - 1.0) <= NEAR or not last > 0.0:
        return False
    for inverse in (False, True):
        limit = FAR / last if inverse else last * FAR
        norms = limit * np.array([0.01, 0.5, 0.99, 1.01, 2.0, 10.0])
        expected = np.minimum(1.0, limit / norms)
        if limit < WIDE and _equal(function(norms), 1.0 / expected if inverse else expected):
            return True
    return False


def _equal(found: Array, expected: Array) -> bool:
    return bool((np.abs(found - expected) <= NEAR * np.maximum(np.abs(expected), 1e-3)).all())
