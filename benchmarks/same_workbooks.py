"""Two xlsx files compared cell by cell: values, formulas, number formats, fills, defined names, comments and rules.

In a table, a cell is found by the header of its column, so that added columns shift nothing. On other sheets a cell
that is not where it was is found by what it computes. The references of a formula are compared in the same two ways.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
FIRST_HEADERS = ("iteration", "sample")
REFERENCE = re.compile(
    r"(?<![\w.$])(?:('(?:[^']|'')+'|[^\W\d][\w.]*)!)?(\$?)([A-Z]{1,3})(\$?)(\d+)(?::(\$?)([A-Z]{1,3})(\$?)(\d+))?(?![\w(.])"
)
LITERAL = re.compile(r'"(?:[^"]|"")*"')
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?")
ALLOWED = ("text", "text with other numbers", "added column", "added", "rounding", "mended")
"""The kinds of differences that a rebuilding may make."""
Place = tuple[object, ...]


class Difference(NamedTuple):
    """One difference: its kind, where it is, and what stands on either side."""

    kind: str
    where: str
    base: object = None
    tree: object = None


class Cell(NamedTuple):
    """What is compared of a cell; `value` is what the file stores beside a formula, where there is one."""

    value: str | float | None = None
    formula: str | None = None
    style: str = "General"


EMPTY = Cell()


def forbidden(differences: list[Difference]) -> int:
    """How many of them are of a kind that is not allowed."""
    return sum(d.kind not in ALLOWED for d in differences)


@dataclass
class Sheet:
    """The cells of a sheet by row and column letters, and its conditional formats and validations as text."""

    title: str
    state: str
    cells: dict[tuple[int, str], Cell] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    contents: dict[tuple[int, str], str] = field(default_factory=dict)
    """What the cells of a sheet without a table compute, as far as it was asked for."""

    @cached_property
    def header(self) -> int | None:
        """The row of the headers: strings only, the first of them well known, above a number."""
        for row in range(1, 60):
            if self.cells.get((row, "A"), EMPTY).value in FIRST_HEADERS:
                texts = [c for (r, _), c in self.cells.items() if r == row and c.value is not None]
                below = self.cells.get((row + 1, "A"), EMPTY).value
                if len(texts) > 2 and all(isinstance(c.value, str) for c in texts) and isinstance(below, float):
                    return row
        return None

    @cached_property
    def headers(self) -> dict[str, str]:
        """The header of every column, by its letters; a repeated one is numbered."""
        seen: Counter[str] = Counter()
        named = {}
        for (row, column), cell in self.cells.items():
            if row == self.header and isinstance(cell.value, str):
                seen[cell.value] += 1
                named[column] = cell.value + (f" #{seen[cell.value]}" if seen[cell.value] > 1 else "")
        return named

    def place(self, row: int, column: str) -> Place:
        """Where a cell is, independent of added columns in a table."""
        if self.header is None or row < self.header - 1 or column not in self.headers:
            return (column, row)
        return (self.headers[column], "row", row - self.header)

    def skeleton(self) -> dict[Place, Place]:
        """The places of a table's columns, or the formulas of another sheet without their texts."""
        if self.header is not None:
            return {(self.header, column): (name,) for column, name in self.headers.items()}
        return {key: (LITERAL.sub("", c.formula or ""),) for key, c in self.cells.items() if c.formula}


@dataclass
class Book:
    """The sheets of a workbook by title, and what else is compared by name."""

    sheets: dict[str, Sheet]
    names: dict[str, str]
    comments: dict[str, str]

    def canonical(self, formula: str, sheet: Sheet) -> str:
        """The formula with its references spelled by headers, or by what the cells compute that they refer to."""

        def spelled(match: re.Match[str]) -> str:
            title, *ends = match.groups()
            target = self.sheets.get(title.strip("'").replace("''", "'"), sheet) if title else sheet
            corners = [(ends[i], ends[i + 1], ends[i + 2], ends[i + 3]) for i in (0, 4) if ends[i + 1]]
            places = [f"{d}{e}{self.meaning(target, int(row), column)}" for d, column, e, row in corners]
            return f"[{target.title}!{':'.join(places)}]"

        return REFERENCE.sub(spelled, formula)

    def meaning(self, sheet: Sheet, row: int, column: str) -> str:
        """How a reference to a cell is spelled: its place in a table; elsewhere a digest of what it computes."""
        if sheet.header is not None:
            return str(sheet.place(row, column))
        key = (row, column)
        if key not in sheet.contents:
            sheet.contents[key] = "circular"
            cell = sheet.cells.get(key, EMPTY)
            formula = LITERAL.sub('""', self.canonical(cell.formula, sheet)) if cell.formula else ""
            text = f"{formula} {'text' if is_text(cell.value) else cell.value}"
            sheet.contents[key] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return sheet.contents[key]


def is_text(value: str | float | None) -> bool:
    """Whether a value is a text that people read: no number, and no error such as #DIV/0!."""
    return isinstance(value, str) and not value.startswith("#")


Sides = tuple[Book, Book]


def styles_of(data: bytes) -> list[str]:
    """The number format and the fill's color of every cell style."""
    root = ElementTree.fromstring(data)
    codes = {e.get("numFmtId", ""): e.get("formatCode", "") for e in root.iter(MAIN + "numFmt")}
    fills = [
        " ".join(str(c.attrib) for c in e.iter(MAIN + "fgColor")) for e in root.iterfind(f"{MAIN}fills/{MAIN}fill")
    ]
    found = []
    for e in root.iterfind(f"{MAIN}cellXfs/{MAIN}xf"):
        code, fill = e.get("numFmtId", "0"), fills[int(e.get("fillId", "0"))]
        found.append(" ".join(filter(None, ("General" if code == "0" else codes.get(code, code), fill))))
    return found


def value_of(e: ElementTree.Element, shared: list[str]) -> str | float | None:
    """The stored value of a cell: a number (also for a Boolean), or a text; errors are texts that begin with #."""
    text = e.findtext(MAIN + "v")
    match e.get("t", "n"):
        case "inlineStr":
            return "".join(t.text or "" for t in e.iter(MAIN + "t"))
        case "s":
            return shared[int(text or 0)]
        case "str" | "e":
            return text
    return None if text is None else float(text)


def read(path: Path) -> Book:
    """Read what is compared of a workbook."""
    with zipfile.ZipFile(path) as parts:
        names = parts.namelist()
        shared: list[str] = []
        if "xl/sharedStrings.xml" in names:
            items = ElementTree.fromstring(parts.read("xl/sharedStrings.xml")).iterfind(MAIN + "si")
            shared = ["".join(t.text or "" for t in e.iter(MAIN + "t")) for e in items]
        styles = styles_of(parts.read("xl/styles.xml"))
        relations = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        targets = {e.get("Id"): e.get("Target", "") for e in relations}
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        sheets = [(e.get("name", ""), e.get("state", "visible"), e.get(RELATION)) for e in book.iter(MAIN + "sheet")]
        read_sheets = {}
        for title, state, key in sheets:
            sheet = read_sheets[title] = Sheet(title, state)
            target = targets[key]
            with parts.open(target.lstrip("/") if target.startswith("/") else f"xl/{target}") as stream:
                for _, e in ElementTree.iterparse(stream):
                    if e.tag == MAIN + "c":
                        letters = e.get("r", "").rstrip("0123456789")
                        cell = Cell(value_of(e, shared), e.findtext(MAIN + "f"), styles[int(e.get("s", "0"))])
                        sheet.cells[int(e.get("r", "")[len(letters) :]), letters] = cell
                    elif e.tag in (MAIN + "conditionalFormatting", MAIN + "dataValidation"):
                        parts_of_it = [f"{x.get('type')} {x.get('operator')} {x.text or ''}" for x in e.iter()]
                        sheet.rules.append(f"{e.get('sqref')}: {'; '.join(parts_of_it)}")
                    elif e.tag == MAIN + "row":
                        e.clear()
        defined = {}
        for e in book.iter(MAIN + "definedName"):
            scope = e.get("localSheetId")
            defined[f"{e.get('name')} of {sheets[int(scope)][0] if scope else 'the workbook'}"] = e.text or ""
        comments = {}
        for part in sorted(n for n in names if re.fullmatch(r"xl/comments.*\.xml", n)):
            for e in ElementTree.fromstring(parts.read(part)).iter(MAIN + "comment"):
                comments[f"{part} {e.get('ref')}"] = "".join(t.text or "" for t in e.iter(MAIN + "t"))
    return Book(read_sheets, defined, comments)


def text_kind(base: str, tree: str) -> str:
    """The kind of a difference between two texts."""
    return "text" if NUMBER.findall(base) == NUMBER.findall(tree) else "text with other numbers"


def value_kind(base: str | float | None, tree: str | float | None) -> str:
    """The kind of a difference between two values; no value is an empty text."""
    texts = [str(x or "") for x in (base, tree) if x is None or is_text(x)]
    return text_kind(*texts) if len(texts) == 2 else "number or formula"


def cell_differences(
    where: str, a: Cell, b: Cell, spell: Callable[[str, int], str], moved: bool
) -> Iterator[Difference]:
    """The differences of two cells; `spell` makes the formulas of the two sides comparable."""
    if a.value != b.value:
        yield Difference(value_kind(a.value, b.value), where, a.value, b.value)
    if (a.formula is None) != (b.formula is None):
        yield Difference("number or formula", where, a.formula, b.formula)
    elif a.formula is not None and b.formula is not None and (moved or a.formula != b.formula):
        one, other = spell(a.formula, 0), spell(b.formula, 1)
        if LITERAL.sub('""', one) != LITERAL.sub('""', other):
            yield Difference("number or formula", where, a.formula, b.formula)
        elif one != other:
            yield Difference("text", where, a.formula, b.formula)
    if a.style != b.style:
        yield Difference("number format or color", where, a.style, b.style)


def cells_differences(books: Sides, base: Sheet, tree: Sheet, moved: bool) -> Iterator[Difference]:
    """The differences of the cells of two sheets, each cell at its place."""

    def spell(formula: str, side: int) -> str:
        return books[side].canonical(formula, (base, tree)[side])

    old, new = set(base.headers.values()), set(tree.headers.values())
    cells = {tree.place(*key): cell for key, cell in tree.cells.items()}
    for key, a in base.cells.items():
        place = base.place(*key)
        b = cells.pop(place, None)
        where = f"{base.title}!{key[1]}{key[0]}"
        if b is None and (a.formula or isinstance(a.value, float)):
            if place[0] not in old - new:
                yield Difference("removed", where, a.formula or a.value)
        else:
            yield from cell_differences(where, a, b or EMPTY, spell, moved)
    for place, b in cells.items():
        if b.value is not None and place[0] not in new - old:
            yield Difference("added", f"{base.title}!{place}", None, b.formula or b.value)


def contents_differences(books: Sides, base: Sheet, tree: Sheet) -> Iterator[Difference]:
    """The differences of two sheets without a table, wherever their cells are."""
    sides: list[dict[str, list[str]]] = []
    texts = []
    for book, sheet in zip(books, (base, tree), strict=True):
        found: dict[str, list[str]] = {}
        for (row, column), cell in sheet.cells.items():
            if cell.formula or isinstance(cell.value, float):
                key = f"{book.meaning(sheet, row, column)} {cell.style}"
                found.setdefault(key, []).append(f"{column}{row} {cell.formula or cell.value}")
        sides.append(found)
        texts.append(Counter(str(c.value) for c in sheet.cells.values() if is_text(c.value)))
    old, new = sides
    for key in old.keys() | new.keys():
        lost, gained = old.get(key, []), new.get(key, [])
        yield from (Difference("removed", base.title, x) for x in lost[len(gained) :])
        yield from (Difference("added", base.title, None, x) for x in gained[len(lost) :])
    if texts[0] != texts[1]:
        yield Difference("text", base.title, list(texts[0] - texts[1]), list(texts[1] - texts[0]))


def sheet_differences(books: Sides, base: Sheet, tree: Sheet, moved: bool) -> Iterator[Difference]:
    """The differences of two sheets."""
    if base.state != tree.state:
        yield Difference("number or formula", base.title, base.state, tree.state)
    old, new = set(base.headers.values()), set(tree.headers.values())
    yield from (Difference("removed", f"{base.title}: column", name) for name in sorted(old - new))
    yield from (Difference("added column", f"{base.title}: column", None, name) for name in sorted(new - old))
    found = list(cells_differences(books, base, tree, moved))
    tables = base.header is not None or tree.header is not None
    if not tables and any(d.kind in ("removed", "number or formula") for d in found):
        elsewhere = list(contents_differences(books, base, tree))
        if forbidden(elsewhere) < forbidden(found):  # the cells moved
            found = elsewhere
    yield from found
    if sorted(base.rules) != sorted(tree.rules):
        one, other = (
            Counter(LITERAL.sub("", book.canonical(rule, sheet)) for rule in sheet.rules)
            for book, sheet in zip(books, (base, tree), strict=True)
        )
        lost, gained = list((one - other).elements()), list((other - one).elements())
        yield Difference("removed" if lost else "added" if gained else "text", f"{base.title}: rules", lost, gained)


def book_differences(base_path: Path, tree_path: Path) -> Iterator[Difference]:
    """The differences of two workbooks; files of the same parts are not read."""
    with zipfile.ZipFile(base_path) as a, zipfile.ZipFile(tree_path) as b:
        sums = [{i.filename: i.CRC for i in z.infolist() if i.filename != "docProps/core.xml"} for z in (a, b)]
    if sums[0] == sums[1]:
        return
    base, tree = read(base_path), read(tree_path)
    lost = [s for t, s in base.sheets.items() if t not in tree.sheets]
    gained = [s for t, s in tree.sheets.items() if t not in base.sheets]
    if len(lost) == len(gained):  # renamed: the texts of titles may change
        for one, other in zip(lost, gained, strict=True):
            yield Difference("text", "title of a sheet", one.title, other.title)
    pairs = [(s, tree.sheets[t]) for t, s in base.sheets.items() if t in tree.sheets]
    if len(lost) == len(gained):
        pairs += zip(lost, gained, strict=True)
    else:
        yield from (Difference("removed", "sheet", s.title) for s in lost)
        yield from (Difference("added", "sheet", None, s.title) for s in gained)
    for one, other in pairs:
        other.title = one.title
    moved = any((a.header, a.skeleton()) != (b.header, b.skeleton()) for a, b in pairs)
    for one, other in pairs:
        yield from sheet_differences((base, tree), one, other, moved)
    nowhere = Sheet("", "")
    for name in base.names.keys() | tree.names.keys():
        one_text, other_text = base.names.get(name), tree.names.get(name)
        if one_text is None or other_text is None:
            yield Difference("added" if one_text is None else "removed", f"defined name {name}", one_text, other_text)
        elif base.canonical(one_text, nowhere) != tree.canonical(other_text, nowhere):
            yield Difference("number or formula", f"defined name {name}", one_text, other_text)
    for place in base.comments.keys() | tree.comments.keys():
        note, now = base.comments.get(place), tree.comments.get(place)
        if note is None or now is None:
            yield Difference("added" if note is None else "removed", f"comment {place}", note, now)
        elif note != now:
            yield Difference(text_kind(note, now), f"comment {place}", note, now)
