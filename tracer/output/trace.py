"""The Trace: one row per step, one column per quantity, for every learning rate; its CSV, frame and workbook forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tracer.errors import nearest, required
from tracer.execution.outcome import Outcome, outcome_of
from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.explain.templates import DIGITS
from tracer.files import replacing
from tracer.formulas.evaluation import REDUCE
from tracer.model import naming
from tracer.model.assembly import assemble, shown
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.output.blocks import ETA_COLUMN, Block, Layout, Opened, layout_of
from tracer.output.csvfile import csv_file
from tracer.output.parquetfile import parquet_file

if TYPE_CHECKING:
    import numpy
    import pandas

    from tracer.documents.explanation import Explanation
    from tracer.output.graphs import GraphPicture
    from tracer.output.plots import Plot
    from tracer.page.page import Page

ROWS_PER_BLOCK = 1_000
"""Rows per block of a trace that is written."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that was computed.

    experiment: the validated config. system: the equations, with the columns that the experiment shows.
    runs: one for each learning rate, all from the same start. ended: what they came to, where not all rows are kept.
    """

    experiment: Experiment
    system: System
    runs: tuple[Run, ...]
    ended: tuple[Outcome, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The columns of the CSV and of the frame: iteration, the sample if there are several, eta if there is a
        learning rate, then every quantity."""
        return self.layout.names

    @property
    def layout(self) -> Layout:
        """The columns, with what they hold."""
        return layout_of(self.system, {*self.runs[0].hyper, *self.runs[0].columns})

    def __reduce__(self) -> tuple[object, ...]:
        """A copy, also by pickle, assembles the equations anew: parts of them are functions."""
        return _restored, (self.experiment, self.runs, self.ended)

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

    def __getitem__(self, column: str) -> numpy.ndarray[Any, Any]:
        """A column by its name, also as ASCII spells it, in the order of the rows: an array of floats, or of whole
        numbers for the iteration and the sample. Raises KeyError for an unknown one."""
        import numpy

        required(column, str, "a column")
        name = self._column(column)
        if name is None:
            raise KeyError(f"'{column}' is not a column of this trace.{nearest(column, self.columns)}")
        values = numpy.concatenate([numpy.asarray(self._of_run(run, name)) for run in self.runs])
        return values.astype(int if name in (naming.ITERATION, naming.SAMPLE) else float)

    def row(self, iteration: int, sample: int | None = None, learning_rate: float | None = None) -> dict[str, float]:
        """All quantities of a row, by name. sample: of a batch, its first one by default. learning_rate: the first one
        by default. Raises KeyError if there is no such row or run."""
        run = self.run_of(learning_rate)
        for index in self._rows_of(run, iteration):
            if sample is None or sample == next(run.places(index))[1]:
                return run.step(index)
        raise KeyError(f"iteration {iteration} does not use sample {sample}")

    def parameters(self, iteration: int, learning_rate: float | None = None) -> dict[str, numpy.ndarray[Any, Any]]:
        """The parameters that an iteration begins with, as arrays: for a layer h, the weights W_h, a row a neuron and a
        column an input, and the biases b_h; for equations of one's own, each by its name. Raises KeyError."""
        return self._arrays(self.row(iteration, None, learning_rate))

    def gradients(self, iteration: int, learning_rate: float | None = None) -> dict[str, numpy.ndarray[Any, Any]]:
        """The gradients of an iteration, reduced over its batch, in the shapes of `parameters`. Raises KeyError."""
        run, system = self.run_of(learning_rate), self.system
        rows = [run.step(index) for index in self._rows_of(run, iteration)]
        values = {}
        for parameter in self.experiment.start:
            name = system.gradient(parameter)
            values[parameter] = REDUCE[run.batches.reduction]([row[name] for row in rows])
        return self._arrays(values)

    def _arrays(self, values: Mapping[str, float]) -> dict[str, numpy.ndarray[Any, Any]]:
        from numpy import array

        return {name: array(of, float) for name, of in self.experiment.arrays(values).items()}

    def run_of(self, learning_rate: float | None = None) -> Run:
        """The run of a learning rate; the first one by default. Raises KeyError if there is none."""
        if learning_rate is None:
            return self.runs[0]
        for run in self.runs:
            if run.learning_rate == learning_rate:
                return run
        known = ", ".join(run.title for run in self.runs)
        raise KeyError(f"no run has the learning rate {learning_rate}; there are: {known}")

    def _rows_of(self, run: Run, iteration: int) -> range:
        """The steps of an iteration."""
        if not 1 <= iteration <= run.iterations:
            raise KeyError(f"iteration {iteration} is not one of 1 to {run.iterations:,}")
        return range(run.batches.first_row(iteration - 1), min(run.batches.first_row(iteration), len(run)))

    def plot(self, *quantities: str, log: bool = False, panels: bool = False) -> Plot:
        """The quantities over the iterations, by names or patterns such as `w*`; the loss by default. A notebook shows
        it, and `svg()` gives it as text. log: with a logarithmic axis. panels: each in a panel of its own. Raises
        OutputError for an unknown one."""
        from tracer.output.plots import Plot, of_runs

        return Plot(of_runs(self.runs, self.columns, quantities or [self.system.curve], log, panels))

    def graph(
        self,
        kind: str = "network",
        iteration: int | None = None,
        sample: int | None = None,
        learning_rate: float | None = None,
    ) -> GraphPicture:
        """The network with the numbers of a step, or its computation graph ("equations"). A notebook shows it; `svg()`
        and `dot()` give it as text.

        iteration, sample, learning_rate: as for `explain`. Raises OutputError for what the model does not have, or a
        step that does not exist; KeyError for a run that does not exist.
        """
        from tracer.output.graphs import of_run

        return of_run(self.experiment, self.system, self.run_of(learning_rate), kind, iteration, sample)

    def explain(
        self,
        quantity: str | None = None,
        iteration: int | None = None,
        sample: int | None = None,
        learning_rate: float | None = None,
        *,
        depth: int = 1,
        digits: int = DIGITS,
    ) -> Explanation:
        """Derive a quantity of a step, such as ∂E/∂w1; without one, explain the whole step.

        iteration: from 1; by default the first one that takes the sample. sample: from 1; by default the first one of
        the iteration. learning_rate: the first one by default. depth: how many levels of what a quantity is made of are
        derived in turn. digits: significant digits of results. Raises OutputError for what is not there, KeyError for a
        learning rate that no run has.
        """
        from tracer.documents.explanation import of_run

        full = assemble(self.experiment) if self.experiment.columns == "compact" else self.system
        run = self.run_of(learning_rate)
        return of_run(self.experiment, full, run, quantity, iteration, sample, digits, depth)

    def _repr_html_(self) -> str:
        """What a notebook shows: the losses of the runs, their curves, the first rows."""
        from tracer.output.notebook import MOST_RUNS, html

        drawn = Trace(self.experiment, self.system, self.runs[:MOST_RUNS]).plot().svg()
        first_rows = next(self.blocks()).rows()
        name, loss = self.experiment.name, self.system.loss
        return html(name, loss, self.runs, self.columns, first_rows, drawn, self.diagnoses)

    def _column(self, spelling: str) -> str | None:
        """The column that is spelled so, in either alphabet; None if there is none."""
        columns = self.columns
        return next((name for name in columns if spelling in (name, naming.to_ascii(name))), None) or (
            ETA_COLUMN if spelling == naming.ETA and ETA_COLUMN in columns else None
        )

    def __repr__(self) -> str:
        runs = f", {len(self.runs)} runs" if len(self.runs) > 1 else ""
        return f"<Trace of {self.experiment.name!r}: {len(self):,} rows, {len(self.columns):,} columns{runs}>"

    def _of_run(self, run: Run, column: str) -> Sequence[float]:
        if column == naming.ITERATION:
            return [iteration for iteration, _ in run.places()]
        if column == naming.SAMPLE and column in self.columns:
            return [sample for _, sample in run.places()]
        name = naming.ETA if column == ETA_COLUMN else column
        return run.over(name, range(len(run))) if name in run.columns else run[name]

    @property
    def final(self) -> dict[str, float] | dict[float, dict[str, float]]:
        """The parameters after the last update, by name; with several learning rates, by learning rate and name."""
        if len(self.runs) == 1:
            return dict(self.runs[0].final)
        return {run.hyper[naming.ETA]: dict(run.final) for run in self.runs}

    @property
    def diagnoses(self) -> list[str]:
        """What the numbers say where a run does not learn, a sentence each; empty for runs that do."""
        from tracer.explain.diagnoses import in_words, said

        return [in_words(sentence) for sentence in said(self.experiment, self.system, self.runs)]

    @property
    def outcomes(self) -> list[Outcome]:
        """What each run came to."""
        return [*self.ended] or [outcome_of(run, self.system.loss, self.system.curve) for run in self.runs]

    def to_frame(self, ascii: bool = False) -> pandas.DataFrame:
        """The trace as a pandas DataFrame; ascii spells ∂E/∂w1 as dE/dw1."""
        from tracer.output.frame import frame

        before = {column: self[column] for column in self.columns[: -len(self.layout.quantities)]}
        return frame(self.runs, self.layout.quantities, before, naming.to_ascii if ascii else str)

    def blocks(self, progress: Progress | None = None) -> Iterator[Block]:
        """The rows, up to ROWS_PER_BLOCK at a time."""
        layout = self.layout
        for run in self.runs:
            places, width = run.places(), len(run.columns)
            for first in range(0, len(run), ROWS_PER_BLOCK):
                taken = [*islice(places, ROWS_PER_BLOCK)]
                values = run.rows[first * width : (first + len(taken)) * width]
                yield Block(layout, run.columns, taken, values, run.learning_rate)
                if progress:
                    progress(len(taken))

    def to_csv(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as CSV (UTF-8, digits that read back as the same double; empty where a run diverged).

        Raises OutputError when the file cannot be written; an old file then stays as it was.
        """
        self._write(csv_file, path, ascii, progress)

    def to_parquet(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as Parquet, with the config in its metadata; missing where a run diverged. It needs pyarrow.

        Raises OutputError when the file cannot be written; an old file then stays as it was.
        """
        self._write(parquet_file, path, ascii, progress)

    def write_csv(self, file: TextIO, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as CSV to an open text file."""
        self._write_blocks(csv_file, file, ascii, progress)

    def _write(self, opened: Opened, path: str | Path, ascii: bool, progress: Progress | None) -> None:
        with replacing(path) as part:
            self._write_blocks(opened, part, ascii, progress)

    def _write_blocks(self, opened: Opened, place: Path | TextIO, ascii: bool, progress: Progress | None) -> None:
        with opened(place, self.layout, self.experiment, ascii) as write:
            for block in self.blocks(progress):
                write(block)

    def to_excel(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as an Excel workbook of live formulas that carry their values.

        Raises OutputError when Excel cannot hold it or the file cannot be written; an old file then stays as it was.
        """
        from tracer.workbook.book import write_workbook

        with replacing(path) as part:
            write_workbook(self.experiment, self.system, self.runs, part, ascii, progress)

    def to_markdown(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write a report as Markdown: the config, the network, the losses, the derivation of the first step. Pictures
        are files beside it, such as report-loss.svg. ascii: without effect, since formulas are LaTeX.

        Raises OutputError when a file cannot be written; old files then stay as they were.
        """
        from tracer.output.report import Ran, write_markdown

        write_markdown(Ran(self.experiment, self.system, self.runs), Path(path))

    def write_markdown(self, file: TextIO, ascii: bool = False) -> None:
        """Write the report to an open text file, without pictures."""
        from tracer.output.report import MARKDOWN, Ran, markdown

        file.write(markdown(Ran(self.experiment, self.system, self.runs), None)[MARKDOWN])

    def to_html(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the run as a page: one HTML file that computes every number by itself and needs no network. ascii:
        without effect, since names are set as mathematics. Raises OutputError if that is too much for a page, or the
        file cannot be written; an old file then stays as it was.
        """
        self.page().write(path)
        if progress:
            progress(len(self))

    def page(self, height: int = 720) -> Page:
        """The page of `to_html`, which a notebook shows in a frame of so many pixels. Raises OutputError likewise."""
        from tracer.page.page import page_of

        return page_of(self.experiment, self.system, height)

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
        from tracer.workbook.exercise.task import Task, decimals_of

        decimals = decimals_of(answer_decimals, self.experiment.decimals)
        task = Task(blank, decimals, strict, marks, keep_equations)
        with replacing(path) as part:
            write_exercise(self.experiment, self.system, self.runs, part, task, ascii, solved)


def _restored(experiment: Experiment, runs: tuple[Run, ...], ended: tuple[Outcome, ...]) -> Trace:
    return Trace(experiment, shown(experiment, assemble(experiment)), runs, ended)
