"""Stop conditions in updates: `IF(loss < tolerance, w, w − η·g)` keeps the parameter from some step on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.formulas.tree import COMPARISONS, ZERO, Call, Expression, Number, distinct
from tracer.grading.graph.forms import calls, of_arrays
from tracer.grading.graph.graph import Graph
from tracer.grading.lifting.parts import Kind
from tracer.grading.updates.shapes import IF, leads, product, slot_of

FEW = 2
"""Copies of a formula that do not show whether it stops at once: other rows may have another one."""
DEEPEST = 3
"""Flags behind flags that a condition is followed to."""
ORDERS = frozenset(COMPARISONS[symbol] for symbol in ("<", "<=", ">", ">="))


@dataclass(frozen=True, slots=True)
class Branch:
    """Which argument of an IF is taken as long as training goes on."""

    argument: int
    kind: Kind


def branch_without_stop(graph: Graph, text: int) -> Branch | None:
    """What the formula of an update, a gradient or a rate is as long as training goes on; None of other formulas, and
    where it stops at once. text: the formula's index.

    A condition that asks whether a sample is classified correctly, as in a perceptron, is none: it belongs to the rule.
    """
    nodes = graph.texts[text].nodes
    form = graph.forms[graph.form[nodes[0]]] if graph.form[nodes[0]] >= 0 else None
    choice = form.expression if form else None
    if form is None or not isinstance(choice, Call) or choice.function != IF:
        return None
    kinds = {argument: _kind(graph, text, choice, argument) for argument in (1, 2)}
    found = {argument: kind for argument, kind in kinds.items() if kind}
    if not found or not _stops(graph, text, choice.args[0]):
        return None
    if len(nodes) <= FEW:
        return Branch(*found.popitem())
    first = np.searchsorted(form.nodes, nodes.min())
    slots, numbers = graph.values[form.operands[[first]]], form.numbers[[first]]
    taken = 1 if of_arrays(choice.args[0], slots, numbers)[0] else 2
    return Branch(taken, found[taken]) if taken in found else None


def _kind(graph: Graph, text: int, choice: Call, argument: int) -> Kind | None:
    """What the other argument of an IF would stop."""
    going_on, other = choice.args[argument], choice.args[3 - argument]
    slot = slot_of(other)
    if slot is not None and any(lead.slot == slot for lead in leads(going_on)):
        return Kind.STOP
    node = int(graph.texts[text].nodes[-1])
    if other == ZERO and going_on != ZERO and _if_small(choice.args[0], argument == 2):
        return Kind.ZERO
    return Kind.RATE if all(_is_of_previous(graph, node, branch) for branch in (going_on, other)) else None


def _is_of_previous(graph: Graph, node: int, branch: Expression) -> bool:
    """Whether a branch of a node's formula is computed from the node of the step before, and from constants."""
    slots = [slot for slot in map(slot_of, distinct(branch)) if slot is not None]
    texts = graph.text[graph.operands_of(node)[slots]]
    return bool((texts == graph.text[node]).any() and np.isin(texts, (-1, graph.text[node])).all())


def _if_small(condition: Expression, holds: bool) -> bool:
    """Whether all that a condition compares is small where it holds, or does not: what a relu with a limit lets through
    is large where it is not. Flags may be anything."""
    for call in calls(condition):
        if call.function in ORDERS:
            limits = [isinstance(side, Number) or slot_of(side) is not None for side in call.args]
            less = "<" in call.function.name if limits[1] else ">" in call.function.name
            if less != holds:
                return False
    return True


def _stops(graph: Graph, text: int, condition: Expression) -> bool:
    """Whether a condition compares sizes, or flags that do, with numbers that are the same in all copies."""
    found = list(_compared(graph, int(graph.texts[text].nodes[-1]), condition, DEEPEST))
    return bool(found) and all(found)


def _compared(graph: Graph, node: int, condition: Expression, deepest: int) -> Iterator[bool]:
    """For each comparison in a condition of a node's formula whether it may belong to a stop condition."""
    slot = slot_of(condition)
    if slot is not None:
        yield from _flag(graph, int(graph.operands_of(node)[slot]), deepest)
    for call in calls(condition):
        if call.function in ORDERS:
            yield all(_is_size(graph, node, side) for side in call.args)
        elif call.function in COMPARISONS.values():
            flags = [slot_of(side) for side in call.args if not isinstance(side, Number)]
            if len(flags) != 1 or flags[0] is None:
                yield False
            elif not _is_previous(graph, node, flags[0]):
                yield from _flag(graph, int(graph.operands_of(node)[flags[0]]), deepest)
        elif call.function == IF:
            for arg in call.args:
                inner = slot_of(arg)
                if inner is not None and not _is_previous(graph, node, inner):
                    yield from _flag(graph, int(graph.operands_of(node)[inner]), deepest)


def _is_previous(graph: Graph, node: int, slot: int) -> bool:
    """Whether a slot of a flag's formula is the flag of the step before, or the number that it starts with."""
    other = int(graph.operands_of(node)[slot])
    return graph.text[other] in (-1, graph.text[node])


def _flag(graph: Graph, node: int, deepest: int) -> Iterator[bool]:
    """The same for a cell that shows whether to stop, or in how many steps it was so."""
    if graph.form[node] < 0:
        return
    if not deepest:
        yield False
    else:
        yield from _compared(graph, node, graph.forms[graph.form[node]].expression, deepest - 1)


def _is_size(graph: Graph, node: int, side: Expression) -> bool:
    """Whether a side of a comparison may be a size or its limit: not 0, as for a classification, nor a product with a
    target, as for a margin."""
    if isinstance(side, Number):
        return side.value > 0.0
    slot = slot_of(side)
    if slot is None:
        pair = product(side)
        own = graph.operands_of(node)
        return pair is None or not any(graph.text[own[slot]] < 0 for slot in pair)
    other = int(graph.operands_of(node)[slot])
    if graph.form[other] < 0:
        return bool(graph.values[other] > 0.0) and _is_fixed(graph, node, slot)
    pair = product(graph.forms[graph.form[other]].expression)
    return pair is None or not any(graph.text[graph.operands_of(other)[slot]] < 0 for slot in pair)


def _is_fixed(graph: Graph, node: int, slot: int) -> bool:
    """Whether all copies of a formula refer to the same cell there, or to numbers that grow from step to step."""
    form = graph.forms[graph.form[node]]
    rows = np.searchsorted(form.nodes, graph.texts[graph.text[node]].nodes)
    cells = form.operands[rows, slot]
    return bool((cells == cells[0]).all() or (len(cells) > 2 and (np.diff(graph.values[cells]) > 0.0).all()))
