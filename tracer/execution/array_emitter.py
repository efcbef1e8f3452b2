"""A program as NumPy assignments with one element per sample, for large batches.

The numbers are those of `python_emitter` up to their last digits: NumPy has its own exp, and adds up in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.execution.program import Program
from tracer.execution.python_emitter import DOUBLE, Walk, finished, locals_of
from tracer.formulas.notation import ATOM, Written
from tracer.formulas.notation.numpy import ARRAYS, NUMPY, Array
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.notation.source import Source
from tracer.formulas.tree import Call, Expression, Name
from tracer.model.batches import Batches

UNDEFINED = {"over": "raise", "divide": "raise", "invalid": "raise", "under": "ignore"}
"""What NumPy does where Python raises: such an iteration ends the walk, and is the other emitter's."""
OVER_BATCH = {"sum": "sums[{}]", "mean": "(sums[{}] / block.shape[1])"}
"""The reductions over a batch. NumPy adds in pairs, where one sample after the other is added up exactly."""
PLAIN = {"choice": np.where} | {
    name: getattr(np, name) for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
}
"""Choices and comparisons of numbers that are known not to be NaN."""


def walk_function(
    program: Program, batches: Batches, samples: Sequence[Sequence[float]], formulas: Mapping[str, Expression]
) -> Walk:
    """The function `walk` of `python_emitter`, but its iterations take the indices of their samples.

    formulas: what is computed for every sample, in forms that hold where nothing overflows.
    """
    width, shared = len(program.columns), set(program.shared)
    own = [name for name in program.columns if name not in shared]  # they stand in front of the others
    places = {name: place for place, name in enumerate(own)}
    start = locals_of(program, program.start)

    def reduction(call: Call, _: Sequence[Written]) -> Written | None:
        """A reduction over the batch, from the sums of all rows of `block`."""
        match call.args:
            case (Name(name, _, True),) if call.function.name in OVER_BATCH:
                return Written(OVER_BATCH[call.function.name].format(places[name]), ATOM)
        return None

    source = Source(lambda name: "" if name.batch else locals_of(program, [name]), PYTHON, reduction)
    body = [
        f"block = arrays(batch, {start})",
        f"first = offset // {DOUBLE}",
        f"row, end = first // {width}, first // {width} + block.shape[1]",
        f"view[row:end, :{len(own)}] = block.T",
        f"offset += block.shape[1] * {width * DOUBLE}",
        "sums = sums_of(block)",
    ]
    for assignment in program.of_batch:
        body += source.assignment(locals_of(program, [assignment.target]), assignment.expression)
    common = [Name(name) for name in program.columns if name in shared]
    body += [f"view[row:end, {len(own)}:] = ({locals_of(program, common)},)"] if common else []
    further = {"arrays": _arrays(program, own, samples, formulas), "frombuffer": np.frombuffer, "sums_of": _sums}
    return finished(
        program, batches, "batch", body, "first", further, [f"view = frombuffer(buffer).reshape(-1, {width})"]
    )


def _sums(block: Array) -> list[float]:
    """The sum of each row."""
    sums: list[float] = block.sum(axis=1).tolist()
    return sums


def _arrays(
    program: Program, own: Sequence[str], samples: Sequence[Sequence[float]], formulas: Mapping[str, Expression]
) -> Callable[..., Any]:
    """arrays(batch, *start) → what there is of every sample of a batch, a row a quantity and a column a sample."""
    source = Source(lambda name: locals_of(program, [name]), NUMPY)
    variables = {name: locals_of(program, [Name(name)]) for name in own}
    data = ", ".join(variables[name] for name in program.data)
    statements = [
        line
        for assignment in program.of_sample
        for line in source.assignment(variables[assignment.target.name], formulas[assignment.target.name])
    ]
    lines = [
        f"def arrays(batch, {locals_of(program, program.start)}):",
        f"    {data}, = given = data[:, batch]",
        *(f"    {line}" for line in statements),
        f"    block = empty(({len(own)}, given.shape[1]))",
        *(f"    block[{place}] = {variables[name]}" for place, name in enumerate(own)),
        "    return block",
    ]
    scope: dict[str, Any] = {**ARRAYS, **PLAIN, "data": np.array(samples, float).T, "empty": np.empty}
    exec(compile("\n".join(lines), "<equations>", "exec"), scope)
    arrays: Callable[..., Any] = np.errstate(**UNDEFINED)(scope["arrays"])  # type: ignore[arg-type]
    return arrays
