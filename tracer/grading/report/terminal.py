"""What the terminal shows of a check: what was recognised, a line or two a finding, a verdict, a score."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from tracer.grading.judging.findings import BookReport, Finding, Kind, SheetReport, Verdict
from tracer.model import naming

MOST_RANGES = 6
"""Ranges of cells that are named of a finding."""
MOST_UNMATCHED = 12
"""Unmatched headers that are listed."""

_VERDICTS = {
    Verdict.RIGHT: ("right", "green"),
    Verdict.FINDINGS: ("findings", "red"),
    Verdict.UNFILLED: ("the headers are there, the table is not filled in", "yellow"),
    Verdict.NO_TABLE: ("no table", "yellow"),
}


def show(reports: Sequence[BookReport], ascii: bool = False) -> None:
    """Print all reports, and a line for them all where there are several."""

    def echo(text: str) -> None:
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")  # names of files may be no UTF-8
        click.echo(naming.to_ascii(text) if ascii else text)

    for index, report in enumerate(reports):
        if index:
            echo("")
        _show_book(report, echo)
    if len(reports) > 1:
        right = sum(report.readable and not report.has_findings for report in reports)
        wrong = sum(report.readable and report.has_findings for report in reports)
        unreadable = sum(not report.readable for report in reports)
        echo(f"\n{len(reports)} workbooks: {right} right, {wrong} with findings, {unreadable} could not be read")


def _show_book(report: BookReport, echo: Callable[[str], None]) -> None:
    echo(click.style(report.workbook, bold=True))
    if report.reason is not None:
        echo(click.style(f"  could not be read: {report.reason}", fg="yellow"))
        return
    for sheet in report.sheets:
        if sheet.verdict is not Verdict.NO_TABLE:
            _show_sheet(sheet, echo)
    without = [sheet for sheet in report.sheets if sheet.verdict is Verdict.NO_TABLE]
    for sheet in without:
        echo(f"  {sheet.sheet}: no table ({sheet.reason})")
    if report.score is not None:
        count = sum(len(sheet.mistakes) for sheet in report.sheets)
        word = "1 finding" if count == 1 else f"{count or 'no'} findings"
        colour = "red" if count else "green"
        verdict = click.style("right" if not count else word, fg=colour, bold=True)
        rest = f", {_quantities(report.unjudged)} not judged" if report.unjudged else ""
        echo(f"  verdict: {verdict}, score {report.score:g} of 100{rest}")


def _show_sheet(sheet: SheetReport, echo: Callable[[str], None]) -> None:
    verdict, colour = _VERDICTS[sheet.verdict]
    eta = f", {naming.ETA} = {sheet.eta:.6g}" if sheet.eta is not None else ""
    echo(f"  {click.style(sheet.sheet, bold=True)}: table {sheet.table}, network {sheet.network}{eta}")
    recognised = f"{len(sheet.recognised)} quantities recognised"
    if sheet.unmatched:
        shown = ", ".join(sheet.unmatched[:MOST_UNMATCHED])
        more = f" and {len(sheet.unmatched) - MOST_UNMATCHED} more" if len(sheet.unmatched) > MOST_UNMATCHED else ""
        recognised += f"; not matched: {shown}{more}"
    echo(f"    {recognised}")
    if sheet.not_judged:
        echo(f"    not judged, because what they depend on is missing or has no value: {', '.join(sheet.not_judged)}")
    if sheet.reason:
        echo(f"    {sheet.reason}")
    for finding in sheet.mistakes:
        _show_finding(finding, echo)
    _show_notes(sheet, echo)
    if sheet.judged:
        rest = f", {sheet.unjudged} not judged" if sheet.unjudged else ""
        words = f"{sheet.right} of {_quantities(sheet.judged)} right{rest}"
        echo(f"    {click.style(verdict, fg=colour)}: {words}{_departs(sheet)}")
    else:
        echo(f"    {click.style(verdict, fg=colour)}")


def _quantities(count: int) -> str:
    return "1 quantity" if count == 1 else f"{count} quantities"


def _show_finding(finding: Finding, echo: Callable[[str], None]) -> None:
    cause = finding.cause or "not as it should be; no single slip that would explain it was found"
    head = click.style(f"{finding.quantity}  {_shortened(finding.cells)}", fg="red")
    echo(f"    {head}  {cause}{_effect(finding)}")
    if finding.formula is not None and finding.kind is not Kind.ETA:
        echo(f"        reads      {_marked(finding)}")
        if not _coloured():
            line = _pointers(finding)
            if line:
                echo(f"                   {line}")
    elif finding.value is not None and finding.right_value is not None and finding.kind is not Kind.ETA:
        echo(f"        holds      {finding.value:.9g} where {finding.right_value:.9g} belongs")
    if finding.right is not None and finding.kind is not Kind.ETA:
        echo(f"        should be  {finding.right}")


def _shortened(cells: str) -> str:
    """The first ranges of many."""
    ranges = cells.split(", ")
    rest = len(ranges) - MOST_RANGES
    return ", ".join(ranges[:MOST_RANGES]) + (f" and {rest} more" if rest > 0 else "")


def _effect(finding: Finding) -> str:
    return "" if finding.effect is None else f" (final loss {finding.effect:+.2g})".replace("-", "−")


def _coloured() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context.color if context and context.color is not None else sys.stdout.isatty())


def _marked(finding: Finding) -> str:
    text, done, out = finding.formula or "", 0, ""
    for start, end in finding.differs:
        out += text[done:start] + click.style(text[start:end], fg="red", bold=True, underline=True)
        done = end
    return out + text[done:]


def _pointers(finding: Finding) -> str:
    """Carets under what differs, for a terminal without colours."""
    line = [" "] * len(finding.formula or "")
    for start, end in finding.differs:
        line[start:end] = "^" * (end - start)
    return "".join(line).rstrip()


def _show_notes(sheet: SheetReport, echo: Callable[[str], None]) -> None:
    groups: dict[str, list[str]] = {}
    for finding in sheet.findings:
        if not finding.mistake:
            groups.setdefault(finding.cause or "", []).append(finding.quantity)
    for cause, quantities in groups.items():
        names = ", ".join(quantities[:4]) + (f" and {len(quantities) - 4} more" if len(quantities) > 4 else "")
        echo(f"    {cause}: {names}")


def _departs(sheet: SheetReport) -> str:
    departure = sheet.departure
    if departure is None or sheet.verdict is not Verdict.FINDINGS:
        return ""
    if departure.row is None:
        if any(finding.kind in (Kind.ERROR, Kind.EMPTY) for finding in sheet.mistakes):
            return ""  # only part of the trajectory is there
        return "; the trajectory is the right one all the same"
    final, right = departure.final_loss, departure.right_final_loss
    relative = f" ({(final - right) / right:+.2g} of it)".replace("-", "−") if right else ""
    return (
        f"; the trajectory departs from the right one in row {departure.row}, the final loss is "
        f"{final:.6g} in place of {right:.6g}{relative}"
    )
