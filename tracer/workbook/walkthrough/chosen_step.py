"""The step that a reader chooses on a sheet, as formulas: every number is looked up in the sheet of its run.

One cell holds the place of the step's row in its sheet; every number is INDEX of a column at that place. With several
runs CHOOSE takes the sheet. Nothing is volatile, and nothing is newer than Excel 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tracer.explain.templates import BATCH_SIZE, TOTAL
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.workbook.trace.formulas import FIRST_ROW, TraceFormulas

MOST_RUNS = 60
"""How many runs one can choose among: a formula has a reference to each, of up to 100 of its 8,192 characters."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sheet says which step it shows: the cells of the run's number, of the iteration, of the places of the
    iteration's first row and of the step's row, and of the first row of the iteration before."""

    run: str
    iteration: str
    first_row: str
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
        self.first = trace.run.step(0) | trace.constants | {naming.COUNT: 1.0}

    def of_runs(self, formula: Callable[[TraceFormulas], str]) -> str:
        """A formula of the chosen run."""
        if len(self.traces) == 1:
            return formula(self.traces[0])
        return f"CHOOSE({self.place.run},{','.join(map(formula, self.traces))})"

    def last_iteration(self) -> str:
        """The number of the chosen run's last whole iteration."""
        return self.of_runs(lambda trace: trace.reference(f"$A${last_whole_row(trace)}"))

    def find(self, iteration: str) -> str:
        """The place of the first row of an iteration in the sheet."""
        return self.of_runs(lambda trace: f"MATCH({iteration},{_column(trace, 'A')},0)")

    def find_sample(self, sample: str) -> str:
        """The place of the row of a sample, among the rows of the iteration."""
        first = self.place.first_row

        def found(trace: TraceFormulas) -> str:
            rows = _column(trace, "B")
            last = f"{first}+{self._rows_of_batch(trace)}-1"
            return f"MATCH({sample},INDEX({rows},{first}):INDEX({rows},{last}),0)"

        return f"{first}+{self.of_runs(found)}-1"

    def _rows_of_batch(self, trace: TraceFormulas) -> str:
        """How many rows the iteration has."""
        return f"COUNTIF({_column(trace, 'A')},{self.place.iteration})"

    def sample(self) -> str:
        """The number of the sample whose step it is."""
        return self.of_runs(lambda trace: f"INDEX({_column(trace, 'B')},{self.place.row})")

    def value(self, name: Name | str, of_batch: int = 0) -> float:
        """The value in the step first shown, or in a row of its batch, counted from 0, or TOTAL."""
        if isinstance(name, str):
            return self.first[name]
        if name.batch:
            trace = self.traces[0]
            if name == BATCH_SIZE:
                return float(trace.row_of(2) - FIRST_ROW)
            if of_batch == TOTAL:
                return math.fsum(trace.run.step(row)[name.name] for row in range(trace.row_of(2) - FIRST_ROW))
            return trace.run.step(of_batch)[name.name]
        return self._before(name) if name.lag else self.first[name.name]

    def _before(self, name: Name) -> float:
        """The value before the first iteration."""
        return self.traces[0].system.states[name.name]

    def formula(self, name: Name | str, of_batch: int = 0) -> str:
        """The value in the chosen step, or in a row of its batch, counted from 0. A lag of 1 is the iteration before;
        before the first one there is what a state starts from."""
        name = Name(name) if isinstance(name, str) else name
        if name.name == naming.COUNT:
            return self.place.iteration
        if name == BATCH_SIZE:
            return self.of_runs(self._rows_of_batch)
        trace = self.traces[0]
        if name.name in trace.constants:
            return self.of_runs(lambda trace: trace.reference(trace.hyper_cells[name.name]))
        letter = trace.letters[name.name]
        row = self.place.row_before if name.lag else self.place.row
        if name.batch and of_batch == TOTAL:
            first = self.place.first_row
            return self.of_runs(
                lambda trace: (
                    f"SUM(INDEX({_column(trace, letter)},{first}):"
                    f"INDEX({_column(trace, letter)},{first}+{self._rows_of_batch(trace)}-1))"
                )
            )
        if name.batch:
            row = f"{self.place.first_row}+{of_batch}"
        found = self.of_runs(lambda trace: f"INDEX({_column(trace, letter)},{row})")
        if not name.lag:
            return found
        return f"IF({self.place.row_before}=0,{EXCEL.number(self._before(name))},{found})"

    def formula_of_columns(self, names: Sequence[str]) -> str | None:
        """The cells of the chosen step in columns that stand side by side; None where they do not."""
        letters = self.traces[0].letters
        column = {name: place for place, name in enumerate(letters)}
        ordered = sorted(names, key=column.__getitem__)
        first, last = ordered[0], ordered[-1]
        if column[last] - column[first] + 1 != len(ordered):
            return None
        ends = letters[first], letters[last]
        return self.of_runs(lambda trace: f"INDEX({_column(trace, *ends)},{self.place.row},0)")


def last_whole_row(trace: TraceFormulas) -> int:
    """The row of the last step with all its values."""
    return trace.row_of(trace.iterations + 1) - 1


def _column(trace: TraceFormulas, first: str, last: str | None = None) -> str:
    return trace.reference(f"${first}${FIRST_ROW}:${last or first}${last_whole_row(trace)}")
