"""What a judgement says of the loss that updates follow, of its learning rate, and of a factor besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.book.cells import Place
from tracer.grading.losses.factors import TOLERANCE
from tracer.grading.losses.guesses import Guess
from tracer.grading.losses.losses import SUM, Role
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement, Standing
from tracer.grading.training.rates import Rate, rate_of
from tracer.grading.training.understanding import Loss, Whole, gradients

FOLLOWS = "all updates follow the gradients of the loss"
DIFFERS = "some updates do not follow the gradients of the loss"


def confirmed(case: Case, loss: Loss, found: Whole, rate: Rate | None) -> Judgement:
    """The judgement of updates that follow the gradients of a loss, or those times a factor."""
    factor = abs(rate.factor) if rate else None
    by = f"{FOLLOWS}, {factor:.6g} times the learning rate" if factor else ""
    simple = factor is None or is_one(factor) or isinstance(loss, Guess) or is_mean(case, loss, factor)
    return Judgement(
        Standing.CONFIRMED if simple else Standing.FACTOR,
        FOLLOWS if simple else by,
        firm=True,
        loss=loss_cells(case, loss) if isinstance(loss, Role) else (),
        assumed_loss=_assumed(case, loss, factor),
        ascent=goes_up(found),
        rate=abs(rate.value) if rate else None,
        rate_at=case.graph.places[rate.node] if rate and rate.node != NONE else None,
        steady=found.fit.constant,
        factor=1.0 if factor and simple else factor,
    )


def optimized(case: Case, loss: Loss, found: Whole) -> Judgement:
    """The judgement of updates by an optimizer that take the gradients of a loss."""
    judgement = confirmed(case, loss, found, None)
    reason = "all gradients that the updates take are those of the loss; the updates themselves follow an optimizer"
    first = case.changes[:, 0, 0] * gradients(loss, case.cells, case.points)[:, 0, 0]
    return replace(judgement, reason=reason, ascent=bool((first > 0.0).sum() > (first < 0.0).sum()))


def wrong_judgement(judgement: Judgement, faults: Sequence[Fault], reason: str = DIFFERS) -> Judgement:
    """A judgement with faults."""
    return replace(judgement, standing=Standing.WRONG, reason=reason, faults=tuple(faults))


def tells(case: Case, loss: Loss) -> bool:
    """Whether a loss tells wrong updates: a guess does where predictions depend on several parameters, as no variable
    of a state equation does; a cell of a single parameter where it is a usual loss."""
    if isinstance(loss, Role):
        return len(case.training.updates) > 1 or any(entry.role == loss for entry in case.recognized)
    sample = case.sample
    depends = (sample.tangents != 0.0).any(2)
    return any(depends[np.isin(sample.cells.nodes, sources)].any(0).sum() > 1 for sources in loss.sources(sample.cells))


def found_rate(case: Case, found: Whole) -> Rate | None:
    """The learning rate of the first step, and where it stands; None if there is no single one."""
    first = next((float(rate) for rate in found.fit.rates if np.isfinite(rate)), None)
    if first is None:
        return None
    updates = [update for row in case.training.updates for update in row[:1] if update is not None]
    return rate_of(case.graph, case.points[0].values, case.cells, updates, first)


def is_one(factor: float) -> bool:
    """Whether a factor is 1 or −1."""
    return abs(abs(factor) - 1.0) <= TOLERANCE


def goes_up(found: Whole) -> bool:
    """Whether the updates increase what they follow."""
    return bool((found.fit.rates < 0.0).sum() > (found.fit.rates > 0.0).sum())


def is_mean(case: Case, loss: Loss, factor: float) -> bool:
    """Whether a factor makes the mean of a sum over copied cells."""
    if not isinstance(loss, Role) or loss.rank != SUM:
        return False
    return is_one(factor * len(loss.nodes(case.cells)) / case.training.seeds.shape[1])


def _assumed(case: Case, loss: Loss, factor: float | None) -> str:
    if isinstance(loss, Guess):
        return loss.name
    return "mean of the loss cells" if factor and not is_one(factor) and is_mean(case, loss, factor) else ""


def loss_cells(case: Case, role: Role) -> tuple[Place, ...]:
    """The cells that have a role, step by step."""
    nodes = role.nodes(case.cells)
    return tuple(case.graph.places[node] for node in nodes[np.lexsort((nodes, case.cells.step[nodes]))].tolist())
