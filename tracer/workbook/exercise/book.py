"""The exercise workbook: the sheets of a trace to fill in, and hidden ones with the worked trace that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from tracer.errors import OutputError
from tracer.execution.runs import Run
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.exercise.blanks import BLANKS
from tracer.workbook.exercise.sheet import ExerciseSheet, last_column
from tracer.workbook.limits import MAX_COLUMNS, problems_of_limits
from tracer.workbook.overview import config as config_sheet
from tracer.workbook.trace import data as data_sheet
from tracer.workbook.trace.furnishing import furnish
from tracer.workbook.trace.sheet import TraceSheet
from tracer.workbook.xlsx.names import sheet_titles
from tracer.workbook.xlsx.package import SheetCells, save
from tracer.workbook.xlsx.sheetdata import writable
from tracer.workbook.xlsx.styles import Styles

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
    book = Workbook()
    book.properties.title = writable(experiment.name)
    book.properties.creator = "backprop-trace"
    styles = Styles(book)
    spell = naming.to_ascii if ascii else str
    wanted = [spell(run.title) for run in runs]
    titles = sheet_titles([*wanted, *(WORKED + title for title in wanted)])
    cells: dict[str, SheetCells] = {}
    for number, (run, title, key) in enumerate(zip(runs, titles, titles[len(runs) :], strict=False)):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = title
        exercise = ExerciseSheet(
            title, experiment, system, run, styles, spell, None, key=key, blank=BLANKS[blank], solved=solved
        )
        if not exercise.blanks:
            raise OutputError([f"nothing is left to fill in: {blank} has no cells in the first {len(run)} rows"])
        cells[title] = exercise.build(sheet, exercise.curve(sheet))
        furnish(sheet, exercise, coloured=False)
    for run, title, key in zip(runs, titles, titles[len(runs) :], strict=False):
        sheet = book.create_sheet(key)
        worked = TraceSheet(key, experiment, system, run, styles, spell, None, given_by=title)
        cells[key] = worked.build(sheet, worked.curve(sheet))
        sheet.sheet_state = "hidden"
    if len(system.samples) > 1:
        data = book.create_sheet(data_sheet.TITLE, len(runs))
        cells[data_sheet.TITLE] = data_sheet.build(data, system, styles, spell)
    cells[config_sheet.TITLE] = config_sheet.build(book.create_sheet(config_sheet.TITLE), experiment, styles)
    save(book, cells, path)
