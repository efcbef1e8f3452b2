"""An untrusted .xlsx file → a `Book`: read as a stream, bounded in size, never executed.

openpyxl reads every part and fails on files that Excel opens; only the cells are needed here. XML is read by expat with
document types forbidden, which rules out entities (as defusedxml does, whose parsers are too slow for a folder of
workbooks).
"""

from __future__ import annotations

import errno
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from tracer.grading.book.cells import Book, Position, Sheet, position, reference
from tracer.grading.book.file_kind import MEGABYTE, Unreadable, check_kind
from tracer.grading.book.sheetxml import CellReader
from tracer.grading.book.structured import Table, with_cells

MAX_PART = 96 * MEGABYTE
"""Limit of one part, unpacked. A sheet of 500,000 cells has about 30 MB."""
MAX_TOTAL = 256 * MEGABYTE
MAX_RATIO = 150
"""Limit of the compression ratio, for parts larger than MAX_DENSE; sheets reach about 10, at most 60."""
MAX_DENSE = 4 * MEGABYTE
MAX_CELLS = 600_000
MAX_ELEMENTS = 2_500_000
"""Limit of XML elements of one part; a cell has three."""
COUNTED = 8 * MEGABYTE
"""Parts from this size on are counted before they are read."""
AGAIN = "download it again, or save it again in Excel or LibreOffice"
MAX_SHEETS = 1_024
MAX_ENTRIES = 10_000

_LINES = (("header", "1"), ("totals", "0"))


_TOO_MANY = f"has more than {MAX_CELLS:,} cells, which is the limit"


def read_book(path: Path) -> Book:
    """Read the cells of a workbook. Raises Unreadable with the reason."""
    try:
        check_kind(path)
        with zipfile.ZipFile(path) as archive:
            return _Package(archive).book()
    except OSError as error:
        if error.errno == errno.EINVAL:  # zipfile looks for a part in front of the file's beginning
            raise Unreadable("is damaged: its parts are not where its directory says") from None
        raise Unreadable(f"cannot be opened ({error.strerror or error})") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error):
        raise Unreadable(f"is damaged: it is cut off, or parts of it were changed; {AGAIN}") from None
    except (NotImplementedError, RuntimeError) as error:  # a packing or an encryption that zipfile does not know
        raise Unreadable(f"cannot be unpacked: {error}") from None
    except expat.ExpatError as error:
        raise Unreadable(f"is damaged: its XML is incomplete ({error}); {AGAIN}") from None
    except (ValueError, LookupError, UnicodeError) as error:
        raise Unreadable(f"is damaged: {error}") from None


Start = Callable[[str, dict[str, str]], None]


class _Package:
    """The parts of a workbook, and their unpacked sizes so far."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise Unreadable(f"has {len(entries):,} parts; a workbook has a few dozen")
        self.entries = {entry.filename.lstrip("/").lower(): entry for entry in entries}
        self.sizes: dict[str, int] = {}

    def book(self) -> Book:
        root = self._relations("")
        main = next((target for kind, target in root.values() if kind == "officeDocument"), "xl/workbook.xml")
        if main.lower() not in self.entries:
            kind = "is an OpenDocument file" if "mimetype" in self.entries else "is a ZIP archive without a workbook"
            raise Unreadable(f"{kind}; save it as .xlsx in Excel or LibreOffice")
        if main.lower().endswith(".bin"):
            raise Unreadable("is a binary .xlsb workbook; save it as .xlsx")
        sheets, names = self._workbook(main)
        relations = self._relations(main)
        if len(sheets) > MAX_SHEETS:
            raise Unreadable(f"has {len(sheets)} sheets; the limit is {MAX_SHEETS}")
        if len({name.lower() for name, *_ in sheets}) < len(sheets):
            raise Unreadable("is damaged: two of its sheets have the same name")
        of_kind = dict(relations.values())
        texts = self._texts(of_kind.get("sharedStrings", ""))
        styles = self._style_count(of_kind.get("styles", ""))
        read, left, highest, damages = [], MAX_CELLS, (0, (1, 1)), []
        tables: dict[str, Table] = {}
        for name, identity, hidden in sheets:
            kind, target = relations.get(identity, ("", ""))
            if kind != "worksheet" or target.lower() not in self.entries:
                continue
            if self._count(target, b"v>", b"f>") > 2 * left:  # each has two tags
                raise Unreadable(_TOO_MANY)
            reader = CellReader(texts, left)
            self._parse(target, reader.start, reader.end, reader.text)
            if reader.full:
                raise Unreadable(_TOO_MANY)
            left -= len(reader.cells)
            highest = max(highest, reader.highest_style)
            damages.append(f"{name}: {reader.damage}" if reader.damage else "")
            read.append(Sheet(name, reader.cells, hidden=hidden, arrays=reader.arrays))
            tables |= self._tables(name, target)
        if not read:
            charts = {relations[identity][0] for _, identity, _ in sheets if identity in relations} == {"chartsheet"}
            raise Unreadable("has charts, but no worksheet" if charts else f"is damaged: it has no worksheet; {AGAIN}")
        damages.insert(0, _damage(styles, *highest))
        properties = self._properties(dict(root.values()).get("custom-properties", ""))
        damage = "; ".join(filter(None, damages))
        if tables:
            read = [with_cells(sheet, tables) for sheet in read]
        return Book(tuple(read), names, damage, properties, macros="vbaProject" in of_kind)

    def _tables(self, sheet: str, part: str) -> dict[str, Table]:
        """The tables of a sheet, by their names in lower case (ECMA-376 part 1, 18.5)."""
        found: dict[str, Table] = {}
        columns: list[str] = []
        of_table: dict[str, str] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "table":
                of_table.update(attributes)
            elif tag == "tableColumn":
                columns.append(attributes.get("name", ""))

        for kind, target in self._relations(part).values():
            if kind == "table" and target.lower() in self.entries:
                columns.clear()
                of_table.clear()
                self._parse(target, start)
                first, _, last = of_table.get("ref", "").partition(":")
                corners = position(first), position(last or first)
                if corners[0] and corners[1]:
                    rows = (int(of_table.get(f"{which}RowCount", default)) for which, default in _LINES)
                    name = of_table.get("displayName", of_table.get("name", ""))
                    found[name.lower()] = Table(sheet, corners[0], corners[1], tuple(columns), *rows)
        return found

    def _workbook(self, part: str) -> tuple[list[tuple[str, str, bool]], dict[str, str]]:
        """The sheets as (name, relation, whether it is hidden), and the defined names."""
        sheets: list[tuple[str, str, bool]] = []
        names: dict[str, str] = {}
        current: list[str] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                identity = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                sheets.append((attributes.get("name", ""), identity, attributes.get("state", "visible") != "visible"))
            elif tag == "definedName":
                current[:] = [attributes.get("name", "").lower(), ""]

        def text(data: str) -> None:
            if current:
                current[1] += data

        def end(tag: str) -> None:
            if tag == "definedName" and current:
                names[current[0]] = current[1]
                current.clear()

        self._parse(part, start, end, text)
        return sheets, names

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation → (its kind, the part that it leads to)."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (kind, posixpath.normpath(whole))

        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations.lower() in self.entries:
            self._parse(relations, start)
        return found

    def _texts(self, part: str) -> list[str]:
        """The shared strings, without their phonetic readings."""
        texts: list[str] = []
        pieces: list[str] = []
        inside = {"t": False, "rPh": False}

        def start(tag: str, _attributes: dict[str, str]) -> None:
            if tag in inside:
                inside[tag] = True

        def text(data: str) -> None:
            if inside["t"] and not inside["rPh"]:
                pieces.append(data)

        def end(tag: str) -> None:
            if tag in inside:
                inside[tag] = False
            elif tag == "si":
                texts.append("".join(pieces))
                pieces.clear()

        if part.lower() in self.entries:
            self._parse(part, start, end, text)
        return texts

    def _properties(self, part: str) -> dict[str, str]:
        """The custom properties of the file, as text (ECMA-376 part 1, 22.3)."""
        found: dict[str, str] = {}
        current = [""]

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "property":
                current[0] = attributes.get("name", "")
                found[current[0]] = ""

        def text(data: str) -> None:
            if current[0] in found:
                found[current[0]] += data

        if part.lower() in self.entries:
            self._parse(part, start, None, text)
        return found

    def _style_count(self, part: str) -> int | None:
        """The number of cell styles; None if they are not listed."""
        counts: list[int] = []
        inside: list[bool] = []

        def start(tag: str, _attributes: dict[str, str]) -> None:
            if tag == "cellXfs":
                inside.append(True)
                counts.append(0)
            elif tag == "xf" and inside:
                counts[0] += 1

        def end(tag: str) -> None:
            if tag == "cellXfs":
                inside.clear()

        if part.lower() in self.entries:
            self._parse(part, start, end)
        return counts[0] if counts else None

    def _parse(
        self,
        part: str,
        start: Start,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        def begin(tag: str, attributes: dict[str, str]) -> None:
            """Detect the prefix of the workbook's elements, if any, from the first element."""
            prefix = tag[: tag.find(":") + 1]
            parser.StartElementHandler = (lambda t, a: start(t.removeprefix(prefix), a)) if prefix else start
            parser.EndElementHandler = (lambda t: end(t.removeprefix(prefix))) if prefix and end else end
            start(tag.removeprefix(prefix), attributes)

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _no_document_type
        parser.StartElementHandler = begin
        if text:
            parser.CharacterDataHandler = text
        if self._count(part, b"<") > 2 * MAX_ELEMENTS:
            raise Unreadable(
                f"has more than {MAX_ELEMENTS:,} elements in {part}; no workbook made by hand is that large"
            )
        for chunk in self._unpacked(part):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _count(self, part: str, *pieces: bytes) -> int:
        """How often the most frequent of these pieces occurs in a large part."""
        if self.entries[part.lower()].file_size < COUNTED:
            return 0
        counts = [0] * len(pieces)
        for chunk in self._unpacked(part):
            for index, piece in enumerate(pieces):
                counts[index] += chunk.count(piece)
        return max(counts)

    def _unpacked(self, part: str) -> Iterator[bytes]:
        entry = self.entries[part.lower()]
        if entry.flag_bits & 1:
            raise Unreadable("is encrypted; save it without a password")
        too_dense = entry.file_size > MAX_DENSE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        self.sizes[part.lower()] = entry.file_size
        if too_dense or entry.file_size > MAX_PART or sum(self.sizes.values()) > MAX_TOTAL:
            raise Unreadable(
                f"unpacks to {entry.file_size // MEGABYTE:,} MB in {part}; no workbook made by hand is that large"
            )
        with self.archive.open(entry) as file:
            while chunk := file.read(1 << 16):
                yield chunk


def _no_document_type(*_arguments: object) -> None:
    raise Unreadable("declares a document type with entities, which a workbook never needs; it is not read")


def _damage(styles: int | None, highest: int, where: Position) -> str:
    if styles is None or highest < styles:
        return ""
    return f"cell {reference(where)} has style {highest}, of which the file defines {styles}"
