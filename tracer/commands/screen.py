"""What the terminal shows of a trace: a progress bar, a table of the losses and the final parameters, the paths."""

from __future__ import annotations

import math
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.explain.diagnoses import in_words, said
from tracer.explain.words import stopped
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.output.trace import Trace

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.table import Table

    from tracer.tables.catalogue import Entry

PATIENCE = 1.0
"""Seconds before a progress bar appears."""
SPARKS = "▁▂▃▄▅▆▇█"
ASCII_SPARKS = "_.-~=+*#"
SPARK_WIDTH = 9
DECADES = 100
"""A loss that falls to less than such a part is drawn by its logarithm."""
MOST_RUNS = 100
"""How many learning rates the tables list."""
MOST_SENTENCES = 4
"""How many diagnoses are shown."""
MOST_PARAMETERS = 24
"""How many final parameters the table lists."""
LABEL_WIDTH, COLUMN_WIDTH = 20, 14
"""In characters, with what stands between columns: so many runs fit beside each other."""


@contextmanager
def progress(total: int, hidden: bool) -> Iterator[Progress | None]:
    """A progress bar over `total` steps, on stderr, that appears only in a terminal and where the work takes longer
    than a second."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    began, done = time.monotonic(), 0
    bar: Bar | None = None

    def advance(steps: int) -> None:
        nonlocal bar, done
        done += steps
        if bar is None and time.monotonic() - began > PATIENCE:
            bar = _bar(total)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()


def _bar(total: int) -> Bar:
    """A bar that is shown at once."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("running", total=total)
    bar.start()
    return bar


def show(trace: Trace, paths: Sequence[Path], ascii: bool, final: bool = False) -> None:
    """Print the table of the runs and the paths of the result files; final: with the final parameters."""
    from rich.console import Console

    console = Console(highlight=False)
    ascii = ascii or not can_print(SPARKS + naming.ETA, console.encoding)
    runs = trace.runs[:MOST_RUNS]
    tables = [_losses(trace, runs, ascii)]
    if final:
        at_once = max(1, (console.width - LABEL_WIDTH) // COLUMN_WIDTH)
        tables += [_final(trace, runs[first : first + at_once], ascii) for first in range(0, len(runs), at_once)]
    for table in tables:
        with console.capture() as text:  # printed by click: rich would end the program where the reader goes away
            console.print(table)
        click.echo(text.get(), nl=False, color=console.is_terminal)
    if len(trace.runs) > MOST_RUNS:
        click.echo(f"and {len(trace.runs) - MOST_RUNS:,} more learning rates: in Python, trace.final holds them all")
    hidden = len(trace.experiment.start) - MOST_PARAMETERS
    if final and hidden > 0:
        click.echo(f"and {hidden:,} more parameters: in Python, trace.final holds them all")
    _show_diagnoses(trace, ascii, console.width)
    for path in paths:
        click.echo(f"wrote {path}")


def _show_diagnoses(trace: Trace, ascii: bool, width: int) -> None:
    """Print what the numbers say where a run does not learn."""
    sentences = [in_words(sentence) for sentence in said(trace.experiment, trace.system, trace.runs)]
    for sentence in sentences[:MOST_SENTENCES]:
        click.echo(textwrap.fill(naming.to_ascii(sentence) if ascii else sentence, width, break_long_words=False))
    if len(sentences) > MOST_SENTENCES:
        click.echo(f"and {len(sentences) - MOST_SENTENCES:,} more: on the sheet Summary, and in Python trace.diagnoses")


def divergence_line(run: Run, ascii: bool) -> str:
    """Where and why a run stopped, in a line."""
    assert run.divergence is not None
    sentence = stopped(run.divergence)
    line = f"{run.title}: {sentence[0].lower()}{sentence[1:-1]}"
    if run.divergence.iteration > 1:
        line += "; try a smaller learning rate"
    return naming.to_ascii(line) if ascii or not can_print(line, sys.stderr.encoding) else line


def _losses(trace: Trace, runs: Sequence[Run], ascii: bool) -> Table:
    """A row for each run: its losses, and how they fell."""
    loss, curve, until = trace.system.loss, trace.system.curve, trace.experiment.until
    first, last = ("first pass", "last pass") if runs[0].batches.samples > 1 else ("first", "last")
    curves = [run[curve][: run.complete] for run in runs]
    positive = [value for values in curves for value in values if value > 0]
    log = any(0 < min(values) * DECADES <= max(values) for values in curves if values)
    scale = (min(positive), max(positive)) if log else None
    heads = [naming.ETA, f"{first} {loss}", f"{last} {loss}", "after update", f"loss curve{', log' * log}"]
    table = _table([*heads, *(["iterations", "until met"] if until else [])], ascii)
    for run, values in zip(runs, curves, strict=True):
        cells = [_rate(run), _digits(run.over_pass(loss)), _digits(run.over_pass(loss, last=True))]
        cells += [_digits(run.final_loss), sparkline(values, ascii, scale)]
        cells += [str(run.iterations), "yes" if run.until_met else "no"] if until else []
        table.add_row(*(naming.to_ascii(cell) if ascii else cell for cell in cells))
    return table


def _final(trace: Trace, runs: Sequence[Run], ascii: bool) -> Table:
    """A row for each parameter: its final value in these runs."""
    table = _table(["final", *map(_rate, runs)], ascii)
    for name in list(trace.experiment.start)[:MOST_PARAMETERS]:
        cells = [name, *(_digits(run.final.get(name, float("nan"))) for run in runs)]
        table.add_row(*(naming.to_ascii(cell) if ascii else cell for cell in cells))
    return table


def _table(heads: Sequence[str], ascii: bool) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.ASCII if ascii else box.SIMPLE_HEAD, title=None, pad_edge=False)
    for number, head in enumerate(heads):
        justify: Literal["left", "right"] = "right" if number else "left"
        table.add_column(naming.to_ascii(head) if ascii else head, justify=justify, style="" if number else "bold",
                         min_width=max(map(len, head.split())))  # fmt: skip
    return table


def _rate(run: Run) -> str:
    return ", ".join(map(shortest, run.hyper.values())) or run.title


def sparkline(values: Sequence[float], ascii: bool = False, log: tuple[float, float] | None = None) -> str:
    """The values as a row of bars, the largest at full height; a character for each part of the row. log: bars as high
    as the logarithm, between the smallest and the largest value of all rows, which are positive."""
    finite = [value for value in values if value == value and (value > 0 or not log)]
    sparks = ASCII_SPARKS if ascii else SPARKS
    count = min(SPARK_WIDTH, len(finite))
    if not count:
        return ""
    picked = [finite[round(index * (len(finite) - 1) / max(count - 1, 1))] for index in range(count)]
    low, high = log or (min(0.0, *picked), max(picked))
    if log:
        low, high, *picked = map(math.log, [low, high, *picked])
    span = (high - low) or 1.0
    return "".join(sparks[round((value - low) / span * (len(sparks) - 1))] for value in picked)


def _digits(value: float) -> str:
    return "—" if value != value else f"{value:.6g}"


def can_print(text: str, encoding: str | None) -> bool:
    """Whether a stream of this encoding can show the text."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def show_catalogue(entries: Sequence[Entry], ascii: bool) -> None:
    """Print the entries of the tables, each with its lines."""
    ascii = ascii or not can_print("∂≤·", sys.stdout.encoding)
    for entry in entries:
        click.echo(f"{entry.name}  ({entry.kind})")
        for label, text in entry.lines.items():
            if ascii and label == "also":
                text = ", ".join(word for word in text.split(", ") if word.isascii())
            if text:
                line = f"    {label:<12}{text}"
                click.echo(naming.to_ascii(line) if ascii else line)
