"""Trainings in which all below the output is right, but not the error of the output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tracer.grading.graph.graph import IntArray
from tracer.grading.losses.convexity import is_convex
from tracer.grading.losses.factors import TOLERANCE, fit
from tracer.grading.losses.guesses import BY_PREDICTION, Guess, guesses
from tracer.grading.losses.losses import Role
from tracer.grading.losses.predictions import pairs_of
from tracer.grading.losses.recognition import has_targets, made_of_predictions, output_errors
from tracer.grading.losses.sampling import values_of
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.confirmation import loss_cells, tells, wrong_judgement
from tracer.grading.training.counterparts import Wrong, first_wrong
from tracer.grading.training.faults import faults_of_cells, faults_of_outputs, faults_of_updates
from tracer.grading.training.judgement import Conflict, Judgement, Standing
from tracer.grading.training.understanding import Loss, Tried, gradients
from tracer.grading.updates.shapes import scaled_pair

ONLY_SHOWN = frozenset({"absolute error"})
"""Losses that a sheet may compute beside the one that it minimizes."""
NO_USUAL_LOSS = "the error of the output is not the derivative of any usual loss"


def uphill(case: Case, loss: Loss, judgement: Judgement) -> Judgement | None:
    """The judgement where all updates go the wrong way: up a loss that is usual, or has no maximum."""
    if not judgement.ascent or not tells(case, loss) or (isinstance(loss, Role) and not _has_no_maximum(case, loss)):
        return None
    wrong = max(_wrong(case, loss, upright=True), key=lambda entry: _merits(case, entry), default=None)
    all_updates = np.arange(len(case.training.updates))
    faults = faults_of_cells(case, wrong) if wrong else faults_of_updates(case, all_updates)
    return wrong_judgement(judgement, faults, "all updates go up the loss, not down")


def _has_no_maximum(case: Case, role: Role) -> bool:
    """Whether a loss is always descended: it compares predictions of several parameters with targets."""
    if not _compares(case, role):
        return False
    known = [entry for entry in case.recognized if entry.role == role]
    if known:
        return not known[0].ascends
    gradient = gradients(role, case.cells, case.points)[:, :, 0]
    return is_convex(case.cells, role, case.points[0].values, gradient)


def conflicting(case: Case, entry: Tried, judgement: Judgement) -> Judgement | None:
    """The judgement where the loss in the sheet is another one than that which the updates follow: a usual one, or
    cells that the loss is computed from."""
    loss = entry.loss
    if isinstance(loss, Role):
        computed = [found for found in minimized(case) if _is_above(case, loss, found[0])] if _leads(case, loss) else []
        followed = "cells that it is computed from"
    else:
        computed, followed = minimized(case), loss.name
    if not computed:
        return None
    role, name, _ = computed[0]
    reason = f"the updates follow the gradients of the {followed}, but the sheet computes the {name}"
    if name == followed:
        reason = f"the updates follow the gradients of another {name} than the one that the sheet computes"
    judgement = replace(judgement, loss=loss_cells(case, role), assumed_loss="", factor=None)
    if isinstance(loss, Guess) and name != followed:
        judgement = replace(judgement, conflict=_conflict(case, loss, name))
    found = by_counterparts(case)
    if found is not None:
        return wrong_judgement(judgement, found.faults, reason)
    return wrong_judgement(judgement, faults_of_outputs(case, loss), reason) if isinstance(loss, Guess) else None


def _conflict(case: Case, guess: Guess, shown: str) -> Conflict:
    found, places = pairs_of(case.cells)[guess.origin], case.graph.places
    predictions = found.predictions.tolist() or [NONE]
    errors = tuple(places[node] for node in output_errors(case.graph, case.cells, guess).tolist())
    prediction = None if predictions[0] == NONE else places[predictions[0]]
    return Conflict(guess.name, shown, prediction, places[found.targets[0]], errors)


def _leads(case: Case, role: Role) -> bool:
    """Whether the updates depend on cells."""
    cells = case.sample.cells
    return bool(cells.leading_to_updates()[role.nodes(cells)].all())


def _is_above(case: Case, followed: Role, loss: Role) -> bool:
    """Whether a loss depends on the cells that the updates follow, and has other gradients."""
    cells = case.sample.cells
    if not cells.feeding(loss.nodes(cells))[followed.nodes(cells)].all():
        return False
    gradient = gradients(loss, cells, case.points)[case.sample.parameters]
    return not fit(case.sample.change, gradient).explains_all


def below_the_output(case: Case) -> Judgement | None:
    """The judgement where all below the output is right, but its error is not that of the loss in the sheet."""
    for entry in case.recognized:
        if _compares(case, entry.role) and made_of_predictions(case.sample, entry.guess):
            reason = f"the error of the output is not that of the {entry.guess.name} that the sheet computes"
            judgement = Judgement(Standing.WRONG, reason, firm=True, loss=loss_cells(case, entry.role))
            return replace(judgement, faults=tuple(faults_of_outputs(case, entry.guess)))
    return None


def by_counterparts(case: Case) -> Judgement | None:
    """The judgement where the cells of the backward pass are derivatives up to some, and those before are not."""
    found = [
        (role, name, wrong) for role, name, ascends in minimized(case) for wrong in _wrong(case, role, not ascends)
    ]
    if not found:
        return None
    role, name, wrong = max(found, key=lambda entry: _merits(case, entry[2]))
    reason = f"some derivatives are not those of the {name} that the sheet computes"
    judgement = Judgement(Standing.WRONG, reason, firm=True, loss=loss_cells(case, role))
    return replace(judgement, faults=faults_of_cells(case, wrong))


def against_all_losses(case: Case) -> Judgement | None:
    """The judgement where the sheet computes no loss, and the error of the output is that of no usual one: a − y times
    what depends on the parameters and is not the slope."""
    if case.usual or len(case.training.updates) < 2:
        return None
    found = []
    for guess in guesses(case.sample.cells):
        if guess.name in BY_PREDICTION:
            own = [wrong for wrong in _wrong(case, guess) if _is_scaled_error(case, wrong.nodes)]
            if not own:
                return None
            found += own
    if not found:
        return None
    wrong = max(found, key=lambda entry: _merits(case, entry))
    return Judgement(Standing.WRONG, NO_USUAL_LOSS, faults=faults_of_cells(case, wrong))


def _wrong(case: Case, loss: Loss, descent: bool = True, upright: bool = False) -> Iterator[Wrong]:
    """The first wrong cells below a loss, as the updates show them, and the cells that these take their gradients
    from."""
    sample = case.sample
    ways = [(case.training.nodes[sample.parameters][:, sample.cells.steps], descent)]
    if case.taken.complete:
        ways.append((case.taken.nodes[sample.parameters], False))
    return (wrong for targets, down in ways if (wrong := first_wrong(case, loss, targets, down, upright)) is not None)


def _merits(case: Case, wrong: Wrong) -> tuple[float, ...]:
    return float(wrong.exact), float(wrong.agreeing > 0), -float(len(np.unique(case.graph.text[wrong.nodes])))


def _is_scaled_error(case: Case, nodes: IntArray) -> bool:
    """Whether cells are the difference of a prediction and a target times what varies with the parameters."""
    graph = case.graph
    for number in np.unique(graph.form[nodes]).tolist():
        pair = scaled_pair(graph.forms[number].expression)
        if pair is None:
            return False
        own = nodes[graph.form[nodes] == number]
        rows = np.searchsorted(graph.forms[number].nodes, own)
        first, second = (values_of(graph.forms[number].operands[rows, slot], case.points) for slot in pair)
        with np.errstate(all="ignore"):
            factor = values_of(own, case.points) / (first - second)
        if not (np.ptp(factor, 1) > TOLERANCE * np.abs(factor).max(1)).all():
            return False
    return True


def minimized(case: Case) -> list[tuple[Role, str, bool]]:
    """The usual losses in the sheet, but for those that are only shown."""
    return [entry for entry in case.usual if entry[1] not in ONLY_SHOWN and _compares(case, entry[0])]


def _compares(case: Case, role: Role) -> bool:
    """Whether a loss is that of several parameters in most of their steps, and takes targets that their updates take
    too."""
    cells = case.sample.cells
    often = len(np.unique(cells.step[role.nodes(cells)]))
    return len(case.training.updates) > 1 and 2 * often > len(cells.steps) and has_targets(case.sample, role)
