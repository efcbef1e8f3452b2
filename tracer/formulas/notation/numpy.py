"""NumPy source: every name is an array or a number, and so is the result. An undefined value is NaN or infinite."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from tracer.formulas.evaluation import FLOATS, NO_NUMBER
from tracer.formulas.expansion import expand
from tracer.formulas.notation import ATOM, Notation, Operator, Written, infix
from tracer.formulas.notation.source import Source
from tracer.formulas.primitives import PRIMITIVES
from tracer.formulas.tree import Call, Expression, Function, Name, Number, distinct, fold

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
"""A boolean for every step."""


def _call(name: str) -> Operator:
    return Operator(f"{name}({{0}}, {{1}})", ATOM, (0, 0))


NUMPY = Notation(
    "numpy",
    operators={
        "<": _call("less"), "<=": _call("less_equal"), ">": _call("greater"), ">=": _call("greater_equal"),
        "=": _call("equal"), "<>": _call("not_equal"),
        "+": infix(" + ", 2), "-": infix(" - ", 2),
        "*": infix(" * ", 3), "/": infix(" / ", 3),
        "neg": Operator("-{}", 4, (4, 4)),
        "^": _call("np.power"),
    },
    function=lambda name: f"np.{name}" if hasattr(np, name) else name,
    number=repr,
)  # fmt: skip
"""A comparison is 1 or 0, and NaN if an operand is NaN; so is a choice."""


class Quantities(Mapping[Name, Array]):
    """Arrays by name and lag, of a network that may take its samples in batches. What stands for its values in all rows
    of a batch (`Name.batch`) has these in its array, and `over_batch` makes one of them."""

    @abstractmethod
    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        """The mean or the sum of the values in all rows of the batch `lag` batches before."""


OVER_BATCH: Mapping[str, Callable[[Array, Array], Array]] = {
    "mean": lambda total, size: total / size,
    "sum": lambda total, size: total,
}
"""The reductions of a batch, from the sum over its rows and their number."""


def value(expression: Expression, quantities: Mapping[Name, Array] | Mapping[Name, float]) -> Array:
    """The value of an expression; NaN or infinite where undefined.

    Raises KeyError for a name that `quantities` does not have.
    """
    needed, numbers, function = _compiled(expression)
    given = [quantities[name] for name in needed]
    over_batch = quantities.over_batch if isinstance(quantities, Quantities) else None
    with np.errstate(all="ignore"):
        return np.asarray(function(over_batch, *map(_number, given), *numbers), float)


def value_from_parts(
    expression: Expression, quantities: Mapping[Name, Array] | Mapping[Name, float], known: dict[int, Any]
) -> Array:
    """The same without compiling the expression: for one of many that differ in a few nodes only.

    known: the values of nodes, by their identities; the caller keeps these alive. Those of this expression are added.
    """

    def visit(node: Expression, args: list[Any]) -> Any:
        if isinstance(node, Name):
            return _number(quantities[node])
        if isinstance(node, Number):
            return np.float64(node.value)
        assert isinstance(node, Call)
        batch = _batch_of(node)
        if batch and isinstance(quantities, Quantities):
            return quantities.over_batch(node.function.name, batch.lag, args[0])
        return _operation(node.function, len(args))(*args)

    with np.errstate(all="ignore"):
        return np.asarray(fold(expression, visit, known), float)


@lru_cache(maxsize=1024)
def _operation(function: Function, arguments: int) -> Callable[..., Any]:
    """A function of so many arrays or numbers."""
    names = [Name(str(index)) for index in range(arguments)]
    needed, numbers, compiled = _compiled(Call(function, tuple(names)))
    places = [names.index(name) for name in needed]
    return lambda *args: compiled(None, *(args[place] for place in places), *numbers)


def _number(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else np.float64(value)  # Python's own would raise for 1/0


@lru_cache(maxsize=8192)
def _compiled(expression: Expression) -> tuple[list[Name], list[np.float64], Callable[..., Any]]:
    """The names in an expression, its numbers, and a function of both: the same for all expressions of one form."""
    expression = expand(expression)
    places: dict[Name, str] = {name: f"q{index}" for index, name in enumerate(distinct(expression))}
    numbers: dict[str, str] = {}

    def number(value: float) -> str:
        return numbers.setdefault(repr(value), f"c{len(numbers)}")

    source = Source(places.__getitem__, replace(NUMPY, number=number), _over_batch)
    lines = source.assignment("result", expression)
    arguments = ", ".join(["over_batch", *places.values(), *numbers.values()])
    return list(places), [np.float64(number) for number in numbers], _function(arguments, "\n    ".join(lines))


@lru_cache(maxsize=8192)
def _function(arguments: str, lines: str) -> Callable[..., Any]:
    scope = dict(ARRAYS)
    exec(f"def function({arguments}):\n    {lines}\n    return result", scope)
    function: Callable[..., Any] = scope["function"]
    return function


def of_arrays(function: Callable[..., float], arguments: int, strict: bool = False) -> Callable[..., Array]:
    """A function of floats applied to arrays; where it has no value NaN, or strictly one of NO_NUMBER is raised."""

    def safely(*values: float) -> float:
        try:
            return function(*values)
        except NO_NUMBER:
            return math.nan

    each = np.frompyfunc(function if strict else safely, arguments, 1)
    return lambda *arrays: np.asarray(each(*arrays), float)


def _comparison(test: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: np.where(np.isnan(x) | np.isnan(y), np.nan, test(x, y))


def _choice(test: Any, yes: Any, no: Any) -> Any:
    return np.where(np.isnan(test), np.nan, np.where(test != 0, yes, no))


ARRAYS: dict[str, Any] = {
    "np": np,
    **{
        name: of_arrays(FLOATS[name], len(row.parameters))
        for name, row in PRIMITIVES.items()
        if name in FLOATS and row.spelled.get(NUMPY.name, NUMPY.function(name)) == name
    },
    **{
        name: _comparison(getattr(np, name))
        for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    },
    "minimum": lambda *arrays: reduce(np.minimum, arrays),
    "maximum": lambda *arrays: reduce(np.maximum, arrays),
    "sum": lambda *arrays: reduce(np.add, arrays),
    "mean": lambda *arrays: reduce(np.add, arrays) / len(arrays),
    "choice": _choice,
}
"""What the source can reach: a function that NumPy lacks is that of floats, taken of every element."""


def _batch_of(call: Call) -> Name | None:
    """A name of those that a call reduces over the rows of a batch; None for everything else."""
    return next((name for name in distinct(call) if name.batch), None) if call.function.name in OVER_BATCH else None


def _over_batch(call: Call, args: Sequence[Written]) -> Written | None:
    """A reduction over the rows of a batch; None for everything else."""
    batch = _batch_of(call)
    if not batch:
        return None
    return Written((f"over_batch({call.function.name!r}, {batch.lag}, ", args[0].parts, ")"), ATOM)
