"""The Data sheet: one sample per row. The trace sheets look up their inputs and targets here."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.model.system import Phase
from tracer.workbook.trace.changes import LONGEST, differ
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import FIRST_SAMPLE_ROW, data_columns
from tracer.workbook.xlsx.names import literal
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import PLAIN

TITLE_ROW, HINT_ROW, HEADER_ROW = 1, 2, 3
WIDTH = 12.0
HINT = "Change a number here, and every sheet follows."


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the sheet and give its cells."""
    system = context.system
    sheet.sheet_view.showGridLines = False
    set_up_page(sheet, title_rows=f"{HEADER_ROW}:{HEADER_ROW}", orientation="portrait")
    sheet.freeze_panes = f"B{FIRST_SAMPLE_ROW}"
    letters = [get_column_letter(index) for index in range(1, len(system.data) + 2)]
    for letter in letters:
        sheet.column_dimensions[letter].width = WIDTH
    return SheetCells(_rows(context, letters), f"A1:{letters[-1]}{FIRST_SAMPLE_ROW + len(system.samples) - 1}")


def _rows(context: Context, letters: list[str]) -> Iterator[bytes]:
    styles, system = context.styles, context.system
    yield row(TITLE_ROW, [Cell("A", styles.title, f"{context.experiment.name}: the samples")], 26)
    names = data_columns(system)
    places = [system.data.index(name) for name in names]
    samples = [[sample[place] for place in places] for sample in system.samples]
    last = f"{letters[-1]}{FIRST_SAMPLE_ROW + len(samples) - 1}"
    changed = f"{differ(f'B{FIRST_SAMPLE_ROW}:{last}', samples)}=0"
    formula = f'IF({changed},"","Samples have been changed. ")&{literal(HINT)}' if len(changed) <= LONGEST else None
    yield row(HINT_ROW, [Cell("A", styles.subtitle, HINT, formula)])
    header = zip(letters, [naming.SAMPLE, *map(context.spell, names)], strict=True)
    yield row(HEADER_ROW, [Cell(letter, styles.header[Phase.DATA], name) for letter, name in header], 18)
    number, given = styles.value(Phase.DATA, PLAIN), styles.value(Phase.DATA, PLAIN, given=True)
    for index, sample in enumerate(samples):
        cells = [Cell(letter, given, value) for letter, value in zip(letters[1:], sample, strict=True)]
        yield row(FIRST_SAMPLE_ROW + index, [Cell("A", number, index + 1), *cells])
