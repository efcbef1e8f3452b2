"""Made-up steps of a right network, which distinguish two formulas: equal there, equal always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from tracer.formulas.notation.numpy import OVER_BATCH, Array, Quantities, value
from tracer.formulas.primitives import unrounded
from tracer.formulas.tree import Expression, Name
from tracer.grading.network.model import Model
from tracer.grading.network.place import ALONE, Place
from tracer.grading.network.plan import Plan
from tracer.model import naming

TRIALS = 12
BEFORE, FEWEST_BEFORE = 6, 2
"""Rows that are known before the one looked at, and batches, where these have several rows. One batch is known beyond:
a formula may use the next row."""
TINY = 1e-4
"""A setting that is no larger only avoids a division by zero."""
SAME = 1e-9
"""Relative tolerance of values of the same formula."""


class Oracle:
    """Made-up steps of a right network: a row per sample, the batches as large as around one place of a table.

    Inputs and targets change from row to row, but for those in `constant`, so that no two quantities are equal by
    chance; those in `given` have the values given. Where none are, η is drawn too, and a setting as small as Adam's ε,
    whose place in a formula would not show.
    """

    def __init__(self, model: Model, given: Mapping[str, float], constant: frozenset[str], place: Place) -> None:
        self.model = model
        self.home = max(FEWEST_BEFORE, BEFORE // place.before) if place.before else 0
        self.plan = Plan((*(place.before,) * self.home, place.own, place.after), model.shared)
        drawn = np.random.default_rng(20_250)
        rate: Array = drawn.uniform(0.002, 0.03, TRIALS)  # small: the networks stay as varied as they were drawn
        data = [{name: drawn.uniform(0.15, 0.95, TRIALS) for name in model.system.data} for _ in self.plan.batch]
        self.start: dict[str, Array] = {
            p.name: drawn.uniform(0.2, 0.9, TRIALS) * drawn.choice([-1.0, 1.0], TRIALS) for p in model.system.parameters
        }
        self.data = [row | {name: x for name, x in data[0].items() if name in constant} for row in data]
        numbers = {name: np.full(TRIALS, number) for name, number in {**model.system.hyper, **given}.items()}
        if not given:
            tiny = [name for name, number in model.system.hyper.items() if 0 < number <= TINY]
            numbers |= {name: drawn.uniform(0.01, 0.1, TRIALS) for name in tiny}
        self.states = {  # anything before a step other than the first, so that none is equal to another by chance
            name: drawn.uniform(0.2, 0.9, TRIALS) if place.before else np.full(TRIALS, float(number))
            for name, number in model.system.states.items()
        }
        self.given: dict[str, Array] = {naming.ETA: rate} | numbers
        if model.equation(naming.ETA) is not None:  # a schedule
            del self.given[naming.ETA]
        self._known: dict[tuple[str, int], Array] = {}

    def at(self, position: int = 0) -> View:
        """The quantities as a formula in that row of the batch looked at sees them."""
        return View(self, int(self.plan.starts[self.home]) + position)

    def known(self, name: str, row: int) -> Array:
        """A quantity in a row (what there is once a batch: in its first row), a value a trial. Raises KeyError."""
        known = self._known.get((name, row))
        if known is None:
            known = self._known[name, row] = self._compute(name, row)
        return known

    def _compute(self, name: str, row: int) -> Array:
        model, batch = self.model, int(self.plan.batch[row])
        if name in self.given:
            return self.given[name]
        if name in (naming.ITERATION, naming.COUNT):
            return np.full(TRIALS, float(batch + (model.first if name == naming.ITERATION else 1)))
        if name in self.data[0]:
            return self.data[row][name]
        if name in model.parameters and (not batch or name not in model.system.updates):
            return self.start[name]
        equation = model.equation(name)
        if equation is None:
            raise KeyError(name)
        return np.broadcast_to(value(equation, View(self, row)), (TRIALS,))


@lru_cache(maxsize=64)
def made_up(
    model: Model,
    constant: frozenset[str] = frozenset(),
    place: Place = ALONE,
    given: frozenset[tuple[str, float]] = frozenset(),
) -> Oracle:
    """The made-up steps of a network, once for all tables that show it and workbooks that hold them.

    given: names and numbers.
    """
    return Oracle(model, dict(given), constant, place)


class View(Quantities):
    """The quantities of made-up steps by name and lag, as one row sees them."""

    def __init__(self, oracle: Oracle, row: int) -> None:
        self.oracle, self.row = oracle, row

    def __getitem__(self, name: Name) -> Array:
        oracle = self.oracle
        rows = oracle.plan.rows(name, self.row)
        if not rows:
            if rows.start == -1 and name.name in oracle.states:
                return oracle.states[name.name]
            raise KeyError(name)
        if not name.batch:
            return oracle.known(name.name, rows[0])
        shared = name.name in oracle.model.shared
        return np.array([oracle.known(name.name, rows[0] if shared else row) for row in rows])

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        size = len(self.oracle.plan.rows(Name("", lag, True), self.row))
        members = np.broadcast_to(members, (size, TRIALS))
        return OVER_BATCH[how](members.sum(axis=0), np.float64(size))  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Name]:
        return iter(())

    def __len__(self) -> int:
        return len(self.oracle.plan.batch)

    def value(self, expression: Expression) -> Array | None:
        """An expression's value without its roundings; None if it uses a quantity that made-up steps do not have."""
        try:
            return np.broadcast_to(value(unrounded(expression), self), (TRIALS,))
        except KeyError:
            return None


def same(x: Array, y: Array, relative: float = SAME) -> bool:
    """Whether two results are the same in every trial. If neither is a number, nothing is known."""
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any() or (np.isfinite(x) != np.isfinite(y)).any():
        return False
    scale = np.maximum(np.abs(x), np.abs(y))[both]
    return bool((np.abs(x - y)[both] <= relative * scale + 1e-14).all())
