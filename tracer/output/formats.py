"""The result files of an experiment: where they go, whether they can, and writing them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tracer.errors import OutputError
from tracer.execution.progress import Progress
from tracer.files import problems_of, replacing
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.output.trace import Trace

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
        from tracer.workbook.limits import problems_of_limits

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


def shortened(experiment: Experiment, rows: int) -> Experiment:
    """The experiment up to the iteration that has this row."""
    return replace(experiment, iterations=min(experiment.iterations, experiment.batches.iteration(rows - 1) + 1))


def write_exercise(
    trace: Trace, blank: str, target: Path | None = None, key: bool = False, ascii: bool = False
) -> list[Path]:
    """Write a trace as an exercise, and its key where that is asked for; the files written.

    blank: one of BLANKS. target: NAME-exercise.xlsx in the experiment's folder by default; the key is called after it.
    Raises OutputError where a file cannot be written or nothing is left to fill in.
    """
    target = target or trace.experiment.output / f"{trace.experiment.name}-exercise.xlsx"
    targets = {target: False} | ({target.with_name(f"{target.stem}-key.xlsx"): True} if key else {})
    problems = problems_of(list(targets))
    if problems:
        raise OutputError(problems)
    with ExitStack() as stack:
        parts = {stack.enter_context(replacing(path)): solved for path, solved in targets.items()}
        for part, solved in parts.items():
            trace.to_exercise(part, blank, ascii, solved)
    return list(targets)
