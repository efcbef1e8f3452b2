"""The Curves sheet, where runs are too long to be drawn row by row: evenly spaced points of every loss, for the charts.

It refers to the sheets of the runs, so that the charts follow them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.model.system import System
from tracer.workbook.trace.sheet import TraceSheet
from tracer.workbook.xlsx.charts import Curve, every, thinned
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import PLAIN, Styles

TITLE = "Curves"
MOST_POINTS = 10_000
"""Of a curve that a chart draws row by row; charts of more are slow, and Excel once took no more than 32,000."""
POINTS = 1_000
"""Of a curve that is drawn from this sheet: a chart is not wider in pixels."""
HEAD_ROW, FIRST_POINT_ROW = 3, 4
WIDTH = 18.0


def build(
    sheet: Worksheet, system: System, traces: Sequence[TraceSheet], styles: Styles
) -> tuple[SheetCells, list[Curve]]:
    """Lay out the sheet; its cells, and the curve of every run."""
    longest = max(traces, key=lambda trace: trace.iterations)
    drawn = thinned(longest.iterations, POINTS)
    sheet.freeze_panes = f"B{FIRST_POINT_ROW}"
    for column in range(1, len(traces) + 2):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTH
    lasts = [FIRST_POINT_ROW + sum(i <= trace.iterations for i in drawn) - 1 for trace in traces]
    curves = [
        Curve(
            trace.title, sheet, column, FIRST_POINT_ROW, max(last, FIRST_POINT_ROW), max(trace.iterations, 1),
            step=every(drawn),
        )
        for column, (trace, last) in enumerate(zip(traces, lasts, strict=True), 2)
    ]  # fmt: skip
    last = get_column_letter(len(traces) + 1)
    rows = _rows(system, traces, styles, drawn, longest)
    return SheetCells(rows, f"A1:{last}{FIRST_POINT_ROW + len(drawn) - 1}"), curves


def _rows(
    system: System, traces: Sequence[TraceSheet], styles: Styles, drawn: Sequence[int], longest: TraceSheet
) -> Iterator[str]:
    words = f"What the charts draw: every {every(drawn)} iterations of the loss, and the last one."
    yield row(1, [Cell("A", styles.subtitle, words)])
    heads = [naming.ITERATION, *(trace.title for trace in traces)]
    yield row(HEAD_ROW, [Cell(get_column_letter(at), styles.column_head, head) for at, head in enumerate(heads, 1)])
    losses = [trace.losses() for trace in traces]
    for number, iteration in enumerate(drawn, FIRST_POINT_ROW):
        cells = [Cell("A", styles.number[PLAIN], iteration, longest.reference(f"A{longest.row_of(iteration)}"))]
        for column, (trace, values) in enumerate(zip(traces, losses, strict=True), 2):
            if iteration <= trace.iterations:
                at = trace.row_of(iteration)
                of = trace.reference(f"{trace.letters[system.curve]}{at}")
                style = styles.number[trace.form(system.curve)]
                cells.append(Cell(get_column_letter(column), style, values[iteration - 1], of))
        yield row(number, cells)
