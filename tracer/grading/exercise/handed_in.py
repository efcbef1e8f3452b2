"""Recognizing one of our own exercises: from the workbook itself, its Config sheet, its Data sheet and its note."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tracer.config import Override, load, yamlfile
from tracer.config.records import spellings
from tracer.config.schema import FIELDS
from tracer.errors import ConfigError
from tracer.execution.engine import Engine
from tracer.execution.runs import Run
from tracer.grading.book.cells import Book, Fault, Position, Sheet, position
from tracer.grading.exercise.signs import has_traces, is_older
from tracer.model import naming
from tracer.model.assembly import assemble, shown
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.exercise.book import titles_of
from tracer.workbook.exercise.cells import Cells, to_fill_in
from tracer.workbook.exercise.note import Changed, Note, digest
from tracer.workbook.exercise.task import BLANKS, Task
from tracer.workbook.overview import config
from tracer.workbook.trace.formulas import DATA, FIRST_ROW, FIRST_SAMPLE_ROW, HEADER_ROW, TraceFormulas

COMMAND = "exercise"
MOST_RANGE = 100_000
"""Cells of a range of the note."""


class NotGradable(Exception):
    """An exercise of ours that cannot be graded; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet of an exercise. sheet: as handed in; None where it is missing, or its table is no longer in place."""

    title: str
    sheet: Sheet | None
    cells: Cells

    @property
    def run(self) -> Run:
        """The run with the numbers of the config."""
        return self.cells.trace.run


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An exercise as it was handed in. system: all its equations. samples: the Data sheet, where there is one.
    remarks: what the workbook lacks that an exercise of ours has."""

    book: Book
    task: Task
    system: System
    parts: tuple[Part, ...]
    samples: Sheet | None
    remarks: tuple[str, ...] = ()


def handed_in(book: Book) -> HandedIn | None:
    """The exercise in a workbook; None if it is not one of ours. Raises NotGradable."""
    sheets = {sheet.name: sheet for sheet in book.sheets}
    found = config.read(_reader(sheets[config.TITLE])) if config.TITLE in sheets else None
    remarks = []
    try:
        note, lost = Note.read(book.properties), "missing"
    except Changed:
        note, lost = None, "changed"
    if found is None or found[0][1:2] != [COMMAND]:
        if note is None and lost == "missing" and not has_traces(book):
            return None
        what = f"its sheet {config.TITLE} is missing, cut, or of an older version"
        raise NotGradable(f"it is an exercise that cannot be graded: {what}")
    words, text = found
    if note is None:
        remarks.append(f"the note in the file that says which cells were empty is {lost}: taken from {config.TITLE}")
    elif note.config != digest(text):
        remarks.append(f"the sheet {config.TITLE} was changed after the exercise was written")
    options = note.options.split() if note else words
    try:
        task, rows = Task.of(options), int(dict(pairwise(options))["--rows"])
    except (ValueError, LookupError):
        raise NotGradable(f"the command in its sheet {config.TITLE} was changed; it cannot be graded") from None
    visible = [sheet for sheet in book.sheets if not sheet.hidden]
    samples = sheets.get(DATA)
    try:
        experiment = _experiment(words, text, samples or (visible[0] if visible else None), samples is not None)
    except ConfigError as error:
        raise NotGradable(f"its sheet {config.TITLE} has no valid config: {error.problems[0]}") from None
    if rows < 1 or rows > max((place[0] for sheet in book.sheets for place in sheet.cells), default=0):
        raise NotGradable("its rows are missing")
    experiment = replace(experiment, iterations=min(experiment.iterations, experiment.batches.iteration(rows - 1) + 1))
    system = assemble(experiment)
    parts = tuple(_parts(visible, experiment, system, task, note, "--ascii" in options))
    return HandedIn(book, task, system, parts, samples, tuple(remarks))


def described(book: Book) -> Experiment | None:
    """The experiment of a workbook that `run` wrote, by its Config sheet; None without a valid one."""
    sheets = {sheet.name: sheet for sheet in book.sheets}
    found = config.read(_reader(sheets[config.TITLE])) if config.TITLE in sheets else None
    if found is None or found[0][1:2] != ["run"]:
        return None
    try:
        return _experiment(*found, sheets.get(DATA), DATA in sheets)
    except ConfigError:
        return None


def has_columns(sheet: Sheet, experiment: Experiment, system: System) -> bool:
    """Whether a sheet has all columns of an experiment's run, in whatever order."""
    row = {str(cell.value) for (row, _), cell in sheet.cells.items() if row == HEADER_ROW}
    return all(row & {name, naming.to_ascii(name)} for name in shown(experiment, system).columns())


def _reader(sheet: Sheet) -> Any:
    def read(row: int, column: int) -> str | float | None:
        cell = sheet.cells.get((row, column))
        return None if cell is None or isinstance(cell.value, Fault) else cell.value

    return read


def _experiment(words: Sequence[str], text: str, sheet: Sheet | None, is_data: bool) -> Experiment:
    """The experiment of a Config sheet. No file is read for its samples: they are those of the Data sheet, or of the
    first row to fill in. Raises ConfigError."""
    document = yamlfile.parse(text, config.TITLE)
    document.check()
    settings = [setting.partition("=") for word, setting in pairwise(words) if word == "--set"]
    overrides = [Override(tuple(key.split(".")), yamlfile.scalar(value), f"--set {key}") for key, _, value in settings]
    given: dict[str, Any] = dict(document.value)
    sources = [key for key, main in spellings(FIELDS).items() if main == "samples"]
    for override in overrides:
        if override.place[0] in sources and isinstance(override.value, str):
            given = {key: value for key, value in given.items() if key not in sources} | {"samples": override.value}
    overrides = [o for o in overrides if o.place[0] not in sources or not isinstance(o.value, str)]
    with TemporaryDirectory() as folder:
        for key in sources:
            if isinstance(given.get(key), str):
                given[key] = str(_table(sheet, is_data, Path(folder) / "samples.csv"))
        return load(given, overrides)


def _table(sheet: Sheet | None, is_data: bool, path: Path) -> Path:
    """Write the samples of a sheet as a file that a config can name."""
    cells = sheet.cells if sheet else {}
    first = FIRST_SAMPLE_ROW if is_data else FIRST_ROW
    header = {column: str(cell.value) for (row, column), cell in cells.items() if row == first - 1}
    last = max((row for row, _ in cells), default=0) if is_data else first
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.values())
        for row in range(first, last + 1):
            numbers = [cell.number if (cell := cells.get((row, column))) else None for column in header]
            writer.writerow(0 if number is None else repr(number) for number in numbers)
    return path


def _parts(
    visible: Sequence[Sheet], experiment: Experiment, system: System, task: Task, note: Note | None, ascii: bool
) -> Iterator[Part]:
    engine, columns = Engine(system), shown(experiment, system)
    runs = [engine.run(hyper, experiment.iterations) for hyper in experiment.runs]
    titles = list(note.blanks) if note and len(note.blanks) == len(runs) else titles_of(runs, ascii)[0]
    older = any(map(is_older, visible))
    traces = [TraceFormulas(title, columns, run, older=older) for title, run in zip(titles, runs, strict=True)]
    in_place = {sheet.name: sheet for sheet in visible if traces and _has_header(sheet, traces[0])}
    others = iter([sheet for name, sheet in in_place.items() if name not in titles])
    for trace in traces:
        sheet = in_place.get(trace.title) or next(others, None)
        cells = Cells(trace, to_fill_in(trace, BLANKS[task.blank]))
        if note and trace.title in note.blanks:
            listed = set(_listed(note.blanks[trace.title]))
            cells = Cells(trace, {place for place in listed if cells.computes(place)})
        yield Part(trace.title, sheet, cells)


def _has_header(sheet: Sheet, trace: TraceFormulas) -> bool:
    for name, letter in trace.letters.items():
        place = position(f"{letter}{HEADER_ROW}")
        cell = sheet.cells.get(place) if place else None
        if cell is None or str(cell.value) not in (name, naming.to_ascii(name)):
            return False
    return True


def _listed(ranges: str) -> Iterator[Position]:
    """The cells of ranges such as H5:M7, AB5."""
    for text in re.split(r",\s*", ranges):
        first, _, last = text.partition(":")
        start, end = position(first), position(last or first)
        if start and end and (end[0] - start[0] + 1) * (end[1] - start[1] + 1) <= MOST_RANGE:
            yield from ((row, column) for row in range(start[0], end[0] + 1) for column in range(start[1], end[1] + 1))
