"""A function call as the formula that it stands for."""

from __future__ import annotations

from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Call, Expression, Form, Name, Number, replace


def bind(form: Form, call: Call) -> Expression:
    """A formula of a function's parameters, settings and result `a`, as it reads for this call."""
    if not isinstance(form, Expression):
        return form(call)
    values: dict[Expression, Expression] = {Name("a"): call}
    values |= {Name(setting): Number(value) for setting, value in call.function.settings}
    values |= {Name(parameter): arg for parameter, arg in zip(call.function.parameters, call.args, strict=True)}
    return replace(form, values)


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
    plain = expand(bind(function.formula, call), far)
    if not (far and function.far):
        return plain
    condition, beyond = (expand(bind(form, call), far) for form in function.far)
    return Call(FUNCTIONS["if"], (condition, beyond, plain))


def far_conditions(expression: Expression) -> list[Expression]:
    """When `expand(…, far=True)` leaves the plain formulas: one condition a function call that has a `far` branch."""
    if not isinstance(expression, Call):
        return []
    found = [condition for arg in expression.args for condition in far_conditions(arg)]
    function = expression.function
    if function.formula is not None:
        found += far_conditions(bind(function.formula, expression))
    return [*found, bind(function.far[0], expression)] if function.far else found
