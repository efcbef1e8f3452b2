"""Plain text, as in a textbook: `h1 = w1·i1 + w2·i2`, `a_h1 = 1/(1 + e^(−h1))`."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from tracer.formulas.expansion import expand
from tracer.formulas.notation import Notation, Operator, TooLong, infix, render, shortest
from tracer.formulas.tree import ADD, Call, Expression, Name, fold

LONGEST_SUM = 8
"""A longer sum is shortened to its first three terms and its last."""
CUT = "…"
"""Stands for the omitted terms."""
LONGEST = 20_000
"""Length limit of a text with its functions expanded; a longer one keeps their names."""

TEXT = Notation(
    "text",
    operators={
        "<": infix(" < ", 1), "<=": infix(" ≤ ", 1), ">": infix(" > ", 1), ">=": infix(" ≥ ", 1),
        "=": infix(" = ", 1), "<>": infix(" ≠ ", 1),
        "+": infix(" + ", 2), "-": infix(" − ", 2),
        "*": infix("·", 3), "/": infix("/", 3),
        "neg": Operator("−{}", 4, (4, 4)),
        "^": infix("^", 5, first=6, following=6),
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


def _shortened(expression: Expression) -> Expression:
    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if node.function == ADD and len(args) > LONGEST_SUM:
            args = [*args[:3], Name(CUT), args[-1]]
        return Call(node.function, tuple(args))

    return fold(expression, visit)
