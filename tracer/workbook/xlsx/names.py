"""Names that Excel accepts for sheets and cells, and the notation of ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from tracer.workbook.xlsx.limits import MAX_LITERAL, MAX_SHEET_NAME

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


def letters(column: int) -> str:
    """The letters of a column: 1 → A, 27 → AA."""
    text = ""
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def ranges(places: Iterable[tuple[int, int]]) -> str:
    """Cells, given as (row, column), as ranges: Z33:Z100, or Z33, Z35:Z37; as blocks where columns lie side by side."""
    cells = sorted({(column, row) for row, column in places})
    blocks: list[tuple[int, int, list[tuple[int, int]]]] = []
    for column, group in groupby(cells, key=itemgetter(0)):
        rows = _runs([row for _, row in group])
        if blocks and blocks[-1][1] == column - 1 and blocks[-1][2] == rows:
            blocks[-1] = (blocks[-1][0], column, rows)
        else:
            blocks.append((column, column, rows))
    return ", ".join(
        _range(f"{letters(left)}{top}", f"{letters(right)}{bottom}")
        for left, right, rows in blocks
        for top, bottom in rows
    )


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}:{last}"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def literal(text: str) -> str:
    """A text as formulas write it, in pieces of the length that Excel takes."""
    parts = [text[first : first + MAX_LITERAL] for first in range(0, max(len(text), 1), MAX_LITERAL)]
    return "&".join('"{}"'.format(part.replace('"', '""')) for part in parts)
