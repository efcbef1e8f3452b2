"""The loss charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.styles import SERIES_COLORS

WIDTH_CM, HEIGHT_CM = 26.0, 10.5


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart: the cells of `column` over those of column 1, in the rows `first` to `last`."""

    title: str
    sheet: Worksheet
    column: int
    first: int
    last: int


def loss_chart(title: str, curves: Sequence[Curve]) -> ScatterChart:
    """The loss over the iterations, a line a curve."""
    chart = ScatterChart()
    chart.title, chart.style, chart.scatterStyle = title, 2, "lineMarker"
    chart.width, chart.height = WIDTH_CM, HEIGHT_CM
    chart.x_axis.title, chart.y_axis.title = "iteration", "E_total"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.number_format, chart.y_axis.number_format = "0", "General"
    chart.x_axis.majorGridlines = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E2E8F0"))
    chart.x_axis.scaling.min = 0
    chart.x_axis.scaling.max = max(curve.last - curve.first + 1 for curve in curves)
    for index, curve in enumerate(curves):
        chart.series.append(_series(curve, SERIES_COLORS[index % len(SERIES_COLORS)]))
    if len(curves) == 1:
        chart.legend = None
    else:
        chart.legend.position = "r"
    return chart


def _series(curve: Curve, color: str) -> Series:
    x = Reference(curve.sheet, min_col=1, min_row=curve.first, max_row=curve.last)
    y = Reference(curve.sheet, min_col=curve.column, min_row=curve.first, max_row=curve.last)
    series = Series(y, x, title=curve.title)
    series.smooth = False
    series.graphicalProperties.line = LineProperties(solidFill=color, w=22_225)
    if curve.first == curve.last:
        series.marker.symbol = "circle"
        series.marker.graphicalProperties = GraphicalProperties(solidFill=color)
    else:
        series.marker.symbol = "none"
    return series
