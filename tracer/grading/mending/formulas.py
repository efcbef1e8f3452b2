"""Edited formulas as arrays: what they mean in each of the cells that have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tracer.formulas.notation.numpy import value_from_parts
from tracer.formulas.tree import Expression, Name, distinct, with_names
from tracer.grading.book.cells import MAX_COLUMN, MAX_ROW
from tracer.grading.book.relative import PLACE, UnknownFormula, is_place, parts, place
from tracer.grading.graph.forms import slot, unrounded
from tracer.grading.graph.graph import Array, Graph, IntArray
from tracer.grading.graph.picks import meaning
from tracer.grading.mending.nearby import Places
from tracer.grading.mending.rewriting import HOLE
from tracer.grading.steps.steps import NONE

MOST_OPERANDS = 400
"""References of a formula that is tried."""
MOST_KEPT = 20_000
"""Formulas that are kept as they were read, whatever cells they refer to."""
_REFERENCE = re.compile(
    rf"(?<![\w.])(?P<first>(?:(?:'(?:[^']|'')+'|(?:\[[^\[\]]+\])?[^\W\d][\w.]*)!)?{PLACE.pattern})"
    rf"(?::(?P<last>{PLACE.pattern}))?(?![\w(.])"
)
_BY_PLACE = re.compile(r'"|ROW|COLUMN|[\s)]:|:[^R]', re.IGNORECASE)
"""What may make the meaning of a formula depend on the places of its references."""

Element = tuple[int, int] | None
"""The row and the column of an array formula that a cell shows."""


class Unreadable(ValueError):
    """A formula that cannot be tried, such as one that depends on its place."""


@dataclass(frozen=True, slots=True)
class Part:
    """Cells in which a formula means the same expression over slots, and the hole. operands: the node in each slot, a
    row for each cell; the number of nodes stands for an empty cell. rows: which of the reading's cells they are."""

    expression: Expression
    operands: IntArray
    rows: IntArray


@dataclass(frozen=True, slots=True)
class Reading:
    """What a formula means in some cells: one part, or several in the cells of an array formula."""

    parts: tuple[Part, ...]
    cells: int

    @property
    def operands(self) -> IntArray:
        """The nodes that the formula refers to in all cells, one after the other."""
        return np.concatenate([part.operands.ravel() for part in self.parts])

    def values(self, at: Array, hole: Array | None = None) -> Array:
        """The values of the cells, [candidates, cells, columns]. at: those of all nodes, and 0 for an empty one, [nodes
        + 1, columns]; hole: those of the candidates for the hole, [candidates, cells, columns].

        Raises Unreadable where a function has no values of arrays."""
        found = np.full((1 if hole is None else len(hole), self.cells, at.shape[1]), np.nan)
        for part in self.parts:
            given = {slot(index): at[nodes][None] for index, nodes in enumerate(part.operands.T)}
            if hole is not None:
                given[Name(HOLE)] = hole[:, part.rows]
            try:
                found[:, part.rows] = value_from_parts(part.expression, given, {})
            except (NameError, KeyError, TypeError, ValueError) as error:
                raise Unreadable(str(error)) from None
        return found


@dataclass(frozen=True, slots=True)
class _Shape:
    """What elements of an array formula mean, or the only value of another one: the same expression over slots.

    elements: their numbers. names: the reference in each slot, for each element. slots: the row and the column of each
    of these, where all are fixed."""

    expression: Expression
    elements: IntArray
    names: tuple[tuple[str, ...], ...]
    slots: IntArray


class Reader:
    """Reads formulas in cells of a graph. Holds which cells these are: their places, and what elements of array
    formulas they show."""

    def __init__(self, places: Places, cells: IntArray) -> None:
        self._places = places
        self._homes = places.homes[cells]
        elements = places.elements(cells)
        self._elements = tuple(dict.fromkeys(elements))
        numbers = {element: number for number, element in enumerate(self._elements)}
        self._element = np.array([numbers[element] for element in elements])

    def reading(self, text: str) -> Reading:
        """What a relative formula means in the cells. Raises Unreadable."""
        written, references = _with_fixed(text)
        shapes = _shapes(written, self._elements)
        if isinstance(shapes, str):
            raise Unreadable(shapes)
        if references is None:
            references = list(dict.fromkeys((name, 0) for shape in shapes for names in shape.names for name in names))
            column = {name: 1 + index for index, (name, _) in enumerate(references)}
            slots = [np.array([[(1, column[name]) for name in names] for names in shape.names]) for shape in shapes]
        else:
            slots = [shape.slots for shape in shapes]
        table = np.array([self._column(*reference) for reference in references], int).reshape(-1, 5)
        parts = (self._part(shape, own, table) for shape, own in zip(shapes, slots, strict=True))
        return Reading(tuple(parts), len(self._homes))

    def _column(self, reference: str, right: int) -> tuple[int, int, bool, int, bool]:
        """The sheet, row and column of a reference moved so far to the right, and whether they move with its cell."""
        found = parts(reference)
        assert found is not None
        sheet, row, row_moves, column, column_moves = found
        return self._places.sheet(sheet) if sheet else _OWN, row, row_moves, column + right, column_moves

    def _part(self, shape: _Shape, slots: IntArray, table: IntArray) -> Part:
        if len(self._elements) == 1:
            rows = np.arange(len(self._homes))
        else:
            number = np.full(len(self._elements), NONE)
            number[shape.elements] = np.arange(len(shape.elements))
            rows = np.flatnonzero(number[self._element] != NONE)
            slots = slots[number[self._element[rows]]]
        if not slots.size:
            return Part(shape.expression, np.empty((len(rows), 0), int), rows)
        homes, meant = self._homes[rows][:, None], table[slots[..., 1] - 1]
        at = np.empty((len(rows), slots.shape[1], 3), int)
        at[..., 0] = np.where(meant[..., 0] == _OWN, homes[..., 0], meant[..., 0])
        at[..., 1] = meant[..., 1] + slots[..., 0] - 1 + meant[..., 2] * homes[..., 1]
        at[..., 2] = meant[..., 3] + meant[..., 4] * homes[..., 2]
        if (at[..., 1:] < 1).any() or (at[..., 1:] > (MAX_ROW, MAX_COLUMN)).any():
            raise Unreadable("a reference points outside the sheet")
        nodes = self._places.find(at)
        return Part(shape.expression, np.where(nodes == NONE, self._places.count, nodes), rows)


_OWN = -2
"""Stands for the sheet of the formula."""


def form_of(text: str, element: Element) -> Expression:
    """The expression over slots that a formula means, as in `Graph.forms`. Raises Unreadable."""
    expression, names = _meaning(text, element)
    return with_names(expression, {name: slot(index) for index, name in enumerate(names)})


def referred(graph: Graph, sheet: str, home: tuple[int, int], reference: str) -> int:
    """The node that a relative reference means in the formula of a cell; for an empty one, or one that no formula
    refers to, the number of nodes. Raises Unreadable."""
    try:
        other, where = place(reference, home)
    except UnknownFormula as error:
        raise Unreadable(str(error)) from None
    return graph.number.get((other or sheet, where), len(graph.text))


def _with_fixed(text: str) -> tuple[str, list[tuple[str, int]] | None]:
    """The formula with fixed references, each different one to other columns, so that formulas that differ in their
    cells only are read once; and for each of these columns the reference that it stands for, and how far that is moved
    to the right. None where a formula depends on the places of its references."""
    if _BY_PLACE.search(text):
        return text, None
    columns: list[tuple[str, int]] = []
    fixed = {HOLE: HOLE}
    for match in _REFERENCE.finditer(text):
        size = _size(match)
        if size is None:
            return text, None
        if match[0] not in fixed:
            start, (rows, width) = len(columns) + 1, size
            columns += [(match["first"], right) for right in range(width)]
            fixed[match[0]] = f"R1C{start}" + (f":R{rows}C{start + width - 1}" if match["last"] else "")
            if len(columns) > MOST_OPERANDS:
                raise Unreadable("it has too many references")
    return _REFERENCE.sub(lambda match: fixed[match[0]], text), columns


def _size(match: re.Match[str]) -> tuple[int, int] | None:
    """The rows and columns of a reference; None of a range that is not written from its first cell to its last, or with
    one fixed end."""
    if not match["last"]:
        return 1, 1
    one, two = PLACE.fullmatch(match["first"].rpartition("!")[2]), PLACE.fullmatch(match["last"])
    assert one
    assert two
    rows, columns = int(two[2]) - int(one[2]) + 1, int(two[4]) - int(one[4]) + 1
    return (rows, columns) if rows > 0 < columns and (one[1], one[3]) == (two[1], two[3]) else None


@lru_cache(maxsize=MOST_KEPT)
def _shapes(text: str, elements: tuple[Element, ...]) -> tuple[_Shape, ...] | str:
    """What a formula means in elements; the reason where it cannot be tried."""
    found: dict[Expression, tuple[list[int], list[tuple[str, ...]]]] = {}
    try:
        for number, element in enumerate(elements):
            expression, names = _meaning(text, element)
            names = [name for name in names if name.name != HOLE]
            expression = with_names(expression, {name: slot(index) for index, name in enumerate(names)})
            numbers, own = found.setdefault(expression, ([], []))
            numbers.append(number)
            own.append(tuple(name.name for name in names))
    except Unreadable as error:
        return str(error)
    shapes = []
    for expression, (numbers, own) in found.items():
        places = [reference for names in own for name in names if (reference := parts(name))]
        at = np.array([(row, column) for _, row, _, column, _ in places], int).reshape(len(own), -1, 2)
        shapes.append(_Shape(expression, np.array(numbers), tuple(own), at))
    return tuple(shapes)


def _meaning(text: str, element: Element) -> tuple[Expression, list[Name]]:
    try:
        found = meaning(text, element)
    except (UnknownFormula, ValueError, TypeError, LookupError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    names = distinct(found.expression)
    if found.numbers or found.picks or len(names) > MOST_OPERANDS or not all(is_place(name.name) for name in names):
        raise Unreadable("it has unknown names, too many references, or depends on the place of its cell")
    return unrounded(found.expression), names
