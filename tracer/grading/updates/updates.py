"""The cells that update a parameter: X' = X ± what depends on X.

This one test rejects counters, running sums and net inputs. Copies (`=J30`) are followed, so that the update of a step
leads to the parameter of the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.formulas.tree import ONE
from tracer.grading.graph.forms import of_arrays, unrounded
from tracer.grading.graph.graph import Array, Graph, IntArray
from tracer.grading.updates.copies import copies
from tracer.grading.updates.shapes import Lead, appearances, condition_slots, has_tolerance, is_copy, leads, rest

SAMPLES, CHOSEN = 3, 12
"""Copies of a formula that are tried; of an IF, the first ones too."""
LEAST_KEPT = 0.5
"""The part of a weight that a step of weight decay leaves at least."""
FARTHEST = 20_000
"""Cells that are followed from an update back to its parameter."""
MOST_FOLLOWED = 3_000_000
"""Cells that are followed for all updates of a workbook."""


@dataclass(frozen=True, slots=True)
class Update:
    """A cell that adds to a parameter. node: the cell. parameter: what it adds to. lead: how."""

    node: int
    parameter: int
    lead: Lead

    @property
    def decays(self) -> bool:
        """Whether the parameter is scaled before."""
        return self.lead.times != ONE


def sources(graph: Graph, shown: IntArray) -> IntArray:
    """The cell that each cell shows: itself, unless it is a copy; `shown` are further nodes that count as copies, of
    the given operand (-1: none)."""
    parent = np.where(shown >= 0, shown, np.arange(len(graph.text)))
    for form in graph.forms:
        if is_copy(form.expression):
            parent[form.nodes] = form.operands[:, 0]
    return parent


def roots(parent: IntArray) -> IntArray:
    """Where a chain of copies begins, for each node."""
    found = parent
    while True:
        further = found[found]
        if np.array_equal(further, found):
            return found
        found = further


def candidates(graph: Graph, parent: IntArray, decaying: bool = False) -> list[Update]:
    """The cells that add to a cell what depends on it, in their order. decaying: rather those that add to a part of it,
    the same part in all copies of the formula: weight decay."""
    search = _Search(graph, parent)
    found = []
    for own in copies(graph, parent == np.arange(len(parent))):
        expression = unrounded(graph.forms[graph.form[own[0]]].expression)
        shapes = [lead for lead in leads(expression) if (lead.times != ONE) == decaying]
        if decaying:
            shapes = [lead for lead in shapes if _is_decay(graph, own, lead)]
        tried = own[np.linspace(0, len(own) - 1, SAMPLES).astype(int)]
        if condition_slots(expression):
            tried = np.concatenate([tried, own[:CHOSEN]])
        lead = search.lead(tried, shapes, appearances(expression)) if shapes else None
        if lead is not None:
            first = graph.starts[own] + lead.slot
            found += [Update(n, x, lead) for n, x in zip(own.tolist(), graph.operands[first].tolist(), strict=True)]
    return sorted(found, key=lambda update: update.node)


def added(graph: Graph, values: Array, updates: Sequence[Update]) -> Array:
    """What each update adds to its parameter, in which nothing cancels: X' − X. NaN where it is skipped because the
    gradient is small."""
    found = np.full(len(updates), np.nan)
    groups: dict[tuple[int, Lead], list[int]] = {}
    for index, update in enumerate(updates):
        groups.setdefault((int(graph.form[update.node]), update.lead), []).append(index)
    for (number, lead), members in groups.items():
        form = graph.forms[number]
        rows = np.searchsorted(form.nodes, [updates[index].node for index in members])
        slots, numbers = values[form.operands[rows]], form.numbers[rows]
        with np.errstate(all="ignore"):
            found[members] = of_arrays(rest(unrounded(form.expression), lead), slots, numbers)
            if lead.times != ONE:
                found[members] += (of_arrays(lead.times, slots, numbers) - 1.0) * slots[:, lead.slot]
        if has_tolerance(form.expression):
            found[members] = np.where(found[members] == 0.0, np.nan, found[members])
    return found


def _is_decay(graph: Graph, nodes: IntArray, lead: Lead) -> bool:
    """Whether the factor of a cell is the same in all copies, and a little below 1."""
    form = graph.forms[graph.form[nodes[0]]]
    rows = np.searchsorted(form.nodes, nodes)
    with np.errstate(all="ignore"):
        times = of_arrays(lead.times, graph.values[form.operands[rows]], form.numbers[rows])
    return bool(np.ptp(times) == 0.0 and LEAST_KEPT < times[0] < 1.0)


class TooManyParameters(ValueError):
    """More parameters than are judged; the message gives the figure."""


class _Search:
    """Follows cells back to their operands; its state are the graph's arrays as lists."""

    def __init__(self, graph: Graph, parent: IntArray) -> None:
        self._starts, self._operands = graph.starts.tolist(), graph.operands.tolist()
        self._parent = parent.tolist()
        self._followed = 0

    def lead(self, nodes: IntArray, shapes: Sequence[Lead], often: Counter[int]) -> Lead | None:
        """Which of the cells that a formula adds to the rest depends on, in one of these copies; None if it is not just
        one."""
        for node in nodes.tolist():
            found = self._depending(node, shapes, often)
            if len(found) == 1:
                return found[0]
            if found:
                return None
        return None

    def _depending(self, node: int, shapes: Sequence[Lead], often: Counter[int]) -> list[Lead]:
        start = self._starts[node]
        chains: dict[int, set[int]] = {}
        bottom = node
        for index, lead in enumerate(shapes):
            for link in self._chain(self._operands[start + lead.slot]):
                chains.setdefault(link, set()).add(index)
                bottom = min(bottom, link)
        found = {index for index, lead in enumerate(shapes) if often[lead.slot] > len(lead.paths)}
        pending, seen = [node], {node}
        while pending and len(found) < min(len(shapes), 2) and len(seen) < FARTHEST:
            at = pending.pop()
            through = chains.get(at, set())
            for edge in range(self._starts[at], self._starts[at + 1]):
                operand = self._operands[edge]
                for index in chains.get(operand, ()):
                    if index not in through and (at != node or edge - start != shapes[index].slot):
                        found.add(index)
                if operand > bottom and operand not in seen:
                    seen.add(operand)
                    pending.append(operand)
        self._followed += len(seen)
        if self._followed > MOST_FOLLOWED:
            raise TooManyParameters(f"its updates depend on more than {MOST_FOLLOWED:,} cells, each counted by itself")
        return [shapes[index] for index in sorted(found)]

    def _chain(self, node: int) -> list[int]:
        chain = [node]
        while self._parent[chain[-1]] != chain[-1]:
            chain.append(self._parent[chain[-1]])
        return chain
