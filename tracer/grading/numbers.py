"""The value of an expression over whole columns at once: every name is an array, and so is the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from tracer.expansion import expand
from tracer.expression import Call, Expression, Function, Name, Number
from tracer.grading.cells import Fault

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
"""Yes or no for every step."""

_erf = np.frompyfunc(math.erf, 1, 1)


def _normal_cdf(x: Array) -> Array:
    result: Array = 0.5 * (1.0 + _erf(np.asarray(x, float) / np.sqrt(2.0)).astype(float))
    return result


def _sum(*terms: Array) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _product(*factors: Array) -> Array:
    total = factors[0]
    for factor in factors[1:]:
        total = total * factor
    return total


def _rounded(x: Array, digits: Array) -> Array:
    scale = 10.0 ** np.asarray(digits, float)
    result: Array = np.sign(x) * np.floor(np.abs(x) * scale + 0.5) / scale
    return result


def _comparison(test: Callable[..., Array]) -> Callable[..., Array]:
    """1 or 0; NaN where there is nothing to compare."""
    return lambda x, y: np.where(np.isnan(x) | np.isnan(y), np.nan, test(x, y))


_RULES: dict[str, Callable[..., Array]] = {
    "+": _sum,
    "*": _product,
    "-": lambda x, y: x - y,
    "/": lambda x, y: np.divide(x, y),
    "^": lambda x, y: np.power(np.asarray(x, float), y),
    "neg": lambda x: -x,
    **{sign: _comparison(test) for sign, test in {
        "<=": np.less_equal, ">=": np.greater_equal, "<>": np.not_equal, "<": np.less, ">": np.greater, "=": np.equal,
    }.items()},
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "min": np.minimum,
    "max": np.maximum,
    "normal_cdf": _normal_cdf,
    "if": lambda test, yes, no: np.where(np.isnan(test), np.nan, np.where(np.asarray(test) != 0, yes, no)),
    "round": _rounded,
}  # fmt: skip


def value(expression: Expression, names: Mapping[Name, Array]) -> Array:
    """The value of an expression. NaN or an infinity where it has none.

    Raises KeyError for a name that `names` does not have.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_value(expression, names), float)


def _value(node: Expression, names: Mapping[Name, Array]) -> Array:
    if isinstance(node, Name):
        return names[node]
    if isinstance(node, Number):
        return np.float64(node.value)  # type: ignore[return-value]
    assert isinstance(node, Call)
    rule, function = _RULES.get(node.function.name), node.function
    if rule is None and not isinstance(function.formula, str):
        return _value(expand(node), names)
    values = [_value(arg, names) for arg in node.args]
    if rule is not None:
        return rule(*values)
    return _value(_body(function), dict(zip(map(Name, function.parameters), values, strict=True)))


@cache
def _body(function: Function) -> Expression:
    """The formula that a function stands for, of its own parameters."""
    return expand(Call(function, tuple(map(Name, function.parameters))))


def plain(expression: Expression, names: Mapping[Name, float]) -> float | Fault:
    """The value of an expression for single numbers, or the error that a spreadsheet shows."""
    with np.errstate(all="ignore"):
        result = float(_value(expression, {name: np.float64(x) for name, x in names.items()}))  # type: ignore[misc]
    return result if math.isfinite(result) else Fault("#NUM!")
