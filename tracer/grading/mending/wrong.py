"""The steps of a wrong training that are searched: the first and the last that are wrong, and one that is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.guesses import BY_PREDICTION, Guess, guesses
from tracer.grading.losses.predictions import pairs_of
from tracer.grading.mending.step import Loss, Step, Target
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Judgement

MOST_POINTS = 3
"""Points at which a step is compared with the gradients of its loss."""
MOST_COMPARED = 12
"""Steps whose inputs and targets are compared with those of the first one."""
MOST_NODES = 3_000
"""Cells of a step that is searched."""


def searched_steps(case: Case, judgement: Judgement) -> tuple[list[Step], list[Step]]:
    """The wrong steps that are searched, and the right ones: none where they are too large, or their loss is not
    known."""
    numbers = _wrong_steps(case, judgement)
    others = [step for step in range(case.training.seeds.shape[1]) if step not in set(numbers)]
    chosen = [*numbers[:1], *_unlike(case, numbers)], others[:1]
    gradients = _gradients(case, judgement) if numbers else np.empty(0)
    wrong, right = ([_step(case, judgement, number, gradients) for number in steps] for steps in chosen)
    return [step for step in wrong if step], [step for step in right if step]


def _unlike(case: Case, numbers: Sequence[int]) -> list[int]:
    """The last of some steps but the first, if possible one in which other inputs and targets are 0."""
    last = numbers[:0:-1]
    if not last:
        return []
    zeros = {number: _zeros(case, number) for number in [numbers[0], *last[:MOST_COMPARED]]}
    return [next((n for n in last[:MOST_COMPARED] if zeros[n] != zeros[numbers[0]]), last[0])]


def _zeros(case: Case, number: int) -> bytes:
    """Which of the numbers that the cells of a step take from elsewhere are 0."""
    cells = case.cells
    taken = case.graph.operands[case.steps.network.leading_to(cells.nodes[cells.step[cells.nodes] == number])]
    zero: Flags = case.graph.values[taken[~cells.region.inside[taken]]] == 0.0
    return zero.tobytes()


def _wrong_steps(case: Case, judgement: Judgement) -> list[int]:
    """The steps that the cells of the faults belong to: the first whose updates depend on them."""
    used_in = first_use(case)
    found = {int(used_in[case.graph.number[place]]) for fault in judgement.faults for place in fault.places}
    return sorted(found - {NONE})


def _step(case: Case, judgement: Judgement, number: int, gradients: Array) -> Step | None:
    loss = _loss(case, judgement, number)
    rows = np.flatnonzero((case.training.nodes[:, number] != NONE) & (case.training.seeds[:, number] != NONE))
    if loss is None or not len(loss.nodes) or not len(rows):
        return None
    updates = [case.training.updates[row][number] for row in rows.tolist()]
    nodes = case.training.nodes[rows, number]
    parameters = np.array([update.parameter for update in updates if update is not None], int)
    if judgement.rate is None and case.all_taken.complete:
        nodes, parameters = case.all_taken.nodes[rows, number], np.full(len(rows), NONE)
    target = Target(nodes, parameters, case.training.seeds[rows, number])
    step = Step(case, number, target, loss, case.points[:MOST_POINTS], gradients[rows, number])
    return step if len(step.nodes) <= MOST_NODES else None


def _loss(case: Case, judgement: Judgement, number: int) -> Loss | None:
    none = np.empty(0, int)
    if judgement.loss:
        nodes = np.array([case.graph.number[place] for place in judgement.loss])
        return Loss(nodes[case.cells.step[nodes] == number], none)
    guess = _guess(case, judgement)
    if guess is None:
        return None
    pairs = pairs_of(case.cells)[guess.origin]
    own = case.cells.step[pairs.predictions] == number
    return Loss(pairs.predictions[own], pairs.targets[own], BY_PREDICTION[guess.name])


def _guess(case: Case, judgement: Judgement) -> Guess | None:
    named = (g for g in guesses(case.cells) if g.name == judgement.assumed_loss and g.name in BY_PREDICTION)
    return next(named, None)


def _gradients(case: Case, judgement: Judgement) -> Array:
    """The gradients of the loss by all parameters, [parameters, steps, points]; NaN where they are not known."""
    points = case.points[:MOST_POINTS]
    guess = _guess(case, judgement)
    if judgement.loss:
        nodes = np.array([case.graph.number[place] for place in judgement.loss])
        return case.cells.gradients(nodes, np.ones((len(nodes), len(points))), points)
    if guess is not None:
        return case.cells.gradients(*guess.terms(case.cells, points), points)
    return np.full((*case.training.seeds.shape, len(points)), np.nan)


def first_use(case: Case) -> IntArray:
    """The first step whose updates depend on each node; -1 where there is none. A cell that takes a parameter of the
    next step by mistake belongs to the step that uses it."""
    graph, region = case.graph, case.cells.region
    never = case.training.seeds.shape[1]
    found = np.full(len(graph.text), never)
    for step, updates in enumerate(case.training.nodes.T):
        own = updates[updates != NONE]
        np.minimum.at(found, graph.operands[case.steps.network.leading_to(own)], step)
        found[own] = step
    for level in reversed(region.levels):
        np.minimum.at(found, level.operands, found[level.owners])
    return np.where(case.cells.step != NONE, case.cells.step, np.where(found == never, NONE, found))
