"""The right formula of every quantity, given its row, and how much a value may deviate from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.notation.numpy import Array, Flags, value
from tracer.formulas.paths import nodes
from tracer.formulas.primitives import ROUND, unrounded
from tracer.formulas.tree import Call, Expression, Name, Number, add, names
from tracer.formulas.tree import replace as substitute
from tracer.grading.judging.exactness import HALF, Exactness
from tracer.grading.network.model import Model
from tracer.grading.network.series import Rows
from tracer.model import naming

NEAR = 1e-15
"""Absolute tolerance of equal numbers."""
FEWEST_CUT_OFF = 4
"""Minimum number of rounded columns that contradict their rows for truncation to be considered."""


@dataclass(slots=True)
class Demand:
    """tolerance: relative, of values that are known exactly. exactness: of the table's numbers. computing: the model
    with the roundings of hand arithmetic."""

    model: Model
    rows: Rows
    tolerance: float
    exactness: Exactness
    computing: Model = field(init=False)
    _forms: dict[tuple[str, int | None], list[Expression]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_hand = self.exactness.by_hand
        self.computing = self.model if by_hand is None else self.model.rounded(by_hand)
        if by_hand is None:
            self._detect_truncation()

    def _detect_truncation(self) -> None:
        """Treat rounded values as truncated if they are consistent only then."""
        contradicting = self._contradicting()
        if contradicting >= FEWEST_CUT_OFF and 3 * contradicting > len(self.exactness.roundings):
            rounded, self.exactness = self.exactness, self.exactness.cut_off()
            if 3 * self._contradicting() > contradicting:
                self.exactness = rounded

    def _contradicting(self) -> int:
        """The number of rounded columns that disagree with their rows."""
        count = 0
        for name in self.exactness.roundings:
            right, known, _ = self.agrees(name, self.rows.columns[name])
            count += bool((known & ~right & np.isfinite(self.rows.columns[name]))[self.first_step(name) :].any())
        return count

    def first_step(self, name: str) -> int:
        """The first step in which a quantity is judged: a parameter's first value is given, and what refers to the
        iteration before is known there only where the states start."""
        if name in self.model.from_before and self.rows.start:
            return 0
        if self.rows.plan and name in self.model.from_before:
            return self.rows.plan.sizes[0]
        return self.model.first_step(name)

    def forms(self, name: str) -> list[Expression]:
        """The right formula, first in terms of the nearest quantities of the table, then of the forward pass, or from
        the samples of the batch."""
        return self._forms_of(self.model, name)

    def _forms_of(self, model: Model, name: str) -> list[Expression]:
        key = (name, model.decimals)
        if key in self._forms:
            return self._forms[key]
        present = self.rows.names
        after, change = naming.after_update(name), naming.change(name)
        kinds = {*model.parameters, *map(naming.after_update, model.parameters), *model.forward, *model.system.data}
        kinds.add(naming.ETA)
        further = present & kinds
        if name in model.shared:  # the sums and means over the batch spelled out, as an update may have them
            further = present - {equation.quantity for equation in model.reductions}
        found = [model.in_terms_of(name, present), model.in_terms_of(name, further)]
        if name in model.parameters and after in present:
            found.append(model.in_terms_of(name, present - {after}))
        if name in model.parameters and change in present:
            found.append(model.after_step(name))
        forms = dict.fromkeys(form for form in found if form is not None)
        self._forms[key] = [model.by_own_count(form) for form in forms] if naming.ITERATION in present else [*forms]
        return self._forms[key]

    def allowed(self, form: Expression, ours: Array, rows: Rows | None = None) -> Array:
        """The allowed deviation of a value: the tolerance, and the uncertainty of the row's values."""
        rows = rows or self.rows
        room = self.tolerance * np.abs(ours) + NEAR
        for name in dict.fromkeys(names(form)):
            if name.name in self.exactness.slack:
                apart = replace(rows, columns={name.name: self.exactness.slack[name.name]}, scalars={})[name]
                moved = value(form, rows.with_array(name, rows[name] + apart))
                room = room + np.nan_to_num(np.abs(moved - ours))
        return room

    def _of_rounded_factors(self, form: Expression) -> Array:
        """How far the roundings inside a form may move its value; a person may round other factors."""
        inner = {node for path, node in nodes(form) if path and isinstance(node, Call) and node.function == ROUND}
        bare, half = value(unrounded(form), self.rows), Number(HALF * 10.0 ** -(self.computing.decimals or 0))
        room = np.zeros(self.rows.steps)
        for node in inner:
            moved = value(unrounded(substitute(form, {node: add(node, half)})), self.rows)
            room = room + np.nan_to_num(np.abs(moved - bare))
        return room

    def agrees(self, name: str, theirs: Array) -> tuple[Flags, Flags, Array]:
        """For every step: whether the value agrees with one of the forms, whether that is known, the right value."""
        right = np.zeros(len(theirs), bool)
        known = np.zeros(len(theirs), bool)
        best = np.full(len(theirs), np.nan)
        own = self.exactness.slack.get(name, np.zeros(len(theirs)))
        for form in self._forms_of(self.computing, name):
            ours = np.broadcast_to(value(form, self.rows), theirs.shape)
            finite = np.isfinite(ours)
            best = np.where(np.isnan(best) & finite, ours, best)
            known |= finite
            close = np.abs(theirs - ours) <= self.tolerance * np.abs(ours) + NEAR + own
            if not close[finite].all():
                bare = unrounded(form)
                ours = np.broadcast_to(value(bare, self.rows), theirs.shape)
                close |= np.abs(theirs - ours) <= self.allowed(bare, ours) + own + self._of_rounded_factors(form)
            right |= close & finite
        if self.rows.plan and name in self.rows.plan.shared:  # the same as in the row above, of the same batch
            above = np.where(np.diff(self.rows.plan.batch, prepend=-1) == 0, self.rows.by_row()[Name(name, 1)], np.nan)
            right |= np.abs(theirs - above) <= self.tolerance * np.abs(above) + NEAR + own
            known |= np.isfinite(above)
        return right, known, best
