"""Updates beside those of a training that do not depend on their own parameter: they take the gradient of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.formulas.tree import ONE
from tracer.grading.graph.forms import unrounded
from tracer.grading.graph.graph import Form, IntArray
from tracer.grading.steps.steps import Steps, Training, training_of
from tracer.grading.updates.alignment import aligned
from tracer.grading.updates.chains import Chain, chains_of
from tracer.grading.updates.shapes import Lead, leads, literals, rest
from tracer.grading.updates.updates import Update

LEAST_OFTEN = 0.5
"""The part of the updates that refer to a learning rate at least."""


def with_companions(steps: Steps, training: Training) -> tuple[Steps, Training] | None:
    """The training with the parameters of updates that share their gradients' cells or learning rate with its own, but
    do not depend on what they add to, the new ones last; None if there are none."""
    graph = steps.network.graph
    own = _chains(training)
    made = {update.node: index for index, chain in enumerate(own) for update in chain.updates}
    found = [update for update in _like(steps, training) if update.node not in made]
    further = [chain for chain in chains_of(graph, found, steps.root) if _begins(steps, chain)]
    if not further:
        return None
    cut = steps.cut.copy()
    for chain in further:
        cut[[update.node for update in chain.updates]] = True
        cut[list(chain.seeds)] = True
    joined = training_of(aligned(steps.network, [*own, *further], cut))
    return replace(steps, cut=cut, trainings=(joined,)), joined


def _chains(training: Training) -> list[Chain]:
    rows = [[(step, update) for step, update in enumerate(row) if update is not None] for row in training.updates]
    return [
        Chain(
            tuple(update for _, update in row),
            tuple(int(training.seeds[index, step]) for step, _ in row),
            row[0][0],
        )
        for index, row in enumerate(rows)
    ]


def _begins(steps: Steps, chain: Chain) -> bool:
    """Whether a chain begins with a number typed in, and a parameter of its own."""
    root = steps.root[chain.updates[0].parameter]
    return bool(steps.network.graph.form[root] < 0 and not steps.cut[root] and not steps.cut[chain.seeds[0]])


def _like(steps: Steps, training: Training) -> list[Update]:
    """The cells that add to another one what the updates of a training refer to: a learning rate, or a gradient."""
    graph = steps.network.graph
    updates = [update for row in training.updates for update in row if update is not None]
    usual = LEAST_OFTEN * len(updates)
    used = _used(steps, updates)
    shared = np.where(graph.form < 0, used >= usual, (used > 0) & ~steps.parameters)
    typed: Counter[float] = Counter()
    for (number, lead), count in Counter((int(graph.form[update.node]), update.lead) for update in updates).items():
        typed.update(dict.fromkeys(_typed(graph.forms[number], lead), count))
    numbers = {value for value, count in typed.items() if count >= usual} - {0.0, 1.0}
    found = []
    for number, form in enumerate(graph.forms):
        expression = unrounded(form.expression)
        for lead in [lead for lead in leads(expression) if lead.times == ONE]:
            others = np.delete(form.operands, lead.slot, 1)
            rows = shared[others].any(1)
            if not others.shape[1] and not numbers.isdisjoint(_typed(form, lead)):
                rows = np.ones(len(form.nodes), bool)
            rows &= graph.form[form.nodes] == number
            nodes, parameters = form.nodes[rows].tolist(), form.operands[rows, lead.slot].tolist()
            found += [Update(node, x, lead) for node, x in zip(nodes, parameters, strict=True)]
    first = {update.node: update for update in reversed(found)}
    return sorted(first.values(), key=lambda update: update.node)


def _used(steps: Steps, updates: Sequence[Update]) -> IntArray:
    """How many updates refer to each node besides their parameters."""
    graph = steps.network.graph
    nodes, slots = np.array([(update.node, update.lead.slot) for update in updates], int).reshape(-1, 2).T
    referring = np.zeros(len(graph.operands), bool)
    referring[steps.network.leading_to(nodes)] = True
    referring[graph.starts[nodes] + slots] = False
    return np.bincount(graph.operands[referring], minlength=len(graph.text))


def _typed(form: Form, lead: Lead) -> frozenset[float]:
    """The numbers that are typed into what an update adds."""
    return literals(rest(unrounded(form.expression), lead))
