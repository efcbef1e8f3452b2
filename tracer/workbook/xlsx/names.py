"""Names that Excel takes: of sheets, and of cells."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracer.workbook.xlsx.limits import MAX_SHEET_NAME

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NOT_IN_A_NAME = re.compile(r"[^\w.]")
_LIKE_A_CELL = re.compile(r"[A-Z]{1,3}\d+|R|C|R\d*C\d*", re.IGNORECASE)
RESERVED = "History"
"""What Excel calls a sheet of its own (Microsoft, "Rename a worksheet")."""


def sheet_titles(wanted: Iterable[str]) -> list[str]:
    """A title for each sheet, as near to the wanted one as Excel allows, each different from the others."""
    titles: list[str] = []
    taken = {RESERVED.lower()}
    for text in wanted:
        base = _FORBIDDEN.sub("_", text).strip("' ") or "sheet"
        title, count = base[:MAX_SHEET_NAME], 1
        while title.lower() in taken:
            count += 1
            suffix = f" ({count})"
            title = base[: MAX_SHEET_NAME - len(suffix)] + suffix
        taken.add(title.lower())
        titles.append(title)
    return titles


def reference(title: str, cells: str) -> str:
    """Cells of a sheet, as other sheets refer to them."""
    return f"'{title.replace(chr(39), chr(39) * 2)}'!{cells}"


def cell_name(wanted: str) -> str:
    """A name for a cell, as near to the wanted one as Excel allows."""
    name = _NOT_IN_A_NAME.sub("_", wanted)
    return f"_{name}" if _LIKE_A_CELL.fullmatch(name) or not (name[:1].isalpha() or name[:1] == "_") else name
