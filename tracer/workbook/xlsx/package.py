"""The .xlsx file: openpyxl's parts, with our cells put into its sheets. The same content gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

COMPRESSION_LEVEL = 1
"""Of zlib. Level 6 takes six times as long for a file a sixth smaller."""

_DATES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"\s*/>')
_SHEET_DATA = re.compile(rb"<sheetData\s*/>|<sheetData>.*?</sheetData>", re.DOTALL)
_DRAWING = re.compile(rb'Target="/(xl/drawings/drawing\d+\.xml)"')
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class SheetCells:
    """The rows of a sheet as XML, from the first to the last, and the range that they fill, such as A1:D20.

    shapes: further parts of the sheet's drawing as XML; only for a sheet that has a chart.
    """

    rows: Iterable[str]
    range: str
    shapes: str = ""


def save(book: Workbook, sheets: Mapping[str, SheetCells], path: Path) -> None:
    """Write the workbook to `path`, with the cells given for each sheet by its title."""
    for sheet in book.worksheets:
        sheet.column_dimensions.to_tree()  # counts the outline's levels, which are written before the columns
    skeleton = io.BytesIO()
    with zipfile.ZipFile(skeleton, "w") as stored:  # book.save() would compress what is compressed again below
        _InMemory(book, stored).save()
    cells = {f"xl/worksheets/sheet{number}.xml": sheets[sheet.title] for number, sheet in enumerate(book.worksheets, 1)}
    with (
        zipfile.ZipFile(skeleton) as parts,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as package,
    ):
        shapes = {_drawing(parts, name): sheet.shapes for name, sheet in cells.items() if sheet.shapes}
        for name in parts.namelist():
            part = _DATES.sub(b"", parts.read(name))
            if name in shapes:
                part = part.replace(b"</wsDr>", shapes[name].encode() + b"</wsDr>")
            # open(), unlike writestr(), dates every part 1980-01-01
            with package.open(name, "w", force_zip64=True) as file:
                if name not in cells:
                    file.write(part)
                    continue
                part = _DIMENSION.sub(f'<dimension ref="{cells[name].range}"/>'.encode(), part, count=1)
                before, after = _SHEET_DATA.split(part, maxsplit=1)
                file.write(before + b"<sheetData>")
                for chunk in _chunks(cells[name].rows):
                    file.write(chunk)
                file.write(b"</sheetData>" + after)


class _InMemory(ExcelWriter):  # type: ignore[misc]
    """openpyxl's writer without its temporary file for each sheet, which would stay behind a run that is killed."""

    def write_worksheet(self, ws: Worksheet) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        writer = WorksheetWriter(ws, io.BytesIO())
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], writer.out.getvalue())
        self.manifest.append(ws)


def _drawing(parts: zipfile.ZipFile, sheet: str) -> str:
    """The part that holds the drawing of a sheet."""
    folder, _, name = sheet.rpartition("/")
    found = _DRAWING.search(parts.read(f"{folder}/_rels/{name}.rels"))
    assert found
    return found[1].decode()


def _chunks(rows: Iterable[str]) -> Iterable[bytes]:
    waiting: list[str] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()
