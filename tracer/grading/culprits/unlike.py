"""Formulas of a single step that no other step has: where all others are computed alike, these are odd."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable

import numpy as np

from tracer.grading.culprits.copies import Odd
from tracer.grading.graph.forms import of_arrays
from tracer.grading.graph.graph import Graph
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case

LEAST_ALIKE = 2
"""Steps besides the first one that have all their formulas in common."""
MOST_OPERANDS, POINTS = 5, 4
"""Operands of forms that are compared in all orders, and the points at which this is done."""
_SHEET = re.compile(r"(?:'[^']*'|\w+)!")

Key = tuple[str | int, tuple[int, int] | None]
"""A relative formula without the names of sheets, or the number of its form; and which element of an array formula."""
Step = dict[Key, list[int]]
"""The cells of a step by their formulas."""


def unlike_steps(case: Case) -> list[Odd]:
    """The cells of a step whose formula no other step has, where all other steps are alike. Formulas are compared with
    their references, or else without these. A first step may begin with numbers where the others refer to cells."""
    for key in (_text, _form):
        steps = _formulas(case, key)
        for first in (0, 1):
            found = _unlike(case.graph, steps[first:], first)
            if found:
                return [found]
    return []


def _unlike(graph: Graph, steps: list[Step], first: int) -> Odd | None:
    counts = [Counter({key: len(nodes) for key, nodes in step.items()}) for step in steps]
    for index, own in enumerate(counts):
        others = counts[:index] + counts[index + 1 :]
        if len(others) >= LEAST_ALIKE and own != others[0] and all(other == others[0] for other in others):
            further, missing = own - others[0], others[0] - own
            nodes = [node for key in further for node in steps[index][key]]
            usual = [node for step in steps for key in missing for node in step.get(key, ())]
            if len(nodes) == further.total() == missing.total():
                return _odd(graph, nodes, usual, index + first == 0)
    return None


def _odd(graph: Graph, nodes: list[int], others: list[int], begins: bool) -> Odd | None:
    """The cells of a formula that a step has in place of another one. begins: whether it is the first step, which may
    have fewer references, and others to the same cells."""
    odd, usual = ({graph.texts[graph.text[node]].relative for node in own} for own in (nodes, others))
    if len(odd) != 1 or _is_equal(graph, nodes[0], others[0]):
        return None
    if begins and (
        {graph.form[node] for node in nodes} & {graph.form[node] for node in others}
        or len(graph.operands_of(nodes[0])) != len(graph.operands_of(others[0]))
    ):
        return None
    return Odd(tuple(sorted(nodes)), usual.pop() if len(usual) == 1 else "", (0, 0, 0), between=True, alone=True)


def _is_equal(graph: Graph, node: int, other: int) -> bool:
    """Whether two cells with different forms compute the same of as many operands, in some order."""
    first, second = (graph.forms[graph.form[each]] for each in (node, other))
    count = first.operands.shape[1]
    if first is second or second.operands.shape[1] != count or count > MOST_OPERANDS:
        return False
    random = np.random.default_rng(0)
    at = random.uniform(0.2, 1.5, (POINTS, count))
    one, two = (np.tile(form.numbers[:1], (POINTS, 1)) for form in (first, second))
    values = of_arrays(first.expression, at, one)
    orders = itertools.permutations(range(count))
    return any(np.allclose(values, of_arrays(second.expression, at[:, order], two)) for order in orders)


def _formulas(case: Case, key: Callable[[Graph, int], Key]) -> list[Step]:
    """The cells of each step by their formulas: those that depend on its parameters and on no later ones, without
    those that only show a parameter; and its updates."""
    graph, cells = case.graph, case.cells
    updates = case.training.nodes
    found: list[Step] = [{} for _ in range(updates.shape[1])]
    inside = np.flatnonzero(cells.region.inside & (cells.last != NONE) & ~case.steps.parameters)
    own = [(int(cells.last[node]), node) for node in inside.tolist()]
    own += [(step, node) for step, column in enumerate(updates.T) for node in column[column != NONE].tolist()]
    for step, node in dict.fromkeys(own):
        if graph.form[node] >= 0:
            found[step].setdefault(key(graph, node), []).append(node)
    return found


def _text(graph: Graph, node: int) -> Key:
    text = graph.texts[graph.text[node]]
    return _SHEET.sub("", text.relative), text.element


def _form(graph: Graph, node: int) -> Key:
    return int(graph.form[node]), graph.texts[graph.text[node]].element
