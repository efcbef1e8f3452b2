"""An order of dependence, and the circles that have none."""

from __future__ import annotations

import numpy as np

from tracer.grading.graph.graph import Flags, IntArray


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
