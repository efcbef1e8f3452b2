"""A workbook → its graph: formulas are read once a text, their references resolved for all cells at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tracer.formulas.tree import Expression, distinct, with_names
from tracer.grading.book.cells import Book, Cell
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.graph.assembly import Assembly, Copies, assembled
from tracer.grading.graph.facts import SENSITIVE
from tracer.grading.graph.forms import number, slot
from tracer.grading.graph.graph import Flags, Graph, IntArray, Text, TooLarge
from tracer.grading.graph.language import mentioned, references
from tracer.grading.graph.picks import Lookup, Meaning, meaning, of_place, with_picks
from tracer.grading.graph.references import Sheets, key, position_of, sheet_of
from tracer.grading.graph.texts import copied

MOST_NODES, MOST_EDGES = 300_000, 2_000_000


def read_graph(book: Book, most_nodes: int = MOST_NODES, most_edges: int = MOST_EDGES) -> Graph:
    """The graph of a workbook's cells. Its values are computed from the constants; stored ones are only kept.

    Raises TooLarge if it has more nodes or edges.
    """
    formulas = copied(book, most_nodes)
    reader = _Reader(book, [_own(cells, where) for (_, where), cells in formulas.items()], most_edges)
    for (relative, where), cells in formulas.items():
        reader.add_text(relative, where, cells)
    reader.resolve()
    return assembled(reader.read, reader.number, reader.sheets.place, most_nodes)


def _own(cells: IntArray, where: tuple[int, int] | None) -> IntArray:
    """The cells that show this element of the array formulas in these cells."""
    return cells + key(0, where) if where else cells


def _numbers(book: Book) -> Iterator[int]:
    """The cells of a workbook that hold numbers."""
    for index, sheet in enumerate(book.sheets):
        yield from (key(index, where) for where, cell in sheet.cells.items() if isinstance(cell.value, float))


def _same_cells(operands: IntArray) -> list[tuple[IntArray, IntArray]]:
    """Which references mean the same cell: for each reference the first one that does, and the rows of which this is
    true."""
    width = operands.shape[1]
    in_order = np.sort(operands, 1)
    twice = (in_order[:, 1:] == in_order[:, :-1]).any(1)
    groups = [(np.arange(width), np.flatnonzero(~twice))]
    if twice.any():
        rows = np.flatnonzero(twice)
        first = np.argmax(operands[rows][:, :, None] == operands[rows][:, None, :], 2)
        patterns, of = np.unique(first, axis=0, return_inverse=True)
        groups += [(pattern, rows[of.ravel() == index]) for index, pattern in enumerate(patterns)]
    return [(first, members) for first, members in groups if len(members)]


class _Reader:
    """Turns the formulas of a workbook into arrays; its state is what has been read."""

    def __init__(self, book: Book, formulas: Sequence[IntArray], most_edges: int) -> None:
        self._book, self._most_edges = book, most_edges
        self.sheets = Sheets(book)
        self.read = Assembly()
        self._edges = 0
        self._holding = np.sort(np.concatenate([np.array(list(_numbers(book)), int), *formulas]))
        self._meanings: list[tuple[int, Meaning, IntArray, IntArray]] = []

    def number(self, key: int, empty: float = math.nan) -> float:
        """The number in a cell: NaN for anything else."""
        cell = self._cell(key)
        if cell is None:
            return empty
        return float(cell.value) if isinstance(cell.value, float) else math.nan

    def add_text(self, relative: str, where: tuple[int, int] | None, cells: IntArray) -> None:
        """A formula and the cells that it was copied to; of an array formula, the first ones of its areas."""
        own = _own(cells, where)
        text = len(self.read.texts)
        self.read.texts.append(Text(relative, where, None, own))
        for facts, members in self._without_number(relative, cells):
            try:
                what = meaning(relative, where, facts)
            except UnknownFormula as error:
                self.read.texts[text] = Text(relative, where, None, own, str(error))
                self.read.unread.append((text, own[members], str(error)))
            else:
                self.read.texts[text] = Text(relative, where, what.expression, own)
                self._meanings.append((text, what, cells[members], own[members]))

    def _without_number(self, relative: str, cells: IntArray) -> list[tuple[tuple[tuple[str, str], ...], IntArray]]:
        """The references of a formula to cells that hold neither a number nor a formula, with their texts, and the
        cells for which these are so."""
        every = np.arange(len(cells))
        if not SENSITIVE.search(relative):
            return [((), every)]
        facts: dict[int, list[tuple[str, str]]] = {}
        try:
            for name in mentioned(relative):
                keys, exist = self.sheets.resolved(name, cells)
                for index in np.flatnonzero(exist & ~self._numeric(keys)).tolist():
                    cell = self._cell(int(keys[index]))
                    facts.setdefault(index, []).append((name.name, str(cell.value) if cell else ""))
        except UnknownFormula:
            return [((), every)]  # it is refused later, with the reason
        groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for index in every.tolist() if facts else ():
            groups.setdefault(tuple(facts.get(index, ())), []).append(index)
        return [(known, np.array(members)) for known, members in groups.items()] or [((), every)]

    def _numeric(self, keys: IntArray) -> Flags:
        """Which of these cells hold a number or a formula."""
        places = np.searchsorted(self._holding, keys)
        found: Flags = self._holding[np.minimum(places, len(self._holding) - 1)] == keys
        return found

    def _cell(self, key: int) -> Cell | None:
        return self._book.sheets[sheet_of(key)].cells.get(position_of(key))

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
        numbers = of_place(what, cells)[:, [int(name.name[1:]) for name in used]]
        for first, members in _same_cells(operands):
            members = members[exists[members]]
            kept, slots = np.unique(first, return_inverse=True)
            form = with_names(expression, {n: slot(int(s)) for n, s in zip(names, slots, strict=True)} | renamed)
            self.read.copies.append(Copies(text, form, own[members], operands[members][:, kept], numbers[members]))
