"""The charts: curves over the iterations, on a linear or a logarithmic axis, and pictures of two quantities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.chart.data_source import StrData, StrRef, StrVal
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.title import Title, title_maker
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.xlsx.limits import MAX_SERIES
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.styles import SERIES_COLORS

MARK_COLOR, GRID_COLOR, WHITE = "DC2626", "E2E8F0", "FFFFFF"
WIDTH_CM, HEIGHT_CM = 26.0, 10.5
TITLE_SIZE, AXIS_SIZE = 1200, 1000
"""Of their letters, in hundredths of a point."""
MOST_NAMED = 24
"""Curves of a chart whose legend names them; a longer legend would not fit."""
LEAST_POWER, MOST_POWER = -307, 308
"""Of ten; beyond these, numbers are not exact, or there are none."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart: the cells of `column` over those of the column `over`, in the rows `first` to `last` of the
    sheet of this title.

    iterations: the last one drawn. step: the distance of those drawn. label: the cell that holds the curve's title, as
    charts refer to it, so that the legend follows that cell; empty where there is none.
    """

    title: str
    sheet: str
    column: int
    first: int
    last: int
    iterations: int
    over: int = 1
    step: int = 1
    label: str = ""

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


Powers = tuple[float, float]
"""The powers of ten between which a logarithmic axis runs."""


def powers_of_ten(values: Iterable[float]) -> Powers | None:
    """The powers of ten around these values; None where one is not positive, or there are none."""
    values = list(values)
    if not values or not 0 < min(values) <= max(values) < math.inf:
        return None
    low = min(max(math.floor(math.log10(min(values))), LEAST_POWER), MOST_POWER - 1)
    high = min(max(math.ceil(math.log10(max(values))), low + 1), MOST_POWER)
    return float(f"1e{low}"), float(f"1e{high}")


def thinned(iterations: int, most: int) -> list[int]:
    """The iterations that a chart draws: all, or evenly spaced ones and the last, where there are more than `most`."""
    step = -(-iterations // most) or 1
    drawn = list(range(1, iterations + 1, step))
    return drawn if not drawn or drawn[-1] == iterations else [*drawn, iterations]


def every(drawn: Sequence[int]) -> int:
    """The distance of the iterations that a chart draws."""
    return drawn[1] - drawn[0] if len(drawn) > 2 else 1


def place(sheet: Worksheet, chart: ScatterChart, first: str, last: str) -> None:
    """Put the chart on the cells from `first` to `last`, so that its edges are theirs, however wide these are drawn."""
    (top, left), (bottom, right) = coordinate_to_tuple(first), coordinate_to_tuple(last)
    ends = AnchorMarker(col=left - 1, row=top - 1), AnchorMarker(col=right, row=bottom)
    chart.anchor = TwoCellAnchor("oneCell", *ends)
    sheet.add_chart(chart)


def loss_chart(loss: str, curves: Sequence[Curve], mark: Mark | None = None) -> ScatterChart:
    """The loss over the iterations, a line a curve; as many as a chart can have."""
    return over_iterations(f"{loss} over the iterations", loss, curves, mark=mark)


def over_iterations(
    title: str, quantity: str, curves: Sequence[Curve], powers: Powers | None = None, mark: Mark | None = None
) -> ScatterChart:
    """A quantity over the iterations, a line a curve. powers: of a logarithmic axis, which the other one crosses at its
    lower end; Excel's own choice is 1, which may be at the top."""
    step = max(curve.step for curve in curves)
    chart = scatter(title + (f" (one in {step} drawn)" if step > 1 else ""), "iteration", quantity, curves, mark)
    chart.x_axis.number_format = "0"
    chart.x_axis.scaling.min, chart.x_axis.scaling.max = 0, max(curve.iterations for curve in curves)
    if powers:
        chart.y_axis.title = _words(f"{quantity}, logarithmic", AXIS_SIZE)
        chart.y_axis.number_format = "0E+00"
        chart.y_axis.scaling.logBase = 10
        chart.y_axis.scaling.min, chart.y_axis.scaling.max = powers
    else:
        chart.x_axis.crosses = "autoZero"
    return chart


def scatter(title: str, x: str, y: str, curves: Sequence[Curve], mark: Mark | None = None) -> ScatterChart:
    """Lines through the points of the curves, as many as a chart can have; x and y are the titles of the axes."""
    curves = curves[: MAX_SERIES - 1]
    chart = ScatterChart()
    chart.title, chart.style, chart.scatterStyle = _words(title, TITLE_SIZE), 2, "lineMarker"
    chart.width, chart.height = WIDTH_CM, HEIGHT_CM
    chart.x_axis.title, chart.y_axis.title = _words(x, AXIS_SIZE), _words(y, AXIS_SIZE)
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.number_format = chart.y_axis.number_format = "General"
    chart.x_axis.majorGridlines = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=GRID_COLOR))
    chart.x_axis.tickLblPos = chart.y_axis.tickLblPos = "low"
    chart.x_axis.axPos, chart.x_axis.crosses, chart.y_axis.crosses = "b", "min", "min"
    for index, curve in enumerate(curves):
        chart.series.append(_series(curve, SERIES_COLORS[index % len(SERIES_COLORS)]))
    if mark:
        chart.series.append(_marked(mark))
    if 1 < len(curves) <= MOST_NAMED:
        chart.legend.position, chart.legend.overlay = "r", False
    else:
        chart.legend = None
    return chart


@lru_cache(maxsize=500)  # openpyxl takes long to make one, and changes none
def _words(text: str, size: int) -> Title:
    """A title in letters of this size, beside what it is a title of."""
    words = title_maker(text)
    words.overlay = False
    for paragraph in words.tx.rich.p:
        paragraph.pPr.defRPr = CharacterProperties(sz=size, b=True)
        for run in paragraph.r:
            run.rPr = CharacterProperties(sz=size, b=True)
    return words


def _series(curve: Curve, color: str) -> Series:
    series = _of_cells(curve.title, curve.cells(curve.over), curve.cells(curve.column), curve.label)
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


def _of_cells(title: str, x: str, y: str, label: str = "") -> Series:
    series = Series(Reference(range_string="x!$A$1"), Reference(range_string="x!$A$1"), title=title)
    series.xVal.numRef.f, series.yVal.numRef.f = x, y  # a Reference ends at row 1,000,000
    if label:
        shown = StrData(ptCount=1, pt=[StrVal(idx=0, v=title)])
        series.tx = SeriesLabel(strRef=StrRef(f=label, strCache=shown))
    series.smooth = False
    return series
