"""Copies of the hidden layer of an earlier step, as the context units of an Elman network: inputs of a later step."""

from __future__ import annotations

import numpy as np

from tracer.grading.graph.graph import IntArray
from tracer.grading.steps.steps import Steps, Training
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Judgement
from tracer.grading.training.understanding import all_cells

MOST_EDGES = 200_000
"""References in a graph that is judged a second time."""


def contexts(steps: Steps) -> IntArray:
    """The cells that show what an earlier step computes from its parameters, and that a later step uses."""
    small = len(steps.network.graph.operands) <= MOST_EDGES
    found = [_contexts_of(steps, training) for training in steps.trainings if small]
    return np.unique(np.concatenate(found)) if found else np.empty(0, int)


def _contexts_of(steps: Steps, training: Training) -> IntArray:
    graph, cells = steps.network.graph, all_cells(steps, training)
    shown = (steps.root != np.arange(len(steps.root))) & (cells.step >= 0) & ~steps.parameters
    users, operands = steps.network.owner, graph.operands
    later = shown[operands] & (cells.last[users] > cells.step[operands]) & ~steps.cut[users]
    return np.flatnonzero(np.isin(graph.text, graph.text[operands[later]]))


def are_inputs(steps: Steps, nodes: IntArray, texts: IntArray, judgement: Judgement) -> bool:
    """Whether the loss of a judgement depends on copies of each formula within its step, as it does on inputs: it does
    not on states of an optimizer, nor on derivatives that are carried forward. texts: of the copies."""
    loss = np.array([steps.network.graph.number[place] for place in judgement.loss], int)
    leading = steps.leading_to(loss)
    return bool(np.isin(texts, texts[leading[nodes]]).all())


def is_truncated(case: Case) -> bool:
    """Whether all updates are made of their own step's cells alone."""
    graph, cells = case.graph, case.cells
    made = [
        (step, update.node) for row in case.training.updates for step, update in enumerate(row) if update is not None
    ]
    return all(
        cells.step[operand] == step or not cells.region.inside[operand] or case.steps.parameters[operand]
        for step, node in made
        for operand in graph.operands_of(node).tolist()
    )
