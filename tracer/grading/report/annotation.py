"""Copies of checked workbooks in which every wrong cell is colored and has a note.

The copy is the original's package with a few parts changed as text, so that charts, pictures and whatever else it holds
stay as they are. The original is only read.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path

from tracer.errors import OutputError
from tracer.files import problems_of, replacing
from tracer.grading.book.cells import Position, reference
from tracer.grading.book.package import MAX_PART, MAX_TOTAL
from tracer.grading.judging.findings import BookReport, Finding
from tracer.grading.report import excerpts
from tracer.grading.report.comments import HEAD, MAIN, prefix_of, with_comments, with_shapes

COLOR = "FFFFC7CE"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def annotate_all(reports: Iterable[BookReport], folder: Path) -> list[Path]:
    """Write a copy of every workbook that could be read to the folder, under its own name.

    Raises OutputError if the folder is that of an original; and, after all others have been written, where a copy
    could not be: the folder cannot be written to, or a part of the workbook is damaged.
    """
    written: list[Path] = []
    problems: list[str] = []
    taken: set[str] = set()
    for report in reports:
        if not report.readable:
            continue
        original = Path(report.workbook)
        target = folder / _free_name(original.name, taken)
        if target.resolve() == original.resolve():
            raise OutputError([f"{folder}: contains the originals; choose another folder with --annotate"])
        found = problems_of([target])
        if not found:
            try:
                with replacing(target) as part:
                    annotate(original, report, part)
                written.append(target)
            except OutputError as error:
                found = list(error.problems)
            except Exception as error:  # whatever is damaged in one file, the others get their copies
                found = [f"{original}: not annotated: a part of it is damaged ({error})"]
        problems += found
    if problems:
        raise OutputError(list(dict.fromkeys(problems)))
    return written


def _free_name(name: str, taken: set[str]) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{stem} ({number}){suffix}"
    taken.add(free.lower())
    return free


def annotate(original: Path, report: BookReport, target: Path) -> None:
    """Write the copy of one workbook."""
    notes: dict[str, dict[Position, str]] = {}
    for sheet in report.sheets:
        for finding in sheet.mistakes:
            for place in finding.places:
                known = notes.setdefault(sheet.sheet, {})
                known[place] = "\n\n".join(filter(None, (known.get(place), note(finding, place))))
    with zipfile.ZipFile(original) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_TOTAL:
            raise OutputError([f"{original}: is too large to be annotated"])
        changed = _Copy(archive).with_notes(notes)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
            for entry in archive.infolist():
                if entry.filename in changed:
                    copy.writestr(entry.filename, changed.pop(entry.filename))
                elif not entry.is_dir() and entry.file_size <= MAX_PART:
                    copy.writestr(entry, archive.read(entry))
            for name, text in changed.items():
                copy.writestr(name, text)


def note(finding: Finding, place: Position) -> str:
    """The text of the note in one of a finding's cells. A formula that refers to cells is that of the first; the others
    point to it."""
    formula = excerpts.reads(finding)
    if formula and formula[0].startswith("=") and place != finding.places[0]:
        return f"{finding.quantity}: {excerpts.cause(finding)}\nsee {reference(finding.places[0])}"
    lines = (("", excerpts.cause(finding)), ("reads ", formula and formula[0]), ("should be ", excerpts.right(finding)))
    return f"{finding.quantity}: " + "\n".join(head + text for head, text in lines if text)


class _Copy:
    """The parts of a package that change, as text."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = {name.lower(): name for name in archive.namelist()}
        self.changed: dict[str, str] = {}
        self.styles: dict[int, int] = {}

    def text(self, part: str) -> str | None:
        if part in self.changed:
            return self.changed[part]
        stored = self.names.get(part.lower())
        return self.archive.read(stored).decode("utf-8-sig") if stored else None

    def put(self, part: str, text: str) -> None:
        self.changed[self.names.get(part.lower(), part)] = text

    def with_notes(self, notes: Mapping[str, Mapping[Position, str]]) -> dict[str, str]:
        """The changed parts, for the notes of every sheet."""
        main = self.related("", "officeDocument") or "xl/workbook.xml"
        targets = {identity: target for _, target, identity in self.relations(main)}
        book = self.text(main) or ""
        for number, match in enumerate(re.finditer(r"<(?:\w+:)?sheet\s[^>]*>", book), 1):
            name, identity = _attribute(match[0], "name"), _attribute(match[0], r"\w+:id")
            of_sheet = notes.get(unescape(name), {})
            if of_sheet and targets.get(identity):
                self.sheet(targets[identity], of_sheet, number, main)
        return self.changed

    def sheet(self, part: str, notes: Mapping[Position, str], number: int, main: str) -> None:
        """Color the cells of a sheet, and attach the notes."""
        xml = self.text(part)
        if xml is None:
            return
        places = {reference(place) for place in notes}

        def colored(match: re.Match[str]) -> str:
            if _attribute(match[2], "r") not in places:
                return match[0]
            style = self.style(int(_attribute(match[2], "s") or 0), main)
            attributes = re.sub(r'\ss="\d+"', "", match[2])
            return f'<{match[1]}{attributes.rstrip()} s="{style}"{match[3]}>'

        xml = re.sub(r"<((?:\w+:)?c)(\s[^<>]*?)(/?)>", colored, xml)
        comments, shapes = self.related(part, "comments"), self.related(part, "vmlDrawing")
        if comments is None:
            comments = f"xl/commentsChecked{number}.xml"
            self.relate(part, "comments", comments)
            self.declare(_override(comments, "spreadsheetml.comments"))
        if shapes is None or "legacyDrawing " not in xml:
            shapes = f"xl/drawings/vmlDrawingChecked{number}.vml"
            identity = self.relate(part, "vmlDrawing", shapes)
            xml = _with_drawing(xml, identity)
            if 'Extension="vml"' not in (self.text("[Content_Types].xml") or ""):
                self.declare(
                    '<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
                )
        self.put(part, xml)
        self.put(comments, with_comments(self.text(comments), notes))
        self.put(shapes, with_shapes(self.text(shapes), notes, number))

    def style(self, index: int, main: str) -> int:
        """The colored variant of a cell style."""
        if index in self.styles:
            return self.styles[index]
        part = self.related(main, "styles")
        if part is None:
            part = posixpath.join(posixpath.dirname(main), "styles.xml")
            self.relate(main, "styles", part)
            self.declare(_override(part, "spreadsheetml.styles"))
        xml = self.text(part) or _PLAIN_STYLES
        if not self.styles:
            xml, self.fill = _appended(xml, "fills", "fill", _FILL)
        formats = re.search(r"<((?:\w+:)?)cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", xml, re.DOTALL)
        listed = re.findall(
            r"<(?:\w+:)?xf\b[^>]*?/>|<(?:\w+:)?xf\b[^>]*[^/]>.*?</(?:\w+:)?xf>",
            formats[2] if formats else "",
            re.DOTALL,
        )
        old = listed[index] if index < len(listed) else '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        head, tail = re.match(r"(<(?:\w+:)?xf\b[^>]*?)(/?>.*)", old, re.DOTALL).groups()  # type: ignore[union-attr]
        head = re.sub(r'\s(?:fillId|applyFill)="\w*"', "", head)
        xml, self.styles[index] = _appended(xml, "cellXfs", "xf", f'{head} fillId="{self.fill}" applyFill="1"{tail}')
        self.put(part, xml)
        return self.styles[index]

    def relations(self, part: str) -> list[tuple[str, str, str]]:
        """(kind, target, identity) of what a part relates to."""
        folder = posixpath.dirname(part)
        found = []
        for match in re.finditer(r"<(?:\w+:)?Relationship\s[^>]*>", self.text(_relations_of(part)) or ""):
            if _attribute(match[0], "TargetMode") == "External":
                continue
            target = _attribute(match[0], "Target")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = _attribute(match[0], "Type").rpartition("/")[2]
            found.append((kind, posixpath.normpath(whole), _attribute(match[0], "Id")))
        return found

    def related(self, part: str, kind: str) -> str | None:
        """The first part of that kind that a part relates to."""
        return next((target for other, target, _ in self.relations(part) if other == kind), None)

    def relate(self, part: str, kind: str, target: str) -> str:
        """Add a relation; its identity."""
        where = _relations_of(part)
        xml = self.text(where) or f'{HEAD}<Relationships xmlns="{_RELATIONS}"></Relationships>'
        identity = f"rIdChecked{xml.count('Relationship ') + 1}"
        xml = re.sub(r"<((?:\w+:)?Relationships)([^>]*)/>\s*$", r"<\1\2></\1>", xml)
        line = (
            f'<{prefix_of(xml, "Relationships")}Relationship Id="{identity}" Type="{_KIND}/{kind}" Target="/{target}"/>'
        )
        self.put(where, re.sub(r"(</(?:\w+:)?Relationships>)", lambda m: line + m[1], xml))
        return identity

    def declare(self, line: str) -> None:
        """Add a line to the content types."""
        xml = self.text("[Content_Types].xml") or ""
        tagged = f"<{prefix_of(xml, 'Types')}{line[1:]}"
        if line.startswith("<Default"):
            xml = re.sub(r"(<(?:\w+:)?Types\b[^>]*>)", lambda m: m[1] + tagged, xml, count=1)
        else:
            xml = re.sub(r"(</(?:\w+:)?Types>)", lambda m: tagged + m[1], xml)
        self.put("[Content_Types].xml", xml)


_FILL = f'<fill><patternFill patternType="solid"><fgColor rgb="{COLOR}"/><bgColor indexed="64"/></patternFill></fill>'
_PLAIN_STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _override(part: str, kind: str) -> str:
    """The content type of a part."""
    return f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf"(?:^|\s){name}\s*=\s*[\"']([^\"']*)[\"']", tag)
    return match[1] if match else ""


def _appended(xml: str, collection: str, item: str, new: str) -> tuple[str, int]:
    """The XML with an item at the end of a counted collection, and the item's index."""
    match = re.search(rf"<((?:\w+:)?){collection}\b[^>]*>(.*?)</(?:\w+:)?{collection}>", xml, re.DOTALL)
    if match is None:
        return xml, 0
    prefix, inside = match[1], match[2]
    count = len(re.findall(rf"<(?:\w+:)?{item}\b", inside))
    if prefix and not new.startswith(f"<{prefix}"):
        new = re.sub(r"<(/?)", rf"<\1{prefix}", new)
    head = re.sub(r'count="\d+"', f'count="{count + 1}"', xml[match.start() : match.start(2)])
    return xml[: match.start()] + head + inside + new + xml[match.end(2) :], count


_AFTER_DRAWING = r"<(?:\w+:)?(?:legacyDrawingHF|picture|oleObjects|controls|webPublishItems|tableParts)\b"


def _with_drawing(xml: str, identity: str) -> str:
    """The sheet with its reference to the drawing that holds the notes, where the schema wants it."""
    xml = re.sub(r"<(?:\w+:)?legacyDrawing\s[^>]*/>", "", xml)
    end = re.search(r"</((?:\w+:)?)worksheet>", xml)
    if end is None:
        return xml
    start = max(xml.rfind("</sheetData>"), xml.rfind(":sheetData>"), 0)
    place = end.start()
    if re.search(r"</(?:\w+:)?extLst>\s*$", xml[start : end.start()]):
        place = max(xml.rfind("<extLst"), xml.rfind(f"<{end[1]}extLst"))
    other = re.search(_AFTER_DRAWING, xml[start:place])
    if other:
        place = start + other.start()
    return f'{xml[:place]}<{end[1]}legacyDrawing xmlns:r="{_KIND}" r:id="{identity}"/>{xml[place:]}'
