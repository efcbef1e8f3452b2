"""Text of others is never read as a formula: in no report, and in no sheet."""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.hand import Cells, book, table
from tests.homework import write
from tests.test_api import BASE
from tests.test_grading_command import run
from tests.test_grading_right import FIXED, RATE, classic
from tracer.grading.judging.findings import BookReport, SheetReport, Verdict
from tracer.grading.report.reports import as_csv
from tracer.guard import guarded, is_formula

SIGNS = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.normalize("NFKC", c) in set("=+-@")]
"""Every character that is one of the four in another width or height, by Unicode's own tables."""
UNSEEN = [" ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", '"', "\r", "\n"]
EVIL = "=cmd|' /C calc'!A0"


def begins_formula(cell: str) -> bool:
    """What a spreadsheet might see at the beginning of a cell, by rules of its own."""
    seen = "".join(c for c in cell if unicodedata.category(c) not in ("Cf", "Cc", "Zs", "Zl", "Zp") and c != '"')
    return unicodedata.normalize("NFKC", seen)[:1] in set("=+-@") - {""} and seen[:1] != ""


texts = st.lists(st.sampled_from([*SIGNS, *UNSEEN, ";", ",", "|", "'", "a", "1", "−"]), max_size=8).map("".join)


@given(texts | st.text(max_size=20))
def test_no_part_of_a_guarded_text_begins_a_formula(text: str) -> None:
    safe = guarded(text)
    for cell in (safe, *re.split(r"[;,|\t\r\n]", safe)):
        assert not begins_formula(cell), (text, safe)
    assert safe.replace("'", "") == text.replace("'", "")
    assert begins_formula(text) <= is_formula(text)


@pytest.mark.parametrize(
    "text", ["", "∂E/∂w1", "h1 = w1·i1", "a − b", "x=1; y=2", "LR = 0.5", "mean(g1)", "1e-3", "−0.5", "'"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text
    assert not is_formula(text)


@given(texts, texts, texts)
def test_a_report_holds_no_formula_whatever_separates_its_cells(name: str, sheet: str, reason: str) -> None:
    report = BookReport(name, reason or None, (SheetReport(sheet, Verdict.NO_TABLE, reason=reason),))
    written = as_csv([report])
    for separator in (",", ";", "\t", "|"):
        rows = csv.reader(io.StringIO(written, newline=""), delimiter=separator)
        assert not any(begins_formula(cell) for row in rows for cell in row)


def test_a_workbook_with_formulas_in_every_name(tmp_path: Path) -> None:
    hostile = {EVIL: (1.0, None), "+1": (1.0, None), "a;=1": (2.0, None), "＝1": (3.0, None)}
    cells: Cells = table("A1", {**classic(), **hostile}, 3, FIXED) | RATE
    path = write(book((EVIL[:20].replace("/", ""), cells)), tmp_path / "=1+1.xlsx")
    folder = path.parent
    run(path, "-q", "--report", folder / "r.csv", "--annotate", folder / "marked")
    for separator in (",", ";"):
        rows = csv.reader((folder / "r.csv").read_text(encoding="utf-8").splitlines(), delimiter=separator)
        assert not any(begins_formula(cell) for row in rows for cell in row)


@pytest.mark.parametrize("write_to", ["to_excel", "to_exercise"])
def test_texts_of_a_config_in_a_workbook(write_to: str, tmp_path: Path) -> None:
    """They keep every character, and Excel's mark for text, which holds also when a cell is edited."""
    lines = [EVIL, " +1", "-2", "@x", "＝1", "plain"]
    path = tmp_path / "config.yaml"
    yaml = "".join(f"  {line}\n" for line in lines)
    path.write_text(
        f"name: \"x'&NOW()&'\"\ndescription: |2\n{yaml}inputs: [0.05, 0.1]\ntargets: [0.5]\nlayers:\n- {{neurons: 1}}\n"
        "weights: [0.1, 0.2]\nlearning_rate: 0.5\niterations: 2\n",
        encoding="utf-8",
    )
    getattr(tracer.run(path), write_to)(tmp_path / "book.xlsx")
    held = set()
    for sheet in openpyxl.load_workbook(tmp_path / "book.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert "NOW" not in re.sub(r"'[^']*'!", "", cell.value)
                elif isinstance(cell.value, str):
                    held.add(cell.value)
                    assert cell.quotePrefix == is_formula(cell.value)
    assert {f"  {line}" for line in lines} | {"- {neurons: 1}"} <= held
    if write_to == "to_excel":
        assert any(value.startswith(EVIL) for value in held)


@pytest.mark.parametrize("name", ["=x", "+x", "-x", "@x", " =x", "＝x", "x;=y", "x\t=y", '"=x'])
def test_no_quantity_can_be_called_like_a_formula(name: str) -> None:
    """So none stands above a column of the CSV."""
    own = {"equations": {name: "w*i1", "E": "(w*i1 - t1)^2"}, "minimize": "E", "parameters": {"w": 1}}
    base = {"inputs": [1], "targets": [1], "learning_rate": 0.1, "iterations": 1}
    try:
        columns = tracer.run(base | own).columns
    except tracer.ConfigError:
        columns = []
    assert not any(begins_formula(column) or ";" in column for column in columns)
    with pytest.raises(tracer.ConfigError):
        tracer.run(BASE | {"inputs": {name: 1, "i2": 2}, "layers": [{"name": name, "neurons": 2}, {"neurons": 2}]})
