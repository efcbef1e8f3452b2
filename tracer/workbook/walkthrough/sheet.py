"""The Walkthrough sheet: one chosen step with its picture, the loss curve and the equations.

From the top: the title, the yellow cells, the picture of the model, the equations in numbered blocks, each in symbols,
with the numbers put in, and its result. All numbers are formulas that follow the yellow cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.blocks import Shorten, blocks
from tracer.explain.picture.picture import is_wide, picture_of
from tracer.explain.words import stopped
from tracer.workbook.sheets import Sheet
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.walkthrough.chosen_step import MOST_RUNS, ChosenStep
from tracer.workbook.walkthrough.contents import LINK_ROW, Contents, link_at_top
from tracer.workbook.walkthrough.controls import CONTROL_ROW, LABEL_ROW, TITLE_ROW, Controls, lay_out
from tracer.workbook.walkthrough.focus.block import Focus
from tracer.workbook.walkthrough.lines import BAND, COLUMNS, Lines
from tracer.workbook.walkthrough.picture import Canvas, PictureStyles, draw
from tracer.workbook.walkthrough.styles import WalkthroughStyles
from tracer.workbook.walkthrough.titles import WALKTHROUGH, WORKINGS
from tracer.workbook.walkthrough.workings import Workings
from tracer.workbook.xlsx.charts import Mark, loss_chart
from tracer.workbook.xlsx.connectors import xml
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.names import letters
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.scales import color

PICTURE_ROW = LINK_ROW + 1
ZOOM, LEAST_ZOOM, WINDOW = 85, 70, 186.0
"""Percent, and the characters of a window of 1366 × 768 pixels at the former: the picture and the chart are in view."""
LEAST_WIDTH, SPARE = 172.0, 10.0
"""The page in characters, and a column that makes up for what a picture leaves of it."""
TALL = 10
"""A picture of more rows has the chart at its right, if there is room for it in the window, and not below it."""
CHART_WIDTH, LEAST_CHART, CHART_HEIGHT = 60.0, 40.0, 195.0
"""Characters, and points."""
POINTS, CENTIMETERS = 5.25, 2.54 / 72
"""Points to a character of a column's width, and centimeters to a point."""
PAGE_HEIGHT = 1600.0
"""Points of rows that are printed on one page."""
MOST_LINES, WIDE_LINES, FIRST_LINES, LAST_LINES = 80, 20, 6, 2
"""A layer's lines in a block, and those of a wide network; of more, only the first and the last ones are shown."""


def sheets() -> tuple[Sheet, Sheet, Callable[[], ChosenStep]]:
    """The Walkthrough, the sheet of its workings, which is laid out with it, and what gives the chosen step then."""
    laid_out: list[Workings] = []

    def build(sheet: Worksheet, context: Context) -> SheetCells:
        sheet.sheet_view.showGridLines = False
        looks, whole = WalkthroughStyles(context.styles), _whole(context)
        if not whole:
            return _nothing(sheet, context, looks)
        builder = _Builder(sheet, replace(context, traces=whole), looks, len(context.traces) - len(whole))
        laid_out.append(builder.workings)
        return builder.build()

    def build_workings(sheet: Worksheet, _context: Context) -> SheetCells:
        return laid_out[0].content(sheet)

    wanted = Sheet(WALKTHROUGH, build), Sheet(WORKINGS, build_workings, lambda context: bool(_whole(context)))
    return *wanted, lambda: laid_out[0].step


def _whole(context: Context) -> tuple[TraceFormulas, ...]:
    """The runs that can be chosen: those with a whole step."""
    return tuple(trace for trace in context.traces if trace.numbers)[:MOST_RUNS]


def _nothing(sheet: Worksheet, context: Context, looks: WalkthroughStyles) -> SheetCells:
    """The sheet of an experiment without one whole step."""
    grid = Grid([LEAST_WIDTH])
    grid.put((TITLE_ROW, 1), looks.title, context.experiment.name)
    stop = context.traces[0].run.divergence
    why = context.spell(stopped(stop)) if stop else ""
    grid.put((LABEL_ROW, 1), looks.warning, f"No step can be shown. {why}")
    return grid.content(sheet)


class _Builder:
    """The sheet while it is laid out, part by part, from the top."""

    def __init__(self, sheet: Worksheet, context: Context, looks: WalkthroughStyles, left_out: int) -> None:
        self.sheet, self.context, self.looks, self.left_out = sheet, context, looks, left_out
        self.system, self.traces, self.spell = context.system, context.traces, context.spell
        self.picture = picture_of(context.experiment, self.system)
        most = WIDE_LINES if is_wide(context.experiment) else MOST_LINES
        self.blocks = blocks(self.system, Shorten(most, FIRST_LINES, LAST_LINES))
        widths = list(self.picture.widths)
        picture = sum(widths)
        self.zoom = min(ZOOM, int(ZOOM * WINDOW / (picture + LEAST_CHART)))
        self.beside = self.picture.rows > TALL and self.zoom >= LEAST_ZOOM
        if self.beside:
            room = max(LEAST_CHART, min(CHART_WIDTH, WINDOW - picture))
            widths.extend([SPARE] * int(room / SPARE))
        while sum(widths) < LEAST_WIDTH:
            widths.append(SPARE)
        self.grid = Grid(widths)
        self.workings = Workings(context.styles, self.spell)
        self.focus = Focus(context, self.workings)
        # runs that blew up would fade the others
        tame = [trace for trace in self.traces if not trace.run.divergence] or self.traces
        self.largest = {name: max(trace.largest[name] for trace in tame) for name in self.traces[0].columns}

    def build(self) -> SheetCells:
        """All parts; the cells."""
        sheet, grid, looks = self.sheet, self.grid, self.looks
        sheet.sheet_view.zoomScale = self.zoom if self.beside else ZOOM
        controls = lay_out(sheet, grid, self.context, looks, self.workings, self.focus)
        self._band(PICTURE_ROW)
        below = PICTURE_ROW + self.picture.rows + 2
        focus = below, self.focus.lay_out(sheet, grid, looks, below)
        equations = focus[1] + 2
        contents = Contents(self.blocks)
        lines = Lines(
            self.context, grid, looks, self.workings, self.blocks, self.largest, equations + contents.rows
        )  # fmt: skip
        drawn = draw(self._canvas(lines.cells), self.picture)
        lines.put(drawn.cells)
        contents.put(sheet, grid, looks, equations, lines.sections)
        places = (("top", PICTURE_ROW, PICTURE_ROW), ("focus", *focus))
        link_at_top(sheet, grid, looks, [*places, *((s.title, s.first, s.last) for s in lines.sections)])
        self._chart(controls, below)
        self.workings.shown = lines.shown
        grid.compute(controls.loss_cell, lines.cells[self.system.curve])
        self._page(lines.last)
        color(sheet, drawn.scales)
        content = grid.content(sheet)
        return SheetCells(content.rows, content.range, "".join(xml(drawn.lines)))

    def _canvas(self, lines: Mapping[str, str]) -> Canvas:
        """Where the picture is drawn."""
        return Canvas(
            self.grid, PICTURE_ROW + 1, self.workings.step, PictureStyles(self.context.styles), self.workings.value,
            self.spell, self.context.names, self.context.words, self.largest, self.traces[0].columns, lines,
        )  # fmt: skip

    def _band(self, row: int) -> None:
        """The title of the picture."""
        words = "The whole step: forward to the loss, backward to the gradients, and what the update changes"
        if self.left_out:
            words += f" ({self.left_out} more learning rates are on their own sheets)"
        self.grid.span((row, 1), len(self.grid.widths), self.looks.picture_band, words)
        self.grid.height(row, BAND)

    def _chart(self, controls: Controls, row: int) -> None:
        """The loss curve with the chosen step marked: beside a tall picture, or beside the equations."""
        cells = (cell.removeprefix(f"{WORKINGS}!") for cell in (controls.iteration, controls.loss))
        chart = loss_chart(self.system.curve, self.context.curves, Mark(WORKINGS, *cells))
        first = len(self.picture.widths) if self.beside else self.grid.spans(row, 1, COLUMNS)[-1][1] + 1
        row = PICTURE_ROW + 1 if self.beside else row
        width = self.grid.width(first + 1, self.grid.reach(first + 1, CHART_WIDTH))
        chart.width, chart.height = width * POINTS * CENTIMETERS, CHART_HEIGHT * CENTIMETERS
        if self.beside and chart.legend:
            chart.legend.position = "b"
        self.sheet.add_chart(chart, f"{letters(first + 1)}{row}")

    def _page(self, last: int) -> None:
        """How the sheet is printed: on one page if that is legible."""
        one = self.grid.points(1, last) <= PAGE_HEIGHT
        set_up_page(
            self.sheet, "" if one else f"{TITLE_ROW}:{CONTROL_ROW}", "portrait" if one else "landscape", int(one)
        )
        if one:
            self.sheet.page_margins = PageMargins(left=0.3, right=0.3, top=0.5, bottom=0.4, header=0.2, footer=0.2)
        self.sheet.print_area = f"A1:{letters(len(self.grid.widths))}{last}"
