"""Expressions as numbers: the functions that Python source of ours may call, and the value of one expression."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracer.formulas.expansion import expand
from tracer.formulas.notation.python import statements
from tracer.formulas.tree import Expression, Name, names

NO_NUMBER = (ArithmeticError, ValueError, TypeError, struct.error)
"""What Python raises where a formula has no finite value; the last two, where a power gave a complex number."""


def namespace() -> dict[str, Any]:
    """What compiled equations can reach: these functions, and nothing else of Python."""
    return {
        **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
        "abs": math.fabs, "min": min, "max": max, "normal_cdf": _normal_cdf, **REDUCE,
        "__builtins__": {"range": range, "enumerate": enumerate}, "NO_NUMBER": NO_NUMBER,
    }  # fmt: skip


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def _mean(values: Sequence[float]) -> float:
    """The mean, from an exact sum: whatever the order of the values."""
    return math.fsum(values) / len(values)


REDUCE: dict[str, Callable[[Sequence[float]], float]] = {"mean": _mean, "sum": math.fsum}
"""What the reductions of a batch are, by name; both exact."""


def compiled(expression: Expression) -> tuple[list[Name], Callable[..., float]]:
    """The names in an expression, each with its lag, and a function of their values, in that order, that gives its
    value. The function raises one of NO_NUMBER where there is none."""
    expression = expand(expression, far=True)
    local = {name: f"q{index}" for index, name in enumerate(dict.fromkeys(names(expression)))}
    *first, last = statements("q", expression, local.__getitem__)
    lines = [f"def value({', '.join(local.values())}):", *first, f"return {last.partition(' = ')[2]}"]
    scope = namespace()
    exec("\n    ".join(lines), scope)
    function: Callable[..., float] = scope["value"]
    return list(local), function


def evaluate(expression: Expression, values: Mapping[str, float]) -> float:
    """The value of an expression, for values of its names. Raises one of NO_NUMBER where it has none."""
    needed, function = compiled(expression)
    return float(function(*(values[name.name] for name in needed)))
