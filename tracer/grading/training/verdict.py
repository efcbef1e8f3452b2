"""The verdict on a training: confirmed, right up to a factor, wrong in some cells, or nothing to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.book.cells import Place
from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.factors import TOLERANCE, fits
from tracer.grading.losses.guesses import Guess
from tracer.grading.losses.losses import SUM, Role
from tracer.grading.losses.recognition import made_of_predictions
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.faults import (
    faults_of,
    faults_of_gradients,
    faults_of_outputs,
    faults_of_updates,
    parameter_of,
)
from tracer.grading.training.judgement import Fault, Judgement, Standing
from tracer.grading.training.optimizers import Comparison
from tracer.grading.training.rates import Rate, has_own_rate, rate_of
from tracer.grading.training.rules import Changes, Rule, rule_for
from tracer.grading.training.understanding import Loss, Tried, Whole, gradients, whole

NO_LOSS = "no cell, and no usual loss, was found whose gradients the updates follow"
FOLLOWS = "all updates follow the gradients of the loss"
DIFFERS = "some updates do not follow the gradients of the loss"
ONLY_SHOWN = frozenset({"absolute error"})
"""Losses that a sheet may compute beside the one that it minimizes."""
MOST_COMPARED = 6
"""Losses that explain a sample and are compared with all updates."""
MOSTLY = 0.6
"""The part of its steps in which a parameter is right that tells the factor of the others."""
LEAST_COLUMNS = 4
"""Steps, counted once for each point, in which such a parameter is right."""


def judged(case: Case) -> Judgement:
    """The judgement of a training."""
    ways = (_plain, _by_a_rule, _partly, _by_gradient_cells, _partly_by_gradient_cells, _below_the_output)
    found = next((judgement for way in ways if (judgement := way(case))), None)
    judgement = found or Judgement(Standing.NOTHING, NO_LOSS)
    parameters = tuple(parameter_of(case.graph, updates) for updates in case.training.updates)
    sheets = dict.fromkeys(place[0] for parameter in parameters for place in parameter.after)
    steps = case.training.seeds.shape[1]
    return replace(judgement, sheets=tuple(sheets), parameters=parameters, steps=steps)


# --------------------------------------------------------------------------------------------- what explains everything


def _plain(case: Case) -> Judgement | None:
    """Updates that are a learning rate times a gradient, all of them."""
    explaining = [e for e in case.plain if e.fit.explains_all and (e.guessed or _vary(case.sample.change).any())]
    if not explaining:
        return None
    best = max((_ranked(case, entry) for entry in explaining[:MOST_COMPARED]), key=lambda ranked: ranked[0])
    _, entry, found, rate = best
    judgement = _confirmed(case, entry.loss, found, rate)
    wrong = wrong_changes(found)
    if wrong.any():
        return _wrong(judgement, faults_of(case.steps, case.training, case.points, found, wrong))
    return _uphill(case, entry.loss, judgement) or _conflicting(case, entry, judgement) or judgement


def _ranked(case: Case, entry: Tried) -> tuple[tuple[float, ...], Tried, Whole, Rate | None]:
    """How well a loss explains all updates: few that are wrong, a cell of the sheet, a simple factor, one cell."""
    found = whole(case.cells, case.changes, entry.loss, case.points)
    rate = _rate(case, found)
    nodes, _ = entry.loss.terms(case.cells, case.points)
    merits = (
        -float(wrong_changes(found).sum()),
        float(not entry.guessed),
        float(rate is not None and (_is_one(rate.factor) or _is_mean(case, entry.loss, rate.factor))),
        float(rate is not None),
        -len(nodes) / case.training.seeds.shape[1],
        float(nodes.max(initial=0)),
    )
    return merits, entry, found, rate


def _rate(case: Case, found: Whole) -> Rate | None:
    first = next((float(rate) for rate in found.fit.rates if np.isfinite(rate)), None)
    if first is None:
        return None
    updates = [update for row in case.training.updates for update in row[:1] if update is not None]
    return rate_of(case.graph, case.points[0].values, case.cells, updates, first)


def _confirmed(case: Case, loss: Loss, found: Whole, rate: Rate | None) -> Judgement:
    nodes, _ = loss.terms(case.cells, case.points)
    order = np.lexsort((nodes, case.cells.step[nodes]))
    factor = abs(rate.factor) if rate else None
    by = f"{FOLLOWS}, {factor:.6g} times the learning rate" if factor else ""
    is_one = factor is None or _is_one(factor) or isinstance(loss, Guess) or _is_mean(case, loss, factor)
    return Judgement(
        Standing.CONFIRMED if is_one else Standing.FACTOR,
        FOLLOWS if is_one else by,
        firm=True,
        loss=tuple(case.graph.places[node] for node in nodes[order].tolist()) if isinstance(loss, Role) else (),
        assumed_loss=_assumed(case, loss, factor),
        ascent=_goes_up(found),
        rate=abs(rate.value) if rate else None,
        rate_at=case.graph.places[rate.node] if rate and rate.node != NONE else None,
        factor=1.0 if factor and is_one else factor,
    )


def _is_one(factor: float) -> bool:
    return abs(abs(factor) - 1.0) <= TOLERANCE


def _goes_up(found: Whole) -> bool:
    """Whether the updates increase what they follow."""
    return bool((found.fit.rates < 0.0).sum() > (found.fit.rates > 0.0).sum())


def _is_mean(case: Case, loss: Loss, factor: float) -> bool:
    """Whether a factor makes the mean of a sum over copied cells."""
    if not isinstance(loss, Role) or loss.rank != SUM:
        return False
    return _is_one(factor * len(loss.nodes(case.cells)) / case.training.seeds.shape[1])


def _assumed(case: Case, loss: Loss, factor: float | None) -> str:
    if isinstance(loss, Guess):
        return loss.name
    return "mean of the loss cells" if factor and not _is_one(factor) and _is_mean(case, loss, factor) else ""


def _wrong(judgement: Judgement, faults: Sequence[Fault], reason: str = DIFFERS) -> Judgement:
    return replace(judgement, standing=Standing.WRONG, reason=reason, faults=tuple(faults))


def _uphill(case: Case, loss: Loss, judgement: Judgement) -> Judgement | None:
    """The judgement where all updates go the wrong way: up a loss."""
    known = [entry for entry in case.recognized if entry.role == loss]
    if not judgement.ascent or (isinstance(loss, Role) and (not known or known[0].ascends)):
        return None
    guess = loss if isinstance(loss, Guess) else known[0].guess
    return _wrong(judgement, faults_of_outputs(case, guess), "all updates go up the loss, not down")


def _conflicting(case: Case, entry: Tried, judgement: Judgement) -> Judgement | None:
    """The judgement where the updates follow a usual loss, and the loss in the sheet is another one."""
    computed = [other for other in case.recognized if other.guess.name not in ONLY_SHOWN]
    if not isinstance(entry.loss, Guess) or not computed:
        return None
    other = computed[0]
    reason = f"the updates follow the gradients of the {entry.loss.name}, but the sheet computes the {other.guess.name}"
    judgement = replace(judgement, loss=_loss_cells(case, other.role), assumed_loss="", factor=None)
    return _wrong(judgement, faults_of_outputs(case, entry.loss), reason)


def _loss_cells(case: Case, role: Role) -> tuple[Place, ...]:
    nodes = role.nodes(case.cells)
    return tuple(case.graph.places[node] for node in nodes[np.lexsort((nodes, case.cells.step[nodes]))].tolist())


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
    judgement = replace(_confirmed(case, loss, found, None), standing=Standing.CONFIRMED, reason=reason)
    judgement = replace(judgement, rate=abs(rate), ascent=rate < 0.0)
    return _uphill(case, loss, judgement) or judgement


def _by_gradient_cells(case: Case) -> Judgement | None:
    """Updates by an optimizer that take their gradients from cells, all of which are right."""
    if not case.taken.complete:
        return None
    explaining = [entry for entry in case.by_gradient_cells if entry.fit.explains_all and entry.fit.constant]
    if not explaining:
        return None
    entry = min(explaining, key=lambda entry: entry.guessed)
    found = whole(case.cells, case.all_taken.changes(case.points), entry.loss, case.points)
    judgement = _optimized(case, entry.loss, found)
    wrong = wrong_changes(found)
    if wrong.any():
        return _wrong(judgement, faults_of_gradients(case, found, wrong))
    plain = whole(case.cells, case.changes, entry.loss, case.points)
    if _right(plain).any():
        return _without_optimizer(case, entry.loss, plain)
    odd = Comparison(case.steps, case.training, case.cells, case.all_taken, case.points[0]).odd_ones()
    if len(odd):
        return _wrong(judgement, faults_of_updates(case, odd), "some updates are not made like the others")
    return _uphill(case, entry.loss, judgement) or _conflicting(case, entry, judgement) or judgement


def _optimized(case: Case, loss: Loss, found: Whole) -> Judgement:
    judgement = _confirmed(case, loss, found, None)
    reason = "all gradients that the updates take are those of the loss; the updates themselves follow an optimizer"
    first = case.changes[:, 0, 0] * gradients(loss, case.cells, case.points)[:, 0, 0]
    return replace(judgement, reason=reason, ascent=bool((first > 0.0).sum() > (first < 0.0).sum()))


# ------------------------------------------------------------------------------------------------ what explains a part


def wrong_changes(found: Whole) -> Flags:
    """Which changes are wrong, [parameters, steps]: at the sheet's own point, and at all others."""
    differs = ~found.fit.matched | ~found.fit.valid
    wrong: Flags = found.fit.valid[:, :, 0] & ~found.fit.matched[:, :, 0] & differs.all(2)
    return wrong


def _partly(case: Case) -> Judgement | None:
    """The judgement where some parameters follow the gradients of a loss, and others do not."""
    best = _solid(case, case.plain, case.changes)
    if best:
        return _without_optimizer(case, *best)
    return None


def _without_optimizer(case: Case, loss: Loss, found: Whole) -> Judgement:
    """The judgement where some updates are known to be a learning rate times the gradient of a loss."""
    rate = _rate(case, found)
    judgement = _confirmed(case, loss, found, rate)
    wrong = wrong_changes(found)
    none = _has_no_rate(case, loss, found, rate)
    own = _with_own_rates(case, loss, found, wrong, None if none else rate)
    if len(own) and none:
        without = np.flatnonzero(~wrong.any(1))
        return _wrong(judgement, faults_of_updates(case, without), "the learning rate is left out in some updates")
    wrong[own] = False
    if not wrong.any():
        return judgement
    return _wrong(judgement, faults_of(case.steps, case.training, case.points, found, wrong))


def _partly_by_gradient_cells(case: Case) -> Judgement | None:
    """The same where the updates follow an optimizer: of the gradients that they take."""
    best = _solid(case, case.by_gradient_cells, case.all_taken.changes(case.points))
    if best:
        loss, found = best
        wrong = wrong_changes(found)
        return _wrong(_optimized(case, loss, found), faults_of_gradients(case, found, wrong)) if wrong.any() else None
    return None


def _solid(case: Case, sampled: Sequence[Tried], change: Array) -> tuple[Loss, Whole] | None:
    """The loss that explains most parameters, if these are enough to say that the others are wrong."""
    best: tuple[tuple[float, ...], Loss, Whole] | None = None
    for entry in sampled[:MOST_COMPARED]:
        compared = whole(case.cells, change, entry.loss, case.points)
        for found in (replace(compared, fit=other) for other in fits(change, compared.gradient)):
            right = _right(found) & _vary(np.abs(change))
            if best and right.sum() < best[0][0]:
                continue
            its_rate = _has_its_rate(case, found)
            recognized = any(other.role == entry.loss for other in case.recognized)
            known = entry.guessed or recognized or its_rate
            enough = right.any() if known else right.sum() >= max(2, len(right) / 2)
            down = not _goes_up(found)
            merits = float(right.sum()), float(down), float(its_rate), float(not entry.guessed)
            if enough and (best is None or merits > best[0]):
                best = merits, entry.loss, found
    return best[1:] if best else None


def _has_no_rate(case: Case, loss: Loss, found: Whole, rate: Rate | None) -> bool:
    """Whether the factor of most updates is 1, and they have no learning rate, just a 1 of the forward pass."""
    factor = np.abs(found.fit.rates[np.isfinite(found.fit.rates)])
    if not len(factor) or not (np.abs(factor - 1.0) <= TOLERANCE).all():
        return False
    if rate is None or rate.node == NONE or not _is_one(rate.factor):
        return True
    nodes, _ = loss.terms(case.cells, case.points)
    users = case.steps.network.owner[case.steps.network.leading_from(np.array([rate.node]))]
    return bool((case.cells.feeding(nodes) & (case.cells.step >= 0))[users].any())


def _has_its_rate(case: Case, found: Whole) -> bool:
    """Whether the right updates are just a learning rate that has a cell times the gradient."""
    rate = _rate(case, found)
    return rate is not None and rate.node != NONE and _is_one(rate.factor)


def _with_own_rates(case: Case, loss: Loss, found: Whole, wrong: Flags, rate: Rate | None) -> IntArray:
    """The parameters whose factor is another one in all steps, their own learning rate."""
    ascent = _goes_up(found)
    nodes, _ = loss.terms(case.cells, case.points)
    rows = []
    others = [u.node for row in np.flatnonzero(~wrong.any(1)) for u in case.training.updates[row] if u is not None]
    for row in np.flatnonzero(wrong.any(1)).tolist():
        valid = found.fit.valid[row]
        with np.errstate(all="ignore"):
            ratio = -found.change[row][valid] / found.gradient[row][valid]
        if not (np.isfinite(ratio) & (ratio < 0.0 if ascent else ratio > 0.0)).all():
            continue
        if (np.abs(ratio - ratio[0]) <= TOLERANCE * np.abs(ratio)).all() and len(ratio) >= LEAST_COLUMNS:
            updates = [update for update in case.training.updates[row] if update is not None]
            factor = float(ratio[0]) / (rate.factor if rate else 1.0)
            if has_own_rate(case.steps.network, case.points[0].values, updates, factor, case.cells, nodes, others):
                rows.append(row)
    return np.array(rows, int)


def _right(found: Whole) -> Flags:
    """The parameters that are right in most of their steps."""
    valid, matched = found.fit.valid, found.fit.matched
    right: Flags = (matched.sum((1, 2)) >= MOSTLY * valid.sum((1, 2))) & (matched.sum((1, 2)) >= LEAST_COLUMNS)
    return right


def _vary(change: Array) -> Flags:
    """The parameters whose changes vary. Those that do not, such as −η by the sign of something, follow any sum that a
    parameter is added to."""
    changes = np.nan_to_num(change).reshape(len(change), -1)
    varied: Flags = np.ptp(changes, 1) > TOLERANCE * np.abs(changes).max(1, initial=0.0)
    return varied | (changes.shape[1] == 1)


def _below_the_output(case: Case) -> Judgement | None:
    """The judgement where all below the output is right, but its error is not that of the loss in the sheet."""
    for entry in case.recognized:
        if made_of_predictions(case.sample, entry.guess):
            reason = f"the error of the output is not that of the {entry.guess.name} that the sheet computes"
            judgement = Judgement(Standing.WRONG, reason, firm=True, loss=_loss_cells(case, entry.role))
            return replace(judgement, faults=tuple(faults_of_outputs(case, entry.guess)))
    return None
