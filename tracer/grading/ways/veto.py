"""Compares a reading of a sheet's headers with what its formulas show.

If the sheet's own derivatives confirm updates that the headers call wrong, the headers were misread. If mistakes that
the headers find follow from one cell that no header names, that cell is the mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING

from tracer.grading.book.cells import Book, Cell, Place, Position, Sheet
from tracer.grading.judging.findings import SheetReport, Way
from tracer.grading.terms import Contradiction, Doubt

if TYPE_CHECKING:
    from tracer.grading.graph.graph import Graph
    from tracer.grading.training.judgement import Judgement

SMALL = 1_000
"""Cells of a sheet whose formulas are all read before its headers are believed."""

Judged = tuple["Graph | None", "tuple[Judgement, ...]"]


def judged(book: Book) -> Judged:
    """The graph of a workbook, and the judgements on what it trains."""
    from tracer.grading.graph.graph import TooLarge
    from tracer.grading.graph.read import read_graph
    from tracer.grading.training.judgement import nothing_to_judge
    from tracer.grading.ways.formulas import judge_graph

    try:
        graph = read_graph(book)
    except TooLarge as error:
        return None, (nothing_to_judge(str(error)),)
    return graph, judge_graph(book, graph)


@dataclass(frozen=True, slots=True)
class Formulas:
    """The formulas of a workbook, with a cache of the judgements on its parts."""

    book: Book
    _known: dict[tuple[tuple[str, int], ...], tuple[Book, Judged]] = field(default_factory=dict)
    _doubted: dict[str, Judged] = field(default_factory=dict)

    def judged(self, part: Book) -> Judged:
        """The graph of a part of the workbook, and the judgements on what it trains."""
        key = tuple((sheet.name, id(sheet.cells)) for sheet in part.sheets)
        if key not in self._known:
            self._known[key] = part, judged(part)  # the part is kept, so that no other cells get its id
        return self._known[key][1]

    def contradict(self, doubt: Doubt) -> Contradiction:
        """How the formulas of a sheet contradict a reading of its headers: they confirm what it calls wrong, or train
        more than twice as many parameters as it shows.

        A mistake in the forward pass may leave the gradients unchanged, such as an extra term of the loss. So if only
        cells of the forward pass are contradicted, and a slip explains them, the headers are right.
        """
        from tracer.grading.training.judgement import Standing
        from tracer.grading.ways.confirmed import blamed_cells, confirmed_cells, copied_forward, trained_cells

        name = doubt.sheet.name
        graph, judgements = self._doubted[name] = self.judged(_part(self.book, doubt.sheet, doubt.last))
        if graph is None:
            return Contradiction.NONE
        seems = doubt.wrong
        if all(_has_value(graph, (name, place)) for place in doubt.uncomputed):
            seems |= doubt.uncomputed
        wrong = {(name, place) for place in seems if place in doubt.sheet.cells and (name, place) in graph.number}
        found = Contradiction.NONE
        for judgement in judgements:
            if judgement.standing is Standing.NOTHING or not wrong:
                continue
            if _computes(judgement, {(name, place) for place in doubt.uncomputed} & wrong):
                return Contradiction.FULL
            disputed = wrong - blamed_cells(judgement)
            backward = disputed & confirmed_cells(graph, judgement)
            if 2 * len(backward | disputed & copied_forward(graph, judgement)) > len(disputed):
                found = Contradiction.FULL if backward else Contradiction.FORWARD
            known = sum(p.places[0][1] in doubt.covered or p.after[0][1] in doubt.covered for p in judgement.parameters)
            if 2 * known < len(judgement.parameters) and wrong & trained_cells(graph, judgement):
                found = Contradiction.FULL
            if found is Contradiction.FULL:
                break
        return found

    def with_causes(self, report: SheetReport) -> SheetReport:
        """The report on a table, with mistakes that follow from a cell without a header replaced by that cell."""
        graph, judgements = self._doubted.get(report.sheet, (None, ()))
        if graph is None or not report.mistakes or report.how is None or report.how.way is not Way.HEADERS:
            return report
        from tracer.grading.ways.origins import with_origins

        return with_origins(report, self.book, graph, judgements)


def _computes(judgement: Judgement, uncomputed: Collection[Place]) -> bool:
    """Whether a judgement confirms updates that a reading of headers could not compute, such as those by a text."""
    from tracer.grading.training.judgement import Standing

    right = judgement.firm and judgement.standing is Standing.CONFIRMED
    return right and any(place in uncomputed for parameter in judgement.parameters for place in parameter.after)


def _has_value(graph: Graph, place: Place) -> bool:
    """Whether a cell could be computed in the graph."""
    return place in graph.number and isfinite(graph.values[graph.number[place]])


def _part(book: Book, sheet: Sheet, last: int) -> Book:
    """A sheet up to a row, and the others that it refers to as given numbers; a small sheet as a whole."""
    cells: Mapping[Position, Cell] = sheet.cells
    if len(cells) > SMALL:
        cells = {place: cell for place, cell in cells.items() if place[0] <= last}
        sheet = replace(sheet, cells=cells)
    texts = {cell.formula.text for cell in cells.values() if cell.formula} | {*book.names.values()}
    others = [other for other in book.sheets if other.name != sheet.name]
    used = [given(other) for other in others if any(other.name in text for text in texts if "!" in text)]
    return replace(book, sheets=(sheet, *used))


def given(sheet: Sheet) -> Sheet:
    """A sheet with the values of its formulas as given numbers."""
    return replace(sheet, cells={place: cell._replace(formula=None) for place, cell in sheet.cells.items()})
