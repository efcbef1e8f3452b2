"""The sheet of an exercise: a trace whose cells are to be filled in, each judged as soon as it is.

The correct values come from a hidden sheet of the same form, which refers to the given numbers here. Beside the table,
folded away, stands a mark for every cell to fill in: 1 correct, 0 wrong, nothing where it is empty. Colors and score
follow the marks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.words import stopped
from tracer.formulas.tree import names
from tracer.model.system import Phase, System
from tracer.workbook.trace.context import DATA_WIDTH, Context
from tracer.workbook.trace.decoration import decorate
from tracer.workbook.trace.formulas import FIRST_ROW, HYPER_COLUMN, Rows, TraceFormulas, leading
from tracer.workbook.trace.layout import cell, head, lay_out, place
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import fold
from tracer.workbook.xlsx.sheetdata import Cell, row

TOLERANCE = 1e-6
"""How far a value may be from the correct one: by this, relative to it above 1; small ones need three digits."""
DIGITS = 1e-3
LEAST = 1e-12
RIGHT, WRONG = ("C6EFCE", "006100"), ("FFC7CE", "9C0006")
"""Fill and text of a cell that is correct, or wrong."""
TO_FILL = "fill in"


def last_column(system: System) -> int:
    """The number of the last column: that of the last mark, beyond the table and the numbers that hold for a run."""
    columns = len(system.columns())
    return max(columns + len(leading(system)), HYPER_COLUMN + 2 * len(system.hyper)) + 1 + columns


@dataclass(slots=True)
class Exercise:
    """One run as an exercise.

    key: the title of the hidden sheet with the worked trace. blank: the phases to fill in. solved: whether they are.
    blanks: how many cells there are to fill in.
    """

    context: Context
    trace: TraceFormulas
    key: str
    blank: frozenset[Phase]
    solved: bool
    blanks: int = field(init=False)

    def __post_init__(self) -> None:
        steps = range(len(self.trace.run))
        self.blanks = sum(self._is_blank(name, index) for index in steps for name in self.trace.columns)

    def build(self, sheet: Worksheet, context: Context) -> SheetCells:
        """Lay out the sheet and give its cells."""
        trace, columns = self.trace, self.trace.columns
        words = dict(context.words)
        if not self.solved:
            words |= {name: TO_FILL for name, phase in columns.items() if phase in self.blank}
        lay_out(sheet, context, trace)
        decorate(sheet, context, trace, words, colored=False)
        beyond = self._marks_column + len(columns)
        fold(sheet, range(self._marks_column, beyond), DATA_WIDTH)
        sheet.column_dimensions[get_column_letter(beyond)].collapsed = True
        first, *_, last = (trace.letters[name] for name in columns)
        mark = f"{get_column_letter(self._marks_column)}{FIRST_ROW}"
        for value, (fill, text) in ((1, RIGHT), (0, WRONG)):
            look = {"fill": PatternFill(bgColor=fill), "font": Font(color=text)}
            rule = FormulaRule(formula=[f"AND(ISNUMBER({mark}),{mark}={value})"], **look)
            sheet.conditional_formatting.add(f"{first}{FIRST_ROW}:{last}{trace.last_row}", rule)
        rows = chain(
            head(context, trace, words, self._title_cells(), self._hint()), map(self._row, range(len(trace.run)))
        )
        return SheetCells(rows, f"A1:{get_column_letter(beyond - 1)}{trace.last_row}")

    @property
    def _marks_column(self) -> int:
        """The first column of the marks, beyond everything else."""
        return last_column(self.context.system) - len(self.trace.columns) + 1

    def _mark_letter(self, name: str) -> str:
        letter: str = get_column_letter(self._marks_column + list(self.trace.columns).index(name))
        return letter

    def _is_blank(self, name: str, index: int) -> bool:
        """Whether a cell is to be filled in: not where it is given, repeats the row above, or has no finite value."""
        phase, batches = self.trace.columns[name], self.trace.run.batches
        begins = batches.first_row(batches.iteration(index)) == index
        if phase not in self.blank or not math.isfinite(self.trace.run.step(index)[name]):
            return False
        if phase is Phase.PARAMETER:
            return name in self.trace.updates and begins and index > 0
        return begins or not self.context.system.once_an_iteration(phase)

    # ---------------------------------------------------------------------------------------------------- cells

    def _title_cells(self) -> list[Cell]:
        styles = self.context.styles
        first, *_, last = (self._mark_letter(name) for name in self.trace.columns)
        marks = f"SUM({first}{FIRST_ROW}:{last}{self.trace.last_row})"
        right, of_all = self.blanks if self.solved else 0, f" of {self.blanks} correct"
        return [
            Cell("D", styles.eta_label, "score"),
            Cell("E", styles.score, right / self.blanks, f"{marks}/{self.blanks}"),
            Cell("F", styles.subtitle, f"{right}{of_all}", f'{marks}&"{of_all}"'),
        ]

    def _hint(self) -> str:
        ends = f" {stopped(self.trace.run.divergence)}" if self.trace.run.divergence else ""
        return self.context.spell(f"Fill in the framed cells: correct ones turn green, wrong ones red.{ends}")

    def _row(self, index: int) -> str:
        """A row: its cells, then the marks of those to fill in."""
        rows, begins, lead = place(self.context, self.trace, index)
        values = self.trace.run.step(index)
        there = [name for name in self.trace.columns if math.isfinite(values[name])]
        cells = [self._exercise_cell(name, values[name], index, rows, begins) for name in there]
        marks = [self._mark(name, rows) for name in self.trace.columns if self._is_blank(name, index)]
        return row(FIRST_ROW + index, [*lead, *cells, *marks])

    def _exercise_cell(self, name: str, value: float, index: int, rows: Rows, begins: bool) -> Cell:
        trace, styles = self.trace, self.context.styles
        formula = trace.formula(name, rows, begins, index == 0)
        if self._is_blank(name, index):
            style = styles.blank[trace.form(name)]
            return Cell(trace.letters[name], style, value, formula) if self.solved else Cell(trace.letters[name], style)
        iteration, phase = trace.run.batches.iteration(index), trace.columns[name]
        copies = not begins and (name not in trace.formulas or trace.system.once_an_iteration(phase))
        if copies and phase in self.blank and (iteration or phase is not Phase.PARAMETER) and not self.solved:
            above = f"{trace.letters[name]}{rows.above}"  # empty, or what a student puts there
            look = styles.value(trace.kind(name), trace.form(name))
            return Cell(trace.letters[name], look, "", f'IF({above}="","",{above})')
        if formula and not self.solved and self._needs_blanks(name, iteration, copies):
            formula = reference(self.key, f"{trace.letters[name]}{rows.this}")
        return cell(self.context, trace, name, value, formula)

    def _needs_blanks(self, name: str, iteration: int, copies: bool) -> bool:
        """Whether a formula refers to cells to fill in; a copy of the row above may show what is there."""
        columns = self.trace.columns
        expression = None if copies else self.trace.formulas.get(name) or self.trace.updates.get(name)
        used = names(expression) if expression else ()
        return any(
            columns[other.name] in self.blank
            and (columns[other.name] is not Phase.PARAMETER or iteration > other.lag)
            and not (other.lag and iteration == 0)
            for other in used
            if other.name in columns
        )

    def _mark(self, name: str, rows: Rows) -> Cell:
        """Whether a cell that was filled in is right."""
        at = f"{self.trace.letters[name]}{rows.this}"
        right = reference(self.key, at)
        size = f"ABS({right})"
        allowed = f"MAX({TOLERANCE:G}*{size},MIN({TOLERANCE:G},{DIGITS:G}*{size}),{LEAST:G})"
        judged = f"IF(ISNUMBER({at}),IF(ABS({at}-{right})<={allowed},1,0),0)"
        value = 1 if self.solved else ""
        return Cell(self._mark_letter(name), self.context.styles.subtitle, value, f'IF(ISBLANK({at}),"",{judged})')
