"""Any iteration of a run on demand, recomputed from checkpoints instead of stored rows.

Going on from the nearest point kept, an iteration far into a long run takes no more memory than an early one.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.execution.engine import Engine, Point, is_finite
from tracer.execution.progress import Progress
from tracer.execution.runs import Divergence
from tracer.formulas.tree import Name

MOST_KEPT = 1_000_000
"""Values in the points that are kept; of more, every second point is dropped."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration of a run; all values are dimensionless.

    number: from 1. samples: which one each row takes, from 1. rows: the quantities of each row (name → value), NaN
    from where the run stopped. before: what it started from besides the data and the parameters: the optimizer's states
    of the iteration before, η and other constants, k. after: the parameters after its update; empty where it was not
    reached. divergence: where it stopped.
    """

    number: int
    samples: tuple[int, ...]
    rows: tuple[Mapping[str, float], ...]
    before: Mapping[str, float]
    after: Mapping[str, float]
    divergence: Divergence | None = None

    def value(self, name: Name, row: int = 0) -> float:
        """What a name means in a formula of a row, counted from 0. Raises KeyError for an unknown one."""
        known = self.before if name.lag or name.name not in self.rows[row] else self.rows[row]
        return known[name.name]


@dataclass(slots=True)
class Replay:
    """A run of so many iterations; stateful, since it keeps points of the run.

    hyper: the hyper-parameters of the run, such as a constant η.
    """

    engine: Engine
    hyper: Mapping[str, float]
    iterations: int
    _points: dict[int, tuple[array[float], int]] = field(init=False, default_factory=dict)
    _every: int = field(init=False, default=1)
    _last: int | None = field(init=False, default=None)
    _recent: dict[int, Iteration] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._every = self.engine.chunk
        self._keep(self.engine.begin(self.hyper))

    @property
    def last(self) -> int:
        """The number of the last iteration, as far as is known: earlier than asked for where the run has been found to
        stop."""
        return self.iterations if self._last is None else self._last

    def iteration(self, number: int, progress: Progress | None = None) -> Iteration:
        """An iteration, or the last one where the run stops before. number: from 1. progress: called regularly, with
        the number of iterations done since the last call; what it raises ends the computation, which can go on later.
        """
        number = max(1, min(number, self.last))
        if number not in self._recent:
            point = self._point(number - 1, progress)
            found = self._computed(point)
            while len(self._recent) > 1:
                del self._recent[next(iter(self._recent))]
            self._recent[found.number] = found
            number = found.number
        return self._recent[number]

    def _point(self, done: int, progress: Progress | None) -> Point:
        """The point after so many iterations, or that before the last one."""
        point = self._kept(max(number for number in self._points if number <= done))
        while point.done < min(done, self.last - 1):
            stop = min(done, point.done - point.done % self.engine.chunk + self.engine.chunk)
            after, failed = self._advanced(point, stop - point.done)
            if failed is not None:
                return self._before_failure(point, failed)
            if progress:
                progress(after.done - point.done)
            if self.engine.met(after):
                self._last = after.done
                return self._advanced(point, after.done - 1 - point.done)[0]
            point = after
            if not point.done % self._every:
                self._keep(point)
        return point

    def _before_failure(self, point: Point, failed: int) -> Point:
        """The point before the last iteration, where one (from 0) meets a non-finite number: that one, or the one whose
        update gave it its parameters."""
        self._last = failed + 1
        begin, _ = self._advanced(point, failed - point.done)
        if self._broken(begin) is None:
            return begin
        self._last = failed
        return self._point(failed - 1, None)

    def _broken(self, point: Point) -> str | None:
        """The first parameter that is not finite there."""
        pairs = zip(self.engine.system.parameters, point.values, strict=False)
        return next((p.name for p, value in pairs if not is_finite(value)), None)

    def _advanced(self, point: Point, count: int) -> tuple[Point, int | None]:
        after, failed, _ = self._rows(point, count)
        return after, failed

    def _rows(self, point: Point, count: int) -> tuple[Point, int | None, memoryview[float]]:
        """Go on by so many iterations; the numbers of their rows too."""
        engine, batches = self.engine, self.engine.system.batches
        first, end = batches.first_row(point.done), batches.first_row(point.done + count)
        origin = first - first % batches.samples if engine.program.until is not None else first
        buffer = engine.room(end - origin)
        after, failed = engine.advance(point, count, buffer, origin)
        return after, failed, memoryview(buffer).cast("d")[(first - origin) * len(engine.columns) :]

    def _computed(self, point: Point) -> Iteration:
        """The iteration after a point."""
        engine, program = self.engine, self.engine.program
        taken = tuple(index + 1 for index in next(engine.system.batches.taken(point.done)))
        start = dict(zip(program.start, point.values, strict=True))
        before = {name.name: value for name, value in start.items() if name.lag or name.name not in engine.columns}
        after, failed, values = self._rows(point, 1)
        divergence, parameters = None, dict[str, float]()
        if failed is None:
            width = len(engine.columns)
            rows = [
                dict(zip(engine.columns, values[i * width : (i + 1) * width], strict=True)) for i in range(len(taken))
            ]
            parameters = dict(zip((p.name for p in engine.system.parameters), after.values, strict=False))
            if (broken := self._broken(after)) is not None:
                divergence = Divergence(broken, after.done + 1)
            if broken is not None or engine.met(after):
                self._last = after.done
        else:
            divergence, rows = engine.stopped(point)
            self._last = point.done + 1
        return Iteration(point.done + 1, taken, tuple(rows), before, parameters, divergence)

    def _keep(self, point: Point) -> None:
        self._points[point.done] = (array("d", point.values), point.held)
        if len(self._points) * len(point.values) > MOST_KEPT and len(self._points) > 2:
            self._every *= 2
            self._points = {done: kept for done, kept in self._points.items() if not done % self._every}

    def _kept(self, done: int) -> Point:
        values, held = self._points[done]
        return Point(done, tuple(values), held)
