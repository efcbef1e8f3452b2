"""The Excel workbook: a Walkthrough of one step, a Summary, and one sheet of live formulas for each learning rate.

openpyxl builds everything around the cells; the cells themselves are written by `sheetdata`, because openpyxl cannot
store a formula together with its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from tracer.errors import OutputError
from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.limits import problems_of_limits
from tracer.workbook.overview import compare as compare_sheet
from tracer.workbook.overview import config as config_sheet
from tracer.workbook.overview import curves as curves_sheet
from tracer.workbook.overview import summary as summary_sheet
from tracer.workbook.trace import data as data_sheet
from tracer.workbook.trace.furnishing import furnish
from tracer.workbook.trace.sheet import TraceSheet
from tracer.workbook.walkthrough import sheet as walkthrough_sheet
from tracer.workbook.xlsx.names import sheet_titles
from tracer.workbook.xlsx.package import SheetCells, save
from tracer.workbook.xlsx.sheetdata import writable
from tracer.workbook.xlsx.styles import Styles


def write_workbook(
    experiment: Experiment,
    system: System,
    runs: Sequence[Run],
    path: Path,
    ascii: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write the workbook to `path`. The same experiment gives the same bytes.

    ascii: spell ∂E/∂w1 as dE/dw1. Raises OutputError when a sheet cannot hold the runs.
    """
    problems = problems_of_limits(experiment, system, max(map(len, runs)))
    if problems:
        raise OutputError(problems)
    book = Workbook()
    book.properties.title = writable(experiment.name)
    book.properties.creator = "backprop-trace"
    styles = Styles(book)
    spell = naming.to_ascii if ascii else str
    walkthrough = book.active
    summary = book.create_sheet()
    compare = book.create_sheet(compare_sheet.TITLE) if len(runs) > 1 else None
    titles = sheet_titles(spell(run.title) for run in runs)
    traces = [
        TraceSheet(title, experiment, system, run, styles, spell, progress)
        for title, run in zip(titles, runs, strict=True)
    ]
    sheets = [book.create_sheet(trace.title) for trace in traces]
    curves = [trace.curve(sheet) for trace, sheet in zip(traces, sheets, strict=True)]
    cells: dict[str, SheetCells] = {}
    if len(system.samples) > 1:
        data = book.create_sheet(data_sheet.TITLE, book.index(sheets[0]))
        cells[data_sheet.TITLE] = data_sheet.build(data, system, styles, spell)
    if max(len(run) for run in runs) > curves_sheet.MOST_POINTS:
        points = book.create_sheet(curves_sheet.TITLE)
        cells[curves_sheet.TITLE], curves = curves_sheet.build(points, system, traces, styles)
    for trace, sheet, curve in zip(traces, sheets, curves, strict=True):
        cells[trace.title] = trace.build(sheet, curve)
        furnish(sheet, trace)
    cells[summary_sheet.TITLE] = summary_sheet.build(summary, experiment, system, traces, curves, styles, spell)
    cells[walkthrough_sheet.TITLE] = walkthrough_sheet.build(
        walkthrough, experiment, system, traces, curves, styles, spell
    )
    cells[config_sheet.TITLE] = config_sheet.build(book.create_sheet(config_sheet.TITLE), experiment, styles)
    if compare:
        cells[compare_sheet.TITLE] = compare_sheet.build(compare, experiment, system, traces, styles, spell)
    save(book, cells, path)
