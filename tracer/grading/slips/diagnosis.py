"""Wrong cells → findings: what they read, what they should be, and the slip that leads from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.notation.numpy import Array, value
from tracer.formulas.tree import Expression, Name, Number, distinct, names, with_names
from tracer.formulas.tree import replace as in_place
from tracer.grading.book.relative import UnknownFormula, text_at
from tracer.grading.judging.causes import Cause, cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.judging.judge import Judge, Wrong
from tracer.grading.judging.normalization import normalized
from tracer.grading.network.oracle import same
from tracer.grading.network.place import Place
from tracer.grading.network.writing import differences, written
from tracer.grading.slips.copied import frozen, slides, sliding
from tracer.grading.slips.search import Budget, Evidence, Explanation, find_slip, one_number, typed_numbers
from tracer.grading.slips.slip import Setting
from tracer.model import naming

POINTS = 6
"""Rows in which a cause must reproduce the person's values."""


@dataclass(slots=True)
class Diagnosis:
    """Names the slips of one table. mistaken: the wrong formulas behind a finding, by their steps, where they are
    known."""

    judge: Judge
    budget: Budget
    mistaken: dict[tuple[str, Kind, Cause | None], dict[int, Expression]] = field(default_factory=dict)
    _causes: dict[tuple[str, Expression, Place], Explanation | None] = field(default_factory=dict)

    def findings(self, wrong: Sequence[Wrong]) -> list[Finding]:
        """A finding for each group of wrong cells; those of one quantity that say the same are one."""
        return _joined([self._finding(group) for group in wrong])

    def with_common_rate(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings; those of a number that all updates take for η, in the same rows, are one."""
        numbers = {finding: self._instead_of_rate(finding) for finding in findings if finding.kind is Kind.UPDATE}
        updated = [name for name in self.judge.taking_rate if name in self.judge.model.parameters]
        joined = list(findings)
        for number, rows in dict.fromkeys((n, _rows(f)) for f, n in numbers.items() if n is not None):
            same_slip = [f for f, n in numbers.items() if (n, _rows(f)) == (number, rows)]
            if len(updated) > 1 and {finding.quantity for finding in same_slip} == set(updated):
                places = tuple(place for finding in same_slip for place in finding.places)
                why = cause_of("other_rate_in_all_updates", row=rows[0], found=number, expected=self.judge.eta or 0.0)
                joined.insert(joined.index(same_slip[0]), Finding(naming.ETA, Kind.ETA, places, why, value=number))
                joined = [finding for finding in joined if finding not in same_slip]
        return joined

    def _instead_of_rate(self, finding: Finding) -> float | None:
        """The number used in place of η, if that is the only mistake."""
        judge, name = self.judge, finding.quantity
        formula = next(iter(self.mistaken.get((name, finding.kind, finding.why), {}).values()), None)
        if formula is None or judge.eta is None:
            return None
        numbers = (x for x in typed_numbers(formula) if x > 0)
        return next((x for x in numbers if judge.is_right(name, judge.with_rate(name, formula, x))), None)

    def _finding(self, wrong: Wrong) -> Finding:
        judge, name, step = self.judge, wrong.quantity, wrong.steps[0]
        place = judge.place(wrong.step, name)
        home, forms = judge.home(name, place), self._nearest(name, wrong.reading, place)
        right = written(forms[0], home)
        kind, found = self._named(wrong, forms)
        why, shown = (found.cause, found.shown) if found else (None, None)
        reading = shown or wrong.reading
        said = written(reading, home) if wrong.kind is Kind.FORMULA and reading is not None else None
        if not shown:
            self.mistaken.setdefault((name, kind, why), {}).update(self._formulas(wrong, found))
        return Finding(
            name,
            kind,
            tuple(judge.table.series[name][s] for s in wrong.steps),
            why,
            said,
            right,
            tuple(differences(said, right)) if said else (),
            value=_number(wrong.theirs[step]),
            right_value=_number(wrong.right[step]),
        )

    def _formulas(self, wrong: Wrong, found: Explanation | None) -> dict[int, Expression]:
        """The wrong formula of every step, if known."""
        if wrong.reading is None:
            return dict.fromkeys(wrong.steps, found.expression) if found and found.expression is not None else {}
        formulas = ((step, self.judge.formula(wrong.quantity, step)[0]) for step in wrong.steps)
        return {step: normalized(formula) for step, formula in formulas if formula is not None}

    def _named(self, wrong: Wrong, forms: list[Expression]) -> tuple[Kind, Explanation | None]:
        """The kind of mistake, and the slip; None if unknown."""
        name = wrong.quantity
        if wrong.kind is Kind.STALE:
            return Kind.STALE, Explanation(cause_of("outdated_value"))
        if wrong.kind is Kind.ERROR:
            return Kind.ERROR, self._of_error(name, wrong.steps[0])
        if wrong.kind is Kind.VALUE:
            places = self.judge.table.series[name]
            constant = self._of_one_number(wrong)
            if constant:
                return Kind.CONSTANT if self.judge.found.has_formulas(name) else Kind.VALUE, constant
            if len(wrong.steps) < 0.5 * len(places) and self.judge.found.has_formulas(name):
                return Kind.CONSTANT, Explanation(cause_of("typed_over_formula"))
            lone = len(wrong.steps) == 1 and len(places) > 2
            unexplained = Explanation(cause_of("typed_value_unexplained")) if lone else None
            return Kind.VALUE, self._of_values(wrong, forms) or unexplained
        kind = Kind.UPDATE if name in self.judge.model.parameters else Kind.FORMULA
        moved = None if wrong.reading is None else sliding(self.judge, wrong, forms[0]) or frozen(self.judge, wrong)
        found = moved or self._of_reading(wrong)
        place = self.judge.place(wrong.step, name)
        if found is None and self.judge.is_carried_on(name, place):
            found = Explanation(cause_of("changed_within_batch"))
        is_tried = wrong.reading is not None and (name, wrong.reading, place) in self._causes
        # what gives the values but not the formula gives them by chance
        return kind, found if found or is_tried else self._of_values(wrong, forms)

    def _of_one_number(self, wrong: Wrong) -> Explanation | None:
        """The same number in all cells although the right values differ."""
        theirs, right = wrong.theirs[list(wrong.steps)], wrong.right[list(wrong.steps)]
        room = (
            0.0
            if self.judge.found.has_formulas(wrong.quantity)
            else 2 * self.judge.demand.exactness.slack[wrong.quantity].max()
        )
        if len(theirs) < 2 or np.ptp(theirs) > 0 or not np.ptp(right) > room:
            return None
        return one_number(float(theirs[0]))

    def _of_error(self, name: str, step: int) -> Explanation:
        """Why a cell shows an error although its inputs are available."""
        judge = self.judge
        place = judge.table.series[name][step]
        formula = judge.sheet.cells[place].formula
        if formula is None:
            return Explanation(cause_of("error_value"))
        try:
            judge.translator.read(place, step)
        except UnknownFormula as error:
            scalar = judge.table.scalars.get(naming.ETA)
            of_update = any(n.name == naming.ETA for form in judge.demand.forms(name) for n in names(form))
            if scalar and of_update and judge.translator.slides(formula) and "text" in str(error):
                return slides(scalar.position, f"in ={text_at(formula, place)} {error}")
            return Explanation(cause_of("error_in_formula", reason=str(error)))
        return Explanation(cause_of("error_unexplained"))

    def _of_reading(self, wrong: Wrong) -> Explanation | None:
        """The slip that turns the right formula into the person's."""
        name, theirs = wrong.quantity, wrong.reading
        place = self.judge.place(wrong.step, name)
        if theirs is None or self.judge.is_right(name, theirs, place) is not False:
            return None
        key = (name, theirs, place)
        if key not in self._causes:
            bare, forms = normalized(theirs), self._nearest(name, theirs, place)
            setting, other = self._setting(name, place, bare), self._of_other(wrong, theirs, place)
            for given in (False, True):  # given numbers may be typed into the formula
                made_up = self.judge.made_up(place, given)
                result = made_up.value(bare)
                if result is None or (given and np.ptp(result) == 0) or self.budget.left <= 0:
                    return self._causes.setdefault(key, None)
                evidence = Evidence(made_up, result, same, self.budget)
                self._causes[key] = find_slip(forms, evidence, setting, bare, pairs=not given, likelier=other)
                if self._causes[key]:
                    break
        return self._causes[key]

    def _of_other(self, wrong: Wrong, theirs: Expression, place: Place) -> Explanation | None:
        """The formula of another quantity, of the same kind first; copied from its column, it may refer to this one in
        place of its own."""
        judge, name, family = self.judge, wrong.quantity, naming.family(wrong.quantity)
        before = {n for n in distinct(theirs) if n.name == name and n.lag}
        for other in sorted(judge.rows.columns, key=lambda q: naming.family(q) != family):
            copied = with_names(theirs, {n: Name(other, n.lag) for n in before}) if before else theirs
            uses = {n.name for n in names(copied)}  # or a typed learning rate
            forms = () if other == name else judge.demand.forms(other)
            alike = any(uses ^ {n.name for n in names(form)} <= {naming.ETA} for form in forms)
            if (alike or (forms and naming.family(other) == family)) and judge.is_right(other, copied, place):
                what = "update formula" if other in judge.model.parameters else "formula"
                row = judge.table.series[name][wrong.steps[0]][0]
                where = f" from row {row} on" if wrong.steps[0] > judge.demand.first_step(name) else ""
                return Explanation(
                    cause_of("formula_of_another_quantity", what=what, quantity=naming.label(other), where=where)
                )
        return None

    def _of_values(self, wrong: Wrong, forms: list[Expression]) -> Explanation | None:
        """The slip that gives the person's values on several rows."""
        if self.budget.left <= 0:
            return None
        judge, name, theirs = self.judge, wrong.quantity, wrong.theirs
        place = judge.place(wrong.step, name)
        steps = [step for step in wrong.steps if judge.place(step, name) == place]
        chosen = np.array(sorted({steps[round(i * (len(steps) - 1) / (POINTS - 1))] for i in range(POINTS)}))
        own = judge.demand.exactness.slack.get(name, np.zeros(len(theirs)))
        room = np.maximum.reduce(
            [judge.demand.allowed(form, np.broadcast_to(value(form, judge.rows), theirs.shape)) for form in forms]
        )
        limit = 3 * (room + own)[chosen]  # a slip may weigh what is not known exactly more than the right formula

        def alike(x: Array, y: Array) -> bool:
            return bool(np.isfinite(x).all() and (np.abs(x - y) <= np.maximum(limit, 1e-9 * np.abs(y))).all())

        evidence = Evidence(replace(judge.rows, only=chosen), theirs[chosen], alike, self.budget)
        exact = name not in judge.demand.exactness.roundings and len(chosen) >= 3
        return find_slip(forms, evidence, self._setting(name, place), pairs=exact)

    def _nearest(self, name: str, theirs: Expression | None, place: Place) -> list[Expression]:
        """The right forms, starting with the one that shares most quantities."""
        if self.judge.is_carried_on(name, place):
            return [Name(name)]
        forms = self.judge.demand.forms(name)
        if not place.before:  # what the states start from, put in
            start: dict[Expression, Expression] = {Name(n, 1): Number(x) for n, x in self.judge.rows.start.items()}
            forms = [in_place(form, start) for form in forms] + forms
        if theirs is None:
            return forms
        mine = {n.name for n in names(theirs)}
        return sorted(forms, key=lambda form: len({n.name for n in names(form)} ^ mine))

    def _setting(self, name: str, place: Place, theirs: Expression | None = None) -> Setting:
        """The quantities that may occur in a wrong formula."""
        rows = self.judge.rows
        quantities = [q for q in (*rows.columns, *rows.scalars) if q != naming.ITERATION]
        still = frozenset(q for q in quantities if len(set(rows[Name(q)][np.isfinite(rows[Name(q)])])) == 1)
        numbers = typed_numbers(theirs) if theirs is not None else ()
        return Setting(quantities, self.judge.home(name, place), numbers, still, place, self.judge.model.shared)


def _joined(findings: list[Finding]) -> list[Finding]:
    """Findings of one quantity that say the same, as one."""
    joined: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.quantity, finding.kind, finding.why, finding.formula if finding.why is None else None)
        known = joined.get(key)
        joined[key] = replace(known, places=known.places + finding.places) if known else finding
    return list(joined.values())


def _rows(finding: Finding) -> tuple[int, ...]:
    return tuple(row for row, _ in finding.places)


def _number(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None
