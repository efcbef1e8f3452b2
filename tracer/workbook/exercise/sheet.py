"""The sheet of an exercise: a trace with cells to fill in, each marked as soon as it is filled.

Beside the table, folded away, stands the mark of every cell to fill in, from the sheet of marks. Colors and score
follow the marks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.words import stopped
from tracer.workbook.exercise.cells import Cells, Place
from tracer.workbook.exercise.marks import Marks, width
from tracer.workbook.exercise.task import FRAMED, HINT, State, Task
from tracer.workbook.trace.changes import other_rate
from tracer.workbook.trace.context import DATA_WIDTH, Context
from tracer.workbook.trace.decoration import decorate
from tracer.workbook.trace.formulas import FIRST_ROW, HYPER_COLUMN
from tracer.workbook.trace.layout import FROZEN, Field, cell, column_widths, head, leads
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import fold, pixels
from tracer.workbook.xlsx.sheetdata import Cell, row

RIGHT, UNCERTAIN, WRONG = ("C6EFCE", "006100"), ("FFEB9C", "9C5700"), ("FFC7CE", "9C0006")
"""Fill and text of a cell that is correct, follows from wrong ones, or is wrong."""
TO_FILL, NAME = "fill in", "name"
HINT_WIDTH, SCORE_WIDTH, NAME_WIDTH, LEGEND_WIDTH = 30.0, 18.0, 28.0, 54.0
"""At the top, in characters."""
FIELD_COLUMNS = 20
"""As many as the top takes at most."""
VIEW_WIDTH, MARGIN = 1300.0, 2
"""Pixels that are in view when a file opens; the columns in front of the first blank, where it is not among them."""
ROWS_IN_VIEW = 25


@dataclass(frozen=True, slots=True)
class ExerciseSheet:
    """One run as an exercise. marks: where its marks are; None for a sheet without. solved: whether it is filled in."""

    context: Context
    cells: Cells
    task: Task
    marks: Marks | None
    solved: bool

    def build(self, sheet: Worksheet, context: Context) -> SheetCells:
        """Lay out the sheet and give its cells."""
        trace = self.cells.trace
        words = dict(context.words)
        if not self.solved and not self.task.equations:
            to_fill = {self.cells.names[column] for _, column in self.cells.blanks}
            words |= dict.fromkeys(to_fill, TO_FILL)
        top = head(sheet, context, trace, words, [*self._fields()], self._start)
        decorate(sheet, context, trace, words, top, colored=False)
        self._show_first_blank(sheet)
        last = self._marks_column - 1
        if self.marks:
            fold(sheet, range(last + 1, last + len(trace.columns) + 1), DATA_WIDTH)
            last += len(trace.columns)
            sheet.column_dimensions[get_column_letter(last + 1)].collapsed = True
            self._color(sheet)
        rows = chain(top.rows, map(self._row, range(len(trace.run))))
        return SheetCells(rows, f"A1:{get_column_letter(last)}{trace.last_row}")

    # ---------------------------------------------------------------------------------------------------- the top

    @property
    def _first(self) -> Place:
        """The first cell to fill in."""
        return min(self.cells.blanks)

    @property
    def _left(self) -> int:
        """The first column in view beside the frozen ones, so that the first cell to fill in is in view too."""
        column = self._first[1]
        in_view = sum(map(pixels, column_widths(self.context, self.cells.trace)[:column])) <= VIEW_WIDTH
        return FROZEN + 1 if in_view else column - MARGIN

    @property
    def _start(self) -> int:
        """The first column of what stands at the top, in view together with the first cell to fill in."""
        return max(self._left, HYPER_COLUMN + 2 * len(self.context.system.hyper))

    @property
    def _marks_column(self) -> int:
        """The first column of the marks."""
        return max(width(self.context.system) + 1, self._start + FIELD_COLUMNS)

    def _show_first_blank(self, sheet: Worksheet) -> None:
        """Scroll to the first cell to fill in, and select it."""
        (line, column), view = self._first, sheet.sheet_view
        top = FIRST_ROW if line < ROWS_IN_VIEW else line - 1
        view.pane.topLeftCell = f"{get_column_letter(self._left)}{top}"
        for selection in view.selection:
            if selection.pane == view.pane.activePane:
                selection.activeCell = selection.sqref = f"{get_column_letter(column)}{line}"

    def _fields(self) -> Iterator[Field]:
        """What is to do, the score, a field for the name, the meaning of the colors; another η than the tab's."""
        styles, of_all = self.context.styles, len(self.cells.blanks)
        yield Field(HINT_WIDTH, styles.hint, self._hint())
        if self.marks:
            marks = self._marks_range()
            counts = {state: f'COUNTIF({marks},"{state}")' for state in (State.RIGHT, State.CONSISTENT)}
            right = "+".join(counts[state] for state in self.task.counting)
            consistent = counts[State.CONSISTENT]
            done = of_all if self.solved else 0
            text = f'{right}&" of {of_all} correct"&IF({consistent}>0,", "&{consistent}&" consistent","")'
            yield Field(1, styles.eta_label, "score")
            yield Field(1, styles.score, done / of_all, f"({right})/{of_all}")
            yield Field(SCORE_WIDTH, styles.hint, f"{done} of {of_all} correct", text)
        yield Field(1, styles.eta_label, NAME)
        yield Field(NAME_WIDTH, styles.eta)
        if self.marks:
            consistent = "" if self.task.strict else ", yellow: follows from your own cells"
            yield Field(LEGEND_WIDTH, styles.hint, f"green: right{consistent}, red: wrong")
        for formula in other_rate(self.context, self.cells.trace):
            yield Field(LEGEND_WIDTH, styles.hint, "", formula)

    def _hint(self) -> str:
        decimals = "" if self.task.decimals is None else f", right to {self.task.decimals} decimals"
        ends = f" {stopped(self.cells.trace.run.divergence)}" if self.cells.trace.run.divergence else ""
        count = len(self.cells.blanks)
        what = f"{HINT} {count} {FRAMED}s" if count > 1 else f"{HINT} {FRAMED}"
        return self.context.spell(f"{what}{decimals}.{ends}")

    def _marks_range(self) -> str:
        trace, first = self.cells.trace, self._marks_column
        last = get_column_letter(first + len(trace.columns) - 1)
        return f"{get_column_letter(first)}{FIRST_ROW}:{last}{trace.last_row}"

    def _color(self, sheet: Worksheet) -> None:
        """Color the cells by their marks."""
        trace = self.cells.trace
        columns = [min(self.cells.names), max(self.cells.names)]
        first, last = map(get_column_letter, columns)
        mark = f"{get_column_letter(width(self.context.system) + 1)}{FIRST_ROW}"
        looks = {State.RIGHT: RIGHT, State.CONSISTENT: WRONG if self.task.strict else UNCERTAIN,
                 State.WRONG: WRONG, State.COPIED: WRONG}  # fmt: skip
        for state, (fill, text) in looks.items():
            look = {"fill": PatternFill(bgColor=fill), "font": Font(color=text)}
            rule = FormulaRule(formula=[f'{mark}="{state}"'], **look)
            sheet.conditional_formatting.add(f"{first}{FIRST_ROW}:{last}{trace.last_row}", rule)

    # ---------------------------------------------------------------------------------------------------- the steps

    def _row(self, index: int) -> bytes:
        """The row of a step: its cells, then the marks of those to fill in."""
        number, values = FIRST_ROW + index, self.cells.trace.run.step(index)
        places = {(number, column): name for column, name in self.cells.names.items() if math.isfinite(values[name])}
        cells = [self._cell(place, name, values[name]) for place, name in places.items()]
        marks = [self._mark(place, self.marks) for place in places if self.marks and place in self.cells.blanks]
        return row(number, [*leads(self.context, self.cells.trace, index), *cells, *marks])

    def _cell(self, place: Place, name: str, value: float) -> Cell:
        trace = self.cells.trace
        if place in self.cells.blanks:
            style = self.context.styles.blank[trace.form(name)]
            solution = (value, self.cells.plain(place)) if self.solved else ()
            return Cell(trace.letters[name], style, *solution)
        if self.solved or place not in self.cells.pending:
            return cell(self.context, trace, name, value, self.cells.plain(place))
        style = self.context.styles.value(trace.kind(name), trace.form(name))
        return Cell(trace.letters[name], style, "", self.cells.formula(place))

    def _mark(self, place: Place, marks: Marks) -> Cell:
        letter = get_column_letter(self._marks_column + place[1] - min(self.cells.names))
        return Cell(letter, self.context.styles.subtitle, str(State.RIGHT) if self.solved else "", marks.mark_at(place))
