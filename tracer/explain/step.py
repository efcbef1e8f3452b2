"""The values of one step, including the other rows and earlier states that its equations refer to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.execution.replay import Iteration
from tracer.execution.runs import Run
from tracer.explain.templates import BATCH_SIZE, TOTAL, Slot
from tracer.model import naming
from tracer.model.system import System


@dataclass(frozen=True, slots=True)
class Step:
    """A row of an iteration.

    system: the equations, with the columns that are shown. iteration: the one that the row belongs to. row: its place
    in there, from 0. now: the values of the row, by name; hyper-parameters and k are among them.
    """

    system: System
    iteration: Iteration
    row: int = 0
    now: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", {**self.iteration.before, **self.iteration.rows[self.row]})

    @property
    def sample(self) -> int:
        """The sample of the row, from 1."""
        return self.iteration.samples[self.row]

    def value(self, slot: Slot) -> float:
        """The number that stands in a slot of an equation. Raises KeyError for a name that the step does not have."""
        name, rows = slot.name, self.iteration.rows
        if name == BATCH_SIZE:
            return float(len(rows))
        if name.batch:
            values = [row[name.name] for row in rows]
            return math.fsum(values) if slot.row == TOTAL else values[slot.row]
        return self.iteration.value(name, self.row)


def iteration_of(system: System, run: Run, number: int) -> Iteration:
    """An iteration of a run that is kept whole. number: from 1, up to `run.iterations`. system: the run's equations."""
    batches = run.batches
    first, end = batches.first_row(number - 1), min(batches.first_row(number), len(run))
    before = {**system.hyper, **run.hyper, naming.COUNT: float(number), **system.states}
    if number > 1:
        ahead = run.step(first - 1)
        before |= {name: ahead[name] for name in system.states}
    after: Mapping[str, float] = {}
    if end < len(run):
        following = run.step(end)
        after = {parameter.name: following[parameter.name] for parameter in system.parameters}
    elif run.final:
        after = dict(run.final)
    stopped = run.divergence if run.divergence and run.divergence.iteration - number in (0, 1) else None
    samples = tuple(index + 1 for index in next(batches.taken(number - 1)))
    return Iteration(number, samples, tuple(run.step(index) for index in range(first, end)), before, after, stopped)
