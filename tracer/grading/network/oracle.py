"""Made-up steps of a right network, at which two formulas are told apart: equal there, equal always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

import numpy as np

from tracer.formulas.tree import Expression, Name
from tracer.grading.book.numbers import OVER_BATCH, Array, Quantities, value
from tracer.grading.network.model import Model
from tracer.grading.network.plan import ALONE, Place
from tracer.model import naming

TRIALS = 12
BEFORE, FEWEST_BEFORE = 6, 2
"""Rows that are known before the one looked at, and batches, where these have several rows. One batch is known beyond:
a formula may use the next row."""
SAME = 1e-9
"""Relative; what differs by less is the same formula."""


class Oracle:
    """Made-up steps of a right network: a row a sample, the batches as large as around one place of a table.

    Inputs and targets change from row to row, but for those in `constant`, so that no two quantities are equal by
    chance; those in `given` have the values given. η is drawn too, where it is None.
    """

    def __init__(
        self,
        model: Model,
        given: Mapping[str, float],
        eta: float | None,
        constant: frozenset[str],
        place: Place = ALONE,
    ) -> None:
        self.model = model
        self.home = max(FEWEST_BEFORE, BEFORE // place.before)
        sizes = [place.before] * self.home + [place.own, place.after]
        self.first = list(accumulate(sizes, initial=0))
        self.batch = [batch for batch, size in enumerate(sizes) for _ in range(size)]
        drawn = np.random.default_rng(20_250)
        self.scheduled = model.equation(naming.ETA) is not None
        self.given = {**model.system.hyper, **given} | ({} if eta is None else {naming.ETA: eta})
        if self.scheduled:
            self.given.pop(naming.ETA, None)
        self.eta: Array = drawn.uniform(0.002, 0.03, TRIALS)  # small: the networks stay as varied as they were drawn
        self.data = [{name: drawn.uniform(0.15, 0.95, TRIALS) for name in model.system.data} for _ in self.batch]
        for row in self.data[1:]:
            row |= {name: value for name, value in self.data[0].items() if name in constant}
        self.start: dict[str, Array] = {
            p.name: drawn.uniform(0.2, 0.9, TRIALS) * drawn.choice([-1.0, 1.0], TRIALS) for p in model.system.parameters
        }
        self._known: dict[tuple[str, int], Array] = {}

    def at(self, position: int = 0) -> View:
        """The quantities as a formula in that row of the batch looked at sees them."""
        return View(self, self.first[self.home] + position)

    def known(self, name: str, row: int) -> Array:
        """A quantity in a row (what there is once a batch: in its first row), a value a trial. Raises KeyError."""
        known = self._known.get((name, row))
        if known is None:
            known = self._known[name, row] = self._compute(name, row)
        return known

    def _compute(self, name: str, row: int) -> Array:
        model, batch = self.model, self.batch[row]
        if name in self.given:
            return np.full(TRIALS, self.given[name])
        if name == naming.ETA and not self.scheduled:
            return self.eta
        if name in (naming.ITERATION, naming.COUNT):
            return np.full(TRIALS, float(batch + 1))
        if name in self.data[0]:
            return self.data[row][name]
        if name in model.parameters and (not batch or name not in model.system.updates):
            return self.start[name]
        equation = model.equation(name)
        if equation is None:
            raise KeyError(name)
        return value(equation, View(self, row))


class View(Quantities):
    """The quantities of made-up steps by name and lag, as one row sees them."""

    def __init__(self, oracle: Oracle, row: int) -> None:
        self.oracle, self.row = oracle, row

    def __getitem__(self, name: Name) -> Array:
        oracle = self.oracle
        shared = name.name in oracle.model.shared
        if not shared and not name.batch:
            row = self.row - name.lag
            if row == -1 and name.name in oracle.model.system.states:
                return np.zeros(TRIALS)
            if not 0 <= row < len(oracle.batch):
                raise KeyError(name)
            return oracle.known(name.name, row)
        batch = oracle.batch[self.row] - name.lag
        if batch == -1 and name.name in oracle.model.system.states:
            return np.zeros(TRIALS)
        if not 0 <= batch < len(oracle.first) - 1:
            raise KeyError(name)
        first, end = oracle.first[batch : batch + 2]
        if not name.batch:
            return oracle.known(name.name, first)
        return np.array([oracle.known(name.name, first if shared else row) for row in range(first, end)])

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        first, end = self.oracle.first[(batch := self.oracle.batch[self.row] - lag) : batch + 2]
        members = np.broadcast_to(members, (end - first, TRIALS))
        return OVER_BATCH[how](members.sum(axis=0), np.float64(end - first))  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Name]:
        return iter(())

    def __len__(self) -> int:
        return len(self.oracle.batch)

    def value(self, expression: Expression) -> Array | None:
        """An expression's value; None where it uses something that made-up steps do not have."""
        try:
            return np.broadcast_to(value(expression, self), (TRIALS,))
        except KeyError:
            return None


def same(x: Array, y: Array, relative: float = SAME) -> bool:
    """Whether two results are the same in every trial. Where neither is a number, nothing is known."""
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any() or (np.isfinite(x) != np.isfinite(y)).any():
        return False
    scale = np.maximum(np.abs(x), np.abs(y))[both]
    return bool((np.abs(x - y)[both] <= relative * scale + 1e-14).all())


__all__ = ["SAME", "TRIALS", "Oracle", "View", "same"]
