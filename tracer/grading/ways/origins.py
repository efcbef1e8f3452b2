"""Replaces mistakes in a table by the cell that they follow from, if the formulas blame it and no header names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracer.grading.book.cells import Book, Place, Position, Sheet
from tracer.grading.book.relative import relative
from tracer.grading.graph.graph import Graph
from tracer.grading.judging.findings import Finding, Kind, SheetReport
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.ways.reports import findings_on

FOLLOWING = frozenset({Kind.FORMULA, Kind.UPDATE, Kind.VALUE})
"""Kinds of mistakes that may follow from a cell that no header names."""


def with_origins(report: SheetReport, book: Book, graph: Graph, judgements: Sequence[Judgement]) -> SheetReport:
    """The report, with each mistake that is computed from a cell without a header, which the formulas firmly blame,
    replaced by that cell."""
    sheet = next(sheet for sheet in book.sheets if sheet.name == report.sheet)
    shown = {place for finding in report.mistakes for place in finding.places}
    origins: list[Finding] = []
    following: list[Finding] = []
    for judgement in judgements:
        if not judgement.firm or judgement.standing is not Standing.WRONG:
            continue
        stop = {place for parameter in judgement.parameters for place in parameter.places}
        for origin in findings_on(judgement, book, report.sheet):
            if not origin.mistake or report.headed.union(shown).intersection(origin.places):
                continue
            found = [
                finding
                for finding in report.mistakes
                if finding.kind in FOLLOWING and _follows(graph, report, finding, origin, stop)
            ]
            if found:
                causes = {finding.why for finding in found}
                why = origin.why or (causes.pop() if len(causes) == 1 else None)
                origins.append(replace(origin, places=_continued(sheet, origin.places), why=why))
                following += found
    if not following:
        return report
    findings = tuple(finding for finding in report.findings if finding not in following)
    wrong = {finding.quantity for finding in findings if finding.mistake}
    freed = {finding.quantity for finding in following} - wrong
    return replace(
        report,
        findings=(*origins, *findings),
        judged=report.judged + len(origins),
        right=report.right + len(freed),
    )


def _follows(graph: Graph, report: SheetReport, finding: Finding, origin: Finding, stop: set[Place]) -> bool:
    """Whether a wrong cell is computed from a blamed one in the same step, with only cells without headers between."""
    goal = {graph.number.get((report.sheet, place)) for place in origin.places}
    start = [node for place in finding.places if (node := graph.number.get((report.sheet, place))) is not None]
    found, open_nodes = set(start), start
    while open_nodes:
        for operand in graph.operands_of(open_nodes.pop()).tolist():
            if operand in goal:
                return True
            sheet, place = graph.places[operand]
            headed = sheet == report.sheet and place in report.headed
            if operand not in found and not headed and (sheet, place) not in stop:
                found.add(operand)
                open_nodes.append(operand)
    return False


def _continued(sheet: Sheet, places: Sequence[Position]) -> tuple[Position, ...]:
    """The cells, with the copies of their formula below: of a long sheet, only the first rows were read."""
    if len(places) < 2:
        return tuple(places)
    (row, column), last = places[-2], places[-1]
    step = last[0] - row
    text = _text(sheet, last)
    more: list[Position] = []
    if last[1] == column and step > 0:
        place = (last[0] + step, column)
        while text and _text(sheet, place) == text:
            more.append(place)
            place = (place[0] + step, column)
    return (*places, *more)


def _text(sheet: Sheet, place: Position) -> str | None:
    cell = sheet.cells.get(place)
    return relative(cell.formula) if cell and cell.formula else None
