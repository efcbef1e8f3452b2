"""The primitive functions, one entry each: what every notation spells by itself."""

from __future__ import annotations

from functools import cache

from tracer.formulas.grammar import parse
from tracer.formulas.tree import Expression, Function

_PRIMITIVES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "exp": (("x",), ("a",)),
    "log": (("x",), ("1 / x",)),
    "sqrt": (("x",), ("1 / (2 * a)",)),
    "abs": (("x",), ("sign(x)",)),
    "sign": (("x",), ("0",)),
    "sin": (("x",), ("cos(x)",)),
    "cos": (("x",), ("-sin(x)",)),
    "tanh": (("x",), ("1 - a^2",)),
    "normal_cdf": (("x",), ("exp(-x^2 / 2) / sqrt(2 * 3.141592653589793)",)),
    "min": (("x", "y"), ("if(x < y, 1, if(x = y, 0.5, 0))", "if(y < x, 1, if(x = y, 0.5, 0))")),
    "max": (("x", "y"), ("if(x > y, 1, if(x = y, 0.5, 0))", "if(y > x, 1, if(x = y, 0.5, 0))")),
    "if": (("condition", "x", "y"), ()),
}
"""Parameters, and the partial derivative by each of them, in the parameters and the result `a`. At a kink it is
PyTorch's: the slope of `abs` at 0 is 0, and equal arguments of `min` or `max` share the gradient (`torch.minimum`,
`torch.maximum`). `normal_cdf` is the standard normal distribution function Φ. `if` is differentiated by its
branches."""

FUNCTIONS: dict[str, Function] = {name: Function(name, parameters) for name, (parameters, _) in _PRIMITIVES.items()}
"""The primitive functions by name."""


@cache
def slopes(name: str) -> tuple[Expression, ...]:
    """The partial derivatives of a primitive function by each of its parameters. Raises KeyError for an unknown one."""
    return tuple(parse(slope, FUNCTIONS) for slope in _PRIMITIVES[name][1])
