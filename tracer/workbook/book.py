"""The Excel workbook: a Walkthrough of one step, overviews, and one sheet of live formulas for each learning rate.

openpyxl builds everything around the cells; the cells themselves are written by `sheetdata`, because openpyxl cannot
store a formula together with its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tracer.errors import OutputError
from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.limits import problems_of_limits
from tracer.workbook.overview import compare, config, curves, parameters, regions, summary
from tracer.workbook.sheets import Sheet, write
from tracer.workbook.trace import data
from tracer.workbook.trace import sheet as trace_sheet
from tracer.workbook.trace.context import context_of
from tracer.workbook.trace.formulas import DATA
from tracer.workbook.walkthrough import sheet as walkthrough
from tracer.workbook.walkthrough.titles import WALKTHROUGH, WORKINGS
from tracer.workbook.xlsx.names import sheet_titles

SAMPLES = Sheet(DATA, data.build, lambda context: context.system.several_samples)
CONFIG = Sheet(config.TITLE, config.build)
BEFORE_RUNS = (
    Sheet(summary.TITLE, summary.build),
    Sheet(compare.TITLE, compare.build, lambda context: len(context.traces) > 1),
    Sheet(parameters.TITLE, parameters.build, parameters.wanted),
    SAMPLES,
)
AFTER_RUNS = (Sheet(curves.TITLE, curves.build, curves.wanted), CONFIG)
"""The sheets in the order of their tabs, the Walkthrough before them; those of the runs stand between."""
BESIDE_RUNS = frozenset({WALKTHROUGH, WORKINGS, regions.TITLE, *(sheet.title for sheet in BEFORE_RUNS + AFTER_RUNS)})
"""The titles of all sheets but those of the runs: they show what these compute."""


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
    titles = sheet_titles(naming.to_ascii(run.title) if ascii else run.title for run in runs)
    context = context_of(experiment, system, zip(titles, runs, strict=True), ascii, progress, summary.labels(len(runs)))
    if curves.wanted(context):
        context = replace(context, curves=curves.curves(context))
    of_runs = [Sheet(title, partial(trace_sheet.build, number=number)) for number, title in enumerate(titles)]
    steps, workings, chosen = walkthrough.sheets()
    write(context, [steps, *BEFORE_RUNS, regions.sheet(chosen), *of_runs, *AFTER_RUNS, workings], path)
