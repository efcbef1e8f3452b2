"""Terminal output of a check: what was recognized, one or two lines per finding, a verdict, a score."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from tracer.grading.judging.findings import BookReport, Finding, How, Kind, SheetReport, Verdict, Way, cells_in_words
from tracer.grading.report import excerpts
from tracer.model import naming
from tracer.workbook.xlsx.names import ranges

MOST_RANGES = 6
"""Maximum ranges of cells listed per finding."""
MOST_UNMATCHED = 12
"""Maximum headers listed, or quantities that were not judged."""
WIDTH = 66
"""Of what was understood of a sheet, in a window of 80 columns."""
MOST_NOTED = 4
"""Maximum quantities listed per note."""

_VERDICTS = {
    Verdict.RIGHT: ("right", "green"),
    Verdict.FINDINGS: ("findings", "red"),
    Verdict.UNFILLED: ("the headers were found, but the table is not filled in", "yellow"),
    Verdict.NO_TABLE: ("no table", "yellow"),
}
_WAYS = {
    Way.HEADERS: "by its headers, which name quantities",
    Way.FORMULAS: "by its formulas, whose derivatives its updates have to be",
}


def show(reports: Sequence[BookReport], ascii: bool = False, how: bool = False) -> None:
    """Print all reports, and a summary line if there are several. how: also what was understood of each sheet."""

    def echo(text: str) -> None:
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")  # names of files may be no UTF-8
        click.echo(naming.to_ascii(text) if ascii else text)

    for index, report in enumerate(reports):
        if index:
            echo("")
        for line in lines(report, how):
            echo(line)
    if len(reports) > 1:
        wrong = sum(report.readable and report.has_findings for report in reports)
        late = sum(report.late for report in reports)
        unjudged = sum(not report.readable for report in reports) - late
        right = len(reports) - wrong - unjudged - late
        rest = f", {late} not judged in time" if late else ""
        echo(f"\n{len(reports)} workbooks: {right} right, {wrong} with findings, {unjudged} could not be judged{rest}")


def lines(report: BookReport, how: bool = False) -> Iterator[str]:
    """What is printed of a workbook. how: also what was understood of each sheet."""
    yield click.style(report.workbook, bold=True)
    if report.reason is not None:
        says = "" if report.late else "not judged: " if report.sheets else "could not be read: "
        yield click.style(f"  {says}{report.reason}", fg="yellow")
        if how:
            others = [sheet for sheet in report.sheets if sheet.reason and sheet.reason not in report.reason]
            yield from (f"  {sheet.sheet}: {sheet.reason}" for sheet in others)
        return
    shown = _shown(report.sheets)
    for sheet, repeated in sorted(shown, key=lambda entry: entry[0].verdict is Verdict.NO_TABLE):
        if sheet.verdict is Verdict.NO_TABLE:
            yield f"  {sheet.sheet}: no table ({sheet.reason})"
            continue
        yield from (f"  {line}" for line in _of_sheet(sheet, how))
        if repeated:
            yield f"    the same in {_listed(repeated, MOST_RANGES)}"
    if report.score is not None:
        mistakes = [finding for sheet, _ in shown for finding in sheet.mistakes]
        empty = sum(finding.kind is Kind.EMPTY for finding in mistakes)
        found = [_counted(len(mistakes) - empty, "finding")] if len(mistakes) > empty else []
        word = ", ".join([*found, *(["unfinished"] if empty else [])]) or "right"
        color = "red" if found else "yellow" if empty else "green"
        rest = f", {_counted(report.unjudged, 'quantity')} not judged" if report.unjudged else ""
        yield f"  verdict: {click.style(word, fg=color, bold=True)}, score {report.score:g} of 100{rest}"


def _shown(sheets: Sequence[SheetReport]) -> list[tuple[SheetReport, list[str]]]:
    """The sheets that are shown, each with the names of the later sheets of the same training that only repeat its
    findings, as where each sheet is a step."""
    shown: list[tuple[SheetReport, list[str]]] = []
    known: dict[object, list[str]] = {}
    for sheet in sheets:
        key = (sheet.how, frozenset((finding.quantity, finding.cells, finding.cause) for finding in sheet.mistakes))
        if key in known and sheet.mistakes and sheet.how and sheet.how.way is Way.FORMULAS and not sheet.judged:
            known[key].append(sheet.sheet)
            continue
        shown.append((sheet, []))
        known[key] = shown[-1][1]
    return shown


def _of_sheet(sheet: SheetReport, how: bool) -> Iterator[str]:
    noun = "quantity"
    eta = f", {naming.ETA} = {sheet.eta:.6g}" if sheet.eta is not None else ""
    numbers = cells_in_words(sheet)
    if sheet.how and sheet.how.way is Way.FORMULAS:
        noun = "update"
        count = f"{_counted(sheet.how.parameters, 'parameter')}, {_counted(sheet.how.steps, 'step')}"
        loss = f", loss: {sheet.how.loss}" if sheet.how.loss else ""
        where = f", {sheet.table}" if sheet.table else ""
        yield f"{click.style(sheet.sheet, bold=True)}: judged by its formulas{where}{eta}"
        yield f"  {count}{loss}"
    elif numbers is None:
        yield f"{click.style(sheet.sheet, bold=True)}: table {sheet.table}, network {sheet.network}{eta}"
        unmatched = f"; not matched: {_listed(sheet.unmatched, MOST_UNMATCHED)}" if sheet.unmatched else ""
        yield f"  {_counted(len(sheet.recognised), 'quantity')} recognized{unmatched}"
    else:
        strict = ", only the key counts" if sheet.strict else ""
        yield f"{click.style(sheet.sheet, bold=True)}: exercise, {_counted(sheet.judged, 'cell')} to fill in{strict}"
    if how and sheet.how:
        yield from (f"  {line}" for line in _how(sheet.how))
    if sheet.not_judged:
        missing = _listed(sheet.not_judged, MOST_UNMATCHED)
        yield f"  not judged, because what they depend on is missing or has no value or derivative: {missing}"
    if sheet.reason:
        yield f"  {sheet.reason}"
    for finding in sheet.mistakes:
        if finding.kind is not Kind.EMPTY:
            yield from (f"  {line}" for line in _of_finding(finding))
    empty = [finding for finding in sheet.mistakes if finding.kind is Kind.EMPTY]
    if empty:
        cells = ranges(place for finding in empty for place in finding.places)
        yield f"  {empty[0].cause}: {_listed(cells.split(', '), MOST_RANGES)}"
    noted: dict[str, list[str]] = {}
    for finding in sheet.findings:
        if not finding.mistake:
            noted.setdefault(finding.cause or "", []).append(finding.quantity)
    for cause, quantities in noted.items():
        yield f"  {cause}: {_listed([*dict.fromkeys(quantities)], MOST_NOTED)}"
    verdict, color = _VERDICTS[sheet.verdict]
    if sheet.mistakes and len(empty) == len(sheet.mistakes):
        verdict, color = "unfinished", "yellow"
    rest = f", {sheet.unjudged} not judged" if sheet.unjudged else ""
    correct = numbers or f"{sheet.right} of {_counted(sheet.judged, noun)} correct"
    words = f": {correct}{rest}{_departs(sheet)}"
    yield f"  {click.style(verdict, fg=color)}{words if sheet.judged else ''}"


def _how(how: How) -> Iterator[str]:
    """What was understood of a sheet, a line each."""
    yield f"way      {_WAYS[how.way]}"
    if how.updates:
        lines = _filled(_listed(how.updates, MOST_UNMATCHED), WIDTH)
        yield from (f"{'updates' if line is lines[0] else '':7}  {line}" for line in lines)
    yield f"steps    {how.steps}"
    for name, text in (("loss", how.loss), (naming.ETA, how.rate), ("note", how.note)):
        if text:
            yield f"{name:7}  {text}"


def _of_finding(finding: Finding) -> Iterator[str]:
    effect = "" if finding.effect is None else f" (final loss {_signed(finding.effect)})"
    head = f"{finding.quantity}  {_listed(finding.cells.split(', '), MOST_RANGES)}"
    yield f"{click.style(head, fg='red')}  {excerpts.cause(finding)}{effect}"
    if finding.kind is Kind.ETA:
        return
    formula, right = excerpts.reads(finding), excerpts.right(finding)
    if formula is not None:
        context = click.get_current_context(silent=True)
        colored = context.color if context and context.color is not None else sys.stdout.isatty()
        yield f"    reads      {_marked(*formula)}"
        carets = "" if colored else _carets(formula[1])
        if carets:
            yield f"               {carets}"
    if (formula is None or right is None) and finding.value is not None and finding.right_value is not None:
        yield f"    holds      {finding.value:.9g} instead of {finding.right_value:.9g}"
    if right is not None:
        yield f"    should be  {right}"


def _counted(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def _listed(texts: Sequence[str], most: int) -> str:
    """The first texts, and the number of the remaining ones."""
    rest = len(texts) - most
    return ", ".join(excerpts.shortened(text) for text in texts[:most]) + (f" and {rest} more" if rest > 0 else "")


def _filled(text: str, width: int) -> list[str]:
    """A list in words, in lines that end behind a comma."""
    lines = [""]
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        if lines[-1] and len(longer) > width:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def _signed(number: float) -> str:
    return f"{number:+.2g}".replace("-", "−")


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A formula with the differences in color, if colors are available."""
    done, out = 0, ""
    for start, end in spans:
        out += text[done:start] + click.style(text[start:end], fg="red", bold=True, underline=True)
        done = end
    return out + text[done:]


def _carets(spans: Sequence[tuple[int, int]]) -> str:
    """Carets under the differences, for a terminal without colors."""
    line = [" "] * max((end for _, end in spans), default=0)
    for start, end in spans:
        line[start:end] = "^" * (end - start)
    return "".join(line).rstrip()


def _departs(sheet: SheetReport) -> str:
    departure = sheet.departure
    if departure is None or sheet.verdict is not Verdict.FINDINGS:
        return ""
    if departure.row is None:
        partial = any(finding.kind in (Kind.ERROR, Kind.EMPTY) for finding in sheet.mistakes)
        return "" if partial else "; the trajectory is still correct"
    final, right = departure.final_loss, departure.right_final_loss
    relative = f" ({_signed(100 * (final - right) / right)} %)" if right else ""
    return (
        f"; the trajectory departs from the correct one in row {departure.row}, the final loss is {final:.6g} instead "
        f"of {right:.6g}{relative}"
    )
