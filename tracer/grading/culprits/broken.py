"""Cells that stand where the update of a parameter should, but update none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.judging.findings import Kind
from tracer.grading.steps.companions import with_companions
from tracer.grading.steps.steps import Steps, Training
from tracer.grading.steps.succession import Break, breaks
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement, Standing
from tracer.grading.training.understanding import gradients
from tracer.grading.training.verdict import judged

MOST_EDGES = 400_000
"""References in a graph that is searched."""
BROKEN = "some parameters are not updated from their value in the step before"


def broken_updates(steps: Steps) -> list[Break]:
    """The cells that stand where an update should, or copy the wrong one."""
    return breaks(steps) if len(steps.network.graph.operands) <= MOST_EDGES else []


def with_constants(graph: Graph, nodes: IntArray) -> Graph:
    """The graph with the values of these nodes in place of their formulas."""
    owner = np.repeat(np.arange(len(graph.text)), np.diff(graph.starts))
    kept = ~np.isin(owner, nodes)
    counts = np.bincount(owner[kept], minlength=len(graph.text))
    text, form = graph.text.copy(), graph.form.copy()
    text[nodes] = form[nodes] = -1
    forms = []
    for each in graph.forms:
        rows = ~np.isin(each.nodes, nodes)
        forms.append(replace(each, nodes=each.nodes[rows], operands=each.operands[rows], numbers=each.numbers[rows]))
    texts = [replace(each, nodes=each.nodes[~np.isin(each.nodes, nodes)]) for each in graph.texts]
    starts = np.concatenate([[0], np.cumsum(counts)])
    return replace(graph, text=text, form=form, forms=forms, texts=texts, starts=starts, operands=graph.operands[kept])


def with_broken(judgements: Sequence[Judgement], graph: Graph, broken: Sequence[Break]) -> tuple[Judgement, ...]:
    """Judgements of the graph with these nodes as constants: where all others are right, these are the faults."""
    if not judgements:
        return ()
    first = max(judgements, key=lambda judgement: len(judgement.parameters) * judgement.steps)
    if first.standing not in (Standing.CONFIRMED, Standing.FACTOR) or not first.firm:
        return ()
    if len(first.parameters) == 1 and first.rate is None:
        return ()  # a state, as of a controller
    faults = tuple(_faults(graph, broken))
    wrong = replace(first, standing=Standing.WRONG, reason=BROKEN, faults=faults)
    return tuple(wrong if judgement is first else judgement for judgement in judgements)


def _faults(graph: Graph, broken: Sequence[Break]) -> list[Fault]:
    blamed: dict[str, list[int]] = {}
    for each in sorted(broken, key=lambda each: each.blamed):
        text = int(graph.text[each.blamed])
        blamed.setdefault(graph.texts[text].relative if text >= 0 else str(each.blamed), []).append(each.blamed)
    return [
        Fault(
            tuple(graph.places[cell] for cell in dict.fromkeys(cells)),
            Kind.UPDATE,
            value=float(graph.values[cells[0]]),
        )
        for cells in blamed.values()
    ]


def judged_with_companions(case: Case, judgement: Judgement) -> tuple[Case, Judgement]:
    """A training and its judgement; where all of it is right, with parameters that the loss depends on, and whose
    updates do not depend on them: these are wrong."""
    if judgement.standing not in (Standing.CONFIRMED, Standing.FACTOR) or not judgement.firm:
        return case, judgement
    joined = with_companions(case.steps, case.training)
    if joined is None:
        return case, judgement
    steps, training = joined
    wider = Case(steps, training, case.points)
    losses = [entry.loss for entry in case.plain if entry.fit.explains_all][:1] or case.likely_losses[:1]
    used = np.zeros(len(training.updates), bool)
    used[: len(case.training.updates)] = True
    for loss in losses:
        used |= (np.nan_to_num(gradients(loss, wider.cells, case.points)) != 0.0).any((1, 2))
    if used.sum() == len(case.training.updates):
        return case, judgement
    rows = np.flatnonzero(used)
    kept = Training(tuple(training.updates[row] for row in rows.tolist()), training.seeds[rows])
    wider = Case(steps, kept, case.points)
    found = judged(wider)
    return (wider, found) if found.standing is Standing.WRONG else (case, judgement)
