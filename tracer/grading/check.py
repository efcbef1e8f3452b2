"""A workbook → a `BookReport`: read it, and judge it by its headers and by its formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tracer.config import load
from tracer.grading.book.cells import Book, Sheet
from tracer.grading.book.file_kind import Unreadable
from tracer.grading.book.package import read_book
from tracer.grading.book.recalculation import recalculated
from tracer.grading.exercise.signs import may_be_ours
from tracer.grading.judging.findings import BookReport, SheetReport, Verdict
from tracer.grading.options import Options
from tracer.grading.slips.search import MOST_NODES, Budget
from tracer.grading.terms import Terms
from tracer.grading.ways.headers import ADVICE, BESIDE, NO_HEADERS, VIEW, check_sheet
from tracer.grading.ways.joining import both_ways
from tracer.model.assembly import assemble
from tracer.model.system import System


def check_workbook(
    path: str | Path,
    options: Options | None = None,
    system: System | None = None,
    when_read: Callable[[], None] = lambda: None,
    when_headed: Callable[[BookReport], None] = lambda report: None,
) -> BookReport:
    """Check one workbook. Nothing is raised for a file that cannot be read; the report says why.

    system: the network of a config, if any. when_read: called when the file is read. when_headed: called with
    what the headers tell, where the formulas of other sheets are still to be judged.
    """
    path, options, rate = Path(path), options or Options(), None
    if system is None and options.config is not None:
        experiment = load(options.config)
        system = assemble(experiment)
        rate = experiment.learning_rates[0] if len(experiment.learning_rates) == 1 else None
    try:
        book = read_book(path)
        when_read()
        ours = _exercise(book, options) if may_be_ours(book) else None
        if ours is not None:
            return BookReport(str(path), None, ours)
        book = recalculated(book)
    except Unreadable as error:
        return BookReport(str(path), str(error))
    except (MemoryError, RecursionError):
        return BookReport(str(path), "is too large or too deeply nested to be read")
    terms = Terms(options.tolerance, system and system.rounded(None), rate)

    def so_far(reports: list[SheetReport]) -> None:
        if any(report.verdict is not Verdict.NO_TABLE for report in reports):
            when_headed(BookReport(str(path), None, tuple(map(_final, reports))))

    with np.errstate(all="ignore"):  # a person's numbers may be anything
        reports = both_ways(book, terms, so_far)
    reports = [*map(_final, reports)]
    if any(report.verdict is not Verdict.NO_TABLE for report in reports):
        return BookReport(str(path), None, tuple(reports))
    return BookReport(str(path), _nothing(book, reports, described=system is not None), tuple(reports))


def _final(report: SheetReport) -> SheetReport:
    return replace(report, covered=frozenset(), headed=frozenset())


def _nothing(book: Book, reports: list[SheetReport], described: bool) -> str:
    """Why nothing of a workbook is judged. described: whether there is a config."""
    reason = "no table of a network was recognized"
    if book.damage:
        return f"{reason}, and {book.damaged}"
    details = list(dict.fromkeys(r.reason for r in reports if r.reason))
    telling = [detail for detail in details if not detail.startswith((NO_HEADERS, VIEW, BESIDE))]
    hidden = ", ".join(sheet.name for sheet in book.sheets if sheet.hidden)
    if hidden:
        return f"{reason}; hidden sheets are not graded; unhide the one to check: {hidden}"
    reason += "".join(f": {detail}" for detail in telling[:1] or details[: len(details) == 1])
    return reason + ("" if described or "--config" in reason else ADVICE)


def _exercise(book: Book, options: Options) -> tuple[SheetReport, ...] | None:
    """The reports on an exercise of ours; None for any other workbook. Raises Unreadable."""
    from tracer.grading.exercise.grading import graded
    from tracer.grading.exercise.handed_in import NotGradable, handed_in

    def judge(book: Book, sheet: Sheet, system: System) -> list[SheetReport]:
        return check_sheet(book, sheet, Terms(options.tolerance, system, budget=budget))

    budget = Budget(MOST_NODES // 8)  # the score does not wait for causes
    try:
        exercise = handed_in(book)
    except NotGradable as error:
        raise Unreadable(str(error)) from None
    with np.errstate(all="ignore"):
        return graded(exercise, options.strict, judge) if exercise else None
