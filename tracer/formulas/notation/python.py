"""Python source. `if` becomes a conditional expression, so that the branch not taken is never computed."""

from __future__ import annotations

from collections.abc import Callable

from tracer.formulas.notation import Notation, Operator, infix, render
from tracer.formulas.tree import ADD, Call, Expression, Name

PYTHON = Notation(
    operators={
        "if": Operator("{1} if {0} else {2}", 0, (1, 1)),
        "max": Operator("{0} if {0} > {1} else {1}", 0, (2, 2)),
        "min": Operator("{0} if {0} < {1} else {1}", 0, (2, 2)),
        "sign": Operator("({0} > 0.0) - ({0} < 0.0)", 2, (2, 2)),
        "<": infix(" < ", 1, 2), "<=": infix(" <= ", 1, 2), ">": infix(" > ", 1, 2), ">=": infix(" >= ", 1, 2),
        "=": infix(" == ", 1, 2), "<>": infix(" != ", 1, 2),
        "+": infix(" + ", 2), "-": infix(" - ", 2),
        "*": infix(" * ", 3), "/": infix(" / ", 3),
        "neg": Operator("-{}", 4, (4, 4)),
        "^": infix(" ** ", 5, first=6, following=4),
    },
    functions={
        name: name
        for name in ("exp", "log", "sqrt", "abs", "sin", "cos", "tanh", "normal_cdf", "min", "max", "mean", "sum")
    },
    number=repr,
)  # fmt: skip
"""`min` and `max` of two are written out, which is faster than a call."""

TERMS = 500
"""Of a sum in one statement: Python's compiler has a limit."""


def statements(local: str, expression: Expression, spell: Callable[[Name], str]) -> list[str]:
    """Statements that assign an expression to a local variable: one, or several for a sum of very many terms."""
    so_far = Name(local)

    def assigned(part: Expression) -> str:
        return f"{local} = {render(part, PYTHON, lambda name: local if name is so_far else spell(name))}"

    match expression:
        case Call(function, (Call(inner, terms),)) if inner == ADD and len(terms) > TERMS:  # the root of a sum
            return [*statements(local, Call(ADD, terms), spell), assigned(Call(function, (so_far,)))]
        case Call(function, terms) if function == ADD and len(terms) > TERMS:
            further = range(TERMS, len(terms), TERMS)
            sums = [Call(ADD, terms[:TERMS]), *(Call(ADD, (so_far, *terms[i : i + TERMS])) for i in further)]
            return list(map(assigned, sums))
    return [assigned(expression)]
