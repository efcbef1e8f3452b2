"""The Walkthrough sheet: one step explained, whichever the reader chooses: a picture, the loss curve, the equations.

From the top: the title, the yellow cells, the picture of the model, the equations in numbered blocks, each in symbols,
with the numbers put in, and its result. All numbers are formulas that follow the yellow cells.
"""

from __future__ import annotations

import math
from dataclasses import replace

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.blocks import Block, Line, blocks, shortened
from tracer.explain.picture.picture import is_wide, picture_of
from tracer.explain.words import stopped
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.workbook.sheets import Sheet
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.walkthrough.chosen_step import MOST_RUNS
from tracer.workbook.walkthrough.controls import CONTROL_ROW, LABEL_ROW, TITLE_ROW, lay_out
from tracer.workbook.walkthrough.focus.block import Focus
from tracer.workbook.walkthrough.picture import Canvas, Drawn, PictureStyles, draw
from tracer.workbook.walkthrough.styles import WalkthroughStyles
from tracer.workbook.walkthrough.workings import TITLE as WORKINGS
from tracer.workbook.walkthrough.workings import Workings
from tracer.workbook.xlsx.charts import Mark, loss_chart
from tracer.workbook.xlsx.connectors import xml
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.scales import color
from tracer.workbook.xlsx.styles import PLAIN, number_format

TITLE = "Walkthrough"
PICTURE_ROW = 5
LEAST_WIDTH, SPARE = 124.0, 11.0
"""The page in characters, and a column that makes up for what a picture leaves of it."""
SYMBOLS, NUMBERS, RESULT = 44.0, 56.0, 16.0
"""The three forms of an equation, in characters."""
BESIDE = 150.0
"""A picture up to this width has the chart beside it; a wider one has it below."""
CHART_COLUMNS, CHART_CM = 10, (16.5, 7.8)
COLUMN, GAP = 9.0, 2.0
"""The columns beside the page, in characters, and the gap between."""
MOST_LINES, WIDE_LINES, FIRST_LINES, LAST_LINES = 80, 20, 6, 2
"""A layer's lines in a block, and those of a wide network; of more, only the first and the last ones are shown."""
DIGITS_IN_TEXT = 9
"""Characters of a number in a text, about."""


def sheets() -> tuple[Sheet, Sheet]:
    """The Walkthrough, and the sheet of its workings, which is laid out with it."""
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

    return Sheet(TITLE, build), Sheet(WORKINGS, build_workings, lambda context: bool(_whole(context)))


def _whole(context: Context) -> tuple[TraceFormulas, ...]:
    """The runs that can be chosen: those with a whole step."""
    return tuple(trace for trace in context.traces if trace.iterations)[:MOST_RUNS]


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
        self.blocks = shortened(blocks(self.system), most, FIRST_LINES, LAST_LINES)
        widths = list(self.picture.widths)
        while sum(widths) < LEAST_WIDTH:
            widths.append(SPARE)
        self.page = len(widths)
        self.beside = sum(widths) <= BESIDE
        missing = sum(widths) if self.beside else SYMBOLS + NUMBERS + 3 * RESULT
        missing += CHART_COLUMNS * COLUMN - sum(widths)
        chart = [GAP] + [COLUMN] * math.ceil(max(0.0, missing) / COLUMN)
        self.printed = self.page + len(chart)
        self.grid = Grid([*widths, *chart])
        self.workings = Workings(context.styles, self.spell)
        self.focus = Focus(context, self.workings)
        self.batch = self.traces[0].run.batches.rows
        self.lines_end = self.grid.spans(1, 1, (SYMBOLS, NUMBERS, RESULT))[-1][1]
        # runs that blew up would fade the others
        tame = [trace for trace in self.traces if not trace.run.divergence] or self.traces
        self.largest = {name: max(trace.largest[name] for trace in tame) for name in self.traces[0].columns}

    def build(self) -> SheetCells:
        """All parts; the cells."""
        self.controls = lay_out(self.sheet, self.grid, self.context, self.looks, self.workings, self.focus)
        self.step = self.controls.step
        drawn = self._picture()
        row = self.focus.lay_out(self.grid, self.looks, drawn.last + 2)
        self._chart(row)
        for block in self.blocks:
            row = self._block(block, row + 2)
        set_up_page(self.sheet, title_rows=f"{TITLE_ROW}:{CONTROL_ROW}")
        self.sheet.print_area = f"A1:{get_column_letter(self.printed)}{row}"
        color(self.sheet, drawn.scales)
        content = self.grid.content(self.sheet)
        return SheetCells(content.rows, content.range, "".join(xml(drawn.lines)))

    # ------------------------------------------------------------------------------------ the picture and the curve

    def _picture(self) -> Drawn:
        """The picture of the model."""
        words = "The whole step: forward to the loss, backward to the gradients, and what the update changes"
        if self.left_out:
            words += f" ({self.left_out} more learning rates are on their own sheets)"
        self._band(PICTURE_ROW, self.looks.picture_band, words, self.page)
        canvas = Canvas(
            self.grid, PICTURE_ROW + 1, self.step, PictureStyles(self.context.styles), self.workings.value, self.spell,
            self.largest, self.traces[0].columns,
        )  # fmt: skip
        return draw(canvas, self.picture)

    def _band(self, row: int, style: int, text: str, last: int) -> None:
        self.grid.span((row, 1), last, style, text)
        self.grid.height(row, 20)

    def _chart(self, row: int) -> None:
        """The loss curve with the chosen step marked: beside the picture, or below a wide one, beside the blocks."""
        mark = Mark(
            WORKINGS, *(cell.removeprefix(f"{WORKINGS}!") for cell in (self.controls.iteration, self.controls.loss))
        )
        chart = loss_chart(self.system.curve, self.context.curves, mark)
        chart.width, chart.height = CHART_CM
        column, top = (self.page + 1, PICTURE_ROW) if self.beside else (self.lines_end + 1, row + 2)
        self.sheet.add_chart(chart, f"{get_column_letter(column + 1)}{top}")

    # ------------------------------------------------------------------------------------ the equations

    def _block(self, block: Block, row: int) -> int:
        """A numbered block from this row on; its last row."""
        self._band(row, self.looks.band[block.phase], block.title, self.lines_end)
        for group in block.groups:
            if len(block.groups) > 1:
                row += 1
                self.grid.put((row, 1), self.looks.layer_head, f"layer {group.layer}")
            for line in group.lines:
                row += 1
                self._line(block, line, row)
            if group.left_out:
                row += 1
                where = f"the sheet {self.traces[0].title}" if len(self.traces) == 1 else "the sheet of the run"
                words = f"… and {group.left_out} more lines of the same kind: see {where}"
                self.grid.put((row, 1), self.looks.note, self.spell(words))
        return row

    def _line(self, block: Block, line: Line, row: int) -> None:
        """An equation in its three forms."""
        grid, looks = self.grid, self.looks
        (symbols, end), numbers, result = self.grid.spans(row, 1, (SYMBOLS, NUMBERS, RESULT))
        words = self.context.words[line.quantity]
        grid.span(symbols, end, looks.symbols[block.phase], words)
        grid.wrap(row, len(words), grid.width(1, end))
        template = line.template(self.batch)
        text, formula = self.workings.text(template)
        grid.span(*numbers, looks.numbers, text, formula)
        longest = sum(len(piece) if isinstance(piece, str) else DIGITS_IN_TEXT for piece in template)
        grid.wrap(row, longest, grid.width(numbers[0][1], numbers[1]))
        form = PLAIN if self.largest[line.quantity] == 0 else number_format(self.largest[line.quantity])
        grid.span(*result, looks.result[form], *self._result(line))

    def _result(self, line: Line) -> tuple[float | None, str]:
        """The result of a line in the step first shown, and its formula."""
        if not line.is_update:
            return self.step.value(line.quantity), self.step.formula(line.quantity)
        try:
            value = evaluate(line.expression, self.step.first)
        except NO_NUMBER:
            value = None
        return value, render(line.expression, EXCEL, self.workings.value)
