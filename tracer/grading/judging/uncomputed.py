"""Findings for cells without a value: each cause once, where it occurs or where it is first needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tracer.formulas.tree import Expression
from tracer.grading.book.cells import Fault, Place, Sheet, Uncomputed, reference
from tracer.grading.judging.causes import Cause, cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.judging.judge import Formula, Judge
from tracer.grading.network.writing import differences, written

LONGEST_CIRCLE = 8
"""Cells of a circular reference that are named."""


def given_up(sheet: Sheet) -> str | None:
    """Why some cells of a sheet were not computed; None if all were."""
    return next((why.given_up for why in sheet.uncomputed.values() if why.given_up), None)


def first_cause(sheet: Sheet) -> str | None:
    """The first cell of a sheet without a value, and the reason; None if all have one."""
    for place, why in sheet.uncomputed.items():
        if said := _cause((sheet.name, place), why, sheet.name):
            return f"{reference(place)}: {said.sentence}"
    return given_up(sheet)


def errors(judge: Judge) -> list[Finding]:
    """A finding for each cell that has no value by its own fault, or by that of a cell outside of the table. What only
    depends on another quantity without value is left to be judged by its formula."""
    return _Errors(judge).found() if any(sheet.uncomputed for sheet in judge.found.book.sheets) else []


def first_errors(judge: Judge) -> list[Finding]:
    """A finding for each column of errors that do not stem from an error in another cell."""
    joined: dict[str, Finding] = {}
    for name in filter(judge.model.knows, judge.table.series):
        for place, cell in zip(judge.table.series[name], judge.found.of(name), strict=True):
            if cell is None or not isinstance(cell.value, Fault) or (cell.formula and not judge.begins(place, cell)):
                continue
            why = cause_of("error_shown", error=str(cell.value)) if cell.formula else cause_of("error_value")
            known = joined.setdefault(name, Finding(name, Kind.ERROR, (), why))
            joined[name] = replace(known, places=(*known.places, place))
    return list(joined.values())


class _Errors:
    """Visits a table quantity by quantity; remembers which cells are done."""

    def __init__(self, judge: Judge) -> None:
        self.judge, sheets = judge, judge.found.book.sheets
        self.quantities = {
            (judge.sheet.name, place): (name, step)
            for name, places in judge.table.series.items()
            if judge.model.knows(name)
            for step, place in enumerate(places)
        }
        self.sheets = {sheet.name: sheet for sheet in reversed(sheets)}
        self.uncomputed = {(s.name, place): why for s in sheets for place, why in s.uncomputed.items()}
        self.seen: set[Place] = set()

    def found(self) -> list[Finding]:
        joined: dict[tuple[str, str], Finding] = {}
        for place in self.quantities:
            for shown, root in self._roots(place):
                key = (self.quantities[shown][0], self._relative(root))
                known = joined.get(key)
                joined[key] = replace(known, places=(*known.places, shown[1])) if known else self._finding(shown, root)
        return list(joined.values())

    def _roots(self, place: Place) -> Iterator[tuple[Place, Place]]:
        """The cells that are to blame for a missing value of the table, as far as no other quantity of it is; each
        behind the cell of the table in which it is shown."""
        pending = [place]
        while pending:
            root = pending.pop()
            why = self.uncomputed.get(root)
            if why is None or root in self.seen:
                continue
            self.seen |= {root, *why.circle}
            if why.circle:
                root = self._at_fault(why.circle) or root
            if why.circle or why.cause:
                yield (root if root in self.quantities else place), root
            pending += [need for need in why.needs if need not in self.quantities]

    def _at_fault(self, circle: tuple[Place, ...]) -> Place | None:
        """The cell of a circle whose formula is wrong, or its first; None if none is in the table."""
        inside = sorted(place for place in circle if place in self.quantities)
        return next((place for place in inside if self._reading(place).right is False), inside[0] if inside else None)

    def _forms(self, name: str, step: int) -> list[Expression]:
        """The right formulas of a cell; empty if it is given."""
        demand = self.judge.demand
        return demand.forms(name) if step >= demand.first_step(name) else []

    def _reading(self, place: Place) -> Formula:
        name, step = self.quantities[place]
        return self.judge.formula(name, step) if self._forms(name, step) else Formula()

    def _finding(self, shown: Place, root: Place) -> Finding:
        name, step = self.quantities[shown]
        why = _cause(root, self.uncomputed[root], shown[0])
        if why and root != shown:
            cell = _cell(root, shown[0])
            why = Cause(why.slip, f"{cell}: {why.sentence}", {**why.parts, "cell": cell})
        formula, forms, home = self._reading(shown), self._forms(name, step), self.judge.home(name)
        theirs = written(formula.reading, home) if formula.reading is not None and formula.right is False else None
        ours = written(forms[0], home) if forms else None
        marks = tuple(differences(theirs, ours)) if theirs and ours else ()
        return Finding(name, Kind.ERROR, (shown[1],), why, theirs, ours, marks)

    def _relative(self, root: Place) -> str:
        formula = self.sheets[root[0]].cells[root[1]].formula
        return self.judge.translator.relative(formula) if formula else ""


def _cause(place: Place, why: Uncomputed, home: str) -> Cause | None:
    """Why a cell has no value; None if only other cells are at fault."""
    if not why.circle:
        return cause_of("not_computed", reason=why.cause) if why.cause else None
    start = why.circle.index(place)
    names = [_cell(each, home) for each in (*why.circle[start:], *why.circle[:start])]
    if len(names) > LONGEST_CIRCLE:
        names = [*names[: LONGEST_CIRCLE - 1], f"… ({len(names)} cells)"]
    return cause_of("circular_reference", cells=" → ".join([*names, names[0]]))


def _cell(place: Place, home: str) -> str:
    return reference(place[1]) if place[0] == home else f"{place[0]}!{reference(place[1])}"
