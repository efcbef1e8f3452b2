"""Excel formulas, in the form in which an .xlsx file stores them (English names, comma between arguments).

Precedence is Excel's own (Microsoft, "Calculation operators and precedence in Excel"): a sign binds tighter than a
power, and powers bind to the left.
"""

from __future__ import annotations

from tracer.formulas.notation import Notation, Operator, infix, shortest

EXCEL = Notation(
    "excel",
    operators={
        "<": infix("<", 1), "<=": infix("<=", 1), ">": infix(">", 1), ">=": infix(">=", 1),
        "=": infix("=", 1), "<>": infix("<>", 1),
        "+": infix("+", 2), "-": infix("-", 2),
        "*": infix("*", 3), "/": infix("/", 3),
        "^": infix("^", 4),
        "neg": Operator("-{}", 5, (6, 6)),
    },
    function=str.upper,
    number=lambda value: shortest(value).upper(),
    comma=",",
)  # fmt: skip
