"""The notes of a sheet as parts of an .xlsx file (ECMA-376 part 1, 18.7): its comments, and the boxes in which these
are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from tracer.grading.book.cells import Position, reference

AUTHOR = "backprop-trace"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def prefix_of(xml: str, tag: str) -> str:
    """The prefix of the names in a part, `x:` or nothing, as that tag has it."""
    found = re.search(rf"<((?:\w+:)?){tag}\b", xml)
    return found[1] if found else ""


def with_comments(xml: str | None, notes: Mapping[Position, str]) -> str:
    """The notes as comments, behind those that are there."""
    if xml is None:
        xml = f'{HEAD}<comments xmlns="{MAIN}"><authors></authors><commentList></commentList></comments>'
    p = prefix_of(xml, "comments")
    author = len(re.findall(rf"<{p}author\b(?!s)", xml))
    xml = re.sub(rf"<{p}authors\s*/>", f"<{p}authors></{p}authors>", xml)
    xml = xml.replace(f"</{p}authors>", f"<{p}author>{AUTHOR}</{p}author></{p}authors>", 1)
    there = set(re.findall(rf'<{p}comment\b[^>]*?\bref="([A-Z]+\d+)"', xml))
    lines = []
    for place, text in sorted(notes.items()):
        where = reference(place)
        if where in there:
            xml = _behind(xml, where, text, p)
        else:
            piece = _run(text, p)
            lines.append(f'<{p}comment ref="{where}" authorId="{author}"><{p}text>{piece}</{p}text></{p}comment>')
    return xml.replace(f"</{p}commentList>", f"{''.join(lines)}</{p}commentList>", 1)


def _behind(xml: str, where: str, text: str, prefix: str) -> str:
    """The comments, one of them with a note behind what it says."""
    own = re.compile(
        rf'(<{prefix}comment\b[^>]*?\bref="{where}"[^>]*>\s*<{prefix}text>)(.*?)(</{prefix}text>)', re.DOTALL
    )
    note = _run(f"\n\n{text}", prefix)
    return own.sub(lambda m: f"{m[1]}{_in_runs(m[2], prefix)}{note}{m[3]}", xml, count=1)


def _run(text: str, prefix: str) -> str:
    return f'<{prefix}r><{prefix}t xml:space="preserve">{escape(text)}</{prefix}t></{prefix}r>'


def _in_runs(content: str, prefix: str) -> str:
    """The content of a comment's text; a plain one as a run, so that others may follow."""
    plain = re.fullmatch(rf"\s*<{prefix}t\b.*?</{prefix}t>\s*", content, re.DOTALL)
    return f"<{prefix}r>{content.strip()}</{prefix}r>" if plain else content


def with_shapes(xml: str | None, notes: Mapping[Position, str], number: int) -> str:
    """The boxes of the notes, which spreadsheets ask for; hidden until the cell is pointed at."""
    if xml is None:
        xml = (
            '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
            f'<o:idmap v:ext="edit" data="{number}"/></o:shapelayout>'
            '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
            '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
        )
    there = set(re.findall(r"<x:Row>(\d+)</x:Row>\s*<x:Column>(\d+)</x:Column>", xml))
    shapes = []
    for index, ((row, column), text) in enumerate(sorted(notes.items()), 1):
        if (str(row - 1), str(column - 1)) in there:
            continue
        top = max(row - 2, 0)
        lines = sum(1 + len(line) // 60 for line in text.splitlines())
        shapes.append(
            f'<v:shape id="_x0000_s{number * 1024 + 900_000 + index}" type="#_x0000_t202" style="position:absolute;'
            f'margin-left:60pt;margin-top:2pt;width:330pt;height:{14 * lines + 8}pt;z-index:{index};visibility:hidden" '
            'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
            '<v:shadow on="t" color="black" obscured="t"/>'
            '<v:path o:connecttype="none"/><v:textbox><div style="text-align:left"></div></v:textbox>'
            '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
            f"<x:Anchor>{column}, 15, {top}, 10, {column + 6}, 15, {top + lines + 1}, 4</x:Anchor>"
            f"<x:AutoFill>False</x:AutoFill><x:Row>{row - 1}</x:Row><x:Column>{column - 1}</x:Column>"
            "</x:ClientData></v:shape>"
        )
    return re.sub(r"</xml>\s*$", lambda m: "".join(shapes) + m[0], xml)
