"""Expansion of function calls into the formulas that define them."""

from __future__ import annotations

from operator import is_

from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Call, Expression, Form, Name, Number, fold, replace


def bind(form: Form, call: Call) -> Expression:
    """A formula of a function's parameters, settings and result `a`, with the arguments of this call."""
    if not isinstance(form, Expression):
        return form(call)
    values: dict[Expression, Expression] = {Name("a"): call}
    values |= {Name(setting): Number(value) for setting, value in call.function.settings}
    values |= {Name(parameter): arg for parameter, arg in zip(call.function.parameters, call.args, strict=True)}
    return replace(form, values)


def expand(expression: Expression, far: bool = False, symbols: bool = False) -> Expression:
    """The expression with every function that is defined by a formula replaced by that formula.

    far: include the functions' `far` branches, which apply where the plain formula overflows. symbols: leave functions
    that have a symbol, such as σ.
    """
    return _expanded(expression, far, symbols, {}, []) if _is_defined(expression) else expression


def _is_defined(expression: Expression) -> bool:
    """Whether a function in the expression is defined by a formula."""
    pending, seen = [expression], set[int]()
    while pending:
        node = pending.pop()
        if isinstance(node, Call) and id(node) not in seen:
            if node.function.formula is not None:
                return True
            seen.add(id(node))
            pending += node.args
    return False


def _expanded(
    expression: Expression, far: bool, symbols: bool, known: dict[int, Expression], bound: list[Expression]
) -> Expression:
    """known: what nodes are expanded, by their identities; what is expanded stands for itself. bound: formulas that
    were put in, kept alive for `known`."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        function = node.function
        call = node if all(map(is_, args, node.args)) else Call(function, tuple(args))
        expanded: Expression = call
        if function.formula is not None and not (symbols and function.symbol):
            forms = (function.formula, *(function.far or ())) if far else (function.formula,)
            plain, *beyond = (_expanded(put_in, far, symbols, known, bound) for put_in in _bound(call, forms, bound))
            expanded = Call(FUNCTIONS["if"], (*beyond, plain)) if beyond else plain
        known[id(expanded)] = expanded
        return expanded

    return fold(expression, visit, known)


def _bound(call: Call, forms: tuple[Form, ...], bound: list[Expression]) -> list[Expression]:
    put_in = [bind(form, call) for form in forms]
    bound += [call, *put_in]
    return put_in


def far_conditions(expression: Expression) -> list[Expression]:
    """When `expand(…, far=True)` leaves the plain formulas: one condition a function call that has a `far` branch."""
    found: list[Expression] = []
    seen: set[int] = set()
    pending = [expression]
    kept: list[Expression] = []
    while pending:
        node = pending.pop()
        if not isinstance(node, Call) or id(node) in seen:
            continue
        seen.add(id(node))
        kept.append(node)
        pending += node.args
        if node.function.formula is not None:
            pending.append(bind(node.function.formula, node))
        if node.function.far:
            found.append(bind(node.function.far[0], node))
    return found
