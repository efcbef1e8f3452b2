"""The references that may be put in a formula, and what each means in all cells that have the formula."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.steps.steps import NONE

_ROW_BITS, _COLUMN_BITS = 21, 15
_PLAIN = re.compile(r"[^\W\d]\w*")
WAYS = ((True, True), (True, False), (False, True), (False, False))
"""Whether a reference moves along with the row, and with the column, of its formula."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """References as they are written in a relative formula, how far away each is, and the node that it means in each
    cell, [references, cells]."""

    texts: tuple[str, ...]
    distances: tuple[int, ...]
    nodes: IntArray


class Places:
    """The nodes of a graph by place. Holds the places as sorted integers. count: how many nodes there are. homes: for
    each node the numbers of its sheet, row and column; for one that shows an element of an array formula those of the
    first one."""

    def __init__(self, graph: Graph) -> None:
        self._sheets = list(dict.fromkeys(sheet for sheet, _ in graph.places))
        numbers = {sheet: number for number, sheet in enumerate(self._sheets)}
        self._at = np.array([(numbers[sheet], *where) for sheet, where in graph.places], int).reshape(-1, 3)
        self._graph, self._numbers, self.count = graph, numbers, len(graph.text)
        keys = _keys(self._at)
        self._order = np.argsort(keys)
        self._keys = keys[self._order]
        elements = [(0, 0) if t < 0 else graph.texts[t].element or (0, 0) for t in graph.text.tolist()]
        self.homes = self._at - np.pad(np.array(elements, int).reshape(-1, 2), ((0, 0), (1, 0)))

    def sheet(self, name: str) -> int:
        """The number of a sheet; -1 if it has no nodes."""
        return self._numbers.get(name, NONE)

    def elements(self, cells: IntArray) -> list[tuple[int, int] | None]:
        """What row and column of an array formula each of these cells shows, None for another formula."""
        return [self._graph.texts[text].element for text in self._graph.text[cells].tolist()]

    def find(self, at: IntArray) -> IntArray:
        """The nodes at these sheets, rows and columns, -1 where there is none."""
        keys = _keys(at)
        index = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[index] == keys, self._order[index], NONE)

    def _distance(self, nodes: IntArray, at: IntArray) -> IntArray:
        away = self._at[nodes] - at
        distance: IntArray = 1000 * (away[:, 0] != 0) + np.abs(away[:, 1:]).sum(1)
        return distance

    def candidates(
        self, cells: IntArray, pool: Iterable[int], most: int, beside: IntArray, always: IntArray
    ) -> Candidates:
        """The references from these cells to those of the pool that are nearest to the first of them, or to one of the
        nodes `beside`, and to those of `always`; once each."""
        homes = self.homes[cells]
        others = np.array(sorted(set(pool)), int)
        away = self._at[others] - homes[0]
        near = [self._distance(others, homes[0])[None], *(self._distance(others, at)[None] for at in self._at[beside])]
        rank = np.concatenate(near).argsort(1, kind="stable").argsort(1, kind="stable").min(0)
        nearest = np.argsort(np.where(np.isin(others, always), -1, rank), kind="stable")[:most]
        to, away = self._at[others[nearest]], away[nearest]
        distance = np.where(np.isin(others[nearest], always), 0, self._distance(others[nearest], homes[0]))
        places = np.broadcast_to(to[:, None, None], (len(to), len(WAYS), *homes.shape)).copy()
        own = away[:, 0] == 0
        places[own, ..., 0] = homes[:, 0]
        for way, moves in enumerate(WAYS):
            for axis in np.flatnonzero(moves).tolist():
                places[:, way, :, 1 + axis] = homes[:, 1 + axis] + away[:, None, 1 + axis]
        nodes = self.find(places).reshape(-1, len(cells))
        exist = np.flatnonzero((nodes != NONE).all(1))
        _, first = np.unique(nodes[exist], axis=0, return_index=True)
        kept = exist[np.sort(first)].tolist()
        texts = (self._written(to[k // len(WAYS)], away[k // len(WAYS)], WAYS[k % len(WAYS)]) for k in kept)
        return Candidates(tuple(texts), tuple(distance[[k // len(WAYS) for k in kept]].tolist()), nodes[kept])

    def _written(self, to: IntArray, away: IntArray, moves: tuple[bool, bool]) -> str:
        """A reference that moves along with its row and its column, or does not."""
        sheet = ""
        if away[0]:
            name = self._sheets[int(to[0])]
            sheet = f"{name}!" if _PLAIN.fullmatch(name) else "'{}'!".format(name.replace("'", "''"))
        down = f"R[{away[1]}]" if moves[0] else f"R{to[1]}"
        along = f"C[{away[2]}]" if moves[1] else f"C{to[2]}"
        return f"{sheet}{down}{along}"


def _keys(at: IntArray) -> IntArray:
    keys: IntArray = (at[..., 0] << (_ROW_BITS + _COLUMN_BITS)) | (at[..., 1] << _COLUMN_BITS) | at[..., 2]
    return keys
