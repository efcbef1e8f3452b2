"""Reading the cells of an .xlsx file as they are stored, and asking LibreOffice to compute them anew."""

from __future__ import annotations

import re
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from tests.places import ABSOLUTE, RELATIVE
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE

SNAP = 2.0**-48
"""Spreadsheets give 0 for the difference of two numbers that agree to this part of them (LibreOffice: approxSub in
rtl/math.hxx; Excel likewise, see Microsoft's article 78113)."""

_CELL = re.compile(r'<c r="([A-Z]+\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_FORMULA = re.compile(r"<f[^>]*?(?:/>|>(.*?)</f>)", re.DOTALL)
_VALUE = re.compile(r"<v[^>]*>(.*?)</v>", re.DOTALL)
_TINY = re.compile(r"e-(1[6-9]|[2-9]\d)")
_DIFFERENCE = re.compile(r"\b([A-Z]+\d+)-([A-Z]+\d+)\b")
_STORED_RESULT = re.compile(r"(<f>[^<]*</f>)<v>[^<]*</v>")


@dataclass(frozen=True)
class Stored:
    """A cell as the file stores it: `value` is its number, `text` the text that a formula gave, `error` an error."""

    formula: str | None
    value: float | None
    error: str | None
    text: str | None = None


def sheet_xml(path: Path) -> dict[str, str]:
    """The XML of every sheet, by the sheet's name."""
    with zipfile.ZipFile(path) as package:
        book = package.read("xl/workbook.xml").decode()
        relations = package.read("xl/_rels/workbook.xml.rels").decode()
        targets = {}
        for relation in re.findall(r"<Relationship [^>]*>", relations):
            target = re.search(r'Target="/?(?:xl/)?([^"]+)"', relation)
            identity = re.search(r'Id="([^"]+)"', relation)
            assert target
            assert identity
            targets[identity[1]] = target[1]
        sheets = {}
        for sheet in re.findall(r"<sheet [^>]*>", book):
            name, identity = re.search(r'name="([^"]+)"', sheet), re.search(r'r:id="([^"]+)"', sheet)
            assert name
            assert identity
            sheets[unescape(name[1])] = package.read("xl/" + targets[identity[1]]).decode()
        return sheets


def stored_cells(path: Path) -> dict[str, dict[str, Stored]]:
    """Every cell of every sheet, by the sheet's name and the cell's reference."""
    return {name: _cells(xml) for name, xml in sheet_xml(path).items()}


def _cells(xml: str) -> dict[str, Stored]:
    cells = {}
    for reference, attributes, body in _CELL.findall(xml):
        formula, value = _FORMULA.search(body), _VALUE.search(body)
        text = value[1] if value else None
        if 't="e"' in attributes:
            cells[reference] = Stored(unescape(formula[1] or "") if formula else None, None, text)
            continue
        if 't="str"' in attributes and formula:
            cells[reference] = Stored(unescape(formula[1] or ""), None, None, None if text is None else unescape(text))
            continue
        number = float(text) if text is not None and ' t="' not in attributes.replace(' t="n"', "") else None
        cells[reference] = Stored(unescape(formula[1] or "") if formula else None, number, None)
    return cells


def rewrite(path: Path, copy: Path, change: Callable[[str], str]) -> Path:
    """A copy of the workbook with the XML of every sheet changed."""
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in package.namelist():
            part = package.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = change(part.decode()).encode()
            changed.writestr(name, part)
    return copy


def without_results(xml: str) -> str:
    """The sheet with its formulas, but not one value of them: what is read there later was computed."""
    return _STORED_RESULT.sub(r"\1", xml)


def recalculated(paths: Iterable[Path], folder: Path) -> list[Path]:
    """The workbooks as LibreOffice computes them from their formulas alone."""
    stripped = folder / "stripped"
    stripped.mkdir(parents=True)
    copies = [rewrite(path, stripped / path.name, without_results) for path in paths]
    with tempfile.TemporaryDirectory() as profile:
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", "xlsx"]
        subprocess.run(
            [*command, "--outdir", str(folder), *map(str, copies)], check=True, capture_output=True, timeout=300
        )
    return [folder / copy.name for copy in copies]


def disagreements(stored: Path, computed: Path) -> list[str]:
    """The formula cells whose stored value is not what LibreOffice computed, in words; and how many there are.

    Every formula of `stored` is looked at; one without a number counts as a disagreement.
    """
    found = []
    ours, theirs = stored_cells(stored), stored_cells(computed)
    for sheet, cells in ours.items():
        snaps = _snaps(cells)
        for reference, cell in cells.items():
            if cell.formula is None:
                continue
            other = theirs[sheet].get(reference)
            if other is not None and (_same_text(cell, other) or _missing(cell, other) or _follows_a_snap(cell, other)):
                continue
            if cell.value is not None and other is not None and other.value is not None:
                allowed = max(RELATIVE * abs(cell.value), ABSOLUTE, snaps.get(_row(reference), 0.0))
                if abs(other.value - cell.value) <= allowed:
                    continue
            found.append(f"'{sheet}'!{reference} ={cell.formula}: stored {cell.value}, computed {other}")
    return found


def _same_text(cell: Stored, other: Stored) -> bool:
    return cell.text is not None and cell.text == other.text


def _missing(cell: Stored, other: Stored) -> bool:
    """Whether both say that there is no number, which a chart then leaves out."""
    return cell.error == other.error == NOT_AVAILABLE


def _follows_a_snap(cell: Stored, other: Stored) -> bool:
    """Whether the cell writes out a number, or counts its power of ten, that is below what spreadsheets resolve."""
    if cell.text is not None:
        return _TINY.search(cell.text) is not None and other.text is not None
    return cell.value is not None and cell.value <= -16 and other.value == 0 and "LOG10" in (cell.formula or "")


def _snaps(cells: dict[str, Stored]) -> dict[int, float]:
    """The rows in which a spreadsheet takes a difference of two cells for 0 that is none, and how much that can be."""
    rows: dict[int, float] = {}
    for reference, cell in cells.items():
        for pair in _DIFFERENCE.findall(cell.formula or ""):
            x, y = (cells[name].value if name in cells else None for name in pair)
            if x is not None and y is not None and 0 < abs(x - y) < SNAP * max(abs(x), abs(y)):
                rows[_row(reference)] = max(rows.get(_row(reference), 0.0), SNAP * max(abs(x), abs(y)))
    return rows


def _row(reference: str) -> int:
    return int(reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def formula_count(path: Path) -> int:
    """How many cells of the workbook hold a formula."""
    return sum(cell.formula is not None for cells in stored_cells(path).values() for cell in cells.values())
