"""The Parameters sheet: charts of all parameters and of the gradients' norms by layer, for the learning rate that the
reader chooses, and pictures of two parameters, for all of them. What they draw stands below, thinned for long runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, product

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.workbook.overview import summary
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.decoration import side_by_side
from tracer.workbook.trace.formulas import FIRST_ROW, TraceFormulas
from tracer.workbook.xlsx.charts import (
    MOST_NAMED,
    Curve,
    every,
    over_iterations,
    place,
    powers_of_ten,
    scatter,
    thinned,
)
from tracer.workbook.xlsx.limits import MAX_ARGUMENTS, MAX_FORMULA, MAX_SERIES
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE, ROW_ABOVE, THIS_ROW, Cell, RowTemplate, row
from tracer.workbook.xlsx.styles import LINE, common_format, number_format

TITLE = "Parameters"
WIDTH, COLUMNS_OF_A_CHART = 15.5, 5
CONTROL_ROW, CHART_ROW = 2, 3
HIGH, LOW = 22, 13
"""Rows of a chart: of two, and of more."""
MOST_RUNS = 60
"""That can be chosen: a formula has a reference to each."""
MOST_CURVES = MAX_SERIES - 1
MOST_POINTS, LEAST_POINTS, MOST_CELLS = 250, 50, 20_000
"""Of a curve; of all of them together."""
RATE, RUN = f"$B${CONTROL_ROW}", f"$D${CONTROL_ROW}"
"""The cells of the chosen learning rate, and of the number of its run."""


def wanted(context: Context) -> bool:
    """Whether any run has a whole iteration."""
    return any(trace.numbers for trace in context.traces)


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Parameters sheet and give its cells."""
    return _Builder(sheet, context).build()


class _Builder:
    """The sheet while it is laid out. Its columns: the iteration, the parameters, the norms, and for the pictures two
    parameters of every run."""

    def __init__(self, sheet: Worksheet, context: Context) -> None:
        self.sheet, self.context, self.styles = sheet, context, context.styles
        self.choices = context.traces[:MOST_RUNS]
        self.shown = next(number for number, trace in enumerate(self.choices) if trace.numbers)
        self.trace = self.choices[self.shown]
        names = [parameter.name for parameter in context.system.parameters]
        self.parameters = self._moving_most(names) if len(names) > MOST_CURVES else names
        self.norms = {layer: gradients for layer, gradients in self._gradients().items() if self._is_short(gradients)}
        self.pictures = context.experiment.charts
        drawn = dict.fromkeys(chain.from_iterable(self.pictures))
        self.drawn = list(product(drawn, (trace for trace in context.traces if trace.numbers)))
        columns = len(self.parameters) + len(self.norms) + len(self.drawn)
        points = max(LEAST_POINTS, min(MOST_POINTS, MOST_CELLS // columns))
        numbers = sorted(set().union(*(trace.numbers for trace in context.traces)))
        places = thinned(len(numbers), points)
        self.iterations, self.step = [numbers[place - 1] for place in places], every(places)
        charts = 1 + bool(self.norms) + len(self.pictures)
        self.rows = LOW if charts > 2 else HIGH
        self.first = CHART_ROW + self.rows * -(-charts // 2) + 3

    def _moving_most(self, names: Sequence[str]) -> list[str]:
        """As many parameters as a chart can draw: those that this run changes most, in their order."""
        run = self.trace.run
        first, last = run.step(0), run.step(run.complete - 1)
        most = sorted(names, key=lambda name: -abs(last[name] - first[name]))[:MOST_CURVES]
        return sorted(most, key=names.index)

    def _gradients(self) -> Mapping[str, list[str]]:
        """The gradients of the parameters of every layer."""
        system, found = self.context.system, dict[str, list[str]]()
        for parameter in system.parameters:
            gradient = system.gradient(parameter.name, system.curve)
            if gradient in self.trace.letters:
                found.setdefault(parameter.layer, []).append(gradient)
        return dict(list(found.items())[:MOST_CURVES])

    def build(self) -> SheetCells:
        """Lay out the sheet and give its cells."""
        sheet, last_column = self.sheet, 1 + len(self.parameters) + len(self.norms) + len(self.drawn)
        sheet.sheet_view.showGridLines = False
        for column in range(1, max(last_column, 2 * COLUMNS_OF_A_CHART) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = WIDTH
        if len(self.choices) > 1:
            choice = DataValidation(type="list", formula1=summary.column("B", len(self.choices)), allow_blank=False)
            choice.errorTitle, choice.error = "Invalid choice", "Choose a learning rate from the list."
            choice.showErrorMessage = True
            choice.add(RATE.replace("$", ""))
            sheet.add_data_validation(choice)
        last = f"{get_column_letter(last_column)}{self.first + len(self.iterations) - 1}"
        missing = FormulaRule(formula=[f"ISNA(B{self.first})"], font=Font(color=LINE))
        sheet.conditional_formatting.add(f"B{self.first}:{last}", missing)
        self._charts()
        set_up_page(sheet)
        sheet.print_area = f"A1:{get_column_letter(2 * COLUMNS_OF_A_CHART)}{self.first - 3}"
        return SheetCells(self._rows(), f"A1:{last}")

    # ------------------------------------------------------------------------------------------------- charts

    def _charts(self) -> None:
        spell, column = self.context.spell, 2
        of_parameters = [self._curve(spell(name), column + at) for at, name in enumerate(self.parameters)]
        charts = [over_iterations("The parameters over the iterations", "parameter", of_parameters)]
        column += len(self.parameters)
        if self.norms:
            layers = [self._curve(self._layer(layer), column + at) for at, layer in enumerate(self.norms)]
            of_every_run = (
                self._norms(trace, gradients) for trace in self.choices for gradients in self.norms.values()
            )
            powers = powers_of_ten(chain.from_iterable(of_every_run))
            title = "The norms of the gradients of each layer over the iterations"
            charts.append(over_iterations(title, "norm of the gradients", layers, powers))
        column += len(self.norms)
        columns = {(name, trace.title): column + at for at, (name, trace) in enumerate(self.drawn)}
        for x, y in self.pictures:
            lines = [
                self._curve(trace.title, columns[y, trace.title], columns[x, trace.title], trace)
                for trace in self.context.traces
                if trace.numbers
            ]
            charts.append(scatter(f"{spell(y)} over {spell(x)}", spell(x), spell(y), lines))
        for number, chart in enumerate(charts):
            down, right = divmod(number, 2)
            top, left = CHART_ROW + self.rows * down, 1 + COLUMNS_OF_A_CHART * right
            ends = (left, top), (left + COLUMNS_OF_A_CHART - 1, top + self.rows - 1)
            place(self.sheet, chart, *(f"{get_column_letter(at)}{number}" for at, number in ends))

    def _curve(self, title: str, column: int, over: int = 1, trace: TraceFormulas | None = None) -> Curve:
        last = self.first + len(self.iterations) - 1
        label = trace.label if trace else ""
        return Curve(title, TITLE, column, self.first, last, self.iterations[-1], over, self.step, label)

    def _layer(self, layer: str) -> str:
        return f"layer {layer}" if len(self.norms) > 1 else "all gradients"

    # ------------------------------------------------------------------------------------------------- rows

    def _rows(self) -> Iterator[bytes]:
        styles = self.styles
        yield row(1, [Cell("A", styles.title, f"{self.context.experiment.name}: parameters and gradients")], 26)
        yield row(CONTROL_ROW, self._controls(), 20)
        yield row(self.first - 2, [Cell("A", styles.subtitle, self._words())])
        yield row(self.first - 1, self._heads())
        template = RowTemplate(list(self._row(ROW_ABOVE, THIS_ROW)))
        for number, iteration in enumerate(self.iterations, self.first):
            position, values = self.trace.row_of(iteration) - FIRST_ROW + 1, list(self._values(iteration))
            if NOT_AVAILABLE not in values:
                yield template.fill((repr(value).encode() for value in (iteration, *values)), number, position)
            else:
                cells = zip(self._row(position, number), (iteration, *values), strict=True)
                yield row(number, [cell._replace(value=value) for cell, value in cells])

    def _controls(self) -> Iterator[Cell]:
        """The learning rate to choose, where there are several, and what is shown."""
        styles, count, shown = self.styles, len(self.choices), self.choices[self.shown]
        if count == 1:
            yield Cell("A", styles.eta_label, "run")
            yield Cell("B", styles.centered, shown.title, shown.label)
            return
        rate = shown.run.hyper[naming.ETA]
        labels, rates = (summary.column(letter, count) for letter in "AB")
        found = f"MATCH({RATE},{rates},0)"
        yield Cell("A", styles.eta_label, self.context.spell(f"{naming.ETA} ="))
        yield Cell("B", styles.eta, rate)
        yield Cell("C", styles.eta_label, "its number")
        yield Cell("D", styles.centered, self.shown + 1, f"IFERROR({found},{self.shown + 1})")
        said = f'IF(ISNUMBER({found}),"","No run has this learning rate. ")&INDEX({labels},{RUN})'
        more = len(self.context.traces) - count
        left_out = f"; {more} more runs have only their own sheets" if more else ""
        yield Cell("E", styles.subtitle, f"{shown.title} is drawn{left_out}", f'{said}&" is drawn{left_out}"')

    def _words(self) -> str:
        """What the table holds, and what it leaves out."""
        step, parameters = self.step, len(self.context.system.parameters)
        of = "iteration" if self.context.experiment.keep.all else "kept iteration"
        words = ["What the charts draw" + (f": one {of} in {step}, and the last one." if step > 1 else ".")]
        if parameters > len(self.parameters):
            most = f"the {len(self.parameters)} of {parameters:,} that change most with {self.trace.title}"
            words.append(f"A chart holds no more parameters than {self.context.spell(most)}.")
        if len(self.parameters) > MOST_NAMED:
            words.append(f"More than {MOST_NAMED} curves have no legend.")
        if left_out := [layer for layer in self._gradients() if layer not in self.norms]:
            layers = ", ".join(left_out)
            words.append(f"The norm of {layers} is left out: its gradients stand too far apart for one formula.")
        return " ".join(words)

    def _heads(self) -> Iterator[Cell]:
        spell, head = self.context.spell, self.styles.column_head
        heads: list[tuple[str, str | None]] = [(naming.ITERATION, None)]
        heads += [(spell(name), None) for name in self.parameters]
        heads += [(f"norm, {self._layer(layer)}", None) for layer in self.norms]
        for name, trace in self.drawn:
            heads.append((f"{spell(name)}, {trace.title}", f'"{spell(name)}, "&{trace.label}'))
        for column, (text, formula) in enumerate(heads, 1):
            yield Cell(get_column_letter(column), head, text, formula)

    def _row(self, index: int | str, this: int | str) -> Iterator[Cell]:
        """The cells of an iteration without their values; index: its first row on the sheets of the runs, from 1.
        this: the row here."""
        number, letters = self.styles.number, self.trace.letters
        yield Cell("A", self.styles.centered)
        column = 1
        for name in self.parameters:
            column += 1
            place = self._place(index, this, self._of_runs)
            found = f"INDEX({self._of_runs(letters[name], letters[name])},{place})"
            form = number_format(max(trace.largest[name] for trace in self.choices))
            yield Cell(get_column_letter(column), number[form], None, self._safe(found))
        for gradients in self.norms.values():
            column += 1
            form = common_format(self._norms(self.trace, gradients))
            yield Cell(get_column_letter(column), number[form], None, self._norm(gradients, index, this))
        for name, trace in self.drawn:
            column += 1
            of_run = partial(_column, trace)
            place = self._place(index, this, of_run)
            found = f"IFERROR(INDEX({of_run(letters[name], letters[name])},{place}),NA())"
            yield Cell(get_column_letter(column), number[trace.form(name)], None, found)

    # ------------------------------------------------------------------------------------------------- formulas

    def _of_runs(self, first: str, last: str) -> str:
        """Columns of the chosen run, in its whole iterations."""
        columns = [_column(trace, first, last) if trace.numbers else "NA()" for trace in self.choices]
        return columns[0] if len(columns) == 1 else f"CHOOSE({RUN},{','.join(columns)})"

    def _place(self, index: int | str, this: int | str, column: Callable[[str, str], str]) -> int | str:
        """Where the iteration of a row is in columns of a run: where not all are kept, runs differ in that."""
        return index if self.context.experiment.keep.all else f"MATCH($A{this},{column('A', 'A')},0)"

    def _safe(self, formula: str) -> str:
        """The formula, without a number where the chosen run has no such iteration."""
        return formula if len(self.choices) == 1 else f"IFERROR({formula},NA())"

    def _norm(self, gradients: Sequence[str], index: int | str = FIRST_ROW, this: int | str = FIRST_ROW) -> str:
        """The formula of the norm of some gradients."""
        blocks, place = side_by_side(self.trace, gradients), self._place(index, this, self._of_runs)
        squares = ",".join(f"INDEX({self._of_runs(*ends)},{place},0)" for ends in blocks)
        return f"IFERROR(SQRT(SUMSQ({squares})),NA())"

    def _is_short(self, gradients: Sequence[str]) -> bool:
        """Whether Excel can hold the formula of their norm."""
        blocks = len(list(side_by_side(self.trace, gradients)))
        return blocks <= MAX_ARGUMENTS and len(self._norm(gradients)) + 8 * blocks < MAX_FORMULA

    # ------------------------------------------------------------------------------------------------- values

    def _values(self, iteration: int) -> Iterator[float | str]:
        """What stands in the row of an iteration, from the second column on."""
        index, whole = self.trace.row_of(iteration) - FIRST_ROW, self.trace.has(iteration)
        for name in self.parameters:
            yield _value(self.trace, name, index) if whole else NOT_AVAILABLE
        for gradients in self.norms.values():
            norm = _norm_of(self.trace, gradients, index) if whole else math.inf
            yield norm if norm < math.inf else NOT_AVAILABLE
        for name, trace in self.drawn:
            yield _value(trace, name, trace.row_of(iteration) - FIRST_ROW) if trace.has(iteration) else NOT_AVAILABLE

    def _norms(self, trace: TraceFormulas, gradients: Sequence[str]) -> Iterator[float]:
        """The norms of some gradients that can be drawn of a run."""
        for iteration in self.iterations:
            if trace.has(iteration):
                norm = _norm_of(trace, gradients, trace.row_of(iteration) - FIRST_ROW)
                if norm < math.inf:
                    yield norm


def _column(trace: TraceFormulas, first: str, last: str) -> str:
    """Columns of a run, in its whole iterations."""
    return trace.reference(f"${first}${FIRST_ROW}:${last}${FIRST_ROW + trace.run.complete - 1}")


def _value(trace: TraceFormulas, name: str, index: int) -> float:
    return trace.run.rows[index * len(trace.run.columns) + trace.run.columns[name]]


def _norm_of(trace: TraceFormulas, gradients: Sequence[str], index: int) -> float:
    return math.sqrt(sum(_value(trace, name, index) * _value(trace, name, index) for name in gradients))
