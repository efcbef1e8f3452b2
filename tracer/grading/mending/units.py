"""The formulas of the searched steps, each with its cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.formulas.tree import Expression
from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.mending.edits import Edit, others_of
from tracer.grading.mending.formulas import Unreadable, form_of
from tracer.grading.mending.rewriting import Kind
from tracer.grading.mending.step import Step

MOST_COPIES = 400
"""Copies of a formula within the steps that are searched."""
MOST_LANES = 8
"""Cells with one formula in a step that are edited one by one."""
MOST_ALIKE = 3.0
"""The conformity of an edit that makes an odd cell a copy of its neighbors."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Cells with one formula: in each of the searched steps, and all."""

    relative: str
    own: tuple[IntArray, ...]
    nodes: IntArray


def lanes_of(unit: Unit) -> Iterator[Unit]:
    """The cells of a unit one by one, each with its like in the other steps."""
    counts = {len(own) for own in unit.own if len(own)}
    if len(counts) == 1 and 1 < min(counts) <= MOST_LANES:
        for lane in range(min(counts)):
            own = tuple(nodes[lane : lane + 1] for nodes in unit.own)
            yield Unit(unit.relative, own, np.sort(np.concatenate(own)))


class Formulas:
    """The formulas that the updates and the loss of some steps depend on. Holds their cells in each step, and the texts
    with each expression. others: what an edit may take from them."""

    def __init__(self, graph: Graph, steps: Sequence[Step]) -> None:
        self._graph = graph
        self._cells: dict[str, list[list[int]]] = {}
        self._users: dict[Expression, set[str]] = {}
        for index, step in enumerate(steps):
            for node in step.leading.tolist():
                relative = graph.texts[graph.text[node]].relative
                self._cells.setdefault(relative, [[] for _ in steps])[index].append(node)
                self._users.setdefault(graph.forms[graph.form[node]].expression, set()).add(relative)
        self.others = others_of(self._cells)

    def units(self, wrong: int) -> list[Unit]:
        """The formulas in one of the first steps, so many of which are wrong, without those of too many cells."""
        nodes: dict[str, list[IntArray]] = {}
        for text in self._graph.texts:
            nodes.setdefault(text.relative, []).append(text.nodes)
        return [
            Unit(relative, tuple(np.array(cells, int) for cells in own), np.sort(np.concatenate(nodes[relative])))
            for relative, own in self._cells.items()
            if any(own[:wrong]) and sum(map(len, own)) <= MOST_COPIES
        ]

    def conformity(self, unit: Unit, edit: Edit) -> float:
        """How much better a formula fits the others after an edit than before."""
        if edit.kind is Kind.COPY:
            return MOST_ALIKE
        if edit.text in self._cells:
            return MOST_ALIKE - 1.0
        cell = int(np.concatenate(unit.own)[0])
        becomes = self._form(edit.text, cell)
        if becomes is None:
            return 0.0
        was = self._graph.forms[self._graph.form[cell]].expression
        return float(self._is_usual(becomes, unit)) - float(self._is_usual(was, unit))

    def _is_usual(self, form: Expression, unit: Unit) -> bool:
        """Whether other formulas compute the same."""
        return bool(self._users.get(form, set()) - {unit.relative})

    def _form(self, text: str, cell: int) -> Expression | None:
        try:
            return form_of(text, self._graph.texts[self._graph.text[cell]].element)
        except Unreadable:
            return None
