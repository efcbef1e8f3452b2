"""The sheet of an exercise: a trace whose cells are to be filled in, each judged as soon as it is.

The right values come from a hidden sheet of the same form, which refers to the given numbers here. Beside the table,
folded away, stands a mark for every cell to fill in: 1 right, 0 wrong, nothing where it is empty. Colours and score
follow the marks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.formulas.tree import names
from tracer.model.system import Phase, System
from tracer.workbook.trace.formulas import FIRST_ROW, HYPER_COLUMN, Rows, leading
from tracer.workbook.trace.sheet import DATA_WIDTH, TraceSheet
from tracer.workbook.xlsx.charts import Curve
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import Cell, row

TOLERANCE = 1e-6
"""How far off a right value may be: this, for values above 1 this part of them; small ones need three digits."""
DIGITS = 1e-3
LEAST = 1e-12
RIGHT, WRONG = ("C6EFCE", "006100"), ("FFC7CE", "9C0006")
"""Fill and text of a cell that is right, or wrong."""
TO_FILL = "fill in"


def last_column(system: System) -> int:
    """The number of the last column: that of the last mark, beyond the table and the numbers that hold for a run."""
    columns = len(system.columns())
    return max(columns + len(leading(system)), HYPER_COLUMN + 2 * len(system.hyper)) + 1 + columns


@dataclass(slots=True)
class ExerciseSheet(TraceSheet):
    """One run as an exercise.

    key: the title of the hidden sheet with the worked trace. blank: the phases to fill in. solved: whether they are.
    """

    key: str = ""
    blank: frozenset[Phase] = frozenset()
    solved: bool = False
    blanks: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        TraceSheet.__post_init__(self)
        self.blanks = sum(
            self._is_blank(name, index) for index in range(len(self.run)) for name in self.columns
        )  # fmt: skip
        if not self.solved:
            hidden = {name for name, phase in self.columns.items() if phase in self.blank}
            self.words |= dict.fromkeys(hidden, TO_FILL)

    def build(self, sheet: Worksheet, curve: Curve) -> SheetCells:
        """Lay out the sheet and give its cells."""
        content = TraceSheet.build(self, sheet, curve)
        sheet._charts.clear()  # the loss of cells that are empty is no curve
        sheet._hyperlinks.clear()
        for column in range(self._marks_column, self._marks_column + len(self.columns)):
            dimension = sheet.column_dimensions[get_column_letter(column)]
            dimension.outlineLevel, dimension.hidden, dimension.width = 1, True, DATA_WIDTH
        sheet.column_dimensions[get_column_letter(self._marks_column + len(self.columns))].collapsed = True
        first, last = (self.letters[name] for name in (next(iter(self.columns)), list(self.columns)[-1]))
        mark = f"{get_column_letter(self._marks_column)}{FIRST_ROW}"
        for value, (fill, text) in ((1, RIGHT), (0, WRONG)):
            look = {"fill": PatternFill(bgColor=fill), "font": Font(color=text)}
            rule = FormulaRule(formula=[f"AND(ISNUMBER({mark}),{mark}={value})"], **look)
            sheet.conditional_formatting.add(f"{first}{FIRST_ROW}:{last}{self.last_row}", rule)
        return SheetCells(content.rows, f"A1:{self._mark_letter(list(self.columns)[-1])}{self.last_row}")

    @property
    def _marks_column(self) -> int:
        """The first column of the marks, beyond everything else."""
        return last_column(self.system) - len(self.columns) + 1

    def _mark_letter(self, name: str) -> str:
        letter: str = get_column_letter(self._marks_column + list(self.columns).index(name))
        return letter

    def _is_blank(self, name: str, index: int) -> bool:
        """Whether a cell is to be filled in: not where it is given, repeats the row above, or has no finite value."""
        phase, batches = self.columns[name], self.run.batches
        begins = batches.first_row(batches.iteration(index)) == index
        if phase not in self.blank or not math.isfinite(self.run.step(index)[name]):
            return False
        if phase is Phase.PARAMETER:
            return name in self.updates and begins and index > 0
        return begins or not self.system.once_an_iteration(phase)

    # ---------------------------------------------------------------------------------------------------- cells

    def _title_cells(self) -> list[Cell]:
        first, *_, last = (self._mark_letter(name) for name in self.columns)
        marks = f"SUM({first}{FIRST_ROW}:{last}{self.last_row})"
        right, of_all = self.blanks if self.solved else 0, f" of {self.blanks} right"
        return [
            Cell("A", self.styles.title, self.experiment.name),
            Cell("D", self.styles.eta_label, "score"),
            Cell("E", self.styles.score, right / self.blanks, f"{marks}/{self.blanks}"),
            Cell("F", self.styles.subtitle, f"{right}{of_all}", f'{marks}&"{of_all}"'),
        ]

    def _hint(self) -> str:
        stop = self.run.divergence
        ends = f" In iteration {stop.iteration}, {self.spell(stop.quantity)} has no finite value." if stop else ""
        return f"Fill in the framed cells: right ones turn green, wrong ones red.{ends}"

    def _rows(self) -> Iterator[str]:
        yield from self._head()
        for index in range(len(self.run)):
            yield self._row_by_cell(index)

    def _row_by_cell(self, index: int) -> str:
        """A row: its cells, then the marks of those to fill in."""
        rows, begins, lead = self._place(index)
        values = self.run.step(index)
        there = [name for name in self.columns if math.isfinite(values[name])]
        cells = [self._exercise_cell(name, values[name], index, rows, begins) for name in there]
        marks = [self._mark(name, rows) for name in self.columns if self._is_blank(name, index)]
        return row(FIRST_ROW + index, [*lead, *cells, *marks])

    def _exercise_cell(self, name: str, value: float, index: int, rows: Rows, begins: bool) -> Cell:
        formula = self.formula(name, rows, begins, index == 0)
        if self._is_blank(name, index):
            style = self.styles.blank[self.form(name)]
            return Cell(self.letters[name], style, value, formula) if self.solved else Cell(self.letters[name], style)
        iteration, phase = self.run.batches.iteration(index), self.columns[name]
        copies = not begins and (name not in self.formulas or self.system.once_an_iteration(phase))
        if copies and phase in self.blank and (iteration or phase is not Phase.PARAMETER) and not self.solved:
            above = f"{self.letters[name]}{rows.above}"  # empty, or what a student puts there
            look = self.styles.value(self._kind(name), self.form(name))
            return Cell(self.letters[name], look, "", f'IF({above}="","",{above})')
        if formula and not self.solved and self._needs_blanks(name, iteration, copies):
            formula = reference(self.key, f"{self.letters[name]}{rows.this}")
        return self._cell(name, value, formula)

    def _needs_blanks(self, name: str, iteration: int, copies: bool) -> bool:
        """Whether a formula refers to cells to fill in; a copy of the row above may show what is there."""
        expression = None if copies else self.formulas.get(name) or self.updates.get(name)
        used = names(expression) if expression else ()
        return any(
            self.columns[other.name] in self.blank
            and (self.columns[other.name] is not Phase.PARAMETER or iteration > other.lag)
            and not (other.lag and iteration == 0)
            for other in used
            if other.name in self.columns
        )

    def _mark(self, name: str, rows: Rows) -> Cell:
        """Whether a cell that was filled in is right."""
        cell = f"{self.letters[name]}{rows.this}"
        right = reference(self.key, cell)
        size = f"ABS({right})"
        allowed = f"MAX({TOLERANCE:G}*{size},MIN({TOLERANCE:G},{DIGITS:G}*{size}),{LEAST:G})"
        judged = f"IF(ISNUMBER({cell}),IF(ABS({cell}-{right})<={allowed},1,0),0)"
        value = 1 if self.solved else ""
        return Cell(self._mark_letter(name), self.styles.subtitle, value, f'IF(ISBLANK({cell}),"",{judged})')
