"""The two ways to judge a workbook, joined: by its headers where they explain a sheet, elsewhere by its formulas.

The graph of cells is only built where the headers leave formulas unexplained, or call some wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tracer.grading.book.cells import Book, Position, Sheet, position
from tracer.grading.judging.findings import SheetReport, Verdict, Way
from tracer.grading.terms import Terms
from tracer.grading.ways.headers import ADVICE, BESIDE, HIDDEN, VIEW, by_headers
from tracer.grading.ways.veto import Formulas, given

if TYPE_CHECKING:
    from tracer.grading.training.judgement import Judgement

FEWEST_FORMULAS = 4
SHARE = 0.2
"""Headers explain a sheet unless they leave out at least so many of its formulas, and at least this share."""
SETTLED = frozenset({HIDDEN, VIEW, BESIDE})
"""Reasons for which a sheet without a table is not judged by its formulas either."""
NOT_COMPARED = "its headers do not name what the config describes: the sheet is held against its own loss alone"
PASTED = "it has no formulas: pasted values show no computation"
SOLVER = "its weights are set by Solver, whose steps are no formulas"
MACROS = "it has macros, which are not executed: what they compute has no formulas"


def both_ways(
    book: Book, terms: Terms, so_far: Callable[[list[SheetReport]], None] = lambda reports: None
) -> list[SheetReport]:
    """The reports on all sheets: by headers where these explain a sheet, by its formulas elsewhere.

    so_far: called with what the headers tell before the rest is judged by its formulas.
    """
    by_sheet: dict[str, list[SheetReport]] = {sheet.name: [] for sheet in book.sheets}
    formulas = Formulas(book)
    # a config says what the headers mean, the optimizer included
    veto = formulas.contradict if terms.system is None else None
    for report in by_headers(book, replace(terms, veto=veto)):
        by_sheet[report.sheet].append(formulas.with_causes(report) if veto else report)
    # the config of a workbook of ours explains all that its runs compute
    ours = any(report.reason == BESIDE for own in by_sheet.values() for report in own)
    unexplained = [sheet.name for sheet in book.sheets if _is_unexplained(sheet, by_sheet[sheet.name], ours)]
    computing = {s.name for s in book.sheets if any(cell.formula for cell in s.cells.values())}
    reasons = {name: _without_formulas(book) for name in unexplained if name not in computing}
    if computing.intersection(unexplained):
        so_far([report for own in by_sheet.values() for report in own])
        by_sheet, found = _with_formulas(formulas, by_sheet, unexplained)
        reasons = found | reasons
    if any(report.verdict is not Verdict.NO_TABLE for own in by_sheet.values() for report in own):
        reasons = {name: why for name, why in reasons.items() if name in computing}
    final = [_reasoned(report, reasons.get(name)) for name, own in by_sheet.items() for report in own]
    return [_not_compared(report) for report in final] if terms.system and terms.given else final


def _not_compared(report: SheetReport) -> SheetReport:
    """The report; of what was judged by its formulas also that this says nothing of the config."""
    if report.how is None or report.how.way is not Way.FORMULAS:
        return report
    return replace(report, reason="; ".join(filter(None, [report.reason, NOT_COMPARED])))


def _reasoned(report: SheetReport, why: str | None) -> SheetReport:
    """The report; of a sheet without a table also why its formulas tell nothing."""
    if why is None or report.verdict is not Verdict.NO_TABLE:
        return report
    reason = report.reason or ""
    return replace(report, reason=f"{reason.removesuffix(ADVICE)}; {why}{ADVICE if reason.endswith(ADVICE) else ''}")


def _is_unexplained(sheet: Sheet, reports: Sequence[SheetReport], ours: bool) -> bool:
    """Whether the headers leave the formulas of a sheet unexplained. ours: in a workbook that backprop-trace wrote."""
    if all(report.verdict is Verdict.NO_TABLE for report in reports):
        return not sheet.hidden and all(report.reason not in SETTLED for report in reports)
    if ours:
        return False
    covered = frozenset[Position]().union(*(report.covered for report in reports))
    formulas = [place for place, cell in sheet.cells.items() if cell.formula]
    left = sum(place not in covered for place in formulas)
    return left >= max(FEWEST_FORMULAS, SHARE * len(formulas))


def _without_formulas(book: Book) -> str:
    """Why a sheet that computes nothing cannot be judged."""
    return SOLVER if _has_solver(book) else MACROS if book.macros else PASTED


def _has_solver(book: Book) -> bool:
    """Whether Solver has saved a model in the workbook: the cells that it changes have a name of their own."""
    return any("solver_adj" in name for name in book.names)


# ------------------------------------------------------------------------------------------- judged by formulas


def _with_formulas(
    formulas: Formulas, by_headers: Mapping[str, list[SheetReport]], unexplained: Collection[str]
) -> tuple[dict[str, list[SheetReport]], dict[str, str]]:
    """The reports on each sheet, with those on what the formulas of the unexplained sheets train; and why others train
    nothing."""
    from tracer.grading.training.judgement import Standing
    from tracer.grading.ways.reports import merged
    from tracer.grading.ways.reports import reports as reports_of

    book = formulas.book
    _, judgements = formulas.judged(_needed(book, by_headers, unexplained))
    by_sheet = dict(by_headers)
    hidden = {sheet.name for sheet in book.sheets if sheet.hidden}
    reasons: dict[str, str] = {}
    for judgement in merged(judgements):
        if judgement.standing is Standing.NOTHING:
            why = _nothing_trains(book, judgement)
            reasons |= {name: why for name in judgement.sheets or unexplained if name not in reasons}
        elif not {place[0] for p in judgement.parameters for place in p.after} <= hidden:
            for report in reports_of(book, judgement):
                by_sheet[report.sheet] = _joined(by_sheet[report.sheet], report)
            for name in judgement.sheets:  # what a training spans needs no verdict of its own
                by_sheet[name] = [r for r in by_sheet[name] if r.verdict is not Verdict.NO_TABLE]
    return by_sheet, reasons


def _nothing_trains(book: Book, judgement: Judgement) -> str:
    """Why formulas train nothing."""
    if _has_solver(book):
        return SOLVER
    return "; ".join(dict.fromkeys((*judgement.not_judged, judgement.reason, *([MACROS] if book.macros else []))))


def _needed(book: Book, by_sheet: Mapping[str, list[SheetReport]], unexplained: Collection[str]) -> Book:
    """What the unexplained sheets are computed from: what the headers explain counts as given."""
    explained = {name for name, own in by_sheet.items() if name not in unexplained and any(r.how for r in own)}
    texts = {c.formula.text for s in book.sheets if s.name not in explained for c in s.cells.values() if c.formula}
    texts |= {*book.names.values()}
    elsewhere = [text for text in texts if "!" in text]
    sheets = []
    for sheet in book.sheets:
        if sheet.name not in explained:
            sheets.append(sheet)
        elif any(sheet.name in text for text in elsewhere):
            sheets.append(given(sheet))
    return replace(book, sheets=tuple(sheets))


def _joined(reports: Sequence[SheetReport], report: SheetReport) -> list[SheetReport]:
    """The reports on a sheet with one by formulas: in place of no table; beside a table, only what it does not tell."""
    tables = [each for each in reports if each.verdict is not Verdict.NO_TABLE]
    covered = frozenset[Position]().union(*(table.covered for table in tables))
    shown = [table for table in tables if _lies_in(table, report)]
    if 2 * len(report.covered & covered) <= len(report.covered) and not any(table.mistakes for table in shown):
        return [*(table for table in tables if table not in shown), report]
    told = covered.union(*(finding.places for table in tables for finding in table.findings))
    new = [f for f in report.findings if f.mistake and not told.intersection(f.places)]
    if not new:
        return tables
    first = next((table for table in shown if table.mistakes), tables[0])
    return [
        replace(table, verdict=Verdict.FINDINGS, findings=(*table.findings, *new)) if table is first else table
        for table in tables
    ]


def _lies_in(table: SheetReport, report: SheetReport) -> bool:
    """Whether a table shows a part of what was judged by its formulas."""
    if table.how is None or table.how.way is not Way.HEADERS or not report.table:
        return False
    first, last = (position(text) or (0, 0) for text in report.table.split(":"))
    inside = sum(first[0] <= row <= last[0] and first[1] <= column <= last[1] for row, column in table.covered)
    return 2 * inside > len(table.covered)
