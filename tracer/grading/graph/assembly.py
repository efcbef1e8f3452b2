"""Formulas with resolved references → a graph whose nodes are numbered in an order of dependence."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.tree import Expression
from tracer.grading.book.cells import Cell, Place
from tracer.grading.graph.graph import Array, Flags, Form, Graph, IntArray, Text, TooLarge
from tracer.grading.graph.values import values_of

CIRCLE = "it refers to itself, directly or through other cells"


@dataclass(frozen=True, slots=True)
class Copies:
    """Cells that compute the same form: for each the index of its text, its key, the keys of its operands, and the
    numbers that follow from its place."""

    texts: IntArray
    form: Expression
    cells: IntArray
    operands: IntArray
    numbers: Array


@dataclass(frozen=True, slots=True)
class Assembly:
    """What has been read. texts: still without nodes. unread: the texts of cells, their keys, and the reason."""

    texts: list[Text] = field(default_factory=list)
    copies: list[Copies] = field(default_factory=list)
    unread: list[tuple[IntArray, IntArray, str]] = field(default_factory=list)


def assembled(read: Assembly, cell: Callable[[int], Cell | None], place: Callable[[int], Place], most: int) -> Graph:
    """The graph. cell: what stands in the cell of a key. place: the cell itself. Raises TooLarge if the graph has more
    than `most` nodes."""
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

    unjudged = dict.fromkeys(new[circular].tolist(), CIRCLE)
    text = np.full(count, -1)
    for texts, cells, reason in read.unread:
        nodes = new[np.searchsorted(keys, cells)]
        unjudged |= dict.fromkeys(nodes.tolist(), reason)
        text[nodes] = texts
    for copies, nodes, _ in resolved:
        text[new[nodes]] = copies.texts
    forms = _forms([(c, new[nodes], new[operands], ~circular[nodes]) for c, nodes, operands in resolved])
    form = np.full(count, -1)
    for index, entry in enumerate(forms):
        form[entry.nodes] = index
    starts, operands = _packed(count, [(entry.nodes, entry.operands) for entry in forms])
    stored, constants = _numbers(list(map(cell, keys_in_order)), text)
    places = list(map(place, keys_in_order))
    broken = np.zeros(count, bool)
    broken[list(unjudged)] = True
    return Graph(
        places=places,
        number=dict(zip(places, range(count), strict=True)),
        keys=keys[order],
        texts=[replace(entry, nodes=nodes) for entry, nodes in zip(read.texts, _by_text(text), strict=True)],
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


def _numbers(cells: Sequence[Cell | None], text: IntArray) -> tuple[Array, Array]:
    """The numbers stored in cells, and those typed in; an empty cell counts as 0."""
    stored = np.array([cell.value if cell and isinstance(cell.value, float) else np.nan for cell in cells], float)
    empty = np.array([cell is None for cell in cells], bool)
    return stored, np.where(text >= 0, np.nan, np.where(empty, 0.0, stored))


def _by_text(text: IntArray) -> list[IntArray]:
    """The nodes with each formula."""
    order = np.argsort(text, kind="stable")
    bounds = np.searchsorted(text[order], np.arange(text.max(initial=-1) + 2))
    return [order[start:end] for start, end in itertools.pairwise(bounds.tolist())]


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


# ----------------------------------------------------------------------------------------- an order of dependence


def users(starts: IntArray, operands: IntArray) -> tuple[IntArray, IntArray]:
    """The nodes that use each node, in the same form: those of n are `users[starts[n]:starts[n + 1]]`."""
    count = len(starts) - 1
    owner = np.repeat(np.arange(count), np.diff(starts))
    used = np.bincount(operands, minlength=count)
    return np.concatenate([[0], np.cumsum(used)]), owner[np.argsort(operands, kind="stable")]


def ordered(starts: IntArray, operands: IntArray) -> tuple[IntArray, Flags]:
    """The nodes by how many operations lie below them (Kahn's algorithm), and which lead back to themselves. These come
    last, with the nodes that depend on them."""
    user_starts, user = (array.tolist() for array in users(starts, operands))
    waiting = np.diff(starts).tolist()
    order = [node for node, operands_left in enumerate(waiting) if not operands_left]
    for node in order:
        for other in user[user_starts[node] : user_starts[node + 1]]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    circular = np.ones(len(waiting), bool)
    circular[order] = False
    if not circular.any():
        return np.array(order, int), circular
    return np.concatenate([np.array(order, int), np.flatnonzero(circular)]), _on_circles(circular, starts, operands)


def _on_circles(remaining: Flags, starts: IntArray, operands: IntArray) -> Flags:
    """Those of the nodes that others of them depend on in turn: without the ones that only depend on a circle."""
    inner = [[int(o) for o in operands[starts[n] : starts[n + 1]] if remaining[o]] for n in range(len(remaining))]
    used = np.zeros(len(remaining), int)
    used += np.bincount([operand for node in np.flatnonzero(remaining) for operand in inner[node]], minlength=len(used))
    ends = [int(node) for node in np.flatnonzero(remaining & (used == 0))]
    circular = remaining.copy()
    for node in ends:
        circular[node] = False
        for operand in inner[node]:
            used[operand] -= 1
            if not used[operand]:
                ends.append(operand)
    return circular


def downstream(starts: IntArray, operands: IntArray, of: Flags) -> Flags:
    """The nodes that depend on one of these, themselves included; the nodes are in an order of dependence."""
    found = of.copy()
    if of.any():
        bounds = starts.tolist()
        for node in range(len(found)):
            if not found[node] and found[operands[bounds[node] : bounds[node + 1]]].any():
                found[node] = True
    return found
