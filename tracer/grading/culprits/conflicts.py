"""Updates that follow a usual loss, while the sheet computes another one: one fault, which names both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tracer.grading.book.cells import reference
from tracer.grading.judging.causes import Cause, cause_of
from tracer.grading.judging.findings import Kind
from tracer.grading.training.case import Case
from tracer.grading.training.faults import parameter_of
from tracer.grading.training.judgement import Conflict, Fault, Judgement

FORMULAS: Mapping[str, str] = {
    "squared error": "({p} − {t})²",
    "absolute error": "|{p} − {t}|",
    "cross entropy of a sigmoid": "−{t}·ln {p} − (1 − {t})·ln(1 − {p})",
    "cross entropy of a softmax": "−Σ t·ln p",
}
"""Usual losses of a prediction p and its target t."""
CHANGES: Mapping[tuple[str, str], str] = {
    ("cross entropy of a sigmoid", "squared error"): "the factor {p}·(1 − {p}) is missing",
    ("squared error", "cross entropy of a sigmoid"): "the factor {p}·(1 − {p}) does not belong there",
    ("cross entropy of a softmax", "squared error"): "the derivative of the softmax is missing, p·(e − Σ p·e) for "
    "e = p − t",
    ("squared error", "cross entropy of a softmax"): "the error is p − t",
    ("absolute error", "squared error"): "the error is {p} − {t} itself, not its sign",
}
"""The loss that updates follow and the one that the sheet computes → what makes the updates right for this one."""


def with_conflict(case: Case, judgement: Judgement) -> Judgement:
    """The judgement; where its conflict explains all, with one fault: that of the cells that an edit makes right, or
    else of the errors of the output, or of all updates."""
    conflict = judgement.conflict
    if conflict is None:
        return judgement
    if len(judgement.faults) == 1 and judgement.faults[0].right is not None:
        (fault,) = judgement.faults
        why = fault.why and _named(conflict, fault.why)
        return replace(judgement, faults=(replace(fault, why=why),))
    return replace(judgement, faults=(_fault(case, conflict),))


def _fault(case: Case, conflict: Conflict) -> Fault:
    spoils = tuple(parameter_of(case.graph, updates) for updates in case.training.updates)
    updates = tuple(place for parameter in spoils for place in parameter.after)
    shown = {part: _in_cells(part, conflict) for part in (FORMULAS[conflict.followed], _change(conflict))}
    followed, change = shown.values()
    why = cause_of("other_loss", followed=conflict.followed, formula=followed, shown=conflict.shown, change=change)
    kind = Kind.FORMULA if conflict.errors else Kind.UPDATE
    places = conflict.errors or updates
    value = float(case.graph.values[case.graph.number[places[0]]])
    return Fault(places, kind, why, value=value, spoils=spoils)


def _change(conflict: Conflict) -> str:
    return CHANGES.get((conflict.followed, conflict.shown), "its own derivative belongs there")


def _named(conflict: Conflict, why: Cause) -> Cause:
    """The cause of a fault whose right formula is known, with the loss that makes the formula right that it has."""
    formula = _in_cells(FORMULAS[conflict.followed], conflict)
    return replace(
        why, sentence=f"{why.sentence} for the {conflict.shown}; right for the {conflict.followed} {formula}"
    )


def _in_cells(text: str, conflict: Conflict) -> str:
    """A formula with the cells of the first pair, where the prediction has one."""
    if conflict.prediction is None:
        return text.format(p="p", t="t")
    return text.format(p=reference(conflict.prediction[1]), t=reference(conflict.target[1]))
