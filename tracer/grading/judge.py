"""Every cell of a table against what its own row demands; wrong ones gathered into findings, with their causes.

A formula is judged as a formula: read into quantities, it has to equal the right one at made-up steps. A value without
a formula, or with one that cannot be read, is judged by the row's other values, as exactly as these are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tracer import naming
from tracer.expression import Call, Expression, Name, Number, names
from tracer.grading.causes import Budget, Cause, Evidence, find_cause, typed_numbers
from tracer.grading.cells import Cell, Fault, Position, Sheet, letters
from tracer.grading.edits import Setting
from tracer.grading.findings import Finding, Kind
from tracer.grading.formula import ROUND, UnknownFormula
from tracer.grading.model import Model
from tracer.grading.numbers import Array, value
from tracer.grading.oracle import Oracle, same
from tracer.grading.series import STORED, Rows, rounding
from tracer.grading.spelling import NEXT
from tracer.grading.tables import Table
from tracer.grading.translate import Translator, with_names
from tracer.grading.writing import differences, written

POINTS = 6
"""Rows on which a cause has to give the person's values."""
NEAR = 1e-15
"""Absolute: a difference that two equal numbers may have."""


Flags = npt.NDArray[np.bool_]
"""Yes or no for every step."""


@dataclass(slots=True)
class Judge:
    """What judging a table needs, and what has been found out so far of formulas.

    tolerance: relative, of values that are known exactly. passed_over: cells that are not judged again.
    """

    sheet: Sheet
    table: Table
    rows: Rows
    model: Model
    translator: Translator
    eta: float | None
    tolerance: float
    passed_over: frozenset[Position] = frozenset()
    oracle: Oracle = field(init=False)
    given_oracle: Oracle = field(init=False)
    slack: dict[str, Array] = field(init=False)
    rounded: dict[str, int] = field(init=False)
    mistaken: dict[tuple[str, Kind, str | None], Expression] = field(default_factory=dict)
    _known: dict[tuple[str, int], tuple[Expression, bool | None]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    _forms: dict[str, list[Expression]] = field(default_factory=dict)
    _rightness: dict[tuple[str, Expression], bool | None] = field(default_factory=dict)
    _causes: dict[tuple[str, Expression], Cause | None] = field(default_factory=dict)

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
        self.slack, self.rounded = {}, {}
        for name, places in self.table.series.items():
            if name in self.rows.columns:
                self._measure(name, places)

    def _measure(self, name: str, places: Sequence[Position]) -> None:
        """How exactly the values of a column are known: typed ones of computed quantities may be rounded."""
        column = self.rows.columns[name]
        slack = np.abs(column) * STORED
        if self.model.equation(name) is not None:
            first = self.first_step(name)
            typed = [self._typed(place) if index >= first else None for index, place in enumerate(places)]
            apart, digits = rounding(typed)
            if digits is not None:
                slack = np.fmax(slack, np.array(apart + [0.0] * (len(column) - len(apart))))
                self.rounded[name] = digits
        self.slack[name] = slack

    def first_step(self, name: str) -> int:
        """The first step in which a quantity is judged: a parameter's first value is given, a state's stems from 0."""
        return int(name in self.model.parameters or name in self.model.system.states)

    def _typed(self, place: Position) -> float | None:
        cell = self.sheet.cells.get(place)
        return cell.number if cell is not None and cell.formula is None else None

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
        self._forms[name] = list(dict.fromkeys(form for form in found if form is not None))
        return self._forms[name]

    def allowed(self, form: Expression, ours: Array) -> Array:
        """How far a value may be from the right one: the tolerance, and what the row's values are known to."""
        room = self.tolerance * np.abs(ours) + NEAR
        for name in dict.fromkeys(names(form)):
            if name.name in self.slack:
                apart = Rows({name.name: self.slack[name.name]}, {}, self.rows.steps)[name]
                moved = value(form, _Moved(self.rows, name, self.rows[name] + apart))
                room = room + np.nan_to_num(np.abs(moved - ours))
        return room

    def agrees(self, name: str, theirs: Array) -> tuple[Flags, Flags, Array]:
        """For every step: whether the value is right in one of the forms, whether that can be told, the right value."""
        right = np.zeros(len(theirs), bool)
        known = np.zeros(len(theirs), bool)
        best = np.full(len(theirs), np.nan)
        own = self.slack.get(name, np.zeros(len(theirs)))
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
            self._rightness[key] = self._compare(name, _without_rounding(theirs))
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

    def cause_of_formula(self, name: str, theirs: Expression) -> Cause | None:
        """The slip that makes the right formula theirs."""
        key = (name, theirs)
        if key not in self._causes:
            bare = _without_rounding(theirs)
            result = self.oracle.value(bare)
            cause = None
            if result is not None:
                evidence = Evidence(self.oracle, result, same, self.budget)
                cause = find_cause(self.nearest_forms(name, bare), evidence, self.setting(name, bare), bare)
            self._causes[key] = cause
        return self._causes[key]

    def nearest_forms(self, name: str, theirs: Expression) -> list[Expression]:
        """The right forms, first the one that is made of most of the same quantities."""
        mine = {n.name for n in names(theirs)}

        def apart(form: Expression) -> int:
            return len({n.name for n in names(form)} ^ mine)

        return sorted(self.forms(name), key=apart)

    def setting(self, name: str, theirs: Expression | None = None) -> Setting:
        """What may stand in a wrong formula."""
        quantities = [q for q in (*self.rows.columns, *self.rows.scalars) if q != naming.ITERATION]
        return Setting(quantities, self.home(name), typed_numbers(theirs) if theirs is not None else ())

    def home(self, name: str) -> int:
        """The lag of the row that a quantity is computed from."""
        forms = self.forms(name)
        return min((n.lag for n in names(forms[0]) if n.name != naming.ETA), default=0) if forms else 0

    # ------------------------------------------------------------------------------------------------- columns

    def column(self, name: str) -> tuple[bool, list[Finding]]:
        """Whether anything of a quantity could be judged, and what is wrong with it."""
        places = self.table.series[name]
        cells = [self.sheet.cells.get(place) for place in places]
        theirs = self.rows.columns[name]
        right, known, best = self.agrees(name, theirs)
        first = self.first_step(name)
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
        findings = [
            self._finding(name, status, steps, readings.get((status, key)), theirs, best)
            for (status, key), steps in groups.items()
        ]
        findings += self._notes(name, cells, places, right & known, first)
        return judged, _joined(findings)

    def _status(
        self, name: str, cell: Cell, place: Position, step: int, right: bool, known: bool
    ) -> tuple[str, object, Expression | None]:
        """(right, unknown or the kind of mistake, what belongs together, the formula in quantities)."""
        reading: Expression | None = None
        if cell.formula is not None:
            reading, verdict = self._judged(name, place, step)
            if isinstance(cell.value, Fault):
                if verdict is False:
                    return Kind.FORMULA, self.translator.relative(cell.formula), reading
                return (Kind.ERROR, "", None) if known else ("unknown", None, None)
            if verdict is True:
                wrong = known and not right and not self._follows(reading, step, cell)
                return (Kind.STALE, "", None) if wrong else ("right", None, None)
            if verdict is False and self._is_carried(name, reading):
                return "unknown", None, None
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

    def _judged(self, name: str, place: Position, step: int) -> tuple[Expression | None, bool | None]:
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
        rate = Number(self.eta) if self.eta is not None else None
        needed = any(n.name == naming.ETA for form in self.forms(name)[:1] for n in names(form))
        if rate is not None and needed and not any(n.name == naming.ETA for n in names(reading)):
            return _with_number(reading, rate, Name(naming.ETA, home))
        return reading

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

    def _finding(
        self, name: str, status: str, steps: list[int], reading: Expression | None, theirs: Array, best: Array
    ) -> Finding:
        places = tuple(self.table.series[name][step] for step in steps)
        kind = Kind(status)
        forms = self.nearest_forms(name, reading) if reading is not None else self.forms(name)
        right = written(forms[0], self.home(name))
        cause: Cause | None = None
        said: str | None = None
        if kind is Kind.FORMULA and reading is not None:
            said = written(reading, self.home(name))
            if self.is_right(name, reading) is False:
                cause = self.cause_of_formula(name, reading)
        if cause is None and kind in (Kind.FORMULA, Kind.VALUE):
            cause = self._cause_of_values(name, steps, forms, theirs)
        if kind is Kind.VALUE and len(steps) < 0.5 * len(self.table.series[name]) and self._has_formulas(name):
            kind = Kind.CONSTANT
            cause = Cause("a typed constant stands where a formula belongs", None)
        if kind is Kind.VALUE and cause is None and len(steps) == 1 and len(theirs) > 2:
            cause = Cause("a typed constant that its row does not give; the column's other values are right")
        if kind is Kind.STALE:
            cause = Cause(
                "the formula is right, the stored value is not what it gives: have the sheet recalculated", None
            )
        if kind is Kind.ERROR:
            cause = self._cause_of_error(name, steps[0])
        if kind is Kind.FORMULA and name in self.model.parameters:
            kind = Kind.UPDATE
        if kind is Kind.UPDATE and reading is not None:
            cause = self._sliding(name, steps, reading) or cause
        text = cause.text if cause else None
        wrong = reading if reading is not None else cause.expression if cause else None
        if wrong is not None:
            self.mistaken[name, kind, text] = wrong
        step = steps[0]
        return Finding(
            name,
            kind,
            places,
            text,
            said,
            right,
            tuple(differences(said, right)) if said else (),
            None,
            _number(theirs[step]),
            _number(best[step]),
        )

    def _cause_of_error(self, name: str, step: int) -> Cause:
        """Why a cell shows an error though what it should be made of is there."""
        place = self.table.series[name][step]
        formula = self.sheet.cells[place].formula
        if formula is None:
            return Cause("an error stands where a value belongs")
        try:
            self.translator.read(place, step)
        except UnknownFormula as error:
            scalar = self.table.scalars.get(naming.ETA)
            of_update = any(n.name == naming.ETA for form in self.forms(name) for n in names(form))
            if scalar and of_update and self.translator.slides(formula) and "text" in str(error):
                row, column = scalar.position
                return Cause(
                    f"the reference to {naming.ETA} slides down with the rows, it is not fixed as "
                    f"${letters(column)}${row}: in ={formula.text} {error}"
                )
            return Cause(f"the cell shows an error: {error}")
        return Cause("the cell shows an error though its row's other cells are there")

    def _has_formulas(self, name: str) -> bool:
        return any((cell := self.sheet.cells.get(place)) and cell.formula for place in self.table.series[name])

    def _sliding(self, name: str, steps: list[int], reading: Expression) -> Cause | None:
        """η's reference that was not fixed, so that it slides along with the rows."""
        scalar = self.table.scalars.get(naming.ETA)
        first = self.sheet.cells[self.table.series[name][steps[0]]]
        if scalar is None or first.formula is None or any(n.name == naming.ETA for n in names(reading)):
            return None
        home = self.home(name)
        right = {n for form in self.forms(name) for n in names(form)}
        instead = next((n for n in names(reading) if n not in right), None)
        if instead is None or not self.translator.slides(first.formula):
            return None
        row, column = scalar.position
        fixed = f"${letters(column)}${row}"
        rows = home - instead.lag
        where = f" ({-rows} rows before)" if rows < 0 else ""
        return Cause(
            f"the reference to {naming.ETA} slides down with the rows, it is not fixed as {fixed}: "
            f"={first.formula.text} takes {instead.name}{where} for {naming.ETA}",
            None,
        )

    def _cause_of_values(self, name: str, steps: list[int], forms: list[Expression], theirs: Array) -> Cause | None:
        """The slip that gives the person's values on several rows."""
        chosen = np.array(sorted({steps[round(i * (len(steps) - 1) / (POINTS - 1))] for i in range(POINTS)}))
        own = self.slack.get(name, np.zeros(len(theirs)))
        room = np.maximum.reduce(
            [self.allowed(form, np.broadcast_to(value(form, self.rows), theirs.shape)) for form in forms]
        )
        limit = 3 * (room + own)[chosen]  # a slip may weigh what is not known exactly more than the right formula

        def alike(x: Array, y: Array) -> bool:
            return bool(np.isfinite(x).all() and (np.abs(x - y) <= np.maximum(limit, 1e-9 * np.abs(y))).all())

        evidence = Evidence(self.rows.picked(chosen), theirs[chosen], alike, self.budget)
        exact = name not in self.rounded and len(chosen) >= 3
        return find_cause(forms, evidence, self.setting(name), pairs=exact)

    def _notes(
        self, name: str, cells: Sequence[Cell | None], places: Sequence[Position], right: Flags, first: int
    ) -> list[Finding]:
        """Right values that were typed or pasted where others have formulas, or rounded."""
        typed = [
            step for step in range(first, len(places))
            if (cell := cells[step]) is not None and cell.formula is None and cell.number is not None and right[step]
        ]  # fmt: skip
        rounding_formulas = [
            step for step in range(first, len(places))
            if (cell := cells[step]) and cell.formula and right[step] and "ROUND" in cell.formula.text.upper()
        ]  # fmt: skip
        notes = []
        if typed:
            digits = self.rounded.get(name)
            kind = Kind.PASTED if digits is None else Kind.ROUNDED
            text = "pasted" if digits is None else f"pasted, rounded to {digits} decimals"
            notes.append(Finding(name, kind, tuple(places[s] for s in typed), f"{text}: consistent"))
        if rounding_formulas:
            places_ = tuple(places[s] for s in rounding_formulas)
            notes.append(Finding(name, Kind.ROUNDED, places_, "rounded by its formula: consistent"))
        return notes


class _Moved(Mapping[Name, Array]):
    """The rows, one quantity moved."""

    def __init__(self, rows: Rows, name: Name, moved: Array) -> None:
        self.rows, self.name, self.moved = rows, name, moved

    def __getitem__(self, name: Name) -> Array:
        return self.moved if name == self.name else self.rows[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _with_number(expression: Expression, number: Number, name: Name) -> Expression:
    """The expression with a name in place of a number."""
    if expression == number:
        return name
    if isinstance(expression, Call):
        return Call(expression.function, tuple(_with_number(arg, number, name) for arg in expression.args))
    return expression


def _without_rounding(expression: Expression) -> Expression:
    if not isinstance(expression, Call):
        return expression
    if expression.function == ROUND:
        return _without_rounding(expression.args[0])
    return Call(expression.function, tuple(_without_rounding(arg) for arg in expression.args))


def _joined(findings: list[Finding]) -> list[Finding]:
    """Findings of one quantity that say the same, as one."""
    joined: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.kind, finding.cause, finding.theirs if finding.cause is None else None)
        known = joined.get(key)
        joined[key] = replace(known, places=known.places + finding.places) if known else finding
    return list(joined.values())


def _number(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None
