"""Cells whose formula differs from those around it that are copies of each other."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tracer.grading.graph.graph import Graph

MOST_OFFSETS = 8
"""Distances between copies that are tried, the most frequent first."""
LEAST_COPIES = 3
"""Cells with one formula that show how far apart copies are."""
MOST_ALIKE = 2
"""Cells that may have the odd formula."""

Offset = tuple[int, int, int]
"""Sheets, rows and columns between a cell and its copy."""


@dataclass(frozen=True, slots=True)
class Odd:
    """Cells with an odd formula. nodes: one, or the values of one array formula. text: the relative formula of its
    neighbors. offset: how far these are away. between: whether there are such neighbors on both sides. alone: whether
    the cells beside it have the formulas of their neighbors."""

    nodes: tuple[int, ...]
    text: str
    offset: Offset
    between: bool
    alone: bool


def odd_cells(graph: Graph) -> list[Odd]:
    """The cells whose formula differs from that of two neighbors, which share one: at the same distance on both sides,
    or both on one side."""
    return list(_Copies(graph).odd())


def typed_over(graph: Graph) -> list[Odd]:
    """The numbers in place of a formula that two neighbors share: at the same distance on both sides, or both on one
    side."""
    return list(_Copies(graph).typed())


class _Copies:
    """Compares the formulas of cells at given distances; its state are the graph's places as numbers."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        sheets: dict[str, int] = {}
        self._at = [(sheets.setdefault(sheet, len(sheets)), *where) for sheet, where in graph.places]
        self._number = {place: node for node, place in enumerate(self._at)}
        self._texts = [(text.relative, text.element) for text in graph.texts]
        self._own = graph.text.tolist()
        self._offsets = self._frequent()

    def _frequent(self) -> list[Offset]:
        """The most frequent distances between consecutive copies of a formula."""
        found: Counter[Offset] = Counter()
        for text in self._graph.texts:
            if len(text.nodes) < LEAST_COPIES:
                continue
            places = [self._at[node] for node in text.nodes.tolist()]
            for order in (sorted(places), sorted(places, key=lambda p: (p[0], p[2], p[1]))):
                steps = Counter((b[0] - a[0], b[1] - a[1], b[2] - a[2]) for a, b in itertools.pairwise(order))
                for step, count in steps.items():
                    if count > 1:
                        found[step] += count
        return [offset for offset, _ in found.most_common(MOST_OFFSETS)]

    def odd(self) -> Iterator[Odd]:
        groups: dict[str, list[int]] = {}
        for text in self._graph.texts:
            if not len(text.nodes):
                continue
            groups.setdefault(text.relative, []).extend(text.nodes.tolist())
        for relative, nodes in groups.items():
            areas = {self._graph.texts[self._own[node]].element for node in nodes}
            if len(nodes) > MOST_ALIKE * len(areas):
                continue
            for offset in self._offsets:
                found = self._neighbors(nodes[0], offset)
                if found is not None and found[0] != relative:
                    yield Odd(tuple(sorted(nodes)), found[0], offset, found[1], self._is_alone(nodes, offset))
                    break

    def typed(self) -> Iterator[Odd]:
        for node, text in enumerate(self._own):
            for offset in self._offsets if text < 0 else ():
                found = self._neighbors(node, offset)
                if found is not None and self._is_alone([node], offset):
                    yield Odd((node,), found[0], offset, found[1], alone=True)
                    break

    def _text(self, node: int, offset: Offset, times: int) -> tuple[str, tuple[int, int] | None] | None:
        sheet, row, column = self._at[node]
        other = self._number.get((sheet + times * offset[0], row + times * offset[1], column + times * offset[2]))
        return None if other is None or self._own[other] < 0 else self._texts[self._own[other]]

    def _neighbors(self, node: int, offset: Offset) -> tuple[str, bool] | None:
        """The formula that neighbors share, and whether they are on both sides."""
        before, after = self._text(node, offset, -1), self._text(node, offset, 1)
        if before is not None and before == after:
            return before[0], True
        for near, far in ((after, 2), (before, -2)):
            if near is not None and near == self._text(node, offset, far):
                return near[0], False
        return None

    def _is_alone(self, nodes: list[int], offset: Offset) -> bool:
        """Whether the cells to the left and right, or above and below, are copies where the odd ones are not."""
        sheet, row, column = self._at[nodes[0]]
        own = set(nodes)
        for down, along in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            beside = self._number.get((sheet, row + down, column + along))
            if (0, abs(down), abs(along)) == (abs(offset[0]), abs(offset[1]), abs(offset[2])):
                continue
            if beside is None or beside in own or self._own[beside] < 0:
                continue
            if self._texts[self._own[beside]] in (self._text(beside, offset, 1), self._text(beside, offset, -1)):
                return True
        return False
