"""The context from which all sheets of a workbook are built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat

from openpyxl import Workbook

from tracer.execution.progress import Progress
from tracer.execution.runs import Run
from tracer.explain.words import in_words
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.quantity import Quantity, Role
from tracer.model.system import Phase, System
from tracer.model.typography import typeset
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.xlsx.charts import Curve
from tracer.workbook.xlsx.sheetdata import writable
from tracer.workbook.xlsx.styles import Styles

NUMBER_WIDTH, DATA_WIDTH, WIDEST = 14.0, 10.0, 26.0
"""Column widths in characters."""
SMALL_CHARACTER = 0.94
"""A character of the equations in words, in characters of the sheet."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the sheets of a workbook have in common.

    traces: where everything stands in the sheet of each run. curves: the losses of the runs, for the charts.
    spell: how a name is written, as it is or in ASCII. names: how quantities, and the changes
    of parameters, are written in equations. words: every column's equation in words.
    widths: of the columns of a run's sheet, in characters. progress: called with the rows of runs that are written.
    """

    experiment: Experiment
    system: System
    traces: tuple[TraceFormulas, ...]
    curves: tuple[Curve, ...]
    book: Workbook
    styles: Styles
    spell: Callable[[str], str]
    names: Mapping[str, str]
    words: Mapping[str, str]
    widths: Mapping[str, float]
    progress: Progress | None = None


def context_of(
    experiment: Experiment,
    system: System,
    runs: Iterable[tuple[str, Run]],
    ascii: bool,
    progress: Progress | None = None,
    labels: Iterable[str] = repeat(""),
) -> Context:
    """The context of a new workbook with a sheet for each run, given with the sheet's title; labels: the cells that say
    which run it is."""
    book = Workbook()
    book.properties.title, book.properties.creator = writable(experiment.name), "backprop-trace"
    spell = naming.to_ascii if ascii else str
    names = {name: spell(text) for name, text in _typeset(system, ascii).items()}
    words = {name: spell(text) for name, text in in_words(system, names).items()}
    traces = tuple(
        TraceFormulas(title, system, run, label=label) for (title, run), label in zip(runs, labels, strict=False)
    )
    return Context(
        experiment, system, traces, tuple(trace.curve for trace in traces), book, Styles(book), spell, names, words,
        {name: _width(spell(name), phase, words[name]) for name, phase in system.columns().items()}, progress,
    )  # fmt: skip


def _typeset(system: System, ascii: bool) -> dict[str, str]:
    """How quantities, and the changes of parameters, are written in equations."""
    changes = {naming.change(p.name): Quantity(Role.CHANGE, of=system.quantities[p.name]) for p in system.parameters}
    quantities = {**system.quantities, **changes}
    return {name: naming.label(name) for name in quantities} if ascii else typeset(quantities)


def _width(name: str, phase: Phase, words: str) -> float:
    """Wide enough for the numbers and for the longest word of the equation."""
    longest = max(len(name) + 2.0, SMALL_CHARACTER * max(map(len, words.split())) + 1)
    return min(WIDEST, max(DATA_WIDTH if phase is Phase.DATA else NUMBER_WIDTH, longest))
