"""Formulas that subtract a cell from itself: `y − y` for `a − y`."""

from __future__ import annotations

import numpy as np

from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Kind
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.faults import parameter_of
from tracer.grading.training.judgement import Fault
from tracer.grading.updates.shapes import cancels

CANCELS = "a formula subtracts a cell from itself"


def cancelled_fault(case: Case) -> Fault | None:
    """The fault of the cells that updates depend on within their step and that subtract a cell from itself; None where
    there are none."""
    graph = case.graph
    forms = [number for number, form in enumerate(graph.forms) if cancels(form.expression)]
    nodes = np.flatnonzero(np.isin(graph.form, forms)).tolist()
    above = _above_updates(case) if nodes else set()
    nodes = [node for node in nodes if node in above]
    if not nodes:
        return None
    spoils = tuple(parameter_of(graph, updates) for updates in case.training.updates)
    places = tuple(graph.places[node] for node in nodes)
    return Fault(
        places, Kind.FORMULA, cause_of("subtracted_from_itself"), value=float(graph.values[nodes[0]]), spoils=spoils
    )


def stands_still(case: Case) -> bool:
    """Whether no update changes any parameter, whatever their values are."""
    return bool(np.isfinite(case.changes).any()) and not np.nan_to_num(case.changes).any()


def _above_updates(case: Case) -> set[int]:
    """What the updates of a training depend on within their step."""
    graph, made = case.graph, case.training.nodes
    found = set(made[made != NONE].tolist())
    pending = list(found)
    while pending:
        for operand in graph.operands_of(pending.pop()).tolist():
            if operand not in found and not case.steps.cut[operand]:
                found.add(operand)
                pending.append(operand)
    return found
