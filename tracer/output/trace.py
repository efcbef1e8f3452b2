"""The Trace: one row per step, one column per quantity, for every learning rate; its CSV, frame and workbook forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tracer.errors import OutputError, nearest, required
from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.files import replacing
from tracer.model import naming
from tracer.model.assembly import assemble, shown
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.output.csvfile import Row, write_csv

if TYPE_CHECKING:
    import pandas

ETA_COLUMN = "eta"
ROWS_PER_BLOCK = 200
"""Rows per block of a trace that is written."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that was computed.

    experiment: the validated config. system: the equations, with the columns that the experiment shows.
    runs: one for each learning rate, all from the same start.
    """

    experiment: Experiment
    system: System
    runs: tuple[Run, ...]

    @property
    def columns(self) -> list[str]:
        """The columns of the CSV and of the frame: iteration, the sample if there are several, eta if there is a
        learning rate, then every quantity."""
        sample = [naming.SAMPLE] if self.system.several_samples else []
        rate = [ETA_COLUMN] if naming.ETA in {*self.runs[0].hyper, *self.runs[0].columns} else []
        return [naming.ITERATION, *sample, *rate, *self._quantities]

    @property
    def _quantities(self) -> list[str]:
        """The quantities except η, which already has a column."""
        return [name for name in self.system.columns() if name != naming.ETA]

    def __reduce__(self) -> tuple[object, ...]:
        """A copy, also by pickle, assembles the equations anew: parts of them are functions."""
        return _restored, (self.experiment, self.runs)

    def __len__(self) -> int:
        """The number of rows; everything else of a mapping, `in`, iteration and `keys`, goes over the columns."""
        return sum(map(len, self.runs))

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, column: object) -> bool:
        return isinstance(column, str) and self._column(column) is not None

    def keys(self) -> list[str]:
        """The columns."""
        return self.columns

    def __getitem__(self, column: str) -> list[float]:
        """A column by its name, also as ASCII spells it, in the order of the rows. Raises KeyError for an unknown
        one."""
        required(column, str, "a column")
        name = self._column(column)
        if name is None:
            raise KeyError(f"'{column}' is not a column of this trace.{nearest(column, self.columns)}")
        return [value for run in self.runs for value in self._of_run(run, name)]

    def _column(self, spelling: str) -> str | None:
        """The column that is spelled so, in either alphabet; None if there is none."""
        columns = self.columns
        return next((name for name in columns if spelling in (name, _spelled(name, True))), None) or (
            ETA_COLUMN if spelling == naming.ETA and ETA_COLUMN in columns else None
        )

    def __repr__(self) -> str:
        runs = f", {len(self.runs)} runs" if len(self.runs) > 1 else ""
        return f"<Trace of {self.experiment.name!r}: {len(self):,} rows, {len(self.columns):,} columns{runs}>"

    def _of_run(self, run: Run, column: str) -> Iterable[float]:
        if column == naming.ITERATION:
            return (float(iteration) for iteration, _ in run.places())
        if column == naming.SAMPLE and column in self.columns:
            return (float(sample) for _, sample in run.places())
        return run[naming.ETA if column == ETA_COLUMN else column]

    @property
    def final(self) -> dict[str, float] | dict[float, dict[str, float]]:
        """The parameters after the last update, by name; with several learning rates, by learning rate and name."""
        if len(self.runs) == 1:
            return dict(self.runs[0].final)
        return {run.hyper[naming.ETA]: dict(run.final) for run in self.runs}

    def to_frame(self, ascii: bool = False) -> pandas.DataFrame:
        """The trace as a pandas DataFrame; ascii spells ∂E/∂w1 as dE/dw1."""
        import numpy
        import pandas

        names = self._quantities
        steps = [numpy.asarray(run.rows).reshape(len(run), -1) for run in self.runs]
        chosen = numpy.concatenate(steps)[:, [self.runs[0].columns[name] for name in names]]
        frame = pandas.DataFrame(chosen, columns=[_spelled(name, ascii) for name in names])
        for index, column in enumerate(self.columns[: -len(names)]):
            frame.insert(index, column, numpy.array(self[column], float if column == ETA_COLUMN else int))
        return frame

    def blocks(self, progress: Progress | None = None) -> Iterator[list[Row]]:
        """The rows, in the order of the columns, up to ROWS_PER_BLOCK at a time; iteration and sample are int."""
        lead = 2 if naming.SAMPLE in self.columns else 1
        for run in self.runs:
            rates = zip(run[naming.ETA]) if ETA_COLUMN in self.columns else repeat((), len(run))
            steps = zip(run.places(), rates, run.steps(self._quantities), strict=True)
            while block := [(*place[:lead], *rate, *step) for place, rate, step in islice(steps, ROWS_PER_BLOCK)]:
                yield block
                if progress:
                    progress(len(block))

    def to_csv(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as CSV (UTF-8, digits that read back as the same double; empty where a run diverged).

        Raises OutputError when the file cannot be written; an old file then stays as it was.
        """
        with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
            self.write_csv(file, ascii, progress)

    def write_csv(self, file: TextIO, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as CSV to an open text file."""
        columns = [_spelled(name, ascii) for name in self.columns]
        write_csv(file, columns, self.blocks(progress), self.experiment.csv)

    def to_excel(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as an Excel workbook of live formulas that carry their values.

        Raises OutputError when Excel cannot hold it or the file cannot be written; an old file then stays as it was.
        """
        from tracer.workbook.book import write_workbook

        with replacing(path) as part:
            write_workbook(self.experiment, self.system, self.runs, part, ascii, progress)

    def to_exercise(
        self,
        path: str | Path,
        blank: str = "all",
        ascii: bool = False,
        solved: bool = False,
        *,
        answer_decimals: int | None = None,
        strict: bool = False,
        marks: bool = True,
        keep_equations: bool = False,
    ) -> None:
        """Write the trace as a workbook with cells to fill in, which turn green when they are correct.

        blank: which cells, one of BLANKS. solved: with the right formulas in them. answer_decimals: how many decimals
        of an answer must be right; by default those that the config rounds to, else 1e-6. strict: whether only the key
        counts, not what follows from the student's own cells. marks: whether the workbook judges; without, it holds no
        answer. keep_equations: whether the formulas in words stay as a hint.
        Raises OutputError when the file cannot be written, or nothing is left to fill in.
        """
        from tracer.workbook.exercise.book import write_exercise
        from tracer.workbook.exercise.task import BLANKS, MOST_DECIMALS, Task

        if blank not in BLANKS:
            raise OutputError([f"blank: {blank!r:.40} is not one of {', '.join(BLANKS)}"])
        if answer_decimals is not None and not 1 <= answer_decimals <= MOST_DECIMALS:
            raise OutputError([f"answer_decimals: {answer_decimals} is not between 1 and {MOST_DECIMALS}"])
        decimals = self.experiment.decimals if answer_decimals is None else answer_decimals
        task = Task(blank, decimals, strict, marks, keep_equations)
        with replacing(path) as part:
            write_exercise(self.experiment, self.system, self.runs, part, task, ascii, solved)


def _restored(experiment: Experiment, runs: tuple[Run, ...]) -> Trace:
    return Trace(experiment, shown(experiment, assemble(experiment)), runs)


def _spelled(name: str, ascii: bool) -> str:
    return naming.to_ascii(name) if ascii else name
