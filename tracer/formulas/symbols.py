"""The characters of our formulas: tokens, other spellings of operators, powers in superscript, constants."""

from __future__ import annotations

import math
import re

SPELLINGS = {
    "**": "^", "×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "−": "-", "==": "=", "!=": "<>", "≠": "<>", "≤": "<=",
    "≥": ">=",
}  # fmt: skip
"""Operators as they are written elsewhere → in our formulas."""

SUPERSCRIPT_DIGITS, SUBSCRIPT_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
POWERS = {sign: float(power) for power, sign in enumerate(SUPERSCRIPT_DIGITS)} | {"⁻¹": -1.0, "⁻²": -2.0}
"""Powers that stand behind a value, in superscript."""
SUPERSCRIPT = f"⁻{SUPERSCRIPT_DIGITS}"

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
"""Numbers by their names, where no quantity has the name."""

LETTERS = {"alpha": "α", "beta": "β", "eps": "ε", "rho": "ρ"}
"""How a textbook writes the settings of formulas."""

INSTEAD = {"|": "abs(x)", "[": "(", "]": ")", "{": "(", "}": ")", "!": "a product"}
"""Characters that formulas do not have → what to write."""

_OTHERS = "|".join(re.escape(symbol) for symbol in SPELLINGS)
TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    rf"|(?P<name>√|[^\W\d{SUPERSCRIPT}][^\W{SUPERSCRIPT}]*)"
    rf"|(?P<symbol>{_OTHERS}|<=|>=|<>|[{SUPERSCRIPT}]+|[-+*/^(),<>=]))"
)
