"""The value of an expression over whole columns at once: every name is an array, and so is the result."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from tracer.formulas.expansion import expand
from tracer.formulas.tree import Call, Expression, Function, Name, Number, names
from tracer.grading.book.cells import Fault

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
"""Yes or no for every step."""


class Quantities(Mapping[Name, Array]):
    """Arrays by name and lag, of a network that may take its samples in batches. What stands for its values in all rows
    of a batch (`Name.batch`) has these in its array, and `over_batch` makes one of them."""

    @abstractmethod
    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        """The mean or the sum of what was computed for all rows of the batch `lag` batches before."""


OVER_BATCH: Mapping[str, Callable[[Array, Array], Array]] = {
    "mean": lambda total, size: total / size,
    "sum": lambda total, size: total,
}
"""The reductions of a batch, from the sum over its rows and their number."""

_erf = np.frompyfunc(math.erf, 1, 1)


def _normal_cdf(x: Array) -> Array:
    # of a single number, a ufunc from Python gives a Python number
    erf = np.asarray(_erf(np.asarray(x, float) / np.sqrt(2.0)), float)
    result: Array = 0.5 * (1.0 + erf)
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


def value(expression: Expression, quantities: Mapping[Name, Array]) -> Array:
    """The value of an expression. NaN or an infinity where it has none.

    Raises KeyError for a name that `quantities` does not have.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_value(expression, quantities, {}), float)


def _value(node: Expression, quantities: Mapping[Name, Array], known: dict[int, Array]) -> Array:
    """known: what has been computed already, by the nodes' identities; a formula that was put in for a name is one
    node, wherever the name stands."""
    if isinstance(node, Name):
        return quantities[node]
    if isinstance(node, Number):
        return np.float64(node.value)  # type: ignore[return-value]
    assert isinstance(node, Call)
    found = known.get(id(node))
    if found is None:
        found = known[id(node)] = _call(node, quantities, known)
    return found


def _call(node: Call, quantities: Mapping[Name, Array], known: dict[int, Array]) -> Array:
    args = [_value(arg, quantities, known) for arg in node.args]
    if node.function.name in OVER_BATCH:
        assert isinstance(quantities, Quantities)
        lag = next((n.lag for n in names(node) if n.batch), 0)
        return quantities.over_batch(node.function.name, lag, args[0])
    rule = _RULES.get(node.function.name)
    return rule(*args) if rule else _of_formula(node.function, args)


def _of_formula(function: Function, args: list[Array]) -> Array:
    """The value of a function that stands for a formula."""
    return _value(_formula(function, len(args)), {Name(f"x{n}"): arg for n, arg in enumerate(args)}, {})


@cache
def _formula(function: Function, count: int) -> Expression:
    return expand(Call(function, tuple(Name(f"x{n}") for n in range(count))))


def plain(expression: Expression, values: Mapping[Name, float]) -> float | Fault:
    """The value of an expression for single numbers, or the error that a spreadsheet shows."""
    with np.errstate(all="ignore"):
        result = float(_value(expression, {name: np.float64(x) for name, x in values.items()}, {}))  # type: ignore[misc]
    return result if math.isfinite(result) else Fault("#NUM!")
