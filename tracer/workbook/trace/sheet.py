"""The sheet of one run, from the top: title, η, the equations in words, the header, a row a step, the loss chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.execution.progress import Progress, counted
from tracer.explain.words import in_words
from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.formulas import (
    ETA_ROW,
    FIRST_ROW,
    HEADER_ROW,
    HYPER_COLUMN,
    TITLE_ROW,
    WORDS_ROW,
    Rows,
    TraceFormulas,
    leading,
)
from tracer.workbook.xlsx.charts import Curve, loss_chart
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import ITERATION_BEFORE, LAST_OF_BATCH, ROW_ABOVE, THIS_ROW, Cell, RowTemplate, row
from tracer.workbook.xlsx.styles import PLAIN, Styles, number_format

LEGEND_COLUMN = 8
"""Where the legend of the colours begins."""
NUMBER_WIDTH, DATA_WIDTH, WIDEST = 14.0, 10.0, 26.0
"""Column widths in characters."""
SMALL_CHARACTER, LINE_HEIGHT, MOST_LINES = 0.85, 12.0, 30
"""A character of the equations in words, in characters of the sheet; points to a line of them."""


@dataclass(slots=True)
class TraceSheet(TraceFormulas):
    """One run as a sheet; spell: how a name is written, as it is or in ASCII."""

    styles: Styles
    spell: Callable[[str], str]
    progress: Progress | None
    words: dict[str, str] = field(init=False)
    largest: dict[str, float] = field(init=False)
    widths: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        TraceFormulas.__post_init__(self)
        whole = self.run.complete
        self.largest = {name: max(map(abs, self.run[name][:whole]), default=0.0) for name in self.columns}
        self.words = {name: self.spell(text) for name, text in in_words(self.system).items()}
        self.widths = {name: self._width(name) for name in self.columns}

    def _width(self, name: str) -> float:
        """Wide enough for the numbers and for the longest word of the equation."""
        longest = max(len(self.spell(name)) + 2.0, SMALL_CHARACTER * max(map(len, self.words[name].split())) + 1)
        return min(WIDEST, max(DATA_WIDTH if self.columns[name] is Phase.DATA else NUMBER_WIDTH, longest))

    @property
    def last_row(self) -> int:
        return FIRST_ROW + len(self.run) - 1

    def curve(self, sheet: Worksheet) -> Curve:
        """The loss of this run, for a chart."""
        column = column_index_from_string(self.letters[self.system.curve])
        return Curve(self.title, sheet, column, FIRST_ROW, self.last_row, self.run.iterations)

    def build(self, sheet: Worksheet, curve: Curve) -> SheetCells:
        """Lay out the sheet, with a chart of the curve, and give its cells."""
        sheet.freeze_panes = f"{get_column_letter(len(leading(self.system)) + 1)}{FIRST_ROW}"
        sheet.sheet_view.zoomScale = 90
        sheet.column_dimensions["A"].width = DATA_WIDTH
        for name, width in self.widths.items():
            sheet.column_dimensions[self.letters[name]].width = width
        chart_row = self.last_row + 2
        sheet.add_chart(loss_chart(self.system.curve, [curve]), f"B{chart_row}")
        sheet._hyperlinks.append(Hyperlink(ref=f"H{TITLE_ROW}", location=self.reference(f"B{chart_row}")))
        last = max(len(self.columns) + len(leading(self.system)), HYPER_COLUMN + max(2 * len(self.system.hyper), 1) - 1)
        return SheetCells(self._rows(), f"A1:{get_column_letter(last)}{self.last_row}")

    # ---------------------------------------------------------------------------------------------------- rows

    def _rows(self) -> Iterator[str]:
        yield from self._head()
        run, batches = self.run, self.run.batches
        yield self._row_by_cell(0)
        begin, go_on = (RowTemplate(self._template(begins)) for begins in (True, False))
        several = len(leading(self.system)) > 1
        steps = counted(run.steps(self.columns, 1, run.complete), self.progress)
        first, current = FIRST_ROW, 1
        for number, ((iteration, sample), step) in enumerate(zip(run.places(1), steps, strict=False), FIRST_ROW + 1):
            values = (iteration, sample, *step) if several else (iteration, *step)
            if iteration == current:
                yield go_on.fill(values, number, number - 1)
                continue
            last = FIRST_ROW + batches.first_row(iteration) - 1 if batches.several else number
            yield begin.fill(values, number, number - 1, first, last)
            first, current = number, iteration
        for index in range(max(run.complete, 1), len(run)):
            yield self._row_by_cell(index)

    def _head(self) -> Iterator[str]:
        styles, run = self.styles, self.run
        yield row(TITLE_ROW, self._title_cells(), 24)
        rate = [Cell("B", styles.eta, value, self.given(self.hyper_cells[name])) for name, value in run.hyper.items()]
        if naming.ETA in self.columns:
            rate = [Cell("B", styles.eta, self.spell(naming.SCHEDULE))]
        label = [Cell("A", styles.eta_label, self.spell(f"{naming.ETA} ="))] if rate else []
        shown = [phase for phase in Phase if phase in self.columns.values()]
        legend = [
            Cell(get_column_letter(index), styles.header[phase], str(phase))
            for index, phase in enumerate(shown, LEGEND_COLUMN)
        ]
        hyper = [
            cell
            for index, (name, value) in enumerate(self.system.hyper.items())
            for label in [self.spell(f"{naming.label(name)} =")]
            for cell in (
                Cell(get_column_letter(HYPER_COLUMN + 2 * index), styles.eta_label, label),
                Cell(get_column_letter(HYPER_COLUMN + 2 * index + 1), styles.eta, value,
                     self.given(self.hyper_cells[name])),
            )
        ]  # fmt: skip
        yield row(
            ETA_ROW,
            [
                *label,
                *rate,
                Cell("C", styles.warning if run.divergence else styles.subtitle, self._hint()),
                *legend,
                *hyper,
            ],
            20,
        )
        lines = max(SMALL_CHARACTER * len(text) / self.widths[name] for name, text in self.words.items())
        yield row(
            WORDS_ROW,
            [Cell(self.letters[name], self.styles.words[self._kind(name)], text) for name, text in self.words.items()],
            LINE_HEIGHT * min(int(lines) + 2, MOST_LINES),
        )
        leads = zip("AB", leading(self.system), strict=False)
        lead = [Cell(letter, styles.header[Phase.DATA], name) for letter, name in leads]
        header = [Cell(self.letters[name], styles.header[self._kind(name)], self.spell(name)) for name in self.columns]
        yield row(HEADER_ROW, [*lead, *header], 18)

    def _title_cells(self) -> list[Cell]:
        return [Cell("A", self.styles.title, self.experiment.name), Cell("H", self.styles.link, "go to the chart")]

    def _hint(self) -> str:
        stop = self.run.divergence
        if stop:
            return f"Stopped in iteration {stop.iteration}: {self.spell(stop.quantity)} has no finite value."
        what = "the yellow cell" if self.run.hyper else "a yellow cell or a blue number"
        return f"Change {what}: every number below follows."

    def _template(self, begins: bool) -> list[Cell]:
        """The cells of a row that begins an iteration, or goes on with one."""
        plain = self.styles.value(Phase.DATA, PLAIN)
        lead = [Cell(letter, plain) for letter, _ in zip("AB", leading(self.system), strict=False)]
        rows = Rows(THIS_ROW, ROW_ABOVE, ITERATION_BEFORE if self.run.batches.several else ROW_ABOVE, LAST_OF_BATCH)
        return lead + [self._cell(name, None, self.formula(name, rows, begins)) for name in self.columns]

    def _row_by_cell(self, index: int) -> str:
        """A row by itself: the first one, or one of a run that diverged in it, with what could be computed."""
        rows, begins, lead = self._place(index)
        cells = [
            self._cell(name, value, self.formula(name, rows, begins, index == 0))
            for name, value in self.run.step(index).items()
            if value == value and name in self.columns
        ]
        return row(FIRST_ROW + index, [*lead, *cells])

    def _place(self, index: int) -> tuple[Rows, bool, list[Cell]]:
        """The rows that a step's formulas refer to, whether it begins an iteration, and its leading cells."""
        batches, number = self.run.batches, FIRST_ROW + index
        iteration = batches.iteration(index)
        first = batches.first_row(iteration)
        before = FIRST_ROW + batches.first_row(iteration - 1) if iteration else 0
        last = min(FIRST_ROW + batches.first_row(iteration + 1) - 1, self.last_row)
        leads = zip("AB", next(self.run.places(index)), leading(self.system), strict=False)
        lead = [Cell(letter, self.styles.value(Phase.DATA, PLAIN), value) for letter, value, _ in leads]
        return Rows(number, number - 1, before, last), index == first, lead

    # --------------------------------------------------------------------------------------------------- cells

    def _cell(self, name: str, value: float | None, formula: str | None) -> Cell:
        return Cell(
            self.letters[name],
            self.styles.value(self._kind(name), self.form(name), given=formula is None),
            value,
            formula,
        )

    def _kind(self, name: str) -> str:
        return "total" if name == self.system.loss else str(self.columns[name])

    def form(self, name: str) -> str:
        """The number format of a quantity's column."""
        if self.columns[name] is Phase.DATA:
            return PLAIN
        return number_format(self.largest[name])
