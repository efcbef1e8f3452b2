"""Expressions over slots, shared by all cells that compute the same from different cells; compiled once each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from operator import is_
from typing import Any

import numpy as np

from tracer.formulas.derivative import partials
from tracer.formulas.evaluation import NO_NUMBER, namespace
from tracer.formulas.expansion import expand
from tracer.formulas.notation import numpy as arrays
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.notation.source import Source
from tracer.formulas.primitives import ROUND
from tracer.formulas.tree import (
    ADD,
    COMPARISONS,
    SUB,
    ZERO,
    Call,
    Expression,
    Function,
    Name,
    Number,
    distinct,
    fold,
    with_names,
)
from tracer.grading.graph.facts import MISSING
from tracer.grading.graph.graph import Array

MOST_KEPT = 4_096


@lru_cache(maxsize=MOST_KEPT)
def slot(index: int) -> Name:
    """The name of a slot."""
    return Name(f"q{index}")


@lru_cache(maxsize=MOST_KEPT)
def number(index: int) -> Name:
    """The name of a number that follows from the cell's place."""
    return Name(f"@{index}")


def calls(expression: Expression) -> Iterator[Call]:
    """The operations in an expression, each once, outermost and leftmost first."""
    pending, seen = [expression], set[int]()
    while pending:
        node = pending.pop()
        if isinstance(node, Call) and id(node) not in seen:
            seen.add(id(node))
            yield node
            pending += reversed(node.args)


def comparisons(expression: Expression) -> Iterator[Call]:
    """The comparisons in an expression."""
    return (call for call in calls(expression) if call.function in COMPARISONS.values())


@lru_cache(maxsize=MOST_KEPT)
def unrounded(form: Expression) -> Expression:
    """The form without its roundings to one decimal or more."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if node.function == ROUND and isinstance(args[1], Number) and args[1].value >= 1:
            return args[0]
        return node if all(map(is_, args, node.args)) else Call(node.function, tuple(args))

    return fold(form, visit)


@lru_cache(maxsize=MOST_KEPT)
def scalar(form: Expression) -> Callable[[Sequence[float], Sequence[int], Sequence[float]], float]:
    """A function of the values of all nodes, the nodes in the slots, and the numbers; it raises one of NO_NUMBER where
    there is no value."""

    def spell(name: Name) -> str:
        return f"v[o[{name.name[1:]}]]" if name.name[0] == "q" else f"c[{name.name[1:]}]"

    if any(call.function == MISSING for call in calls(form)):
        function = _over_arrays(shown(form))
        return lambda v, o, c: float(function(np.array([v[node] for node in o]), np.array(c)))
    body = "\n    ".join(Source(spell, _TOLERANT).assignment("value", expand(shown(form), far=True)))
    scope = {**namespace(), **_FLOATS}
    exec(f"def function(v, o, c):\n    {body}\n    return value", scope)
    compiled: Callable[..., float] = scope["function"]
    return compiled


def shown(form: Expression) -> Expression:
    """The form with the rule of spreadsheets that a sum or a difference is 0 where next to nothing of its terms
    is left."""
    if isinstance(form, Call) and form.function in (ADD, SUB):
        return Call(_NEARLY, (form, *form.args))
    return form


_NEARLY = Function("nearly", ("x", "y"))
_NOTHING = 2.0**-48
"""The part of a number that spreadsheets take for nothing (LibreOffice, sal/rtl/math.cxx, `rtl_math_approxEqual`)."""
_TOLERANT = replace(
    PYTHON, operators={**PYTHON.operators, **{symbol: arrays.NUMPY.operators[symbol] for symbol in COMPARISONS}}
)


def _nearly(x: float, *terms: float) -> float:
    return 0.0 if abs(x) <= _NOTHING * max(map(abs, terms)) else x  # NaN stays NaN


def _difference(x: float, y: float) -> float:
    if math.isnan(x) or math.isnan(y):
        raise ValueError
    return x - y if abs(x - y) > _NOTHING * min(abs(x), abs(y)) else 0.0


def _differences(x: Any, y: Any) -> Any:
    difference = np.where(x == y, 0.0, np.subtract(x, y))
    return np.where(np.abs(difference) <= _NOTHING * np.minimum(np.abs(x), np.abs(y)), 0.0, difference)


def _first(*conditions: float) -> float:
    for place, holds in enumerate(conditions, 1):
        if holds:
            return float(place)
    raise ValueError


def _firsts(*conditions: Any) -> Any:
    holding = np.stack(np.broadcast_arrays(*conditions)) == 1.0
    return np.where(holding.any(0), holding.argmax(0) + 1.0, np.nan)


_TESTS: dict[str, Callable[[Any], Any]] = {
    "less": lambda d: d < 0, "less_equal": lambda d: d <= 0, "greater": lambda d: d > 0,
    "greater_equal": lambda d: d >= 0, "equal": lambda d: d == 0, "not_equal": lambda d: d != 0,
}  # fmt: skip
"""Comparisons, by the difference of what is compared."""
_FLOATS: dict[str, Any] = {
    "nearly": _nearly,
    "first": _first,
    **{name: (lambda x, y, test=test: float(test(_difference(x, y)))) for name, test in _TESTS.items()},
}


def _compare(test: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def compare(x: Any, y: Any) -> Any:
        difference = _differences(x, y)
        return np.where(np.isnan(difference), np.nan, test(difference))

    return compare


_ARRAYS: dict[str, Any] = {
    **arrays.ARRAYS,
    **{name: _compare(test) for name, test in _TESTS.items()},
    "nearly": lambda x, *terms: np.where(np.abs(x) > _NOTHING * reduce(np.maximum, map(np.abs, terms)), x, 0.0 * x),
    "missing": lambda x: np.where(np.isfinite(x), 0.0, 1.0),
    "first": _firsts,
}


@lru_cache(maxsize=MOST_KEPT)
def _over_arrays(form: Expression) -> Callable[[Array, Array], Array]:
    """A function of the slots and the numbers, a row for each of these."""

    def spell(name: Name) -> str:
        return f"{'q' if name.name[0] == 'q' else 'c'}[{name.name[1:]}]"

    scope = dict(_ARRAYS)

    def literal(value: float) -> str:
        name = f"number_{len(scope)}"
        scope[name] = np.float64(value)  # Python's own would raise for 1/0
        return name

    body = "\n    ".join(Source(spell, replace(arrays.NUMPY, number=literal)).assignment("value", expand(form)))
    exec(f"def function(q, c):\n    {body}\n    return value", scope)
    function = scope["function"]

    def over(slots: Array, numbers: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(slots, numbers), float)

    return over


def of_arrays(form: Expression, slots: Array, numbers: Array) -> Array:
    """The values of a form: `slots` and `numbers` have a row for each cell."""
    found = _over_arrays(form)(np.ascontiguousarray(slots.T), np.ascontiguousarray(numbers.T))
    return np.broadcast_to(found, (len(slots),))


Slopes = tuple[tuple[Expression, tuple[int, ...], tuple[tuple[int, ...], ...]], ...]
"""Partial derivatives by slots: each distinct expression, the slots that it is the derivative by, and for each of these
the slots that stand in its place of q0, q1, …"""


@lru_cache(maxsize=MOST_KEPT)
def slopes(form: Expression) -> Slopes:
    """The partial derivatives by the slots."""
    found: dict[Expression, tuple[list[int], list[tuple[int, ...]]]] = {}
    terms = form.args if isinstance(form, Call) and form.function == ADD else (form,)
    for name, slope in _of_terms(terms):
        expression, operands = over_slots(slope)
        by, among = found.setdefault(expression, ([], []))
        by.append(int(name.name[1:]))
        among.append(operands)
    return tuple((expression, tuple(by), tuple(among)) for expression, (by, among) in found.items())


def _of_terms(terms: tuple[Expression, ...]) -> Iterator[tuple[Name, Expression]]:
    """The partial derivatives of a sum by the slots, term by term: a slot may appear in several."""
    for term in terms:
        for name, slope in partials(term).items():
            if name.name[0] == "q" and slope != ZERO:
                yield name, slope


WIDE = 12
"""Terms of a sum that is differentiated by itself."""


@lru_cache(maxsize=MOST_KEPT)
def _layers(form: Expression, slots: int) -> tuple[Expression, ...]:
    """The form and, before it, the wide sums in it, each as a form of its own; in what follows a sum, it is the slot of
    the number `slots` and on. So the derivatives of a function of a wide sum take no longer than those of the sum."""
    sums: list[Expression] = []

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        found = node if all(map(is_, args, node.args)) else Call(node.function, tuple(args))
        if node.function != ADD or len(node.args) < WIDE or node is form:
            return found
        sums.append(found)
        return slot(slots + len(sums) - 1)

    last = fold(form, visit)
    return (*sums, last)


def slopes_of_arrays(form: Expression, slots: Array, numbers: Array) -> Array:
    """The partial derivatives of a form by its slots, as `of_arrays` takes them; those of its exact value where it is
    rounded."""
    cells, width = slots.shape
    layers = _layers(unrounded(form), width)
    for layer in layers[:-1]:
        slots = np.concatenate([slots, of_arrays(layer, slots, numbers)[:, None]], 1)
    result = np.zeros((cells, slots.shape[1]))
    outer = np.ones((cells, 1))
    for index in range(len(layers) - 1, -1, -1):
        for expression, by, among in slopes(layers[index]):
            chosen = slots[:, np.array(among, int)].reshape(cells * len(by), len(among[0]))
            values = of_arrays(expression, chosen, np.repeat(numbers, len(by), 0)).reshape(cells, len(by))
            for place, column in zip(by, (outer * values).T, strict=True):
                result[:, place] += column
        if index:
            outer = result[:, width + index - 1 : width + index]
    return result[:, :width]


def over_slots(expression: Expression) -> tuple[Expression, tuple[int, ...]]:
    """The expression with its slots numbered in order of appearance, and the numbers that they had."""
    names = [name for name in distinct(expression) if name.name[0] == "q"]
    renamed = {name: slot(index) for index, name in enumerate(names)}
    return with_names(expression, renamed), tuple(int(name.name[1:]) for name in names)


def safely(function: Callable[..., Any], *arguments: object) -> float:
    """The number that a function gives, or NaN."""
    try:
        value = float(function(*arguments))
    except NO_NUMBER:
        return math.nan
    return value if math.isfinite(value) else math.nan
