"""What the sheet of a run and an exercise of it share: the rows at the top, and a row or a cell by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.context import DATA_WIDTH, SMALL_CHARACTER, Context
from tracer.workbook.trace.formulas import (
    ETA_ROW,
    FIRST_ROW,
    HEADER_ROW,
    HYPER_COLUMN,
    TITLE_ROW,
    WORDS_ROW,
    TraceFormulas,
    leading,
)
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import PLAIN

LEGEND_COLUMN = 8
"""Where the legend of the colors begins."""
LINE_HEIGHT, MOST_LINES = 12.0, 30
"""Of the equations in words: points to a line, and lines."""


def lay_out(sheet: Worksheet, context: Context, trace: TraceFormulas) -> None:
    """Give the sheet its widths, and keep its header and the iteration in sight."""
    sheet.freeze_panes = f"{get_column_letter(len(leading(context.system)) + 1)}{FIRST_ROW}"
    sheet.sheet_view.zoomScale = 90
    sheet.column_dimensions["A"].width = DATA_WIDTH
    for name, width in context.widths.items():
        sheet.column_dimensions[trace.letters[name]].width = width


def head(
    context: Context, trace: TraceFormulas, words: Mapping[str, str], title: Sequence[Cell], hint: str
) -> Iterator[str]:
    """The rows above the steps: `title` beside the experiment's name; the numbers that hold for the run, `hint` and the
    legend; `words` of every column; the header."""
    styles, run, spell, columns = context.styles, trace.run, context.spell, trace.columns
    yield row(TITLE_ROW, [Cell("A", styles.title, context.experiment.name), *title], 24)
    rate = [Cell("B", styles.eta, value, trace.given(trace.hyper_cells[name])) for name, value in run.hyper.items()]
    if naming.ETA in columns:
        rate = [Cell("B", styles.eta, spell(naming.SCHEDULE))]
    label = [Cell("A", styles.eta_label, spell(f"{naming.ETA} ="))] if rate else []
    shown = [phase for phase in Phase if phase in columns.values()]
    legend = [
        Cell(get_column_letter(index), styles.header[phase], str(phase))
        for index, phase in enumerate(shown, LEGEND_COLUMN)
    ]
    hyper = [
        cell
        for index, (name, value) in enumerate(context.system.hyper.items())
        for label in [spell(f"{naming.label(name)} =")]
        for cell in (
            Cell(get_column_letter(HYPER_COLUMN + 2 * index), styles.eta_label, label),
            Cell(get_column_letter(HYPER_COLUMN + 2 * index + 1), styles.eta, value,
                 trace.given(trace.hyper_cells[name])),
        )
    ]  # fmt: skip
    yield row(
        ETA_ROW,
        [
            *label,
            *rate,
            Cell("C", styles.warning if run.divergence else styles.subtitle, hint),
            *legend,
            *hyper,
        ],
        20,
    )
    lines = max(SMALL_CHARACTER * len(text) / context.widths[name] for name, text in words.items())
    yield row(
        WORDS_ROW,
        [Cell(trace.letters[name], styles.words[trace.kind(name)], text) for name, text in words.items()],
        LINE_HEIGHT * min(int(lines) + 2, MOST_LINES),
    )
    lead = [
        Cell(letter, styles.header[Phase.DATA], name)
        for letter, name in zip("AB", leading(context.system), strict=False)
    ]
    header = [Cell(trace.letters[name], styles.header[trace.kind(name)], spell(name)) for name in columns]
    yield row(HEADER_ROW, [*lead, *header], 18)


def leads(context: Context, trace: TraceFormulas, index: int) -> list[Cell]:
    """The cells of a step in front of the quantities."""
    values = zip("AB", next(trace.run.places(index)), leading(context.system), strict=False)
    return [Cell(letter, context.styles.value(Phase.DATA, PLAIN), value) for letter, value, _ in values]


def cell(context: Context, trace: TraceFormulas, name: str, value: float | None, formula: str | None) -> Cell:
    """A quantity's cell; without a formula its value is given."""
    style = context.styles.value(trace.kind(name), trace.form(name), given=formula is None)
    return Cell(trace.letters[name], style, value, formula)
