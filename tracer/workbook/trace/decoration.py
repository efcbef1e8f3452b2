"""What a trace sheet has besides its cells: notes on headers, outline, colors, names, page setup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import FIRST_ROW, GROUP_ROW, HEADER_ROW, TraceFormulas, leading
from tracer.workbook.trace.layout import Head
from tracer.workbook.xlsx.names import cell_name
from tracer.workbook.xlsx.pages import set_up_pages
from tracer.workbook.xlsx.scales import CALM, Scale, color
from tracer.workbook.xlsx.styles import PALETTE

AUTHOR = "backprop-trace"
NOTE_WIDTH, NOTE_LINE, NOTE_CHARACTERS = 260, 18, 38
"""Of a note: pixels, pixels to a line, characters to a line."""
MOST_RANGES = 40
"""Of the cells of one color scale."""


def decorate(
    sheet: Worksheet, context: Context, trace: TraceFormulas, words: Mapping[str, str], top: Head, colored: bool = True
) -> None:
    """Decorate the sheet of a run below its `top`: `words` are the notes; `colored` gradients show their sign and
    size."""
    _notes(sheet, trace, words)
    _outline(sheet, trace)
    if colored:
        color(sheet, _scales(trace))
    for name, cell in trace.hyper_cells.items():
        known = cell_name(context.spell(naming.label(name)))
        sheet.defined_names[known] = DefinedName(known, attr_text=trace.reference(cell))
    titles = f"{GROUP_ROW}:{HEADER_ROW}", f"A:{'AB'[len(leading(context.system)) - 1]}"
    breaks = [group.first for group in top.pages if group.starts_page]
    set_up_pages(sheet, f"A1:{get_column_letter(top.pages[-1].last)}{trace.last_row}", titles, breaks, top.scale)


def _notes(sheet: Worksheet, trace: TraceFormulas, words: Mapping[str, str]) -> None:
    """Each header carries its equation."""
    for name, text in words.items():
        lines = 1 + len(text) // NOTE_CHARACTERS
        note = Comment(text, AUTHOR, height=NOTE_LINE * (lines + 1), width=NOTE_WIDTH)
        sheet[f"{trace.letters[name]}{HEADER_ROW}"].comment = note


def _outline(sheet: Worksheet, trace: TraceFormulas) -> None:
    """The factors of the chain rule fold away: what stays is the compact sheet."""
    gradients = {trace.system.gradient(parameter.name) for parameter in trace.system.parameters}
    for name, phase in trace.columns.items():
        if phase is Phase.BACKWARD and name not in gradients:
            sheet.column_dimensions[trace.letters[name]].outlineLevel = 1


def _scales(trace: TraceFormulas) -> Iterator[Scale]:
    """For each layer a color scale for the gradients of its parameters, and one for those of its neurons; one for the
    gradients of the batch."""
    system = trace.system
    losses = {system.loss, system.curve}
    of_parameters = {system.gradient(parameter.name, loss) for parameter in system.parameters for loss in losses}
    gradients = of_parameters | {system.gradient(name) for name in trace.columns}
    found = [equation for equation in system.equations if equation.quantity in gradients]
    for _, group in groupby(found, key=lambda equation: equation.layer):
        layer = {equation.quantity for equation in group}
        for names in (layer & of_parameters, layer - of_parameters):
            ranges = tuple(f"{left}{FIRST_ROW}:{right}{trace.last_row}" for left, right in side_by_side(trace, names))
            if ranges:
                neutral = PALETTE[trace.columns[next(iter(names))]].pale
                yield Scale(ranges[:MOST_RANGES], max(trace.largest[name] for name in names), neutral, CALM)


def side_by_side(trace: TraceFormulas, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The first and the last of the columns that stand side by side."""
    places = {name: index for index, name in enumerate(trace.columns)}
    wanted = sorted(places[name] for name in names)
    columns = list(trace.letters.values())
    for _, run in groupby(enumerate(wanted), key=lambda item: item[1] - item[0]):
        side_by_side = [place for _, place in run]
        yield columns[side_by_side[0]], columns[side_by_side[-1]]
