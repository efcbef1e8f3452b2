"""The formats of the result files, one row each; where the files go, whether they can, and writing them together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from tracer.errors import OutputError
from tracer.execution.progress import Progress
from tracer.files import problems_of, replacing
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.output.blocks import Layout, Opened, Writer
from tracer.output.csvfile import csv_file
from tracer.output.parquetfile import parquet_file
from tracer.output.trace import Trace

MAX_VALUES = 500_000_000
"""The most values that a trace may hold: 4 GB."""
MAX_COMPUTED = 1_000_000_000_000
"""The most values of a trace that is not held: most of a day, and 20 TB."""
HELD_OPEN = "xlsx"
"""The format whose file another program may hold open, so that it cannot be replaced."""
MAX_KEPT = 2_500_000
"""The most values of a trace that is held where it need not be: 20 MB."""


def _of_excel(experiment: Experiment, system: System) -> list[str]:
    from tracer.workbook.limits import problems_of_limits

    return problems_of_limits(experiment, system, experiment.kept_rows)


def _pictures(experiment: Experiment) -> list[str]:
    from tracer.output.report import pictures

    return [picture.ending for picture in pictures(experiment)]


def _report(trace: Trace, name: str) -> Mapping[str, str]:
    from tracer.output.report import Ran, markdown

    return markdown(Ran(trace.experiment, trace.system, trace.runs), name)


def _of_page(experiment: Experiment, system: System) -> list[str]:
    from tracer.page.program import problems_of_page

    return problems_of_page(experiment, system)


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of a trace.

    description: for the help of `--format`. write: the method of Trace, called with the file's path, whether names are
    spelled in ASCII, and the progress. needs: the packages that it imports. problems: what of an experiment, with the
    columns that it shows, the format cannot hold. default: whether it is written where `--format` is not given.
    text: of a format that is text, the method that writes to an open file, such as standard output.
    rows: of a format that takes a row after the other, what opens a file of it: a long run is then written as it goes.
    parts: whether it can hold a part of the iterations.
    beside: the endings of the names of further files, and texts: what is written to each, the ending of the format's
    own file included, given the name that they have in common.
    """

    description: str
    write: Callable[[Trace, Path, bool, Progress | None], None]
    needs: tuple[str, ...] = ()
    problems: Callable[[Experiment, System], list[str]] = lambda _experiment, _system: []
    default: bool = True
    optional: bool = False
    text: Callable[[Trace, TextIO, bool], None] | None = None
    rows: Opened | None = None
    parts: bool = True
    beside: Callable[[Experiment], list[str]] = lambda _experiment: []
    texts: Callable[[Trace, str], Mapping[str, str]] | None = None

    def missing(self) -> list[str]:
        """The required packages that are not installed."""
        return [package for package in self.needs if find_spec(package) is None]


FORMATS = {
    "csv": Format("comma-separated values", Trace.to_csv, text=Trace.write_csv, rows=csv_file),
    "xlsx": Format("an Excel workbook of live formulas", Trace.to_excel, ("openpyxl",), _of_excel),
    "html": Format("an interactive page that needs no network", Trace.to_html, problems=_of_page, optional=True),
    "parquet": Format(
        "a Parquet file, for data frames", Trace.to_parquet, ("pyarrow",), default=False, rows=parquet_file
    ),
    "md": Format(
        "a report with pictures, in Markdown", Trace.to_markdown, default=False, text=Trace.write_markdown,
        beside=_pictures, texts=_report, parts=False,
    ),
}  # fmt: skip
"""By the suffix of their files."""


def left_out(experiment: Experiment, system: System, formats: Iterable[str]) -> dict[str, list[str]]:
    """Which of the formats that nobody asked for are left out, each with the problems of writing it."""
    problems = {form: FORMATS[form].problems(experiment, system) for form in formats if FORMATS[form].optional}
    return {form: why for form, why in problems.items() if why}


def paths(experiment: Experiment, formats: Iterable[str]) -> dict[str, Path]:
    """The result file of each format."""
    return {form: experiment.output / f"{experiment.name}.{form}" for form in formats}


def files(experiment: Experiment, targets: Mapping[str, Path]) -> list[Path]:
    """All files that are written: the result file of each format, and those beside it."""
    return [
        path
        for form, target in targets.items()
        for path in (target, *(_beside(target, ending) for ending in FORMATS[form].beside(experiment)))
    ]


def _beside(target: Path, ending: str) -> Path:
    """The file beside a result file whose name has this ending in place of the suffix."""
    return target.with_name(target.stem + ending)


def problems_of_size(experiment: Experiment, quantities: int, held: bool = True) -> list[str]:
    """The problem of a trace whose kept rows are too many to be held, or of one with too many rows to be computed, if
    it has one."""
    rows, most = (experiment.kept_rows, MAX_VALUES) if held else (experiment.most_rows, MAX_COMPUTED)
    values = rows * len(experiment.runs) * quantities
    if values <= most:
        return []
    what = f"the trace would hold {values:,} values, more than {most:,}; use fewer iterations or learning rates"
    return [f"{experiment.places['iterations']}: {what}"]


def streamed(experiment: Experiment, system: System, formats: Iterable[str]) -> bool:
    """Whether the rows are written as they are computed, and then forgotten: where all formats can do that, and not all
    iterations are kept or the trace is long. Raises OutputError where one cannot take a part of the iterations."""
    keep = experiment.keep
    whole = [form for form in formats if not FORMATS[form].parts]
    if whole and not keep.all:
        able = ",".join(form for form, row in FORMATS.items() if row.parts)
        raise OutputError([f"--every and --tail: --format {whole[0]} takes all iterations; choose from {able}"])
    values = experiment.most_rows * len(experiment.runs) * len(system.columns())
    return all(FORMATS[form].rows for form in formats) and (not keep.all or values > MAX_KEPT)


def check(experiment: Experiment, system: System, targets: Mapping[str, Path], streamed: bool = False) -> None:
    """Check, before a run begins, that its results can be held and written.

    system: the equations, with the columns that the experiment shows. streamed: whether rows are not held.
    Raises OutputError, with every problem.
    """
    quantities = len(system.columns())
    problems = problems_of_size(experiment, quantities, held=False)
    problems = problems or ([] if streamed else problems_of_size(experiment, quantities))
    for form in targets:
        problems += [f"--format {form} needs {name}, which is not installed" for name in FORMATS[form].missing()]
        problems += FORMATS[form].problems(experiment, system)
    if not problems:  # the check of the targets creates their folders
        problems = [f"{experiment.places['output']}: {problem}" for problem in problems_of(files(experiment, targets))]
    if problems:
        raise OutputError(problems)


def write(trace: Trace, targets: Mapping[str, Path], ascii: bool, progress: Progress | None = None) -> None:
    """Write every format; older files are replaced together at the end, or not at all.

    Raises OutputError.
    """
    with ExitStack() as stack:
        for form in sorted(targets, key=HELD_OPEN.__eq__):  # the last one is moved into place first
            target = targets[form]
            if texts := FORMATS[form].texts:
                for ending, text in texts(trace, target.stem).items():
                    part = stack.enter_context(replacing(_beside(target, ending)))
                    part.write_text(text, encoding="utf-8")
            else:
                FORMATS[form].write(trace, stack.enter_context(replacing(target)), ascii, progress)


@contextmanager
def opened(
    experiment: Experiment, layout: Layout, targets: Mapping[str, Path | TextIO], ascii: bool
) -> Iterator[list[Writer]]:
    """Files that take rows, to be written at once: in place of older ones when all are complete, or not at all. An open
    text file is written as it is. Raises OutputError."""
    with ExitStack() as moving, ExitStack() as closing:
        places = {
            form: moving.enter_context(replacing(target)) if isinstance(target, Path) else target
            for form, target in targets.items()
        }
        rows = {form: FORMATS[form].rows for form in targets}
        yield [
            closing.enter_context(open_(places[form], layout, experiment, ascii))
            for form, open_ in rows.items() if open_
        ]  # fmt: skip


def standard_output() -> TextIO:
    """Standard output for a format that is text."""
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def write_text(trace: Trace, form: str, ascii: bool) -> None:
    """Write a format that is text to standard output."""
    write = FORMATS[form].text
    assert write
    file = standard_output()
    write(trace, file, ascii)
    file.flush()


def shortened(experiment: Experiment, rows: int) -> Experiment:
    """The experiment up to the iteration of this row."""
    return replace(experiment, iterations=min(experiment.iterations, experiment.batches.iteration(rows - 1) + 1))


def write_exercise(
    trace: Trace,
    blank: str,
    target: Path | None = None,
    key: bool = False,
    ascii: bool = False,
    **settings: Any,
) -> list[Path]:
    """Write a trace as an exercise, and its key if requested; returns the files written.

    target: NAME-exercise.xlsx in the experiment's folder by default; the key is called after it. The rest as for
    `Trace.to_exercise`. Raises OutputError if a file cannot be written or nothing is left to fill in.
    """
    target = target or trace.experiment.output / f"{trace.experiment.name}-exercise.xlsx"
    targets = {target: False} | ({target.with_name(f"{target.stem}-key.xlsx"): True} if key else {})
    problems = problems_of(list(targets))
    if problems:
        raise OutputError(problems)
    with ExitStack() as stack:
        parts = {stack.enter_context(replacing(path)): solved for path, solved in targets.items()}
        for part, solved in parts.items():
            trace.to_exercise(part, blank, ascii, solved, **settings)
    return list(targets)
