"""The Walkthrough sheet: one step explained, whichever the reader chooses: a picture, the loss curve, the equations.

From the top: the title, the yellow cells, the picture of the model, the equations in numbered blocks, each in symbols,
with the numbers put in, and its result. All numbers are formulas that follow the yellow cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tracer import naming
from tracer.experiment import Experiment, OwnEquations
from tracer.explain import Block, Line, blocks, shortened, used
from tracer.expression import names
from tracer.notation import render
from tracer.notation.excel import EXCEL
from tracer.numeric import NO_NUMBER, evaluate
from tracer.system import System
from tracer.workbook.charts import Curve, Mark, loss_chart
from tracer.workbook.chosen_step import MOST_RUNS, ChosenStep, Place
from tracer.workbook.connectors import xml
from tracer.workbook.drawing import Canvas, Drawing
from tracer.workbook.equation_drawing import EquationDrawing
from tracer.workbook.grid import Grid
from tracer.workbook.layer_summary import LayerSummary
from tracer.workbook.network_drawing import MOST_NEURONS, NetworkDrawing
from tracer.workbook.package import SheetCells
from tracer.workbook.styles import PLAIN, Styles
from tracer.workbook.trace_sheet import TraceSheet, number_format
from tracer.workbook.walkthrough_styles import WalkthroughStyles, colour
from tracer.workbook.workings import WIDTHS as WORKINGS_WIDTHS
from tracer.workbook.workings import Workings

TITLE = "Walkthrough"
TITLE_ROW, CONTROL_ROW, HINT_ROW, PICTURE_ROW = 1, 2, 3, 5
HELPERS = ("sheet", "shown", "row", "first row", "rows", "row before")
"""The cells that find the chosen step, in the order of Place, among the workings."""
LEAST_WIDTH, SPARE = 124.0, 11.0
"""The page in characters, and a column that makes up for what a picture leaves of it."""
SYMBOLS, NUMBERS, RESULT = 44.0, 56.0, 16.0
"""The three forms of an equation, in characters."""
BESIDE = 136.0
"""A picture up to this width has the chart beside it; a wider one has it below."""
CHART_COLUMNS, CHART_CM = 10, (16.5, 7.8)
COLUMN, GAP = 9.0, 2.0
"""The columns beside the page, in characters, and the gap between."""
MOST_LINES, WIDE_LINES, FIRST_LINES, LAST_LINES = 80, 20, 6, 2
"""A layer's lines in a block, and those of a wide network; of more, only the first and the last ones are shown."""
DIGITS_IN_TEXT = 9
"""Characters of a number in a text, about."""


def build(
    sheet: Worksheet,
    experiment: Experiment,
    system: System,
    traces: Sequence[TraceSheet],
    curves: Sequence[Curve],
    styles: Styles,
    spell: Callable[[str], str],
) -> SheetCells:
    """Lay out the Walkthrough sheet and give its cells."""
    sheet.title = TITLE
    sheet.sheet_view.showGridLines = False
    whole = [trace for trace in traces if trace.run.complete][:MOST_RUNS]
    looks = WalkthroughStyles(styles)
    if not whole:
        return _nothing(sheet, experiment, looks, traces[0], spell)
    return _Builder(sheet, experiment, system, whole, looks, spell).build(curves)


def _nothing(
    sheet: Worksheet, experiment: Experiment, looks: WalkthroughStyles, trace: TraceSheet, spell: Callable[[str], str]
) -> SheetCells:
    """The sheet of an experiment without one whole step."""
    grid = Grid([LEAST_WIDTH])
    grid.put((TITLE_ROW, 1), looks.title, experiment.name)
    stop = trace.run.divergence
    why = f"{spell(stop.quantity)} has no finite value." if stop else ""
    grid.put((CONTROL_ROW, 1), looks.warning, f"There is no step to walk through: in the first one, {why}")
    return grid.content(sheet)


def drawing_of(experiment: Experiment, system: System) -> Drawing:
    """The picture that suits the model."""
    if isinstance(experiment.model, OwnEquations):
        return EquationDrawing(system)
    network, inputs, targets = experiment.model, tuple(experiment.inputs), tuple(experiment.targets)
    widest = max(len(inputs), *(len(layer.neurons) for layer in network.layers))
    kind = LayerSummary if widest > MOST_NEURONS else NetworkDrawing
    return kind(network, system, inputs, targets)


@dataclass(frozen=True, slots=True)
class _Controls:
    """The yellow cells: of the iteration; of the sample and of the sheet, where there are several to choose from."""

    iteration: str
    sample: str
    sheet: str


class _Builder:
    """The sheet while it is laid out, part by part, from the top."""

    def __init__(
        self,
        sheet: Worksheet,
        experiment: Experiment,
        system: System,
        traces: Sequence[TraceSheet],
        looks: WalkthroughStyles,
        spell: Callable[[str], str],
    ) -> None:
        self.sheet, self.experiment, self.system, self.traces = sheet, experiment, system, traces
        self.looks, self.spell = looks, spell
        self.drawing = drawing_of(experiment, system)
        most = WIDE_LINES if isinstance(self.drawing, LayerSummary) else MOST_LINES
        self.blocks = shortened(blocks(system), most, FIRST_LINES, LAST_LINES)
        widths = self.drawing.widths
        while sum(widths) < LEAST_WIDTH:
            widths.append(SPARE)
        self.page = len(widths)
        self.beside = sum(widths) <= BESIDE
        missing = sum(widths) if self.beside else SYMBOLS + NUMBERS + 3 * RESULT
        missing += CHART_COLUMNS * COLUMN - sum(widths)
        chart = [GAP] + [COLUMN] * math.ceil(max(0.0, missing) / COLUMN)
        self.grid = Grid([*widths, *chart, COLUMN, *WORKINGS_WIDTHS])
        self.workings_column = self.page + len(chart) + 1
        self.lines_end = self._spans(1, 1, (SYMBOLS, NUMBERS, RESULT))[-1][1]
        self.largest = {name: max(trace.largest[name] for trace in traces) for name in traces[0].columns}

    def build(self, curves: Sequence[Curve]) -> SheetCells:
        """All parts; the cells."""
        self._head()
        lines = [line for block in self.blocks for group in block.groups for line in group.lines]
        of_updates = [name for line in lines if line.is_update for name in names(line.expression)]
        self.workings.lay_out(dict.fromkeys([*used(lines), *of_updates]))
        canvas, row = self._picture()
        self._chart(curves, row)
        for block in self.blocks:
            row = self._block(block, row + 2)
        self._page_setup(row)
        colour(self.sheet, canvas.scales)
        content = self.grid.content(self.sheet)
        self._hide_workings()
        return SheetCells(content.rows, content.range, "".join(xml(canvas.lines)))

    # ------------------------------------------------------------------------------------ the cells at the top

    def _head(self) -> None:
        """The title, the yellow cells, the hint, and the cells that find the step's row."""
        grid, looks = self.grid, self.looks
        self.sheet.freeze_panes = f"A{HINT_ROW + 1}"
        grid.put((TITLE_ROW, 1), looks.title, f"{self.experiment.name}: one step, number by number")
        grid.height(TITLE_ROW, 26)
        grid.height(CONTROL_ROW, 22)
        grid.height(HINT_ROW, 18)
        controls, count, after = self._controls()
        self.step = ChosenStep(self.traces, Place(*map(self._helper, range(len(HELPERS)))))
        self.workings = Workings(grid, self.step, self.spell, looks.working, PICTURE_ROW, self.workings_column + 1)
        self._find(controls)
        step, curve, last = self.step, self.system.curve, self.step.last_iteration()
        grid.span(*count, looks.beside, f"of 1 to {self.traces[0].iterations}", f'"of 1 to "&{last}')
        loss_label, loss = self._spans(CONTROL_ROW, after, (14.0, 14.0))
        grid.span(*loss_label, looks.control_label, f"{self.spell(curve)} =")
        form = number_format(self.largest[curve])
        self.loss = grid.span(*loss, looks.loss[form], step.value(curve), step.formula(curve))
        self._hint(controls)
        self._validate(
            controls.iteration, "whole", formula1="1", formula2=last, what="an iteration", of="1 to the last"
        )  # fmt: skip
        if controls.sheet:
            self._validate(controls.sheet, "list", formula1=self._list_of_sheets(), what="a sheet", of="in the list")
        if controls.sample:
            samples = self._list_of_samples()
            self._validate(controls.sample, "list", formula1=samples, what="a sample", of="of this iteration's batch")

    def _controls(self) -> tuple[_Controls, tuple[tuple[int, int], int], int]:
        """The yellow cells; what stands beside the iteration, and the first column after them. Online the iteration
        says which sample it takes; of a batch a reader chooses one."""
        grid, looks = self.grid, self.looks
        batches = self.traces[0].run.batches
        label, chosen, count = self._spans(CONTROL_ROW, 1, (11.0, 10.0, 12.0))
        grid.span(*label, looks.control_label, naming.ITERATION)
        iteration, sample, sheet = grid.span(*chosen, looks.control, 1), "", ""
        after = count[1] + 1
        if batches.samples > 1:
            spans = self._spans(CONTROL_ROW, after, (10.0, 8.0))
            grid.span(*spans[0], looks.control_label, naming.SAMPLE)
            first, row = next(self.traces[0].run.places())[1], self._helper(HELPERS.index("row"))
            if batches.several:
                sample = grid.span(*spans[1], looks.control, first)
            else:
                in_row = ChosenStep(self.traces, Place(*map(self._helper, range(len(HELPERS))))).sample(row)
                grid.span(*spans[1], looks.beside, first, in_row)
            after = spans[-1][1] + 1
        if len(self.traces) > 1:
            spans = self._spans(CONTROL_ROW, after, (16.0, 18.0))
            grid.span(*spans[0], looks.control_label, "learning rate")
            sheet = grid.span(*spans[1], looks.control, self.traces[0].title)
            after = spans[-1][1] + 1
        return _Controls(iteration, sample, sheet), count, after

    def _helper(self, number: int) -> str:
        """The cell of one of the HELPERS, among the workings."""
        return f"${get_column_letter(self.workings_column + number)}${HINT_ROW}"

    def _find(self, controls: _Controls) -> None:
        """The cells that find the step's row, and the list of the samples in the iteration's batch."""
        step, place, batches = self.step, self.step.place, self.traces[0].run.batches
        iteration, last = controls.iteration, self.step.last_iteration()
        number = f"IFERROR(MATCH({controls.sheet},{self._list_of_sheets()},0),1)" if controls.sheet else None
        in_batch = f"+IFERROR(MATCH({controls.sample},{self._list_of_samples()},0),1)-1" if controls.sample else ""
        found = {
            "sheet": (1.0, number),
            "shown": (1.0, f"IF(ISNUMBER({iteration}),MIN(MAX(1,INT({iteration})),{last}),1)"),
            "row": (1.0, f"{place.first}{in_batch}"),
            "first row": (1.0, step.find(place.iteration)),
            "rows": (float(batches.size), step.count(place.iteration)),
            "row before": (0.0, f"IF({place.iteration}=1,0,{step.find(f'MAX(1,{place.iteration}-1)')})"),
        }
        for index, (name, (value, formula)) in enumerate(found.items()):
            self.grid.put((CONTROL_ROW, self.workings_column + index), self.looks.working, name)
            self.grid.put((HINT_ROW, self.workings_column + index), self.looks.working, value, formula)
        if controls.sample:
            first_batch = next(batches.taken())
            for index, sample in enumerate(first_batch):
                in_row = f'IF({index}<{place.count},{step.sample(f"{place.first}+{index}")},"")'
                at = (PICTURE_ROW + len(self.traces) + 2 + index, self.workings_column)
                self.grid.put(at, self.looks.working, sample + 1, in_row)

    def _hint(self, controls: _Controls) -> None:
        """Says what to do, and what is shown where a cell holds what there is not."""
        place = self.step.place
        right = "Change a yellow cell: every number below follows."
        stopped = any(trace.run.divergence for trace in self.traces)
        said = f'"{right}"' + ("&" + self.step.of_runs(self._stop) if stopped else "")
        first = right + (self._stop(self.traces[0])[1:-1] if stopped else "")
        wrong = [("There is no such iteration here: ", controls.iteration, place.iteration)]
        if controls.sample:
            wrong.append(("No such sample in the batch: ", controls.sample, self.step.sample(place.row)))
        for words, chosen, shown in wrong:
            said = f'IF({chosen}={shown},{said},"{words}"&{shown}&" is shown.")'
        ((at, last),) = self._spans(HINT_ROW, 1, (62.0,))
        self.grid.span(at, last, self.looks.beside, first, said)

    def _stop(self, trace: TraceSheet) -> str:
        """Where a run stopped, as a text in a formula."""
        stop = trace.run.divergence
        if not stop:
            return '""'
        return f'" Stopped in iteration {stop.iteration}: {self.spell(stop.quantity)} has no finite value."'

    def _spans(self, row: int, first: int, widths: Sequence[float]) -> list[tuple[tuple[int, int], int]]:
        """Cells beside each other, at least so wide: each as its place and its last column."""
        spans = []
        for width in widths:
            last = self.grid.reach(first, width)
            spans.append(((row, first), last))
            first = last + 1
        return spans

    def _list_of_samples(self) -> str:
        """The cells that list the samples of the chosen iteration."""
        letter, first = get_column_letter(self.workings_column), PICTURE_ROW + len(self.traces) + 2
        return f"${letter}${first}:${letter}${first + self.traces[0].run.batches.size - 1}"

    def _list_of_sheets(self) -> str:
        """The cells that list the sheets to choose from."""
        letter = get_column_letter(self.workings_column)
        return f"${letter}${PICTURE_ROW + 1}:${letter}${PICTURE_ROW + len(self.traces)}"

    def _validate(self, cell: str, kind: str, what: str, of: str, **formulas: str) -> None:
        rule = DataValidation(type=kind, allow_blank=False, **formulas)
        rule.errorTitle, rule.error = "Not there", f"Choose {what} that there is: {of}."
        rule.showErrorMessage = True
        rule.add(cell.replace("$", ""))
        self.sheet.add_data_validation(rule)

    # ------------------------------------------------------------------------------------ the picture and the curve

    def _picture(self) -> tuple[Canvas, int]:
        """The picture of the model; what it needs beside cells, and its last row."""
        phases = self.traces[0].columns
        canvas = Canvas(self.grid, self.step, self.looks, self.spell, self.largest, phases)
        words = " of the chosen step: the larger a number, the stronger its colour; blue below 0, orange above"
        self._band(PICTURE_ROW, self.looks.picture_band, "The picture" + words, self.page)
        for row, trace in enumerate(self.traces, PICTURE_ROW + 1):
            self.grid.put((row, self.workings_column), self.looks.working, trace.title)
        return canvas, self.drawing.draw(canvas, PICTURE_ROW + 1)

    def _band(self, row: int, style: int, text: str, last: int) -> None:
        self.grid.span((row, 1), last, style, text)
        self.grid.height(row, 20)

    def _chart(self, curves: Sequence[Curve], row: int) -> None:
        """The loss curve with the chosen step marked: beside the picture, or below a wide one, beside the blocks."""
        mark = Mark(self.sheet.title, self.step.place.iteration, self.loss)
        chart = loss_chart(self.system.curve, curves, mark)
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
                where = self.traces[0].title if len(self.traces) == 1 else "its sheet"
                words = f"… and {group.left_out} lines more of the same kind: their numbers stand in {where}"
                self.grid.put((row, 1), self.looks.note, self.spell(words))
        return row

    def _line(self, block: Block, line: Line, row: int) -> None:
        """An equation in its three forms."""
        grid, looks = self.grid, self.looks
        (symbols, end), numbers, result = self._spans(row, 1, (SYMBOLS, NUMBERS, RESULT))
        words = self.traces[0].words[line.quantity]
        grid.span(symbols, end, looks.symbols[block.phase], words)
        grid.wrap(row, len(words), grid.width(1, end))
        template = line.template
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

    # ------------------------------------------------------------------------------------ the page

    def _page_setup(self, last: int) -> None:
        sheet = self.sheet
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_area = f"A1:{get_column_letter(self.workings_column - 1)}{last}"
        sheet.print_title_rows = f"{TITLE_ROW}:{CONTROL_ROW}"

    def _hide_workings(self) -> None:
        """Fold the workings away; a click on the + above them shows them."""
        first, last = self.workings_column, self.workings_column + len(WORKINGS_WIDTHS)
        for column in range(first, last + 1):
            dimension = self.sheet.column_dimensions[get_column_letter(column)]
            dimension.outlineLevel, dimension.hidden = 1, True
