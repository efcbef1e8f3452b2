"""Parameters whose updates are none: the cells that stand where an update of the step before should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.judging.findings import Kind
from tracer.grading.steps.steps import Steps
from tracer.grading.training.judgement import Fault, Judgement, Standing

MOST_EDGES = 400_000
"""References in a graph that is searched."""
BROKEN = "some parameters are not updated from their value in the step before"


def broken_updates(steps: Steps) -> IntArray:
    """The cells that formulas of the forward pass take beside the parameters of a step, that come from the step before,
    and are no updates: broken ones, or copies of the wrong cell."""
    graph = steps.network.graph
    if len(graph.operands) > MOST_EDGES:
        return np.empty(0, int)
    ages = _Ages(steps)
    return np.array(sorted({found for node in range(len(graph.text)) for found in ages.carried(node)}), int)


def with_constants(graph: Graph, nodes: IntArray) -> Graph:
    """The graph with the values of these nodes in place of their formulas."""
    owner = np.repeat(np.arange(len(graph.text)), np.diff(graph.starts))
    kept = ~np.isin(owner, nodes)
    counts = np.bincount(owner[kept], minlength=len(graph.text))
    text, form = graph.text.copy(), graph.form.copy()
    text[nodes] = form[nodes] = -1
    forms = []
    for each in graph.forms:
        rows = ~np.isin(each.nodes, nodes)
        forms.append(replace(each, nodes=each.nodes[rows], operands=each.operands[rows], numbers=each.numbers[rows]))
    texts = [replace(each, nodes=each.nodes[~np.isin(each.nodes, nodes)]) for each in graph.texts]
    starts = np.concatenate([[0], np.cumsum(counts)])
    return replace(graph, text=text, form=form, forms=forms, texts=texts, starts=starts, operands=graph.operands[kept])


def with_broken(judgements: Sequence[Judgement], steps: Steps, nodes: IntArray) -> tuple[Judgement, ...]:
    """Judgements of the graph with these nodes as constants: where all others are right, these are the faults."""
    if not judgements:
        return ()
    first = max(judgements, key=lambda judgement: len(judgement.parameters) * judgement.steps)
    if first.standing not in (Standing.CONFIRMED, Standing.FACTOR) or not first.firm:
        return ()
    faults = tuple(_faults(steps, nodes))
    wrong = replace(first, standing=Standing.WRONG, reason=BROKEN, faults=faults)
    return tuple(wrong if judgement is first else judgement for judgement in judgements)


def _faults(steps: Steps, nodes: IntArray) -> list[Fault]:
    graph = steps.network.graph
    blamed: dict[int, list[int]] = {}
    for node in nodes.tolist():
        root = int(steps.root[node])
        users = steps.network.owner[steps.network.leading_from(np.array([root]))]
        cell = root if (steps.root[users] == root).all() else node
        blamed.setdefault(int(graph.text[cell]), []).append(cell)
    return [
        Fault(
            tuple(graph.places[cell] for cell in dict.fromkeys(cells)),
            Kind.UPDATE,
            value=float(graph.values[cells[0]]),
        )
        for cells in blamed.values()
    ]


def _updates(steps: Steps) -> set[int]:
    """The updates, without those of something else than a parameter: g − η·g, which is followed by none."""
    graph = steps.network.graph
    chains = [[u for u in row if u is not None] for training in steps.trainings for row in training.updates]
    true = [chain for chain in chains if len(chain) > 1 or graph.form[steps.root[chain[0].parameter]] < 0]
    return {update.node for chain in true for update in chain}


class _Ages:
    """The age of each cell: the largest number of updates on a way to it. Its state are the graph's arrays as lists."""

    def __init__(self, steps: Steps) -> None:
        graph = steps.network.graph
        self._starts: list[int] = graph.starts.tolist()
        self._operands: list[int] = graph.operands.tolist()
        self._root, self._formula = steps.root.tolist(), (graph.form >= 0).tolist()
        self._updates = _updates(steps)
        parameters = steps.parameters.tolist()
        count = len(graph.text)
        self._age, self._known, self._depends = [0] * count, [False] * count, [False] * count
        for node in range(count):
            operands = self._of(node)
            self._depends[node] = any(self._known[o] or self._depends[o] for o in operands)
            self._age[node] = max((self._age[o] for o in operands), default=0) + (node in self._updates)
            root = self._root[node]
            carried = self._formula[root] and self._depends[root]
            self._known[node] = root in self._updates or (parameters[node] and not carried)
        self._reached = self._reach(count)
        ages = [self._age[node] for node in self._updates]
        self._updates_of_age = {age: ages.count(age) for age in set(ages)}

    def _of(self, node: int) -> list[int]:
        return self._operands[self._starts[node] : self._starts[node + 1]]

    def _reach(self, count: int) -> list[tuple[int, ...]]:
        """The updates that each cell leads to before any other update, at most two: those of the earliest steps."""
        reached: list[tuple[int, ...]] = [()] * count
        for node in range(count - 1, -1, -1):
            if self._known[node] and node not in self._updates:
                continue
            further = (node,) if node in self._updates else reached[node]
            for operand in self._of(node) if further else ():
                found = {*reached[operand], *further}
                reached[operand] = tuple(sorted(found, key=lambda n: (self._age[n], n))[:2])
        return reached

    def carried(self, node: int) -> list[int]:
        """The operands of a cell of the forward pass that come from the step before without an update."""
        age = self._age[node]
        if not age or node in self._updates or self._known[node]:
            return []
        operands = self._of(node)
        if not any(self._known[o] and self._age[o] == age for o in operands):
            return []
        updates = [u for u in self._reached[node] if self._age[u] == age + 1]
        several = self._updates_of_age.get(age + 1, 0) > 1
        if len(updates) < 1 + several:
            return []
        found = []
        for operand in operands:
            if self._known[operand] or not self._depends[operand] or self._age[operand] != age - 1:
                continue
            first = min((self._age[u] for u in self._reached[operand]), default=0)
            if first >= age + 1:
                found.append(operand)
        return found
