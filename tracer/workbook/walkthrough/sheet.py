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
from tracer.explain.templates import Slot
from tracer.explain.words import stopped
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import names
from tracer.model.experiment import OwnEquations
from tracer.workbook.trace.context import Context
from tracer.workbook.walkthrough.chosen_step import MOST_RUNS
from tracer.workbook.walkthrough.controls import CONTROL_ROW, TITLE_ROW, lay_out
from tracer.workbook.walkthrough.drawing import Canvas, Drawing
from tracer.workbook.walkthrough.equation_drawing import EquationDrawing
from tracer.workbook.walkthrough.layer_summary import LayerSummary
from tracer.workbook.walkthrough.network_drawing import MOST_NEURONS, NetworkDrawing
from tracer.workbook.walkthrough.styles import WalkthroughStyles
from tracer.workbook.walkthrough.workings import WIDTHS as WORKINGS_WIDTHS
from tracer.workbook.walkthrough.workings import Workings
from tracer.workbook.xlsx.charts import Mark, loss_chart
from tracer.workbook.xlsx.connectors import xml
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import fold, set_up_page
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


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Walkthrough sheet and give its cells."""
    sheet.sheet_view.showGridLines = False
    whole = tuple(trace for trace in context.traces if trace.iterations)[:MOST_RUNS]
    looks = WalkthroughStyles(context.styles)
    if not whole:
        return _nothing(sheet, context, looks)
    return _Builder(sheet, replace(context, traces=whole), looks, len(context.traces) - len(whole)).build()


def _nothing(sheet: Worksheet, context: Context, looks: WalkthroughStyles) -> SheetCells:
    """The sheet of an experiment without one whole step."""
    grid = Grid([LEAST_WIDTH])
    grid.put((TITLE_ROW, 1), looks.title, context.experiment.name)
    stop = context.traces[0].run.divergence
    why = context.spell(stopped(stop)) if stop else ""
    grid.put((CONTROL_ROW, 1), looks.warning, f"No step can be shown. {why}")
    return grid.content(sheet)


def drawing_of(context: Context) -> Drawing:
    """The picture that suits the model."""
    experiment = context.experiment
    if isinstance(experiment.model, OwnEquations):
        return EquationDrawing(context.system)
    network, inputs, targets = experiment.model, tuple(experiment.inputs), tuple(experiment.targets)
    widest = max(len(inputs), *(len(layer.neurons) for layer in network.layers))
    kind = LayerSummary if widest > MOST_NEURONS else NetworkDrawing
    return kind(network, context.system, inputs, targets)


class _Builder:
    """The sheet while it is laid out, part by part, from the top."""

    def __init__(self, sheet: Worksheet, context: Context, looks: WalkthroughStyles, left_out: int) -> None:
        self.sheet, self.context, self.looks, self.left_out = sheet, context, looks, left_out
        self.system, self.traces, self.spell = context.system, context.traces, context.spell
        self.drawing = drawing_of(context)
        most = WIDE_LINES if isinstance(self.drawing, LayerSummary) else MOST_LINES
        self.blocks = shortened(blocks(self.system), most, FIRST_LINES, LAST_LINES)
        widths = self.drawing.widths
        while sum(widths) < LEAST_WIDTH:
            widths.append(SPARE)
        self.page = len(widths)
        self.beside = sum(widths) <= BESIDE
        missing = sum(widths) if self.beside else SYMBOLS + NUMBERS + 3 * RESULT
        missing += CHART_COLUMNS * COLUMN - sum(widths)
        chart = [GAP] + [COLUMN] * math.ceil(max(0.0, missing) / COLUMN)
        self.printed = self.page + len(chart)
        self.workings_column = self.printed + 2
        self.grid = Grid([*widths, *chart, GAP, COLUMN, *WORKINGS_WIDTHS])
        self.batch = self.traces[0].run.batches.rows
        self.lines_end = self.grid.spans(1, 1, (SYMBOLS, NUMBERS, RESULT))[-1][1]
        # runs that blew up would fade the others
        tame = [trace for trace in self.traces if not trace.run.divergence] or self.traces
        self.largest = {name: max(trace.largest[name] for trace in tame) for name in self.traces[0].columns}

    def build(self) -> SheetCells:
        """All parts; the cells."""
        controls = lay_out(
            self.sheet, self.grid, self.context, self.looks, self._list_of_sheets(), self.workings_column
        )
        self.step, self.loss = controls.step, controls.loss
        column = self.workings_column + 1
        self.workings = Workings(self.grid, self.step, self.spell, self.looks.working, PICTURE_ROW, column)
        lines = [line for block in self.blocks for group in block.groups for line in group.lines]
        slots = [piece for line in lines for piece in line.template(self.batch) if isinstance(piece, Slot)]
        of_updates = [(name, 0) for line in lines if line.is_update for name in names(line.expression)]
        self.workings.lay_out(dict.fromkeys([*((slot.name, slot.row) for slot in slots), *of_updates]))
        canvas, row = self._picture()
        self._chart(row)
        for block in self.blocks:
            row = self._block(block, row + 2)
        set_up_page(self.sheet, title_rows=f"{TITLE_ROW}:{CONTROL_ROW}")
        self.sheet.print_area = f"A1:{get_column_letter(self.printed)}{row}"
        color(self.sheet, canvas.scales)
        content = self.grid.content(self.sheet)
        beyond = self.workings_column + len(WORKINGS_WIDTHS) + 1
        fold(self.sheet, range(self.workings_column, beyond))
        self.sheet.column_dimensions[get_column_letter(beyond)].collapsed = True
        return SheetCells(content.rows, content.range, "".join(xml(canvas.lines)))

    def _list_of_sheets(self) -> str:
        """The cells that list the sheets to choose from."""
        letter = get_column_letter(self.workings_column)
        return f"${letter}${PICTURE_ROW + 1}:${letter}${PICTURE_ROW + len(self.traces)}"

    # ------------------------------------------------------------------------------------ the picture and the curve

    def _picture(self) -> tuple[Canvas, int]:
        """The picture of the model; what it needs beside cells, and its last row."""
        phases = self.traces[0].columns
        canvas = Canvas(self.grid, self.step, self.looks, self.spell, self.largest, phases)
        words = "Values of the chosen step: blue below 0, orange above, stronger the larger the number"
        if self.left_out:
            words += f" ({self.left_out} more learning rates are on their own sheets)"
        self._band(PICTURE_ROW, self.looks.picture_band, words, self.page)
        for row, trace in enumerate(self.traces, PICTURE_ROW + 1):
            self.grid.put((row, self.workings_column), self.looks.working, trace.title)
        return canvas, self.drawing.draw(canvas, PICTURE_ROW + 1)

    def _band(self, row: int, style: int, text: str, last: int) -> None:
        self.grid.span((row, 1), last, style, text)
        self.grid.height(row, 20)

    def _chart(self, row: int) -> None:
        """The loss curve with the chosen step marked: beside the picture, or below a wide one, beside the blocks."""
        mark = Mark(self.sheet.title, self.step.place.iteration, self.loss)
        chart = loss_chart(self.system.curve, self.context.curves, mark)
        chart.width, chart.height = CHART_CM
        chart.visible_cells_only = False  # the mark follows a cell that is folded away
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
