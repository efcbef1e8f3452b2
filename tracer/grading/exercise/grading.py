"""A submitted exercise → a report on each of its sheets: five counts, and the causes of mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from tracer.grading.book.cells import Book, Position, Sheet, position
from tracer.grading.book.recalculation import recalculated
from tracer.grading.exercise.answers import Answers, answers, is_text, with_plain_formulas
from tracer.grading.exercise.handed_in import HandedIn, Part
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict
from tracer.model.system import System
from tracer.workbook.exercise.task import State
from tracer.workbook.trace.formulas import FIRST_ROW
from tracer.workbook.xlsx.names import ranges

Judge = Callable[[Book, Sheet, System], Iterable[SheetReport]]
"""What judges a sheet made by hand, for a known network."""
MOST_NAMED = 3
"""Quantities that a sentence names."""


def graded(exercise: HandedIn, strict: bool, judge: Judge) -> tuple[SheetReport, ...]:
    """The report on each sheet to fill in. strict: only the key counts, whatever the exercise says. judge: finds the
    causes of wrong cells."""
    task = replace(exercise.task, strict=exercise.task.strict or strict)
    plain = {part.sheet.name: with_plain_formulas(exercise, part, part.sheet) for part in exercise.parts if part.sheet}
    sheets = tuple(plain.get(sheet.name, sheet) for sheet in exercise.book.sheets)
    book = recalculated(replace(exercise.book, sheets=sheets))
    computed = {sheet.name: sheet for sheet in book.sheets}
    reports = []
    for part in exercise.parts:
        if part.sheet is None:
            reports.append(_missing(part, task.strict))
            continue
        judged = answers(exercise, part, computed[part.sheet.name], task)
        reports.append(_report(judged, exercise, task.strict, _causes(judged, book, exercise.system, judge)))
    return tuple(reports)


def _missing(part: Part, strict: bool) -> SheetReport:
    """The report on a sheet that was taken out of the workbook."""
    blanks = sorted(part.cells.blanks)
    findings = (Finding("all cells", Kind.EMPTY, tuple(blanks), cause_of("not_filled_in")),)
    reason = "its sheet is missing, or its headers were moved or changed"
    return SheetReport(
        part.title, Verdict.FINDINGS, findings=findings, judged=len(blanks), consistent=0, wrong=0, empty=len(blanks),
        copied=0, strict=strict, reason=reason,
    )  # fmt: skip


def _report(judged: Answers, exercise: HandedIn, strict: bool, general: SheetReport | None) -> SheetReport:
    counts = Counter(judged.states.values())
    changed = ranges(_changed(judged))
    remarks = [*exercise.remarks, f"given numbers are not those of the config: {changed}" if changed else ""]
    unfinished = any(state not in (State.RIGHT, State.CONSISTENT) for state in counts)
    names = judged.part.cells.names
    rows = (FIRST_ROW - 1, judged.part.cells.trace.last_row)
    return SheetReport(
        judged.sheet.name,
        Verdict.FINDINGS if unfinished else Verdict.RIGHT,
        ranges((row, column) for row in range(rows[0], rows[1] + 1) for column in names),
        general.eta if general else None,
        general.network if general else None,
        tuple(names.values()),
        findings=tuple(_findings(judged, general)),
        judged=len(judged.states),
        right=counts[State.RIGHT],
        consistent=counts[State.CONSISTENT],
        wrong=counts[State.WRONG],
        empty=counts[State.EMPTY],
        copied=counts[State.COPIED],
        strict=strict,
        reason="; ".join(filter(None, [*remarks, exercise.book.damaged])) or None,
    )


def _changed(judged: Answers) -> Iterator[Position]:
    """The given cells that hold another number than the config gives them, or than follows from those."""
    part = judged.part
    hyper = {**part.cells.trace.system.hyper, **part.run.hyper}
    for name, text in part.cells.trace.hyper_cells.items():
        cell = position(text.replace("$", ""))
        if cell and judged.number(cell) != hyper[name]:
            yield cell
    for index in range(len(part.run)):
        values = part.run.step(index)
        for column, name in part.cells.names.items():
            place = (FIRST_ROW + index, column)
            if place in part.cells.blanks or place in part.cells.pending:
                continue
            expected = judged.key.get(place) if part.cells.computes(place) else values[name]
            number = judged.number(place)
            if expected is not None and (number is None or abs(number - expected) > 1e-9 * max(1.0, abs(expected))):
                yield place


def _causes(judged: Answers, book: Book, system: System, judge: Judge) -> SheetReport | None:
    """What the general grading finds in the sheet, with the given cells that show nothing left out."""
    if State.WRONG not in judged.states.values():
        return None
    cells = {place: cell for place, cell in judged.sheet.cells.items() if cell.formula or cell.value != ""}
    reports = judge(book, replace(judged.sheet, cells=cells), system)
    return next((report for report in reports if report.verdict is not Verdict.NO_TABLE), None)


def _findings(judged: Answers, general: SheetReport | None) -> Iterator[Finding]:
    """A finding for the cells of each quantity that are not right, with the cause that the general grading found."""
    of_state = {state: [place for place, its in judged.states.items() if its is state] for state in State}
    wrong, found = set(of_state[State.WRONG]), []
    for finding in general.mistakes if general else ():
        places = tuple(place for place in finding.places if place in wrong)
        if places and finding.why and finding.kind is not Kind.CONSTANT:  # answers may be typed
            value, right = judged.number(places[0]), _right(judged, places[0])
            found.append(replace(finding, places=places, value=value, right_value=right))
            wrong -= set(places)
    for name, places in _by_quantity(judged, sorted(wrong)):
        failed = judged.sheet.uncomputed.get(places[0])
        kind, cause = Kind.VALUE, None
        if failed and failed.cause:
            kind, cause = Kind.ERROR, cause_of("not_computed", reason=failed.cause)
        elif is_text(judged.sheet.cells.get(places[0])):
            cause = cause_of("no_number")
        found.append(Finding(
            name, kind, places, cause, value=judged.number(places[0]),
            right_value=_right(judged, places[0]),
        ))  # fmt: skip
    yield from sorted(found, key=lambda finding: finding.places[0][::-1])
    for name, places in _by_quantity(judged, of_state[State.COPIED]):
        yield Finding(name, Kind.COPIED, places, cause_of("copied_from_key"))
    for name, places in _by_quantity(judged, of_state[State.EMPTY]):
        yield Finding(name, Kind.EMPTY, places, cause_of("not_filled_in"))
    roots: dict[tuple[int, str], list[Position]] = {}
    for place in of_state[State.CONSISTENT]:
        roots.setdefault((place[1], _roots(judged, place)), []).append(place)
    for (column, whose), cells in sorted(roots.items()):
        verb = "are" if "," in whose else "is"
        cause = cause_of("follows_from_wrong", whose=whose, verb=verb) if whose else cause_of("follows_from_own")
        yield Finding(judged.part.cells.names[column], Kind.CONSISTENT, tuple(cells), cause,
                      value=judged.number(cells[0]), right_value=judged.key.get(cells[0]))  # fmt: skip


def _right(judged: Answers, place: Position) -> float | None:
    return judged.own.get(place, judged.key.get(place))


def _by_quantity(judged: Answers, places: Iterable[Position]) -> Iterator[tuple[str, tuple[Position, ...]]]:
    of_column: dict[int, list[Position]] = {}
    for place in places:
        of_column.setdefault(place[1], []).append(place)
    yield from ((judged.part.cells.names[column], tuple(cells)) for column, cells in sorted(of_column.items()))


def _roots(judged: Answers, place: Position) -> str:
    """The quantities of the wrong cells that a consistent one follows from."""
    cells, columns, waiting, visited = judged.part.cells, set(), [place], {place}
    while waiting:
        for other in cells.needs(waiting.pop()) - visited:
            visited.add(other)
            if judged.states.get(other) in (State.WRONG, State.COPIED):
                columns.add(other[1])
            elif judged.states.get(other) is State.CONSISTENT or other in cells.pending:
                waiting.append(other)
    names = [cells.names[column] for column in sorted(columns)]
    return ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
