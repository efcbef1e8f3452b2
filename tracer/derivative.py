"""The derivative of one expression by every name in it, in one pass from the root to the leaves.

The rule of an operator stands in `OPERATOR_RULES`, that of a function in its own entry (`Function.slopes`); the walk
knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Callable

from tracer.expansion import bind, parse_once
from tracer.expression import ONE, ZERO, Call, Expression, Name, Number, add, div, mul, names, neg, power, replace, sub
from tracer.functions import FUNCTIONS

Rule = Callable[[tuple[Expression, ...], int], Expression]
"""(the arguments, the index of one) → the partial derivative by that one."""


def _product_rule(args: tuple[Expression, ...], index: int) -> Expression:
    return mul(*args[:index], *args[index + 1 :])


def _quotient_rule(args: tuple[Expression, ...], index: int) -> Expression:
    above, below = args
    return div(ONE, below) if index == 0 else neg(div(above, power(below, Number(2.0))))


def _power_rule(args: tuple[Expression, ...], index: int) -> Expression:
    base, exponent = args
    if index == 0:
        return mul(exponent, power(base, sub(exponent, ONE)))
    return mul(power(base, exponent), Call(FUNCTIONS["log"], (base,)))


def _flat(_args: tuple[Expression, ...], _index: int) -> Expression:
    return ZERO


OPERATOR_RULES: dict[str, Rule] = {
    "+": lambda args, index: ONE,
    "-": lambda args, index: ONE if index == 0 else Number(-1.0),
    "neg": lambda args, index: Number(-1.0),
    "*": _product_rule,
    "/": _quotient_rule,
    "^": _power_rule,
} | dict.fromkeys(("<=", ">=", "<>", "<", ">", "="), _flat)


def partials(expression: Expression, result: Expression | None = None) -> dict[Name, Expression]:
    """The partial derivative of the expression by every name in it, in the order of their appearance.

    result: what the whole expression is called, if it has a name: slopes in terms of their own value (`a·(1 − a)`)
        then use that name.

    One pass from the root to the leaves, each node handing its own derivative down (reverse mode; Griewank and
    Walther, Evaluating Derivatives, 2008, chapter 3), so that a sum of n products costs O(n).
    """
    terms: dict[Name, list[Expression]] = {name: [] for name in names(expression)}
    pending: list[tuple[Expression, Expression]] = [(expression, ONE)]
    while pending:
        node, outer = pending.pop()
        if isinstance(node, Name):
            terms[node].append(outer)
        elif isinstance(node, Call):
            for index in reversed(range(len(node.args))):
                if not isinstance(node.args[index], Number):
                    slope = _partial(node, index)
                    if slope != ZERO:
                        pending.append((node.args[index], mul(outer, slope)))
    known = {} if result is None else {expression: result}
    return {name: replace(add(*sums), known) for name, sums in terms.items()}


def _partial(call: Call, index: int) -> Expression:
    function = call.function
    if function.name in OPERATOR_RULES:
        return OPERATOR_RULES[function.name](call.args, index)
    if function.slopes:
        return bind(function.slopes[index], call)
    assert function.formula is not None, f"{function.name} has neither slopes nor a formula"
    by_parameter = partials(parse_once(function.formula))
    slope = by_parameter.get(Name(function.parameters[index]), ZERO)
    return replace(slope, {Name(p): arg for p, arg in zip(function.parameters, call.args, strict=True)})
