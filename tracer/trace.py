"""The Trace: one row a step, one column a quantity, for every learning rate; its CSV, frame and workbook forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracer import naming
from tracer.engine import Run
from tracer.experiment import Experiment
from tracer.files import replacing
from tracer.progress import Progress, counted
from tracer.system import System

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that was computed.

    experiment: what was asked for. system: the equations, with the columns that the experiment shows.
    runs: one for each learning rate, all from the same start.
    """

    experiment: Experiment
    system: System
    runs: tuple[Run, ...]

    @property
    def columns(self) -> list[str]:
        """The columns of the CSV and of the frame: iteration, eta, then every quantity."""
        return [naming.ITERATION, "eta", *self.system.columns()]

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def __getitem__(self, column: str) -> list[float]:
        """A column, in the order of the rows. Raises KeyError for an unknown one."""
        if column == naming.ITERATION:
            return [float(index) for run in self.runs for index in range(1, len(run) + 1)]
        if column == "eta":
            return [run.learning_rate for run in self.runs for _ in range(len(run))]
        return [value for run in self.runs for value in run[column]]

    @property
    def final(self) -> dict[str, float] | dict[float, dict[str, float]]:
        """The parameters after the last update, by name; with several learning rates, by learning rate and name."""
        if len(self.runs) == 1:
            return dict(self.runs[0].final)
        return {run.learning_rate: dict(run.final) for run in self.runs}

    def to_frame(self, ascii: bool = False) -> pandas.DataFrame:
        """The trace as a pandas DataFrame; ascii spells ∂E/∂w1 as dE/dw1."""
        import pandas

        return pandas.DataFrame({_spelled(name, ascii): self._typed(name) for name in self.columns})

    def _typed(self, column: str) -> list[float] | list[int]:
        return [int(value) for value in self[column]] if column == naming.ITERATION else self[column]

    def to_csv(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as CSV (UTF-8, digits that read back as the same double; empty where a run diverged).

        Raises OutputError when the file cannot be written; an old file then stays as it was.
        """
        with replacing(Path(path)) as part, part.open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(_spelled(name, ascii) for name in self.columns) + "\n")
            for run in self.runs:
                eta = repr(run.learning_rate)
                steps = counted(run.steps(self.system.columns()), progress)
                for iteration, row in enumerate(steps, 1):
                    values = ",".join(map(repr, row)).replace("nan", "")
                    file.write(f"{iteration},{eta},{values}\n")

    def to_excel(self, path: str | Path, ascii: bool = False, progress: Progress | None = None) -> None:
        """Write the trace as an Excel workbook of live formulas that carry their values.

        Raises OutputError when Excel cannot hold it or the file cannot be written; an old file then stays as it was.
        """
        from tracer.workbook import write_workbook

        with replacing(Path(path)) as part:
            write_workbook(self.experiment, self.system, self.runs, part, ascii, progress)


def _spelled(name: str, ascii: bool) -> str:
    return naming.to_ascii(name) if ascii else name
