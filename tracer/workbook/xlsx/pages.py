"""What sheets of every kind share: page setup and columns that can be collapsed."""

from __future__ import annotations

from collections.abc import Iterable

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from tracer.workbook.xlsx.limits import LAST_ROW

PAGE_WIDTH = 10.3 * 96
"""Of a landscape page, without margins, in pixels: the narrower of A4 and Letter, with a little to spare."""
MARGIN = 0.35
"""In inches."""
LEAST_SCALE = 80
"""In percent: the smallest type, of 10 points, is printed with 8."""


def pixels(width: float) -> float:
    """The width of a column, given in characters, in pixels (ECMA-376 part 1, 18.3.1.13, for Calibri at 11 points)."""
    return width * 7 + 5


def set_up_pages(sheet: Worksheet, area: str, titles: tuple[str, str], breaks: Iterable[int], scale: int) -> None:
    """Print the cells of `area` in columns of pages at a scale in percent, each of which begins with one of the columns
    `breaks`; the rows and the columns of `titles`, such as 3:4 and A:A, on every page; named as by `set_up_page`."""
    sheet.print_area, (sheet.print_title_rows, sheet.print_title_cols) = area, titles
    sheet.page_setup.orientation, sheet.page_setup.scale = "landscape", scale
    sheet.page_margins.left = sheet.page_margins.right = MARGIN
    for column in breaks:
        sheet.col_breaks.append(Break(id=column - 1, max=LAST_ROW - 1))
    _name_pages(sheet)


def set_up_page(sheet: Worksheet, title_rows: str = "", orientation: str = "landscape", high: int | None = 0) -> None:
    """Print the sheet one page wide and `high` pages high, as many as needed where it is 0, with `title_rows`, such as
    3:4, on every page; above each the names of the file and of the sheet, below it the number of the page."""
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = orientation, high
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if title_rows:
        sheet.print_title_rows = title_rows
    _name_pages(sheet)


def _name_pages(sheet: Worksheet) -> None:
    sheet.oddHeader.left.text, sheet.oddHeader.right.text = "&F", "&A"
    sheet.oddFooter.center.text = "page &P of &N"


def fold(sheet: Worksheet, columns: Iterable[int], width: float | None = None) -> None:
    """Fold these columns away; a click on the + above the next one shows them."""
    for column in columns:
        dimension = sheet.column_dimensions[get_column_letter(column)]
        dimension.outlineLevel, dimension.hidden = 1, True
        if width:
            dimension.width = width
