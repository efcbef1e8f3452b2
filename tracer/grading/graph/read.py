"""A workbook → its graph: formulas are read once a pattern, their references resolved for all cells at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tracer.formulas.tree import Expression, distinct, with_names
from tracer.grading.book.cells import Book, Cell
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.graph.assembly import Assembly, Copies, assembled
from tracer.grading.graph.facts import SENSITIVE
from tracer.grading.graph.forms import number, slot
from tracer.grading.graph.graph import Flags, Graph, IntArray, Text, TooLarge
from tracer.grading.graph.language import mentioned, references
from tracer.grading.graph.patterns import Shapes, patterned
from tracer.grading.graph.picks import Lookup, Meaning, depends_on_row, meaning, of_place, with_picks
from tracer.grading.graph.references import Cells, Sheets, key, moved, position_of, sheet_of
from tracer.grading.graph.texts import Element, copied

MOST_NODES, MOST_EDGES = 300_000, 2_000_000
MOST_APART, MOST_READ = 200_000, 10_000
"""References in formulas that are read by themselves, and such formulas; each element of an array formula is one."""


def read_graph(book: Book, most_nodes: int = MOST_NODES, most_edges: int = MOST_EDGES) -> Graph:
    """The graph of a workbook's cells. Its values are computed from the constants; stored ones are only kept.

    Raises TooLarge if it has more nodes or edges.
    """
    formulas = copied(book, most_nodes)
    reader = _Reader(book, formulas, most_edges)
    reader.add(formulas)
    reader.resolve()
    return assembled(reader.read, reader.cell, reader.sheets.place, most_nodes)


def _own(cells: Iterable[int], where: Element) -> IntArray:
    """The cells that show this element of the array formulas in these cells."""
    return np.array([*cells], int) + (key(0, where) if where else 0)


def _numbers(book: Book) -> Iterator[int]:
    """The cells of a workbook that hold numbers."""
    for index, sheet in enumerate(book.sheets):
        yield from (key(index, where) for where, cell in sheet.cells.items() if isinstance(cell.value, float))


class _Reader:
    """Turns the formulas of a workbook into arrays; its state is what has been read."""

    def __init__(self, book: Book, formulas: dict[tuple[str, Element], list[int]], most_edges: int) -> None:
        self._book, self._most_edges = book, most_edges
        self.sheets = Sheets(book)
        self.read = Assembly()
        self._edges = self._apart = 0
        own = [_own(cells, where) for (_, where), cells in formulas.items()]
        self._holding = np.sort(np.concatenate([np.array(list(_numbers(book)), int), *own]))
        self._meanings: list[tuple[Meaning, Cells]] = []

    def cell(self, key: int) -> Cell | None:
        """The cell with that key, None if it is empty."""
        return self._book.sheets[sheet_of(key)].cells.get(position_of(key))

    def add(self, formulas: dict[tuple[str, Element], list[int]]) -> None:
        """Read formulas, each with the cells that it was copied to."""
        groups: dict[tuple[str, Shapes, Element], list[tuple[int, list[int], IntArray]]] = {}
        for (relative, where), cells in formulas.items():
            text = len(self.read.texts)
            self.read.texts.append(Text(relative, where, np.empty(0, int)))
            found = patterned(relative)
            if found is None:
                self._add_text(text, cells)
                continue
            try:
                numbers = [(self.sheets.number(each, cells[0]), *each[1:]) for each in found[2]]
            except UnknownFormula as error:
                self._refuse(np.full(len(cells), text), _own(cells, where), str(error))
                continue
            groups.setdefault((found[0], found[1], where), []).append((text, cells, np.array(numbers, int)))
        if len(groups) > MOST_READ:
            raise TooLarge(
                f"{len(groups):,} of its formulas, or of the values of array formulas, are no copies of others; the "
                f"limit is {MOST_READ:,}"
            )
        for (pattern, shapes, where), members in groups.items():
            self._add_pattern(pattern, shapes, where, members)

    def _add_text(self, text: int, cells: list[int]) -> None:
        """A formula that is read by itself."""
        relative, where = self.read.texts[text].relative, self.read.texts[text].element
        own = _own(cells, where)
        found = Cells(np.array(cells, int), own, np.full(len(cells), text), self.sheets)
        try:
            self._add_cells(relative, where, found)
        except UnknownFormula as error:
            self._refuse(found.texts, own, str(error))

    def _add_pattern(
        self, pattern: str, shapes: Shapes, where: Element, members: Sequence[tuple[int, list[int], IntArray]]
    ) -> None:
        """Formulas with one pattern: the index of each, its cells, and its references as numbers."""
        counts = [len(cells) for _, cells, _ in members]
        written = np.array([cell for _, cells, _ in members for cell in cells], int)
        parts = np.stack([numbers.reshape(-1, 5) for *_, numbers in members]).repeat(counts, 0)
        texts = np.array([text for text, *_ in members]).repeat(counts)
        found = Cells(written, _own(written.tolist(), where), texts, self.sheets, shapes, moved(parts, written))
        try:
            self._add_cells(pattern, where, found)
        except UnknownFormula:  # the reason may depend on the references
            for text, cells, _ in members:
                self._add_text(text, cells)

    def _add_cells(self, relative: str, where: Element, cells: Cells) -> None:
        """Cells with one formula, or one pattern. Raises UnknownFormula."""
        found = self._without_number(relative, cells)
        if cells.shapes and any(depends_on_row(relative, where, facts) for facts, _ in found):
            raise UnknownFormula("a pattern has no rows")
        groups = [(meaning(relative, where, facts), members) for facts, members in found]
        for what, members in groups:
            references(what.expression)  # there are no other names
            self._meanings.append((what, cells if members is None else cells.among(members)))

    def _without_number(self, relative: str, cells: Cells) -> list[tuple[tuple[tuple[str, str], ...], IntArray | None]]:
        """The references of a formula to cells that hold neither a number nor a formula, with their texts, and the
        cells for which these are so; None for all."""
        if not SENSITIVE.search(relative):
            return [((), None)]
        facts: dict[int, list[tuple[str, str]]] = {}
        names = mentioned(relative)
        keys, exist = cells.resolved(names)
        for index, of in np.argwhere(exist & ~self._numeric(keys)).tolist():
            cell = self.cell(int(keys[index, of]))
            facts.setdefault(index, []).append((names[of].name, str(cell.value) if cell else ""))
        if not facts:
            return [((), None)]
        groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for index in range(len(cells.own)):
            groups.setdefault(tuple(facts.get(index, ())), []).append(index)
        return [(known, np.array(members)) for known, members in groups.items()]

    def _numeric(self, keys: IntArray) -> Flags:
        """Which of these cells hold a number or a formula."""
        places = np.searchsorted(self._holding, keys)
        found: Flags = self._holding[np.minimum(places, len(self._holding) - 1)] == keys
        return found

    def _refuse(self, texts: IntArray, own: IntArray, reason: str) -> None:
        self.read.unread.append((texts, own, reason))

    def resolve(self) -> None:
        """Resolve the references of all formulas."""
        lookup: Lookup | None = None
        for what, cells in self._meanings:
            if not what.picks:
                self._add(what, what.expression, cells)
                continue
            lookup = lookup or self._lookup()
            groups: dict[Expression, list[int]] = {}
            for index in range(len(cells.own)):
                try:
                    picked = lookup.resolved(what, cells, index)
                except UnknownFormula as error:
                    self._refuse(cells.texts[[index]], cells.own[[index]], str(error))
                    continue
                groups.setdefault(with_picks(what.expression, picked), []).append(index)
            for expression, members in groups.items():
                self._add(what, expression, cells.among(np.array(members)))

    def _lookup(self) -> Lookup:
        formulas = {
            cell: (what, cells, index)
            for what, cells in self._meanings
            for index, cell in enumerate(cells.own.tolist())
        }

        def source(key: int) -> tuple[Meaning, Cells, int] | float:
            found = formulas.get(key)
            if found is not None:
                return found
            cell = self.cell(key)
            return 0.0 if cell is None else float(cell.value) if isinstance(cell.value, float) else math.nan

        return Lookup(source)

    def _add(self, what: Meaning, expression: Expression, cells: Cells) -> None:
        """Cells whose formulas mean the same expression over references."""
        try:
            names = references(expression)
            operands, exist = cells.resolved(names)
        except UnknownFormula as error:
            self._refuse(cells.texts, cells.own, str(error))
            return
        self._edges += len(names) * len(cells.own)
        self._apart += len(names)
        for count, most in ((self._edges, self._most_edges), (self._apart, MOST_APART)):
            if count > most:
                different = " different" * (most == MOST_APART)
                raise TooLarge(f"its{different} formulas refer to more than {most:,} cells")
        exists = np.logical_and.reduce(exist, 1)
        if not exists.all():
            self._refuse(cells.texts[~exists], cells.own[~exists], "a reference points outside the sheet")
        used = [name for name in distinct(expression) if name.name[0] == "@"] if what.numbers else []
        renamed = {name: number(index) for index, name in enumerate(used)}
        numbers = of_place(what, cells.written)[:, [int(name.name[1:]) for name in used]]
        for first, members in _same_cells(operands):
            members = members[exists[members]]
            kept, slots = np.unique(first, return_inverse=True)
            form = with_names(expression, {n: slot(int(s)) for n, s in zip(names, slots, strict=True)} | renamed)
            self.read.copies.append(
                Copies(cells.texts[members], form, cells.own[members], operands[members][:, kept], numbers[members])
            )


def _same_cells(operands: IntArray) -> list[tuple[IntArray, IntArray]]:
    """Which references mean the same cell: for each reference the first one that does, and the rows of which this is
    true."""
    width = operands.shape[1]
    in_order = np.sort(operands, 1)
    twice = (in_order[:, 1:] == in_order[:, :-1]).any(1)
    groups = [(np.arange(width), np.flatnonzero(~twice))]
    if twice.any():
        rows = np.flatnonzero(twice)
        order = np.argsort(operands[rows], 1, kind="stable")
        in_order = np.take_along_axis(operands[rows], order, 1)
        again = in_order[:, 1:] == in_order[:, :-1]
        begins = np.where(np.pad(again, ((0, 0), (1, 0))), 0, np.arange(width))
        first = np.empty((len(rows), width), int)
        np.put_along_axis(first, order, np.take_along_axis(order, np.maximum.accumulate(begins, 1), 1), 1)
        patterns, of = np.unique(first, axis=0, return_inverse=True)
        groups += [(pattern, rows[of.ravel() == index]) for index, pattern in enumerate(patterns)]
    return [(first_, members) for first_, members in groups if len(members)]
