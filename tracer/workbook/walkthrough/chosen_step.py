"""The chosen step as formulas: every number is looked up in the sheet of its run.

One cell holds the place of the step's row in its sheet; every number is INDEX of a column at that place. With several
runs CHOOSE takes the column of the sheet. Nothing is volatile, and nothing is newer than Excel 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tracer.explain.templates import BATCH_SIZE, TOTAL
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.batches import KeptBatches
from tracer.workbook.trace.formulas import FIRST_ROW, TraceFormulas

MOST_RUNS = 60
"""How many runs one can choose among: a formula has a reference to each, of up to 100 of its 8,192 characters."""


@dataclass(frozen=True, slots=True)
class Place:
    """The cells that say which step is shown: the run's number, the iteration, the place of its first row and how many
    rows it has, the place of the step's row, and that of the first row of the iteration before."""

    run: str
    iteration: str
    first_row: str
    rows: str
    row: str
    row_before: str


@dataclass(slots=True)
class ChosenStep:
    """What the sheet shows of the chosen step: formulas, and the values that they have in the step first shown.

    traces: the sheets of the runs that can be chosen, each with at least one whole step.
    """

    traces: Sequence[TraceFormulas]
    place: Place
    first: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        trace = self.traces[0]
        self.first = trace.run.step(0) | trace.constants | {naming.COUNT: float(trace.numbers[0])}

    def of_runs(self, cells: Callable[[TraceFormulas], str]) -> str:
        """Cells of the chosen run."""
        if len(self.traces) == 1:
            return cells(self.traces[0])
        return f"CHOOSE({self.place.run},{','.join(map(cells, self.traces))})"

    def column(self, first: str, last: str | None = None) -> str:
        """The whole steps of a column of the chosen run, or of several beside each other."""
        return self.of_runs(
            lambda trace: trace.reference(f"${first}${FIRST_ROW}:${last or first}${last_whole_row(trace)}")
        )

    def last_iteration(self) -> str:
        """The number of the chosen run's last whole iteration."""
        return self.of_runs(lambda trace: trace.reference(f"$A${last_whole_row(trace)}"))

    def find(self, iteration: str) -> str:
        """The place of the first row of an iteration in the sheet."""
        return f"MATCH({iteration},{self.column('A')},0)"

    def find_sample(self, sample: str) -> str:
        """The place of the row of a sample, among the rows of the iteration."""
        return f"{self.place.first_row}+MATCH({sample},{self._rows(self.column('B'))},0)-1"

    def count_rows(self) -> str:
        """How many rows the iteration has."""
        return f"COUNTIF({self.column('A')},{self.place.iteration})"

    def _rows(self, column: str) -> str:
        """A column in all rows of the iteration."""
        place = self.place
        return f"INDEX({column},{place.first_row}):INDEX({column},{place.first_row}+{place.rows}-1)"

    def sample(self) -> str:
        """The number of the sample whose step it is."""
        return f"INDEX({self.column('B')},{self.place.row})"

    def value(self, name: Name | str, of_batch: int = 0) -> float:
        """The value in the step first shown, or in a row of its batch, counted from 0, or TOTAL."""
        if isinstance(name, str):
            return self.first[name]
        if name.batch:
            trace = self.traces[0]
            if name == BATCH_SIZE:
                return float(self.first_rows)
            if of_batch == TOTAL:
                return math.fsum(trace.run.over(name.name, range(self.first_rows)))
            return trace.run.step(of_batch)[name.name]
        return self._before(name) if name.lag else self.first[name.name]

    def _before(self, name: Name) -> float:
        """The value before the step first shown; NaN where it is not kept."""
        trace = self.traces[0]
        return trace.system.states[name.name] if trace.from_start else math.nan

    @property
    def first_rows(self) -> int:
        """How many rows the iteration first shown has."""
        trace = self.traces[0]
        return trace.row_of(trace.numbers[0] + 1) - FIRST_ROW

    @property
    def gaps(self) -> bool:
        """Whether not all iterations are kept."""
        return isinstance(self.traces[0].run.batches, KeptBatches)

    def formula(self, name: Name | str, of_batch: int = 0) -> str:
        """The value in the chosen step, or in a row of its batch, counted from 0. A lag of 1 is the iteration before;
        before the first one there is what a state starts from."""
        name = Name(name) if isinstance(name, str) else name
        place, trace = self.place, self.traces[0]
        if name.name == naming.COUNT:
            return place.iteration
        if name == BATCH_SIZE:
            return place.rows
        if name.name in trace.constants:
            return self.of_runs(lambda trace: trace.reference(trace.hyper_cells[name.name]))
        return self.in_column(self.column(trace.letters[name.name]), name, of_batch)

    def in_column(self, column: str, name: Name, of_batch: int = 0) -> str:
        """The same for a quantity of a step in a given column."""
        place = self.place
        if name.batch and of_batch == TOTAL:
            return f"SUM({self._rows(column)})"
        if name.batch:
            return f"INDEX({column},{place.first_row}+{of_batch})"
        if name.lag:
            found, start = f"INDEX({column},{place.row_before})", EXCEL.number(self.traces[0].system.states[name.name])
            if self.gaps:
                start = f"IF({place.iteration}=1,{start},NA())"
            return f"IF({place.row_before}=0,{start},{found})"
        return f"INDEX({column},{place.row})"

    def at_first(self, name: str) -> str:
        """The value of a quantity in the first step of the chosen run."""
        return f"INDEX({self.column(self.traces[0].letters[name])},1)"

    def of_columns(self, names: Sequence[str]) -> tuple[str, str] | None:
        """The cells of the chosen step in the columns of these quantities, and those in between, and a formula of 1 for
        theirs and 0 for those in between, "" if there are none; None where they are not evenly spaced."""
        letters, wanted = self.traces[0].letters, {*names}
        columns = [column for column, name in enumerate(letters) if name in wanted]
        first, *others = columns or [0]
        step = others[0] - first if others else 1
        if columns != list(range(first, first + step * len(names), step)):
            return None
        start, end = list(letters.values())[first], list(letters.values())[columns[-1]]
        every = f"MOD(COLUMN({start}$1:{end}$1)-COLUMN({start}$1),{step})=0"
        return f"INDEX({self.column(start, end)},{self.place.row},0)", every if step > 1 else ""


def last_whole_row(trace: TraceFormulas) -> int:
    """The row of the last step with all its values."""
    return trace.row_of(trace.iterations + 1) - 1
