"""Edited formulas as arrays: what they mean in each of the cells that have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.formulas.notation.numpy import value_from_parts
from tracer.formulas.tree import Expression, Name, distinct, with_names
from tracer.grading.book.cells import Place
from tracer.grading.book.relative import UnknownFormula, is_place, place
from tracer.grading.graph.forms import slot, unrounded
from tracer.grading.graph.graph import Array, Graph, IntArray
from tracer.grading.graph.picks import meaning
from tracer.grading.mending.rewriting import HOLE

MOST_OPERANDS = 400
"""References of a formula that is tried."""


class Unreadable(ValueError):
    """A formula that cannot be tried, such as one that depends on its place."""


@dataclass(frozen=True, slots=True)
class Part:
    """Cells in which a formula means the same expression over slots, and the hole. operands: the node in each slot, a
    row for each cell. rows: which of the reading's cells they are."""

    expression: Expression
    operands: IntArray
    rows: IntArray


@dataclass(frozen=True, slots=True)
class Reading:
    """What a formula means in some cells: one part, or several in the cells of an array formula."""

    parts: tuple[Part, ...]
    cells: int
    has_hole: bool

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


def reading(graph: Graph, text: str, cells: IntArray) -> Reading:
    """What a relative formula means in these cells. Raises Unreadable."""
    elements: dict[tuple[int, int] | None, list[int]] = {}
    for row, node in enumerate(cells.tolist()):
        elements.setdefault(graph.texts[graph.text[node]].element, []).append(row)
    found: dict[Expression, tuple[list[list[int]], list[int]]] = {}
    has_hole = False
    for element, rows in elements.items():
        expression, names = _meaning(text, element)
        has_hole |= Name(HOLE) in names
        names = [name for name in names if name.name != HOLE]
        expression = with_names(expression, {name: slot(index) for index, name in enumerate(names)})
        operands, own = found.setdefault(expression, ([], []))
        operands += [_operands(graph, graph.places[int(cells[row])], element, names) for row in rows]
        own += rows
    parts = (
        Part(expression, np.array(operands, int).reshape(len(own), -1), np.array(own))
        for expression, (operands, own) in found.items()
    )
    return Reading(tuple(parts), len(cells), has_hole)


def _meaning(text: str, element: tuple[int, int] | None) -> tuple[Expression, list[Name]]:
    try:
        found = meaning(text, element)
    except (UnknownFormula, ValueError, TypeError, LookupError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    names = distinct(found.expression)
    if found.numbers or found.picks or len(names) > MOST_OPERANDS or not all(is_place(name.name) for name in names):
        raise Unreadable("it has unknown names, too many references, or depends on the place of its cell")
    return unrounded(found.expression), names


def _operands(graph: Graph, own: Place, element: tuple[int, int] | None, names: list[Name]) -> list[int]:
    sheet, (row, column) = own
    home = (row - element[0], column - element[1]) if element else (row, column)
    return [referred(graph, sheet, home, name.name) for name in names]


def referred(graph: Graph, sheet: str, home: tuple[int, int], reference: str) -> int:
    """The node that a relative reference means in the formula of a cell; for an empty one, or one that no formula
    refers to, the number of nodes. Raises Unreadable."""
    try:
        other, where = place(reference, home)
    except UnknownFormula as error:
        raise Unreadable(str(error)) from None
    return graph.number.get((other or sheet, where), len(graph.text))
