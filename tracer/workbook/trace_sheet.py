"""The sheet of one run, from the top: title, η, the equations in words, the header, a row a step, the loss chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer import naming
from tracer.engine import Run, holds_anywhere
from tracer.expansion import expand, far_conditions
from tracer.experiment import Experiment
from tracer.expression import ZERO, Expression, Name, replace
from tracer.notation import render
from tracer.notation.excel import EXCEL
from tracer.notation.text import in_words
from tracer.progress import Progress, counted
from tracer.system import Phase, System
from tracer.workbook.charts import Curve, loss_chart
from tracer.workbook.names import reference
from tracer.workbook.package import SheetCells
from tracer.workbook.sheetdata import ROW_ABOVE, THIS_ROW, Cell, RowTemplate, row
from tracer.workbook.styles import FIXED, PLAIN, SCIENTIFIC, Styles

LEGEND_COLUMN, HYPER_COLUMN = 8, 15
"""Where the legend of the colours begins, and the optimizer's numbers, a label and a cell each."""
TITLE_ROW, ETA_ROW, WORDS_ROW, HEADER_ROW, FIRST_ROW = 1, 2, 3, 4, 5
ETA_CELL = f"$B${ETA_ROW}"
LAST_ROW = 1_048_576
"""The last row of a sheet (Microsoft, "Excel specifications and limits")."""
NUMBER_WIDTH, DATA_WIDTH, WIDEST = 14.0, 10.0, 26.0
"""Column widths in characters."""
SMALL_CHARACTER, LINE_HEIGHT, MOST_LINES = 0.85, 12.0, 30
"""A character of the equations in words, in characters of the sheet; points to a line of them."""
SMALL, LARGE = 1e-3, 100.0
"""A column that never reaches the first, or reaches the second, is shown in powers of ten."""


def number_format(largest: float) -> str:
    """How numbers up to this magnitude are shown."""
    return FIXED if largest == 0 or SMALL <= largest < LARGE else SCIENTIFIC


def longest_formula(system: System) -> int:
    """The characters of the longest formula in the last row that a sheet can have."""
    letters = {name: get_column_letter(index) for index, name in enumerate(system.columns(), 2)}

    def cell(name: Name) -> str:
        return f"{letters.get(name.name, ETA_CELL)}{LAST_ROW}"

    return max(len(render(expand(equation.expression, far=True), EXCEL, cell)) for equation in system.equations)


@dataclass(slots=True)
class TraceSheet:
    """One run as a sheet. The columns are the system's, after the iteration in column A.

    title: the sheet's name. spell: how a name is written, as it is or in ASCII.
    """

    title: str
    experiment: Experiment
    system: System
    run: Run
    styles: Styles
    spell: Callable[[str], str]
    progress: Progress | None
    columns: dict[str, Phase] = field(init=False)
    letters: dict[str, str] = field(init=False)
    formulas: dict[str, Expression] = field(init=False)
    words: dict[str, str] = field(init=False)
    hyper_cells: dict[str, str] = field(init=False)
    constants: dict[str, float] = field(init=False)
    largest: dict[str, float] = field(init=False)
    widths: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = self.system.columns()
        self.letters = {name: get_column_letter(index) for index, name in enumerate(self.columns, 2)}
        self.formulas = {
            equation.quantity: expand(equation.expression, far=self._goes_far(equation.expression))
            for equation in self.system.equations
        }
        self.hyper_cells = {naming.ETA: ETA_CELL}
        for index, name in enumerate(self.system.hyper):
            self.hyper_cells[name] = f"${get_column_letter(HYPER_COLUMN + 2 * index + 1)}${ETA_ROW}"
        self.constants = {naming.ETA: self.run.learning_rate, **self.system.hyper}
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

    @property
    def iterations(self) -> int:
        """How many iterations have all their values."""
        return self.run.complete

    def row_of(self, iteration: int) -> int:
        """The first row of an iteration."""
        return FIRST_ROW + iteration - 1

    def reference(self, cell: str) -> str:
        """A cell of this sheet, as other sheets refer to it."""
        return reference(self.title, cell)

    def curve(self, sheet: Worksheet) -> Curve:
        """The loss of this run, for a chart."""
        column = list(self.columns).index(self.system.loss) + 2
        return Curve(self.title, sheet, column, FIRST_ROW, self.last_row, len(self.run))

    def build(self, sheet: Worksheet, curve: Curve) -> SheetCells:
        """Lay out the sheet, with a chart of the curve, and give its cells."""
        sheet.freeze_panes = f"B{FIRST_ROW}"
        sheet.sheet_view.zoomScale = 90
        sheet.column_dimensions["A"].width = DATA_WIDTH
        for name, width in self.widths.items():
            sheet.column_dimensions[self.letters[name]].width = width
        chart_row = self.last_row + 2
        sheet.add_chart(loss_chart(self.system.loss, [curve]), f"B{chart_row}")
        sheet._hyperlinks.append(Hyperlink(ref=f"H{TITLE_ROW}", location=self.reference(f"B{chart_row}")))
        last = max(len(self.columns) + 1, HYPER_COLUMN + max(2 * len(self.system.hyper), 1) - 1)
        return SheetCells(self._rows(), f"A1:{get_column_letter(last)}{self.last_row}")

    # ---------------------------------------------------------------------------------------------------- rows

    def _rows(self) -> Iterator[str]:
        yield from self._head()
        step_cells = self._first_step()
        yield row(FIRST_ROW, (Cell("A", self.styles.value(Phase.DATA, PLAIN), 1), *step_cells))
        template = RowTemplate([Cell("A", self.styles.value(Phase.DATA, PLAIN)), *self._step_template()])
        steps = counted(self.run.steps(self.columns, 1, self.run.complete), self.progress)
        yield from template.fill(FIRST_ROW + 1, ((number, *step) for number, step in enumerate(steps, 2)))
        if 1 <= self.run.complete < len(self.run):
            yield self._broken_off(len(self.run) - 1)

    def _head(self) -> Iterator[str]:
        styles, run = self.styles, self.run
        yield row(
            TITLE_ROW, [Cell("A", styles.title, self.experiment.name), Cell("H", styles.link, "go to the chart")], 24
        )
        hint = "Change the yellow cell: every number below follows."
        if run.divergence:
            quantity = self.spell(run.divergence.quantity)
            hint = f"Stopped in iteration {run.divergence.iteration}: {quantity} has no finite value."
        shown = [phase for phase in Phase if phase in self.columns.values()]
        legend = [
            Cell(get_column_letter(index), styles.header[phase], str(phase))
            for index, phase in enumerate(shown, LEGEND_COLUMN)
        ]
        hyper = [
            cell
            for index, (name, value) in enumerate(self.system.hyper.items())
            for cell in (
                Cell(get_column_letter(HYPER_COLUMN + 2 * index), styles.eta_label, f"{naming.label(name)} ="),
                Cell(get_column_letter(HYPER_COLUMN + 2 * index + 1), styles.eta, value),
            )
        ]
        yield row(
            ETA_ROW,
            [
                Cell("A", styles.eta_label, self.spell(f"{naming.ETA} =")),
                Cell("B", styles.eta, run.learning_rate),
                Cell("C", styles.warning if run.divergence else styles.subtitle, hint),
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
        header = [Cell(self.letters[name], styles.header[self._kind(name)], self.spell(name)) for name in self.columns]
        yield row(HEADER_ROW, [Cell("A", styles.header[Phase.DATA], naming.ITERATION), *header], 18)

    def _first_step(self) -> Iterator[Cell]:
        values = self.run.step(0)
        for name in self.columns:
            if values[name] == values[name]:
                yield self._cell(name, values[name], self._formula(name, FIRST_ROW, first=True))

    def _step_template(self) -> list[Cell]:
        return [self._cell(name, None, self._formula(name, THIS_ROW, ROW_ABOVE)) for name in self.columns]

    def _broken_off(self, index: int) -> str:
        """The last row of a run that diverged: what could be computed."""
        number = FIRST_ROW + index
        values = self.run.step(index)
        cells = [
            self._cell(name, values[name], self._formula(name, number, number - 1))
            for name in self.columns
            if values[name] == values[name]
        ]
        return row(number, [Cell("A", self.styles.value(Phase.DATA, PLAIN), index + 1), *cells])

    # --------------------------------------------------------------------------------------------------- cells

    def _cell(self, name: str, value: float | None, formula: str | None) -> Cell:
        return Cell(
            self.letters[name],
            self.styles.value(self._kind(name), self.form(name), given=formula is None),
            value,
            formula,
        )

    def _formula(self, name: str, this: int | str, above: int | str = "", first: bool = False) -> str | None:
        """The formula of a quantity in a row; None where the value is given."""

        def cell(reference: Name) -> str:
            if reference.name in self.hyper_cells:
                return self.hyper_cells[reference.name]
            letter = "A" if reference.name == naming.COUNT else self.letters[reference.name]
            return f"{letter}{above if reference.lag else this}"

        if name in self.formulas:
            formula = self.formulas[name]
            if first:  # what the optimizer remembers starts from 0
                formula = replace(formula, {Name(state, lag=1): ZERO for state in self.system.states})
            return render(formula, EXCEL, cell)
        if first:
            return None
        if name in self.system.updates:
            return render(self.system.updates[name], EXCEL, cell)
        return f"{self.letters[name]}{above}"

    def _goes_far(self, expression: Expression) -> bool:
        """Whether a plain formula would overflow somewhere in this run."""
        return any(holds_anywhere(condition, self.run) for condition in far_conditions(expression))

    def _kind(self, name: str) -> str:
        return "total" if name == self.system.loss else str(self.columns[name])

    def form(self, name: str) -> str:
        """The number format of a quantity's column."""
        if self.columns[name] is Phase.DATA:
            return PLAIN
        return number_format(self.largest[name])
