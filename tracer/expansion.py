"""A function call as the formula that it stands for."""

from __future__ import annotations

from functools import cache

from tracer.expression import Call, Expression, Name, replace
from tracer.parser import parse

parse_once = cache(parse)
"""For the formulas of the tables, which are read again for every neuron."""


def bind(formula: str, call: Call) -> Expression:
    """A formula of a function's parameters and of its result `a`, as it reads for this call."""
    arguments: dict[Expression, Expression] = {
        Name(parameter): arg for parameter, arg in zip(call.function.parameters, call.args, strict=True)
    }
    return replace(parse_once(formula), arguments | {Name("a"): call})


def expand(expression: Expression, far: bool = False) -> Expression:
    """The expression with every function that stands for a formula replaced by it.

    far: take along the functions' `far` branches, which hold where the plain formula overflows.
    """
    if not isinstance(expression, Call):
        return expression
    call = Call(expression.function, tuple(expand(arg, far) for arg in expression.args))
    function = call.function
    if function.formula is None:
        return call
    formula = function.formula
    if far and function.far:
        formula = f"if({function.far[0]}, {function.far[1]}, {formula})"
    return bind(formula, call)


def far_conditions(expression: Expression) -> list[Expression]:
    """When `expand(…, far=True)` leaves the plain formulas: one condition a function call that has a `far` branch."""
    if not isinstance(expression, Call):
        return []
    found = [condition for arg in expression.args for condition in far_conditions(arg)]
    return [*found, bind(expression.function.far[0], expression)] if expression.function.far else found
