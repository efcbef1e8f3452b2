"""Python source. `if` becomes a conditional expression, so that the branch not taken is never computed."""

from __future__ import annotations

from tracer.formulas.notation import Notation, Operator, infix

PYTHON = Notation(
    "python",
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
    function=lambda name: name,
    number=repr,
)  # fmt: skip
"""`min` and `max` of two are written out, which is faster than a call."""
