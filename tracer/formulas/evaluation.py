"""Evaluation of expressions: the functions that generated Python may call, and compiled expressions."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracer.formulas.expansion import expand
from tracer.formulas.notation.source import Source
from tracer.formulas.primitives import PRIMITIVES
from tracer.formulas.tree import Expression, Name, distinct

NO_NUMBER = (ArithmeticError, ValueError, TypeError, struct.error)
"""What Python raises if a formula has no finite value; the last two if a power is a complex number."""

FLOATS: dict[str, Callable[..., float]] = {
    name: row.helper or getattr(math, name) for name, row in PRIMITIVES.items() if name != "if"
}
"""The primitive functions of floats, by name; `mean` and `sum` take numbers or a sequence."""

REDUCE: dict[str, Callable[[Sequence[float]], float]] = {name: FLOATS[name] for name in ("mean", "sum")}
"""The reductions of a batch by name; both use an exact sum, independent of the order of the values."""


def namespace() -> dict[str, Any]:
    """The names available to compiled equations: these functions, and nothing else of Python."""
    return {**FLOATS, "__builtins__": {"range": range, "enumerate": enumerate}, "NO_NUMBER": NO_NUMBER}


def compiled(expression: Expression) -> tuple[list[Name], Callable[..., float]]:
    """The names in an expression, each with its lag, and a function of their values, in that order, that gives its
    value; a name that stands for all rows of a batch takes a list. The function raises one of NO_NUMBER where there is
    none."""
    expression = expand(expression, far=True)
    local = {name: f"q{index}" for index, name in enumerate(distinct(expression))}
    body = "\n    ".join(Source(lambda name: f"{'*' * name.batch}{local[name]}").assignment("value", expression))
    scope = namespace()
    exec(f"def function({', '.join(local.values())}):\n    {body}\n    return value", scope)
    return list(local), scope["function"]


def evaluate(expression: Expression, values: Mapping[str, float]) -> float:
    """The value of an expression, for values of its names. Raises one of NO_NUMBER if it has none."""
    needed, function = compiled(expression)
    return float(function(*(values[name.name] for name in needed)))
