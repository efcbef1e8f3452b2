"""Wrong cells → findings: what they read, what they should be, and the slip that leads from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tracer import naming
from tracer.expression import Expression, names
from tracer.grading.causes import Budget, Cause, Evidence, find_cause, typed_numbers
from tracer.grading.cells import letters
from tracer.grading.edits import Setting
from tracer.grading.findings import Finding, Kind
from tracer.grading.formula import UnknownFormula
from tracer.grading.judge import Judge, Wrong, without_rounding
from tracer.grading.numbers import Array, value
from tracer.grading.oracle import same
from tracer.grading.writing import differences, written

POINTS = 6
"""Rows on which a cause has to give the person's values."""

CONSTANT = Cause("a typed constant stands where a formula belongs")
LONE = Cause("a typed constant that its row does not give; the column's other values are right")
STALE = Cause("the formula is right, the stored value is not what it gives: have the sheet recalculated")


@dataclass(slots=True)
class Diagnosis:
    """Names the slips of one table. mistaken: the wrong formula behind a finding, where it is known."""

    judge: Judge
    budget: Budget = field(default_factory=Budget)
    mistaken: dict[tuple[str, Kind, str | None], Expression] = field(default_factory=dict)
    _causes: dict[tuple[str, Expression], Cause | None] = field(default_factory=dict)

    def findings(self, wrong: Sequence[Wrong]) -> list[Finding]:
        """A finding for each group of wrong cells; those of one quantity that say the same are one."""
        return _joined([self._finding(group) for group in wrong])

    def _finding(self, wrong: Wrong) -> Finding:
        judge, name, step = self.judge, wrong.quantity, wrong.steps[0]
        home = judge.home(name)
        forms = self._nearest(name, wrong.reading)
        said = written(wrong.reading, home) if wrong.kind is Kind.FORMULA and wrong.reading is not None else None
        right = written(forms[0], home)
        kind, cause = self._named(wrong, forms)
        text = cause.text if cause else None
        formula = wrong.reading if wrong.reading is not None else cause.expression if cause else None
        if formula is not None:
            self.mistaken[name, kind, text] = formula
        return Finding(
            name,
            kind,
            tuple(judge.table.series[name][s] for s in wrong.steps),
            text,
            said,
            right,
            tuple(differences(said, right)) if said else (),
            value=_number(wrong.theirs[step]),
            right_value=_number(wrong.right[step]),
        )

    def _named(self, wrong: Wrong, forms: list[Expression]) -> tuple[Kind, Cause | None]:
        """What kind of mistake it is, and the slip; None where it stays unknown."""
        name, reading = wrong.quantity, wrong.reading
        if wrong.kind is Kind.STALE:
            return Kind.STALE, STALE
        if wrong.kind is Kind.ERROR:
            return Kind.ERROR, self._of_error(name, wrong.steps[0])
        if wrong.kind is Kind.VALUE:
            places = self.judge.table.series[name]
            if len(wrong.steps) < 0.5 * len(places) and self.judge.has_formulas(name):
                return Kind.CONSTANT, CONSTANT
            lone = LONE if len(wrong.steps) == 1 and len(places) > 2 else None
            return Kind.VALUE, self._of_values(wrong, forms) or lone
        cause = None
        if reading is not None and self.judge.is_right(name, reading) is False:
            cause = self._of_formula(name, reading)
        cause = cause or self._of_values(wrong, forms)
        if name not in self.judge.model.parameters:
            return Kind.FORMULA, cause
        return Kind.UPDATE, self._of_sliding(wrong) or cause

    def _of_error(self, name: str, step: int) -> Cause:
        """Why a cell shows an error though what it should be made of is there."""
        judge = self.judge
        place = judge.table.series[name][step]
        formula = judge.sheet.cells[place].formula
        if formula is None:
            return Cause("an error stands where a value belongs")
        try:
            judge.translator.read(place, step)
        except UnknownFormula as error:
            scalar = judge.table.scalars.get(naming.ETA)
            of_update = any(n.name == naming.ETA for form in judge.forms(name) for n in names(form))
            if scalar and of_update and judge.translator.slides(formula) and "text" in str(error):
                return Cause(f"{_sliding(scalar.position)}: in ={formula.text} {error}")
            return Cause(f"the cell shows an error: {error}")
        return Cause("the cell shows an error though its row's other cells are there")

    def _of_formula(self, name: str, theirs: Expression) -> Cause | None:
        """The slip that makes the right formula theirs."""
        key = (name, theirs)
        if key not in self._causes:
            bare = without_rounding(theirs)
            result = self.judge.oracle.value(bare)
            cause = None
            if result is not None:
                evidence = Evidence(self.judge.oracle, result, same, self.budget)
                cause = find_cause(self._nearest(name, bare), evidence, self._setting(name, bare), bare)
            self._causes[key] = cause
        return self._causes[key]

    def _of_sliding(self, wrong: Wrong) -> Cause | None:
        """η's reference that was not fixed, so that it slides along with the rows."""
        judge, reading = self.judge, wrong.reading
        scalar = judge.table.scalars.get(naming.ETA)
        first = judge.sheet.cells[judge.table.series[wrong.quantity][wrong.steps[0]]]
        if reading is None or scalar is None or first.formula is None:
            return None
        if any(n.name == naming.ETA for n in names(reading)) or not judge.translator.slides(first.formula):
            return None
        right = {n for form in judge.forms(wrong.quantity) for n in names(form)}
        instead = next((n for n in names(reading) if n not in right), None)
        if instead is None:
            return None
        rows = judge.home(wrong.quantity) - instead.lag
        where = f" ({-rows} rows before)" if rows < 0 else ""
        return Cause(f"{_sliding(scalar.position)}: ={first.formula.text} takes {instead.name}{where} for {naming.ETA}")

    def _of_values(self, wrong: Wrong, forms: list[Expression]) -> Cause | None:
        """The slip that gives the person's values on several rows."""
        judge, name, steps, theirs = self.judge, wrong.quantity, wrong.steps, wrong.theirs
        chosen = np.array(sorted({steps[round(i * (len(steps) - 1) / (POINTS - 1))] for i in range(POINTS)}))
        own = judge.exactness.slack.get(name, np.zeros(len(theirs)))
        room = np.maximum.reduce(
            [judge.allowed(form, np.broadcast_to(value(form, judge.rows), theirs.shape)) for form in forms]
        )
        limit = 3 * (room + own)[chosen]  # a slip may weigh what is not known exactly more than the right formula

        def alike(x: Array, y: Array) -> bool:
            return bool(np.isfinite(x).all() and (np.abs(x - y) <= np.maximum(limit, 1e-9 * np.abs(y))).all())

        evidence = Evidence(judge.rows.picked(chosen), theirs[chosen], alike, self.budget)
        exact = name not in judge.exactness.said and len(chosen) >= 3
        return find_cause(forms, evidence, self._setting(name), pairs=exact)

    def _nearest(self, name: str, theirs: Expression | None) -> list[Expression]:
        """The right forms, first the one that is made of most of the same quantities."""
        forms = self.judge.forms(name)
        if theirs is None:
            return forms
        mine = {n.name for n in names(theirs)}
        return sorted(forms, key=lambda form: len({n.name for n in names(form)} ^ mine))

    def _setting(self, name: str, theirs: Expression | None = None) -> Setting:
        """What may stand in a wrong formula."""
        rows = self.judge.rows
        quantities = [q for q in (*rows.columns, *rows.scalars) if q != naming.ITERATION]
        return Setting(quantities, self.judge.home(name), typed_numbers(theirs) if theirs is not None else ())


def _sliding(rate: tuple[int, int]) -> str:
    fixed = f"${letters(rate[1])}${rate[0]}"
    return f"the reference to {naming.ETA} slides down with the rows, it is not fixed as {fixed}"


def _joined(findings: list[Finding]) -> list[Finding]:
    """Findings of one quantity that say the same, as one."""
    joined: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.quantity, finding.kind, finding.cause, finding.theirs if finding.cause is None else None)
        known = joined.get(key)
        joined[key] = replace(known, places=known.places + finding.places) if known else finding
    return list(joined.values())


def _number(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None
