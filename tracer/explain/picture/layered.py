"""Places the nodes of an acyclic graph in layers by depth, ordered so that few edges cross.

The steps of Sugiyama, Tagawa and Toda (IEEE Transactions on Systems, Man and Cybernetics 11, 1981): layers, an order in
each by barycenters, places. Nodes are numbers from 0, with heights; nothing here knows what they stand for.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SWEEPS, ALIGNMENTS = 16, 12
"""Over all layers, to order them, and to place their nodes."""
STRAIGHT = 6.0
"""How much more the bend of a long edge counts than that of an edge between neighbors."""


@dataclass(frozen=True, slots=True)
class Layered:
    """The layer of each node, the middle of each from the top, and for each edge the middles at which it passes the
    layers between its ends: those from one node pass a layer together."""

    layer: tuple[int, ...]
    y: tuple[float, ...]
    through: tuple[tuple[float, ...], ...]


def layered(heights: Sequence[float], edges: Sequence[tuple[int, int]], gap: float, channel: float) -> Layered:
    """Layers and places for nodes of these heights. edges: each from a node to one that needs it. gap: between nodes;
    channel: the height of an edge that passes a layer."""
    count = len(heights)
    layer = _layers(count, edges)
    sizes, places = list(heights), list(layer)
    links: dict[tuple[int, int], None] = {}
    chains: list[list[int]] = []
    passes: dict[tuple[int, int], int] = {}
    for begin, end in edges:
        chain = [begin]
        for between in range(layer[begin] + 1, layer[end]):
            if (begin, between) not in passes:
                passes[begin, between] = len(sizes)
                sizes.append(channel)
                places.append(between)
            chain.append(passes[begin, between])
        chain.append(end)
        chains.append(chain)
        links |= dict.fromkeys(itertools.pairwise(chain))
    rows: list[list[int]] = [[] for _ in range(max(places, default=0) + 1)]
    for node, place in enumerate(places):
        rows[place].append(node)
    before: list[list[int]] = [[] for _ in sizes]
    after: list[list[int]] = [[] for _ in sizes]
    for begin, end in links:
        after[begin].append(end)
        before[end].append(begin)
    rows = _ordered(rows, before, after)
    y = _placed(rows, before, after, sizes, gap, count)
    top = min((y[node] - sizes[node] / 2 for node in range(len(sizes))), default=0.0)
    y = [place - top for place in y]
    through = tuple(tuple(y[node] for node in chain[1:-1]) for chain in chains)
    return Layered(tuple(layer), tuple(y[:count]), through)


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Each node after all that it needs; one that needs nothing just before the first that needs it."""
    needs: list[list[int]] = [[] for _ in range(count)]
    users: list[list[int]] = [[] for _ in range(count)]
    for begin, end in edges:
        needs[end].append(begin)
        users[begin].append(end)
    layer = [0] * count
    waiting = [len(of) for of in needs]
    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:  # it grows as nodes become ready
        for user in users[node]:
            layer[user] = max(layer[user], layer[node] + 1)
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    for node in range(count):
        if not needs[node] and users[node]:
            layer[node] = min(layer[user] for user in users[node]) - 1
    return layer


def _ordered(rows: list[list[int]], before: Sequence[list[int]], after: Sequence[list[int]]) -> list[list[int]]:
    """The layers in the order with the fewest crossings that sweeps to and fro come upon."""
    rows = _in_order_of_search(rows, before, after)
    best, fewest = [list(row) for row in rows], _crossings(rows, after)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbors = before if down else after
        for number in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            fixed = {node: place for place, node in enumerate(rows[number - 1 if down else number + 1])}
            own = {node: place for place, node in enumerate(rows[number])}
            rows[number].sort(key=lambda node: (_mean(fixed, neighbors[node], own[node]), own[node]))
        found = _crossings(rows, after)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def _in_order_of_search(
    rows: list[list[int]], before: Sequence[list[int]], after: Sequence[list[int]]
) -> list[list[int]]:
    """The layers in the order in which a search from the last layer back comes upon their nodes."""
    seen: dict[int, None] = {}
    pending = [node for row in rows for node in row][::-1]
    pending = [node for row in rows for node in reversed(row)] + list(reversed(rows[-1]))
    while pending:
        node = pending.pop()
        if node not in seen:
            seen[node] = None
            pending += reversed(before[node])
    place = {node: number for number, node in enumerate(seen)}
    return [sorted(row, key=place.__getitem__) for row in rows]


def _mean(places: dict[int, int], neighbors: Iterable[int], own: float) -> float:
    found = [places[node] for node in neighbors]
    return sum(found) / len(found) if found else own


def _crossings(rows: Sequence[Sequence[int]], after: Sequence[list[int]]) -> int:
    """How many pairs of edges cross between neighboring layers."""
    total = 0
    for row, following in itertools.pairwise(rows):
        place = {node: number for number, node in enumerate(following)}
        ends: list[int] = []
        for node in row:
            targets = sorted(place[target] for target in after[node])
            total += sum(len(ends) - bisect_right(ends, target) for target in targets)
            for target in targets:
                insort(ends, target)
    return total


def _placed(
    rows: Sequence[Sequence[int]], before: Sequence[list[int]], after: Sequence[list[int]], sizes: Sequence[float],
    gap: float, count: int,
) -> list[float]:  # fmt: skip
    """Middles close to those of the neighbors, without overlaps, in the order of the layers."""
    y = [0.0] * len(sizes)
    for row in rows:
        for node, place in zip(row, _apart([0.0] * len(row), [1.0] * len(row), row, sizes, gap), strict=True):
            y[node] = place
    for turn in range(ALIGNMENTS):
        order = rows if turn % 2 == 0 else rows[::-1]
        for row in order:
            wanted, weights = [], []
            for node in row:
                pulls = [(y[other], STRAIGHT if node >= count or other >= count else 1.0)
                         for other in (*before[node], *after[node])]  # fmt: skip
                total = sum(weight for _, weight in pulls)
                wanted.append(sum(place * weight for place, weight in pulls) / total if total else y[node])
                weights.append(total or 0.1)
            for node, place in zip(row, _apart(wanted, weights, row, sizes, gap), strict=True):
                y[node] = place
    return y


def _apart(
    wanted: Sequence[float], weights: Sequence[float], row: Sequence[int], sizes: Sequence[float], gap: float
) -> list[float]:
    """The places in this order, far enough apart, with the least sum of squared distances to those that are wanted: an
    isotonic regression (pool adjacent violators) of these less the room that each needs."""
    offsets = [0.0]
    for upper, lower in itertools.pairwise(row):
        offsets.append(offsets[-1] + (sizes[upper] + sizes[lower]) / 2 + gap)
    pools: list[tuple[float, float, int]] = []
    for place, weight, offset in zip(wanted, weights, offsets, strict=False):
        value, size = place - offset, 1
        while pools and pools[-1][0] > value:
            other, heavier, members = pools.pop()
            value = (value * weight + other * heavier) / (weight + heavier)
            weight += heavier
            size += members
        pools.append((value, weight, size))
    levels = [value for value, _, size in pools for _ in range(size)]
    return [level + offset for level, offset in zip(levels, offsets, strict=False)]
