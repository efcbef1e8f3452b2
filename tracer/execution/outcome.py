"""The outcome of a run without its rows: losses and final parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.execution.runs import Divergence, End, Run
from tracer.formulas.evaluation import REDUCE
from tracer.model.batches import Batches

MOST_POINTS = 1_000
"""Of a curve that is remembered while a run goes on; of more, every second one is dropped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; all values are dimensionless.

    title: what distinguishes the run from others. hyper: its hyper-parameters. iterations: their number, one in which
    it diverged included. first, last: the loss over the first and the last pass through the samples; NaN if there is
    none. curve: the loss that charts show, of all whole steps or of evenly spaced ones. end: how it ended.
    """

    title: str
    hyper: Mapping[str, float]
    iterations: int
    first: float
    last: float
    curve: list[float]
    end: End

    @property
    def divergence(self) -> Divergence | None:
        """Where it stopped."""
        return self.end.divergence


def outcome_of(run: Run, loss: str, curve: str) -> Outcome:
    """The outcome of a run whose rows are kept. loss, curve: the quantity to minimize, and what charts show."""
    end = End(run.final, run.final_loss, run.divergence, run.until_met, run.stopped)
    values = run[curve][: run.complete]
    first, last = run.over_pass(loss), run.over_pass(loss, last=True)
    return Outcome(run.title, run.hyper, run.iterations, first, last, values, end)


class Losses:
    """The losses of a run while it goes on; stateful, since it remembers passes and a curve."""

    def __init__(self, batches: Batches) -> None:
        self.curve: list[float] = []
        self._batches, self._step, self._done = batches, 1, 0
        self._first: list[float] = []
        self._last: list[float] = []
        self._begun: list[float] = []

    def add(self, losses: Sequence[float], curve: Sequence[float]) -> None:
        """Take what the loss and the curve are in the next steps, which have all their values."""
        self.curve += curve[-self._done % self._step :: self._step]
        self._done += len(curve)
        while len(self.curve) > MOST_POINTS:
            del self.curve[1::2]
            self._step *= 2
        samples, self._begun = self._batches.samples, [*self._begun, *losses]
        whole = len(self._begun) // samples * samples
        if whole:
            self._first = self._first or self._begun[:samples]
            self._last, self._begun = self._begun[whole - samples : whole], self._begun[whole:]

    @property
    def first(self) -> float:
        """Over the first pass; over all steps where no pass is complete, NaN where there are none."""
        return self._reduced(self._first or self._begun)

    @property
    def last(self) -> float:
        """Over the last complete pass, or as `first`."""
        return self._reduced(self._last or self._begun)

    def _reduced(self, losses: Sequence[float]) -> float:
        return REDUCE[self._batches.reduction](losses) if losses else math.nan
