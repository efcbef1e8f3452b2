"""Text, as in a textbook: `h1 = w1·i1 + w2·i2`, `a_h1 = 1/(1 + e^(−h1))`; typeset also `e^−h1` and `(t1 − a_o1)²`."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from operator import attrgetter, is_

from tracer.formulas.expansion import expand
from tracer.formulas.notation import (
    Notation,
    Operator,
    TooLong,
    Written,
    compose,
    infix,
    joined,
    leaf,
    render,
    shortest,
)
from tracer.formulas.symbols import SUPERSCRIPT_DIGITS
from tracer.formulas.tree import ADD, DIV, MUL, NEG, POW, Call, Expression, Name, Number, fold, mul

LONGEST_SUM = 8
"""A longer sum is shortened to its first three terms and its last."""
CUT = "…"
"""Stands for the omitted terms."""
LONGEST = 20_000
"""Length limit of a text with its functions expanded; a longer one keeps their names."""

POWER = 5
"""How tightly a power binds."""
SMALL_POWERS = range(2, 10)
"""Exponents that are written in superscript."""

TEXT = Notation(
    "text",
    operators={
        "<": infix(" < ", 1), "<=": infix(" ≤ ", 1), ">": infix(" > ", 1), ">=": infix(" ≥ ", 1),
        "=": infix(" = ", 1), "<>": infix(" ≠ ", 1),
        "+": infix(" + ", 2), "-": infix(" − ", 2),
        "*": infix("·", 3), "/": infix("/", 3),
        "neg": Operator("−{}", 4, (4, 4)),
        "^": infix("^", POWER, first=6, following=6),
    },
    function=lambda name: name,
    number=lambda value: shortest(value).replace("-", "−", 1) if value < 0 else shortest(value),
)  # fmt: skip


def text(expression: Expression, spell: Callable[[Name], str] = attrgetter("name")) -> str:
    """The expression as a person would write it, functions spelled out, long sums cut short; `spell` writes a name."""
    try:
        return render(_shortened(expand(expression)), TEXT, spell, LONGEST)
    except TooLong:
        return render(_shortened(expression), TEXT, spell)


def typeset(expression: Expression, spell: Callable[[Name], str]) -> str:
    """The text of an expression with small powers in superscript, as few brackets as they need, and the numbers of a
    product put together where they make a whole one: −(t − a) for −2·(1/2)·(t − a)."""
    try:
        return as_it_stands(written_out(expression), spell, TEXT, LONGEST)
    except TooLong:
        return as_it_stands(tidied(expression), spell)


def written_out(expression: Expression) -> Expression:
    """The expression with its functions spelled out, tidied."""
    return tidied(expand(expression))


def as_it_stands(
    expression: Expression, spell: Callable[[Name], str], notation: Notation = TEXT, longest: int | None = None
) -> str:
    """An expression as `typeset` writes it, neither spelled out nor tidied; long sums are cut short. Raises TooLong."""

    def visit(node: Expression, args: list[Written]) -> Written:
        if not isinstance(node, Call):
            return leaf(notation, node, spell)
        match node.args:
            case [inner] if node.function.name == "exp" and _is_short(inner):
                return Written(("e^", args[0].parts), POWER)
            case [base, Number(exponent)] if node.function == POW and exponent in SMALL_POWERS:
                bare = args[0].precedence > POWER and "/" not in (args[0].parts if isinstance(base, Name) else "")
                parts = args[0].parts if bare else ("(", args[0].parts, ")")
                return Written((parts, SUPERSCRIPT_DIGITS[int(exponent)]), POWER)
        return compose(notation, node.function.name, args)

    return joined(fold(_shortened(expression), visit).parts, longest)


def _is_short(exponent: Expression) -> bool:
    """Whether it needs no brackets behind e^: a name, or the negative of one."""
    inner = exponent.args[0] if isinstance(exponent, Call) and exponent.function == NEG else exponent
    return isinstance(inner, Name)


def tidied(expression: Expression) -> Expression:
    """The expression with the numbers of each product as one, where fractions of numbers make a whole one."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if node.function == MUL:
            ratios = {place: ratio for place, arg in enumerate(args) if (ratio := _ratio(arg)) is not None}
            whole = math.prod(ratios.values())
            if len(ratios) > 1 and isinstance(whole, Fraction) and whole.denominator == 1:
                return mul(Number(float(whole)), *(arg for place, arg in enumerate(args) if place not in ratios))
        return node if all(map(is_, args, node.args)) else Call(node.function, tuple(args))

    return fold(expression, visit)


def _ratio(expression: Expression) -> Fraction | None:
    """The number that an expression is, or the ratio of two."""
    match expression:
        case Number(value) if math.isfinite(value):
            return Fraction(value)
        case Call(function, (Number(value), Number(by))) if function == DIV and by and math.isfinite(value / by):
            return Fraction(value) / Fraction(by)
        case Call(function, (inner,)) if function == NEG and (ratio := _ratio(inner)) is not None:
            return -ratio
    return None


def _shortened(expression: Expression) -> Expression:
    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if node.function == ADD and len(args) > LONGEST_SUM:
            args = [*args[:3], Name(CUT), args[-1]]
        return Call(node.function, tuple(args))

    return fold(expression, visit)
