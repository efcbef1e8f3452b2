"""The result files of an experiment: where they go, whether they can, and writing them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tracer.errors import OutputError
from tracer.experiment import Experiment
from tracer.files import problems_of, replacing
from tracer.progress import Progress
from tracer.system import System
from tracer.trace import Trace

FORMATS = ("csv", "xlsx")


def paths(experiment: Experiment, formats: Iterable[str]) -> dict[str, Path]:
    """The result file of each format."""
    return {form: experiment.output / f"{experiment.name}.{form}" for form in formats}


MAX_VALUES = 500_000_000
"""The most values that a trace may hold: 4 GB."""


def problems_of_size(experiment: Experiment, quantities: int) -> list[str]:
    """Whether the trace of an experiment with that many quantities can be held, in memory."""
    values = experiment.most_rows * len(experiment.runs) * quantities
    if values <= MAX_VALUES:
        return []
    what = f"{values:,} values would be kept, and at most {MAX_VALUES:,} can be; use fewer iterations or learning rates"
    return [f"{experiment.places['iterations']}: {what}"]


def check(experiment: Experiment, system: System, targets: Mapping[str, Path]) -> None:
    """See, before a run begins, that its results can be held and written.

    system: the equations, with the columns that the experiment shows. Raises OutputError, with every problem.
    """
    problems = problems_of_size(experiment, len(system.columns()))
    if "xlsx" in targets:
        from tracer.workbook import problems_of_limits

        problems += problems_of_limits(experiment, system, experiment.most_rows)
    if not problems:  # looking makes the folders
        problems = [f"{experiment.places['output']}: {problem}" for problem in problems_of(list(targets.values()))]
    if problems:
        raise OutputError(problems)


def write(trace: Trace, targets: Mapping[str, Path], ascii: bool, progress: Progress | None = None) -> None:
    """Write every format; all take the place of older files together, at the end, or none does.

    Raises OutputError.
    """
    writers = {"csv": trace.to_csv, "xlsx": trace.to_excel}
    with ExitStack() as stack:
        parts = {form: stack.enter_context(replacing(target)) for form, target in targets.items()}
        for form, part in parts.items():
            writers[form](part, ascii, progress)
