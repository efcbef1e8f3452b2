"""The result of a run: its steps, the final parameters, where it stopped."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import takewhile
from operator import itemgetter
from typing import Any

from tracer.formulas.evaluation import REDUCE
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.model.batches import Batches


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first quantity without a finite value, and the iteration in which it occurred."""

    quantity: str
    iteration: int


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended.

    final: the parameters after the last update. final_loss: the loss that they give, of all samples.
    until_met: whether the stopping condition was met. stopped: whether it was ended early from outside.
    """

    final: Mapping[str, float] = field(default_factory=dict)
    final_loss: float = math.nan
    divergence: Divergence | None = None
    until_met: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Iterations of a run that follow each other, as they are computed.

    done: the iterations before. rows: their steps, in the order of `System.columns`, valid until the next stretch is
    asked for; none in the last stretch of a run that did not diverge. end: how the run ended; None before the last
    stretch.
    """

    done: int
    rows: memoryview[float]
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one learning rate. Steps count from 0, iterations from 1; all values are dimensionless.

    hyper: the hyper-parameters of this run, besides `System.hyper`. batches: which samples each iteration took.
    rows: the steps, one row of doubles each, in the order of `System.columns`; where the run diverged, the last row
        holds what was computed before, then NaN. Where only the last update did, all rows are complete.
    final: the parameters after the last update. final_loss: the loss that they give, of all samples.
    until_met: whether the stopping condition was met. stopped: whether it was ended early from outside.
    """

    hyper: Mapping[str, float]
    batches: Batches
    columns: Mapping[str, int]
    rows: memoryview[float]
    final: Mapping[str, float] = field(default_factory=dict)
    final_loss: float = math.nan
    divergence: Divergence | None = None
    until_met: bool = False
    stopped: bool = False

    def __repr__(self) -> str:
        stop = f", diverged: {self.divergence.quantity}" if self.divergence else ""
        return f"<Run {self.title!r}: {len(self):,} steps, {self.iterations:,} iterations{stop}>"

    def __len__(self) -> int:
        return len(self.rows) // len(self.columns)

    def __reduce__(self) -> tuple[object, ...]:
        """A copy, also by pickle, has rows of its own."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return _restored, ({**values, "rows": self.rows.tobytes()},)

    @property
    def complete(self) -> int:
        """The number of steps with all values: all steps except the last iteration of a run that diverged."""
        return min(len(self), self.batches.first_row(self.divergence.iteration - 1)) if self.divergence else len(self)

    @property
    def iterations(self) -> int:
        """The number of iterations, including one in which the run diverged; of those kept, that of the last one."""
        return self.batches.iteration(len(self) - 1) + 1

    def places(self, first: int = 0) -> Iterator[tuple[int, int]]:
        """The iteration and the sample of every step from the step `first` on, both counted from 1."""
        return self.batches.places(first, len(self))

    @property
    def learning_rate(self) -> float | None:
        """The constant learning rate; None if it is a quantity of every step, or no formula uses one."""
        return self.hyper.get(naming.ETA)

    @property
    def title(self) -> str:
        """What distinguishes this run from others."""
        return title_of(self.hyper, self.columns)

    def pass_steps(self, last: bool = False) -> range:
        """The steps of the first or the last complete pass through the samples; all steps if no pass is complete."""
        return self.batches.pass_rows(self.complete, last)

    def over_pass(self, quantity: str, last: bool = False) -> float:
        """A quantity over the first or the last pass, reduced as in a batch; NaN if there are no steps."""
        steps = self.pass_steps(last)
        return REDUCE[self.batches.reduction](self.over(quantity, steps).tolist()) if steps else math.nan

    def over(self, quantity: str, steps: range) -> memoryview[float]:
        """A quantity in consecutive steps, not copied. Raises KeyError for an unknown one."""
        column, width = self.columns[quantity], len(self.columns)
        return self.rows[steps.start * width + column : steps.stop * width : width]

    def over_iterations(self, quantity: str) -> list[float]:
        """A quantity in the first row of every whole iteration."""
        values, first_row = self[quantity], self.batches.first_row
        whole = self.batches.iteration(self.complete - 1) + 1 if self.complete else 0
        return [values[first_row(number)] for number in takewhile(whole.__gt__, self.batches.numbers())]

    def __getitem__(self, quantity: str) -> list[float]:
        """A quantity or a hyper-parameter of this run in every step. Raises KeyError for an unknown one."""
        if quantity in self.hyper:
            return [self.hyper[quantity]] * len(self)
        return list(self.rows[self.columns[quantity] :: len(self.columns)])

    def step(self, index: int) -> dict[str, float]:
        """All quantities of one step; a negative index counts from the end. Raises IndexError if there is none."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"step {index} of a run of {len(self)} steps, which count from 0")
        index %= len(self)
        return dict(zip(self.columns, self._row(index), strict=True))

    def steps(self, quantities: Iterable[str], first: int = 0, end: int | None = None) -> Iterator[tuple[float, ...]]:
        """The given quantities (two or more) of the steps from `first` to before `end`."""
        choose = itemgetter(*(self.columns[quantity] for quantity in quantities))
        for index in range(first, len(self) if end is None else end):
            yield choose(self._row(index))

    def _row(self, index: int) -> list[float]:
        width = len(self.columns)
        return list(self.rows[index * width : (index + 1) * width])


def reached(losses: Sequence[float], fraction: float) -> int | None:
    """The first iteration, from 1, whose loss is at most this fraction of the first one; None if there is none, or the
    first loss is not above 0."""
    if not losses or losses[0] <= 0:
        return None
    return next((number for number, loss in enumerate(losses, 1) if loss <= fraction * losses[0]), None)


def title_of(hyper: Mapping[str, float], columns: Container[str]) -> str:
    """What distinguishes the run with these hyper-parameters and quantities from others."""
    given = [f"{naming.label(name)} = {shortest(value)}" for name, value in hyper.items()]
    return ", ".join(given) or (naming.SCHEDULE if naming.ETA in columns else "run")


def _restored(values: dict[str, Any]) -> Run:
    return Run(**{**values, "rows": memoryview(values["rows"]).cast("d")})
