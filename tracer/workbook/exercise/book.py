"""The exercise workbook: the sheets of a trace to fill in, and very hidden sheets that mark them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from openpyxl.packaging.custom import StringProperty

from tracer.errors import OutputError
from tracer.execution.runs import Run
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.book import SAMPLES
from tracer.workbook.exercise.cells import Cells, to_fill_in
from tracer.workbook.exercise.marks import Marks, build_worked, last_column
from tracer.workbook.exercise.note import Note, digest
from tracer.workbook.exercise.sheet import ExerciseSheet
from tracer.workbook.exercise.task import BLANKS, MARKS, WORKED, Task
from tracer.workbook.limits import problems_of_limits
from tracer.workbook.overview import config
from tracer.workbook.sheets import Sheet, write
from tracer.workbook.trace.context import context_of
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.xlsx.limits import MAX_COLUMNS, MAX_FORMULA
from tracer.workbook.xlsx.names import ranges, sheet_titles


def write_exercise(
    experiment: Experiment,
    system: System,
    runs: Sequence[Run],
    path: Path,
    task: Task,
    ascii: bool = False,
    solved: bool = False,
) -> None:
    """Write the exercise to `path`: the cells of BLANKS[task.blank] are empty, or, where it is `solved`, right.

    Raises OutputError where there is nothing to fill in, or a sheet cannot hold it.
    """
    problems = problems_of_limits(experiment, system, max(map(len, runs)), MAX_FORMULA // 2)
    if not problems and last_column(system) > MAX_COLUMNS:
        what = f"an exercise of this network needs {last_column(system):,} columns, and a sheet has {MAX_COLUMNS:,}"
        problems.append(f"{experiment.places['model']}: {what}; use --columns compact or a smaller network")
    if problems:
        raise OutputError(problems)
    given, keys, marks = titles_of(runs, ascii)
    context = context_of(experiment, system, zip(given, runs, strict=True), ascii)
    exercises = [Cells(trace, to_fill_in(trace, BLANKS[task.blank])) for trace in context.traces]
    for cells in exercises:
        if not cells.blanks:
            rows = len(cells.trace.run)
            first = f"the first {rows} rows" if rows > 1 else "the first row"
            raise OutputError([f"nothing is left to fill in: {task.blank} has no cells in {first}"])
    sheets, hidden = [], []
    for cells, key, title in zip(exercises, keys, marks, strict=True):
        judge = Marks(context, cells, title, key, task, solved) if task.marks else None
        sheets.append(Sheet(cells.trace.title, ExerciseSheet(context, cells, task, judge, solved).build))
        if judge:
            worked = TraceFormulas(key, system, cells.trace.run, given_by=cells.trace.title)
            hidden += [Sheet(key, partial(build_worked, worked=worked)), Sheet(title, judge.build)]
    options = ["--rows", str(max(map(len, runs))), *task.options(), *(["--ascii"] if ascii else [])]
    blanks = {cells.trace.title: ranges(cells.blanks) for cells in exercises}
    note = Note(" ".join(options), blanks, digest(experiment.source.text))
    for name, text in note.properties().items():
        context.book.custom_doc_props.append(StringProperty(name=name, value=text))
    again = Sheet(config.TITLE, partial(config.build, command="exercise", options=options))
    write(context, [*sheets, SAMPLES, *hidden, again], path)


def titles_of(runs: Sequence[Run], ascii: bool) -> tuple[list[str], list[str], list[str]]:
    """The titles of the sheets to fill in, of the worked ones and of those of the marks."""
    wanted = [naming.to_ascii(run.title) if ascii else run.title for run in runs]
    titles = sheet_titles(f"{prefix}{title}" for prefix in ("", WORKED, MARKS) for title in wanted)
    return titles[: len(runs)], titles[len(runs) : -len(runs)], titles[-len(runs) :]
