"""The charts of all losses, on a linear and on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, takewhile

from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.xlsx.charts import Curve, over_iterations, place, powers_of_ten


def loss_charts(sheet: Worksheet, context: Context, places: Sequence[tuple[str, str]]) -> str:
    """Put both charts on the sheet, each between two cells; why one is missing, or an empty text. A curve on the
    logarithmic axis ends before the first loss that is not above 0."""
    loss, linear, logarithmic = context.spell(context.system.curve), *places
    if not any(trace.numbers for trace in context.traces):
        return "There is nothing to draw, because no run has a whole iteration."
    place(sheet, over_iterations(f"{loss} over the iterations", loss, context.curves), *linear)
    above = [list(takewhile(lambda value: value > 0, trace.losses())) for trace in context.traces]
    powers = powers_of_ten(chain.from_iterable(above))
    if not powers:
        return f"There is no chart with a logarithmic axis, because {loss} is not above 0."
    runs = zip(context.curves, context.traces, above, strict=True)
    curves = [_until(curve, trace, len(values)) for curve, trace, values in runs if values]
    shorter = any(len(values) < len(trace.numbers) for trace, values in zip(context.traces, above, strict=True))
    title = f"{loss} over the iterations, logarithmic axis" + (", as long as above 0" if shorter else "")
    place(sheet, over_iterations(title, loss, curves, powers), *logarithmic)
    return ""


def _until(curve: Curve, trace: TraceFormulas, iterations: int) -> Curve:
    """The first iterations of the curve of a run, drawn from its own sheet or from evenly spaced points."""
    numbers = trace.numbers
    if iterations == len(numbers):
        return curve
    own = curve.sheet == trace.title
    last = trace.row_of(numbers[iterations - 1] + 1) - 1 if own else curve.first + (iterations - 1) // curve.step
    return replace(curve, last=last)
