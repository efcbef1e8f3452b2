"""Numbers typed over formulas: with the formula of the cells around it, the workbook is judged anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.grading.book.relative import absolute
from tracer.grading.culprits.copies import Odd, typed_over
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Kind
from tracer.grading.steps.steps import Steps, steps_of
from tracer.grading.training.judgement import Fault, Judgement, Standing
from tracer.grading.ways.trials import MOST_CELLS, Trials

PASTED = 5e-3
"""Relative difference of a number from the value of the formula, up to which it is a rounded value of this."""
TYPED = "a number is typed over a formula"


def explained(trials: Trials, judgements: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """The judgements; if a single number is typed over a formula, and all is right with this formula, those of the
    workbook with the formula, of which one blames the number."""
    graph = trials.graph
    if len(graph.text) > MOST_CELLS:
        return judgements
    typed = typed_over(graph)
    between = [odd for odd in typed if odd.between]
    odd = between if between or not _is_wrong(judgements) else typed
    return (_with_formula(trials, odd[0], judgements) if len(odd) == 1 else ()) or judgements


def _with_formula(trials: Trials, odd: Odd, judgements: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """The judgements with the formula in place of the number, if all is right with it; empty if not.
    judgements: without the formula."""
    node, place = odd.nodes[0], trials.graph.places[odd.nodes[0]]
    trial = trials.judged([place], odd.text)
    if trial is None:
        return ()
    graph, judged = trial
    if not judged or any(each.standing is not Standing.CONFIRMED or not each.firm for each in judged):
        return ()
    typed, value = float(trials.graph.values[node]), float(graph.values[graph.number[place]])
    if not np.isfinite(value) or abs(typed - value) <= PASTED * abs(value):
        return ()
    if not _is_wrong(judgements) and not _tells(steps_of(graph), graph.number[place]):
        return ()
    known = {each.parameters for each in judgements if each.standing is Standing.CONFIRMED}
    spoiled = max(judged, key=lambda each: (each.parameters not in known, len(each.parameters) * each.steps))
    why, right = cause_of("typed_over_formula"), absolute(odd.text, place[1])
    fault = Fault((place,), Kind.CONSTANT, why, f"{typed:.15g}", right, typed, value)
    found = replace(spoiled, standing=Standing.WRONG, reason=TYPED, faults=(fault,))
    return tuple(found if each is spoiled else each for each in judged)


def _is_wrong(judgements: tuple[Judgement, ...]) -> bool:
    return any(judgement.standing is Standing.WRONG for judgement in judgements)


def _tells(steps: Steps, node: int) -> bool:
    """Whether a formula belongs where it is, though all updates follow gradients without it: in an update, one of
    several, for a parameter does not start anew without the others. Another learning rate may be typed in."""
    return bool(steps.parameters[node]) and any(len(training.updates) > 1 for training in steps.trainings)
