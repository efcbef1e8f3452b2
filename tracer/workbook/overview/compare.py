"""The Compare sheet: the losses of all learning rates side by side, how soon each drops, and one chart of them.

The chart draws cells of its own, folded away at the right, which follow a yellow cell: the losses, or their logarithms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import ETA_CELL, FIRST_ROW, TraceFormulas
from tracer.workbook.xlsx.charts import Curve, every, loss_chart, thinned
from tracer.workbook.xlsx.limits import LAST_ROW
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import fold, set_up_page
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import PLAIN, WARNING, font, number_format

TITLE = "Compare"
TITLE_ROW, HEAD_ROW = 1, 3
WIDTHS = (16.0, 18.0, 16.0, 16.0, 16.0, 18.0, 18.0, 30.0)
"""Of the columns of the table, in characters; further ones are as wide as the narrowest of them."""
FRACTIONS = (0.1, 0.01)
"""Of the first loss; the table says after how many iterations each is reached."""
LINEAR, LOGARITHM = "the losses", "their logarithms"
MOST_RUNS = 250
"""That are compared; a chart has no more lines, and the Summary sheet lists all."""
MOST_POINTS = 1_000
"""Of a curve in the chart."""
FAR = 10**9
"""More iterations than a sheet holds."""
CHART_ROWS = 22
"""What the chart covers, above the losses."""


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Compare sheet and give its cells."""
    return _Builder(sheet, context).build()


class _Builder:
    """The sheet while it is laid out."""

    def __init__(self, sheet: Worksheet, context: Context) -> None:
        self.sheet, self.system, self.styles, self.spell = sheet, context.system, context.styles, context.spell
        self.traces, self.name = context.traces[:MOST_RUNS], context.experiment.name
        styles, traces = self.styles, self.traces
        self.axis_row = HEAD_ROW + len(traces) + 2
        self.first = self.axis_row + 3 + CHART_ROWS
        self.longest = max(traces, key=lambda trace: trace.iterations)
        self.drawn = thinned(self.shown(self.longest), MOST_POINTS)
        center = Alignment(horizontal="center")
        self.label = styles.look(font=font(bold=True), alignment=Alignment(horizontal="right", indent=1))
        self.centered = styles.look(alignment=center)
        self.warning = styles.look(font=font(bold=True, color=WARNING), alignment=center)

    def shown(self, trace: TraceFormulas) -> int:
        """How many iterations of a run there is room for."""
        return min(trace.iterations, LAST_ROW - self.first + 1)

    @property
    def axis(self) -> str:
        """The yellow cell that says what the chart draws."""
        return f"$B${self.axis_row}"

    @property
    def drawn_column(self) -> int:
        """The first of the columns that the chart draws."""
        return max(len(self.traces) + 1, len(WIDTHS)) + 2

    def build(self) -> SheetCells:
        """Lay out the sheet and give its cells."""
        sheet = self.sheet
        sheet.sheet_view.showGridLines = False
        sheet.freeze_panes = "B1"
        last_column = self.drawn_column + len(self.traces)
        for column in range(1, last_column + 1):
            dimension = sheet.column_dimensions[get_column_letter(column)]
            dimension.width = WIDTHS[column - 1] if column <= len(WIDTHS) else min(WIDTHS)
        fold(sheet, range(self.drawn_column, last_column + 1))
        for number, trace in enumerate(self.traces, HEAD_ROW + 1):
            sheet._hyperlinks.append(Hyperlink(ref=f"A{number}", location=trace.reference(f"A{FIRST_ROW}")))
        choice = DataValidation(type="list", formula1=f'"{LINEAR},{LOGARITHM}"', allow_blank=False)
        choice.add(self.axis.replace("$", ""))
        sheet.add_data_validation(choice)
        self._chart()
        set_up_page(sheet, title_rows=f"{self.first - 1}:{self.first - 1}")
        last = max(self.first + self.shown(self.longest) - 1, self.first)
        return SheetCells(self._rows(), f"A1:{get_column_letter(last_column)}{last}")

    def _chart(self) -> None:
        curves = [
            Curve(
                trace.title, TITLE, self.drawn_column + index, self.first, self._drawn_last(trace),
                self.shown(trace), self.drawn_column, every(self.drawn),
            )
            for index, trace in enumerate(self.traces, 1)
            if self.shown(trace)
        ]  # fmt: skip
        if not curves:
            return
        chart = loss_chart(self.system.curve, curves)
        chart.y_axis.title = f"{self.spell(self.system.curve)}, or its logarithm to base 10"
        chart.visible_cells_only = False
        self.sheet.add_chart(chart, f"A{self.axis_row + 2}")

    def _drawn_last(self, trace: TraceFormulas) -> int:
        return self.first + sum(iteration <= self.shown(trace) for iteration in self.drawn) - 1

    # ---------------------------------------------------------------------------------------------------- rows

    def _rows(self) -> Iterator[str]:
        styles = self.styles
        yield row(TITLE_ROW, [Cell("A", styles.title, f"{self.name}: the learning rates compared")], 26)
        loss = self.spell(self.system.curve)
        words = f"Iterations until {loss} drops to a fraction of its initial value, for every learning rate."
        if self.system.several_samples and not self.system.batches.several:
            words += " It is the loss of the one sample of each iteration."
        yield row(TITLE_ROW + 1, [Cell("A", styles.subtitle, words)], 18)
        falls = [f"iterations to {100 * fraction:g} %" for fraction in FRACTIONS]
        heads = ["sheet", self.spell(naming.ETA), f"first {loss}", f"last {loss}", f"least {loss}", *falls, "diverged"]
        yield row(HEAD_ROW, [self._at(column, styles.column_head, head) for column, head in enumerate(heads, 1)])
        for number, (index, trace) in enumerate(enumerate(self.traces, 2), HEAD_ROW + 1):
            yield row(number, self._summary(trace, get_column_letter(index)))
        hint = "Choose what the chart draws: the losses, or their logarithms."
        cells = [
            Cell("A", self.label, "the chart draws"),
            Cell("B", styles.eta, LINEAR),
            Cell("C", styles.subtitle, hint),
        ]
        yield row(self.axis_row, cells, 20)
        titles = [naming.ITERATION, *(trace.title for trace in self.traces)]
        drawn = enumerate(titles, self.drawn_column)
        head = [self._at(column, styles.column_head, title) for column, title in enumerate(titles, 1)]
        yield row(self.first - 1, [*head, *(self._at(column, styles.column_head, title) for column, title in drawn)])
        yield from self._losses()

    def _at(self, column: int, style: int, value: float | str | None, formula: str | None = None) -> Cell:
        return Cell(get_column_letter(column), style, value, formula)

    def _summary(self, trace: TraceFormulas, letter: str) -> list[Cell]:
        """How the loss of a run, in the column `letter`, falls."""
        styles = self.styles
        cells = [
            Cell("A", styles.link, trace.title),
            Cell("B", self.centered, trace.run.hyper[naming.ETA], trace.reference(ETA_CELL)),
        ]
        losses = trace.losses()[: self.shown(trace)]
        if losses:
            last = self.first + len(losses) - 1
            rows = f"{letter}${self.first}:{letter}${last}"
            values = [
                ("C", losses[0], f"{letter}{self.first}"),
                ("D", losses[-1], f"{letter}{last}"),
                ("E", min(losses), f"MIN({rows})"),
            ]
            cells += [Cell(at, styles.number[number_format(abs(value))], value, of) for at, value, of in values]
            cells += [
                self._reached(at, fraction, losses, letter, last) for at, fraction in zip("FG", FRACTIONS, strict=True)
            ]
        return [*cells, self._diverged(trace, losses)]

    def _reached(self, at: str, fraction: float, losses: Sequence[float], letter: str, last: int) -> Cell:
        """The first iteration whose loss is at most this fraction of the first one."""
        none = "not reached"
        found: int | str = none
        if losses[0] > 0:
            found = next((number for number, loss in enumerate(losses, 1) if loss <= fraction * losses[0]), none)
        rows, counts = (f"{column}${self.first}:{column}${last}" for column in (letter, "$A"))
        limit = f"{fraction:g}*{letter}${self.first}"
        first = f"SUMPRODUCT(MIN({counts}+{FAR}*({rows}>{limit})))"
        cannot = f"OR({letter}${self.first}<=0,MIN({rows})>{limit})"
        formula = f'IFERROR(IF({cannot},"{none}",{first}),"{none}")'
        return Cell(at, self.centered, found, formula)

    def _diverged(self, trace: TraceFormulas, losses: Sequence[float]) -> Cell:
        """Whether the run met a number that is not finite, or its loss grew."""
        if stop := trace.run.divergence:
            return Cell("H", self.warning, f"yes: {self.spell(stop.quantity)} in iteration {stop.iteration}")
        column = trace.letters[self.system.curve]
        count = f"COUNT({trace.reference(f'{column}{FIRST_ROW}:{column}{trace.last_row}')})"
        grew = "no, but the loss grew"
        shown = grew if losses[-1] > losses[0] else "no"
        at = HEAD_ROW + 1 + list(self.traces).index(trace)
        formula = f'IF({count}<{len(trace.run)},"yes",IF(D{at}>C{at},"{grew}","no"))'
        return Cell("H", self.centered, shown, formula)

    def _losses(self) -> Iterator[str]:
        """A row an iteration: the loss of every run; beside the first ones what the chart draws."""
        count = self.styles.number[PLAIN]
        runs = [
            (get_column_letter(index), trace, trace.losses(), self.styles.number[trace.form(self.system.curve)])
            for index, trace in enumerate(self.traces, 2)
        ]
        for iteration in range(1, self.shown(self.longest) + 1):
            cells = [Cell("A", count, iteration)]
            cells += [
                Cell(letter, style, values[iteration - 1], trace.loss_at(iteration))
                for letter, trace, values, style in runs
                if iteration <= self.shown(trace)
            ]
            if iteration <= len(self.drawn):
                cells += self._drawn(self.drawn[iteration - 1], runs)
            yield row(self.first + iteration - 1, cells)

    def _drawn(self, iteration: int, runs: Sequence[tuple[str, TraceFormulas, list[float], int]]) -> Iterator[Cell]:
        """What the chart draws of an iteration."""
        at = self.first + iteration - 1
        yield self._at(self.drawn_column, self.styles.number[PLAIN], iteration, f"A{at}")
        for column, (letter, trace, values, style) in enumerate(runs, self.drawn_column + 1):
            if iteration <= self.shown(trace):
                log = f"IF({letter}{at}>0,LOG10({letter}{at}),NA())"
                formula = f'IF({self.axis}="{LOGARITHM}",{log},{letter}{at})'
                yield self._at(column, style, values[iteration - 1], formula)
