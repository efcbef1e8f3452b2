"""References to the columns of tables, such as T1[loss], as references to cells (ECMA-376 part 1, 18.17.6.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tracer.grading.book.cells import Position, Sheet, letters

_NAME = re.compile(r'"(?:[^"]|"")*"|(?<![\w.\]!\'])([^\W\d][\w.]*)\[')
_ITEM = re.compile(r"\[((?:[^\[\]']|'.)*)\]")
THIS_ROW = "#this row"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a workbook: its sheet, its first and last cell, its columns, and how many of its rows are headers and
    totals."""

    sheet: str
    first: Position
    last: Position
    columns: tuple[str, ...]
    headers: int = 1
    totals: int = 0

    def rows(self, part: str, row: int) -> tuple[str, str] | None:
        """The first and the last row of a part, as references have them; those of the data for ""."""
        top, bottom = self.first[0], self.last[0]
        low, high = top + self.headers, bottom - self.totals
        if part == THIS_ROW:
            return (str(row), str(row)) if low <= row <= high else None
        found = {
            "": (low, high),
            "#data": (low, high),
            "#all": (top, bottom),
            "#headers": (top, low - 1),
            "#totals": (high + 1, bottom),
        }.get(part)
        return (f"${found[0]}", f"${found[1]}") if found and found[0] <= found[1] else None


def with_cells(sheet: Sheet, tables: Mapping[str, Table]) -> Sheet:
    """The sheet with references to cells in place of those to tables."""
    cells = dict(sheet.cells)
    for place, cell in sheet.cells.items():
        if cell.formula and "[" in cell.formula.text:
            text = resolved(cell.formula.text, cell.formula.row, sheet.name, tables)
            cells[place] = cell._replace(formula=cell.formula._replace(text=text))
    return replace(sheet, cells=cells)


def resolved(text: str, row: int, sheet: str, tables: Mapping[str, Table]) -> str:
    """A formula of a cell in this row and sheet, with references to cells. What names no table stays as it is."""
    out, at = "", 0
    for match in _NAME.finditer(text):
        table = tables.get(match[1].lower()) if match[1] else None
        if table is None or match.start() < at:
            continue
        end = _closing(text, match.end())
        cells = _cells(text[match.end() : end], row, table) if end else None
        if end and cells:
            where = "" if table.sheet == sheet else "'{}'!".format(table.sheet.replace("'", "''"))
            out, at = f"{out}{text[at : match.start()]}{where}{cells}", end + 1
    return out + text[at:]


def _closing(text: str, start: int) -> int:
    """The position of the bracket that closes the one before `start`; 0 if none does."""
    depth, at = 1, start
    while at < len(text):
        if text[at] == "'":
            at += 1
        else:
            depth += {"[": 1, "]": -1}.get(text[at], 0)
            if not depth:
                return at
        at += 1
    return 0


def _cells(inside: str, row: int, table: Table) -> str | None:
    """The cells of what stands between the brackets: `loss`, `#All`, `@x`, `[#This Row],[a]:[b]`."""
    inside = inside.strip()
    this_row = inside.startswith("@")
    inside = inside.removeprefix("@").strip()
    items = [match[1] for match in _ITEM.finditer(inside)] if "[" in inside else [inside] if inside else []
    names = [re.sub("'(.)", r"\1", item).strip() for item in items if not item.startswith("#")]
    parts = [item.strip().lower() for item in items if item.startswith("#")] + [THIS_ROW] * this_row
    known = [name.lower() for name in table.columns]
    if len(names) > 2 or len(parts) > 1 or any(name.lower() not in known for name in names):
        return None
    rows = table.rows(parts[0] if parts else "", row)
    if rows is None:
        return None
    columns: Sequence[int] = [table.first[1] + known.index(name.lower()) for name in names]
    first, last = (columns[0], columns[-1]) if columns else (table.first[1], table.last[1])
    low, high = f"${letters(first)}{rows[0]}", f"${letters(last)}{rows[1]}"
    return low if low == high else f"{low}:{high}"
