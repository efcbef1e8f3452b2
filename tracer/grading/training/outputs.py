"""Trainings in which all below the output is right, but not the error of the output."""

from __future__ import annotations

from dataclasses import replace

from tracer.grading.losses.guesses import Guess
from tracer.grading.losses.losses import Role
from tracer.grading.losses.recognition import made_of_predictions
from tracer.grading.training.case import Case
from tracer.grading.training.confirmation import loss_cells, wrong_judgement
from tracer.grading.training.faults import faults_of_outputs
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.training.understanding import Loss, Tried

ONLY_SHOWN = frozenset({"absolute error"})
"""Losses that a sheet may compute beside the one that it minimizes."""


def uphill(case: Case, loss: Loss, judgement: Judgement) -> Judgement | None:
    """The judgement where all updates go the wrong way: up a loss."""
    known = [entry for entry in case.recognized if entry.role == loss]
    if not judgement.ascent or (isinstance(loss, Role) and (not known or known[0].ascends)):
        return None
    guess = loss if isinstance(loss, Guess) else known[0].guess
    return wrong_judgement(judgement, faults_of_outputs(case, guess), "all updates go up the loss, not down")


def conflicting(case: Case, entry: Tried, judgement: Judgement) -> Judgement | None:
    """The judgement where the updates follow a usual loss, and the loss in the sheet is another one."""
    computed = [other for other in case.recognized if other.guess.name not in ONLY_SHOWN]
    if not isinstance(entry.loss, Guess) or not computed:
        return None
    other = computed[0]
    reason = f"the updates follow the gradients of the {entry.loss.name}, but the sheet computes the {other.guess.name}"
    judgement = replace(judgement, loss=loss_cells(case, other.role), assumed_loss="", factor=None)
    return wrong_judgement(judgement, faults_of_outputs(case, entry.loss), reason)


def below_the_output(case: Case) -> Judgement | None:
    """The judgement where all below the output is right, but its error is not that of the loss in the sheet."""
    for entry in case.recognized:
        if made_of_predictions(case.sample, entry.guess):
            reason = f"the error of the output is not that of the {entry.guess.name} that the sheet computes"
            judgement = Judgement(Standing.WRONG, reason, firm=True, loss=loss_cells(case, entry.role))
            return replace(judgement, faults=tuple(faults_of_outputs(case, entry.guess)))
    return None
