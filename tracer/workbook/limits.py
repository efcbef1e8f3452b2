"""Checks whether Excel can hold a run."""

from __future__ import annotations

from tracer.formulas.expansion import expand
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.workbook.trace.formulas import FIRST_ROW, deepest, is_longer, leading
from tracer.workbook.xlsx.limits import LAST_ROW, MAX_COLUMNS, MAX_FORMULA, MAX_NESTED

MOST_RUNS = 200
"""Learning rates of a workbook: Excel has no limit but its memory, and nobody looks through so many sheets."""
CHART_ROWS = 25
"""What the chart needs below the steps."""


def problems_of_limits(experiment: Experiment, system: System, steps: int, longest: int = MAX_FORMULA) -> list[str]:
    """Whether a sheet can hold this many steps, and the quantities of one, in formulas of at most `longest`
    characters."""
    problems = []
    if len(experiment.runs) > MOST_RUNS:
        problems.append(
            f"{experiment.places['rates']}: a workbook holds at most {MOST_RUNS} learning rates, a sheet each, not "
            f"{len(experiment.runs):,}; use fewer, or --format csv"
        )
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
    if not problems and is_longer(system, longest):
        problems.append(
            f"{experiment.places['model']}: a formula of this network would be longer than the {MAX_FORMULA:,} "
            "characters that Excel takes; use a smaller network, or --format csv"
        )
    if not problems and deepest(expand(e.expression, far=True) for e in system.equations) > MAX_NESTED:
        problems.append(
            f"{experiment.places['model']}: a formula would have more than {MAX_NESTED} functions inside each other, "
            "the most that Excel takes; split it into several equations, or use --format csv"
        )
    return problems
