"""The loss charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.utils import get_column_letter

from tracer.workbook.xlsx.limits import MAX_SERIES
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.styles import SERIES_COLORS

MARK_COLOR, GRID_COLOR, WHITE = "DC2626", "E2E8F0", "FFFFFF"
WIDTH_CM, HEIGHT_CM = 26.0, 10.5


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart: the cells of `column` over those of the column `over`, in the rows `first` to `last` of the
    sheet of this title.

    iterations: the last one drawn. step: the distance of those drawn.
    """

    title: str
    sheet: str
    column: int
    first: int
    last: int
    iterations: int
    over: int = 1
    step: int = 1

    def cells(self, column: int) -> str:
        """The cells of a column, as a chart refers to them."""
        letter = get_column_letter(column)
        return reference(self.sheet, f"${letter}${self.first}:${letter}${self.last}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a chart that follows two cells of a sheet, its iteration and its loss."""

    sheet: str
    iteration: str
    loss: str


def thinned(iterations: int, most: int) -> list[int]:
    """The iterations that a chart draws: all, or evenly spaced ones and the last, where there are more than `most`."""
    step = -(-iterations // most) or 1
    drawn = list(range(1, iterations + 1, step))
    return drawn if not drawn or drawn[-1] == iterations else [*drawn, iterations]


def every(drawn: Sequence[int]) -> int:
    """The distance of the iterations that a chart draws."""
    return drawn[1] - drawn[0] if len(drawn) > 2 else 1


def loss_chart(loss: str, curves: Sequence[Curve], mark: Mark | None = None) -> ScatterChart:
    """The loss over the iterations, a line a curve; as many as a chart can have."""
    curves = curves[: MAX_SERIES - 1]
    chart = ScatterChart()
    chart.title, chart.style, chart.scatterStyle = _title(loss, max(curve.step for curve in curves)), 2, "lineMarker"
    chart.width, chart.height = WIDTH_CM, HEIGHT_CM
    chart.x_axis.title, chart.y_axis.title = "iteration", loss
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.number_format, chart.y_axis.number_format = "0", "General"
    chart.x_axis.majorGridlines = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=GRID_COLOR))
    chart.x_axis.scaling.min = 0
    chart.x_axis.scaling.max = max(curve.iterations for curve in curves)
    chart.x_axis.tickLblPos = "low"
    for index, curve in enumerate(curves):
        chart.series.append(_series(curve, SERIES_COLORS[index % len(SERIES_COLORS)]))
    if mark:
        chart.series.append(_marked(mark))
    if len(curves) == 1:
        chart.legend = None
    else:
        chart.legend.position = "r"
    return chart


def _title(loss: str, step: int) -> str:
    return f"{loss} over the iterations" + (f", every {step} of them" if step > 1 else "")


def _series(curve: Curve, color: str) -> Series:
    series = _of_cells(curve.title, curve.cells(curve.over), curve.cells(curve.column))
    series.graphicalProperties.line = LineProperties(solidFill=color, w=22_225)
    if curve.first == curve.last:
        series.marker.symbol = "circle"
        series.marker.graphicalProperties = GraphicalProperties(solidFill=color)
    else:
        series.marker.symbol = "none"
    return series


def _marked(mark: Mark) -> Series:
    """A series of the one point, as a ring."""
    series = _of_cells("this step", reference(mark.sheet, mark.iteration), reference(mark.sheet, mark.loss))
    series.graphicalProperties.line.noFill = True
    series.marker.symbol, series.marker.size = "circle", 11
    series.marker.graphicalProperties = GraphicalProperties(solidFill=MARK_COLOR)
    series.marker.graphicalProperties.line = LineProperties(solidFill=WHITE, w=19_050)
    return series


def _of_cells(title: str, x: str, y: str) -> Series:
    series = Series(Reference(range_string="x!$A$1"), Reference(range_string="x!$A$1"), title=title)
    series.xVal.numRef.f, series.yVal.numRef.f = x, y  # a Reference ends at row 1,000,000
    series.smooth = False
    return series
