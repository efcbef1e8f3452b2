"""The Excel workbook: a Walkthrough of one step, a Summary, and one sheet of live formulas for each learning rate.

openpyxl builds everything around the cells; the cells themselves are written by `sheetdata`, because openpyxl cannot
store a formula together with its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from tracer import naming
from tracer.errors import OutputError
from tracer.experiment import Experiment
from tracer.progress import Progress
from tracer.runs import Run
from tracer.system import System
from tracer.workbook import compare_sheet, config_sheet, curves_sheet, data_sheet, summary_sheet, walkthrough_sheet
from tracer.workbook.furnishing import furnish
from tracer.workbook.names import sheet_titles
from tracer.workbook.package import SheetCells, save
from tracer.workbook.sheetdata import writable
from tracer.workbook.styles import Styles
from tracer.workbook.trace_formulas import FIRST_ROW, LAST_ROW, deepest_formula, leading, longest_formula
from tracer.workbook.trace_sheet import TraceSheet

MAX_COLUMNS, MAX_FORMULA, MAX_NESTED = 16_384, 8_192, 64
"""What a sheet and a formula can hold (Microsoft, "Excel specifications and limits")."""
CHART_ROWS = 25
"""What the chart needs below the steps."""


def problems_of_limits(experiment: Experiment, system: System, steps: int) -> list[str]:
    """Whether a sheet can hold this many steps, and the quantities of one."""
    problems = []
    most = LAST_ROW - FIRST_ROW + 1 - CHART_ROWS
    if steps > most:
        problems.append(
            f"{experiment.places['iterations']}: an Excel sheet holds at most {most:,} steps, not {steps:,}; "
            "use fewer iterations, or --format csv"
        )
    columns = len(system.columns()) + len(leading(system))
    if columns > MAX_COLUMNS:
        problems.append(
            f"{experiment.places['model']}: an Excel sheet holds at most {MAX_COLUMNS:,} columns, not {columns:,}; "
            "use --columns compact, a smaller network, or --format csv"
        )
    if not problems and longest_formula(system) > MAX_FORMULA:
        problems.append(
            f"{experiment.places['model']}: a formula of this network would be longer than the {MAX_FORMULA:,} "
            "characters that Excel takes; use a smaller network, or --format csv"
        )
    if not problems and deepest_formula(system) > MAX_NESTED:
        problems.append(
            f"{experiment.places['model']}: a formula would have more than {MAX_NESTED} functions inside each other, "
            "the most that Excel takes; split it into several equations, or use --format csv"
        )
    return problems


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
