"""The .xlsx file: openpyxl's parts with our cells in the sheets. The same content gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from openpyxl import Workbook
from openpyxl.comments.comment_sheet import CommentSheet
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.packaging.relationship import Relationship
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import tostring

from tracer.guard import is_formula

try:
    from isal import isal_zlib as deflate  # a third of the time of zlib, for a file of the same size
except ImportError:  # it is there for 64-bit processors of Intel, AMD and ARM
    import zlib as deflate  # type: ignore[no-redef]

COMPRESSION_LEVEL = 2
"""Level 6 of zlib takes six times as long for a file a sixth smaller."""

_DATES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"\s*/>')
_SHEET_DATA = re.compile(rb"<sheetData\s*/>|<sheetData>.*?</sheetData>", re.DOTALL)
_DRAWING = re.compile(rb'Target="/(xl/drawings/drawing\d+\.xml)"')
_IGNORED = " ".join(
    f'{check}="1"'
    for check in (
        "evalError", "twoDigitTextYear", "numberStoredAsText", "formula", "formulaRange", "unlockedFormula",
        "emptyCellReference", "listDataValidation", "calculatedColumn",
    )
)  # fmt: skip
"""Excel's checks (ECMA-376 part 1, 18.3.1.50): a formula may differ from its neighbors here, as a first step does from
the others, and what is empty is meant to be. Nothing gets a green triangle."""
_BEHIND_IGNORED = re.compile(
    rb"<(?:smartTags|drawing|drawingHF|legacyDrawing|legacyDrawingHF|picture|oleObjects|controls|webPublishItems|"
    rb"tableParts|extLst)\b|</worksheet>"
)
"""What comes behind the ignored errors of a sheet, by the schema."""
_CHUNK = 1 << 20
"""Bytes that are compressed at once."""
STYLES = "xl/styles.xml"
_CELL_FORMATS = re.compile(r"<cellXfs\b[^>]*>(.*?)</cellXfs>", re.DOTALL)
_FORMAT = re.compile(r"<xf\b[^>]*/>|<xf\b.*?</xf>", re.DOTALL)
_QUOTED = re.compile(r"<xf\b(?:(?P<other>[^>]*?) quotePrefix=\"\w+\")?")
_TEXT_CELL = re.compile(rb' s="(\d+)"( t="inlineStr"><is><t[^>]*>)([^<]*)')


@dataclass(frozen=True, slots=True)
class SheetCells:
    """The rows of a sheet as XML, from the first to the last, and the range that they fill, such as A1:D20.

    shapes: further parts of the sheet's drawing as XML; only for a sheet that has a chart.
    """

    rows: Iterable[bytes]
    range: str
    shapes: str = ""


def save(book: Workbook, sheets: Mapping[str, SheetCells], path: Path) -> None:
    """Write the workbook to `path`, with the cells given for each sheet by its title."""
    for sheet in book.worksheets:  # openpyxl counts the outline's levels after it has written how many there are
        columns = sheet.column_dimensions
        columns.max_outline = max((column.outlineLevel for column in columns.values()), default=None)
    skeleton = io.BytesIO()
    with zipfile.ZipFile(skeleton, "w") as stored:  # book.save() would compress what is compressed again below
        _InMemory(book, stored).save()
    cells = {f"xl/worksheets/sheet{number}.xml": sheets[sheet.title] for number, sheet in enumerate(book.worksheets, 1)}
    with (
        zipfile.ZipFile(skeleton) as parts,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package,
    ):
        shapes = {_drawing(parts, name): sheet.shapes for name, sheet in cells.items() if sheet.shapes}
        names = parts.namelist()
        guard = _Guard(parts.read(STYLES))
        for name in [*(name for name in names if name != STYLES), STYLES]:
            part = guard.styles() if name == STYLES else parts.read(name)
            part = _DATES.sub(b"", part)
            if name in shapes:
                part = part.replace(b"</wsDr>", shapes[name].encode() + b"</wsDr>")
            # open(), unlike writestr(), dates every part 1980-01-01
            with package.open(name, "w", force_zip64=True) as file:
                # zipfile takes no other compressor than zlib's
                compressor = deflate.compressobj(COMPRESSION_LEVEL, deflate.DEFLATED, -deflate.MAX_WBITS)
                file._compressor = compressor  # type: ignore[attr-defined]
                if name not in cells:
                    file.write(part)
                    continue
                part = _DIMENSION.sub(f'<dimension ref="{cells[name].range}"/>'.encode(), part, count=1)
                before, after = _SHEET_DATA.split(part, maxsplit=1)
                file.write(before + b"<sheetData>")
                for chunk in _chunks(map(guard.cells, cells[name].rows)):
                    file.write(chunk)
                place = _BEHIND_IGNORED.search(after)
                assert place
                ignored = f'<ignoredErrors><ignoredError sqref="{cells[name].range}" {_IGNORED}/></ignoredErrors>'
                file.write(b"</sheetData>" + after[: place.start()] + ignored.encode() + after[place.start() :])


class _InMemory(ExcelWriter):  # type: ignore[misc]
    """openpyxl's writer without its temporary file for each sheet, which would stay behind a run that is killed."""

    def __init__(self, book: Workbook, archive: zipfile.ZipFile) -> None:
        super().__init__(book, archive)
        self._notes: dict[tuple[tuple[object, ...], ...], tuple[bytes, bytes]] = {}

    def write_worksheet(self, ws: Worksheet) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        links = ws._hyperlinks
        writer = WorksheetWriter(ws, io.BytesIO())
        ws._hyperlinks = links  # of cells that are not openpyxl's; the writer begins with none
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], writer.out.getvalue())
        self.manifest.append(ws)

    def _write_comment(self, ws: Worksheet) -> None:
        """As openpyxl does; the notes of a sheet that are those of another one are not made again."""
        sheet = CommentSheet.from_comments(ws._comments)
        self._comments.append(sheet)
        sheet._id = len(self._comments)
        notes = tuple((note.ref, note.content, note.height, note.width) for note in ws._comments)
        if notes not in self._notes:
            self._notes[notes] = tostring(sheet.to_tree()), sheet.write_shapes()
        ws.legacy_drawing = f"xl/drawings/commentsDrawing{sheet._id}.vml"
        for path, part in zip((sheet.path[1:], ws.legacy_drawing), self._notes[notes], strict=True):
            self._archive.writestr(path, part)
        self.manifest.append(sheet)
        self.vba_modified.add(ws.legacy_drawing)
        ws._rels.append(Relationship(Id="comments", type=sheet._rel_type, Target=sheet.path))


def _drawing(parts: zipfile.ZipFile, sheet: str) -> str:
    """The part that holds the drawing of a sheet."""
    folder, _, name = sheet.rpartition("/")
    found = _DRAWING.search(parts.read(f"{folder}/_rels/{name}.rels"))
    assert found
    return found[1].decode()


class _Guard:
    """Texts that could be read as a formula, once edited, get their style with Excel's mark for text ("quotePrefix"):
    which of the styles these are."""

    def __init__(self, styles: bytes) -> None:
        self._before, self._inside, self._after = _CELL_FORMATS.split(styles.decode())
        self._formats = _FORMAT.findall(self._inside)
        self._guarded: dict[int, int] = {}

    def cells(self, row: bytes) -> bytes:
        """The row, with the texts in the styles for them."""
        return _TEXT_CELL.sub(self._cell, row) if b"inlineStr" in row else row

    def _cell(self, match: re.Match[bytes]) -> bytes:
        if not is_formula(unescape(match[3].decode())):
            return match[0]
        style = self._guarded.setdefault(int(match[1]), len(self._formats) + len(self._guarded))
        return b' s="%d"%b%b' % (style, match[2], match[3])

    def styles(self) -> bytes:
        """The styles, with those that the cells so far have asked for."""
        new = [_QUOTED.sub(r'<xf\g<other> quotePrefix="1"', self._formats[style], count=1) for style in self._guarded]
        count = len(self._formats) + len(new)
        return f'{self._before}<cellXfs count="{count}">{self._inside}{"".join(new)}</cellXfs>{self._after}'.encode()


def _chunks(rows: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
