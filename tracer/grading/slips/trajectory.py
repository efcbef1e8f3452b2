"""The whole trajectory from a table's first row: the right one, and the one that a single mistake leads to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.execution.interpreter import Formula, formula_of
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.tree import Expression, Name, names
from tracer.grading.network.model import Model
from tracer.grading.network.plan import Plan
from tracer.grading.network.series import Rows
from tracer.grading.sheet.spelling import NEXT
from tracer.model import naming

History = list[dict[str, float]]
"""The quantities of every row. What there is once a batch stands in the first row of the batch."""


Instead = Mapping[str, Mapping[int, Expression]]
"""Formulas in place of the right ones: quantity → row → formula, its lags as `plan.counted` counts them."""


def walked(
    model: Model,
    rows: Rows,
    eta: float,
    instead: Instead | None = None,
    own: Mapping[str, Expression] | None = None,
    moved: Mapping[str, float] | None = None,
) -> History | None:
    """The parameters and the loss in every row of the table, and what they are made of, from its first weights, with
    its inputs and targets.

    instead: formulas in place of the right ones; where one leads out of the table, the right one holds. own: the
    table's own forms of right formulas. moved: what is added to first weights. None where the table does not give what
    the run needs, or where a formula needs itself; a run that meets a number without a value ends there.
    """
    instead, own = instead or {}, own or {}
    known = {equation.quantity for equation in model.system.equations} | model.system.updates.keys()
    known |= {n.name for formula in own.values() for n in names(formula)}
    if any(name not in known for name in instead):
        return None
    try:
        history = _Walk(model, rows, eta, instead, own, moved or {}).history()
    except (LookupError, SyntaxError, RecursionError):
        return None
    loss = model.system.curve
    return history if all(math.isfinite(now[loss]) for now in history if loss in now) else None


@dataclass(slots=True)
class _Walk:
    """A run, computed as its formulas need each other: a formula may use the next row. under_way: what is being
    computed, so that a circle is noticed."""

    model: Model
    rows: Rows
    eta: float
    instead: Instead
    own: Mapping[str, Expression]
    moved: Mapping[str, float]
    values: History = field(init=False)
    plan: Plan | None = field(init=False)
    right: dict[str, Formula] = field(default_factory=dict)
    under_way: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        system = self.model.system
        self.plan = self.rows.plan
        end = self.rows.steps
        if self.plan and not self.plan.whole:
            end = int(self.plan.starts[-1])
        data = {name: self.rows[Name(name)].tolist() for name in system.data}
        given = dict(system.hyper) | ({} if self.model.equation(naming.ETA) else {naming.ETA: self.eta})
        self.values = [given | {name: column[row] for name, column in data.items()} for row in range(end)]

    def history(self) -> History:
        """All rows. Raises LookupError where something is missing."""
        order = self._order()
        for row in range(self._begin(), len(self.values)):
            last = row == self._same(row)[-1]
            try:
                for name in order:
                    if last or name in self.model.parameters or name not in self.model.shared:
                        self.value(name, row)
            except NO_NUMBER:
                del self.values[row:]
                break
        if not self.values:
            raise LookupError
        return self.values

    def _order(self) -> list[str]:
        """What is needed for the parameters and the loss, in an order in which little waits for what comes later."""
        system = self.model.system
        pending = [*(p.name for p in system.parameters), system.curve, *self.instead]
        needed: set[str] = set()
        given = {*system.data, *system.hyper, naming.ETA, naming.ITERATION, naming.COUNT}
        while pending:
            name = pending.pop()
            if name in needed or name in given or (name in self.model.parameters and name not in system.updates):
                continue
            needed.add(name)
            formulas = {self._formula(name), *self.instead.get(name, {}).values()}
            pending += [n.name for formula in formulas for n in names(formula)]
        needed |= {p.name for p in system.parameters}
        known = [*(p.name for p in system.parameters), *(e.quantity for e in system.equations)]
        return [name for name in known if name in needed] + sorted(needed - set(known))

    def _begin(self) -> int:
        """The row that the run begins with, after the first parameters were put in: the second one, where the first one
        holds the weights after their update."""
        begin = 0
        for parameter in self.model.system.parameters:
            for name in (parameter.name, parameter.name + NEXT):
                first = float(self.rows[Name(name)][0]) if self.values else math.nan
                if math.isfinite(first):
                    self.values[0][name] = first + self.moved.get(parameter.name, 0.0)
                    begin = max(begin, int(name != parameter.name))
                    break
            else:
                raise LookupError(parameter.name)
        if any(not math.isfinite(number) for now in self.values[begin:] for number in now.values()):
            raise LookupError
        return begin

    def value(self, name: str, row: int) -> float:
        """A quantity in a row; what there is once a batch, in any of its rows."""
        row = self._same(row)[0] if name in self.model.shared else row
        now = self.values[row]
        if name not in now:
            if (name, row) in self.under_way:
                raise LookupError(f"{name} needs itself")
            self.under_way.add((name, row))
            now[name] = self._computed(name, row)
            self.under_way.discard((name, row))
        return now[name]

    def _computed(self, name: str, row: int) -> float:
        if name in (naming.ITERATION, naming.COUNT):
            return self._batch(row) + 1.0
        if name in self.model.parameters and name not in self.model.system.updates:
            return self.values[0][name]
        others = self.instead.get(name, {})
        for at in self._same(row) if name in self.model.shared else (row,):
            if at in others:
                formula = formula_of(others[at])
                if all(self._is_there(needed, at) for needed in formula.needed):
                    return self._of(formula, at)
        if name not in self.right:
            self.right[name] = formula_of(self._formula(name))
        return self._of(self.right[name], row)

    def _formula(self, name: str) -> Expression:
        """The right formula, as the table computes it."""
        if name in self.own:
            return self.own[name]
        if name in self.model.system.updates and name + NEXT in self.rows.columns:
            return Name(name + NEXT, 1)
        formula = self.model.equation(name)
        if formula is None:
            raise LookupError(name)
        return formula

    def _is_there(self, needed: Name, row: int) -> bool:
        """Whether a reference leads to a row of the table."""
        return 0 <= self._row(needed, row) < len(self.values)

    def _of(self, formula: Formula, row: int) -> float:
        return float(formula.value(*[self._taken(name, row) for name in formula.needed]))

    def _taken(self, name: Name, row: int) -> float | list[float]:
        """What a name stands for in a formula of that row: a number, or those of all rows of a batch."""
        at = self._row(name, row)
        if self.plan is None and 0 <= at < len(self.values):
            known = self.values[at].get(name.name)
            return self.value(name.name, at) if known is None else known
        if at < 0 and name.name in self.model.system.states:
            return 0.0
        if not 0 <= at < len(self.values):
            raise LookupError(name.name)
        if name.batch and self.plan:
            return [self.value(name.name, other) for other in self._same(at)]
        return self.value(name.name, at)

    def _row(self, name: Name, row: int) -> int:
        """The row that a name means in a formula of that row, of a batch the first one; −1 before the first batch."""
        if self.plan is None or (name.name not in self.model.shared and not name.batch):
            return row - name.lag
        batch = self._batch(row) - name.lag
        if not 0 <= batch < len(self.plan.sizes):
            return -1 if batch < 0 else len(self.values)
        return int(self.plan.starts[batch])

    def _batch(self, row: int) -> int:
        return int(self.plan.batch[row]) if self.plan else row

    def _same(self, row: int) -> range:
        """The rows of the batch that a row belongs to."""
        if self.plan is None:
            return range(row, row + 1)
        first, size = int(self.plan.starts[self._batch(row)]), self.plan.sizes[self._batch(row)]
        return range(first, first + size)
