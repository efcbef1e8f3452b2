"""What sheets of every kind are given: a page to print on, columns that fold away."""

from __future__ import annotations

from collections.abc import Iterable

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet


def set_up_page(sheet: Worksheet, title_rows: str = "", orientation: str = "landscape", high: int | None = 0) -> None:
    """Print the sheet one page wide and `high` pages high, as many as needed where it is 0, with `title_rows`, such as
    3:4, on every page; above each the names of the file and of the sheet, below it the number of the page."""
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = orientation, high
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if title_rows:
        sheet.print_title_rows = title_rows
    sheet.oddHeader.left.text, sheet.oddHeader.right.text = "&F", "&A"
    sheet.oddFooter.center.text = "page &P of &N"


def fold(sheet: Worksheet, columns: Iterable[int], width: float | None = None) -> None:
    """Fold these columns away; a click on the + above the next one shows them."""
    for column in columns:
        dimension = sheet.column_dimensions[get_column_letter(column)]
        dimension.outlineLevel, dimension.hidden = 1, True
        if width:
            dimension.width = width
