"""Grid points → runs: each point is a config, and configs with the same equations run together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tracer.config import Override, Prepared
from tracer.config.grid import Grid
from tracer.errors import ConfigError
from tracer.execution.engine import Engine
from tracer.execution.python_emitter import written
from tracer.execution.sweep.lockstep import ran
from tracer.execution.sweep.results import LOSS, Results, empty
from tracer.execution.sweep.shape import Member, Shape, curves_of, shape_of
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment

RATE = "learning_rate"
FREE = frozenset({RATE, "weights", "biases", "inputs", "targets", "samples", "update", "order", "seed"})
"""Keys that change no equation, but for what `_form` sees: numbers that equations start from, and samples."""
ETA = Name(naming.ETA)
MOST_KNOWN = 200_000
"""Numbers that runs start from which are remembered, of points that were read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep: a config, the values in place of its own that hold for all runs, and the grid. keep: one of KEEP."""

    config: Prepared
    settings: tuple[Override, ...]
    grid: Grid
    keep: str = "final"

    def experiment(self, point: Sequence[int]) -> Experiment:
        """The config at a point of the grid, which is one run. Raises ConfigError."""
        experiment = self.several(point)
        if len(experiment.learning_rates) > 1:
            what = f"{len(experiment.learning_rates)} learning rates at once, but a point of the grid is one run"
            raise ConfigError([f"--vary {RATE}: {what}; give each of them as a value: {RATE}=0.1,0.2"])
        return experiment

    def several(self, point: Sequence[int]) -> Experiment:
        """The config at a point of the grid, which may have several learning rates. Raises ConfigError."""
        return self.config.experiment([*self.settings, *self.grid.overrides(point)])

    @property
    def rate(self) -> int | None:
        """Which of the keys is a constant learning rate, which no other key depends on."""
        keys = [varied.key for varied in self.grid.varied]
        if RATE not in keys:
            return None
        values = self.grid.varied[keys.index(RATE)].values
        numbers = isinstance(values, range) or all(
            isinstance(value, (int, float)) and not isinstance(value, bool) for value in values
        )
        return keys.index(RATE) if numbers else None

    @property
    def shaping(self) -> tuple[int, ...]:
        """Which of the keys may change the equations."""
        return tuple(
            place
            for place, varied in enumerate(self.grid.varied)
            if varied.key.split(".")[0] not in FREE or (varied.key == RATE and self.rate is None)
        )


@dataclass(slots=True)
class Points:
    """Runs points of a plan, block after block; stateful, since it remembers compiled equations and read configs."""

    plan: Plan
    _engines: dict[Hashable, tuple[Engine, Shape]] = field(init=False, default_factory=dict)
    _shapes: dict[Hashable, Shape] = field(init=False, default_factory=dict)
    _read: dict[tuple[int, ...], tuple[Shape, Member]] = field(init=False, default_factory=dict)
    _rate: int | None = field(init=False)
    _shaping: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._rate, self._shaping = self.plan.rate, self.plan.shaping

    def run(self, first: int, end: int) -> Results:
        """The results of the points from `first` to before `end`. Raises ConfigError for a point that is no config."""
        groups: dict[int, tuple[Shape, list[int], list[Member]]] = {}
        for number in range(first, end):
            shape, member = self._member(self.plan.grid.point(number))
            _, places, members = groups.setdefault(id(shape), (shape, [], []))
            places.append(number - first)
            members.append(member)
        keep = self.plan.keep
        shapes = [shape for shape, _, _ in groups.values()]
        curves = dict.fromkeys(name for shape in shapes for name in curves_of(shape.engine, keep))
        parameters = [name for name in curves if name != LOSS]
        results = empty(end - first, parameters, curves, max((shape.iterations for shape in shapes), default=0))
        for shape, places, members in groups.values():
            results.put(np.array(places), ran(shape, members, keep))
        return results

    def _member(self, point: tuple[int, ...]) -> tuple[Shape, Member]:
        """The run of a point, and its shape. Points that differ in a constant learning rate alone are read once."""
        rate = self._rate
        known = point if rate is None else (*point[:rate], 0, *point[rate + 1 :])
        if known not in self._read:
            found = self._first(known)
            if len(self._read) * len(found[1].start) >= MOST_KNOWN:
                self._read.clear()
            self._read[known] = found
        shape, member = self._read[known]
        if rate is None or ETA not in member.start or naming.ETA in shape.engine.columns:
            return shape, member
        value = float(self.plan.grid.varied[rate].values[point[rate]])
        return shape, Member({**member.start, ETA: value}, member.samples, member.batches)

    def _first(self, point: tuple[int, ...]) -> tuple[Shape, Member]:
        """The run of the first learning rate at a point."""
        experiment = self.plan.experiment(point)
        engine, shape = self._engine(point, experiment)
        start = {**engine.program.start, **{Name(name): value for name, value in experiment.start.items()}}
        if experiment.learning_rates and ETA in start and naming.ETA not in engine.columns:
            start[ETA] = experiment.learning_rates[0]
        return shape, Member(start, experiment.samples, experiment.batches)

    def _engine(self, point: tuple[int, ...], experiment: Experiment) -> tuple[Engine, Shape]:
        """The engine of an experiment, and the shape that its runs share with others."""
        form = tuple(point[place] for place in self._shaping), _form(experiment)
        if form not in self._engines:
            engine = Engine(assemble(experiment))
            text = written(engine.program), engine.system.curve, _form(experiment)[1:]
            if text not in self._shapes:
                self._shapes[text] = shape_of(engine, experiment.iterations, self.plan.keep)
            self._engines[form] = engine, self._shapes[text]
        return self._engines[form]


def _form(experiment: Experiment) -> tuple[Any, ...]:
    """What else of an experiment decides on its equations, and how they run: the names first."""
    names = tuple(experiment.start), experiment.inputs, experiment.targets
    batches = replace(experiment.batches, seed=None)
    return names, batches, experiment.iterations, bool(experiment.learning_rates)
