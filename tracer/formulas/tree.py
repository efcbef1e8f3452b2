"""The immutable expression tree: every formula of the project, as data.

A tree has three kinds of node: a `Number`, a `Name` (a quantity) and a `Call` (a function of expressions).
`parser` reads one from text, `derivative` differentiates it, `notation` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


class Expression:
    """A node of the tree. Build nodes with `parse` or with the constructors `add`, `mul`, … below."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A constant, dimensionless."""

    value: float


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A quantity by its name; `lag` counts the iterations back (0: this one, 1: the one before). `batch` stands for
    its values in all rows of the iteration, a row a sample."""

    name: str
    lag: int = 0
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function of its arguments. Operators are functions too: `+` and `*` take any number of arguments."""

    function: Function
    args: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """What there is to know of a function.

    name: how a formula calls it.
    parameters: the names of its arguments in `slopes` and `formula`; empty for operators.
    slopes: the partial derivative by each argument, a formula of the arguments and of the result `a`. Where there is
        none, the `formula` is differentiated.
    formula: what the function stands for; None for a primitive, which every notation spells by itself.
    far: (condition, formula) for arguments where `formula` overflows although its value exists.
    settings: the numbers of a family of functions, such as alpha, by their names in the formulas.
    """

    name: str
    parameters: tuple[str, ...] = field(default=(), compare=False)
    slopes: tuple[Form | None, ...] = field(default=(), compare=False)
    formula: Form | None = field(default=None, compare=False)
    far: tuple[Form, Form] | None = field(default=None, compare=False)
    settings: tuple[tuple[str, float], ...] = ()


Form = Expression | Callable[[Call], Expression]
"""A formula in the function's parameters, or, for functions of any number of arguments, from the call."""


# ---------------------------------------------------------------------------------------------- the operators

ZERO, ONE = Number(0.0), Number(1.0)

ADD = Function("+")
SUB = Function("-")
NEG = Function("neg")
MUL = Function("*")
DIV = Function("/")
POW = Function("^")
COMPARISONS = {symbol: Function(symbol) for symbol in ("<=", ">=", "<>", "<", ">", "=")}

# ------------------------------------------------- constructors that simplify, as a person would while writing


def neg(x: Expression) -> Expression:
    """−x."""
    match x:
        case Number(value):
            return Number(-value)
        case Call(function, (inner,)) if function == NEG:
            return inner
        case Call(function, (first, *rest)) if function in (MUL, DIV):
            return Call(function, (neg(first), *rest))
    return Call(NEG, (x,))


def add(*terms: Expression) -> Expression:
    """The sum of the terms, zeros left out; a negative term is subtracted."""
    total: list[Expression] = []
    for term in terms:
        if term == ZERO:
            continue
        if total and _is_negative(term):
            total = [Call(SUB, (_sum(total), neg(term)))]
        elif not total and isinstance(term, Call) and term.function == ADD:
            total.extend(term.args)
        else:
            total.append(term)
    return _sum(total)


def _is_negative(term: Expression) -> bool:
    match term:
        case Number(value):
            return value < 0
        case Call(function, (first, *_)) if function in (MUL, DIV):
            return _is_negative(first)
        case Call(function, _):
            return function == NEG
    return False


def _sum(terms: list[Expression]) -> Expression:
    if not terms:
        return ZERO
    return terms[0] if len(terms) == 1 else Call(ADD, tuple(terms))


def sub(x: Expression, y: Expression) -> Expression:
    """x − y."""
    if isinstance(x, Number) and isinstance(y, Number) and math.isfinite(x.value - y.value):
        return Number(x.value - y.value)
    if y == ZERO:
        return x
    return neg(y) if x == ZERO else Call(SUB, (x, y))


def mul(*factors: Expression) -> Expression:
    """The product: numbers gathered in front, ones left out, the sign on the first factor."""
    coefficient = 1.0
    rest: list[Expression] = []
    pending = list(reversed(factors))
    while pending:
        factor = pending.pop()
        match factor:
            case Number(value):
                coefficient *= value
            case Call(function, (inner,)) if function == NEG:
                coefficient = -coefficient
                pending.append(inner)
            case Call(function, inner) if function == MUL:
                pending.extend(reversed(inner))
            case _:
                rest.append(factor)
    if not math.isfinite(coefficient):
        return Call(MUL, factors)
    if not rest:
        return Number(coefficient)
    if coefficient == 0.0:
        return ZERO
    if abs(coefficient) != 1.0:
        rest.insert(0, Number(coefficient))
    elif coefficient == -1.0:
        rest[0] = _turned(rest[0]) if len(rest) > 1 else neg(rest[0])
    return rest[0] if len(rest) == 1 else Call(MUL, tuple(rest))


def _turned(factor: Expression) -> Expression:
    """−(x − y) as (y − x), which reads better in front of further factors."""
    match factor:
        case Call(function, (x, y)) if function == SUB:
            return Call(SUB, (y, x))
    return neg(factor)


def div(x: Expression, y: Expression) -> Expression:
    """x / y."""
    if x == ZERO or y == ONE:
        return x
    return Call(DIV, (x, y))


def power(x: Expression, y: Expression) -> Expression:
    """x raised to y."""
    if y == ONE:
        return x
    return ONE if y == ZERO else Call(POW, (x, y))


# ------------------------------------------------------------------------------------------------ walking it


def names(expression: Expression) -> Iterator[Name]:
    """Every name in the expression, left to right, as often as it stands there."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Name):
            yield node
        elif isinstance(node, Call):
            pending.extend(reversed(node.args))


def replace(expression: Expression, what: Mapping[Expression, Expression]) -> Expression:
    """The expression with every occurrence of a key of `what` replaced, simplified where that allows it."""
    if expression in what:
        return what[expression]
    if not isinstance(expression, Call):
        return expression
    args = tuple(replace(arg, what) for arg in expression.args)
    if args == expression.args:
        return expression
    rebuild = _CONSTRUCTORS.get(expression.function.name)
    return rebuild(*args) if rebuild else Call(expression.function, args)


_CONSTRUCTORS: dict[str, Callable[..., Expression]] = {
    "+": add, "-": sub, "neg": neg, "*": mul, "/": div, "^": power,
}  # fmt: skip
