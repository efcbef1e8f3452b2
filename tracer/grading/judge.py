"""Every cell of a table against what its own row demands.

A formula is judged as a formula: read into quantities, it has to equal the right one at made-up steps. A value without
a formula, or with one that cannot be read, is judged by the row's other values, as exactly as these are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tracer import naming
from tracer.expression import Expression, Name, Number, names
from tracer.grading.cells import Cell, Fault, Position, Sheet
from tracer.grading.exactness import Exactness
from tracer.grading.findings import Kind
from tracer.grading.formula import UnknownFormula
from tracer.grading.meant import as_meant
from tracer.grading.model import Model
from tracer.grading.numbers import Array, value
from tracer.grading.oracle import Oracle, same
from tracer.grading.series import Rows
from tracer.grading.spelling import NEXT, STEP
from tracer.grading.tables import Table
from tracer.grading.translate import Translator
from tracer.grading.tree import with_names, with_number

NEAR = 1e-15
"""Absolute: a difference that two equal numbers may have."""
FEWEST_CUT_OFF = 4
"""Rounded columns that contradict their rows, from which on cut off digits are thought of."""


Flags = npt.NDArray[np.bool_]
"""Yes or no for every step."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Wrong cells of a quantity that belong together. reading: their formula in quantities, where there is one. theirs,
    right: the values of the whole column."""

    quantity: str
    kind: Kind
    steps: tuple[int, ...]
    reading: Expression | None
    theirs: Array
    right: Array


@dataclass(frozen=True, slots=True)
class Judged:
    """A column. known: whether anything of it could be judged. right: which values are right."""

    known: bool
    wrong: list[Wrong]
    right: Flags


@dataclass(slots=True)
class Judge:
    """What judging a table needs, and what has been found out so far of formulas.

    tolerance: relative, of values that are known exactly. exactness: of the table's numbers. passed_over: cells that
    are not judged again. rates: all learning rates that are labelled on the sheet.
    """

    sheet: Sheet
    table: Table
    rows: Rows
    model: Model
    translator: Translator
    eta: float | None
    tolerance: float
    exactness: Exactness
    passed_over: frozenset[Position] = frozenset()
    rates: Mapping[Position, float] = field(default_factory=dict)
    oracle: Oracle = field(init=False)
    given_oracle: Oracle = field(init=False)
    _taking_rate: frozenset[str] | None = None
    _other_rates: dict[int, Position | None] = field(default_factory=dict)
    _known: dict[tuple[str, int], tuple[Expression, bool | None]] = field(default_factory=dict)
    _forms: dict[str, list[Expression]] = field(default_factory=dict)
    _rightness: dict[tuple[str, Expression], bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        eta = 0.5 if self.eta is None else self.eta  # where it is known, typed numbers are recognised by it
        given = {name: float(self.rows[Name(name)][0]) for name in self.translator.constant if self.rows.has(name)}
        own = {
            n: v
            for n, v in self.rows.scalars.items()
            if n in self.model.parameters and n not in self.model.system.updates
        }
        self.oracle = Oracle(self.model, {}, None, self.translator.constant)
        self.given_oracle = Oracle(self.model, given | own, eta, self.translator.constant)
        self._told_from_cut_off()

    def _told_from_cut_off(self) -> None:
        """Rounded values that contradict each other, and would not if their last digits were cut off, were cut off."""
        contradicting = self._contradicting()
        if contradicting >= FEWEST_CUT_OFF and 3 * contradicting > len(self.exactness.said):
            rounded, self.exactness = self.exactness, self.exactness.cut_off()
            if 3 * self._contradicting() > contradicting:
                self.exactness = rounded

    def _contradicting(self) -> int:
        """How many rounded columns are not what their rows demand."""
        count = 0
        for name in self.exactness.said:
            right, known, _ = self.agrees(name, self.rows.columns[name])
            count += bool((known & ~right & np.isfinite(self.rows.columns[name]))[self.model.first_step(name) :].any())
        return count

    # ------------------------------------------------------------------------------------------ the right value

    def forms(self, name: str) -> list[Expression]:
        """The right formula, first from the nearest quantities that the table has, then from the forward pass."""
        if name in self._forms:
            return self._forms[name]
        model, present = self.model, self.rows.names
        base = frozenset(
            q
            for q in present
            if q in model.parameters
            or q in model.forward
            or q in model.system.data
            or q == naming.ETA
            or q.endswith(NEXT)
        )
        found = [model.in_terms_of(name, present), model.in_terms_of(name, base)]
        if name in model.parameters and name + NEXT in present:
            found.append(model.in_terms_of(name, present - {name + NEXT}))
        if name in model.parameters and STEP + name in present:
            found.append(model.after_step(name))
        self._forms[name] = list(dict.fromkeys(form for form in found if form is not None))
        return self._forms[name]

    def allowed(self, form: Expression, ours: Array) -> Array:
        """How far a value may be from the right one: the tolerance, and what the row's values are known to."""
        room = self.tolerance * np.abs(ours) + NEAR
        for name in dict.fromkeys(names(form)):
            if name.name in self.exactness.slack:
                apart = Rows({name.name: self.exactness.slack[name.name]}, {}, self.rows.steps)[name]
                moved = value(form, self.rows.moved(name, apart))
                room = room + np.nan_to_num(np.abs(moved - ours))
        return room

    def agrees(self, name: str, theirs: Array) -> tuple[Flags, Flags, Array]:
        """For every step: whether the value is right in one of the forms, whether that can be told, the right value."""
        right = np.zeros(len(theirs), bool)
        known = np.zeros(len(theirs), bool)
        best = np.full(len(theirs), np.nan)
        own = self.exactness.slack.get(name, np.zeros(len(theirs)))
        for form in self.forms(name):
            ours = np.broadcast_to(value(form, self.rows), theirs.shape)
            finite = np.isfinite(ours)
            best = np.where(np.isnan(best) & finite, ours, best)
            known |= finite
            close = np.abs(theirs - ours) <= self.tolerance * np.abs(ours) + NEAR + own
            if not close[finite].all():
                close = np.abs(theirs - ours) <= self.allowed(form, ours) + own
            right |= close & finite
        return right, known, best

    # ------------------------------------------------------------------------------------------------ formulas

    def is_right(self, name: str, theirs: Expression) -> bool | None:
        """Whether a formula is the right one; None where that cannot be told at made-up steps."""
        key = (name, theirs)
        if key not in self._rightness:
            self._rightness[key] = self._compare(name, as_meant(theirs))
        return self._rightness[key]

    def _compare(self, name: str, theirs: Expression) -> bool | None:
        target = Name(name)
        ours, given = self.oracle.value(theirs), self.oracle.value(target)
        if ours is None or given is None:
            return None
        if same(ours, given):
            return True
        typed = self.given_oracle.value(theirs)
        in_theirs = {n.name for n in names(theirs)}
        forms = self.forms(name)
        uses_all = any({n.name for n in names(form)} <= in_theirs for form in forms)
        if typed is not None and not uses_all and same(typed, self.given_oracle[target]):
            return True
        return False if np.isfinite(ours).any() else None

    def home(self, name: str) -> int:
        """The lag of the row that a quantity is computed from."""
        forms = self.forms(name)
        return min((n.lag for n in names(forms[0]) if n.name != naming.ETA), default=0) if forms else 0

    # ------------------------------------------------------------------------------------------------- columns

    def column(self, name: str) -> Judged:
        """Every cell of a quantity against what its row demands."""
        places = self.table.series[name]
        cells = [self.sheet.cells.get(place) for place in places]
        theirs = self.rows.columns[name]
        right, known, best = self.agrees(name, theirs)
        first = self.model.first_step(name)
        groups: dict[tuple[str, object], list[int]] = {}
        readings: dict[tuple[str, object], Expression] = {}
        judged = False
        for step in range(first, len(places)):
            cell = cells[step]
            if (
                cell is None
                or places[step] in self.passed_over
                or (isinstance(cell.value, str) and not isinstance(cell.value, Fault))
            ):
                continue
            status, key, reading = self._status(name, cell, places[step], step, bool(right[step]), bool(known[step]))
            judged |= status != "unknown"
            if status not in ("right", "unknown"):
                groups.setdefault((status, key), []).append(step)
                if reading is not None:
                    readings[status, key] = reading
        wrong = [
            Wrong(name, Kind(status), tuple(steps), readings.get((status, key)), theirs, best)
            for (status, key), steps in groups.items()
        ]
        return Judged(judged, wrong, right & known)

    def _status(
        self, name: str, cell: Cell, place: Position, step: int, right: bool, known: bool
    ) -> tuple[str, object, Expression | None]:
        """(right, unknown or the kind of mistake, what belongs together, the formula in quantities)."""
        reading: Expression | None = None
        if cell.formula is not None:
            reading, verdict = self.judged(name, place, step)
            if isinstance(cell.value, Fault):
                if verdict is False:
                    return Kind.FORMULA, self.translator.relative(cell.formula), reading
                return (Kind.ERROR, "", None) if known else ("unknown", None, None)
            if verdict is True:
                wrong = known and not right and not self._follows(reading, step, cell)
                return (Kind.STALE, "", None) if wrong else ("right", None, None)
            if verdict is False and self._is_carried(name, reading):
                return "unknown", None, None
            if verdict is False and name in self.taking_rate and self.other_rate(step):
                return "right", None, None
            if verdict is False:
                return Kind.FORMULA, self.translator.relative(cell.formula), reading
        elif isinstance(cell.value, Fault):
            return (Kind.ERROR, "", None) if known else ("unknown", None, None)
        if not known:
            return "unknown", None, None
        if right:
            return "right", None, None
        if cell.formula is not None:
            return Kind.FORMULA, self.translator.relative(cell.formula), reading
        return Kind.VALUE, "", None

    def judged(self, name: str, place: Position, step: int) -> tuple[Expression | None, bool | None]:
        """The formula of a cell in quantities, and whether it is right; None where that cannot be told."""
        try:
            as_written = self.translator.read(place, step)
        except UnknownFormula:
            return None, None
        key = (name, id(as_written))  # the translator keeps what it has read
        if key not in self._known:
            reading = self._settled(name, as_written, self.home(name))
            self._known[key] = (reading, self.is_right(name, reading))
        return self._known[key]

    def _settled(self, name: str, reading: Expression, home: int) -> Expression:
        """The formula, what is the same in all rows counted to the row that it is computed from, and a typed learning
        rate as η."""
        constant = (
            {*self.translator.constant, naming.ETA} if naming.ETA in self.rows.scalars else self.translator.constant
        )
        by = {n: Name(n.name, home) for n in set(names(reading)) if n.name in constant and n.lag != home}
        if by:
            reading = with_names(reading, by)
        if self.eta is not None and name in self.taking_rate and not any(n.name == naming.ETA for n in names(reading)):
            return self.with_rate(name, reading, self.eta)
        return reading

    @property
    def taking_rate(self) -> frozenset[str]:
        """The columns that take the learning rate."""
        if self._taking_rate is None:
            takes = (
                q
                for q in self.rows.columns
                for form in self.forms(q)[:1]
                if naming.ETA in {n.name for n in names(form)}
            )
            self._taking_rate = frozenset(takes)
        return self._taking_rate

    def with_rate(self, name: str, reading: Expression, number: float) -> Expression:
        """A formula with η in place of a number."""
        return with_number(reading, Number(number), Name(naming.ETA, self.home(name)))

    def other_rate(self, step: int) -> Position | None:
        """The cell of another labelled learning rate that all updates of a step take."""
        if step not in self._other_rates:
            rates = [self._rate_of(name, step) for name in self.taking_rate if step >= self.model.first_step(name)]
            self._other_rates[step] = rates[0] if rates and all(rate == rates[0] for rate in rates) else None
        return self._other_rates[step]

    def _rate_of(self, name: str, step: int) -> Position | None:
        """The cell of another labelled learning rate with which a formula is right."""
        place = self.table.series[name][step]
        cell = self.sheet.cells.get(place)
        reading, verdict = self.judged(name, place, step) if cell and cell.formula else (None, None)
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
        """Whether a weight is only carried over from the row before, as between the samples of a batch."""
        samples = set(self.model.system.data) - self.translator.constant
        return name in self.model.parameters and bool(samples) and reading == Name(name, self.home(name))

    def _follows(self, reading: Expression | None, step: int, cell: Cell) -> bool:
        """Whether a cell holds what its formula gives."""
        if reading is None or cell.number is None:
            return True
        ours = np.broadcast_to(value(reading, self.rows), (self.rows.steps,))
        room = self.allowed(reading, ours)[step]
        return not np.isfinite(ours[step]) or bool(abs(ours[step] - cell.number) <= 10 * room)

    def has_formulas(self, name: str) -> bool:
        """Whether a quantity has formulas, computed or not."""
        return any((cell := self.sheet.cells.get(place)) and cell.formula for place in self.table.series[name])
