"""The verdict on a training: confirmed, right up to a factor, wrong in some cells, or nothing to judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.grading.training.alike import NOT_ALIKE, Comparison
from tracer.grading.training.case import Case
from tracer.grading.training.confirmation import (
    FOLLOWS,
    confirmed,
    found_rate,
    is_mean,
    is_one,
    optimized,
    tells,
    wrong_judgement,
)
from tracer.grading.training.faults import (
    faults_of,
    faults_of_formulas,
    faults_of_gradients,
    parameter_of,
)
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.training.outputs import against_all_losses, below_the_output, by_counterparts, conflicting, uphill
from tracer.grading.training.parts import (
    MOST_COMPARED,
    partly,
    partly_by_gradient_cells,
    right_parameters,
    varying,
    without_optimizer,
    wrong_changes,
)
from tracer.grading.training.rates import Rate
from tracer.grading.training.rules import Changes, Rule, rule_for
from tracer.grading.training.understanding import Loss, Tried, Whole, gradients, whole

NO_LOSS = "no cell, and no usual loss, was found whose gradients the updates follow"


def judged(case: Case) -> Judgement:
    """The judgement of a training."""
    found = next((judgement for way in WAYS if (judgement := way(case))), None)
    judgement = found or Judgement(Standing.NOTHING, NO_LOSS)
    parameters = tuple(parameter_of(case.graph, updates) for updates in case.training.updates)
    sheets = dict.fromkeys(place[0] for parameter in parameters for place in parameter.after)
    steps = case.training.seeds.shape[1]
    return replace(judgement, sheets=tuple(sheets), parameters=parameters, steps=steps)


def _plain(case: Case) -> Judgement | None:
    """Updates that are a learning rate times a gradient, all of them."""
    explaining = [e for e in case.plain if e.fit.explains_all and (e.guessed or varying(case.sample.change).any())]
    if not explaining:
        return None
    best = max((_ranked(case, entry) for entry in explaining[:MOST_COMPARED]), key=lambda ranked: ranked[0])
    _, entry, found, rate = best
    judgement = confirmed(case, entry.loss, found, rate)
    wrong = wrong_changes(found)
    if wrong.any() and not tells(case, entry.loss):
        return None
    if wrong.any():
        return wrong_judgement(judgement, faults_of(case.steps, case.training, case.points, found, wrong))
    return uphill(case, entry.loss, judgement) or conflicting(case, entry, judgement) or judgement


def _ranked(case: Case, entry: Tried) -> tuple[tuple[float, ...], Tried, Whole, Rate | None]:
    """How well a loss explains all updates: few that are wrong, a cell of the sheet, a simple factor, one cell."""
    found = whole(case.cells, case.changes, entry.loss, case.points)
    rate = found_rate(case, found)
    nodes, _ = entry.loss.terms(case.cells, case.points)
    merits = (
        -float(wrong_changes(found).sum()),
        float(not entry.guessed),
        float(rate is not None and (is_one(rate.factor) or is_mean(case, entry.loss, rate.factor))),
        float(rate is not None),
        -len(nodes) / case.training.seeds.shape[1],
        float(nodes.max(initial=0)),
    )
    return merits, entry, found, rate


def _by_a_rule(case: Case) -> Judgement | None:
    """Updates of a gradient and more: weight decay, momentum."""
    sample = case.sample
    chosen = sample.cells.steps
    previous = np.full_like(sample.change, np.nan)
    after = np.flatnonzero(np.diff(chosen) == 1) + 1
    previous[:, after] = sample.change[:, after - 1]
    if chosen[0] == 0:
        previous[:, 0] = 0.0
    for loss in case.likely_losses:
        gradient = gradients(loss, sample.cells, case.points)[sample.parameters]
        rule = rule_for(Changes(sample.change, gradient, sample.values, previous))
        if rule is not None and rule.explains_all:
            return _ruled(case, loss, rule)
    return None


def _ruled(case: Case, loss: Loss, rule: Rule) -> Judgement:
    found = whole(case.cells, case.changes, loss, case.points)
    numbers = zip(rule.terms[1:], rule.numbers[1:], strict=True)
    reason = f"{FOLLOWS}, with " + " and ".join(f"{name} {abs(number):.6g}" for name, number in numbers)
    rate = rule.numbers[0]
    judgement = replace(confirmed(case, loss, found, None), standing=Standing.CONFIRMED, reason=reason)
    judgement = replace(judgement, rate=abs(rate), ascent=rate < 0.0)
    return uphill(case, loss, judgement) or judgement


def _by_gradient_cells(case: Case) -> Judgement | None:
    """Updates by an optimizer that take their gradients from cells, all of which are right."""
    if not case.taken.complete:
        return None
    explaining = [entry for entry in case.by_gradient_cells if entry.fit.explains_all and entry.fit.constant]
    if not explaining:
        return None
    entry = min(explaining, key=lambda entry: entry.guessed)
    found = whole(case.cells, case.all_taken.changes(case.points), entry.loss, case.points)
    judgement = optimized(case, entry.loss, found)
    wrong = wrong_changes(found)
    if wrong.any():
        return wrong_judgement(judgement, faults_of_gradients(case, found, wrong))
    plain = whole(case.cells, case.changes, entry.loss, case.points)
    right = right_parameters(plain)
    if right.any() and (plain.fit.constant or right.sum() > 1):
        return without_optimizer(case, entry.loss, plain)
    odd = Comparison(case).odd_ones()
    if odd:
        return wrong_judgement(judgement, faults_of_formulas(case, odd), NOT_ALIKE)
    return uphill(case, entry.loss, judgement) or conflicting(case, entry, judgement) or judgement


WAYS = (
    _plain,
    _by_a_rule,
    partly,
    _by_gradient_cells,
    partly_by_gradient_cells,
    by_counterparts,
    below_the_output,
    against_all_losses,
)
"""The ways to a judgement, one after the other: the first that finds one decides."""
