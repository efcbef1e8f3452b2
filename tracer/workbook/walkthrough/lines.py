"""The equations of a step on the Walkthrough, in blocks of lines: symbols, the numbers put in, the result.

A result is a formula over the cells of the sheet that show its operands. Only what is given is looked up in the sheet
of its run; an operand that the sheet does not show has its cell on the sheet of workings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tracer.explain.blocks import Block, Group, Line
from tracer.explain.templates import BATCH_SIZE, TOTAL, of_sums
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.notation import TooLong, render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.notation.typesetting import LONGEST_SUM
from tracer.formulas.tree import Name, distinct
from tracer.model import naming
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import written
from tracer.workbook.walkthrough.styles import ZERO, WalkthroughStyles
from tracer.workbook.walkthrough.titles import WALKTHROUGH
from tracer.workbook.walkthrough.workings import Workings
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.limits import MAX_FORMULA
from tracer.workbook.xlsx.names import letters, reference
from tracer.workbook.xlsx.styles import number_format

COLUMNS = (46.0, 40.0, 16.0)
"""Least widths of the three forms of an equation, in characters."""
DIGITS_IN_TEXT = 9
"""Characters of a number in a text, about."""
SMALL = 0.85
"""A character of the sentences below the titles, in characters of the sheet."""
BAND = 20.0
"""Points."""


@dataclass(frozen=True, slots=True)
class Section:
    """A block on the sheet: its title, its first and its last row, and the row of each of its layers."""

    title: str
    first: int
    last: int
    layers: Mapping[str, int]


@dataclass(slots=True)
class Lines:
    """The blocks from the row `first` on, while they are laid out: their places first, then their cells.

    largest: the largest magnitude of every quantity over the runs. cells: where the sheet shows a quantity. after:
    where it shows a parameter after the update.
    """

    context: Context
    grid: Grid
    looks: WalkthroughStyles
    workings: Workings
    blocks: Sequence[Block]
    largest: Mapping[str, float]
    first: int
    sections: list[Section] = field(init=False, default_factory=list)
    cells: dict[str, str] = field(init=False, default_factory=dict)
    after: dict[str, str] = field(init=False, default_factory=dict)
    looked_up: set[str] = field(init=False, default_factory=set)
    _ends: list[tuple[int, int]] = field(init=False)
    _later: list[Callable[[], object]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Give everything its row."""
        self._ends = [(first, last) for (_, first), last in self.grid.spans(1, 1, COLUMNS)]
        column, row = self._ends[-1][0], self.first
        given = set(self.workings.step.traces[0].constants)
        for block in self.blocks:
            first, layers = row, {}
            self._later.append(partial(self._head, block, row))
            row += 1
            for name in sorted(given & _used(block)):
                row += 1
                given.remove(name)
                self.cells[name] = f"{letters(column)}{row}"
                self._later.append(partial(self._given, block, name, row))
            for group in block.groups:
                if len(block.groups) > 1:
                    row += 1
                    layers[group.layer] = row
                    self._later.append(partial(self.grid.put, (row, 1), self.looks.layer_head, f"layer {group.layer}"))
                for line in group.lines:
                    row += 1
                    (self.after if line.is_update else self.cells)[line.quantity] = f"{letters(column)}{row}"
                    self._later.append(partial(self._line, block, line, row))
                if group.left_out:
                    row += 1
                    self._later.append(partial(self._left_out, group, row))
            self.sections.append(Section(block.title, first, row, layers))
            row += 2

    @property
    def last(self) -> int:
        """The last row."""
        return self.sections[-1].last if self.sections else self.first

    def spans(self, row: int) -> list[tuple[tuple[int, int], int]]:
        """The cells of the three forms of an equation in a row."""
        return [((row, first), last) for first, last in self._ends]

    @property
    def shown(self) -> dict[str, str]:
        """The cells that show a quantity, for other sheets; not of those that show what is looked up there."""
        return {name: reference(WALKTHROUGH, cell) for name, cell in self.cells.items() if name not in self.looked_up}

    def put(self, shown: Mapping[str, str]) -> None:
        """Fill the cells; `shown` are the cells of the sheet that show what no line gives."""
        self.cells = {name: cell.replace("$", "") for name, cell in shown.items()} | self.cells
        for put in self._later:
            put()
        for section in self.sections:
            self.grid.fold(range(section.first + 1, section.last + 1))

    def _head(self, block: Block, row: int) -> None:
        """The title of a block, and why it is there."""
        grid, end = self.grid, self._ends[-1][1]
        grid.span((row, 1), end, self.looks.band[block.phase], block.title)
        grid.height(row, BAND)
        grid.span((row + 1, 1), end, self.looks.why, self.context.spell(block.why))
        grid.wrap(row + 1, SMALL * len(block.why), grid.width(1, end))

    def _left_out(self, group: Group, row: int) -> None:
        traces = self.workings.step.traces
        where = f"the sheet {traces[0].title}" if len(traces) == 1 else "the sheet of the run"
        words = f"… and {group.left_out} more lines of the same kind: see {where}"
        self.grid.put((row, 1), self.looks.note, self.context.spell(words))

    def _given(self, block: Block, name: str, row: int) -> None:
        """A number that holds for a whole run."""
        step = self.workings.step
        words = f"{self.context.names[name]} is given"
        self._forms(block, row, words, ("from the sheet of the run", None))
        value = step.value(name)
        self._result(row, abs(value), value, step.formula(name))

    def _line(self, block: Block, line: Line, row: int) -> None:
        """An equation in its three forms."""
        batch, step = self.workings.step.traces[0].run.batches.rows, self.workings.step
        template = line.template(batch)
        longest = sum(len(piece) if isinstance(piece, str) else DIGITS_IN_TEXT for piece in template)
        self._forms(block, row, self.context.words[line.quantity], self.workings.text(template), longest)
        if line.is_update:
            try:
                value = evaluate(line.expression, step.first)
            except NO_NUMBER:
                value = None
        else:
            value = step.value(line.quantity)
        self._result(row, self.largest[line.quantity], value, self._formula(line))

    def _forms(self, block: Block, row: int, symbols: str, numbers: tuple[str, str | None], longest: int = 0) -> None:
        """Symbols, and the numbers put in, which take at most so many characters."""
        grid, (first, second, _) = self.grid, self.spans(row)
        grid.span(*first, self.looks.symbols[block.phase], symbols)
        grid.span(*second, self.looks.numbers, *numbers)
        for (at, end), characters in ((first, len(symbols)), (second, longest)):
            grid.wrap(row, characters, grid.width(at[1], end))

    def _result(self, row: int, largest: float, value: float | None, formula: str) -> None:
        form = number_format(largest) if largest else ZERO
        self.grid.span(*self.spans(row)[2], self.looks.result[form], value, formula)

    def _formula(self, line: Line) -> str:
        """The result, from the cells that show its operands; looked up where the formula would be too long."""
        step = self.workings.step
        if step.gaps and any(name.lag for name in distinct(line.expression)):
            self.looked_up.add(line.quantity)
            return self.workings.value(Name(line.quantity))
        expression = line.expression if line.is_update else written(step.traces, line.quantity, line.expression)
        if not self._rows_shown:
            expression = of_sums(expression)
        try:
            return render(expression, EXCEL, self._operand, MAX_FORMULA)
        except TooLong:
            self.looked_up.add(line.quantity)
            return self.workings.value(Name(line.quantity))

    @property
    def _rows_shown(self) -> int:
        """How many rows of a batch an equation shows; 0 where their sum stands for them."""
        rows = self.workings.step.traces[0].run.batches.rows
        return rows if rows <= LONGEST_SUM else 0

    def _operand(self, name: Name) -> str:
        """The cell of an operand, or the cells of a batch."""
        if name.batch and name != BATCH_SIZE:
            rows = range(self._rows_shown) if self._rows_shown else (TOTAL,)
            return ",".join(self.workings.value(name, row) for row in rows)
        if name.name == naming.COUNT:
            return self.workings.step.place.iteration
        shown = None if name.lag else self.cells.get(name.name)
        return shown or self.workings.value(name)


def _used(block: Block) -> set[str]:
    """The names of everything that the equations of a block refer to."""
    lines = (line for group in block.groups for line in group.lines)
    return {name.name for line in lines for name in distinct(line.expression)}
