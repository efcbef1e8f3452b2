"""How well a network fits the numbers of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.notation.numpy import Array, Quantities, value
from tracer.formulas.tree import Expression, Name
from tracer.grading.network.model import Model
from tracer.grading.network.plan import Plan, plan_of
from tracer.grading.network.series import Rows, Steps
from tracer.model import naming

TIGHT, LOOSE = 1e-8, 2e-3
"""Relative tolerance of values that support a network; the second for rounded values."""
MOST_DECIMALS = 8
"""Of numbers that are known to be rounded."""
SAMPLED = 6
"""Maximum steps that are examined."""


def fit(model: Model, rows: Rows) -> dict[str, float]:
    """For every column that can be judged: the share of its values that are right; rounded ones count a
    little less.

    Each column is computed at most twice, in SAMPLED steps: from the nearest quantities that the table shows, and from
    given ones.
    """
    steps = _sampled(rows.steps)
    picked = replace(rows, only=steps, plan=rows.plan or plan_for(model, rows))
    given = frozenset((*(model.parameters & rows.names), *rows.scalars, *(rows.names & set(model.system.data))))
    views = _Completed(model, picked, rows.names), _Completed(model, picked, given)
    shares: dict[str, float] = {}
    computed = [name for name in rows.columns if model.equation(name) is not None]
    unit = _last_unit([rows.columns[name][int(name in model.parameters) :] for name in computed])
    for name in computed:
        theirs = rows.columns[name][steps]
        if np.isnan(theirs).all():
            continue
        for view in views:
            ours = np.broadcast_to(view.right(name), theirs.shape)
            judged = np.isfinite(ours) & np.isfinite(theirs)
            telling = judged & ((ours != 0) | (theirs != 0))  # whatever the network, an input of 0 gives gradients of 0
            judged = telling if telling.any() else judged
            if judged.any():
                shares[name] = max(shares.get(name, 0.0), _share(theirs[judged], ours[judged], unit))
            if shares.get(name, 0.0) == 1.0:
                break
    return shares


def plan_for(model: Model, rows: Rows) -> Plan | None:
    """The batches that the rows of a table make up, where a batch has several."""
    if not model.shared or not rows.steps:
        return None
    return plan_of(model.system.batches, model.shared, rows.steps, rows.columns.get(naming.ITERATION))


@dataclass(frozen=True, eq=False)
class _Completed(Quantities):
    """The numbers of a table, and those that are not `present`, computed from these by the network's equations."""

    model: Model
    rows: Rows
    present: frozenset[str]
    _known: dict[Name, Array] = field(default_factory=dict)

    def right(self, name: str) -> Array:
        """The values that the model implies for a quantity with an equation."""
        equation = self.model.nearest(name, self.present)
        assert equation is not None
        return value(equation, self)

    def __getitem__(self, name: Name) -> Array:
        known = self._known.get(name)
        if known is None:
            made_of: Expression | None = self.model.in_place_of(name, self.present)
            known = self._known[name] = self.rows[name] if made_of is None else value(made_of, self)
        return known

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        return self.rows.over_batch(how, lag, members)

    def __iter__(self) -> Iterator[Name]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _sampled(steps: int) -> Steps:
    if steps <= SAMPLED:
        return np.arange(steps)
    return np.unique(np.r_[0:3, np.linspace(3, steps - 1, SAMPLED - 3).astype(int)])


def _last_unit(computed: Sequence[Array]) -> float:
    """A unit of the last decimal of numbers that are all rounded to a few decimals; 0 if they are not."""
    numbers = np.concatenate([*computed, [0.0]])
    numbers = numbers[np.isfinite(numbers)]
    for decimals in range(1, MOST_DECIMALS + 1):
        scaled = numbers * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) <= 1e-14 * np.abs(scaled) + 1e-9).all():
            return float(10.0**-decimals)
    return 0.0


def _share(theirs: Array, ours: Array, unit: float) -> float:
    apart = np.abs(theirs - ours)
    scale = np.maximum(np.abs(theirs), np.abs(ours))
    tight, loose = apart <= TIGHT * scale + unit / 2 + 1e-13, apart <= LOOSE * scale + 1e-13
    return float(np.mean(np.where(tight, 1.0, np.where(loose, 0.9, 0.0))))
