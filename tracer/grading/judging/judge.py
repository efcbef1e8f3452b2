"""Compares every cell of a table with what its own row implies.

A formula is judged as a formula: read into quantities, it has to equal the right one at made-up steps. A value without
a formula, or with one that cannot be read, is judged by the row's other values, as exactly as these are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tracer.formulas.notation.numpy import Array, Flags, value
from tracer.formulas.paths import nodes
from tracer.formulas.primitives import rounded
from tracer.formulas.tree import Expression, Name, Number, distinct, names, with_names
from tracer.grading.book.cells import Cell, Fault, Position
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.judging.demand import Demand
from tracer.grading.judging.findings import Kind
from tracer.grading.judging.normalization import normalized
from tracer.grading.judging.rate import labeled_rates
from tracer.grading.network.oracle import View, made_up, same
from tracer.grading.network.place import ALONE, Place
from tracer.grading.network.plan import Plan, counted
from tracer.grading.network.understanding import Understood
from tracer.model import naming


@dataclass(frozen=True, slots=True)
class Wrong:
    """Wrong cells of a quantity that belong together.

    step: the one that stands for all of them: the last one, of the largest batches. reading: its formula in quantities,
    where there is one. theirs, right: the values of the whole column.
    """

    quantity: str
    kind: Kind
    steps: tuple[int, ...]
    step: int
    reading: Expression | None
    theirs: Array
    right: Array


class Standing(Enum):
    """The status of a cell that is not a mistake."""

    RIGHT = "right"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class JudgedColumn:
    """A judged column. known: whether any of it could be judged. right: which values are right."""

    known: bool
    wrong: list[Wrong]
    right: Flags


class Formula(NamedTuple):
    """The formula of a cell. reading: in quantities; None if there is none, or it cannot be read. right: whether it
    is the right one; None if unknown."""

    reading: Expression | None = None
    right: bool | None = None


class Judge:
    """The context for judging a table, with a cache of its formulas.

    demand: what the table's rows demand. eta: the learning rate, if known. passed_over: cells that are not
    judged again. rates: all learning rates that are labeled on the sheet.
    """

    def __init__(
        self, shown: Understood, demand: Demand, eta: float | None, passed_over: frozenset[Position] = frozenset()
    ) -> None:
        self.shown, self.found, self.sheet, self.table = shown, shown.found, shown.sheet, shown.table
        self.rows, self.model, self.translator = shown.rows, shown.model, shown.translator
        self.demand, self.eta, self.passed_over = demand, eta, passed_over
        self.rates: Mapping[Position, float] = labeled_rates(shown.sheet)
        self._other_rates: dict[int, Position | None] = {}
        self._known: dict[tuple[str, int, Place, frozenset[Name]], Formula] = {}
        self._rightness: dict[tuple[str, Expression, Place], bool | None] = {}

    def place(self, step: int, name: str = "") -> Place:
        """The place of a row in its batch; that of the first iteration for what is computed from states before it."""
        place = self.rows.plan.place(step) if self.rows.plan else ALONE
        is_first = step < (self.rows.plan.sizes[0] if self.rows.plan else 1)
        return place._replace(before=0) if is_first and self.rows.start and name in self.model.from_before else place

    def made_up(self, place: Place, given: bool = False) -> View:
        """Made-up steps as a row at that place sees them. given: with the table's own constants and learning rate, by
        which typed numbers are recognized."""
        numbers = self._given if given else frozenset[tuple[str, float]]()
        return made_up(self.model, self.translator.constant, place._replace(position=0), numbers).at(place.position)

    @cached_property
    def _given(self) -> frozenset[tuple[str, float]]:
        rows, frozen = self.rows, self.model.parameters - self.model.system.updates.keys()
        numbers = {name: float(rows[Name(name)][0]) for name in self.translator.constant if name in rows.names}
        numbers |= {name: number for name, number in rows.scalars.items() if name in frozen}
        numbers[naming.ETA] = 0.5 if self.eta is None else self.eta
        return frozenset(numbers.items())

    def as_computed(self, formula: Expression) -> Expression:
        """A formula as the table computes it: with its roundings if everything is rounded, without them otherwise."""
        by_hand = self.demand.exactness.by_hand
        return normalized(formula) if by_hand is None else rounded(formula, by_hand)

    # ------------------------------------------------------------------------------------------------ formulas

    def is_right(self, name: str, theirs: Expression, place: Place = ALONE) -> bool | None:
        """Whether a formula is the right one; None if made-up steps cannot decide it."""
        key = (name, theirs, place)
        if key not in self._rightness:
            self._rightness[key] = self._compare(name, normalized(theirs), place)
        return self._rightness[key]

    def _compare(self, name: str, theirs: Expression, place: Place) -> bool | None:
        target, made_up, as_given = Name(name), self.made_up(place), self.made_up(place, given=True)
        ours, given = made_up.value(theirs), made_up.value(target)
        if ours is None or given is None:
            return None
        if same(ours, given):
            return True
        typed = as_given.value(theirs)
        in_theirs = {n.name for n in names(theirs)}
        forms = self.demand.forms(name)
        uses_all = any({n.name for n in names(form)} <= in_theirs for form in forms)
        if typed is not None and not uses_all and same(typed, as_given[target]):
            return True
        return False if np.isfinite(ours).any() else None

    def home(self, name: str, place: Place = ALONE) -> int:
        """The lag of the row that a quantity is computed from; of the batch, for quantities shared by a batch."""
        forms = self.demand.forms(name)
        if not forms or self.is_carried_on(name, place):
            return 0
        return min((n.lag for n in names(forms[0]) if n.name != naming.ETA), default=0)

    def is_carried_on(self, name: str, place: Place) -> bool:
        """Whether a parameter must equal that of the row above, in the same batch."""
        return place.position > 0 and name in self.model.parameters

    # ------------------------------------------------------------------------------------------------- columns

    def column(self, name: str) -> JudgedColumn:
        """Compare every cell of a quantity with what its row implies."""
        theirs, places = self.rows.columns[name], self.table.series[name]
        right, known, best = self.demand.agrees(name, theirs)
        groups: dict[tuple[Kind, str], list[int]] = {}
        judged = False
        for step, cell in enumerate(self.found.of(name)):
            if (
                cell is None
                or step < self.demand.first_step(name)
                or places[step] in self.passed_over
                or self._lacks_rows(name, step)
                or (isinstance(cell.value, str) and not isinstance(cell.value, Fault))
            ):
                continue
            status, group = self._status(name, step, cell, bool(right[step]), bool(known[step]))
            judged |= status is not Standing.UNKNOWN
            if isinstance(status, Kind):
                groups.setdefault((status, group), []).append(step)
        wrong = []
        for (kind, _), steps in groups.items():
            step = max(steps, key=lambda s: (self.place(s).own, s))
            reading = self.formula(name, step)[0] if kind is Kind.FORMULA else None
            wrong.append(Wrong(name, kind, tuple(steps), step, reading, theirs, best))
        return JudgedColumn(judged, wrong, right & known)

    def _status(self, name: str, step: int, cell: Cell, right: bool, known: bool) -> tuple[Kind | Standing, str]:
        """The status of a cell, and the key that it shares with cells that are wrong in the same way."""
        place, is_error = self.table.series[name][step], isinstance(cell.value, Fault)
        reading, verdict = self.formula(name, step)
        copied = self.translator.relative(cell.formula) if cell.formula is not None else ""
        if verdict is False:
            if not is_error and self._is_carried(name, reading):
                return Standing.UNKNOWN, ""
            takes_other = not is_error and name in self.taking_rate and self.other_rate(step)
            return (Standing.RIGHT, "") if takes_other else (Kind.FORMULA, copied)
        if is_error:
            begins = self.begins(place, cell)
            is_own = (known and begins) if verdict else (known or begins)
            return Kind.ERROR if is_own else Standing.UNKNOWN, ""
        if verdict is True:
            return Kind.STALE if known and not right and not self._follows(place, step, cell) else Standing.RIGHT, ""
        if not known or (cell.value is None and cell.formula is not None):
            return Standing.UNKNOWN, ""
        if right:
            return Standing.RIGHT, ""
        return (Kind.VALUE, "") if cell.formula is None else (Kind.FORMULA, copied)

    def begins(self, place: Position, cell: Cell) -> bool:
        """Whether an error originates in a cell: it has a formula, and no cell that this refers to is an error or
        has no value."""
        if cell.formula is None:
            return False
        needs = [self.sheet.cells.get(other) for other in self.translator.references(place, cell.formula)]
        return not any(cell is not None and (cell.value is None or isinstance(cell.value, Fault)) for cell in needs)

    def formula(self, name: str, step: int) -> Formula:
        """The formula of a quantity's cell; analyzed once for all cells that it was copied to."""
        at = self.table.series[name][step]
        cell = self.sheet.cells.get(at)
        if cell is None or cell.formula is None:
            return Formula()
        try:
            as_written = self.translator.read(at, step)
        except UnknownFormula:
            return Formula()
        place, plan = self.place(step, name), self.rows.plan
        empty = self._empty(as_written, step, plan) if plan else frozenset[Name]()
        key = (name, id(as_written), place, empty)  # the translator keeps what it has read
        if key not in self._known:
            in_batches = counted(as_written, place, self.model.shared, empty) if plan else as_written
            reading = self._settled(name, in_batches, self.home(name, place))
            self._known[key] = Formula(reading, self.is_right(name, reading, place))
        return self._known[key]

    def _empty(self, formula: Expression, step: int, plan: Plan) -> frozenset[Name]:
        """The quantities that a row's formula takes from an empty cell although another row of that batch has them."""
        columns = self.rows.columns
        return frozenset(
            name
            for name in distinct(formula)
            if name.name in plan.shared and name.name in columns and 0 <= (row := step - name.lag) < self.rows.steps
            if np.isnan(columns[name.name][row]) and np.isfinite(self.rows[Name(name.name)][row])
        )

    def _lacks_rows(self, name: str, step: int) -> bool:
        """Whether a quantity depends on rows of its batch that the table does not have."""
        plan = self.rows.plan
        return plan is not None and name in plan.shared - self.model.parameters and not plan.is_whole(step)

    def _settled(self, name: str, reading: Expression, home: int) -> Expression:
        """The formula, what is the same in all rows counted to the row that it is computed from, and a typed learning
        rate as η."""
        constant = self.translator.constant | ({naming.ETA} & self.rows.scalars.keys())
        by = {n: Name(n.name, home) for n in set(names(reading)) if n.name in constant and n.lag != home}
        if by:
            reading = with_names(reading, by)
        reading = with_names(reading, self._settings(name))
        if self.eta is not None and name in self.taking_rate and not _uses_rate(reading):
            return with_names(reading, {Number(self.eta): Name(naming.ETA, home)})
        return reading

    def _settings(self, name: str) -> dict[Number, Expression]:
        """Typed numbers that stand for settings of the run, 0.9 for beta1, in the formula of a quantity."""
        hyper, forms = self.model.system.hyper, self.demand.forms(name)
        own = {node.value for form in forms for _, node in nodes(form) if isinstance(node, Number)}
        values = [*hyper.values(), self.eta]
        return {Number(x): Name(n) for n, x in hyper.items() if values.count(x) == 1 and x not in own} if hyper else {}

    @cached_property
    def taking_rate(self) -> frozenset[str]:
        """The columns that use the learning rate."""
        demanded = ((name, form) for name in self.rows.columns for form in self.demand.forms(name)[:1])
        return frozenset(name for name, form in demanded if _uses_rate(form))

    def with_rate(self, name: str, reading: Expression, number: float) -> Expression:
        """A formula with η in place of a number."""
        return with_names(reading, {Number(number): Name(naming.ETA, self.home(name))})

    def other_rate(self, step: int) -> Position | None:
        """The cell of another labeled learning rate that all updates of a step use."""
        if step not in self._other_rates:
            rates = [self._rate_of(name, step) for name in self.taking_rate if step >= self.demand.first_step(name)]
            self._other_rates[step] = rates[0] if rates and all(rate == rates[0] for rate in rates) else None
        return self._other_rates[step]

    def _rate_of(self, name: str, step: int) -> Position | None:
        """The cell of another labeled learning rate with which a formula is right."""
        place = self.table.series[name][step]
        cell = self.sheet.cells.get(place)
        reading, verdict = self.formula(name, step)
        if cell is None or cell.formula is None or reading is None or verdict is not False:
            return None
        return next(
            (
                at
                for at in self.translator.references(place, cell.formula)
                if at in self.rates and self.is_right(name, self.with_rate(name, reading, self.rates[at]))
            ),
            None,
        )

    def _is_carried(self, name: str, reading: Expression | None) -> bool:
        """Whether a weight is only carried over from the previous row, as between the samples of a batch."""
        samples = set(self.model.system.data) - self.translator.constant
        if self.rows.plan:
            return False
        return name in self.model.parameters and bool(samples) and reading == Name(name, self.home(name))

    def _follows(self, place: Position, step: int, cell: Cell) -> bool:
        """Whether a cell's value is the result of its formula."""
        if cell.number is None:
            return True
        rows, reading = self.rows.by_row(), self.translator.read(place, step)
        ours = np.broadcast_to(value(reading, rows), (rows.steps,))
        room = self.demand.allowed(reading, ours, rows)[step]
        return not np.isfinite(ours[step]) or bool(abs(ours[step] - cell.number) <= 10 * room)


def _uses_rate(formula: Expression) -> bool:
    return any(n.name == naming.ETA for n in names(formula))
