"""What a sheet says, by formula, once its given numbers have been changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from openpyxl.utils import column_index_from_string

from tracer.formulas.notation import shortest
from tracer.formulas.notation.excel import EXCEL
from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import FIRST_ROW, TraceFormulas
from tracer.workbook.xlsx.names import literal

LONGEST = 4_000
"""Characters of a condition on given numbers; of more numbers, no sheet says that they have been changed."""


def with_changes(context: Context, trace: TraceFormulas, hint: str) -> str:
    """The formula of a hint that says first what has been changed in the sheet of a run."""
    return "&".join([*other_rate(context, trace), *_other_numbers(trace), literal(hint)])


def other_rate(context: Context, trace: TraceFormulas) -> Iterator[str]:
    """The formula that says with which η a sheet was made, where it has another now; none without η."""
    made = trace.run.hyper.get(naming.ETA)
    if made is not None:
        cell, eta = trace.hyper_cells[naming.ETA], context.spell(naming.ETA)
        said = f'"{eta} = "&{cell}&" (this sheet was made with {eta} = {shortest(made)}). "'
        yield f'IF({cell}={EXCEL.number(made)},"",{said})'


def _other_numbers(trace: TraceFormulas) -> Iterator[str]:
    """The same for all other given numbers."""
    start = trace.run.step(0)
    given = [
        name for name, phase in trace.columns.items()
        if phase is Phase.PARAMETER or (phase is Phase.DATA and not trace.system.several_samples)
    ]  # fmt: skip
    places = {name: column_index_from_string(trace.letters[name]) for name in given}
    conditions = [f"{trace.hyper_cells[name]}<>{EXCEL.number(value)}" for name, value in trace.system.hyper.items()]
    for _, group in groupby(enumerate(given), key=lambda item: places[item[1]] - item[0]):
        names = [name for _, name in group]
        cells = f"{trace.letters[names[0]]}{FIRST_ROW}:{trace.letters[names[-1]]}{FIRST_ROW}"
        conditions.append(differ(cells, [[start[name] for name in names]]))
    condition = "+".join(f"({condition})" for condition in conditions)
    if conditions and len(condition) <= LONGEST:
        what = "Given numbers" if trace.system.several_samples else "Inputs, targets or other given numbers"
        yield f'IF({condition}=0,"","{what} have been changed. ")'


def differ(cells: str, numbers: Sequence[Sequence[float]]) -> str:
    """How many of these cells hold other numbers, as a formula."""
    rows = ";".join(",".join(map(EXCEL.number, row)) for row in numbers)
    return f"SUMPRODUCT(--({cells}<>{{{rows}}}))"
