"""The Data sheet: the samples, a row each. The trace sheets look their inputs and targets up here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracer.model import naming
from tracer.model.system import Phase, System
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import PLAIN, Styles

TITLE = "Data"
HINT_ROW, HEADER_ROW, FIRST_ROW = 1, 3, 4
WIDTH = 12.0


def build(sheet: Worksheet, system: System, styles: Styles, spell: Callable[[str], str]) -> SheetCells:
    """Lay out the sheet and give its cells."""
    sheet.title = TITLE
    sheet.freeze_panes = f"B{FIRST_ROW}"
    for index in range(1, len(system.data) + 2):
        sheet.column_dimensions[get_column_letter(index)].width = WIDTH
    last = f"{get_column_letter(len(system.data) + 1)}{FIRST_ROW + len(system.samples) - 1}"
    names = [naming.SAMPLE, *map(spell, system.data)]
    return SheetCells(_rows(names, system.samples, styles), f"A1:{last}")


def _rows(names: Sequence[str], samples: Sequence[tuple[float, ...]], styles: Styles) -> Iterator[str]:
    letters = [get_column_letter(index) for index in range(1, len(names) + 1)]
    hint = "The samples. Change a number here: every sheet follows."
    yield row(HINT_ROW, [Cell("A", styles.subtitle, hint)])
    header = zip(letters, names, strict=True)
    yield row(HEADER_ROW, [Cell(letter, styles.header[Phase.DATA], name) for letter, name in header], 18)
    number, given = styles.value(Phase.DATA, PLAIN), styles.value(Phase.DATA, PLAIN, given=True)
    for index, sample in enumerate(samples):
        cells = [Cell(letter, given, value) for letter, value in zip(letters[1:], sample, strict=True)]
        yield row(FIRST_ROW + index, [Cell("A", number, index + 1), *cells])


def lookup(system: System, quantity: str, sample_cell: str) -> str:
    """The formula of a quantity's value in the sample whose number is in the given cell."""
    letter = get_column_letter(system.data.index(quantity) + 2)
    last = FIRST_ROW + len(system.samples) - 1
    return f"INDEX({TITLE}!${letter}${FIRST_ROW}:${letter}${last},{sample_cell})"
