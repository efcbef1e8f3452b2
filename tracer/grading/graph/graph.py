"""A workbook as a graph: its cells are equations, numbered in an order of dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracer.formulas.tree import Expression, Name, with_names
from tracer.grading.book.cells import Place

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class TooLarge(ValueError):
    """A workbook with more cells or references than are read as a graph; the message gives the figures."""


@dataclass(frozen=True, slots=True)
class Text:
    """A formula, relative to its cell, and the nodes that it was copied to.

    element: of an array formula, which row and column of its result the nodes show.
    """

    relative: str
    element: tuple[int, int] | None
    nodes: IntArray


@dataclass(frozen=True, slots=True)
class Form:
    """An expression over the slots `q0`, `q1`, … and the numbers `@0`, `@1`, …, shared by all nodes that compute the
    same from different cells.

    nodes: in ascending order. operands: the node in each slot, a row for each of `nodes`. numbers: those that follow
    from the place of the node's cell, such as ROW(), a row for each of `nodes`.
    """

    expression: Expression
    nodes: IntArray
    operands: IntArray
    numbers: Array


@dataclass(frozen=True, slots=True)
class Graph:
    """The cells that formulas compute or refer to, as nodes numbered in an order of dependence: operands come first.

    places: the cell of each node. number: the inverse. keys: the cells as integers, see `references.key`: equal
    differences are equal distances. texts: the distinct relative formulas. text: the index of each
    node's formula in `texts`, -1 for a constant; an empty cell counts as 0.
    starts, operands: the operands of node n are `operands[starts[n]:starts[n + 1]]`, each once, in the order of
    the slots of `forms[form[n]]`.
    values: computed from the constants alone; NaN where there is none. stored: the values in the file; NaN where there
    is none. unjudged: the nodes whose formulas cannot be read, or that lead back to themselves, with the reason. lost:
    those that depend on one of these.
    """

    places: Sequence[Place]
    number: Mapping[Place, int]
    keys: IntArray
    texts: Sequence[Text]
    text: IntArray
    forms: Sequence[Form]
    form: IntArray
    starts: IntArray
    operands: IntArray
    values: Array
    stored: Array
    unjudged: Mapping[int, str]
    lost: Flags

    def operands_of(self, node: int) -> IntArray:
        """The operands of a node, in the order of its form's slots."""
        return self.operands[self.starts[node] : self.starts[node + 1]]

    def equation(self, node: int) -> Expression | None:
        """What a node computes, over names that are the numbers of its operands; None for a constant."""
        if self.form[node] < 0:
            return None
        form = self.forms[self.form[node]]
        row = int(np.searchsorted(form.nodes, node))
        return with_names(
            form.expression, {Name(f"q{slot}"): Name(str(other)) for slot, other in enumerate(form.operands[row])}
        )
