"""The sheet of one run, from the top: title, η, the equations in words, the header, a row a step, the loss chart."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.decimals import decimals
from tracer.execution.progress import counted
from tracer.explain.rounding import lost, of_every_quantity
from tracer.explain.words import stopped
from tracer.model.system import Phase
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.decoration import decorate
from tracer.workbook.trace.formulas import FIRST_ROW, HYPER_COLUMN, TITLE_ROW, Rows, TraceFormulas, leading
from tracer.workbook.trace.layout import cell, head, lay_out, leads
from tracer.workbook.xlsx.charts import loss_chart
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import ITERATION_BEFORE, LAST_OF_BATCH, ROW_ABOVE, THIS_ROW, Cell, RowTemplate, row
from tracer.workbook.xlsx.styles import PLAIN


def build(sheet: Worksheet, context: Context, number: int, decorated: bool = True) -> SheetCells:
    """Lay out the sheet of the run with this number, with a chart, and give its cells."""
    trace, system = context.traces[number], context.system
    lay_out(sheet, context, trace)
    chart_row = trace.last_row + 2
    sheet.add_chart(loss_chart(system.curve, [context.curves[number]]), f"B{chart_row}")
    sheet._hyperlinks.append(Hyperlink(ref=f"H{TITLE_ROW}", location=trace.reference(f"B{chart_row}")))
    if decorated:
        decorate(sheet, context, trace, context.words)
    last = max(len(trace.columns) + len(leading(system)), HYPER_COLUMN + max(2 * len(system.hyper), 1) - 1)
    return SheetCells(_rows(context, trace), f"A1:{get_column_letter(last)}{trace.last_row}")


def _rows(context: Context, trace: TraceFormulas) -> Iterator[str]:
    run, batches = trace.run, trace.run.batches
    link = Cell("H", context.styles.link, "go to the chart")
    yield from head(context, trace, context.words, [link], _hint(context, trace))
    yield _row_by_cell(context, trace, 0)
    begin, go_on = (RowTemplate(_template(context, trace, begins)) for begins in (True, False))
    several = context.system.several_samples
    steps = decimals(counted(run.steps(trace.columns, 1, run.complete), context.progress))
    first, current = FIRST_ROW, 1
    for number, ((iteration, sample), step) in enumerate(zip(run.places(1), steps, strict=False), FIRST_ROW + 1):
        values = (str(iteration), str(sample), *step) if several else (str(iteration), *step)
        if iteration == current:
            yield go_on.fill(values, number, number - 1)
            continue
        last = FIRST_ROW + batches.first_row(iteration) - 1 if batches.several else number
        yield begin.fill(values, number, number - 1, first, last)
        first, current = number, iteration
    for index in range(max(run.complete, 1), len(run)):
        yield _row_by_cell(context, trace, index)


def _hint(context: Context, trace: TraceFormulas) -> str:
    if trace.run.divergence:
        return context.spell(stopped(trace.run.divergence))
    what = "the yellow cell" if trace.run.hyper else "a yellow cell or a blue number"
    rounding = of_every_quantity(context.experiment.decimals), context.spell(lost(trace.system, trace.run))
    return " ".join(filter(None, [f"Change {what}: every number below follows.", *rounding]))


def _template(context: Context, trace: TraceFormulas, begins: bool) -> list[Cell]:
    """The cells of a row that begins an iteration, or goes on with one."""
    plain = context.styles.value(Phase.DATA, PLAIN)
    lead = [Cell(letter, plain) for letter, _ in zip("AB", leading(context.system), strict=False)]
    rows = Rows(THIS_ROW, ROW_ABOVE, ITERATION_BEFORE if trace.run.batches.several else ROW_ABOVE, LAST_OF_BATCH)
    return lead + [cell(context, trace, name, None, trace.formula(name, rows, begins)) for name in trace.columns]


def _row_by_cell(context: Context, trace: TraceFormulas, index: int) -> str:
    """A row by itself: the first one, or one of a run that diverged in it, with what could be computed."""
    rows, begins = trace.rows(index), trace.begins(index)
    cells = [
        cell(context, trace, name, value, trace.formula(name, rows, begins, index == 0))
        for name, value in trace.run.step(index).items()
        if value == value and name in trace.columns
    ]
    return row(FIRST_ROW + index, [*leads(context, trace, index), *cells])
