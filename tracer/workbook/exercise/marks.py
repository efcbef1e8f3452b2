"""The very hidden sheets of an exercise: the worked trace, and the marks.

The sheet of marks has three tables of the same form, side by side: what stands in the visible sheet, what follows from
it cell by cell, and the mark of every cell to fill in. So an answer is compared with the key, and with what the
student's own cells give.
"""

from __future__ import annotations

from dataclasses import replace

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.model.system import System
from tracer.workbook.exercise.cells import Cells, Place, missing
from tracer.workbook.exercise.task import WORKED, State, Task
from tracer.workbook.trace import sheet as trace_sheet
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import FIRST_ROW, HYPER_COLUMN, TraceFormulas, leading
from tracer.workbook.trace.layout import head, leads
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE, Cell, row


def width(system: System) -> int:
    """How many columns the table of a run takes, with the numbers that hold for it."""
    return max(len(system.columns()) + len(leading(system)), HYPER_COLUMN + 2 * len(system.hyper) - 1)


def last_column(system: System) -> int:
    """The last column of the sheet of marks."""
    return 3 * width(system)


def hide(sheet: Worksheet) -> None:
    """Keep a sheet from those who fill in the exercise."""
    sheet.sheet_state, sheet.protection.sheet = "veryHidden", True


def build_worked(sheet: Worksheet, context: Context, worked: TraceFormulas) -> SheetCells:
    """The worked trace, from the numbers given in the visible sheet."""
    hide(sheet)
    return trace_sheet.build(sheet, replace(context, traces=(worked,), curves=(worked.curve,)), 0, decorated=False)


class Marks:
    """The sheet of marks of a run. It is filled in where the exercise is solved."""

    def __init__(self, context: Context, cells: Cells, title: str, worked: str, task: Task, solved: bool) -> None:
        trace = cells.trace
        self.context, self.cells, self.title, self.worked = context, cells, title, worked
        self.task, self.solved = task, solved
        self.own = TraceFormulas(title, trace.system, trace.run, given_by=trace.title)
        self.width = width(trace.system)
        self.style = context.styles.subtitle

    def build(self, sheet: Worksheet, context: Context) -> SheetCells:
        """Lay out the sheet and give its cells."""
        hide(sheet)
        top = head(sheet, context, self.own, context.words, [])
        rows = [*top.rows, *map(self._row, range(len(self.own.run)))]
        return SheetCells(rows, f"A1:{get_column_letter(last_column(context.system))}{self.own.last_row}")

    def _row(self, index: int) -> bytes:
        """The row of a step."""
        number, values = FIRST_ROW + index, self.cells.trace.run.step(index)
        places = {(number, column): name for column, name in self.cells.names.items()}
        blanks = [place for place in places if place in self.cells.blanks]
        return row(number, [
            *leads(self.context, self.own, index),
            *(self._copy(place, values[name]) for place, name in places.items()),
            *(self._following(place, values[places[place]]) for place in blanks),
            *(self._mark(place) for place in blanks),
        ])  # fmt: skip

    def _copy(self, place: Place, value: float) -> Cell:
        """What stands in the visible sheet, if it is a number."""
        at = reference(self.cells.trace.title, _at(place))
        there = value == value and (self.solved or not (place in self.cells.blanks or place in self.cells.pending))
        return Cell(get_column_letter(place[1]), self.style, value if there else NOT_AVAILABLE,
                    f"IF({_is_number(at)},{at},NA())")  # fmt: skip

    def _following(self, place: Place, value: float) -> Cell:
        """What follows from the student's own cells."""
        index, needed = place[0] - FIRST_ROW, self.cells.needs(place)
        name, begins = self.cells.names[place[1]], self.own.begins(index)
        formula = self.own.formula(name, self.own.rows(index), begins, index == 0)
        if formula and "IF(" in formula and needed:  # a branch that is not taken would hide what is missing
            formula = f"IF({missing(needed)},NA(),{formula})"
        there = self.solved or not any(other in self.cells.blanks or other in self.cells.pending for other in needed)
        return Cell(self._letter(place, 1), self.style, value if there else NOT_AVAILABLE, formula)

    def _mark(self, place: Place) -> Cell:
        answer, own = reference(self.cells.trace.title, _at(place)), f"{self._letter(place, 1)}{place[0]}"
        states = (State.RIGHT, reference(self.worked, _at(place))), (State.CONSISTENT, own)
        judged = f'"{State.WRONG}"'
        for state, value in reversed(states):
            judged = f'IF({self._near(answer, value)},"{state}",{judged})'
        judged = f'IF({_is_number(answer)},{judged},"{State.WRONG}")'
        copied = f'ISNUMBER(SEARCH("{WORKED}",_xlfn.FORMULATEXT({answer})))'
        mark = f'IF(ISBLANK({answer}),"",IF({copied},"{State.COPIED}",{judged}))'
        return Cell(self._letter(place, 2), self.style, str(State.RIGHT) if self.solved else "", mark)

    def mark_at(self, place: Place) -> str:
        """Where the mark of a cell stands, for the visible sheet."""
        return reference(self.title, f"{self._letter(place, 2)}{place[0]}")

    def _near(self, answer: str, value: str) -> str:
        """The condition that an answer is near enough to a value; where the value is an error, it is not."""
        return f"IFERROR(ABS({answer}-{value})<={render(self.task.allowed, EXCEL, lambda _: value)},FALSE)"

    def _letter(self, place: Place, table: int) -> str:
        letter: str = get_column_letter(place[1] + table * self.width)
        return letter


def _is_number(cell: str) -> str:
    """The condition that a cell holds a number. To LibreOffice's ISNUMBER, a reference to an empty cell does not."""
    return f"COUNT({cell})=1"


def _at(place: Place) -> str:
    return f"{get_column_letter(place[1])}{place[0]}"
