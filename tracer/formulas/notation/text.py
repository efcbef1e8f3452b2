"""Plain text, as in a textbook: `h1 = w1·i1 + w2·i2`, `a_h1 = 1/(1 + e^(−h1))`."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from tracer.formulas.expansion import expand
from tracer.formulas.notation import Notation, Operator, infix, render, shortest
from tracer.formulas.tree import ADD, Call, Expression, Name

LONGEST_SUM = 8
"""A sum of more terms is shown by its first three and its last."""
CUT = "…"
"""Stands for the terms that are left out."""

TEXT = Notation(
    operators={
        "<": infix(" < ", 1), "<=": infix(" ≤ ", 1), ">": infix(" > ", 1), ">=": infix(" ≥ ", 1),
        "=": infix(" = ", 1), "<>": infix(" ≠ ", 1),
        "+": infix(" + ", 2), "-": infix(" − ", 2),
        "*": infix("·", 3), "/": infix("/", 3),
        "neg": Operator("−{}", 4, (4, 4)),
        "^": infix("^", 5, first=6, following=6),
    },
    functions={
        "exp": "e^({})", "log": "ln", "sqrt": "√({})", "abs": "|{}|", "sign": "sign", "sin": "sin", "cos": "cos",
        "tanh": "tanh", "normal_cdf": "Φ", "min": "min", "max": "max", "mean": "mean", "sum": "sum",
        "if": "({1} if {0}, else {2})",
    },
    number=lambda value: shortest(value).replace("-", "−", 1) if value < 0 else shortest(value),
)  # fmt: skip


def text(expression: Expression, spell: Callable[[Name], str] = attrgetter("name")) -> str:
    """The expression as a person would write it, functions spelt out, long sums cut short; `spell` writes a name."""
    return render(_shortened(expand(expression)), TEXT, spell)


def _shortened(expression: Expression) -> Expression:
    if not isinstance(expression, Call):
        return expression
    args = tuple(_shortened(arg) for arg in expression.args)
    if expression.function == ADD and len(args) > LONGEST_SUM:
        args = (*args[:3], Name(CUT), args[-1])
    return Call(expression.function, args)
