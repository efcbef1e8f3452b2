"""Expressions over slots, shared by all cells that compute the same from different cells; compiled once each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import is_
from typing import Any

import numpy as np

from tracer.formulas.derivative import partials
from tracer.formulas.evaluation import NO_NUMBER, namespace
from tracer.formulas.expansion import expand
from tracer.formulas.notation import numpy as arrays
from tracer.formulas.notation.source import Source
from tracer.formulas.primitives import ROUND
from tracer.formulas.tree import ZERO, Call, Expression, Name, Number, distinct, fold, with_names
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

    body = "\n    ".join(Source(spell).assignment("value", expand(form, far=True)))
    scope = namespace()
    exec(f"def function(v, o, c):\n    {body}\n    return value", scope)
    function: Callable[..., float] = scope["function"]
    return function


def of_arrays(form: Expression, slots: Array, numbers: Array) -> Array:
    """The values of a form: `slots` and `numbers` have a row for each cell."""
    named = {name: (slots if name.name[0] == "q" else numbers)[:, int(name.name[1:])] for name in distinct(form)}
    return np.broadcast_to(arrays.value(form, named), (len(slots),))


@lru_cache(maxsize=MOST_KEPT)
def slopes(form: Expression, slots: int) -> tuple[tuple[Expression, tuple[int, ...], tuple[tuple[int, ...], ...]], ...]:
    """The partial derivatives by the slots: each distinct expression, the slots that it is the derivative by, and for
    each of these the slots that stand in its place of q0, q1, …"""
    found: dict[Expression, tuple[list[int], list[tuple[int, ...]]]] = {}
    for name, slope in partials(form).items():
        if name.name[0] == "q" and slope != ZERO:
            expression, operands = over_slots(slope)
            by, among = found.setdefault(expression, ([], []))
            by.append(int(name.name[1:]))
            among.append(operands)
    return tuple((expression, tuple(by), tuple(among)) for expression, (by, among) in found.items())


def over_slots(expression: Expression) -> tuple[Expression, tuple[int, ...]]:
    """The expression with its slots numbered in order of appearance, and the numbers that they had."""
    names = [name for name in distinct(expression) if name.name[0] == "q"]
    renamed = {name: slot(index) for index, name in enumerate(names)}
    return with_names(expression, renamed), tuple(int(name.name[1:]) for name in names)


def slopes_of_arrays(form: Expression, slots: Array, numbers: Array) -> Array:
    """The partial derivatives of a form by its slots, as `of_arrays` takes them; those of its exact value where it is
    rounded."""
    form = unrounded(form)
    cells, width = slots.shape
    result = np.zeros((cells, width))
    for expression, by, among in slopes(form, width):
        chosen = slots[:, np.array(among, int)].reshape(cells * len(by), -1)
        values = of_arrays(expression, chosen, np.repeat(numbers, len(by), 0))
        result[:, by] = values.reshape(cells, len(by))
    return result


def safely(function: Callable[..., Any], *arguments: object) -> float:
    """The number that a function gives, or NaN."""
    try:
        value = float(function(*arguments))
    except NO_NUMBER:
        return math.nan
    return value if math.isfinite(value) else math.nan
