"""What the terminal shows of a trace: a progress bar, a table of the losses and the final parameters, the paths."""

from __future__ import annotations

import math
import os
import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from tracer.commands import table
from tracer.execution.outcome import Outcome
from tracer.execution.progress import Stop
from tracer.execution.runs import Divergence
from tracer.explain.diagnoses import in_words, said
from tracer.explain.words import stopped
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.output.trace import Trace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

    from tracer.charts.screen.canvas import Row
    from tracer.tables.catalogue import Entry

DRAWN = "─┬∂∂₁·…⋮━η"
"""What a terminal must be able to print to show a drawing, unless --ascii is given."""
PATIENCE = 1.0
"""Seconds before a progress bar appears."""
NOTICED = 0.1
"""Seconds after which Ctrl-C ends a question at the latest."""
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


@dataclass(slots=True)
class Reported:
    """How far a command has come, as a progress bar on stderr that appears where the work takes longer than a second;
    stateful, since it is called with the steps done.

    total: the steps that are counted. rows: of the trace; a row may be counted more than once. what: rows, or else.
    """

    total: int
    rows: int
    what: str = "rows"
    began: float = field(init=False, default_factory=time.monotonic)
    done: int = field(init=False, default=0)
    bar: Bar | None = field(init=False, default=None)

    def __call__(self, steps: int) -> None:
        self.done += steps
        elapsed = time.monotonic() - self.began
        if self.bar is None and elapsed > PATIENCE:
            self.bar = _bar(self.total)
        if self.bar is not None:
            rate = self.done * self.rows / self.total / elapsed
            self.bar.update(self.bar.task_ids[0], completed=self.done, rate=f"{rate:,.0f} {self.what}/s")

    def stop(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; None is one that is closed."""
    return stream is not None and stream.isatty()


@contextmanager
def progress(total: int, rows: int, hidden: bool, what: str = "rows") -> Iterator[Reported | None]:
    """A progress bar over `total` steps of so many rows, only in a terminal."""
    if hidden or not _is_terminal(sys.stderr):
        yield None
        return
    reported = Reported(total, rows, what)
    try:
        yield reported
    finally:
        reported.stop()


@contextmanager
def interruptible(reported: Reported | None) -> Iterator[Stop | None]:
    """Ctrl-C asks, in a terminal, whether to keep the trace so far: what says so to a run. If not, or where Ctrl-C is
    pressed again, KeyboardInterrupt is raised."""
    before = signal.getsignal(signal.SIGINT)
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)) or before == signal.SIG_IGN:
        yield None
        return
    pressed = False

    def press(_number: int, _frame: object) -> None:
        nonlocal pressed
        pressed = True

    def stop() -> bool:
        if not pressed:
            return False
        signal.signal(signal.SIGINT, signal.default_int_handler)
        rows = "rows"
        if reported is not None:
            reported.stop()
            rows = f"{reported.done:,} rows"
        try:
            with _noticing_ctrl_c():
                if click.confirm(f"\nInterrupted. Keep the {rows} so far, as complete files?", err=True):
                    return True
        except click.Abort:
            click.echo(err=True)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, press)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _noticing_ctrl_c() -> Iterator[None]:
    """Ctrl-C always ends a question. Where it is pressed just before `input` begins to wait, Python acts on it at the
    next signal only: here a timer's."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, NOTICED, NOTICED)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _bar(total: int) -> Bar:
    """A bar that is shown at once."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    texts = (TextColumn(f"{{task.{name}}}") for name in ("description", "fields[rate]"))
    columns = next(texts), BarColumn(), TaskProgressColumn(), next(texts), TimeRemainingColumn(), TextColumn("left")
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("running", total=total, rate="")
    bar.start()
    return bar


def show_remarks(trace: Trace, ascii: bool) -> None:
    """Print what is to be said of the numbers."""
    ascii = ascii or not can_print(SPARKS + naming.ETA, sys.stdout.encoding)
    sentences = [in_words(sentence) for sentence in said(trace.experiment, trace.system, trace.runs)]
    for sentence in sentences[:MOST_SENTENCES]:
        text = naming.to_ascii(sentence) if ascii else sentence
        click.echo(textwrap.fill(text, shutil.get_terminal_size().columns, break_long_words=False))
    if len(sentences) > MOST_SENTENCES:
        click.echo(f"and {len(sentences) - MOST_SENTENCES:,} more: on the sheet Summary, and in Python trace.diagnoses")


def show_rows(rows: Iterable[Row], console: Console) -> None:
    """Print a drawing of text."""
    from tracer.commands.terminal import styled

    with console.capture() as text:  # printed by click: rich would end the program where the reader goes away
        for row in rows:
            line = styled(row)
            line.rstrip()
            console.print(line, soft_wrap=True)
    click.echo(text.get(), nl=False, color=console.is_terminal)


def show_paths(paths: Iterable[Path]) -> None:
    """Print the paths of the result files."""
    for path in paths:
        click.echo(f"wrote {path}")


def show(experiment: Experiment, system: System, outcomes: Sequence[Outcome], ascii: bool, final: bool = False) -> None:
    """Print the table of the runs; final: with the final parameters."""
    ascii = ascii or not can_print(SPARKS + naming.ETA, sys.stdout.encoding)
    width = shutil.get_terminal_size().columns
    shown = outcomes[:MOST_RUNS]
    tables = [_losses(experiment, system, shown, ascii)]
    if final:
        at_once = max(1, (width - LABEL_WIDTH) // COLUMN_WIDTH)
        tables += [_final(experiment, shown[first : first + at_once], ascii) for first in range(0, len(shown), at_once)]
    for heads, *rows in tables:
        for line in table.lines(heads, rows, width, ascii):
            click.echo(line)
    if len(outcomes) > MOST_RUNS:
        click.echo(f"and {len(outcomes) - MOST_RUNS:,} more learning rates: in Python, trace.final holds them all")
    hidden = len(experiment.start) - MOST_PARAMETERS
    if final and hidden > 0:
        click.echo(f"and {hidden:,} more parameters: in Python, trace.final holds them all")


def divergence_line(title: str, divergence: Divergence, ascii: bool) -> str:
    """Where and why the run of this title stopped, in a line."""
    sentence = stopped(divergence)
    line = f"{title}: {sentence[0].lower()}{sentence[1:-1]}"
    if divergence.iteration > 1:
        line += "; try a smaller learning rate"
    return naming.to_ascii(line) if ascii or not can_print(line, sys.stderr.encoding) else line


def _losses(experiment: Experiment, system: System, outcomes: Sequence[Outcome], ascii: bool) -> list[list[str]]:
    """The heads, and a row for each run: its losses, and how they fell."""
    loss, until = system.loss, experiment.until
    first, last = ("first pass", "last pass") if experiment.batches.samples > 1 else ("first", "last")
    curves = [outcome.curve for outcome in outcomes]
    positive = [value for values in curves for value in values if value > 0]
    log = any(0 < min(values) * DECADES <= max(values) for values in curves if values)
    scale = (min(positive), max(positive)) if log else None
    heads = [naming.ETA, f"{first} {loss}", f"{last} {loss}", "after update", f"loss curve{', log' * log}"]
    rows = [[*heads, *(["iterations", "until met"] if until else [])]]
    for outcome, values in zip(outcomes, curves, strict=True):
        cells = [_rate(outcome), _digits(outcome.first), _digits(outcome.last)]
        cells += [_digits(outcome.end.final_loss), sparkline(values, ascii, scale)]
        cells += [str(outcome.iterations), "yes" if outcome.end.until_met else "no"] if until else []
        rows.append(cells)
    return _spelled(rows, ascii)


def _final(experiment: Experiment, outcomes: Sequence[Outcome], ascii: bool) -> list[list[str]]:
    """The heads, and a row for each parameter: its final value in these runs."""
    rows = [["final", *map(_rate, outcomes)]]
    for name in list(experiment.start)[:MOST_PARAMETERS]:
        cells = [name, *(_digits(outcome.end.final.get(name, float("nan"))) for outcome in outcomes)]
        rows.append(cells)
    return _spelled(rows, ascii)


def _spelled(rows: list[list[str]], ascii: bool) -> list[list[str]]:
    return [[naming.to_ascii(cell) for cell in row] for row in rows] if ascii else rows


def _rate(outcome: Outcome) -> str:
    return ", ".join(map(shortest, outcome.hyper.values())) or outcome.title


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


def has_colors() -> bool:
    """Whether standard output shows colors (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


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
