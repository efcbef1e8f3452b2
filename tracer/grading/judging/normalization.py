"""Normalizes formulas: intermediate rounding, or a typed value of e, does not make a formula a different one."""

from __future__ import annotations

import math

from tracer.formulas.paths import nodes
from tracer.formulas.primitives import FUNCTIONS, unrounded
from tracer.formulas.tree import POW, Call, Expression, Number, fold
from tracer.grading.judging.exactness import decimals

FEWEST_DECIMALS = 2
"""Minimum decimals of a number that stands for e."""


def normalized(expression: Expression) -> Expression:
    """The formula without its roundings, and with exp for a power of a typed e."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if node.function == POW and _decimals_of_e(args[0]) is not None:
            return Call(FUNCTIONS["exp"], tuple(args[1:]))
        return Call(node.function, tuple(args))

    return fold(unrounded(expression), visit)


def typed_e(expression: Expression) -> int | None:
    """The decimals of a typed e in a formula; None if there is none, or it has all digits of a double."""
    powers = (node for _, node in nodes(expression) if isinstance(node, Call) and node.function == POW)
    found = [places for node in powers if (places := _decimals_of_e(node.args[0])) is not None and places < 14]
    return min(found, default=None)


def _decimals_of_e(base: Expression) -> int | None:
    """The decimals of a number that is e, rounded or truncated."""
    if not isinstance(base, Number) or not 2 < base.value < 3:
        return None
    places = decimals(base.value)
    places = 15 if places is None else places
    apart = abs(base.value - math.e)
    return places if places >= FEWEST_DECIMALS and apart < 10.0**-places else None
