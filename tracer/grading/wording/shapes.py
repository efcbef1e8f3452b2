"""Forms of formulas that tell one mistake from another: slopes, masks, the two sides of a difference, operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tracer.formulas.tree import ADD, COMPARISONS, DIV, MUL, NEG, POW, SUB, Call, Expression, Function, Number
from tracer.grading.wording.syntax import factors

Told = tuple[str, dict[str, Expression | str | float]]
"""The name of a slip, and the parts of its sentence."""
ONE, TWO = Number(1.0), Number(2.0)
OPERATORS: Mapping[Function, str] = {ADD: "plus", SUB: "minus", MUL: "times", DIV: "division"}
"""Operators as the names of slips have them."""


def reversed_sides(theirs: Expression, right: Expression) -> Told | None:
    """The sign of a whole sum, or the two sides of a difference."""
    if Call(NEG, (theirs,)) == right or Call(NEG, (right,)) == theirs:
        return "sign_flipped", {}
    match theirs, right:
        case Call(one, (a, b)), Call(other, (c, d)) if one == other == SUB and (a, b) == (d, c):
            return "difference_reversed", {"first": c, "second": d}
        case _, Call(function, (first, second)) if function == SUB and first == ONE and second == theirs:
            return "complement_missing", {"part": theirs}
    return None


def other_operator(theirs: Expression, right: Expression) -> Told | None:
    """One operator for another between the same operands."""
    if not isinstance(theirs, Call) or not isinstance(right, Call):
        return None
    if theirs.function in (ADD, SUB) and right.function == MUL:
        several = [factors(arg)[1] for arg in theirs.args]
        if Counter(part for own in several for part in own) == Counter(factors(right)[1]):
            return f"{OPERATORS[theirs.function]}_for_times", {"whole": right}
    if theirs.args == right.args:
        found, expected = OPERATORS.get(theirs.function), OPERATORS.get(right.function)
        if {found, expected} <= {"plus", "times"} and found != expected:
            return f"{found}_for_{expected}", {"whole": right}
    return None


def is_slope(part: Expression) -> bool:
    """Whether a factor is the derivative of an activation: a·(1 − a), 1 − a² or 1 − a."""
    match factors(part):
        case False, [(False, one), (False, other)]:
            return other == Call(SUB, (ONE, one)) or one == Call(SUB, (ONE, other))
    match part:
        case Call(function, (first, Call(power, (_, exponent)))):
            return function == SUB and first == ONE and power == POW and exponent == TWO
    return False


def is_mask(part: Expression) -> bool:
    """Whether a factor is 1 or 0 by a comparison: the derivative of relu."""
    match part:
        case Call(function, args):
            return function.name in COMPARISONS or (function.name == "IF" and len(args) == 3 and args[2] == Number(0.0))
    return False


def other_slope(extra: Sequence[Expression], missing: Sequence[Expression]) -> Told | None:
    """The derivative of one activation for that of another."""
    square = [part for part in (*extra, *missing) if _square_of(part) is not None]
    if len(square) == 1 and {len(extra), len(missing)} == {1, 2}:
        two = missing if len(missing) == 2 else extra
        slope = Call(MUL, tuple(two))
        if is_slope(slope):
            name = "derivative_of_tanh" if two is missing else "derivative_of_sigmoid"
            return name, {"expected": slope if two is missing else square[0]}
    return None


def _square_of(part: Expression) -> Expression | None:
    """What 1 − a² is the slope of."""
    match part:
        case Call(function, (first, Call(power, (base, exponent)))):
            if function == SUB and first == ONE and power == POW and exponent == TWO:
                return base
    return None
