"""What a plot shows: quantities over the iterations, of a trace or of a CSV file that was written of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import numpy as np

from tracer.charts.figure import Array, Figure, Line, Panel
from tracer.charts.svg import svg
from tracer.errors import OutputError, nearest
from tracer.execution.runs import Run
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.output.blocks import ETA_COLUMN

MOST_LINES = 200
"""Of a figure."""
MOST_NAMES = 8
"""That a message lists."""
PLACES = (naming.ITERATION, naming.SAMPLE, ETA_COLUMN)
"""Columns that say which row it is."""
LOSSES = ("E_batch", naming.TOTAL, "E")
"""Columns that a plot shows by itself."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure that a notebook shows."""

    figure: Figure

    def __repr__(self) -> str:
        panels = self.figure.panels
        quantities, lines = ", ".join(panel.y_label for panel in panels[:3]), sum(len(panel.lines) for panel in panels)
        more = f" and {len(panels) - 3} more" if len(panels) > 3 else ""
        return f"<Plot of {quantities}{more}: {lines} line{'s' * (lines != 1)}; svg() gives it as text>"

    def svg(self) -> str:
        """The figure as an SVG document."""
        return svg(self.figure)

    def _repr_svg_(self) -> str:
        return self.svg()


Rows = dict[str, Array]
"""The columns of a run."""


def of_runs(
    runs: Sequence[Run], columns: Iterable[str], wanted: Sequence[str], log: bool = False, panels: bool = False
) -> Figure:
    """The figure of quantities of runs that have these columns, by names or patterns such as `w*`, in either alphabet.
    Raises OutputError for an unknown one."""
    quantities = chosen(columns, wanted)
    drawn = {
        run.title: {
            naming.ITERATION: np.array([iteration for iteration, _ in run.places()], float),
            **{name: np.array(run[name]) for name in quantities},
        }
        for run in runs
    }
    return _figure(drawn, quantities, log, panels)


def of_csv(
    path: Path,
    wanted: Sequence[str] = (),
    log: bool = False,
    panels: bool = False,
    before_reading: Callable[[], None] | None = None,
) -> Figure:
    """The figure of quantities of a CSV file that `run` wrote, as `of_runs`. Raises OutputError where it is none.

    before_reading: called when the columns are found, before their numbers are read.
    """
    import pandas

    try:
        with path.open(encoding="utf-8-sig") as file:
            header, first = file.readline().rstrip("\r\n"), file.readline()
    except FileNotFoundError:
        raise OutputError([f"{path}: there is no such file"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(
            [f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8 text'})"]
        ) from None
    separator = max(",;\t", key=header.count)
    columns = header.split(separator)
    if naming.ITERATION not in columns:
        raise OutputError(
            [f"{path}: has no column {naming.ITERATION}; plot a CSV file that `backprop-trace run` wrote"]
        )
    known = next(([name] for name in LOSSES if name in columns), [])
    if not wanted and not known:
        raise OutputError([f"{path}: has no column {' or '.join(LOSSES)}; say with -y what to plot"])
    quantities = chosen(columns, wanted or known, f"{path}: ")
    places = [name for name in (naming.ITERATION, ETA_COLUMN) if name in columns]
    decimal = "," if separator != "," and "," in first else "."
    if before_reading:
        before_reading()
    try:  # pandas skips the mark at the beginning by itself; with utf-8-sig it decodes all of a large file first
        frame = pandas.read_csv(path, sep=separator, decimal=decimal, usecols=[*places, *quantities], dtype=float)
    except ValueError as error:
        raise OutputError([f"{path}: {error}"]) from None
    if not len(frame):
        raise OutputError([f"{path}: has no rows"])
    iterations = frame[naming.ITERATION].to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(iterations) < 0) + 1), len(frame)]
    runs: dict[str, Rows] = {}
    for number, (begin, end) in enumerate(pairwise(starts), 1):
        part = frame.iloc[begin:end]
        rates = part[ETA_COLUMN].to_numpy() if ETA_COLUMN in columns else np.zeros(0)
        constant = len(rates) and (rates == rates[0]).all()
        title = f"{naming.ETA} = {shortest(float(rates[0]))}" if constant else f"run {number}"
        title = title if title not in runs else f"{title} ({number})"
        runs[title] = {name: part[name].to_numpy() for name in [naming.ITERATION, *quantities]}
    return _figure(runs, quantities, log, panels)


def chosen(columns: Iterable[str], wanted: Sequence[str], where: str = "") -> list[str]:
    """The columns that these names or patterns stand for. Raises OutputError, with every problem."""
    known = [name for name in columns if name not in PLACES]
    spelled: list[tuple[str, Callable[[str], str]]] = [
        (name, function) for name in known for function in (str, naming.to_ascii)
    ]
    found: dict[str, None] = {}
    problems = []
    for pattern in wanted:
        matching = [name for name, spell in spelled if spell(name) == pattern] or [
            name for name, spell in spelled if fnmatchcase(spell(name), pattern)
        ]
        if not matching:
            spellings = dict.fromkeys(spell(name) for name, spell in spelled)
            problems.append(f"{where}'{pattern}' is not a column.{nearest(pattern, spellings) or _some(known)}")
        found |= dict.fromkeys(matching)
    if problems:
        raise OutputError(problems)
    return list(found)


def _some(columns: Sequence[str]) -> str:
    """A sentence with some of the columns that there are."""
    more = f" and {len(columns) - MOST_NAMES:,} more" if len(columns) > MOST_NAMES else ""
    return f" Choose from {', '.join(columns[:MOST_NAMES])}{more}."


def _figure(runs: dict[str, Rows], quantities: Sequence[str], log: bool, panels: bool) -> Figure:
    if len(runs) * len(quantities) > MOST_LINES:
        count = f"{len(quantities):,} quantities of {len(runs):,} runs"
        raise OutputError([f"{count} are more than the {MOST_LINES} lines of a plot; choose fewer with -y"])

    def line(name: str, title: str, label: str) -> Line:
        rows = runs[title]
        iterations = rows[naming.ITERATION]
        starts = np.flatnonzero(np.diff(iterations, prepend=np.nan))
        if len(starts) == len(iterations):
            return Line(label, iterations, rows[name])
        sizes = np.diff(starts, append=len(iterations))
        return Line(label, iterations[starts], np.add.reduceat(rows[name], starts) / sizes)

    if panels:
        parts = tuple(Panel(name, tuple(line(name, title, title) for title in runs)) for name in quantities)
    else:
        several = len(runs) > 1, len(quantities) > 1
        lines = [
            line(name, title, ", ".join(part for part, is_told in ((name, several[1]), (title, several[0])) if is_told))
            for name in quantities
            for title in runs
        ]
        parts = (
            Panel(", ".join(quantities) if len(quantities) <= 4 else f"{len(quantities)} quantities", tuple(lines)),
        )
    return Figure(parts, log=log)
