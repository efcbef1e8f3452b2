"""Rows of a trace as they are written: a block of steps at a time, with the columns that a file has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import System

if TYPE_CHECKING:
    import numpy

ETA_COLUMN = "eta"
"""The column of the learning rate."""
Row = Sequence[float]
"""One number per column; NaN if missing, whole numbers as int."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    lead: the names of the whole numbers in front: the iteration, and the sample where there are several.
    rate: whether the column of the learning rate follows. quantities: the others, as they are named in equations.
    """

    lead: tuple[str, ...]
    rate: bool
    quantities: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """All columns, in their order."""
        return [*self.lead, *[ETA_COLUMN] * self.rate, *self.quantities]

    def spelled(self, ascii: bool) -> list[str]:
        """All columns, as the file writes them."""
        return [naming.to_ascii(name) if ascii else name for name in self.names]


def layout_of(system: System, known: Collection[str]) -> Layout:
    """The columns of a trace. system: with the quantities that are shown. known: what a run has, quantities and
    hyper-parameters."""
    sample = [naming.SAMPLE] if system.several_samples else []
    quantities = tuple(name for name in system.columns() if name != naming.ETA)
    return Layout((naming.ITERATION, *sample), naming.ETA in known, quantities)


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that are written together; valid until the next block is asked for.

    places: the iteration and the sample of every step, from 1. values: the steps, doubles in the order of `columns`
    (name → position). rate: the constant learning rate of the run, if there is one.
    """

    layout: Layout
    columns: Mapping[str, int]
    places: Sequence[tuple[int, int]]
    values: memoryview[float]
    rate: float | None = None

    def __len__(self) -> int:
        return len(self.places)

    def leads(self) -> list[tuple[int, ...]]:
        """The whole numbers in front of every row."""
        return [place[: len(self.layout.lead)] for place in self.places]

    def steps(self) -> list[Row]:
        """The other numbers of every row but a constant learning rate, in the order of the columns."""
        values, width, chosen = self.values.tolist(), len(self.columns), self.chosen()
        rows: list[Row] = [values[first : first + width] for first in range(0, len(values), width)]
        return rows if chosen == [*range(width)] else [*map(itemgetter(*chosen), rows)]

    def array(self) -> numpy.ndarray[Any, Any]:
        """The same as an array, a row a step."""
        import numpy

        values, chosen = numpy.asarray(self.values).reshape(-1, len(self.columns)), self.chosen()
        return values if chosen == [*range(len(self.columns))] else numpy.ascontiguousarray(values[:, chosen])

    def chosen(self) -> list[int]:
        """The positions of the columns in a step, that of a learning rate which is computed first."""
        rate = [naming.ETA] * (self.layout.rate and self.rate is None)
        return [self.columns[name] for name in (*rate, *self.layout.quantities)]

    def rows(self) -> list[Row]:
        """The rows, in the order of the columns."""
        rate = () if self.rate is None else (self.rate,)
        return [(*lead, *rate, *step) for lead, step in zip(self.leads(), self.steps(), strict=True)]


Writer = Callable[[Block], None]
"""Writes a block of rows to a file."""
Opened = Callable[[Path | TextIO, Layout, Experiment, bool], AbstractContextManager[Writer]]
"""Opens a file that takes blocks of rows: at a path, or text that is open already; with these columns, whose names are
spelled in ASCII or not."""
