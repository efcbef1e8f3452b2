"""Text, as in a textbook: `h1 = w1·i1 + w2·i2`, `a_h1 = 1/(1 + e^(−h1))`; typeset also `e^−h1` and `(t1 − a_o1)²`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

from tracer.formulas.expansion import expand
from tracer.formulas.notation import Notation, Operator, TooLong, Written, infix, render, shortest
from tracer.formulas.notation.typesetting import CUT, Typesetting, shortened
from tracer.formulas.symbols import SUBSCRIPT_DIGITS, SUPERSCRIPT_DIGITS
from tracer.formulas.tree import NEG, POW, Call, Expression, Name, Number

LONGEST = 20_000
"""Length limit of a text with its functions expanded; a longer one keeps their names."""

POWER = 5
"""How tightly a power binds."""
SMALL_POWERS = range(2, 10)
"""Exponents that are written in superscript."""
_INDEX = str.maketrans(dict(zip("0123456789", SUBSCRIPT_DIGITS, strict=True)) | {"_": ""})

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
        return render(shortened(expand(expression)), TEXT, spell, LONGEST)
    except TooLong:
        return render(shortened(expression), TEXT, spell)


def _powers(node: Call, args: Sequence[Written]) -> Written | None:
    """Small powers in superscript, and as few brackets as powers need."""
    match node.args:
        case [inner] if node.function.name == "exp" and _is_short(inner):
            return Written(("e^", args[0].parts), POWER)
        case [base, Number(exponent)] if node.function == POW and exponent in SMALL_POWERS:
            name = args[0].parts if isinstance(base, Name) and isinstance(args[0].parts, str) else ""
            bare = args[0].precedence > POWER and "/" not in name
            parts = args[0].parts if bare else ("(", args[0].parts, ")")
            return Written((parts, SUPERSCRIPT_DIGITS[int(exponent)]), POWER)
    return None


def _is_short(exponent: Expression) -> bool:
    """Whether it needs no brackets behind e^: a name, or the negative of one."""
    inner = exponent.args[0] if isinstance(exponent, Call) and exponent.function == NEG else exponent
    return isinstance(inner, Name)


TYPESET = Typesetting(
    TEXT,
    decimal=lambda digits, power: f"{digits}e{power}" if power else digits,
    negative=lambda number: f"−{number}",
    brackets=("(", ")"),
    word=lambda symbol: symbol.translate(_INDEX),
    plain=str,
    cut=CUT,
    longest=LONGEST,
    opening=("(", "|", ", "),
    raised=("^", *SUPERSCRIPT_DIGITS),
    special=_powers,
)
"""Text with small powers in superscript, and few brackets: −(t − a) for −2·(1/2)·(t − a)."""
