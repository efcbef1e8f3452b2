"""A workbook → its graph: formulas are read once a text, their references resolved for all cells at once."""

from __future__ import annotations

import math

import numpy as np

from tracer.formulas.tree import Expression, distinct, with_names
from tracer.grading.book.cells import Book, Cell
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.graph.assembly import Assembly, Copies, assembled
from tracer.grading.graph.forms import number, slot
from tracer.grading.graph.graph import Graph, IntArray, Text, TooLarge
from tracer.grading.graph.language import references
from tracer.grading.graph.lookup import Lookup, with_picks
from tracer.grading.graph.picks import Meaning, meaning, of_place
from tracer.grading.graph.references import Sheets, key, position_of, sheet_of
from tracer.grading.graph.texts import copied

MOST_NODES, MOST_EDGES = 300_000, 2_000_000


def read_graph(book: Book, most_nodes: int = MOST_NODES, most_edges: int = MOST_EDGES) -> Graph:
    """The graph of a workbook's cells. Its values are computed from the constants; stored ones are only kept.

    Raises TooLarge if it has more nodes or edges.
    """
    reader = _Reader(book, most_edges)
    for (relative, where), cells in copied(book, most_nodes).items():
        reader.add_text(relative, where, cells)
    reader.resolve()
    return assembled(reader.read, reader.number, reader.sheets.place, most_nodes)


class _Reader:
    """Turns the formulas of a workbook into arrays; its state is what has been read."""

    def __init__(self, book: Book, most_edges: int) -> None:
        self._book, self._most_edges = book, most_edges
        self.sheets = Sheets(book)
        self.read = Assembly()
        self._edges = 0
        self._meanings: list[tuple[int, Meaning, IntArray, IntArray]] = []

    def number(self, key: int, empty: float = math.nan) -> float:
        """The number in a cell: NaN for anything else."""
        cell: Cell | None = self._book.sheets[sheet_of(key)].cells.get(position_of(key))
        if cell is None:
            return empty
        return float(cell.value) if isinstance(cell.value, float) else math.nan

    def add_text(self, relative: str, where: tuple[int, int] | None, cells: IntArray) -> None:
        """A formula and the cells that it was copied to; of an array formula, the first ones of its areas."""
        own = cells + key(0, where) if where else cells
        text = len(self.read.texts)
        try:
            what = meaning(relative, where)
        except UnknownFormula as error:
            self.read.texts.append(Text(relative, where, None, own, str(error)))
            self.read.unread.append((text, own, str(error)))
            return
        self.read.texts.append(Text(relative, where, what.expression, own))
        self._meanings.append((text, what, cells, own))

    def resolve(self) -> None:
        """Resolve the references of all formulas."""
        lookup: Lookup | None = None
        for text, what, cells, own in self._meanings:
            if not what.picks:
                self._add(text, what, what.expression, cells, own)
                continue
            lookup = lookup or self._lookup()
            groups: dict[Expression, list[int]] = {}
            for index, cell in enumerate(cells.tolist()):
                try:
                    picked = lookup.resolved(what, cell)
                except UnknownFormula as error:
                    self.read.unread.append((text, own[index : index + 1], str(error)))
                    continue
                groups.setdefault(with_picks(what.expression, picked), []).append(index)
            for expression, members in groups.items():
                self._add(text, what, expression, cells[members], own[members])

    def _lookup(self) -> Lookup:
        formulas: dict[int, tuple[Meaning, int]] = {}
        for _, what, cells, own in self._meanings:
            formulas.update(zip(own.tolist(), ((what, cell) for cell in cells.tolist()), strict=True))
        return Lookup(self.sheets, lambda key: formulas.get(key) or self.number(key, 0.0))

    def _add(self, text: int, what: Meaning, expression: Expression, cells: IntArray, own: IntArray) -> None:
        """Cells with one formula that mean the same expression over references."""
        try:
            names = references(expression)
            found = [self.sheets.resolved(name, cells) for name in names]
        except UnknownFormula as error:
            self.read.unread.append((text, own, str(error)))
            return
        self._edges += len(names) * len(cells)
        if self._edges > self._most_edges:
            raise TooLarge(f"its formulas refer to more than {self._most_edges:,} cells")
        operands = np.stack([keys for keys, _ in found], 1) if found else np.empty((len(cells), 0), int)
        exists = np.logical_and.reduce([np.ones(len(cells), bool), *(exist for _, exist in found)])
        if not exists.all():
            self.read.unread.append((text, own[~exists], "a reference points outside the sheet"))
        used = [name for name in distinct(expression) if name.name[0] == "@"] if what.numbers else []
        renamed = {name: number(index) for index, name in enumerate(used)}
        form = with_names(expression, {name: slot(index) for index, name in enumerate(names)} | renamed)
        numbers = of_place(what, cells)[:, [int(name.name[1:]) for name in used]]
        self.read.copies.append(Copies(text, form, own[exists], operands[exists], numbers[exists]))
