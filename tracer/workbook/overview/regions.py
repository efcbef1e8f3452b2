"""The Regions sheet: the output of a model with two inputs over a grid of points, in the chosen iteration.

A sheet of its own beside Data, whose columns are too wide for a grid, and whose samples may be many.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.regions import MARGIN, POINTS, Regions, axis, coordinates, regions
from tracer.formulas.evaluation import NO_NUMBER, compiled
from tracer.formulas.expansion import expand
from tracer.formulas.notation import TooLong, render, shortest
from tracer.formulas.notation.excel import EXCEL
from tracer.model import naming
from tracer.workbook.sheets import Sheet
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import DATA, FIRST_SAMPLE_ROW, data_columns, deepest
from tracer.workbook.walkthrough.chosen_step import ChosenStep
from tracer.workbook.walkthrough.titles import WALKTHROUGH
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.limits import MAX_FORMULA, MAX_NESTED
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.scales import Scale, color
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE
from tracer.workbook.xlsx.styles import FIXED, INK, PLAIN, SLATE, WHITE, box, font

TITLE = "Regions"
TITLE_ROW, STEP_ROW, LEGEND_ROW, TOP, LEFT = 1, 2, 3, 5, 3
"""TOP and LEFT: the row and the column of the grid's first cells."""
X_ROW, RIGHT = TOP + POINTS, LEFT + POINTS
"""Behind the last ones: the row with the values of the first input, and a gap beside the grid."""
WIDTHS = (5.0, 8.0, *[2.29] * POINTS, 3.0, 15.0, 14.0, 3.0, 9.0, 9.0, 9.0, 9.0)
CELL_HEIGHT = 15.75
NUMBERS, SAMPLES = RIGHT + 1, RIGHT + 4
"""The columns of the tables beside the grid: its numbers, and where the samples are on it."""
MOST_SAMPLES = 1_000
"""That are marked on the grid."""
MARKS = ("○", "●")
"""Of samples whose target is in the lower half of all, and in the upper one. Classes are marked by their numbers."""
HALF = 0.5000001
"""So that what lies halfway between two values is taken up everywhere, whatever the last digits of a quotient are."""
COLUMN_MARK, ROW_MARK = "\x01", "\x02"
"""Stand for the column and the row of a cell of the grid in its formula."""
NONE = "There are no regions: a formula of this model would "


def sheet(step: Callable[[], ChosenStep]) -> Sheet:
    """The sheet; `step` gives the step chosen on the Walkthrough, once that is laid out."""

    def wanted(context: Context) -> bool:
        return any(trace.numbers for trace in context.traces) and bool(regions(context.experiment, context.system))

    return Sheet(TITLE, partial(_build, step=step), wanted)


def _build(sheet: Worksheet, context: Context, step: Callable[[], ChosenStep]) -> SheetCells:
    found = regions(context.experiment, context.system)
    assert found
    sheet.sheet_view.showGridLines = False
    set_up_page(sheet, high=1)
    return _Builder(sheet, context, found, step()).build()


@dataclass(frozen=True, slots=True)
class _Axis:
    """The values along a side of the grid, and the cells of the least value of the samples and of the distance."""

    values: list[float]
    distance: float
    least: str
    step: str

    def point(self, number: int) -> str:
        """The formula of a value, counted from 0."""
        return f"{self.least}+{self.step}*({number - MARGIN})"

    def number_format(self) -> str:
        """As many decimals as the distance of two values has in two digits."""
        step = f"{self.distance:.2g}"
        decimals = len(step.partition(".")[2])
        return PLAIN if "e" in step else f"0.{'0' * decimals}".removesuffix(".")

    def place(self, cell: str) -> str:
        """The formula of the place of the nearest value, counted from 1."""
        return f"INT(({cell}-{self.least})/{self.step}+{HALF})+{MARGIN + 1}"

    def nearest(self, value: float) -> int:
        """That place."""
        return math.floor((value - self.values[MARGIN]) / self.distance + HALF) + MARGIN + 1


class _Builder:
    """The sheet while it is laid out."""

    def __init__(self, sheet: Worksheet, context: Context, found: Regions, step: ChosenStep) -> None:
        self.sheet, self.context, self.regions, self.step = sheet, context, found, step
        self.styles, self.spell, self.system = context.styles, context.spell, context.system
        self.grid, self.names = Grid(WIDTHS), context.styles.look(font=font(bold=True, color=SLATE))
        self.data = {name: place for place, name in enumerate(data_columns(self.system), 2)}

    def build(self) -> SheetCells:
        """All parts; the cells."""
        grid, styles, step = self.grid, self.styles, self.step
        grid.height(TITLE_ROW, 24)
        grid.put((TITLE_ROW, 1), styles.title, f"{self.context.experiment.name}: the decision regions")
        said, formula = f"{naming.ITERATION} 1", f'"{naming.ITERATION} "&{step.place.iteration}'
        if naming.ETA in step.traces[0].run.hyper:
            said += self.spell(f", {naming.ETA} = {shortest(step.value(naming.ETA))}")
            formula += f'&", {self.spell(naming.ETA)} = "&{step.formula(naming.ETA)}'
        grid.put((STEP_ROW, 1), styles.section, said, formula)
        grid.put((STEP_ROW, NUMBERS), styles.link, f"choose another one on the sheet {WALKTHROUGH}")
        place = f"{get_column_letter(NUMBERS)}{STEP_ROW}"
        self.sheet._hyperlinks.append(Hyperlink(ref=place, location=reference(WALKTHROUGH, "A1")))
        x, y = self.regions.inputs
        cells = {x: f"{COLUMN_MARK}${X_ROW}", y: f"$B{ROW_MARK}"}
        for row, name in enumerate(self.regions.parameters, TOP):
            cells[name] = self._number(row, name, step.value(name), step.formula(name), FIXED)
        grid.put((TOP - 1, NUMBERS), self.names, "in this iteration")
        across, up = (self._axis(name, row) for name, row in ((x, row + 2), (y, row + 4)))
        drawn = expand(self.regions.drawn, far=any(trace.far for trace in step.traces))
        try:
            text = render(drawn, EXCEL, lambda name: cells[name.name], MAX_FORMULA)
        except TooLong:
            text = COLUMN_MARK * MAX_FORMULA
        if len(text) + text.count(COLUMN_MARK) + text.count(ROW_MARK) > MAX_FORMULA:
            grid.put((LEGEND_ROW, 1), styles.warning, f"{NONE}have more than {MAX_FORMULA:,} characters.")
        elif deepest([drawn]) > MAX_NESTED:
            grid.put((LEGEND_ROW, 1), styles.warning, f"{NONE}have more than {MAX_NESTED} functions in each other.")
        else:
            self._labels(across, up)
            values = self._points(text, across, up)
            self._samples(across, up)
            self._color(values)
        return grid.content(self.sheet)

    def _number(self, row: int, name: str, value: float, formula: str, form: str = PLAIN) -> str:
        """A number beside the grid, and what it is; its cell."""
        self.grid.put((row, NUMBERS), self.names, self.spell(name))
        return self.grid.put((row, NUMBERS + 1), self.styles.number[form], value, formula)

    def _axis(self, name: str, row: int) -> _Axis:
        """The values of an input along its side, which follow the samples."""
        of_samples = [sample[self.system.data.index(name)] for sample in self.system.samples]
        least, step = axis(of_samples)
        letter = get_column_letter(self.data[name])
        samples = f"{DATA}!${letter}${FIRST_SAMPLE_ROW}:${letter}${FIRST_SAMPLE_ROW + len(of_samples) - 1}"
        first = self._number(row, f"least {name}", least, f"MIN({samples})")
        span = f"MAX({samples})-{first}"
        formula = f"IF({span}=0,1,{span})/{POINTS - 1 - 2 * MARGIN}"
        return _Axis(coordinates(least, step), step, first, self._number(row + 1, f"step of {name}", step, formula))

    def _labels(self, across: _Axis, up: _Axis) -> None:
        """The values along the sides, and the names of the inputs."""
        shrunk = Alignment(horizontal="center", vertical="center", shrink_to_fit=True)
        small = font(size=9, color=SLATE)
        of_x, of_y = (
            self.styles.look(font=small, alignment=shrunk, number_format=axis.number_format()) for axis in (across, up)
        )
        for number in range(POINTS):
            self.grid.put((X_ROW, LEFT + number), of_x, across.values[number], across.point(number))
            self.grid.put((X_ROW - 1 - number, LEFT - 1), of_y, up.values[number], up.point(number))
            self.grid.height(TOP + number, CELL_HEIGHT)
        x, y = map(self.spell, self.regions.inputs)
        bold = self.styles.look(font=font(bold=True, color=INK), alignment=shrunk)
        self.grid.span((X_ROW + 1, LEFT), RIGHT - 1, bold, x)
        self.grid.put((TOP + POINTS // 2, 1), bold, y)

    def _points(self, text: str, across: _Axis, up: _Axis) -> list[float]:
        """The cells of the grid; their values, as far as they have one."""
        needed, function = compiled(self.regions.drawn)
        fixed = {name: self.step.value(name) for name in self.regions.parameters}
        centered = Alignment(horizontal="center", vertical="center")
        look = self.styles.look(number_format=";;;", border=box(WHITE), alignment=centered)
        x, y = self.regions.inputs
        found = []
        for row, y_value in enumerate(reversed(up.values), TOP):
            of_row = text.replace(ROW_MARK, str(row))
            for column, x_value in enumerate(across.values, LEFT):
                values, value = {**fixed, x: x_value, y: y_value}, None
                try:
                    value = float(function(*(values[name.name] for name in needed)))
                    found.append(value)
                except NO_NUMBER:
                    pass
                formula = of_row.replace(COLUMN_MARK, get_column_letter(column))
                self.grid.put((row, column), look, NOT_AVAILABLE if value is None else value, formula)
        return found

    def _samples(self, across: _Axis, up: _Axis) -> None:
        """Where the samples are on the grid, and how each is marked, as a table."""
        system, (x, y) = self.system, self.regions.inputs
        for place, head in enumerate((naming.SAMPLE, "column", "row", "mark")):
            self.grid.put((TOP - 1, SAMPLES + place), self.styles.column_head, head)
        targets = [self.data[name] for name in self.regions.targets[: self.regions.classes or 1]]
        letters = [get_column_letter(column) for column in targets]
        look, last = self.styles.centered, FIRST_SAMPLE_ROW + len(system.samples) - 1
        values = [dict(zip(system.data, sample, strict=True)) for sample in system.samples[:MOST_SAMPLES]]
        for number, (sample, mark) in enumerate(zip(values, self.regions.marks(system), strict=False)):
            row, at = TOP + number, FIRST_SAMPLE_ROW + number
            cells = {name: f"{DATA}!{get_column_letter(self.data[name])}{at}" for name in (x, y)}
            column, height = across.nearest(sample[x]), up.nearest(sample[y])
            formula = None
            if self.regions.classes:
                own = f"{DATA}!{letters[0]}{at}:{letters[-1]}{at}"
                formula = f"MATCH(MAX({own}),{own},0)"
            elif letters:
                of_all = f"{DATA}!{letters[0]}${FIRST_SAMPLE_ROW}:{letters[0]}${last}"
                formula = f"IF(2*{DATA}!{letters[0]}{at}>MIN({of_all})+MAX({of_all}),1,0)"
            self.grid.put((row, SAMPLES), look, number + 1, f"{DATA}!A{at}")
            self.grid.put((row, SAMPLES + 1), look, column, across.place(cells[x]))
            self.grid.put((row, SAMPLES + 2), look, POINTS + 1 - height, f"{POINTS + 1}-({up.place(cells[y])})")
            self.grid.put((row, SAMPLES + 3), look, mark, formula)

    def _color(self, values: list[float]) -> None:
        """Color the grid, mark the samples on it, and say what colors and marks mean."""
        classes, system = self.regions.classes, self.system
        cells = f"{get_column_letter(LEFT)}{TOP}:{get_column_letter(RIGHT - 1)}{X_ROW - 1}"
        of_targets = [sample[system.data.index(name)] for name in self.regions.targets[:1] for sample in system.samples]
        low, high = (1.0, float(classes)) if classes else self._range(of_targets or values)
        middle = (low + high) / 2
        color(self.sheet, [Scale((cells,), high - middle, middle=middle)])
        ends = TOP + min(len(system.samples), MOST_SAMPLES) - 1
        columns, rows, marks = (
            f"${get_column_letter(SAMPLES + place)}${TOP}:${get_column_letter(SAMPLES + place)}${ends}"
            for place in (1, 2, 3)
        )
        signs = {number: str(number) for number in range(1, classes + 1)} if classes else dict(enumerate(MARKS))
        for number, sign in signs.items():
            here = f"{columns},COLUMN()-{LEFT - 1},{rows},ROW()-{TOP - 1},{marks},{number}"
            look = DifferentialStyle(
                font=font(bold=True, color=INK),
                numFmt=NumberFormat(numFmtId=200 + number, formatCode=f'"{self.spell(sign)}"'),
            )
            self.sheet.conditional_formatting.add(
                cells, Rule(type="expression", dxf=look, formula=[f"COUNTIFS({here})>0"])
            )
        outputs = list(map(self.spell, self.regions.outputs))
        if classes:
            said = f"The number of the largest of {outputs[0]} to {outputs[-1]}: 1 is blue, {classes} orange."
            said += " A number marks a sample of this class."
        else:
            said = f"{outputs[0]}: blue at {low:.6g} and below, white at {middle:.6g}, orange at {high:.6g} and above."
            if of_targets:
                upper = "a sample with a target in the upper half of their range"
                said += f" {MARKS[1]}: {upper}; {MARKS[0]}: another sample."
        self.grid.put((LEGEND_ROW, 1), self.styles.subtitle, self.spell(said))

    @staticmethod
    def _range(values: list[float]) -> tuple[float, float]:
        """The least and the largest of some values, which differ."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        return (low, high) if high > low else (low - 1, high + 1)
