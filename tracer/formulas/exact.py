"""The exact value of an expression: sums, products and quotients without rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from operator import add, mul, neg, sub, truediv

from tracer.formulas.evaluation import FLOATS, NO_NUMBER
from tracer.formulas.tree import Call, Expression, Name, Number, fold

_ARITHMETIC: Mapping[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "+": lambda terms: reduce(add, terms),
    "-": lambda terms: sub(*terms),
    "*": lambda factors: reduce(mul, factors),
    "/": lambda terms: truediv(*terms),
    "neg": lambda terms: neg(*terms),
    "sum": lambda terms: reduce(add, terms),
    "mean": lambda terms: reduce(add, terms) / len(terms),
}
MOST_POWER = 16
"""Whole exponents that are multiplied out."""


def exact(expression: Expression, values: Mapping[Name, Fraction | Sequence[Fraction]]) -> Fraction | None:
    """The value for exact values of the names, a sequence for one over a batch; functions are computed as doubles. None
    if the value is undefined or depends on a case distinction."""

    def visit(node: Expression, args: list[list[Fraction]]) -> list[Fraction]:
        match node:
            case Number(value):
                return [Fraction(value)]
            case Name():
                found = values[node]
                return [found] if isinstance(found, Fraction) else list(found)
            case Call(function):
                numbers = [number for arg in args for number in arg]
                if function.name in _ARITHMETIC:
                    return [_ARITHMETIC[function.name](numbers)]
                if function.name == "^":
                    return [_power(*numbers)]
                return [Fraction(FLOATS[function.name](*map(float, numbers)))]
        raise TypeError

    try:
        (found,) = fold(expression, visit)
    except (*NO_NUMBER, KeyError):
        return None
    return found


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator == 1 and abs(exponent) <= MOST_POWER:
        return base ** int(exponent)
    return Fraction(float(base) ** float(exponent))
