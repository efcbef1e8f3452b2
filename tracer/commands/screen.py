"""What the terminal shows of a trace: a progress bar, a table of the losses and the final parameters, the paths."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.explain.rounding import lost
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
MOST_RUNS = 100
"""How many learning rates the tables list."""
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


def show(trace: Trace, paths: Sequence[Path], ascii: bool) -> None:
    """Print the table of the runs and the paths of the result files."""
    from rich.console import Console

    console = Console(highlight=False)
    ascii = ascii or not can_print(SPARKS + naming.ETA, console.encoding)
    at_once = max(1, (console.width - LABEL_WIDTH) // COLUMN_WIDTH)
    runs = trace.runs[:MOST_RUNS]
    for first in range(0, len(runs), at_once):
        with console.capture() as table:  # printed by click: rich would end the program where the reader goes away
            console.print(_table(trace, runs[first : first + at_once], ascii))
        click.echo(table.get(), nl=False, color=console.is_terminal)
    if len(trace.runs) > MOST_RUNS:
        click.echo(f"and {len(trace.runs) - MOST_RUNS:,} more learning rates: in Python, trace.final holds them all")
    hidden = len(trace.experiment.start) - MOST_PARAMETERS
    if hidden > 0:
        click.echo(f"and {hidden:,} more parameters: in Python, trace.final holds them all")
    said: dict[str, list[str]] = {}
    for run in trace.runs:
        said.setdefault(lost(trace.system, run)[:-1], []).append(run.title)
    for sentence, titles in said.items():
        if sentence:
            line = sentence if len(said) == 1 else f"{sentence} (with {'; '.join(titles)})"
            click.echo(naming.to_ascii(line) if ascii else line)
    for path in paths:
        click.echo(f"wrote {path}")


def divergence_line(run: Run, ascii: bool) -> str:
    """Where and why a run stopped, in a line."""
    assert run.divergence is not None
    sentence = stopped(run.divergence)
    line = f"{run.title}: {sentence[0].lower()}{sentence[1:-1]}"
    if run.divergence.iteration > 1:
        line += "; try a smaller learning rate"
    return naming.to_ascii(line) if ascii or not can_print(line, sys.stderr.encoding) else line


def _table(trace: Trace, runs: Sequence[Run], ascii: bool) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.ASCII if ascii else box.SIMPLE_HEAD, title=None, pad_edge=False)
    table.add_column("eta" if ascii else naming.ETA, style="bold", no_wrap=True)
    for run in runs:
        rate = ", ".join(map(shortest, run.hyper.values())) or run.title
        table.add_column(naming.to_ascii(rate) if ascii else rate, justify="right", no_wrap=True)

    def digits(value: float) -> str:
        return naming.to_ascii(_digits(value)) if ascii else _digits(value)

    loss, curve = trace.system.loss, trace.system.curve
    first, last = ("first pass", "last pass") if runs[0].batches.samples > 1 else ("first", "last")
    table.add_row(f"{first} {loss}", *(digits(run.over_pass(loss)) for run in runs))
    table.add_row(f"{last} {loss}", *(digits(run.over_pass(loss, last=True)) for run in runs), style="bold")
    table.add_row("after final update", *(digits(run.final_loss) for run in runs))
    curves = [run[curve][: run.complete] for run in runs]
    table.add_row(
        "loss curve", *(sparkline(values, ascii) for values in curves), end_section=not trace.experiment.until
    )
    if trace.experiment.until:
        table.add_row("iterations", *(str(run.iterations) for run in runs))
        table.add_row("until met", *("yes" if run.until_met else "no" for run in runs), end_section=True)
    for name in list(trace.experiment.start)[:MOST_PARAMETERS]:
        table.add_row(f"final {name}", *(digits(run.final.get(name, float("nan"))) for run in runs), style="dim")
    return table


def sparkline(values: Sequence[float], ascii: bool = False) -> str:
    """The values as a row of bars, the largest at full height; a character for each part of the row."""
    finite = [value for value in values if value == value]
    sparks = ASCII_SPARKS if ascii else SPARKS
    count = min(SPARK_WIDTH, len(finite))
    if not count:
        return ""
    picked = [finite[round(index * (len(finite) - 1) / max(count - 1, 1))] for index in range(count)]
    low, high = min(0.0, *picked), max(picked)
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
