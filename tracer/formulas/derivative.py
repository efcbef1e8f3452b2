"""The derivative of an expression with respect to every name in it, in one pass from the root to the leaves.

The rule of an operator is in `OPERATOR_RULES`, that of a function in its row (`Primitive.slopes`) or entry
(`Function.slopes`); the walk knows none of them by name, but for `if`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tracer.formulas.expansion import bind
from tracer.formulas.primitives import FUNCTIONS, PRIMITIVES, slopes
from tracer.formulas.tree import (
    COMPARISONS,
    ONE,
    ZERO,
    Call,
    Expression,
    Name,
    Number,
    add,
    distinct,
    div,
    mul,
    neg,
    power,
    replace,
    sub,
)

IF = FUNCTIONS["if"]

Rule = Callable[[tuple[Expression, ...], int], Expression]
"""(the arguments, the index of one) → the partial derivative with respect to it."""


def _product_rule(args: tuple[Expression, ...], index: int) -> Expression:
    return mul(*args[:index], *args[index + 1 :])


def _quotient_rule(args: tuple[Expression, ...], index: int) -> Expression:
    above, below = args
    return div(ONE, below) if index == 0 else neg(div(above, power(below, Number(2.0))))


def _power_rule(args: tuple[Expression, ...], index: int) -> Expression:
    base, exponent = args
    if index == 0:
        return mul(exponent, power(base, sub(exponent, ONE)))
    slope = mul(power(base, exponent), Call(FUNCTIONS["log"], (base,)))
    if isinstance(base, Number):
        return slope if base.value else ZERO
    return Call(IF, (Call(COMPARISONS["="], (base, ZERO)), ZERO, slope))  # PyTorch's choice: 0^b does not vary with b


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


def partials(expression: Expression, known: Mapping[Expression, Expression] | None = None) -> dict[Name, Expression]:
    """The partial derivative of the expression with respect to every name, in order of appearance.

    known: expressions that have a name; a slope in terms of a function's own value (`a·(1 − a)`) then uses it.

    One pass from the root to the leaves, each node handing its own derivative down (reverse mode; Griewank and
    Walther, Evaluating Derivatives, 2008, chapter 3), so that a sum of n products costs O(n).
    """
    terms: dict[Name, list[Expression]] = {name: [] for name in distinct(expression)}
    pending: list[tuple[Expression, Expression]] = [(expression, ONE)]
    while pending:
        node, outer = pending.pop()
        if isinstance(node, Name):
            terms[node].append(outer)
        elif isinstance(node, Call) and node.function == IF:
            for name, slope in _by_branch(node).items():
                terms[name].append(mul(outer, slope))
        elif isinstance(node, Call):
            for index in reversed(range(len(node.args))):
                if not isinstance(node.args[index], Number):
                    slope = _partial(node, index)
                    if slope != ZERO:
                        pending.append((node.args[index], slope if outer is ONE else mul(outer, slope)))
    sums = {name: add(*slopes) for name, slopes in terms.items()}
    replaced: dict[int, Expression] = {}
    return {name: replace(total, known, replaced) for name, total in sums.items()} if known else sums


def _by_branch(choice: Call) -> dict[Name, Expression]:
    """The partial derivatives of `if`: those of the branch taken, so that the other is never computed."""
    condition, yes, no = choice.args
    by_yes, by_no = partials(yes), partials(no)
    return {
        name: Call(IF, (condition, by_yes.get(name, ZERO), by_no.get(name, ZERO)))
        for name in dict.fromkeys([*by_yes, *by_no])
    }


def _partial(call: Call, index: int) -> Expression:
    function = call.function
    if function.name in OPERATOR_RULES:
        return OPERATOR_RULES[function.name](call.args, index)
    slope = function.slopes[min(index, len(function.slopes) - 1)] if function.slopes else None
    if slope is not None:
        return bind(slope, call)
    if function.formula is None:
        further = PRIMITIVES[function.name].further
        if further and len(call.args) != len(function.parameters):
            return further(call, index)
        return bind(slopes(function.name)[index], call)
    parameters = tuple(Name(parameter) for parameter in function.parameters)
    by_parameter = partials(bind(function.formula, Call(function, parameters)))
    return replace(by_parameter.get(parameters[index], ZERO), dict(zip(parameters, call.args, strict=True)))
