"""The sheet of one run, from the top: η, the groups of columns, the equations in words, the header, a row a step, the
loss chart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.decimals import decimals
from tracer.execution.progress import counted
from tracer.explain.rounding import lost, of_every_quantity
from tracer.explain.words import stopped
from tracer.model.system import Phase
from tracer.workbook.trace.changes import with_changes
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.decoration import decorate
from tracer.workbook.trace.formulas import FIRST_ROW, Rows, TraceFormulas, leading
from tracer.workbook.trace.layout import Field, cell, head, leads
from tracer.workbook.xlsx.charts import loss_chart
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import ITERATION_BEFORE, LAST_OF_BATCH, ROW_ABOVE, THIS_ROW, Cell, RowTemplate, row
from tracer.workbook.xlsx.styles import PLAIN

HINT_WIDTH, LINK_WIDTH = 66.0, 16.0
"""In the first row, in characters."""


def build(sheet: Worksheet, context: Context, number: int, decorated: bool = True) -> SheetCells:
    """Lay out the sheet of the run with this number, with a chart, and give its cells."""
    trace, system = context.traces[number], context.system
    chart_row = trace.last_row + 2
    sheet.add_chart(loss_chart(system.curve, [context.curves[number]]), f"C{chart_row}")
    styles, hint = context.styles, _hint(context, trace)
    style = styles.stopped if trace.run.divergence else styles.hint
    formula = None if trace.given_by else with_changes(context, trace, hint)
    top = head(sheet, context, trace, context.words, [
        Field(HINT_WIDTH, style, hint, formula),
        Field(LINK_WIDTH, styles.link, "go to the chart", link=trace.reference(f"C{chart_row}")),
    ])  # fmt: skip
    if decorated:
        decorate(sheet, context, trace, context.words, top)
    rows = chain(top.rows, _rows(context, trace))
    return SheetCells(rows, f"A1:{get_column_letter(top.last)}{trace.last_row}")


def _rows(context: Context, trace: TraceFormulas) -> Iterator[bytes]:
    run, batches = trace.run, trace.run.batches
    yield _row_by_cell(context, trace, 0)
    begin = RowTemplate(_template(context, trace, begins=True))
    begin_alone = RowTemplate(_template(context, trace, begins=True, alone=True))
    go_on = RowTemplate(_template(context, trace, begins=False)) if batches.several else begin
    several = context.system.several_samples
    steps = decimals(counted(run.steps(trace.columns, 1, run.complete), context.progress))
    first, current = FIRST_ROW, next(run.places())[0]
    for number, ((iteration, sample), step) in enumerate(zip(run.places(1), steps, strict=False), FIRST_ROW + 1):
        values = (b"%d" % iteration, b"%d" % sample, *step) if several else (b"%d" % iteration, *step)
        if iteration == current:
            yield go_on.fill(values, number, number - 1)
            continue
        last = FIRST_ROW + batches.first_row(iteration) - 1 if batches.several else number
        template = begin if iteration == current + 1 else begin_alone
        yield template.fill(values, number, number - 1, first, last)
        first, current = number, iteration
    for index in range(max(run.complete, 1), len(run)):
        yield _row_by_cell(context, trace, index)


def _hint(context: Context, trace: TraceFormulas) -> str:
    if trace.run.divergence:
        return context.spell(stopped(trace.run.divergence))
    if not context.experiment.keep.all:
        return context.spell(_kept(context, trace))
    what = "the yellow cell" if trace.run.hyper else "a yellow cell or a blue number"
    rounding = of_every_quantity(context.experiment.decimals), context.spell(lost(trace.system, trace.run))
    return " ".join(filter(None, [f"Change {what}: every number below follows.", *rounding]))


def _kept(context: Context, trace: TraceFormulas) -> str:
    """What the sheet says where not all iterations are kept."""
    what = "the parameters and what the optimizer remembers" if context.system.states else "the parameters"
    return (
        f"Kept of this run: {context.experiment.keep}. Where the iteration before is missing, {what} are values, which "
        "do not follow a change; everything else is computed in its row."
    )


def _template(context: Context, trace: TraceFormulas, begins: bool, alone: bool = False) -> list[Cell]:
    """The cells of a row that begins an iteration, or goes on with one; alone: without the iteration before."""
    plain = context.styles.value(Phase.DATA, PLAIN)
    lead = [Cell(letter, plain) for letter, _ in zip("AB", leading(context.system), strict=False)]
    rows = Rows(THIS_ROW, ROW_ABOVE, ITERATION_BEFORE if trace.run.batches.several else ROW_ABOVE, LAST_OF_BATCH)
    return lead + [
        cell(context, trace, name, None, trace.formula(name, rows, begins, False, alone)) for name in trace.columns
    ]


def _row_by_cell(context: Context, trace: TraceFormulas, index: int) -> bytes:
    """A row by itself: the first one, or one of a run that diverged in it, with what could be computed."""
    rows, begins = trace.rows(index), trace.begins(index)
    alone = begins and not trace.follows(index)
    cells = [
        cell(context, trace, name, value, trace.formula(name, rows, begins, index == 0 and not alone, alone))
        for values in [trace.run.step(index)]
        for name in trace.columns
        for value in [values[name]]
        if value == value
    ]
    return row(FIRST_ROW + index, [*leads(context, trace, index), *cells])
