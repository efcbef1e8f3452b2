"""How the right values of a column came there, where that is worth a word: pasted, rounded, with a rounded e, with
another labelled learning rate."""

from __future__ import annotations

from collections.abc import Callable

from tracer.grading.book.cells import Cell, reference
from tracer.grading.book.numbers import Flags
from tracer.grading.judging.causes import Cause, cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.judging.judge import Judge
from tracer.grading.judging.meant import typed_e


def notes(judge: Judge, name: str, right: Flags) -> list[Finding]:
    """The notes on a column, of which these values are right."""
    places = judge.table.series[name]
    cells = [judge.sheet.cells.get(place) for place in places]
    first = judge.demand.first_step(name)

    def where(fits: Callable[[int, Cell], bool]) -> tuple[int, ...]:
        return tuple(step for step in range(first, len(places)) if (cell := cells[step]) and fits(step, cell))

    found: dict[tuple[Kind, Cause], tuple[int, ...]] = {}
    of_formula: dict[str, int | None] = {}
    rounded = judge.demand.exactness.said.get(name)
    pasted = (Kind.ROUNDED, cause_of("pasted_rounded", how=rounded)) if rounded else (Kind.PASTED, cause_of("pasted"))
    found[pasted] = where(lambda step, cell: cell.formula is None and cell.number is not None and bool(right[step]))
    found[Kind.ROUNDED, cause_of("rounded_by_formula")] = where(
        lambda step, cell: bool(cell.formula and right[step] and "ROUND" in cell.formula.text.upper())
    )
    for step in where(lambda step, cell: cell.formula is not None):
        digits = _typed_e(judge, name, step, of_formula)
        if digits is not None:
            key = (Kind.ROUNDED, cause_of("e_typed", decimals=digits))
            found[key] = (*found.get(key, ()), step)
    if name in judge.taking_rate:
        for step in range(first, len(places)):
            place = judge.other_rate(step)
            if place is not None:
                key = (Kind.RATE, cause_of("other_labeled_rate", rate=judge.rates[place], cell=reference(place)))
                found[key] = (*found.get(key, ()), step)
    return [
        Finding(name, kind, tuple(places[step] for step in steps), why) for (kind, why), steps in found.items() if steps
    ]


def _typed_e(judge: Judge, name: str, step: int, known: dict[str, int | None]) -> int | None:
    """The decimals of a typed e in a right formula, looked up once for all cells that it was copied to."""
    formula = judge.sheet.cells[judge.table.series[name][step]].formula
    assert formula is not None
    text = judge.translator.relative(formula)
    if text not in known:
        reading, verdict = judge.formula(name, step)
        known[text] = typed_e(reading) if verdict and reading is not None else None
    return known[text]


__all__ = ["notes"]
