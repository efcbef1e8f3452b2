"""What the sheet of a run and an exercise share: the rows at the top, and single rows and cells."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.context import DATA_WIDTH, SMALL_CHARACTER, Context
from tracer.workbook.trace.formulas import (
    ETA_ROW,
    FIRST_ROW,
    GROUP_ROW,
    HEADER_ROW,
    HYPER_COLUMN,
    WORDS_ROW,
    TraceFormulas,
    leading,
)
from tracer.workbook.trace.groups import ColumnGroup, column_groups, paged
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.pages import LEAST_SCALE, PAGE_WIDTH, pixels
from tracer.workbook.xlsx.sheetdata import Cell, Value
from tracer.workbook.xlsx.styles import PLAIN

FROZEN = 2
"""Columns that stay in sight: those of η."""
LEAD_WIDTH = 13.0
"""Of the iteration, in characters."""
LONG_NAME, BOLD = 20, 0.85
"""Characters of the experiment's name from which on it is written smaller; a width that counts for bold type."""
LINE_HEIGHT, MOST_LINES = 13.0, 4
"""Of the equations in words: points to a line, and lines."""


@dataclass(frozen=True, slots=True)
class Field:
    """What stands in the first row beside η: at least so wide, in characters. link: where a click on it leads."""

    width: float
    style: int
    value: Value | None = None
    formula: str | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The rows above the steps. last: the last column that they need. pages: the groups of columns, split where a
    printed page ends; scale: of these pages, in percent."""

    rows: list[bytes]
    last: int
    pages: tuple[ColumnGroup, ...]
    scale: int


def head(
    sheet: Worksheet,
    context: Context,
    trace: TraceFormulas,
    words: Mapping[str, str],
    fields: Sequence[Field],
    start: int = 0,
) -> Head:
    """Lay out the rows above the steps, and keep them in sight: the numbers that hold for the run, and `fields` beside
    them or from the column `start` on; the experiment's name and the groups of columns; `words` of every column; the
    header."""
    styles, spell, lead = context.styles, context.spell, leading(context.system)
    widths = column_widths(context, trace)
    grid = Grid(widths)
    _given(grid, context, trace)
    column = start or HYPER_COLUMN + 2 * len(context.system.hyper)
    for field in fields:
        while grid.width(column, len(grid.widths)) < field.width:
            grid.widths.append(DATA_WIDTH)
        last = grid.reach(column, field.width)
        grid.span((ETA_ROW, column), last, field.style, field.value, field.formula)
        if isinstance(field.value, str):
            grid.wrap(ETA_ROW, len(field.value), grid.width(column, last))
        if field.link:
            place = f"{get_column_letter(column)}{ETA_ROW}"
            sheet._hyperlinks.append(Hyperlink(ref=place, location=field.link))
        column = last + 1
    grid.height(ETA_ROW, 24)
    groups = tuple(column_groups(trace, len(lead) + 1))
    scale = _scale(groups, tuple(widths), len(lead))
    pages = tuple(_on_pages(groups, widths, len(lead), scale))
    name = context.experiment.name
    if len(name) > LONG_NAME:
        name = " ".join(_cut(name, BOLD * grid.width(1, len(lead)), spell("…")))
    corner = styles.corner if len(name) <= LONG_NAME else styles.small_corner
    grid.span((GROUP_ROW, 1), len(lead), corner, name, rows=2)
    for group in pages:
        grid.span((GROUP_ROW, group.first), group.last, styles.group[group.phase], group.title)
    grid.height(GROUP_ROW, 20)
    texts = {name: _cut(text, context.widths[name], spell("…")) for name, text in words.items()}
    for index, name in enumerate(trace.columns, len(lead) + 1):
        grid.put((WORDS_ROW, index), styles.words[trace.kind(name)], " ".join(texts[name]))
        grid.put((HEADER_ROW, index), styles.header[trace.kind(name)], spell(name))
    for index, name in enumerate(lead, 1):
        grid.put((HEADER_ROW, index), styles.header[Phase.DATA], name)
    grid.height(WORDS_ROW, LINE_HEIGHT * max(2, *map(len, texts.values())) + 4)
    grid.height(HEADER_ROW, 18)
    rows = [*grid.content(sheet).rows]
    sheet.freeze_panes = f"{get_column_letter(FROZEN + 1)}{FIRST_ROW}"
    sheet.sheet_view.zoomScale = 90
    return Head(rows, max(column - 1, len(widths)), pages, scale)


def column_widths(context: Context, trace: TraceFormulas) -> list[float]:
    """Of the iteration, the sample and the quantities, in characters."""
    lead = [LEAD_WIDTH, DATA_WIDTH][: len(leading(context.system))]
    return [*lead, *(context.widths[name] for name in trace.columns)]


def _given(grid: Grid, context: Context, trace: TraceFormulas) -> None:
    """η, and the other numbers that hold for a run: a label and a yellow cell each."""
    styles, spell = context.styles, context.spell
    values = {**context.system.hyper, **trace.run.hyper}
    shown: dict[str, tuple[int, Value, str | None]] = {}
    if naming.ETA in trace.columns:
        shown[naming.ETA] = (2, spell(naming.SCHEDULE), None)
    for index, name in enumerate(context.system.hyper):
        shown[name] = (HYPER_COLUMN + 2 * index + 1, values[name], trace.given(trace.hyper_cells[name]))
    for name in trace.run.hyper:
        shown[name] = (2, values[name], trace.given(trace.hyper_cells[name]))
    for name, (column, value, formula) in shown.items():
        grid.put((ETA_ROW, column - 1), styles.eta_label, spell(f"{naming.label(name)} ="))
        grid.put((ETA_ROW, column), styles.eta, value, formula)


@lru_cache(maxsize=1_000)  # the same for all runs
@cache
def _cut(text: str, width: float, ellipsis: str) -> tuple[str, ...]:
    """The lines of an equation in a column of this width, cut where they are too many."""
    lines = textwrap.wrap(text, max(int(width / SMALL_CHARACTER), 1)) or [""]
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return *lines[: MOST_LINES - 1], lines[MOST_LINES - 1][: -len(ellipsis)] + ellipsis


def _on_pages(groups: Sequence[ColumnGroup], widths: Sequence[float], lead: int, scale: int) -> list[ColumnGroup]:
    """The groups, split where a page at this scale ends, with the leading columns on each page."""
    in_pixels = [*map(pixels, widths)]
    return [*paged(groups, in_pixels, PAGE_WIDTH * 100 / scale - sum(in_pixels[:lead]))]


@lru_cache(maxsize=100)
def _scale(groups: tuple[ColumnGroup, ...], widths: tuple[float, ...], lead: int) -> int:
    """The largest scale, in steps of 5 percent, that needs no more pages than the smallest one that can be read."""

    def pages(scale: int) -> int:
        return sum(group.starts_page for group in _on_pages(groups, widths, lead, scale))

    fewest = pages(LEAST_SCALE)
    return next(scale for scale in range(100, LEAST_SCALE - 1, -5) if pages(scale) == fewest)


def leads(context: Context, trace: TraceFormulas, index: int) -> list[Cell]:
    """The cells of a step in front of the quantities."""
    values = zip("AB", next(trace.run.places(index)), leading(context.system), strict=False)
    return [Cell(letter, context.styles.value(Phase.DATA, PLAIN), value) for letter, value, _ in values]


def cell(context: Context, trace: TraceFormulas, name: str, value: float | None, formula: str | None) -> Cell:
    """A quantity's cell; without a formula its value is given."""
    style = context.styles.value(trace.kind(name), trace.form(name), given=formula is None)
    return Cell(trace.letters[name], style, value, formula)
