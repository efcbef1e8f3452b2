"""Trainings in which some updates follow the gradients of a loss, and others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.factors import TOLERANCE, fit, fits
from tracer.grading.losses.losses import Role
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.confirmation import (
    confirmed,
    found_rate,
    goes_up,
    is_one,
    optimized,
    tells,
    wrong_judgement,
)
from tracer.grading.training.faults import faults_of, faults_of_gradients, faults_of_updates
from tracer.grading.training.judgement import Judgement
from tracer.grading.training.outputs import minimized, uphill
from tracer.grading.training.rates import Rate, has_own_rate
from tracer.grading.training.understanding import Loss, Tried, Whole, gradients, whole

MOST_COMPARED = 6
"""Losses that explain a sample and are compared with all updates."""
MOSTLY = 0.6
"""The part of its steps in which a parameter is right that tells the factor of the others."""
MOST_OWN = 24
"""Losses that single parameters may follow."""
LEAST_COLUMNS = 4
"""Steps, counted once for each point, in which such a parameter is right."""
RATE_LEFT_OUT = "the learning rate is left out in some updates"


def partly(case: Case) -> Judgement | None:
    """The judgement where some parameters follow the gradients of a loss, and others do not."""
    best = _solid(case, case.plain, case.changes)
    if best:
        return without_optimizer(case, *best)
    return None


def partly_by_gradient_cells(case: Case) -> Judgement | None:
    """The same where the updates follow an optimizer: of the gradients that they take."""
    best = _solid(case, case.by_gradient_cells, case.all_taken.changes(case.points))
    if best:
        loss, found = best
        wrong = wrong_changes(found)
        return (
            wrong_judgement(optimized(case, loss, found), faults_of_gradients(case, found, wrong))
            if wrong.any()
            else None
        )
    return None


def without_optimizer(case: Case, loss: Loss, found: Whole) -> Judgement:
    """The judgement where some updates are known to be a learning rate times the gradient of a loss."""
    rate = found_rate(case, found)
    judgement = confirmed(case, loss, found, rate)
    wrong = wrong_changes(found)
    none = _has_no_rate(case, loss, found, rate)
    own = _with_own_rates(case, loss, found, wrong, None if none else rate)
    if len(own) and none:
        without = np.flatnonzero(~wrong.any(1))
        return wrong_judgement(judgement, faults_of_updates(case, without), RATE_LEFT_OUT)
    wrong[own] = False
    wrong[_with_own_losses(case, loss, found, np.flatnonzero(wrong.any(1)))] = False
    if not wrong.any():
        return uphill(case, loss, judgement) or judgement
    return wrong_judgement(judgement, faults_of(case.steps, case.training, case.points, found, wrong))


def _solid(case: Case, sampled: Sequence[Tried], change: Array) -> tuple[Loss, Whole] | None:
    """The loss that explains most parameters, if these are enough to say that the others are wrong."""
    best: tuple[tuple[float, ...], Loss, Whole] | None = None
    for entry in [entry for entry in sampled if tells(case, entry.loss)][:MOST_COMPARED]:
        compared = whole(case.cells, change, entry.loss, case.points)
        for found in (replace(compared, fit=other) for other in fits(change, compared.gradient)):
            right = right_parameters(found) & varying(np.where(found.fit.matched, np.abs(change), np.nan))
            if best and right.sum() < best[0][0]:
                continue
            its_rate = _has_its_rate(case, found)
            recognized = any(other.role == entry.loss for other in case.recognized)
            known = entry.guessed or recognized or (its_rate and len(right) > 1)
            enough = right.any() if known else right.sum() >= max(2, len(right) / 2)
            if entry.guessed and 2 * right.sum() < len(right) and minimized(case):
                continue  # the sheet computes another loss
            enough = enough and (found.fit.constant or _tells_by_step(case, found, right, entry.guessed or recognized))
            down = not goes_up(found)
            merits = float(right.sum()), float(down), float(its_rate), float(not entry.guessed)
            if enough and (best is None or merits > best[0]):
                best = merits, entry.loss, found
    return best[1:] if best else None


def _tells_by_step(case: Case, found: Whole, right: Flags, usual: bool) -> bool:
    """Whether a factor of its own in each step tells wrong updates: several parameters follow a usual loss, or one does
    by a learning rate that the others refer to as well."""
    if right.sum() > 1:
        return usual or _has_its_rate(case, found)
    rate = found_rate(case, found) if _has_its_rate(case, found) else None
    if rate is None or len(right) < 2:
        return False
    graph = case.graph
    refers = [graph.operands_of(row[0].node) for row in case.training.updates if row[0] is not None]
    return all(rate.node in own or graph.text[rate.node] in graph.text[own[graph.text[own] >= 0]] for own in refers)


def wrong_changes(found: Whole) -> Flags:
    """Which changes are wrong, [parameters, steps]: at the sheet's own point, and at all others."""
    differs = ~found.fit.matched | ~found.fit.valid
    wrong: Flags = found.fit.valid[:, :, 0] & ~found.fit.matched[:, :, 0] & differs.all(2)
    return wrong


def right_parameters(found: Whole) -> Flags:
    """The parameters that are right in most of their steps."""
    valid, matched = found.fit.valid, found.fit.matched
    right: Flags = (matched.sum((1, 2)) >= MOSTLY * valid.sum((1, 2))) & (matched.sum((1, 2)) >= LEAST_COLUMNS)
    return right


def varying(change: Array) -> Flags:
    """The parameters whose changes vary. Those that do not, such as −η by the sign of something, follow any sum that a
    parameter is added to."""
    changes = np.nan_to_num(change).reshape(len(change), -1)
    varied: Flags = np.ptp(changes, 1) > TOLERANCE * np.abs(changes).max(1, initial=0.0)
    return varied | (changes.shape[1] == 1)


def _has_no_rate(case: Case, loss: Loss, found: Whole, rate: Rate | None) -> bool:
    """Whether the factor of most updates is 1, and they have no learning rate, just a 1 of the forward pass."""
    factor = np.abs(found.fit.rates[np.isfinite(found.fit.rates)])
    if not len(factor) or not (np.abs(factor - 1.0) <= TOLERANCE).all():
        return False
    if rate is None or rate.node == NONE or not is_one(rate.factor):
        return True
    nodes, _ = loss.terms(case.cells, case.points)
    users = case.steps.network.owner[case.steps.network.leading_from(np.array([rate.node]))]
    return bool((case.cells.feeding(nodes) & (case.cells.step >= 0))[users].any())


def _has_its_rate(case: Case, found: Whole) -> bool:
    """Whether the right updates are just a learning rate that has a cell times the gradient."""
    rate = found_rate(case, found)
    return rate is not None and rate.node != NONE and is_one(rate.factor)


def _with_own_rates(case: Case, loss: Loss, found: Whole, wrong: Flags, rate: Rate | None) -> IntArray:
    """The parameters whose factor is another one in all steps, their own learning rate."""
    ascent = goes_up(found)
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


def _with_own_losses(case: Case, judged: Loss, found: Whole, rows: IntArray) -> IntArray:
    """The parameters that follow another cell of the sheet exactly, which neither the updates nor the judged loss
    depend on: in a game each has its own. Beside a usual loss that no cell shows, a cell may be that of one sample."""
    if not isinstance(judged, Role):
        return np.empty(0, int)
    leading = case.cells.leading_to_updates() | case.cells.feeding(judged.terms(case.cells, case.points)[0])
    follow: list[int] = []
    for loss in (entry.loss for entry in case.plain[:MOST_OWN] if not entry.guessed):
        if not leading[loss.terms(case.cells, case.points)[0]].any():
            gradient = gradients(loss, case.cells, case.points)
            for row in ([index] for index in rows.tolist()):
                if _follows(case.changes[row], gradient[row]) and not _follows(-found.gradient[row], gradient[row]):
                    follow += row
    return np.array(follow, int)


def _follows(change: Array, gradient: Array) -> bool:
    compared = fit(change, gradient)
    return compared.constant and compared.explains_all
