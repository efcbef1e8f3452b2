"""The equations as one straight-line Python function, compiled once and run.

Quantities become numbered locals, so no name of a config ever reaches the source. Every step is packed into a buffer
of doubles as it is computed; what a batch has in common is computed from there, and packed into all of its steps.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from tracer.execution.progress import Progress
from tracer.execution.runs import Divergence, Run
from tracer.formulas.evaluation import NO_NUMBER, REDUCE, compiled, namespace
from tracer.formulas.expansion import expand
from tracer.formulas.notation import render
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.tree import ADD, Call, Expression, Name, names
from tracer.model import naming
from tracer.model.system import Equation, Phase, System

CHUNK_CELLS = 200_000
"""After how many values a run looks for non-finite ones and reports its progress."""


TERMS = 500
"""Of a sum in one statement."""
DOUBLE = 8
"""Bytes."""


class Engine:
    """A compiled system. It holds the compiled functions, so that they serve all runs."""

    def __init__(self, system: System) -> None:
        self.system = system
        columns = system.columns()
        self.columns = {name: index for index, name in enumerate(columns)}
        self._local = {name: f"q{index}" for name, index in self.columns.items()}
        self._local |= {name: f"c{index}" for index, name in enumerate((*system.hyper, naming.ETA, naming.COUNT))
                        if name not in self.columns}  # fmt: skip
        self._before = {name: f"b{index}" for index, name in enumerate(system.states)}
        self._arguments = [*(p.name for p in system.parameters), *system.states,
                           *(name for name in self._local if name not in columns)]  # fmt: skip
        self._common = [name for name, phase in columns.items() if system.once_an_iteration(phase)]
        self._step = struct.Struct(f"{len(self.columns)}d")
        self._of_sample = struct.Struct(f"{len(self.columns) - len(self._common)}d")
        self._of_batch = struct.Struct(f"{len(self._common)}d")
        self._needed, self._holds = _condition(system.until)
        self._walk, self._losses = self._compile_walk(), self._compile_losses()

    def run(self, learning_rate: float | None, iterations: int, progress: Progress | None = None) -> Run:
        """Walk the given number of iterations with one learning rate; None where the system has a schedule.

        A run that meets a non-finite quantity stops there and says so in `Run.divergence`; nothing is raised.
        """
        batches = self.system.batches
        buffer = bytearray(self._step.size * batches.first_row(iterations))
        rows: memoryview[float] = memoryview(buffer).cast("d")
        width = len(self.columns)

        def run_of(steps: int, *, divergence: Divergence | None = None, **what: Any) -> Run:
            return Run(learning_rate, batches, self.columns, rows[: steps * width], divergence=divergence, **what)

        chunk = max(1, CHUNK_CELLS // (width * batches.size))
        start, held, done, met = self._start(learning_rate), 0, 0, False
        while done < iterations and not met:
            steps, first = min(chunk, iterations - done), batches.first_row(done)
            before = (rows, buffer, first * self._step.size, held, *start)
            start, completed, held = self._walk(self._samples(done, steps), *before)
            met = bool(self._holds) and held == batches.samples
            end = batches.first_row(done + completed)
            failed = self._first_failure(rows, first, end)
            if failed is None and completed < steps and not met:
                failed = done + completed
            if failed is not None:
                start, *_ = self._walk(self._samples(done, failed - done), *before)
                stopped, found = self._retrace(start, failed)
                begin = batches.first_row(failed)
                for index, values in enumerate(found, begin):
                    rows[index * width : (index + 1) * width] = array("d", values.values())
                return run_of(begin + len(found), divergence=stopped)
            done += completed
            if progress:
                progress(end - first)
        if progress:
            progress(batches.first_row(iterations) - batches.first_row(done))
        final = {p.name: value for p, value in zip(self.system.parameters, start, strict=False)}
        broken = next((name for name, value in final.items() if not math.isfinite(value)), None)
        divergence = Divergence(broken, done + 1) if broken else None
        last = batches.first_row(done)
        return run_of(last, divergence=divergence, final=final, final_loss=self._loss(start), until_met=met)

    def _start(self, learning_rate: float | None) -> tuple[float, ...]:
        """What the first iteration begins with, in the order of the arguments."""
        values = {p.name: p.start for p in self.system.parameters} | dict.fromkeys(self.system.states, 0.0)
        values |= self.system.hyper
        values |= {naming.COUNT: 1.0} | ({} if learning_rate is None else {naming.ETA: learning_rate})
        return tuple(values[name] for name in self._arguments)

    def _samples(self, first: int, count: int) -> Iterable[Any]:
        """What each of `count` iterations takes from iteration `first` on: a sample, or a list of them."""
        samples, batches = self.system.samples, self.system.batches
        if batches.samples == 1:
            return repeat(samples[0], count)
        taken = islice(batches.taken(first), count)
        if batches.several:
            return ([samples[index] for index in batch] for batch in taken)
        return (samples[batch[0]] for batch in taken)

    # ------------------------------------------------------------------------------------------------- the source

    def _source(self, expression: Expression, of_update: bool = False) -> str:
        """Python for an expression. What an update calls the iteration before is the one that is just done; what a
        state calls so is the one before that."""

        def spell(name: Name) -> str:
            before = name.lag and not of_update
            return self._before[name.name] if before else self._local[name.name]

        return render(expand(expression, far=True), PYTHON, spell)

    def _start_locals(self) -> list[str]:
        return [self._before.get(name, self._local[name]) for name in self._arguments]

    def _assignment(self, equation: Equation) -> list[str]:
        """The equation as statements."""
        local, expression = self._local[equation.quantity], equation.expression
        if isinstance(expression, Call) and any(isinstance(arg, Name) and arg.batch for arg in expression.args):
            return [f"{local} = {self._over_batch(expression)}"]
        match expression:
            case Call(function, (Call() as inner,)) if _is_long(inner):  # such as the root of a sum
                so_far = Name(equation.quantity)
                return [*self._long_sum(so_far, inner), f"{local} = {self._source(Call(function, (so_far,)))}"]
            case Call() if _is_long(expression):
                return self._long_sum(Name(equation.quantity), expression)
        return [f"{local} = {self._source(expression)}"]

    def _long_sum(self, result: Name, total: Call) -> list[str]:
        """A sum of very many terms, taken in turns: Python's compiler has a limit."""
        parts = [total.args[first : first + TERMS] for first in range(0, len(total.args), TERMS)]
        sums = [Call(ADD, parts[0]), *(Call(ADD, (result, *part)) for part in parts[1:])]
        return [f"{self._local[result.name]} = {self._source(part)}" for part in sums]

    def _over_batch(self, reduction: Call) -> str:
        """A reduction over the rows of the batch, as the buffer has them."""
        (name,) = names(reduction)
        column, width = self.columns[name.name], len(self.columns)
        return f"{reduction.function.name}(rows[first + {column}:offset // {DOUBLE}:{width}])"

    def _compile_walk(self) -> Callable[..., tuple[tuple[float, ...], int, int]]:
        """walk(samples, rows, buffer, offset, held, *start) → (the start of the next iteration, completed iterations,
        for how many steps of the pass the condition has held).

        An iteration that raises ends the walk; its own start is returned, so that it can be looked at again.
        """
        system = self.system
        shared = set(self._common)
        each = [line for e in system.equations if e.quantity not in shared for line in self._assignment(e)]
        once = [line for e in system.equations if e.quantity in shared for line in self._assignment(e)]
        start = ", ".join(self._start_locals())
        data = self._data_locals()
        own = [name for name in self.columns if name not in shared]
        each.append(f"pack(buffer, offset, {', '.join(self._local[name] for name in own)})")
        each.append(f"offset += {self._step.size}")
        if system.batches.several:
            common = ", ".join(self._local[name] for name in self._common)
            body = [
                f"first = offset // {DOUBLE}",
                f"for {data} in batch:",
                *("    " + line for line in each),
                *once,
                f"for place in range(first * {DOUBLE} + {self._of_sample.size}, offset, {self._step.size}):",
                f"    pack_common(buffer, place, {common})",
            ]
        else:
            body = each
        # all at once: where one raises, the iteration's own start is still there
        new = {self._local[name]: self._source(update, True) for name, update in system.updates.items()}
        new |= {before: self._local[name] for name, before in self._before.items()}
        if new:
            body.append(f"{', '.join(new)}, = {', '.join(new.values())},")
        body.append(f"{self._local[naming.COUNT]} += 1.0")
        if self._holds:
            begin = "first" if system.batches.several else f"offset // {DOUBLE} - {len(self.columns)}"
            values = ", ".join(f"rows[at + {self.columns[name]}]" for name in self._needed)
            width, samples = len(self.columns), system.batches.samples
            body += [
                f"for at in range({begin}, offset // {DOUBLE}, {width}):",
                f"    held = 0 if at // {width} % {samples} == 0 else held",  # a pass begins
                f"    held += holds({values})",
                f"if held == {samples}:",
                "    done += 1",
                "    break",
            ]
        lines = [
            f"def walk(samples, rows, buffer, offset, held, {start}):",
            "    done = -1",
            "    try:",
            f"        for done, {'batch' if system.batches.several else data} in enumerate(samples):",
            *("            " + line for line in body),
            "        else:",
            "            done += 1",
            "    except NO_NUMBER:",
            "        pass",
            f"    return ({start},), done, held",
        ]
        packing = {"pack": self._of_sample.pack_into, "pack_common": self._of_batch.pack_into}
        walk: Callable[..., tuple[tuple[float, ...], int, int]] = _defined(
            "walk", lines, packing | {"holds": self._holds}
        )
        return walk

    def _compile_losses(self) -> Callable[..., list[float]]:
        """losses(samples, *start) → the loss of every sample: the forward pass alone."""
        ahead = [e for e in self.system.equations if e.phase in (Phase.FORWARD, Phase.LOSS)]
        lines = [
            f"def losses(samples, {', '.join(self._start_locals())}):",
            "    found = []",
            f"    for {self._data_locals()} in samples:",
            *("        " + line for equation in ahead for line in self._assignment(equation)),
            f"        found.append({self._local[self.system.loss]})",
            "    return found",
        ]
        losses: Callable[..., list[float]] = _defined("losses", lines, {})
        return losses

    def _data_locals(self) -> str:
        """A sample, as it is taken apart."""
        names = [self._local[name] for name in self.system.data]
        return f"({', '.join(names)}{',' * (len(names) == 1)})"

    # -------------------------------------------------------------------------------------------------- divergence

    def _first_failure(self, rows: memoryview[float], first: int, end: int) -> int | None:
        """The first iteration with a non-finite quantity in the steps from `first` to before `end`."""
        width = len(self.columns)
        if math.isfinite(sum(rows[first * width : end * width])):
            return None
        for index in range(first, end):
            if not all(map(math.isfinite, rows[index * width : (index + 1) * width])):
                return self.system.batches.iteration(index)
        return None

    def _retrace(self, start: tuple[float, ...], iteration: int) -> tuple[Divergence, list[dict[str, float]]]:
        """Go through an iteration (from 0) that begins with `start`, quantity by quantity, up to the first that is not
        finite: which one it is, and the steps, NaN from there on."""
        system, shared = self.system, set(self._common)
        values = dict(zip(self._arguments, start, strict=True))
        scope = namespace() | dict(zip(self._start_locals(), start, strict=True))
        rows: list[dict[str, float]] = []

        def stops(quantity: str, value: float, steps: list[dict[str, float]]) -> bool:
            scope[self._local[quantity]] = value
            if math.isfinite(value):
                for step in steps:
                    step[quantity] = value
            return not math.isfinite(value)

        for index in next(system.batches.taken(iteration)):
            data = dict(zip(system.data, system.samples[index], strict=True))
            rows.append(dict.fromkeys(self.columns, math.nan) | data)
            scope |= {self._local[name]: value for name, value in data.items()}
            for parameter in system.parameters:
                if stops(parameter.name, values[parameter.name], rows[-1:]):
                    return Divergence(parameter.name, iteration + 1), rows
            for equation in system.equations:
                own = equation.quantity not in shared
                if own and stops(equation.quantity, self._value(self._assignment(equation), scope), rows[-1:]):
                    return Divergence(equation.quantity, iteration + 1), rows
        for equation in system.equations:
            common = equation.quantity in shared
            if common and stops(equation.quantity, self._common_value(equation, scope, rows), rows):
                return Divergence(equation.quantity, iteration + 1), rows
        updates = {
            name: self._value([f"{self._local[name]} = {self._source(update, True)}"], dict(scope))
            for name, update in system.updates.items()
        }
        broken = next(name for name, value in updates.items() if not math.isfinite(value))
        return Divergence(broken, iteration + 2), rows

    def _common_value(self, equation: Equation, scope: dict[str, Any], rows: list[dict[str, float]]) -> float:
        """The value that the steps of a batch have in common."""
        if equation.phase is not Phase.BATCH:
            return self._value(self._assignment(equation), scope)
        assert isinstance(equation.expression, Call)
        (name,) = names(equation.expression)
        try:
            return REDUCE[equation.expression.function.name]([row[name.name] for row in rows])
        except NO_NUMBER:
            return math.nan

    def _value(self, statements: Sequence[str], scope: dict[str, Any]) -> float:
        """What the last of these assignments gives among these locals; NaN where it has no value."""
        try:
            exec("\n".join(statements), scope)
            return float(scope[statements[-1].partition(" = ")[0]])
        except NO_NUMBER:
            return math.nan

    def _loss(self, start: tuple[float, ...]) -> float:
        """The loss of all samples, for the parameters in `start`; infinite where it cannot be computed."""
        try:
            loss = REDUCE[self.system.batches.reduction](self._losses(self.system.samples, *start))
        except NO_NUMBER:
            return math.inf
        return loss if math.isfinite(loss) else math.inf


def _defined(name: str, lines: Sequence[str], further: Mapping[str, Any]) -> Any:
    """The function of this name that the lines define."""
    scope = namespace() | dict(further)
    exec(compile("\n".join(lines), "<equations>", "exec"), scope)
    return scope[name]


def _is_long(expression: Call) -> bool:
    return expression.function == ADD and len(expression.args) > TERMS


def _condition(condition: Expression | None) -> tuple[list[str], Callable[..., bool] | None]:
    """The names in a condition, and whether it holds for values of these; where it has no value, it does not."""
    if condition is None:
        return [], None
    needed, holds = compiled(condition)

    def safely(*values: float) -> bool:
        try:
            return bool(holds(*values))
        except NO_NUMBER:
            return False

    return needed, safely
