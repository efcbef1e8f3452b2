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
    nodes = np.flatnonzero(np.isin(graph.form, forms))
    made = case.training.nodes
    nodes = nodes[case.steps.leading_to(made[made != NONE])[nodes]] if len(nodes) else nodes
    if not len(nodes):
        return None
    spoils = tuple(parameter_of(graph, updates) for updates in case.training.updates)
    places = tuple(graph.places[node] for node in nodes.tolist())
    return Fault(
        places, Kind.FORMULA, cause_of("subtracted_from_itself"), value=float(graph.values[nodes[0]]), spoils=spoils
    )


def stands_still(case: Case) -> bool:
    """Whether no update changes any parameter, whatever their values are."""
    return bool(np.isfinite(case.changes).any()) and not np.nan_to_num(case.changes).any()
