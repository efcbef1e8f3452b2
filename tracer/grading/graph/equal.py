"""Formulas that are written in different ways and compute the same from the same cells: one text for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tracer.grading.book.cells import Place
from tracer.grading.book.relative import PLACE, UnknownFormula, parts, place
from tracer.grading.graph.forms import comparisons, of_arrays
from tracer.grading.graph.graph import Array, Form, Graph, IntArray, Text
from tracer.grading.graph.language import mentioned

MOST_OPERANDS = 64
"""Cells that a compared formula refers to."""
MOST_TEXTS = 10_000
"""Different formulas of a workbook whose formulas are compared."""
EQUAL = 1e-9
"""Relative difference of equal values, which are computed in another order."""
POINTS = 8
"""Points of each range at which formulas are compared."""


def with_equal_texts(graph: Graph) -> Graph:
    """The graph with the most frequent text in place of others that refer to the same cells and compute the same: a
    loss `0.5*(a-y)^2` in a single step, where all others have `(y-a)^2/2`."""
    moves = [move for group in _comparable(graph) for move in _equal(graph, group)]
    return _moved(graph, moves) if moves else graph


@dataclass(frozen=True, slots=True)
class _Move:
    """A node that has another text, and with it another form; operands: in the slots of this."""

    node: int
    text: int
    form: int
    operands: IntArray


def _comparable(graph: Graph) -> Iterator[list[int]]:
    """The texts that refer to the same cells, the most frequent first; several each."""
    if len(graph.texts) > MOST_TEXTS:
        return
    groups: dict[object, list[int]] = {}
    for number, text in enumerate(graph.texts):
        if len(text.nodes) and graph.form[text.nodes[0]] >= 0:
            groups.setdefault((text.element, _references(text)), []).append(number)
    for members in groups.values():
        if len(members) > 1:
            yield sorted(members, key=lambda number: (-len(graph.texts[number].nodes), number))


def _references(text: Text) -> frozenset[str]:
    if ":" in text.relative:
        try:
            return frozenset(name.name for name in mentioned(text.relative))
        except UnknownFormula:
            return frozenset([text.relative])
    return frozenset(match[0] for match in _REFERENCE.finditer(text.relative))


_REFERENCE = re.compile(rf"(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?{PLACE.pattern}")


def _equal(graph: Graph, members: list[int]) -> Iterator[_Move]:
    """The nodes of these texts that compute the same as an earlier one of them."""
    models: list[int] = []
    for number in members:
        nodes = graph.texts[number].nodes.tolist()
        for model in models:
            moved = [_as_model(graph, model, node) for node in nodes]
            known = [move for move in moved if move is not None]
            if len(known) == len(nodes):
                yield from known
                break
        else:
            models.append(number)


def _as_model(graph: Graph, model: int, node: int) -> _Move | None:
    """A node with another text, if that computes the same there."""
    first = int(graph.texts[model].nodes[0])
    theirs, own = graph.forms[graph.form[first]], graph.forms[graph.form[node]] if graph.form[node] >= 0 else None
    if own is None or own is theirs or not (_is_plain(theirs) and _is_plain(own)):
        return None
    operands = _translated(graph, model, first, node)
    mine = graph.operands_of(node)
    if operands is None or not np.array_equal(np.sort(operands), np.sort(mine)):
        return None
    slots = _points(len(mine), graph.values[mine])
    order = np.argsort(mine)[np.searchsorted(np.sort(mine), operands)]
    none = np.empty((len(slots), 0))
    one, two = of_arrays(own.expression, slots, none), of_arrays(theirs.expression, slots[:, order], none)
    same = np.isfinite(one) == np.isfinite(two)
    with np.errstate(all="ignore"):  # numbers that blow up are not compared
        close = np.abs(one - two) <= EQUAL * (np.abs(one) + np.abs(two))
    equal = bool((same & (close | ~np.isfinite(one))).all() and np.isfinite(one).any())
    return _Move(node, model, int(graph.form[first]), operands) if equal else None


def _is_plain(form: Form) -> bool:
    """Whether random values tell what a form computes: it has no comparisons, and no numbers that follow from its
    place."""
    width = form.operands.shape[1]
    if not 0 < width <= MOST_OPERANDS or form.numbers.shape[1]:
        return False
    return not any(comparisons(form.expression))


def _translated(graph: Graph, text: int, first: int, node: int) -> IntArray | None:
    """What the slots of a node's form mean in another cell; None where that is unknown."""
    names = [name.name for name in mentioned(graph.texts[text].relative)]
    element = graph.texts[text].element or (0, 0)
    homes = [_home(graph.places[each], element) for each in (first, node)]
    try:
        at, there = ({name: _meant(name, home) for name in names} for home in homes)
    except (UnknownFormula, AssertionError):
        return None
    name_of = {where: name for name, where in at.items()}
    found = []
    for operand in graph.operands_of(first).tolist():
        name = name_of.get(graph.places[operand])
        other = graph.number.get(there[name]) if name else None
        if other is None:
            return None
        found.append(other)
    return np.array(found, int)


def _home(where: Place, element: tuple[int, int]) -> Place:
    sheet, (row, column) = where
    return sheet, (row - element[0], column - element[1])


def _meant(name: str, home: Place) -> Place:
    if parts(name) is None:
        raise UnknownFormula(name)
    sheet, where = place(name, home[1])
    return sheet or home[0], where


def _points(count: int, values: Array) -> Array:
    """Values of operands: random ones of several sizes, and those near to the ones that they have."""
    random = np.random.default_rng(0)
    positive = random.uniform(0.1, 0.9, (POINTS, count))
    signed = random.uniform(-2.0, 2.0, (POINTS, count))
    wide = random.choice([-1.0, 1.0], (POINTS, count)) * 10.0 ** random.uniform(-4.0, 3.0, (POINTS, count))
    near = np.nan_to_num(values) * random.uniform(0.9, 1.1, (POINTS, count))
    return np.concatenate([positive, signed, wide, near])


def _moved(graph: Graph, moves: list[_Move]) -> Graph:
    text, form, operands = graph.text.copy(), graph.form.copy(), graph.operands.copy()
    for move in moves:
        text[move.node], form[move.node] = move.text, move.form
        operands[graph.starts[move.node] : graph.starts[move.node + 1]] = move.operands
    touched = {move.form for move in moves} | {int(graph.form[move.node]) for move in moves}
    forms = list(graph.forms)
    for number in touched:
        nodes = np.flatnonzero(form == number)
        rows = graph.starts[nodes][:, None] + np.arange(forms[number].operands.shape[1])
        numbers = np.empty((len(nodes), forms[number].numbers.shape[1]))
        forms[number] = replace(forms[number], nodes=nodes, operands=operands[rows], numbers=numbers)
    changed = {move.text for move in moves} | {int(graph.text[move.node]) for move in moves}
    texts = [
        replace(entry, nodes=np.flatnonzero(text == number)) if number in changed else entry
        for number, entry in enumerate(graph.texts)
    ]
    return replace(graph, text=text, form=form, forms=forms, texts=texts, operands=operands)
