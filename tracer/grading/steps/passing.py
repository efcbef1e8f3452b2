"""Cells that add to an input in every step but are not updates: `δ + x` for the gradient δ·x."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.grading.steps.steps import NONE, Steps, Training

LEAST_STEPS, LEAST_COPIES = 3, 2
"""The fewest steps of a training, and copies in different steps, that show that a cell is not an update."""
MOST_LOOKED_AT = 8
"""Copies of a formula that are tried before all of them are."""
MOST_FOLLOWED = 500
"""Cells that one is followed to within its step."""


def without_passing(steps: Steps, training: Training) -> tuple[Steps, Training]:
    """The training without parameters of a single step whose updated value is used beside the parameters of the same
    step, copy by copy; and the steps with the graph no longer cut there."""
    made = [[(column, u.node) for column, u in enumerate(row) if u is not None] for row in training.updates]
    single = {row: own[0] for row, own in enumerate(made) if len(own) == 1}
    if training.seeds.shape[1] < LEAST_STEPS or not LEAST_COPIES <= len(single) < len(made):
        return steps, training
    text = steps.network.graph.text
    parameters: dict[int, set[int]] = {}
    for row, updates in enumerate(training.updates):
        for column, update in enumerate(updates):
            if update is not None and row not in single:
                parameters.setdefault(column, set()).update((update.parameter, int(training.seeds[row, column])))
    copies: dict[int, list[int]] = {}
    for row, (_, node) in single.items():
        copies.setdefault(int(text[node]), []).append(row)

    def passing(rows: list[int]) -> list[int]:
        made_of = [(row, *single[row]) for row in rows]
        return [row for row, column, node in made_of if _is_used_within(steps, node, parameters.get(column, set()))]

    left_out: list[int] = []
    for rows in copies.values():
        looked_at = rows[:: max(1, len(rows) // MOST_LOOKED_AT)]
        if len(passing(looked_at)) >= LEAST_COPIES:
            left_out += passing(rows)
    if not left_out:
        return steps, training
    kept = np.setdiff1d(np.arange(len(made)), left_out)
    cut = steps.cut.copy()
    cut[[single[row][1] for row in left_out]] = False
    seeds = np.setdiff1d(training.seeds[left_out], training.seeds[kept])
    cut[seeds[seeds != NONE]] = False
    reduced = Training(tuple(training.updates[row] for row in kept.tolist()), training.seeds[kept])
    return replace(steps, cut=cut), reduced


def _is_used_within(steps: Steps, node: int, parameters: set[int]) -> bool:
    """Whether formulas take one of these parameters, and depend on a node within their step."""
    graph, network = steps.network.graph, steps.network
    pending, seen = [node], {node}
    while pending and len(seen) <= MOST_FOLLOWED:
        at = pending.pop(0)
        for user in network.owner[network.leading_from(np.array([at]))].tolist():
            if user not in seen:
                if not parameters.isdisjoint(graph.operands_of(user).tolist()):
                    return True
                seen.add(user)
                if not steps.cut[user]:
                    pending.append(user)
    return False
