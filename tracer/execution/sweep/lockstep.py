"""Runs of one shape advance together, block by block; a run that stops early leaves its block.

Where an operation has no finite result, the iteration is computed again, carefully; a run whose numbers then are not
finite makes this iteration by itself, as a single run does. So a run diverges where a single run would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tracer.execution.engine import Point, is_finite
from tracer.execution.numpy_emitter import total
from tracer.execution.runs import Divergence, End
from tracer.execution.sweep.results import FRACTION, Array, Results, empty
from tracer.execution.sweep.shape import LEAST, Member, Shape, curves_of
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.tree import Name
from tracer.model.batches import Batches

MOST_CELLS = 65_536
"""Elements of an array where the losses of all samples are computed, once a run."""
PERIOD = 64
"""Iterations whose losses are looked at together."""
Numbers = npt.NDArray[np.int64]


def ran(shape: Shape, members: Sequence[Member], keep: str) -> Results:
    """Run members of one shape. keep: one of KEEP; the curves have a column for each of the iterations."""
    parameters = [p.name for p in shape.engine.system.parameters] if keep == "all" else []
    curves = curves_of(shape.engine, keep)
    results = empty(len(members), parameters, curves, shape.iterations)
    if len(members) < LEAST:
        for number, member in enumerate(members):
            _alone(shape, member, results, curves, number)
        return results
    for first in range(0, len(members), shape.block):
        _Block(shape, members[first : first + shape.block], results, curves, first).run()
    return results


def _alone(shape: Shape, member: Member, results: Results, curves: Mapping[str, str], number: int) -> None:
    """Run a member by itself."""
    engine = shape.engine.on(member.start, member.samples, member.batches)
    width, first_row, end = len(engine.columns), member.batches.first_row, End()
    for stretch in engine.stretches({}, shape.iterations):
        end, done, rows = stretch.end or end, stretch.done, np.asarray(stretch.rows).reshape(-1, width)
        count = _whole(member.batches, done, len(rows), end)
        if not count:
            continue
        first = [first_row(at) - first_row(done) for at in range(done, done + count)]
        _note_losses(results, np.array([number]), rows[first, engine.columns[engine.system.curve], None], done)
        for name, quantity in curves.items():
            results.curves[name][number, done : done + count] = rows[first, engine.columns[quantity]]
        results.iterations[number] = done + count
    if end.until_met:
        results.until_met[number] = results.iterations[number]
    if end.divergence:
        _note_divergence(results, number, end.divergence)
        return
    results.final_loss[number] = end.final_loss
    for name, values in results.final.items():
        values[number] = end.final[name]


def _whole(batches: Batches, done: int, rows: int, end: End) -> int:
    """Iterations with all values among so many rows, which follow `done` iterations."""
    if not rows:
        return 0
    count = batches.iteration(batches.first_row(done) + rows - 1) + 1 - done
    return min(count, end.divergence.iteration - 1 - done) if end.divergence else count


def _note_divergence(results: Results, number: int, divergence: Divergence) -> None:
    results.diverged[number], results.quantity[number] = divergence.iteration, divergence.quantity


def _note_losses(results: Results, numbers: Numbers, losses: Array, done: int) -> None:
    """Take the losses of iterations that follow `done` others, a row each, of runs by their numbers."""
    if not done:
        results.first_loss[numbers] = losses[0]
    results.best_loss[numbers] = np.fmin(results.best_loss[numbers], losses.min(axis=0))
    first = results.first_loss[numbers]
    reached = (losses <= FRACTION * first) & (first > 0)
    new = reached.any(axis=0) & (results.to_fraction[numbers] == 0)
    results.to_fraction[numbers[new]] = done + 1 + reached[:, new].argmax(axis=0)


@dataclass(slots=True)
class _Block:
    """Runs that advance together; stateful, since they do. first: the number of the first one in the results.

    numbers: of the runs that go on. start: what the next iteration starts from, in the order of `Program.start`.
    held: for how many steps of the pass the condition that ends a run has held. kept: the quantities that are watched,
    of the last iterations. plans: the orders of samples that there are, and plan: that of each run; orders: in a pass.
    """

    shape: Shape
    members: Sequence[Member]
    results: Results
    curves: Mapping[str, str]
    first: int
    numbers: Numbers = field(init=False)
    start: list[Any] = field(init=False)
    held: Numbers = field(init=False)
    kept: dict[str, Array] = field(init=False)
    done: int = field(init=False, default=0)
    noted: int = field(init=False, default=0)
    samples: Array = field(init=False)
    plans: list[Batches] = field(init=False)
    plan: Numbers = field(init=False)
    orders: dict[int, Numbers] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        program, count = self.shape.engine.program, len(self.members)
        self.numbers, self.held = np.arange(count), np.zeros(count, np.int64)
        parameters = {Name(p.name) for p in self.shape.engine.system.parameters}
        self.start = []
        for name, value in program.start.items():
            values = np.array([member.start.get(name, value) for member in self.members])
            alike = name not in parameters and not name.lag and bool((values == values[0]).all())
            self.start.append(values[0] if alike else values)
        rows = self.members[0].samples
        alike = all(member.samples is rows or member.samples == rows for member in self.members)
        self.samples = np.array(rows if alike else [member.samples for member in self.members])
        self.plans = list(dict.fromkeys(member.batches for member in self.members))
        places = {batches: place for place, batches in enumerate(self.plans)}
        self.plan = np.array([places[member.batches] for member in self.members])
        watched = {self.shape.engine.system.curve, *self.curves.values()}
        self.kept = {name: np.empty((PERIOD, count)) for name in watched}

    @property
    def batches(self) -> Batches:
        return self.members[0].batches

    def run(self) -> None:
        """Run them all to their ends."""
        with np.errstate(all="raise", under="ignore"):
            while self.done < self.shape.iterations and len(self.numbers):
                self._iterate()
                if self.done - self.noted == PERIOD:
                    self._note()
        self._note()
        if len(self.numbers):
            self._finish(np.ones(len(self.numbers), bool))

    def _iterate(self) -> None:
        """One iteration of all; those that end with it leave."""
        functions, batches = self.shape.functions, self.batches
        begin = batches.first_row(self.done)
        rows = batches.first_row(self.done + 1) - begin
        data = self._data(begin, rows)
        if functions.holds and begin % batches.samples == 0:
            self.held[:] = 0
        before = self.start
        ended = None
        try:
            after, found = functions.fast(rows, *data, *before)
            watched = dict(zip(functions.watched, found, strict=True))
            self.start = [*after]
        except NO_NUMBER:
            with np.errstate(all="ignore"):
                after, found = functions.careful(rows, *data, *before)
            watched = dict(zip(functions.columns, found, strict=True))
            self.start = [*after]
            ended = self._failed(before, watched)
        row = self.done - self.noted
        for name, values in self.kept.items():
            value = watched[name]
            values[row] = value[0] if np.ndim(value) == 2 else value
        self.done += 1
        met = None
        if functions.holds:
            with np.errstate(all="ignore"):
                values = functions.holds(*(watched[name] for name in functions.needed))
            holds = np.asarray(values) == 1
            self.held += (np.broadcast_to(holds, (rows, len(self.numbers))) if np.ndim(holds) < 2 else holds).sum(
                axis=0
            )
            met = self.held == batches.samples
        if ended is not None or (met is not None and met.any()):
            self._leave(ended or {}, met)

    def _data(self, begin: int, rows: int) -> list[Any]:
        """The columns of the samples of an iteration: numbers, or one a run; in batches a row a sample."""
        batches, several = self.batches, self.batches.several
        number, place = divmod(begin, batches.samples)
        order = self._order(number)[place : place + rows]
        if self.samples.ndim == 2 and order.ndim == 1:
            taken = self.samples[order]
            return list(taken.T[:, :, None]) if several else list(taken[0])
        if order.ndim == 1:  # the same samples of each run, with their own values
            taken = self.samples[self.numbers][:, order].transpose(2, 1, 0)
        elif self.samples.ndim == 2:
            taken = self.samples[order].transpose(2, 0, 1)
        else:
            taken = self.samples[self.numbers, order].transpose(2, 0, 1)
        return list(taken) if several else [column[0] for column in taken]

    def _order(self, number: int) -> Numbers:
        """The order of the samples in a pass: the same for all runs, or with a column for each of those that go on."""
        if number not in self.orders:
            orders = [batches.order(number) for batches in self.plans]
            self.orders = {number: np.array(orders[0]) if len(orders) == 1 else np.array(orders)[self.plan].T}
        order = self.orders[number]
        return order if order.ndim == 1 else order[:, self.numbers]

    # ---------------------------------------------------------------------------------------- what goes wrong, and ends

    def _failed(self, before: Sequence[Any], watched: dict[str, Any]) -> dict[int, Divergence]:
        """Runs that may have failed make their iteration by themselves: where they diverged, by their places. What the
        others came to is put in its place."""
        count = len(self.numbers)
        fine = np.ones(count, bool)
        for value in (*watched.values(), *self.start):
            finite = np.isfinite(value)
            fine &= finite.all(axis=0) if finite.ndim == 2 else finite
        failed: dict[int, Divergence] = {}
        for place in np.flatnonzero(~fine):
            divergence = self._by_itself(int(place), before, watched)
            if divergence:
                failed[int(place)] = divergence
        return failed

    def _by_itself(self, place: int, before: Sequence[Any], watched: dict[str, Any]) -> Divergence | None:
        member = self.members[self.numbers[place]]
        engine = self.shape.engine.on({}, member.samples, member.batches)
        batches, width = engine.system.batches, len(engine.columns)
        point = Point(self.done, tuple(float(_of_run(value, place)) for value in before), 0)
        buffer = engine.room(batches.samples + batches.size)
        first = batches.first_row(self.done)
        origin = first - first % batches.samples
        after, failed = engine.advance(point, 1, buffer, origin)
        if failed is not None:
            return engine.stopped(point)[0]
        names = (p.name for p in engine.system.parameters)
        broken = next((name for name, value in zip(names, after.values, strict=False) if not is_finite(value)), None)
        rows = memoryview(buffer).cast("d")[(first - origin) * width :]
        taken = batches.first_row(self.done + 1) - first
        for name, value in watched.items():
            own = rows[engine.columns[name] : taken * width : width].tolist()
            watched[name] = _with(value, place, own, len(self.numbers))
        self.start = [
            _with(value, place, [own], len(self.numbers)) for value, own in zip(self.start, after.values, strict=True)
        ]
        return Divergence(broken, after.done + 1) if broken else None

    def _leave(self, ended: Mapping[int, Divergence], met: npt.NDArray[np.bool_] | None) -> None:
        """Those that diverged, or met their condition, leave the block."""
        self._note({place: d for place, d in ended.items() if d.iteration <= self.done})
        gone = np.zeros(len(self.numbers), bool)
        for place, divergence in ended.items():
            gone[place] = True
            number = self.first + int(self.numbers[place])
            _note_divergence(self.results, number, divergence)
            if met is not None and met[place] and divergence.iteration > self.done:
                self.results.until_met[number] = self.done
        if met is not None:
            finished = met & ~gone
            self.results.until_met[self.first + self.numbers[finished]] = self.done
            self._finish(finished)
            gone |= finished
        stay = np.flatnonzero(~gone)
        self.start = [_of_runs(value, stay) for value in self.start]
        self.numbers, self.held = self.numbers[~gone], self.held[~gone]
        self.kept = {name: np.empty((PERIOD, len(self.numbers))) for name in self.kept}

    def _note(self, incomplete: Mapping[int, Divergence] | None = None) -> None:
        """Take over what was watched in the last iterations. incomplete: runs whose last one is not whole."""
        count = self.done - self.noted
        parts = [(np.ones(len(self.numbers), bool), count)]
        if incomplete:
            whole = np.array([place not in incomplete for place in range(len(self.numbers))])
            parts = [(whole, count), (~whole, count - 1)]
        for chosen, rows in parts:
            numbers = self.first + self.numbers[chosen]
            self.results.iterations[numbers] = self.noted + rows
            if not rows or not len(numbers):
                continue
            losses = self.kept[self.shape.engine.system.curve][:rows, chosen]
            _note_losses(self.results, numbers, losses, self.noted)
            for name, quantity in self.curves.items():
                kept = self.kept[quantity][:rows, chosen]
                self.results.curves[name][numbers, self.noted : self.noted + rows] = kept.T
        self.noted = self.done

    def _finish(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Note the final parameters of runs, by their places, and the loss of all samples that they give."""
        numbers = self.first + self.numbers[chosen]
        if not len(numbers):
            return
        places = np.flatnonzero(chosen)
        for name, value in zip(self.results.final, self.start, strict=False):
            self.results.final[name][numbers] = value[places]
        at_once = max(1, MOST_CELLS // self.batches.samples)
        for first in range(0, len(places), at_once):
            part = places[first : first + at_once]
            start = [_of_runs(value, part) for value in self.start]
            self.results.final_loss[numbers[first : first + at_once]] = self._losses(start, self.numbers[part])

    def _losses(self, start: Sequence[Any], members: Numbers) -> Array:
        """The loss of all samples, for these parameters; infinite if it cannot be computed."""
        samples = self.samples if self.samples.ndim == 2 else self.samples[members]
        data = [samples[..., column].T for column in range(samples.shape[-1])]
        data = [column[:, None] if column.ndim == 1 else column for column in data]
        with np.errstate(all="ignore"):
            losses = self.shape.functions.losses(self.batches.samples, *data, *start)
            losses = np.broadcast_to(losses, (self.batches.samples, len(members)))
            reduced = total(losses) / (self.batches.samples if self.batches.reduction == "mean" else 1)
        return np.where(np.isfinite(reduced), reduced, np.inf)


def _of_runs(value: Any, places: Numbers) -> Any:
    """The values of some runs; a number is that of all."""
    return value if np.ndim(value) == 0 or len(value) == 1 else value[places]


def _of_run(value: Any, place: int) -> Any:
    return value if np.ndim(value) == 0 else value[0 if len(value) == 1 else place]


def _with(value: Any, place: int, own: Sequence[float], count: int) -> Any:
    """The values with those of one run in their place: one, or one for each row."""
    if np.ndim(value) == 0 or (np.ndim(value) == 1 and len(own) == 1):
        value = np.array(np.broadcast_to(value, count))
        value[place] = own[0]
        return value
    value = np.array(np.broadcast_to(value, (len(own), count)))
    value[:, place] = own
    return value
