"""The sheet of one run, from the top: title, η, the equations in words, the header, a row a step, the loss chart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer import naming
from tracer.batches import REDUCTIONS
from tracer.expansion import expand, far_conditions
from tracer.experiment import Experiment
from tracer.expression import MUL, POW, ZERO, Call, Expression, Name, Number, names, replace
from tracer.notation import render
from tracer.notation.excel import EXCEL
from tracer.notation.text import in_words
from tracer.numeric import compiled
from tracer.progress import Progress, counted
from tracer.runs import Run, holds_anywhere
from tracer.system import Phase, System
from tracer.workbook.charts import Curve, loss_chart
from tracer.workbook.data_sheet import lookup
from tracer.workbook.names import reference
from tracer.workbook.package import SheetCells
from tracer.workbook.sheetdata import ITERATION_BEFORE, LAST_OF_BATCH, ROW_ABOVE, THIS_ROW, Cell, RowTemplate, row
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
TINY, PRODUCTS = 1e-290, (2.0, 3.0, 4.0)
"""Powers below this are no longer exact, and these exponents can be written as products."""
SMALL, LARGE = 1e-3, 100.0
"""A column that never reaches the first, or reaches the second, is shown in powers of ten."""


def number_format(largest: float) -> str:
    """How numbers up to this magnitude are shown."""
    return FIXED if largest == 0 or SMALL <= largest < LARGE else SCIENTIFIC


def leading(system: System) -> list[str]:
    """What the columns in front of the quantities hold: the iteration, and the sample where there are several."""
    return [naming.ITERATION, naming.SAMPLE] if len(system.samples) > 1 else [naming.ITERATION]


def deepest_formula(system: System) -> int:
    """How many functions stand in each other at most."""

    def depth(expression: Expression) -> int:
        if not isinstance(expression, Call):
            return 0
        return max(map(depth, expression.args), default=0) + (expression.function.name not in EXCEL.operators)

    return max(depth(expand(equation.expression, far=True)) for equation in system.equations)


def longest_formula(system: System) -> int:
    """The characters of the longest formula in the last row that a sheet can have."""
    letters = {name: get_column_letter(index) for index, name in enumerate(system.columns(), len(leading(system)) + 1)}

    def cell(name: Name) -> str:
        reference = f"{letters.get(name.name, ETA_CELL)}{LAST_ROW}"
        return f"{reference}:{reference}" if name.batch else reference

    return max(len(render(expand(equation.expression, far=True), EXCEL, cell)) for equation in system.equations)


@dataclass(frozen=True, slots=True)
class Rows:
    """Row numbers, or marks of a RowTemplate for them: this one, the one above, the first one of the iteration before,
    the last one of this iteration."""

    this: int | str
    above: int | str
    before: int | str
    last: int | str


@dataclass(slots=True)
class TraceSheet:
    """One run as a sheet. The columns are the system's, after the iteration in column A and the sample in column B,
    where there are several.

    title: the sheet's name. spell: how a name is written, as it is or in ASCII. given_by: the sheet of the same form
    that holds the given numbers, where this one does not.
    """

    title: str
    experiment: Experiment
    system: System
    run: Run
    styles: Styles
    spell: Callable[[str], str]
    progress: Progress | None
    given_by: str | None = None
    columns: dict[str, Phase] = field(init=False)
    letters: dict[str, str] = field(init=False)
    formulas: dict[str, Expression] = field(init=False)
    updates: dict[str, Expression] = field(init=False)
    nothing_before: dict[Expression, Expression] = field(init=False)
    words: dict[str, str] = field(init=False)
    hyper_cells: dict[str, str] = field(init=False)
    constants: dict[str, float] = field(init=False)
    largest: dict[str, float] = field(init=False)
    widths: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = self.system.columns()
        first = len(leading(self.system)) + 1
        self.letters = {name: get_column_letter(index) for index, name in enumerate(self.columns, first)}
        # an update spells its reduction out, as in a sheet made by hand
        reduced: dict[Expression, Expression] = {
            Name(equation.quantity, lag=1): replace(equation.expression, {n: Name(n.name, 1, True)})
            for equation in self.system.equations
            if equation.phase is Phase.BATCH
            for n in names(equation.expression)
        }
        self.updates = {name: replace(update, reduced) for name, update in self.system.updates.items()}
        self.nothing_before = {Name(state, lag=1): ZERO for state in self.system.states}
        self.hyper_cells = {} if naming.ETA in self.columns else {naming.ETA: ETA_CELL}
        for index, name in enumerate(self.system.hyper):
            self.hyper_cells[name] = f"${get_column_letter(HYPER_COLUMN + 2 * index + 1)}${ETA_ROW}"
        self.constants = dict(self.system.hyper)
        if self.run.learning_rate is not None:
            self.constants[naming.ETA] = self.run.learning_rate
        whole = self.run.complete
        self.formulas = {e.quantity: self._written(e.expression) for e in self.system.equations}
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
        return self.run.batches.iteration(self.run.complete)

    def row_of(self, iteration: int) -> int:
        """The first row of an iteration."""
        return FIRST_ROW + self.run.batches.first_row(iteration - 1)

    def losses(self) -> list[float]:
        """The loss of every whole iteration, as the charts show it."""
        values = self.run[self.system.curve]
        return [values[self.row_of(iteration) - FIRST_ROW] for iteration in range(1, self.iterations + 1)]

    def reference(self, cell: str) -> str:
        """A cell of this sheet, as other sheets refer to it."""
        return reference(self.title, cell)

    def over(self, letter: str, steps: range) -> str:
        """The formula of a column's value over some steps, reduced as in a batch, for other sheets."""
        first, last = FIRST_ROW + steps.start, FIRST_ROW + steps.stop - 1
        if first == last:
            return self.reference(f"{letter}{first}")
        values = Name(self.reference(f"{letter}{first}:{letter}{last}"))
        return render(Call(REDUCTIONS[self.run.batches.reduction], (values,)), EXCEL, lambda name: name.name)

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
        rate = Cell("B", styles.eta, self.spell(naming.SCHEDULE))
        if run.learning_rate is not None:
            rate = Cell("B", styles.eta, run.learning_rate, self._given(ETA_CELL))
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
                     self._given(self.hyper_cells[name])),
            )
        ]  # fmt: skip
        yield row(
            ETA_ROW,
            [
                Cell("A", styles.eta_label, self.spell(f"{naming.ETA} =")),
                rate,
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
        what = "the yellow cell" if self.run.learning_rate is not None else "a yellow cell or a blue number"
        return f"Change {what}: every number below follows."

    def _given(self, cell: str) -> str | None:
        """The formula of a given number; None where it stands here."""
        return reference(self.given_by, cell) if self.given_by else None

    def _template(self, begins: bool) -> list[Cell]:
        """The cells of a row that begins an iteration, or goes on with one."""
        plain = self.styles.value(Phase.DATA, PLAIN)
        lead = [Cell(letter, plain) for letter, _ in zip("AB", leading(self.system), strict=False)]
        rows = Rows(THIS_ROW, ROW_ABOVE, ITERATION_BEFORE if self.run.batches.several else ROW_ABOVE, LAST_OF_BATCH)
        return lead + [self._cell(name, None, self._formula(name, rows, begins)) for name in self.columns]

    def _row_by_cell(self, index: int) -> str:
        """A row by itself: the first one, or one of a run that diverged in it, with what could be computed."""
        rows, begins, lead = self._place(index)
        cells = [
            self._cell(name, value, self._formula(name, rows, begins, index == 0))
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

    def _formula(self, name: str, rows: Rows, begins: bool, first: bool = False) -> str | None:
        """The formula of a quantity in a row; None where the value is given. begins: whether the row is the first one
        of its iteration. first: whether it is the first one of the sheet."""

        def cell(reference: Name) -> str:
            if reference.name in self.hyper_cells:
                return self.hyper_cells[reference.name]
            letter = "A" if reference.name == naming.COUNT else self.letters[reference.name]
            begin, end = (rows.before, rows.above) if reference.lag else (rows.this, rows.last)
            return f"{letter}{begin}:{letter}{end}" if reference.batch else f"{letter}{begin}"

        phase = self.columns[name]
        if phase is Phase.DATA and len(self.system.samples) > 1:
            return lookup(self.system, name, f"$B{rows.this}")
        if name in self.formulas and (begins or not self.system.once_an_iteration(phase)):
            formula = self.formulas[name]
            text = render(replace(formula, self.nothing_before) if first else formula, EXCEL, cell)
            # LibreOffice computes a long column of one formula in one go, and takes cells of it for 0 that an AVERAGE
            # in it asks for meanwhile; with another formula in the first row, no column runs across batches
            return f"+{text}" if begins and self.run.batches.several else text
        if first:
            return self._given(f"{self.letters[name]}{rows.this}")
        if name in self.updates and begins:
            return render(self.updates[name], EXCEL, cell)
        return f"{self.letters[name]}{rows.above}"

    def _goes_far(self, expression: Expression) -> bool:
        """Whether a plain formula would overflow somewhere in this run."""
        return any(holds_anywhere(condition, self.run) for condition in far_conditions(expression))

    def _written(self, expression: Expression) -> Expression:
        """An equation as the sheet writes it: functions spelt out, in a form that holds in all of this run."""
        return self._without_tiny_powers(expand(expression, far=self._goes_far(expression)))

    def _without_tiny_powers(self, expression: Expression) -> Expression:
        """The expression with a product in place of a power that becomes as small as no number is somewhere in this
        run: LibreOffice takes that for an error, where a product is 0."""
        if not isinstance(expression, Call):
            return expression
        args = tuple(map(self._without_tiny_powers, expression.args))
        match args:
            case (base, Number(exponent)) if expression.function == POW and exponent in PRODUCTS:
                limit = TINY ** (1 / exponent)
                if any(0 < abs(value) < limit for value in self._values(base)):
                    return Call(MUL, (base,) * int(exponent))
        return expression if args == expression.args else Call(expression.function, args)

    def _values(self, expression: Expression) -> Iterator[float]:
        """What an expression is in the whole steps of this run."""
        needed, value = compiled(expression)
        whole = self.run.complete
        columns = [self.run[name][:whole] if name in self.columns else repeat(self.constants.get(name, math.nan), whole)
                   for name in needed]  # fmt: skip
        return map(value, *columns) if columns else iter(())

    def _kind(self, name: str) -> str:
        return "total" if name == self.system.loss else str(self.columns[name])

    def form(self, name: str) -> str:
        """The number format of a quantity's column."""
        if self.columns[name] is Phase.DATA:
            return PLAIN
        return number_format(self.largest[name])
