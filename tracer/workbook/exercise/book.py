"""The exercise workbook: the sheets of a trace to fill in, and hidden ones with the worked trace that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from openpyxl.worksheet.worksheet import Worksheet

from tracer.errors import OutputError
from tracer.execution.runs import Run
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.book import CONFIG, SAMPLES
from tracer.workbook.exercise.blanks import BLANKS
from tracer.workbook.exercise.sheet import Exercise, last_column
from tracer.workbook.limits import problems_of_limits
from tracer.workbook.sheets import Sheet, write
from tracer.workbook.trace import sheet as trace_sheet
from tracer.workbook.trace.context import Context, context_of
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.xlsx.limits import MAX_COLUMNS
from tracer.workbook.xlsx.names import sheet_titles
from tracer.workbook.xlsx.package import SheetCells

WORKED = "worked "
"""Begins the title of a hidden sheet."""


def write_exercise(
    experiment: Experiment,
    system: System,
    runs: Sequence[Run],
    path: Path,
    blank: str,
    ascii: bool = False,
    solved: bool = False,
) -> None:
    """Write the exercise to `path`: the cells of BLANKS[blank] are empty, or, where it is `solved`, right.

    Raises OutputError where there is nothing to fill in, or a sheet cannot hold it.
    """
    problems = problems_of_limits(experiment, system, max(map(len, runs)))
    if not problems and last_column(system) > MAX_COLUMNS:
        what = f"an exercise of this network needs {last_column(system):,} columns, and a sheet has {MAX_COLUMNS:,}"
        problems.append(f"{experiment.places['model']}: {what}; use --columns compact or a smaller network")
    if problems:
        raise OutputError(problems)
    wanted = [naming.to_ascii(run.title) if ascii else run.title for run in runs]
    titles = sheet_titles([*wanted, *(WORKED + title for title in wanted)])
    given, keys = titles[: len(runs)], titles[len(runs) :]
    context = context_of(experiment, system, zip(given, runs, strict=True), ascii)
    exercises = [
        Exercise(context, trace, key, BLANKS[blank], solved) for trace, key in zip(context.traces, keys, strict=True)
    ]
    for exercise in exercises:
        if not exercise.blanks:
            rows = len(exercise.trace.run)
            raise OutputError([f"nothing is left to fill in: {blank} has no cells in the first {rows} rows"])
    worked = [
        TraceFormulas(key, system, run, given_by=title) for key, run, title in zip(keys, runs, given, strict=True)
    ]
    answers = replace(context, traces=tuple(worked), curves=tuple(trace.curve for trace in worked))
    sheets = [Sheet(exercise.trace.title, exercise.build) for exercise in exercises]
    hidden = [Sheet(key, partial(_hidden, answers=answers, number=number)) for number, key in enumerate(keys)]
    write(context, [*sheets, SAMPLES, *hidden, CONFIG], path)


def _hidden(sheet: Worksheet, _context: Context, answers: Context, number: int) -> SheetCells:
    """A hidden sheet with the answers."""
    sheet.sheet_state = "hidden"
    return trace_sheet.build(sheet, answers, number, decorated=False)
