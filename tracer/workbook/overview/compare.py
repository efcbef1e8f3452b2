"""The Compare sheet: charts of all losses, how fast each drops, and all of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.execution.runs import reached
from tracer.model import naming
from tracer.workbook.overview.losses import loss_charts
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import ETA_CELL, FIRST_ROW, TraceFormulas
from tracer.workbook.xlsx.limits import LAST_ROW
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import common_format

TITLE = "Compare"
WIDTHS = (25.0, 14.0, 19.0, 19.0, 19.0, 17.0, 17.0, 25.0)
"""Of the columns of the table, in characters; further ones are as wide as the third of them."""
CHART_ROW, HEAD_ROW = 3, 20
CHARTS = (f"A{CHART_ROW}", f"D{HEAD_ROW - 2}"), (f"E{CHART_ROW}", f"H{HEAD_ROW - 2}")
FRACTIONS = (0.1, 0.01)
"""Of the first loss; the table says after how many iterations each is reached."""
FAR = 10**9
"""More iterations than a sheet holds."""

Losses = Mapping[int, float]
"""By the number of the iteration."""


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Compare sheet and give its cells."""
    return _Builder(sheet, context).build()


class _Builder:
    """The sheet while it is laid out."""

    def __init__(self, sheet: Worksheet, context: Context) -> None:
        self.sheet, self.context, self.styles = sheet, context, context.styles
        self.traces, self.loss = context.traces, context.spell(context.system.curve)
        self.first = HEAD_ROW + len(self.traces) + 3
        numbers = sorted(set().union(*(trace.numbers for trace in self.traces)))[: LAST_ROW - self.first + 1]
        self.rows = {number: row for row, number in enumerate(numbers, self.first)}
        self.losses = [
            {number: loss for number, loss in zip(trace.numbers, trace.losses(), strict=True) if number in self.rows}
            for trace in self.traces
        ]
        self.form = self.styles.number[common_format(loss for losses in self.losses for loss in _ends(losses))]

    def build(self) -> SheetCells:
        """Lay out the sheet and give its cells."""
        sheet = self.sheet
        sheet.sheet_view.showGridLines = False
        last_column = max(len(self.traces) + 1, len(WIDTHS))
        for column in range(1, last_column + 1):
            width = WIDTHS[column - 1] if column <= len(WIDTHS) else WIDTHS[2]
            sheet.column_dimensions[get_column_letter(column)].width = width
        for number, trace in enumerate(self.traces, HEAD_ROW + 1):
            sheet._hyperlinks.append(Hyperlink(ref=f"A{number}", location=trace.reference(f"A{FIRST_ROW}")))
        left_out = loss_charts(sheet, self.context, CHARTS)
        set_up_page(sheet, title_rows=f"{self.first - 1}:{self.first - 1}")
        last = max(self.first + len(self.rows) - 1, self.first)
        return SheetCells(self._rows(left_out), f"A1:{get_column_letter(last_column)}{last}")

    # ---------------------------------------------------------------------------------------------------- rows

    def _rows(self, left_out: str) -> Iterator[bytes]:
        styles, loss, system = self.styles, self.loss, self.context.system
        yield row(1, [Cell("A", styles.title, f"{self.context.experiment.name}: the learning rates compared")], 26)
        words = f"Below the charts: iterations until {loss} drops to a fraction of its initial value, for every run."
        if system.several_samples and not system.batches.several:
            words += " It is the loss of the one sample of each iteration."
        yield row(2, [Cell("A", styles.subtitle, words)])
        if left_out:
            yield row(CHART_ROW, [Cell(CHARTS[1][0].rstrip("0123456789"), styles.subtitle, left_out)])
        falls = [f"iterations to {100 * fraction:g} %" for fraction in FRACTIONS]
        eta = self.context.spell(naming.ETA)
        heads = ["run", eta, f"first {loss}", f"last {loss}", f"least {loss}", *falls, "diverged"]
        yield row(HEAD_ROW, [self._at(column, styles.column_head, head) for column, head in enumerate(heads, 1)])
        for index, trace in enumerate(self.traces):
            yield row(HEAD_ROW + 1 + index, self._summary(index, trace))
        titles = [(naming.ITERATION, None), *((trace.title, trace.label) for trace in self.traces)]
        yield row(self.first - 1, [self._at(at, styles.column_head, *title) for at, title in enumerate(titles, 1)])
        yield from self._losses()

    def _at(self, column: int, style: int, value: float | str | None, formula: str | None = None) -> Cell:
        return Cell(get_column_letter(column), style, value, formula)

    def _summary(self, index: int, trace: TraceFormulas) -> list[Cell]:
        """How the loss of a run falls."""
        styles, losses, letter = self.styles, self.losses[index], get_column_letter(index + 2)
        cells = [
            Cell("A", styles.link, trace.title, trace.label),
            Cell("B", styles.centered, trace.run.hyper[naming.ETA], trace.reference(ETA_CELL)),
        ]
        if losses:
            first, last = self.rows[min(losses)], self.rows[max(losses)]
            formulas = f"{letter}{first}", f"{letter}{last}", f"MIN({letter}${first}:{letter}${last})"
            for at, value, formula in zip("CDE", _ends(losses), formulas, strict=True):
                cells.append(Cell(at, self.form, value, formula))
            cells += [
                self._reached(at, fraction, losses, letter, first, last)
                for at, fraction in zip("FG", FRACTIONS, strict=True)
            ]
        return [*cells, self._diverged(HEAD_ROW + 1 + index, trace, losses)]

    def _reached(self, at: str, fraction: float, losses: Losses, letter: str, first: int, last: int) -> Cell:
        """The first iteration whose loss is at most this fraction of the first one, in the rows from `first` on."""
        none = "not reached"
        place = reached([*losses.values()], fraction)
        found = [*losses][place - 1] if place else none
        rows, counts = (f"{column}${first}:{column}${last}" for column in (letter, "$A"))
        limit = f"{fraction:g}*{letter}${first}"
        above = f"{rows}>{limit}"
        if len(losses) <= last - first:  # an iteration that is kept of another run only
            above = f'(({above})+({rows}=""))>0'
        number = f"SUMPRODUCT(MIN({counts}+{FAR}*({above})))"
        cannot = f"OR({letter}${first}<=0,MIN({rows})>{limit})"
        formula = f'IFERROR(IF({cannot},"{none}",{number}),"{none}")'
        return Cell(at, self.styles.centered, found, formula)

    def _diverged(self, at: int, trace: TraceFormulas, losses: Losses) -> Cell:
        """Whether the run met a number that is not finite, or its loss grew; with other numbers than the config's,
        in the iterations that its sheet has."""
        column, stop, grew = trace.letters[self.context.system.curve], trace.run.divergence, "no, but the loss grew"
        last = FIRST_ROW + trace.run.complete - 1
        count = f"COUNT({trace.reference(f'{column}{FIRST_ROW}:{column}{last}')})"
        formula = f'IF({count}<{trace.run.complete},"yes",IF(D{at}>C{at},"{grew}","no"))' if losses else '"unknown"'
        if not stop:
            began, ended, _ = _ends(losses)
            return Cell("H", self.styles.centered, grew if ended > began else "no", formula)
        shown = f"yes: {self.context.spell(stop.quantity)} in iteration {stop.iteration}"
        return Cell("H", self.styles.centered_warning, shown, f'IF(A{at}="{trace.title}","{shown}",{formula})')

    def _losses(self) -> Iterator[bytes]:
        """A row an iteration: the loss of every run."""
        count = self.styles.centered
        runs = [
            (get_column_letter(index), trace, losses, self.styles.number[trace.form(self.context.system.curve)])
            for index, (trace, losses) in enumerate(zip(self.traces, self.losses, strict=True), 2)
        ]
        for iteration, number in self.rows.items():
            cells = [
                Cell(letter, style, losses[iteration], trace.loss_at(iteration))
                for letter, trace, losses, style in runs
                if iteration in losses
            ]
            yield row(number, [Cell("A", count, iteration), *cells])


def _ends(losses: Losses) -> Sequence[float]:
    """The first, the last and the least loss; none of no iteration."""
    return (losses[min(losses)], losses[max(losses)], min(losses.values())) if losses else ()
