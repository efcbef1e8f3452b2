"""The immutable expression tree: every formula of the project, as data.

A tree has three kinds of node: a `Number`, a `Name` (a quantity) and a `Call` (a function of expressions).
`parser` reads one from text, `derivative` differentiates it, `notation` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import is_
from typing import Any, TypeVar


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
    its values in all rows of the iteration, one row per sample."""

    name: str
    lag: int = 0
    batch: bool = False

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expression):
    """A function of its arguments. Operators are functions too: `+` and `*` take any number of arguments.

    Trees are as deep as a chain `a - b - c - …` is long, and may have parts in common: equality and hashes look at each
    distinct node once, without recursion.
    """

    function: Function
    args: tuple[Expression, ...]
    _hash: int | None = field(default=None, init=False, repr=False)

    def __hash__(self) -> int:
        pending = [self] if self._hash is None else []
        while pending:
            node = pending[-1]
            inner = [arg for arg in node.args if isinstance(arg, Call) and arg._hash is None]
            if inner:
                pending += inner
            else:
                object.__setattr__(pending.pop(), "_hash", hash((node.function, node.args)))
        assert self._hash is not None
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Call) or hash(self) != hash(other):
            return False
        pending: list[tuple[Expression, Expression]] = [(self, other)]
        seen = set()
        while pending:
            x, y = pending.pop()
            if not (isinstance(x, Call) and isinstance(y, Call)):
                if x != y:
                    return False
            elif x is not y and (id(x), id(y)) not in seen:
                if x.function != y.function or len(x.args) != len(y.args):
                    return False
                seen.add((id(x), id(y)))
                pending += zip(x.args, y.args, strict=True)
        return True

    def __reduce__(self) -> tuple[object, ...]:
        return Call, (self.function, self.args)  # without the hash: that of a text differs from process to process


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the expression language.

    name: how a formula calls it. parameters: the names of its arguments in `slopes` and `formula`; empty for operators.
    slopes: the partial derivative by each argument, a formula of the arguments and of the result `a`; the last one is
        that by all further arguments too. Where there is none, the `formula` is differentiated.
    formula: what the function stands for; None for a primitive, which every notation spells by itself.
    far: (condition, formula) for arguments where `formula` overflows although its value exists.
    settings: the numbers of a family of functions, such as alpha, by their names in the formulas. more: whether it
    takes any number of further arguments. symbol: what a textbook calls it, σ or softmax_1; empty for its name.
    """

    name: str
    parameters: tuple[str, ...] = ()
    slopes: tuple[Form | None, ...] = ()
    formula: Form | None = None
    far: tuple[Form, Form] | None = None
    settings: tuple[tuple[str, float], ...] = ()
    more: bool = False
    symbol: str = ""

    def __eq__(self, other: object) -> bool:
        """Functions are equal if their names and settings are."""
        if self is other:
            return True
        return isinstance(other, Function) and (self.name, self.settings) == (other.name, other.settings)

    def __hash__(self) -> int:
        return hash(self.name)


Form = Expression | Callable[[Call], Expression]
"""A formula in the function's parameters, or, for functions of any number of arguments, from the call."""


ZERO, ONE = Number(0.0), Number(1.0)

ADD = Function("+")
SUB = Function("-")
NEG = Function("neg")
MUL = Function("*")
DIV = Function("/")
POW = Function("^")
COMPARISONS = {symbol: Function(symbol) for symbol in ("<=", ">=", "<>", "<", ">", "=")}

# ------------------------------------------------- constructors that simplify, as a person would while writing


LONGEST_PRODUCT = 32
"""A longer product is not merged into another one, and a longer quotient takes a sign in front, so that
a long chain is not copied again and again."""


def neg(x: Expression) -> Expression:
    """−x."""
    match x:
        case Number(value):
            return Number(-value)
        case Call(function, (inner,)) if function == NEG:
            return inner
    if isinstance(x, Call) and len(sides := _first_factors(x)) < LONGEST_PRODUCT:
        negated = neg(sides[-1].args[0]) if sides else Call(NEG, (x,))
        for side in reversed(sides):
            negated = Call(side.function, (negated, *side.args[1:]))
        return negated
    return Call(NEG, (x,))


def _first_factors(x: Expression) -> list[Call]:
    """The products and quotients down to the first factor, which takes a sign; no more than LONGEST_PRODUCT."""
    sides: list[Call] = []
    while isinstance(x, Call) and x.function in (MUL, DIV) and len(sides) < LONGEST_PRODUCT:
        sides.append(x)
        x = x.args[0]
    return sides


def add(*terms: Expression) -> Expression:
    """The sum of the terms without zeros; a negative term is subtracted."""
    total: list[Expression] = []
    for term in terms:
        if term == ZERO:
            continue
        if total and is_negative(term):
            total = [Call(SUB, (_sum(total), neg(term)))]
        elif not total and isinstance(term, Call) and term.function == ADD:
            total.extend(term.args)
        else:
            total.append(term)
    return _sum(total)


def is_negative(term: Expression) -> bool:
    """Whether it begins with a minus sign."""
    sides = _first_factors(term)
    term = sides[-1].args[0] if sides else term
    return term.value < 0 if isinstance(term, Number) else isinstance(term, Call) and term.function == NEG


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
    """The product: numbers collected in front, ones omitted, the sign on the first factor."""
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
            case Call(function, inner) if function == MUL and len(inner) <= LONGEST_PRODUCT:
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
    elif coefficient == -1.0 and isinstance(rest[0], Call) and rest[0].function == MUL:  # a long one
        return Call(NEG, (Call(MUL, tuple(rest)) if len(rest) > 1 else rest[0],))
    elif coefficient == -1.0:
        rest[0] = _negated(rest[0]) if len(rest) > 1 else neg(rest[0])
    return rest[0] if len(rest) == 1 else Call(MUL, tuple(rest))


def _negated(factor: Expression) -> Expression:
    """−(x − y) as (y − x), which reads better in front of further factors."""
    return Call(SUB, factor.args[::-1]) if isinstance(factor, Call) and factor.function == SUB else neg(factor)


def div(x: Expression, y: Expression) -> Expression:
    """x / y."""
    return x if x == ZERO or y == ONE else Call(DIV, (x, y))


def power(x: Expression, y: Expression) -> Expression:
    """x raised to y."""
    if y == ONE:
        return x
    return ONE if y == ZERO else Call(POW, (x, y))


# ------------------------------------------------------------------------------------------------ walking it

T = TypeVar("T")


def fold(expression: Expression, visit: Callable[[Expression, list[T]], T], known: dict[int, T] | None = None) -> T:
    """What `visit(node, what its arguments gave)` gives for the root. Every distinct node is visited once, its
    arguments before it, without recursion.

    known: what nodes gave already, by their identities; what is found is added. The caller keeps these nodes alive.
    """
    known = {} if known is None else known
    pending = [expression]
    while pending:
        node = pending[-1]
        if id(node) in known:
            pending.pop()
            continue
        args = node.args if isinstance(node, Call) else ()
        ready = True
        for arg in args:
            if id(arg) not in known:
                if isinstance(arg, Call):
                    pending.append(arg)
                    ready = False
                else:
                    known[id(arg)] = visit(arg, [])
        if ready:
            pending.pop()
            known[id(node)] = visit(node, [known[id(arg)] for arg in args])
    return known[id(expression)]


def names(expression: Expression) -> Iterator[Name]:
    """Every name in the expression, left to right, repeated names repeatedly."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Name):
            yield node
        elif isinstance(node, Call):
            pending.extend(reversed(node.args))


def distinct(expression: Expression) -> list[Name]:
    """The distinct names in the expression, in order of first appearance."""
    found: dict[Name, None] = {}
    seen = set()
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Name):
            found[node] = None
        elif isinstance(node, Call) and id(node) not in seen:
            seen.add(id(node))
            pending.extend(reversed(node.args))
    return list(found)


def replace(
    expression: Expression, what: Mapping[Expression, Expression], known: dict[int, Expression] | None = None
) -> Expression:
    """The expression with every occurrence of a key of `what` replaced, simplified where possible.

    known: what has been replaced by the same `what` before, as `fold` takes it.
    """
    return _replaced(expression, what, _BUILD, known)


def with_names(expression: Expression, values: Mapping[Name, Expression] | Mapping[Number, Expression]) -> Expression:
    """The expression with names, or numbers, replaced, not simplified."""
    return _replaced(expression, values, {}, None)


_BUILD: Mapping[str, Callable[..., Expression]] = {"+": add, "-": sub, "neg": neg, "*": mul, "/": div, "^": power}


def _replaced(
    expression: Expression,
    what: Mapping[Any, Expression],
    constructors: Mapping[str, Callable[..., Expression]],
    known: dict[int, Expression] | None,
) -> Expression:
    if not isinstance(expression, Call):
        return what.get(expression, expression)
    calls = any(isinstance(key, Call) for key in what)

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return what.get(node, node)
        if (calls and node in what) or all(map(is_, args, node.args)):
            return what.get(node, node) if calls else node
        if constructors and node.function.name == "if" and args[1] == args[2]:
            return args[1]
        build = constructors.get(node.function.name)
        return build(*args) if build else Call(node.function, tuple(args))

    return fold(expression, visit, known)
