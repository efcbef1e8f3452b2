"""The position of every quantity in the sheet of a run, and its formula in any row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat, starmap, takewhile
from operator import is_

from openpyxl.utils import column_index_from_string, get_column_letter

from tracer.execution.runs import Run
from tracer.formulas.evaluation import NO_NUMBER, compiled
from tracer.formulas.expansion import expand, far_conditions
from tracer.formulas.notation import TooLong, render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import MUL, POW, Call, Expression, Name, Number, fold, names, replace
from tracer.model import naming
from tracer.model.batches import REDUCTIONS
from tracer.model.quantity import Role
from tracer.model.system import Phase, System
from tracer.workbook.xlsx.charts import Curve
from tracer.workbook.xlsx.limits import LAST_ROW
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.styles import PLAIN, number_format

ETA_ROW, GROUP_ROW, WORDS_ROW, HEADER_ROW, FIRST_ROW = 1, 2, 3, 4, 5
ETA_CELL = f"$B${ETA_ROW}"
HYPER_COLUMN = 3
"""Where the other numbers that hold for a whole run begin, a label and a cell each, beside η."""
OLDER_ETA_ROW, OLDER_HYPER_COLUMN = 2, 15
"""The same in the exercises of older versions, which have targets before inputs."""
TINY, PRODUCTS = 1e-290, (2.0, 3.0, 4.0)
"""Powers below this are no longer exact, and these exponents can be written as products."""
DATA, FIRST_SAMPLE_ROW = "Data", 4
"""The sheet of the samples, where there are several, and its row of the first one."""


def leading(system: System) -> list[str]:
    """What the columns in front of the quantities hold: the iteration, and the sample where there are several."""
    return [naming.ITERATION, naming.SAMPLE] if system.several_samples else [naming.ITERATION]


def data_columns(system: System) -> list[str]:
    """The data in the order of the sheets' columns: inputs before targets, as one works. A file has targets first."""
    return sorted(system.data, key=lambda name: system.quantities[name].role is Role.TARGET)


def deepest(expressions: Iterable[Expression]) -> int:
    """How many functions stand in each other at most, in formulas that are written out."""

    def depth(node: Expression, of_arguments: list[int]) -> int:
        return max(of_arguments, default=0) + (isinstance(node, Call) and node.function.name not in EXCEL.operators)

    return max(fold(expression, depth) for expression in expressions)


def is_longer(system: System, limit: int) -> bool:
    """Whether a formula in the last row that a sheet can have takes more characters than that."""
    letters = {name: get_column_letter(index) for index, name in enumerate(system.columns(), len(leading(system)) + 1)}

    def cell(name: Name) -> str:
        reference = f"{letters.get(name.name, ETA_CELL)}{LAST_ROW}"
        return f"{reference}:{reference}" if name.batch else reference

    try:
        for equation in system.equations:
            render(expand(equation.expression, far=True), EXCEL, cell, limit)
    except TooLong:
        return True
    return False


def lookup(system: System, quantity: str, sample_cell: str) -> str:
    """The formula of a quantity's value in the sample whose number is in the given cell."""
    letter = get_column_letter(data_columns(system).index(quantity) + 2)
    last = FIRST_SAMPLE_ROW + len(system.samples) - 1
    return f"INDEX({DATA}!${letter}${FIRST_SAMPLE_ROW}:${letter}${last},{sample_cell})"


def written(traces: Sequence[TraceFormulas], quantity: str, expression: Expression) -> Expression:
    """An equation as the sheets of these runs write it, in a form that holds in all of them."""
    expanded = expand(expression, far=any(quantity in trace.far for trace in traces))
    for trace in traces:
        if quantity in trace.tiny:
            expanded = trace.without_tiny_powers(expanded)
    return expanded


@dataclass(frozen=True, slots=True)
class Rows:
    """Row numbers, or marks of a RowTemplate for them: this one, the one above, the first one of the iteration before,
    the last one of this iteration."""

    this: int | str
    above: int | str
    before: int | str
    last: int | str


@dataclass(slots=True)
class TraceFormulas:
    """The cells of a run's sheet. The columns are the system's, inputs before targets, after the iteration in column A
    and the sample in column B, where there are several.

    title: the sheet's name. largest: the largest magnitude of every quantity in the whole steps.
    given_by: the sheet of the same form that holds the given numbers, where this one does not.
    label: the cell, as charts refer to it, that says which run this is with the numbers that its sheet has now; empty
        where there is none.
    older: whether it is laid out as the exercises of older versions.
    far, tiny: the quantities whose formula has another form because of numbers far out, or of tiny powers.
    """

    title: str
    system: System
    run: Run
    given_by: str | None = field(default=None, kw_only=True)
    label: str = field(default="", kw_only=True)
    older: bool = field(default=False, kw_only=True)
    columns: dict[str, Phase] = field(init=False)
    letters: dict[str, str] = field(init=False)
    formulas: dict[str, Expression] = field(init=False)
    updates: dict[str, Expression] = field(init=False)
    nothing_before: dict[Expression, Expression] = field(init=False)
    hyper_cells: dict[str, str] = field(init=False)
    constants: dict[str, float] = field(init=False)
    largest: dict[str, float] = field(init=False)
    far: set[str] = field(init=False, default_factory=set)
    tiny: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        columns = self.system.columns()
        ordered = {} if self.older else {name: columns[name] for name in data_columns(self.system)}
        self.columns = ordered | columns
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
        self.nothing_before = {Name(state, lag=1): Number(value) for state, value in self.system.states.items()}
        number, first = (OLDER_ETA_ROW, OLDER_HYPER_COLUMN) if self.older else (ETA_ROW, HYPER_COLUMN)
        self.hyper_cells = dict.fromkeys(self.run.hyper, f"$B${number}")
        for index, name in enumerate(self.system.hyper):
            self.hyper_cells[name] = f"${get_column_letter(first + 2 * index + 1)}${number}"
        self.constants = {**self.system.hyper, **self.run.hyper}
        self.formulas = {e.quantity: self._written(e.quantity, e.expression) for e in self.system.equations}
        whole = self.run.complete
        self.largest = {name: max(map(abs, self.run[name][:whole]), default=0.0) for name in self.columns}

    @property
    def iterations(self) -> int:
        """The number of the last iteration that has all its values."""
        return self.run.batches.iteration(self.run.complete)

    @property
    def numbers(self) -> list[int]:
        """The iterations of the sheet that have all their values."""
        return [number + 1 for number in takewhile(self.iterations.__gt__, self.run.batches.numbers())]

    @property
    def last_row(self) -> int:
        """The row of the last step."""
        return FIRST_ROW + len(self.run) - 1

    @property
    def curve(self) -> Curve:
        """The loss of this run, for a chart."""
        column = column_index_from_string(self.letters[self.system.curve])
        return Curve(self.title, self.title, column, FIRST_ROW, self.last_row, self.run.iterations, label=self.label)

    def kind(self, name: str) -> str:
        """Which colors a quantity has, one of PALETTES."""
        return "total" if name == self.system.loss else str(self.columns[name])

    def form(self, name: str) -> str:
        """The number format of a quantity's column."""
        return PLAIN if self.columns[name] is Phase.DATA else number_format(self.largest[name])

    def row_of(self, iteration: int) -> int:
        """The first row of an iteration."""
        return FIRST_ROW + self.run.batches.first_row(iteration - 1)

    def losses(self) -> list[float]:
        """The loss of every whole iteration, as the charts show it."""
        values = self.run[self.system.curve]
        return [values[self.row_of(iteration) - FIRST_ROW] for iteration in self.numbers]

    def loss_at(self, iteration: int) -> str:
        """The cell of the loss of an iteration, for other sheets."""
        return self.reference(f"{self.letters[self.system.curve]}{self.row_of(iteration)}")

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

    def given(self, cell: str) -> str | None:
        """The formula of a given number; None where it stands here."""
        return reference(self.given_by, cell) if self.given_by else None

    def rows(self, index: int) -> Rows:
        """The rows that the formulas of a step refer to."""
        batches, number = self.run.batches, FIRST_ROW + index
        iteration = batches.iteration(index)
        before = FIRST_ROW + batches.first_row(iteration - 1) if iteration else 0
        return Rows(number, number - 1, before, min(FIRST_ROW + batches.first_row(iteration + 1) - 1, self.last_row))

    def begins(self, index: int) -> bool:
        """Whether a step begins an iteration."""
        return self.run.batches.first_row(self.run.batches.iteration(index)) == index

    @property
    def from_start(self) -> bool:
        """Whether the sheet begins with the first iteration."""
        return next(self.run.batches.numbers()) == 0

    def has(self, iteration: int) -> bool:
        """Whether an iteration is in the sheet, with all its values."""
        return iteration <= self.iterations and self.row_of(iteration) < self.row_of(iteration + 1)

    def follows(self, index: int) -> bool:
        """Whether the iteration before that of a step is in the sheet, or there is none."""
        batches = self.run.batches
        iteration = batches.iteration(index)
        return not iteration or batches.first_row(iteration - 1) < batches.first_row(iteration)

    def expression(self, name: str, begins: bool, first: bool = False, alone: bool = False) -> Expression | None:
        """What a quantity is computed from in a row; None where it is given, or repeats the row above. begins: whether
        the row is the first one of its iteration. first: whether that is the first iteration. alone: whether the
        iteration before is not in the sheet."""
        if name in self.formulas and (begins or not self.system.once_an_iteration(self.columns[name])):
            formula = self.formulas[name]
            if alone and any(reference.lag for reference in names(formula)):
                return None
            return replace(formula, self.nothing_before) if first else formula
        return self.updates.get(name) if begins and not first and not alone else None

    def span(self, reference: Name, rows: Rows) -> tuple[str, int | str, int | str]:
        """Where a row's formula finds what a name stands for: the column, the first and the last row."""
        letter = "A" if reference.name == naming.COUNT else self.letters[reference.name]
        begin, end = (rows.before, rows.above) if reference.lag else (rows.this, rows.last)
        return letter, begin, end if reference.batch else begin

    def formula(self, name: str, rows: Rows, begins: bool, first: bool = False, alone: bool = False) -> str | None:
        """The formula of a quantity in a row, as for `expression`; None where the value is given."""

        def cell(reference: Name) -> str:
            if reference.name in self.hyper_cells:
                return self.hyper_cells[reference.name]
            letter, begin, end = self.span(reference, rows)
            return f"{letter}{begin}:{letter}{end}" if reference.batch else f"{letter}{begin}"

        phase = self.columns[name]
        if phase is Phase.DATA and self.given_by:
            return self.given(f"{self.letters[name]}{rows.this}")
        if phase is Phase.DATA and self.system.several_samples:
            return lookup(self.system, name, f"$B{rows.this}")
        expression = self.expression(name, begins, first, alone)
        if expression is not None:
            text = render(expression, EXCEL, cell)
            # LibreOffice computes a long column of one formula in one go, and takes cells of it for 0 that an AVERAGE
            # in it asks for meanwhile; with another formula in the first row, no column runs across batches
            return f"+{text}" if name in self.formulas and begins and self.run.batches.several else text
        if alone and (rows.this == FIRST_ROW or name in self.updates or name in self.formulas):
            return None
        return self.given(f"{self.letters[name]}{rows.this}") if first else f"{self.letters[name]}{rows.above}"

    def _goes_far(self, expression: Expression) -> bool:
        """Whether a plain formula would overflow somewhere in this run."""
        steps = len(self.run)
        return any(any(self._values(condition, steps)) for condition in far_conditions(expression))

    def _written(self, quantity: str, expression: Expression) -> Expression:
        """An equation as the sheet writes it: functions spelled out, in a form that holds in all of this run."""
        far = self._goes_far(expression)
        expanded = expand(expression, far=far)
        written = self.without_tiny_powers(expanded)
        if far:
            self.far.add(quantity)
        if written is not expanded:
            self.tiny.add(quantity)
        return written

    def without_tiny_powers(self, expression: Expression) -> Expression:
        """The expression with a product in place of a power that becomes as small as no number is somewhere in this
        run: LibreOffice takes that for an error, where a product is 0."""

        def visit(node: Expression, args: list[Expression]) -> Expression:
            if not isinstance(node, Call):
                return node
            match args:
                case [base, Number(exponent)] if node.function == POW and exponent in PRODUCTS:
                    limit = TINY ** (1 / exponent)
                    if any(0 < abs(value) < limit for value in self._values(base, self.run.complete)):
                        return Call(MUL, (base,) * int(exponent))
            return node if all(map(is_, args, node.args)) else Call(node.function, tuple(args))

        return fold(expression, visit)

    def _values(self, expression: Expression, steps: int) -> Iterator[float]:
        """What an expression is in each of the first `steps` steps of this run in which it has a value."""
        needed, value = compiled(expression)
        columns = [self._column(name.name, steps) for name in needed]
        values = starmap(value, zip(*columns, strict=True) if columns else [()])
        while True:
            try:
                yield from values
                return
            except NO_NUMBER:  # the next step may have a value
                continue

    def _column(self, name: str, steps: int) -> Iterable[float]:
        """What a name stands for in each of the first `steps` steps of this run."""
        if name in self.columns:
            return self.run[name][:steps]
        if name == naming.COUNT:
            return (float(iteration) for iteration, _ in islice(self.run.places(), steps))
        return repeat(self.constants[name], steps)
