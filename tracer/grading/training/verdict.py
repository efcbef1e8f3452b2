"""The verdict on a training: confirmed, right up to a factor, wrong in some cells, or nothing to judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.grading.book.cells import Place
from tracer.grading.graph.graph import Flags, Graph
from tracer.grading.training.factors import TOLERANCE
from tracer.grading.training.faults import faults_of, parameter_of
from tracer.grading.training.guesses import Guess
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.training.points import Point
from tracer.grading.training.rates import Rate, rate_of
from tracer.grading.training.sampling import sample_of
from tracer.grading.training.steps import NONE, Steps, Training
from tracer.grading.training.understanding import Tried, Whole, tried, whole

NO_LOSS = "no cell, and no usual loss, was found whose gradients the updates follow"
LEAST_EVIDENCE = 4
"""Updates that a factor explains besides the one that it is taken from, where others are said to be wrong."""


def judged(steps: Steps, training: Training, points: list[Point]) -> Judgement:
    """The judgement of a training."""
    sample = sample_of(steps, training, points)
    losses = tried(sample, points)
    explaining = [entry for entry in losses if entry.fit.explains_all]
    if explaining:
        return _explained(steps, training, points, explaining)
    if losses and losses[0].fit.evidence >= LEAST_EVIDENCE:
        found = whole(steps, training, losses[0].loss, points)
        return _compared(steps, training, points, losses[0], found)
    return _described(steps.network.graph, training, Judgement(Standing.NOTHING, NO_LOSS))


def _explained(steps: Steps, training: Training, points: list[Point], explaining: list[Tried]) -> Judgement:
    """The judgement where at least one loss explains all updates of the sample: the one with the simplest factor."""
    best: tuple[tuple[float, ...], Tried, Whole] | None = None
    for entry in explaining[:6]:
        found = whole(steps, training, entry.loss, points)
        rate = _rate(steps, training, points, found)
        nodes, _ = entry.loss.terms(found.cells, points)
        several = len(nodes) / found.cells.seeds.shape[1]
        rank = (
            -float((found.fit.valid & ~found.fit.matched).sum()),
            float(not entry.guessed),
            float(rate is not None and abs(abs(rate.factor) - 1.0) <= TOLERANCE),
            float(rate is not None),
            -several,
            float(nodes.max(initial=0)),
        )
        if best is None or rank > best[0]:
            best = rank, entry, found
    assert best
    return _compared(steps, training, points, best[1], best[2])


def _rate(steps: Steps, training: Training, points: list[Point], found: Whole) -> Rate | None:
    first = next((float(rate) for rate in found.fit.rates if np.isfinite(rate)), None)
    if first is None:
        return None
    updates = [update for row in training.updates for update in row[:1] if update is not None]
    return rate_of(steps.network.graph, points[0].values, found.cells, updates, first)


def wrong_updates(found: Whole) -> Flags:
    """Which updates are wrong, [parameters, steps]: at the sheet's own point, and at all others."""
    differs = ~found.fit.matched | ~found.fit.valid
    return found.fit.valid[:, :, 0] & ~found.fit.matched[:, :, 0] & differs.all(2)


def _compared(steps: Steps, training: Training, points: list[Point], entry: Tried, found: Whole) -> Judgement:
    graph = steps.network.graph
    rate = _rate(steps, training, points, found)
    wrong = wrong_updates(found)
    nodes, _ = entry.loss.terms(found.cells, points)
    factor = abs(rate.factor) if rate else None
    common = Judgement(
        Standing.CONFIRMED,
        "all updates follow the gradients of the loss",
        firm=True,
        loss=() if entry.guessed else _loss_cells(graph, found, nodes),
        assumed_loss=entry.loss.name if isinstance(entry.loss, Guess) else "",
        ascent=bool(np.nanmedian(found.fit.rates) < 0),
        rate=abs(rate.value) if rate else None,
        rate_at=graph.places[rate.node] if rate and rate.node != NONE else None,
        factor=factor,
    )
    if wrong.any():
        faults = faults_of(steps, training, points, found, wrong)
        common = replace(
            common,
            standing=Standing.WRONG,
            reason="some updates do not follow the gradients of the loss",
            faults=faults,
        )
    elif factor is not None and abs(factor - 1.0) > TOLERANCE:
        reason = f"all updates follow the gradients of the loss, {factor:.6g} times the learning rate"
        common = replace(common, standing=Standing.FACTOR, reason=reason)
    return _described(graph, training, common)


def _loss_cells(graph: Graph, found: Whole, nodes: np.ndarray) -> tuple[Place, ...]:
    order = np.lexsort((nodes, found.cells.step[nodes]))
    return tuple(graph.places[node] for node in nodes[order].tolist())


def _described(graph: Graph, training: Training, judgement: Judgement) -> Judgement:
    """The judgement with the cells of the training."""
    parameters = tuple(parameter_of(graph, updates) for updates in training.updates)
    sheets = dict.fromkeys(place[0] for parameter in parameters for place in parameter.after)
    return replace(judgement, sheets=tuple(sheets), parameters=parameters, steps=training.seeds.shape[1])
