"""The equations as one straight-line Python function, compiled once and run.

Quantities become numbered locals, so no name of a config ever reaches the source. Every step is packed into a buffer
of doubles as it is computed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from tracer import naming
from tracer.expansion import expand
from tracer.expression import ADD, Call, Expression, Name
from tracer.notation import render
from tracer.notation.python import PYTHON
from tracer.numeric import NO_NUMBER, compiled, namespace
from tracer.progress import Progress
from tracer.system import Equation, System

CHUNK_CELLS = 200_000
"""After how many values a run looks for non-finite ones and reports its progress."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first quantity without a finite value, and the iteration in which it came up."""

    quantity: str
    iteration: int


@dataclass(frozen=True, slots=True)
class Run:
    """What one learning rate gave. Rows count from 0, iterations from 1; all values are dimensionless.

    rows: the steps, a row of doubles each, in the order of `System.columns`; where the run diverged, the last row
        holds what was computed before, then NaN. Where only the last update did, all rows are complete.
    final: the parameters after the last update. final_loss: the loss that they give.
    """

    learning_rate: float
    columns: Mapping[str, int]
    rows: memoryview[float]
    final: Mapping[str, float]
    final_loss: float
    divergence: Divergence | None = None

    def __len__(self) -> int:
        return len(self.rows) // len(self.columns)

    @property
    def complete(self) -> int:
        """How many steps have all their values: all, but for the last one of a run that diverged."""
        return min(len(self), self.divergence.iteration - 1) if self.divergence else len(self)

    def __getitem__(self, quantity: str) -> list[float]:
        """A quantity in every step. Raises KeyError for an unknown one."""
        return list(self.rows[self.columns[quantity] :: len(self.columns)])

    def step(self, index: int) -> dict[str, float]:
        """All quantities of one step."""
        return dict(zip(self.columns, self._row(index), strict=True))

    def steps(self, quantities: Iterable[str], first: int = 0, end: int | None = None) -> Iterator[tuple[float, ...]]:
        """The given quantities (two or more) of the steps from `first` to before `end`."""
        choose = itemgetter(*(self.columns[quantity] for quantity in quantities))
        for index in range(first, len(self) if end is None else end):
            yield choose(self._row(index))

    def _row(self, index: int) -> list[float]:
        width = len(self.columns)
        return list(self.rows[index * width : (index + 1) * width])


TERMS = 500
"""Of a sum in one statement."""


class Engine:
    """A compiled system. It holds the compiled functions, so that they serve all runs."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.columns = {name: index for index, name in enumerate(system.columns())}
        self._local = {name: f"q{index}" for name, index in self.columns.items()}
        self._local |= {name: f"c{index}" for index, name in enumerate((*system.hyper, naming.ETA, naming.COUNT))}
        self._before = {name: f"b{index}" for index, name in enumerate(system.states)}
        self._arguments = [*(p.name for p in system.parameters), *system.states, *system.data, *system.hyper,
                           naming.ETA, naming.COUNT]  # fmt: skip
        self._step = struct.Struct(f"{len(self.columns)}d")
        self._walk = self._compile_walk()

    def run(self, learning_rate: float, iterations: int, progress: Progress | None = None) -> Run:
        """Walk the given number of iterations with one learning rate.

        A run that meets a non-finite quantity stops there and says so in `Run.divergence`; nothing is raised.
        """
        start = self._start(learning_rate)
        buffer = bytearray(self._step.size * iterations)
        rows: memoryview[float] = memoryview(buffer).cast("d")
        chunk = max(1, CHUNK_CELLS // len(self.columns))
        done = 0
        while done < iterations:
            steps = min(chunk, iterations - done)
            start, completed = self._walk(steps, buffer, done * self._step.size, *start)
            divergence = self._find_divergence(rows, done, completed, steps, start)
            if divergence:
                end = min(divergence.iteration, done + completed + 1) * len(self.columns)
                return Run(learning_rate, self.columns, rows[:end], {}, math.nan, divergence)
            done += steps
            if progress:
                progress(steps)
        final = {p.name: value for p, value in zip(self.system.parameters, start, strict=False)}
        broken = next((name for name, value in final.items() if not math.isfinite(value)), None)
        divergence = Divergence(broken, iterations + 1) if broken else None
        return Run(learning_rate, self.columns, rows, final, self._loss(start), divergence)

    def _start(self, learning_rate: float) -> tuple[float, ...]:
        """What the first step begins with, in the order of the arguments."""
        system = self.system
        states = [0.0] * len(system.states)
        start = [p.start for p in system.parameters]
        return (*start, *states, *system.data.values(), *system.hyper.values(), learning_rate, 1.0)

    def _source(self, expression: Expression, of_update: bool = False) -> str:
        """Python for an expression. What an update calls the step before is the step that is just done; what a state
        calls so is the one before that."""

        def spell(name: Name) -> str:
            before = name.lag and not of_update
            return self._before[name.name] if before else self._local[name.name]

        return render(expand(expression, far=True), PYTHON, spell)

    def _start_locals(self) -> list[str]:
        return [self._before.get(name, self._local[name]) for name in self._arguments]

    def _assignment(self, equation: Equation) -> list[str]:
        """The equation as statements; a sum of very many terms is taken in turns, Python's compiler has a limit."""
        local, expression = self._local[equation.quantity], equation.expression
        if not (isinstance(expression, Call) and expression.function == ADD and len(expression.args) > TERMS):
            return [f"{local} = {self._source(expression)}"]
        parts = [expression.args[first : first + TERMS] for first in range(0, len(expression.args), TERMS)]
        so_far = Name(equation.quantity)
        sums = [Call(ADD, parts[0]), *(Call(ADD, (so_far, *part)) for part in parts[1:])]
        return [f"{local} = {self._source(part)}" for part in sums]

    def _compile_walk(self) -> Callable[..., tuple[tuple[float, ...], int]]:
        """walk(steps, buffer, offset, *start) → (the start of the next step, completed steps).

        A step that raises ends the walk; its own start is returned, so that it can be looked at again.
        """
        system = self.system
        start = ", ".join(self._start_locals())
        lines = [
            f"def walk(steps, buffer, offset, {start}):",
            "    done = 0",
            "    try:",
            "        for done in range(steps):",
        ]
        body = [line for equation in system.equations for line in self._assignment(equation)]
        body.append(f"pack(buffer, offset, {', '.join(self._local[name] for name in self.columns)})")
        body.append(f"offset += {self._step.size}")
        # all at once: where one raises, the step's own start is still there
        new = {self._local[name]: self._source(update, True) for name, update in system.updates.items()}
        new |= {before: self._local[name] for name, before in self._before.items()}
        if new:
            body.append(f"{', '.join(new)}, = {', '.join(new.values())},")
        body.append(f"{self._local[naming.COUNT]} += 1.0")
        lines += ["            " + line for line in body]
        lines += ["        done = steps", "    except NO_NUMBER:", "        pass"]
        lines.append(f"    return ({start},), done")
        scope = namespace() | {"pack": self._step.pack_into}
        exec(compile("\n".join(lines), "<equations>", "exec"), scope)
        walk: Callable[..., tuple[tuple[float, ...], int]] = scope["walk"]
        return walk

    def _find_divergence(
        self, rows: memoryview[float], first: int, completed: int, steps: int, start: tuple[float, ...]
    ) -> Divergence | None:
        """The first non-finite quantity of the steps just walked; its row is blanked from there on."""
        width = len(self.columns)
        if not math.isfinite(sum(rows[first * width : (first + completed) * width])):
            for index in range(first, first + completed):
                row = rows[index * width : (index + 1) * width].tolist()
                if not all(map(math.isfinite, row)):
                    return self._blank(rows, index, dict(zip(self.columns, row, strict=True)))
        if completed < steps:
            return self._blank(rows, first + completed, self._step_by_step(start))
        return None

    def _blank(self, rows: memoryview[float], index: int, values: Mapping[str, float]) -> Divergence:
        order = [*(p.name for p in self.system.parameters), *(e.quantity for e in self.system.equations)]
        culprit = next((name for name in order if not math.isfinite(values[name])), None)
        blank = set(order[order.index(culprit) :]) if culprit else set()
        for name, column in self.columns.items():
            rows[index * len(self.columns) + column] = math.nan if name in blank else values[name]
        if culprit is None:  # all of the step is there; it is the update that has no value
            return Divergence(next(iter(self.system.updates)), index + 2)
        return Divergence(culprit, index + 1)

    def _step_by_step(self, start: tuple[float, ...]) -> dict[str, float]:
        """The quantities of the step that begins with `start`, one by one; NaN from the one that cannot be computed."""
        values = dict(zip(self._arguments, start, strict=True))
        scope = namespace() | dict(zip(self._start_locals(), start, strict=True))
        values |= dict.fromkeys((e.quantity for e in self.system.equations), math.nan)
        for equation in self.system.equations:
            try:
                value = float(eval(self._source(equation.expression), scope))
            except NO_NUMBER:
                break
            values[equation.quantity] = scope[self._local[equation.quantity]] = value
        return values

    def _loss(self, start: tuple[float, ...]) -> float:
        """The loss of the step that begins with `start`; infinite where it cannot be computed."""
        buffer = bytearray(self._step.size)
        _, completed = self._walk(1, buffer, 0, *start)
        loss: float = memoryview(buffer).cast("d")[self.columns[self.system.loss]]
        return loss if completed and math.isfinite(loss) else math.inf


def holds_anywhere(condition: Expression, run: Run) -> bool:
    """Whether a condition on quantities of one step holds in any step of the run."""
    needed, holds = compiled(condition)
    return any(map(holds, *(run[name] for name in needed)))
