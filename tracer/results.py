"""The result files of an experiment: where they go, whether they can, and writing them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tracer.experiment import Experiment
from tracer.files import check_targets, replacing
from tracer.progress import Progress
from tracer.system import System
from tracer.trace import Trace

FORMATS = ("csv", "xlsx")


def paths(experiment: Experiment, formats: Iterable[str]) -> dict[str, Path]:
    """The result file of each format."""
    return {form: experiment.output / f"{experiment.name}.{form}" for form in formats}


def check(experiment: Experiment, shown: System, targets: Mapping[str, Path]) -> None:
    """See, before a run begins, that its results can be held and written.

    Raises OutputError.
    """
    if "xlsx" in targets:
        from tracer.workbook import check_limits

        check_limits(shown, experiment.iterations)
    check_targets(list(targets.values()))


def write(trace: Trace, targets: Mapping[str, Path], ascii: bool, progress: Progress | None = None) -> None:
    """Write every format; all take the place of older files together, at the end, or none does.

    Raises OutputError.
    """
    writers = {"csv": trace.to_csv, "xlsx": trace.to_excel}
    with ExitStack() as stack:
        parts = {form: stack.enter_context(replacing(target)) for form, target in targets.items()}
        for form, part in parts.items():
            writers[form](part, ascii, progress)
