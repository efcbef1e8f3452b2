"""The charts of the losses of all runs: on a linear axis, and on a logarithmic one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.trace.context import Context
from tracer.workbook.xlsx.charts import over_iterations, place, powers_of_ten


def loss_charts(sheet: Worksheet, context: Context, places: Sequence[tuple[str, str]]) -> str:
    """Put both charts on the sheet, each between two cells; why there is no logarithmic axis, or an empty text."""
    loss = context.spell(context.system.curve)
    powers = powers_of_ten(chain.from_iterable(trace.losses() for trace in context.traces))
    linear, logarithmic = places
    place(sheet, over_iterations(f"{loss} over the iterations", loss, context.curves), *linear)
    if not powers:
        return f"There is no chart with a logarithmic axis, because {loss} is not above 0 in every iteration."
    title = f"{loss} over the iterations, logarithmic axis"
    place(sheet, over_iterations(title, loss, context.curves, powers), *logarithmic)
    return ""
