"""The Curves sheet of long runs: evenly spaced points of every loss, for the charts.

It refers to the sheets of the runs, so that the charts follow them.
"""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.xlsx.charts import Curve, every, thinned
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import PLAIN

TITLE = "Curves"
MOST_POINTS = 10_000
"""Of a curve that a chart draws row by row; charts of more are slow, and Excel once took no more than 32,000."""
POINTS = 1_000
"""Of a curve that is drawn from this sheet: a chart is not wider in pixels."""
HEAD_ROW, FIRST_POINT_ROW = 3, 4
WIDTH = 18.0


def wanted(context: Context) -> bool:
    """Whether a run is too long to be drawn row by row."""
    return max(len(trace.run) for trace in context.traces) > MOST_POINTS


def curves(context: Context) -> tuple[Curve, ...]:
    """The losses of the runs, as this sheet has them."""
    drawn = _drawn(context)
    return tuple(
        Curve(
            trace.title, TITLE, column, FIRST_POINT_ROW,
            max(FIRST_POINT_ROW + sum(map(trace.has, drawn)) - 1, FIRST_POINT_ROW),
            max(trace.iterations, 1), step=every(_places(context)), label=trace.label,
        )
        for column, trace in enumerate(context.traces, 2)
    )  # fmt: skip


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the sheet and give its cells."""
    sheet.freeze_panes = f"B{FIRST_POINT_ROW}"
    set_up_page(sheet, title_rows=f"{HEAD_ROW}:{HEAD_ROW}")
    columns = [get_column_letter(column) for column in range(1, len(context.traces) + 2)]
    for column in columns:
        sheet.column_dimensions[column].width = WIDTH
    return SheetCells(_rows(context), f"A1:{columns[-1]}{FIRST_POINT_ROW + len(_drawn(context)) - 1}")


def _longest(context: Context) -> TraceFormulas:
    return max(context.traces, key=lambda trace: trace.iterations)


def _places(context: Context) -> list[int]:
    """Which of the iterations of the longest run are drawn, counted from 1."""
    return thinned(len(_longest(context).numbers), POINTS)


def _drawn(context: Context) -> list[int]:
    numbers = _longest(context).numbers
    return [numbers[place - 1] for place in _places(context)]


def _rows(context: Context) -> Iterator[bytes]:
    styles, traces, drawn, longest = context.styles, context.traces, _drawn(context), _longest(context)
    kept = "" if context.experiment.keep.all else " that are kept"
    words = f"What the charts draw: the loss of one iteration in {every(_places(context))}{kept}, and of the last one."
    yield row(1, [Cell("A", styles.subtitle, words)])
    heads = [(naming.ITERATION, None), *((trace.title, trace.label) for trace in traces)]
    yield row(HEAD_ROW, [Cell(get_column_letter(at), styles.column_head, *head) for at, head in enumerate(heads, 1)])
    losses = [dict(zip(trace.numbers, trace.losses(), strict=True)) for trace in traces]
    for number, iteration in enumerate(drawn, FIRST_POINT_ROW):
        cells = [Cell("A", styles.number[PLAIN], iteration, longest.reference(f"A{longest.row_of(iteration)}"))]
        for column, (trace, values) in enumerate(zip(traces, losses, strict=True), 2):
            if iteration in values:
                style = styles.number[trace.form(context.system.curve)]
                cells.append(Cell(get_column_letter(column), style, values[iteration], trace.loss_at(iteration)))
        yield row(number, cells)
