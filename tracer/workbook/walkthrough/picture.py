"""The picture of a step in cells: every number a formula, the arrows as lines from cell to cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter

from tracer.explain.picture.layout import STATISTICS, Arrow, Item, Look, Of, Picture, Statistic
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.expansion import expand
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import Name
from tracer.model.system import Phase
from tracer.workbook.walkthrough.chosen_step import ChosenStep
from tracer.workbook.walkthrough.styles import DARK
from tracer.workbook.xlsx.connectors import Connector
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.scales import Scale
from tracer.workbook.xlsx.styles import FAINT, GREY, INK, LINE, PALETTES, PLAIN, Styles, box, fill, font

ROW_HEIGHT = 16.0
"""Points."""
LEAST = 1e-300
"""Smaller numbers are shown as 0."""
POWERS, SHORT_POWERS, FROZEN = "0.00E+00", "0.0E+00", '0" frozen"'


def _unless_large(form: str, limit: int, powers: str) -> str:
    """A number format that shows numbers from a magnitude on as powers of ten."""
    return f"[>={limit}]{powers};[<=-{limit}]-{powers};{form}"


BOUNDS = {
    look: (
        (least, 10.0, _unless_large(small, 100, powers)),
        (10.0, 1000.0, _unless_large(large, 10_000, powers)),
        (LEAST, math.inf, powers),
    )
    for look, least, small, large, powers in (
        (Look.VALUE, 1e-4, "0.000000", "0.0000", POWERS),
        (Look.TILE, 1e-2, "0.000", "0.0", SHORT_POWERS),
    )
}
"""From which largest magnitude on, and below which, a number is shown in a format; nine characters at most, in a tile
seven, besides the sign. A run that diverges may exceed that magnitude: its numbers are then powers of ten."""
FORWARD, BACKWARD = "60A5FA", "34D399"
"""The colors of the arrows, as RRGGBB."""
FORMULAS = {Of.SMALLEST: "MIN({})", Of.MEAN: "AVERAGE({})", Of.LARGEST: "MAX({})", Of.NORM: "SQRT(SUMSQ({}))"}
"""Of the statistics."""


class PictureStyles:
    """The index of every style of a picture."""

    def __init__(self, styles: Styles) -> None:
        look = styles.look
        middle = {"horizontal": "center", "vertical": "center"}
        shrunk = Alignment(horizontal="right", vertical="center", shrink_to_fit=True)
        small = {"size": 10}
        self.text = {
            Look.HEAD: look(
                font=font(bold=True, color=DARK), border=Border(bottom=Side(style="medium", color=FAINT)),
                alignment=Alignment(**middle, shrink_to_fit=True),
            ),
            Look.CAPTION: look(font=font(size=9, italic=True, color=GREY), alignment=shrunk),
            Look.NOTE: look(
                font=font(size=9, italic=True, color=GREY),
                alignment=Alignment(horizontal="left", vertical="center", indent=1),
            ),
        }  # fmt: skip
        self.label = {
            kind: look(
                font=font(**small, bold=True, color=p.strong), fill=fill(p.pale), border=box(LINE), alignment=shrunk
            )
            for kind, p in PALETTES.items()
        }
        self.words = {
            kind: look(
                font=font(size=9, color=p.strong), fill=fill(p.pale), border=box(LINE),
                alignment=Alignment(**middle, wrap_text=True),
            )
            for kind, p in PALETTES.items()
        }  # fmt: skip
        self.value = {
            form: look(font=font(**small, color=INK), border=box(LINE), number_format=form, alignment=shrunk)
            for form in (PLAIN, *(form for bounds in BOUNDS.values() for _, _, form in bounds))
        }
        self.frozen = look(font=font(**small, color=GREY), border=box(LINE), number_format=FROZEN, alignment=shrunk)


@dataclass(slots=True)
class Canvas:
    """Where a picture is drawn: from the row `top` on, in the sheet's first columns.

    cell: the cell that holds a quantity that the picture does not show. spell: how a text is written; names and words:
    how quantities and their equations are. largest: the largest magnitude of every column over all runs. lines: the
    cells below the picture that compute a quantity.
    """

    grid: Grid
    top: int
    step: ChosenStep
    styles: PictureStyles
    cell: Callable[[Name], str]
    spell: Callable[[str], str]
    names: Mapping[str, str]
    words: Mapping[str, str]
    largest: Mapping[str, float]
    phases: Mapping[str, Phase]
    lines: Mapping[str, str]

    def name(self, text: str) -> str:
        """A quantity's name, or another text, as it is written."""
        return self.names.get(text) or self.spell(text)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a picture needs beside cells, the cells of what it shows, and its last row."""

    cells: Mapping[str, str]
    lines: tuple[Connector, ...]
    scales: tuple[Scale, ...]
    last: int


def draw(canvas: Canvas, picture: Picture) -> Drawn:
    """Fill the cells of the picture."""
    drawing = _Drawing(canvas, picture)
    for row in range(picture.rows):
        canvas.grid.height(canvas.top + row, ROW_HEIGHT)
    for item in picture.items:
        drawing.put(item)
    lines = tuple(_line(arrow, canvas.top) for arrow in picture.arrows)
    return Drawn(drawing.cells, lines, tuple(drawing.scales()), canvas.top + picture.rows - 1)


class _Drawing:
    """The cells of a picture while they are filled."""

    def __init__(self, canvas: Canvas, picture: Picture) -> None:
        self.canvas, self.picture = canvas, picture
        self.cells: dict[str, str] = {}
        for item in picture.items:
            if isinstance(item.number, str) and item.number:
                self.cells.setdefault(item.number, self._reference(item))
        self.values: dict[str, float] = dict(canvas.step.first)
        for name, expression in picture.derived.items():
            try:
                self.values[name] = evaluate(expression, self.values) + 0.0  # a negative zero is 0
            except (*NO_NUMBER, KeyError):
                continue

    def _place(self, item: Item) -> tuple[int, int]:
        return self.canvas.top + item.row, item.column + 1

    def _reference(self, item: Item) -> str:
        row, column = self._place(item)
        return f"${get_column_letter(column)}${row}"

    def put(self, item: Item) -> None:
        """Fill the cell of an item, or those that it reaches over."""
        styles = self.canvas.styles
        value: float | str | None
        match item.look:
            case Look.LABEL:
                style, value, formula = styles.label[item.kind], self.canvas.name(item.text), None
            case Look.WORDS:
                style, value, formula = styles.words[item.kind], self.canvas.words[item.text], None
            case Look.FROZEN:
                style, value, formula = styles.frozen, 0.0, None
            case Look.VALUE | Look.TILE:
                value, formula = self._number(item)
                style = styles.value[self._form(item, value)]
            case _:
                style, value, formula = styles.text[item.look], self.canvas.spell(item.text), None
        row, column = self._place(item)
        self.canvas.grid.span((row, column), column + item.columns - 1, style, value, formula, item.rows)

    def _number(self, item: Item) -> tuple[float | str | None, str | None]:
        """A number in the step first shown, and its formula."""
        number, step = item.number, self.canvas.step
        if isinstance(number, Statistic):
            return self._statistic(number)
        value = self.values.get(number)
        if self.cells[number] != self._reference(item):
            return value, self.cells[number]
        if number in self.picture.derived:
            far = any(trace.far for trace in step.traces)
            return value, render(expand(self.picture.derived[number], far), EXCEL, self._cell)
        return value, self.canvas.lines.get(number) or step.formula(number)

    def _cell(self, name: Name) -> str:
        return self.cells.get(name.name) or self.canvas.cell(name)

    def _statistic(self, number: Statistic) -> tuple[float | str | None, str | None]:
        function, compute = FORMULAS[number.of], STATISTICS[number.of]
        values = [self.values[name] for name in number.quantities if name in self.values]
        value = compute(values) if len(values) == len(number.quantities) else None
        if all(name in self.cells for name in number.quantities):
            return value, function.format(",".join(_ranges(self.cells[name] for name in number.quantities)))
        found = self.canvas.step.of_columns(number.quantities)
        if found and not found[1]:
            return value, function.format(found[0])
        if found and number.of is Of.NORM:
            return value, f"SQRT(SUMPRODUCT(({found[1]})*({found[0]})^2))"
        return "not summarized", None

    def _form(self, item: Item, value: float | str | None) -> str:
        """The number format of a number."""
        names = item.number.quantities if isinstance(item.number, Statistic) else (item.number,)
        if item.look is Look.VALUE and all(self.canvas.phases.get(name) is Phase.DATA for name in names):
            return PLAIN
        largest = max((self.canvas.largest.get(name, 0.0) for name in names), default=0.0)
        if not largest and isinstance(value, float):
            largest = abs(value)
        bounds = BOUNDS[item.look]
        return next((form for least, limit, form in bounds if least <= largest < limit), bounds[0][2])

    def scales(self) -> Iterator[Scale]:
        """The numbers of each kind, colored by their sign and their share of the largest one shown."""
        groups: dict[str, list[str]] = {}
        for item in self.picture.items:
            if item.scale:
                groups.setdefault(item.scale, []).append(self._reference(item))
        for references in groups.values():
            cells = tuple(_ranges(references))
            ranges = ",".join(cells)
            yield Scale(cells, f"MAX(MAX({ranges}),-MIN({ranges}),{LEAST:G})")


def _ranges(references: Iterable[str]) -> Iterator[str]:
    """Cells, as $B$5, in ranges of those that stand below each other."""
    places = sorted((column, int(row)) for _, column, row in (reference.split("$") for reference in references))
    for (column, _), group in groupby(enumerate(places), key=lambda pair: (pair[1][0], pair[1][1] - pair[0])):
        rows = [row for _, (_, row) in group]
        yield f"${column}${rows[0]}" + (f":${column}${rows[-1]}" if len(rows) > 1 else "")


def _line(arrow: Arrow, top: int) -> Connector:
    left, right = ((top + row, share * ROW_HEIGHT) for row, share in (arrow.left, arrow.right))
    color = BACKWARD if arrow.backward else FORWARD
    return Connector(arrow.column + 1, left, right, color, dashed=arrow.backward, to_left=arrow.backward)
