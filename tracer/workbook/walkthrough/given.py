"""Checks whether the given numbers are still the original ones: a table on the Workings sheet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby

from openpyxl.utils import column_index_from_string

from tracer.model import naming
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import DATA, FIRST_ROW, FIRST_SAMPLE_ROW, data_columns
from tracer.workbook.walkthrough.workings import Workings
from tracer.workbook.xlsx.names import letters

HEADS = {"given": 26.0, "now": 16.0, "made with": 16.0, "changed": 10.0, "what is said of it": 20.0}
MOST = 60
"""Numbers with a row each; more are compared by a sum for each layer, in which every number has a weight of its own."""
SAME = "1E-9"
"""Relative, of such sums."""


def compare(context: Context, workings: Workings) -> str:
    """Lay out the table; the formula of a sentence on the first number that has been changed, empty if none has."""
    table = workings.table("The given numbers of the chosen run", HEADS)
    singly = _count(context) <= MOST
    for label, value, formula in _single(context, workings) if singly else _sums(context, workings):
        table.add(label, (value, formula), value)
        now, made, changed = (table.cell(table.rows, place) for place in (1, 2, 3))
        table.put(3, (0, f"IF({now}={made},0,1)" if singly else f"IF(ABS({now}-{made})<={SAME}*ABS({made}),0,1)"))
        other = f'" is "&{now}&" now; this workbook was made with "&{made}&". "' if singly else '" have been changed. "'
        table.put(4, ("", f'IF({changed}=0,"",{table.cell(table.rows, 0)}&{other})'))
    if not table.rows:
        return '""'
    changed, said = table.cells(3), table.cells(4)
    return f'IF(SUM({changed})=0,"",INDEX({said},MATCH(1,{changed},0)))'


def _count(context: Context) -> int:
    system = context.system
    return len(system.hyper) + len(system.parameters) + len(system.data) * len(system.samples)


def _single(context: Context, workings: Workings) -> Iterator[tuple[str, float, str]]:
    """Every given number: its name, its value, and the formula of what it is now."""
    system, step, spell = context.system, workings.step, context.spell
    for name, value in system.hyper.items():
        yield spell(naming.label(name)), value, step.formula(name)
    for number, sample in enumerate(system.samples, 1):
        of_data = dict(zip(system.data, sample, strict=True))
        for column, name in enumerate(data_columns(system), 2):
            if system.several_samples:
                cell = f"{DATA}!${letters(column)}${FIRST_SAMPLE_ROW + number - 1}"
                yield spell(f"{name} of {naming.SAMPLE} {number}"), of_data[name], cell
            else:
                yield spell(name), of_data[name], step.at_first(name)
    for parameter in system.parameters if step.traces[0].from_start else ():
        yield spell(f"{parameter.name} at the start"), parameter.start, step.at_first(parameter.name)


def _sums(context: Context, workings: Workings) -> Iterator[tuple[str, float, str]]:
    """A weighted sum of the given numbers of each kind."""
    system, step, spell = context.system, workings.step, context.spell
    for name, value in system.hyper.items():
        yield spell(naming.label(name)), value, step.formula(name)
    trace = step.traces[0]
    starts = {parameter.name: parameter.start for parameter in system.parameters if trace.from_start}
    if system.several_samples:
        last = FIRST_SAMPLE_ROW + len(system.samples) - 1
        for column, name in enumerate(data_columns(system), 2):
            place = system.data.index(name)
            cells = f"{DATA}!${letters(column)}${FIRST_SAMPLE_ROW}:${letters(column)}${last}"
            values = (row * sample[place] for row, sample in enumerate(system.samples, FIRST_SAMPLE_ROW))
            yield spell(f"the values of {name}"), math.fsum(values), f"SUMPRODUCT({cells},ROW({cells}))"
    else:
        starts |= dict(zip(system.data, system.samples[0], strict=True))
    columns = [(column_index_from_string(letter), name) for name, letter in trace.letters.items() if name in starts]
    for _, group in groupby(enumerate(columns), key=lambda item: item[1][0] - item[0]):
        beside = [item for _, item in group]
        ends = f"${letters(beside[0][0])}${FIRST_ROW}:${letters(beside[-1][0])}${FIRST_ROW}"
        cells = step.of_runs(lambda run, ends=ends: run.reference(ends))  # type: ignore[misc]
        label = f"{beside[0][1]} to {beside[-1][1]}" if len(beside) > 1 else beside[0][1]
        total = math.fsum(column * starts[name] for column, name in beside)
        yield spell(label), total, f"SUMPRODUCT({cells},COLUMN({trace.reference(ends)}))"
