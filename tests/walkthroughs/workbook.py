"""Writing a plan as an .xlsx file, with the values of its own evaluation or without."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from tests.walkthroughs.evaluator import FormulaError, Place
from tests.walkthroughs.plan import Plan, quoted, ref

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def write(plan: Plan, path: Path, stored: bool = True) -> Path:
    """Write the file. stored: whether formulas carry their values."""
    sheets = list(dict.fromkeys(place[0] for place in plan.cells))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(f'<sheet name="{escape(s)}" sheetId="{i}" r:id="rId{i}"/>' for i, s in enumerate(sheets, 1))
        + "</sheets>"
        + (_names(plan, sheets[0]) if plan.names else "")
        + "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}relationships">'
        + "".join(
            f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
    }
    for number, sheet in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(plan, sheet, stored)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, text in parts.items():
            package.writestr(name, _START + text)
    return path


def _names(plan: Plan, sheet: str) -> str:
    return (
        "<definedNames>"
        + "".join(
            f'<definedName name="{name}">{escape(target if "!" in target else f"{quoted(sheet)}!{target}")}</definedName>'
            for name, target in plan.names.items()
        )
        + "</definedNames>"
    )


def _sheet(plan: Plan, sheet: str, stored: bool) -> str:
    rows: dict[int, list[Place]] = {}
    owner = plan.values.owner
    for place in {*plan.cells, *owner}:
        if place[0] == sheet:
            rows.setdefault(place[1], []).append(place)
    data = "".join(
        f'<row r="{row}">{"".join(_cell(plan, place, stored) for place in sorted(rows[row]))}</row>'
        for row in sorted(rows)
    )
    merged = [where for name, where in plan.merged if name == sheet]
    cells = (
        f'<mergeCells count="{len(merged)}">{"".join(f"""<mergeCell ref="{m}"/>""" for m in merged)}</mergeCells>'
        if merged
        else ""
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData>{cells}</worksheet>'


def _cell(plan: Plan, place: Place, stored: bool) -> str:
    content, where = plan.cells.get(place), ref(place)
    inside = content is None
    content = plan.written.get(place, content) if not inside else None
    if not inside and not (isinstance(content, str) and content.startswith("=")):
        if isinstance(content, str):
            return f'<c r="{where}" t="inlineStr"><is><t xml:space="preserve">{escape(content)}</t></is></c>'
        return f'<c r="{where}"><v>{content!r}</v></c>'
    formula = ""
    if not inside:
        attributes = ""
        if place in plan.arrays:
            height, width = plan.arrays[place]
            last = (place[0], place[1] + height - 1, place[2] + width - 1)
            attributes = f' t="array" ref="{where}:{ref(last)}"'
        formula = f"<f{attributes}>{escape(str(content)[1:])}</f>"
    value = plan.values.value(place) if stored else None
    if value is None:
        return f'<c r="{where}">{formula}</c>'
    if isinstance(value, FormulaError):
        return f'<c r="{where}" t="e">{formula}<v>#VALUE!</v></c>'
    if isinstance(value, str):
        return f'<c r="{where}" t="str">{formula}<v>{escape(value)}</v></c>'
    return f'<c r="{where}">{formula}<v>{value!r}</v></c>'
