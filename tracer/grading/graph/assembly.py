"""Formulas with resolved references → a graph whose nodes are numbered in an order of dependence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.tree import Expression
from tracer.grading.book.cells import Place
from tracer.grading.graph.graph import Array, Flags, Form, Graph, IntArray, Text, TooLarge
from tracer.grading.graph.order import downstream, ordered
from tracer.grading.graph.values import values_of

CIRCLE = "it refers to itself, directly or through other cells"


@dataclass(frozen=True, slots=True)
class Copies:
    """Cells with one formula that compute the same form: the index of the text, and for each cell its key, the keys of
    its operands, and the numbers that follow from its place."""

    text: int
    form: Expression
    cells: IntArray
    operands: IntArray
    numbers: Array


@dataclass(frozen=True, slots=True)
class Assembly:
    """What has been read. texts: with the keys of cells in place of nodes. unread: text, cells, and the reason."""

    texts: list[Text] = field(default_factory=list)
    copies: list[Copies] = field(default_factory=list)
    unread: list[tuple[int, IntArray, str]] = field(default_factory=list)


def assembled(read: Assembly, number: Callable[[int, float], float], place: Callable[[int], Place], most: int) -> Graph:
    """The graph. number: the number stored in a cell, or the second argument if it is empty. place: the cell of a key.
    Raises TooLarge if it has more than `most` nodes."""
    unread = [cells for _, cells, _ in read.unread]
    keys = np.unique(
        np.concatenate(
            [*(c.cells for c in read.copies), *(c.operands.ravel() for c in read.copies), *unread, np.empty(0, int)]
        )
    )
    count = len(keys)
    if count > most:
        raise TooLarge(f"it has {count:,} cells that formulas compute or refer to; the limit is {most:,}")
    resolved = [
        (c, np.searchsorted(keys, c.cells), np.searchsorted(keys, c.operands)) for c in read.copies if len(c.cells)
    ]
    order, circular = ordered(*_packed(count, [(nodes, operands) for _, nodes, operands in resolved]))
    new = np.empty(count, int)
    new[order] = np.arange(count)
    keys_in_order = keys[order].tolist()

    def nodes_of(cells: IntArray) -> IntArray:
        return new[np.searchsorted(keys, cells)]

    unjudged = dict.fromkeys(new[circular].tolist(), CIRCLE)
    text = np.full(count, -1)
    for index, cells, reason in read.unread:
        unjudged |= dict.fromkeys(nodes_of(cells).tolist(), reason)
        text[nodes_of(cells)] = index
    for copies, nodes, _ in resolved:
        text[new[nodes]] = copies.text
    forms = _forms([(c, new[nodes], new[operands], ~circular[nodes]) for c, nodes, operands in resolved])
    form = np.full(count, -1)
    for index, entry in enumerate(forms):
        form[entry.nodes] = index
    starts, operands = _packed(count, [(entry.nodes, entry.operands) for entry in forms])
    stored = np.array([number(cell, np.nan) for cell in keys_in_order], float)
    constants = np.array([number(cell, 0.0) for cell in keys_in_order], float)
    constants[text >= 0] = np.nan
    places = list(map(place, keys_in_order))
    broken = np.zeros(count, bool)
    broken[list(unjudged)] = True
    return Graph(
        places=places,
        number=dict(zip(places, range(count), strict=True)),
        texts=[replace(entry, nodes=np.sort(nodes_of(entry.nodes))) for entry in read.texts],
        text=text,
        forms=forms,
        form=form,
        starts=starts,
        operands=operands,
        values=values_of(forms, constants, {}),
        stored=stored,
        unjudged=unjudged,
        lost=downstream(starts, operands, broken),
    )


def _forms(resolved: Sequence[tuple[Copies, IntArray, IntArray, Flags]]) -> list[Form]:
    """The forms with their nodes, operands and numbers; of the nodes only those to be kept."""
    parts: dict[Expression, list[tuple[IntArray, IntArray, Array]]] = {}
    for copies, nodes, operands, kept in resolved:
        if kept.any():
            parts.setdefault(copies.form, []).append((nodes[kept], operands[kept], copies.numbers[kept]))
    forms = []
    for form, entries in parts.items():
        nodes, operands, numbers = (np.concatenate(columns) for columns in zip(*entries, strict=True))
        rank = np.argsort(nodes)
        forms.append(Form(form, nodes[rank], operands[rank], numbers[rank]))
    return forms


def _packed(count: int, groups: Sequence[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    """Where the operands of each node start, and the operands of all nodes one after the other."""
    width = np.zeros(count, int)
    for nodes, operands in groups:
        width[nodes] = operands.shape[1]
    starts = np.concatenate([[0], np.cumsum(width)])
    flat = np.empty(starts[-1], int)
    for nodes, operands in groups:
        flat[starts[nodes][:, None] + np.arange(operands.shape[1])] = operands
    return starts, flat
