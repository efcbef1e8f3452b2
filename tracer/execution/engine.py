"""Running a program: compiled once, then executed for every run, a chunk of iterations at a time.

Every step is packed into a buffer of doubles as it is computed; what a batch has in common is packed into all of its
steps. A chunk with a non-finite value is retraced quantity by quantity.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice, repeat
from typing import Any

from tracer.execution.interpreter import Interpreter
from tracer.execution.program import program_of
from tracer.execution.progress import Progress, Stop
from tracer.execution.python_emitter import Walk, losses_function, statements_of, walk_function
from tracer.execution.runs import Divergence, End, Run, Stretch
from tracer.formulas.evaluation import NO_NUMBER, REDUCE
from tracer.formulas.expansion import expand
from tracer.formulas.tree import Name
from tracer.model.batches import Batches
from tracer.model.system import System

CHUNK_CELLS = 200_000
"""Values between two checks for non-finite ones and reports of progress."""
DOUBLE = 8
"""Bytes."""
HIGH_BYTE = DOUBLE - 1 if sys.byteorder == "little" else 0
LARGE_OR_NOT_FINITE = (0x7F, 0xFF)
"""The byte of a double with its sign and most of its exponent, of numbers beyond 2^1008 and of what is not finite: to
look for it takes a tenth of the time of adding the numbers up."""
LARGE = 32
"""Samples of a batch from which on arrays are faster than one sample after the other."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run is between two iterations.

    done: the iterations before. values: what the next one starts from, in the order of `Program.start`. held: for how
    many steps of the pass the condition that ends a run has held.
    """

    done: int
    values: tuple[float, ...]
    held: int = 0


class Engine:
    """A compiled system. It holds the compiled functions, so that they serve all runs."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.program = program_of(system)
        self.columns = {name: index for index, name in enumerate(self.program.columns)}
        statements = statements_of(self.program)
        self._walk = walk_function(self.program, system.batches, statements)
        self._losses = losses_function(self.program, statements)
        self._walk_arrays = self._of_arrays() if system.batches.size >= LARGE and system.decimals is None else None

    def on(self, start: Mapping[Name, float], samples: tuple[tuple[float, ...], ...], batches: Batches) -> Engine:
        """The same equations from another start, on other samples, as many of them, in another order."""
        other = copy(self)
        other.program = replace(self.program, start={**self.program.start, **start})
        other.system = replace(self.system, samples=samples, batches=batches)
        if self._walk_arrays and samples != self.system.samples:
            other._walk_arrays = other._of_arrays()
        return other

    def run(
        self,
        hyper: Mapping[str, float],
        iterations: int,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Run:
        """Run the given number of iterations with the hyper-parameters of this run, such as a constant η; fewer where
        `stop` says so.

        A run stops at the first non-finite quantity and reports it in `Run.divergence`; nothing is raised.
        """
        batches, width, steps, end = self.system.batches, len(self.columns), 0, End()
        buffer = self.room(batches.first_row(iterations))
        for stretch in self.stretches(hyper, iterations, buffer, stop):
            count, end = len(stretch.rows) // width, stretch.end or end
            steps += count
            if progress:
                progress(count)
        if progress:
            progress(batches.first_row(iterations) - steps)
        rows: memoryview[float] = memoryview(buffer).cast("d")
        return Run(
            hyper,
            batches,
            self.columns,
            rows[: steps * width],
            end.final,
            end.final_loss,
            end.divergence,
            end.until_met,
            end.stopped,
        )

    def stretches(
        self,
        hyper: Mapping[str, float],
        iterations: int,
        buffer: bytearray | None = None,
        stop: Stop | None = None,
    ) -> Iterator[Stretch]:
        """Run as `run` does, a stretch of iterations at a time; the last one says how it ended.

        buffer: with room for all rows, which stay there; by default each stretch takes the place of the one before.
        """
        batches, width, point = self.system.batches, len(self.columns), self.begin(hyper)
        keeps, unit = buffer is not None, batches.samples if self.program.until is not None else 1
        chunk = min(self.chunk, max(iterations, 1))
        buffer = self.room(chunk * batches.size + unit) if buffer is None else buffer
        rows: memoryview[float] = memoryview(buffer).cast("d")
        stopped = False
        while point.done < iterations and not self.met(point):
            first = batches.first_row(point.done)
            origin = 0 if keeps else first - first % unit
            before, (point, failed) = point, self.advance(point, min(chunk, iterations - point.done), buffer, origin)
            end, after = None, batches.first_row(point.done)
            if failed is not None:
                point, _ = self.advance(before, failed - before.done, buffer, origin)
                cause, found = self.stopped(point)
                end, begin = End(divergence=cause), batches.first_row(failed)
                after = begin + len(found)
                for index, values in enumerate(found, begin - origin):
                    rows[index * width : (index + 1) * width] = array("d", values.values())
            yield Stretch(before.done, rows[(first - origin) * width : (after - origin) * width], end)
            if end:
                return
            stopped = stop is not None and stop()
            if stopped:
                break
        final = {p.name: value for p, value in zip(self.system.parameters, point.values, strict=False)}
        broken = next((name for name, value in final.items() if not is_finite(value)), None)
        divergence = Divergence(broken, point.done + 1) if broken else None
        yield Stretch(point.done, rows[:0], End(final, self._loss(point.values), divergence, self.met(point), stopped))

    @property
    def chunk(self) -> int:
        """Iterations to compute at once: so many that looking at their numbers afterwards costs little."""
        return max(1, CHUNK_CELLS // (len(self.columns) * self.system.batches.size))

    def room(self, rows: int) -> bytearray:
        """Where so many rows have room."""
        return bytearray(DOUBLE * len(self.columns) * rows)

    def begin(self, hyper: Mapping[str, float]) -> Point:
        """The point before the first iteration, with the hyper-parameters of a run."""
        return Point(0, tuple({**self.program.start, **{Name(name): value for name, value in hyper.items()}}.values()))

    def met(self, point: Point) -> bool:
        """Whether the condition that ends a run holds there."""
        return self.program.until is not None and point.held == self.system.batches.samples

    def advance(self, point: Point, count: int, buffer: bytearray, origin: int = 0) -> tuple[Point, int | None]:
        """Go on by `count` iterations, or up to where the condition is met: the point after them, and the first
        iteration (from 0) that meets a non-finite number, if one does. The point is then of no use.

        buffer: the rows are written there, row `origin` of the run at its beginning; with a condition, a pass begins
        with that row.
        """
        batches, width = self.system.batches, len(self.columns)
        rows: memoryview[float] = memoryview(buffer).cast("d")
        first = batches.first_row(point.done) - origin
        place = first * width * DOUBLE
        after = self._walked(point, count, rows, buffer, place)
        failed = self._first_failure(rows, buffer, first, batches.first_row(after.done) - origin, origin)
        if failed is None and after.done < point.done + count and not self.met(after):
            failed = after.done
        return after, failed

    def _of_arrays(self) -> Walk:
        """What runs large batches."""
        from tracer.execution import array_emitter  # NumPy, which other runs do without

        formulas = {equation.quantity: expand(equation.expression) for equation in self.system.equations}
        return array_emitter.walk_function(self.program, self.system.batches, self.system.samples, formulas)

    def _walked(self, point: Point, count: int, rows: memoryview[float], buffer: bytearray, place: int) -> Point:
        """The point after `count` iterations, or before one that has no value. place: of the next row, in bytes."""
        end, batches = point.done + count, self.system.batches
        origin = batches.first_row(point.done) - place // (DOUBLE * len(self.columns))

        def gone_on(point: Point, walk: Walk, samples: Iterable[Any]) -> Point:
            now = (batches.first_row(point.done) - origin) * DOUBLE * len(self.columns)
            values, completed, held = walk(samples, rows, buffer, now, point.held, *point.values)
            return Point(point.done + completed, values, held)

        if not self._walk_arrays:
            return gone_on(point, self._walk, self._samples(point.done, count))
        while True:
            taken = islice(batches.taken(point.done), end - point.done)
            before = gone_on(point, self._walk_arrays, taken)
            if before.done == end or self.met(before):
                return before
            # a branch that is not taken may be what has no value
            point = gone_on(before, self._walk, self._samples(before.done, 1))
            if point.done in (before.done, end) or self.met(point):
                return point

    def stopped(self, point: Point) -> tuple[Divergence, list[dict[str, float]]]:
        """Which quantity of the iteration after a point is not finite, and the rows of the iteration, NaN from there
        on."""
        return self._retrace(point.values, point.done)

    def _samples(self, first: int, count: int) -> Iterable[Any]:
        """The sample, or list of samples, of each of `count` iterations from iteration `first` on."""
        samples, batches = self.system.samples, self.system.batches
        if batches.samples == 1:
            return repeat(samples[0], count)
        taken = islice(batches.taken(first), count)
        if batches.several:
            return ([samples[index] for index in batch] for batch in taken)
        return (samples[batch[0]] for batch in taken)

    # -------------------------------------------------------------------------------------------------- divergence

    def _first_failure(
        self, rows: memoryview[float], buffer: bytearray, first: int, end: int, origin: int
    ) -> int | None:
        """The first iteration with a non-finite quantity in the steps from `first` to before `end` of a buffer that
        begins with row `origin` of the run."""
        width, size = len(self.columns), len(self.columns) * DOUBLE
        high = buffer[first * size + HIGH_BYTE : end * size : DOUBLE]
        if not any(byte in high for byte in LARGE_OR_NOT_FINITE):
            return None
        for index in range(first, end):
            if not all(map(math.isfinite, rows[index * width : (index + 1) * width])):
                return self.system.batches.iteration(index + origin)
        return None

    def _retrace(self, start: tuple[float, ...], iteration: int) -> tuple[Divergence, list[dict[str, float]]]:
        """Go through an iteration (from 0) that begins with `start`, quantity by quantity, up to the first that is not
        finite: which one it is, and the steps, NaN from there on."""
        program, samples = self.program, self.system.samples
        taken = next(self.system.batches.taken(iteration))
        values = [dict(zip(program.data, samples[index], strict=True)) for index in taken]
        rows = [dict.fromkeys(self.columns, math.nan) | given for given in values]
        begin = dict(zip(program.start, start, strict=True))
        walk = Interpreter(program, begin, [*values, {}], [len(values), 1])
        parameters = [parameter.name for parameter in self.system.parameters]
        of_sample = [*parameters, *(assignment.target.name for assignment in program.of_sample)]
        places = [(name, index, [row]) for index, row in enumerate(rows) for name in of_sample]
        places += [(name, 0, rows) for name in program.shared]
        for name, index, steps in places:
            value = _value(walk, name, index)
            if not is_finite(value):
                return Divergence(name, iteration + 1), rows[: len(rows) if name in program.shared else index + 1]
            for row in steps:
                row[name] = value
        broken = next(name for name in parameters if not is_finite(_value(walk, name, len(rows))))
        return Divergence(broken, iteration + 2), rows

    def _loss(self, start: tuple[float, ...]) -> float:
        """The loss of all samples, for the parameters in `start`; infinite if it cannot be computed."""
        try:
            loss = REDUCE[self.system.batches.reduction](self._losses(self.system.samples, *start))
        except NO_NUMBER:
            return math.inf
        return loss if is_finite(loss) else math.inf


def is_finite(value: float) -> bool:
    """Whether a value is a number; a root of a negative one is complex in Python."""
    return not isinstance(value, complex) and math.isfinite(value)


def _value(walk: Interpreter, name: str, row: int) -> float:
    """A quantity in a row; NaN if it has no value."""
    try:
        return walk.value(name, row)
    except NO_NUMBER:
        return math.nan
