"""A program as NumPy assignments with one element per run, so that many runs advance at once.

Every slot is a local variable: a number where it is the same for all runs, an array of the runs, or, in a batch, an
array with a row for each sample. Each iteration exists twice. The fast one raises as soon as an operation has no finite
result; the careful one goes on, and a value is NaN wherever Python would have raised.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np

from tracer.execution.program import Program
from tracer.formulas.evaluation import FLOATS
from tracer.formulas.expansion import expand
from tracer.formulas.notation import ATOM, Notation, Operator, Written, infix
from tracer.formulas.notation.numpy import ARRAYS, NUMPY, Array, of_arrays
from tracer.formulas.notation.source import Source
from tracer.formulas.primitives import PRIMITIVES
from tracer.formulas.tree import COMPARISONS, Call, Expression, Function, Name, distinct, fold

CONDITIONS = {symbol: Function(f"condition_{number}") for number, symbol in enumerate(COMPARISONS)}
"""Comparisons where they decide a choice: they give flags. Everywhere else they give numbers."""
TESTS = {"<=": np.less_equal, ">=": np.greater_equal, "<>": np.not_equal, "<": np.less, ">": np.greater, "=": np.equal}
FAST = replace(
    NUMPY,
    operators={**NUMPY.operators, "^": infix(" ** ", 5, first=6, following=4)},
    function=lambda name: name if name == "tanh" else NUMPY.function(name),
)
CAREFUL = replace(
    NUMPY,
    operators={
        **NUMPY.operators,
        "/": Operator("quotient({0}, {1})", ATOM, (0, 0)),
        "^": Operator("power({0}, {1})", ATOM, (0, 0)),
    },
    function=lambda name: name,
)  # fmt: skip
"""Where an operation may raise in Python, it is a function here, which gives NaN there."""

Iteration = Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Emitted:
    """The functions of a program; all quantities are dimensionless.

    fast, careful: iteration(rows, *data, *start) → (the start of the next iteration, the quantities asked for), for so
    many samples of a batch; the fast one raises one of NO_NUMBER, once NumPy raises its own errors. watched, columns:
    the quantities that each gives. losses: losses(rows, *data, *start) → the loss of these samples, careful. holds:
    whether the condition that ends a run holds, for the values of `needed`; None without one.
    """

    fast: Iteration
    careful: Iteration
    losses: Callable[..., Any]
    watched: tuple[str, ...]
    columns: tuple[str, ...]
    needed: tuple[str, ...] = ()
    holds: Callable[..., Any] | None = None


def emitted(program: Program, watched: Iterable[str]) -> Emitted:
    """Compile a program for arrays. watched: the quantities that the fast iteration gives, besides those of the
    condition that ends a run."""
    needed = tuple(name.name for name in distinct(program.until)) if program.until is not None else ()
    chosen = tuple(dict.fromkeys((*watched, *needed)))
    holds = None
    if program.until is not None:
        emitter = _Emitter(program, careful=True)
        lines, value = emitter.written(expand(program.until, far=True))
        arguments = ", ".join(emitter.local(Name(name)) for name in needed)
        holds = emitter.defined("holds", [f"def holds({arguments}):", *_indented([*lines, f"return {value}"])])
    return Emitted(
        _iteration(program, chosen, careful=False),
        _iteration(program, program.columns, careful=True),
        _losses(program),
        chosen,
        program.columns,
        needed,
        holds,
    )


def _iteration(program: Program, wanted: Sequence[str], careful: bool) -> Iteration:
    emitter = _Emitter(program, careful)
    lines: list[str] = []
    for assignment in (*program.of_sample, *program.of_batch):
        lines += emitter.assignment(assignment.target, assignment.expression)
    values = []
    for update in program.updates:
        before, value = emitter.written(update.expression)
        lines += before
        values.append(value)
    lines.append(f"wanted = ({''.join(emitter.local(Name(name)) + ', ' for name in wanted)})")
    targets = "".join(emitter.local(update.target) + ", " for update in program.updates)
    lines.append(f"{targets}= {', '.join(values)},")
    start = "".join(emitter.local(name) + ", " for name in program.start)
    lines.append(f"return ({start}), wanted")
    found: Iteration = emitter.defined("iteration", [emitter.head("iteration"), *_indented(lines)])
    return found


def _losses(program: Program) -> Callable[..., Any]:
    emitter, wanted = _Emitter(program, careful=True), {*program.needed_for(program.loss)}
    lines = [
        line
        for assignment in program.of_sample
        if assignment.target.name in wanted
        for line in emitter.assignment(assignment.target, assignment.expression)
    ]
    lines.append(f"return {emitter.local(Name(program.loss))}")
    found: Callable[..., Any] = emitter.defined("losses", [emitter.head("losses"), *_indented(lines)])
    return found


@dataclass(slots=True)
class _Emitter:
    """Writes the statements of a function; stateful, since choices become functions of their own, which it keeps."""

    program: Program
    careful: bool
    scope: dict[str, Any] = field(init=False)
    source: Source = field(init=False)
    notation: Notation = field(init=False)

    def __post_init__(self) -> None:
        self.notation = CAREFUL if self.careful else FAST
        self.scope = dict(_CAREFUL if self.careful else _FAST)
        self.source = Source(self.local, self.notation, _over_rows)

    def local(self, name: Name) -> str:
        """The variable of a slot; of a quantity in all rows of a batch, the one that has these rows."""
        return f"q{self.program.slots[Name(name.name) if name.batch else name]}"

    def head(self, function: str) -> str:
        """The first line of a function of the data and the start."""
        names = [*map(Name, self.program.data), *self.program.start]
        return f"def {function}({', '.join(['rows', *map(self.local, names)])}):"

    def assignment(self, target: Name, expression: Expression) -> list[str]:
        """The statements that compute a quantity."""
        return self.source.assignment(self.local(target), self._lifted(expression))

    def written(self, expression: Expression) -> tuple[list[str], str]:
        """The value of an expression, and the statements before it."""
        return self.source.written(self._lifted(expression))

    def defined(self, name: str, lines: Sequence[str]) -> Any:
        """The function of this name that the lines define."""
        exec(compile("\n".join(lines), "<equations>", "exec"), self.scope)
        return self.scope[name]

    def _lifted(self, expression: Expression) -> Expression:
        """The expression with every choice as a call of a function, whose branches are functions too: each is computed
        for those runs alone that take it."""

        def visit(node: Expression, args: list[Expression]) -> Expression:
            if not isinstance(node, Call):
                return node
            if node.function.name != "if" or any(name.batch for name in distinct(node)):
                return Call(node.function, tuple(args))
            condition, *branches = args
            if isinstance(condition, Call) and condition.function.name in CONDITIONS:
                condition = Call(CONDITIONS[condition.function.name], condition.args)
            taken = list(dict.fromkeys(name for branch in branches for name in distinct(branch)))
            name = f"choice_{len(self.scope)}"
            yes, no = (self._branch(branch, taken, f"{name}_{which}") for which, branch in enumerate(branches))
            self.scope[name] = _chosen(yes, no)
            return Call(Function(name), (condition, *taken))

        return fold(expression, visit)

    def _branch(self, expression: Expression, taken: Sequence[Name], name: str) -> Callable[..., Any]:
        source = Source(self.local, self.notation)
        lines = [*source.assignment("value", expression), "return value"]
        head = f"def {name}({', '.join(map(self.local, taken))}):"
        branch: Callable[..., Any] = self.defined(name, [head, *_indented(lines)])
        return branch


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _over_rows(call: Call, args: Sequence[Written]) -> Written | None:
    """A reduction over the rows of a batch; None for everything else."""
    if len(call.args) != 1 or not isinstance(call.args[0], Name) or not call.args[0].batch:
        return None
    return Written((f"{call.function.name}_over(", args[0].parts, ", rows)"), ATOM)


# ------------------------------------------------------------------------------------------ what the source can reach


def total(rows: Array) -> Any:
    """The sum over the first axis, as exact as one of twice the digits: pairs are added, and what each addition rounds
    off is added up as well (Knuth's TwoSum)."""
    lost: Any = 0.0
    while len(rows) > 1:
        half = len(rows) // 2
        a, b = rows[:half], rows[half : 2 * half]
        pairs = a + b
        b_part = pairs - a
        lost = lost + ((a - (pairs - b_part)) + (b - b_part)).sum(axis=0)
        rows = np.concatenate([pairs, rows[2 * half :]]) if len(rows) % 2 else pairs
    return rows[0] + lost


def _sum_over(values: Any, rows: int) -> Any:
    """The sum over the rows of a batch; a value that is the same in all of them has none of its own."""
    if np.ndim(values) < 2 or len(values) != rows:
        return (values[0] if np.ndim(values) == 2 else values) * rows
    return total(values)


def _sum(*values: Any) -> Any:
    return reduce(operator.add, values) if len(values) < 3 else total(np.array(np.broadcast_arrays(*values)))


def _chosen(yes: Callable[..., Any], no: Callable[..., Any]) -> Callable[..., Any]:
    """A choice of two functions of the same arguments, each computed for those elements alone that take it."""

    def choose(test: Any, *args: Any) -> Any:
        test = np.asarray(test)
        if test.dtype != bool:
            undefined = np.isnan(test)
            if undefined.any():  # in the careful form: Python would have raised
                return np.where(undefined, np.nan, choose(np.where(undefined, 0.0, test), *args))
            test = test != 0
        count = np.count_nonzero(test)
        if not count:
            return no(*args)
        if count == test.size:
            return yes(*args)
        shape = np.broadcast_shapes(test.shape, *map(np.shape, args))
        test = np.broadcast_to(test, shape)
        result = np.empty(shape)
        for where, branch in ((test, yes), (~test, no)):
            result[where] = branch(*(np.broadcast_to(arg, shape)[where] if np.ndim(arg) else arg for arg in args))
        return result

    return choose


def _finite_or_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with NaN in place of an infinite value."""

    def safely(*args: Any) -> Any:
        values = function(*args)
        return np.where(np.isinf(values), np.nan, values)

    return safely


def _or_nan(test: Callable[..., Any]) -> Callable[..., Any]:
    """A comparison that gives flags, or numbers where an operand is NaN: NaN there."""

    def compare(a: Any, b: Any) -> Any:
        undefined = np.isnan(a) | np.isnan(b)
        flags = test(a, b)
        return np.where(undefined, np.nan, flags) if np.any(undefined) else flags

    return compare


SATURATED = 3.0
"""Beyond it tanh is so near to 1 that the last digit of NumPy's counts: 1 − a² has no others."""


def _tanh(x: Any) -> Any:
    """The hyperbolic tangent, far out by the C library's formula (fdlibm's s_tanh.c), whose last digit is right. An
    optimizer that divides by the size of the gradient makes a whole step of a slope's last digit."""
    values, size = np.asarray(np.tanh(x)), np.abs(x)
    far = size > SATURATED
    if np.any(far):
        values[far] = np.copysign(1.0 - 2.0 / (np.exp(2.0 * np.minimum(size[far], 20.0)) + 1.0), x[far])
    return values


_LACKING = {
    name: len(row.parameters)
    for name, row in PRIMITIVES.items()
    if name in FLOATS and row.spelled.get(NUMPY.name, NUMPY.function(name)) == name and name not in ("mean", "sum")
}
"""The functions that NumPy lacks, with the number of their arguments."""
_SHARED: dict[str, Any] = ARRAYS | {
    "tanh": _tanh,
    "sum": _sum,
    "mean": lambda *values: _sum(*values) / len(values),
    "sum_over": _sum_over,
    "mean_over": lambda values, rows: _sum_over(values, rows) / rows,
    **{CONDITIONS[symbol].name: test for symbol, test in TESTS.items()},
}
_FAST = _SHARED | {name: of_arrays(FLOATS[name], count, strict=True) for name, count in _LACKING.items()}
_CAREFUL = _SHARED | {
    **{name: getattr(np, name) for name in PRIMITIVES if hasattr(np, name) and name not in _SHARED},
    **{name: _finite_or_nan(getattr(np, name)) for name in ("exp", "log", "log10")},
    **{CONDITIONS[symbol].name: _or_nan(test) for symbol, test in TESTS.items()},
    "quotient": _finite_or_nan(np.divide),
    "power": _finite_or_nan(np.power),
}
