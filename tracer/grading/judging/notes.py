"""Notes on how the right values of a column were entered: pasted, rounded, with a rounded e, with
another labeled learning rate."""

from __future__ import annotations

from tracer.formulas.notation.numpy import Flags
from tracer.grading.book.cells import Position, reference
from tracer.grading.judging.causes import Cause, cause_of
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.judging.judge import Judge
from tracer.grading.judging.normalization import typed_e

BY_FORMULA = Kind.ROUNDED, cause_of("rounded_by_formula")


def notes(judge: Judge, name: str, right: Flags) -> list[Finding]:
    """The notes on a column, given which values are right."""
    rounded, kept = judge.demand.exactness.roundings.get(name), judge.demand.exactness.by_hand
    pasted, by_formula = (Kind.PASTED, cause_of("pasted")), BY_FORMULA
    if kept is not None:
        pasted = by_formula = Kind.ROUNDED, cause_of("rounded_as_computed", decimals=kept)
    elif rounded:
        pasted = Kind.ROUNDED, cause_of("pasted_rounded", how=str(rounded))
    found: dict[tuple[Kind, Cause], list[Position]] = {pasted: [], by_formula: []}
    decimals: dict[str, int | None] = {}
    for step, (place, cell) in enumerate(zip(judge.table.series[name], judge.found.of(name), strict=True)):
        if step < judge.demand.first_step(name) or cell is None:
            continue
        if cell.formula is None and cell.number is not None and right[step]:
            found[pasted].append(place)
        if cell.formula is not None:
            if right[step] and "ROUND" in cell.formula.text.upper():
                found[by_formula].append(place)
            copied = judge.translator.relative(cell.formula)
            if copied not in decimals:  # looked up once for all cells that it was copied to
                reading, verdict = judge.formula(name, step)
                decimals[copied] = typed_e(reading) if verdict and reading is not None else None
            digits = decimals[copied]
            if digits is not None:
                found.setdefault((Kind.ROUNDED, cause_of("e_typed", decimals=digits)), []).append(place)
        other = judge.other_rate(step) if name in judge.taking_rate else None
        if other is not None:
            why = cause_of("other_labeled_rate", rate=judge.rates[other], cell=reference(other))
            found.setdefault((Kind.RATE, why), []).append(place)
    return [Finding(name, kind, tuple(places), why) for (kind, why), places in found.items() if places]
