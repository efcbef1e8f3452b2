"""The cells near others that formulas may have been meant to refer to, as references that are copied along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.book.cells import Place
from tracer.grading.graph.graph import Graph, IntArray

SHEET, ROW, COLUMN = range(3)
Fixed = tuple[bool, bool, bool]
"""Whether a reference is fixed in its sheet, its row, its column."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a cell as it is copied along: `offset` from its formula's cell, or the cell itself where fixed."""

    to: tuple[int, int, int]
    offset: tuple[int, int, int]
    fixed: Fixed

    @property
    def distance(self) -> int:
        """How far away it is."""
        return 1000 * (self.offset[SHEET] != 0) + abs(self.offset[ROW]) + abs(self.offset[COLUMN])


class Places:
    """The nodes of a graph by place; its state is the numbers of the sheets."""

    def __init__(self, graph: Graph) -> None:
        sheets: dict[str, int] = {}
        for sheet, _ in graph.places:
            sheets.setdefault(sheet, len(sheets))
        self._at = [(sheets[sheet], *position) for sheet, position in graph.places]
        self._number = {place: node for node, place in enumerate(self._at)}

    def near(self, nodes: IntArray, pool: Iterable[int], most: int) -> list[tuple[Reference, IntArray]]:
        """The references from these nodes to the cells of the pool that lie nearest to the first, with what they refer
        to from each; those to the same cells once."""
        here = self._at[int(nodes[0])]
        several = len({self._at[node][SHEET] for node in nodes.tolist()}) > 1
        found: dict[tuple[int, ...], Reference] = {}
        for to in sorted((self._at[node] for node in pool), key=lambda to: _reference(to, here).distance)[:most]:
            for fixed in _ways(several or to[SHEET] != here[SHEET]):
                reference = _reference(to, here, fixed)
                shown = self.follow(reference, nodes)
                if shown is not None:
                    found.setdefault(tuple(shown.tolist()), reference)
        return [(reference, np.array(shown)) for shown, reference in found.items()]

    def follow(self, reference: Reference, nodes: IntArray) -> IntArray | None:
        """What a reference refers to from each of these nodes; None where a cell is missing."""
        found = []
        parts = reference.to, reference.offset, reference.fixed
        for node in nodes.tolist():
            sheet, row, column = (
                to if fixed else at + by for at, to, by, fixed in zip(self._at[node], *parts, strict=True)
            )
            found.append(self._number.get((sheet, row, column), -1))
        return None if -1 in found else np.array(found)

    def shifted(self, operands: IntArray, by: tuple[int, int, int]) -> IntArray | None:
        """The nodes that lie so many sheets, rows and columns from these; None where one is missing."""
        found = []
        for node in operands.ravel().tolist():
            sheet, row, column = self._at[node]
            found.append(self._number.get((sheet + by[SHEET], row + by[ROW], column + by[COLUMN]), -1))
        return None if -1 in found else np.array(found).reshape(operands.shape)

    def between(self, to: int, here: int) -> tuple[int, int, int]:
        """How many sheets, rows and columns a node lies from another."""
        return _reference(self._at[to], self._at[here]).offset

    def areas(self, nodes: Sequence[int]) -> list[list[int]]:
        """The nodes that touch each other, as indices into the sequence; those of two or more."""
        left = {self._at[node]: index for index, node in enumerate(nodes)}
        found = []
        while left:
            place, index = left.popitem()
            area, pending = [index], [place]
            while pending:
                sheet, row, column = pending.pop()
                for down, along in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                    beside = (sheet, row + down, column + along)
                    if beside in left:
                        area.append(left.pop(beside))
                        pending.append(beside)
            if len(area) > 1:
                found.append(sorted(area))
        return found


def place_of_range(places: Sequence[Place]) -> tuple[Place, Place]:
    """The first and the last corner of the range that these cells lie in."""
    rows, columns = zip(*(position for _, position in places), strict=True)
    sheet = places[0][0]
    return (sheet, (min(rows), min(columns))), (sheet, (max(rows), max(columns)))


def _reference(to: tuple[int, int, int], here: tuple[int, int, int], fixed: Fixed = (False,) * 3) -> Reference:
    return Reference(to, (to[0] - here[0], to[1] - here[1], to[2] - here[2]), fixed)


def _ways(sheets: bool) -> Iterator[Fixed]:
    for sheet in (False, True) if sheets else (False,):
        for row in (False, True):
            for column in (False, True):
                yield sheet, row, column
