"""`backprop-trace check`: its files, its exit codes, and files that mean harm."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from openpyxl.comments import Comment

from tests.hand import book, table
from tests.homework import Layout, homework, write
from tests.test_grading_mistakes import slip
from tests.test_grading_right import FIXED, RATE, classic, layers
from tracer.commands.main import main
from tracer.formulas.notation.text import text
from tracer.grading.book.cells import Book, Formula, Sheet, letters
from tracer.grading.book.file_kind import Unreadable
from tracer.grading.book.formula import read
from tracer.grading.book.package import read_book
from tracer.grading.book.relative import UnknownFormula, relative
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Departure, Verdict
from tracer.grading.sheet.spelling import candidates
from tracer.model.naming import spell
from tracer.workbook.xlsx.names import ranges

SLIP = ("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})")


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, ["check", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def right(tmp_path: Path) -> Path:
    return write(homework(Layout()).book(), tmp_path / "right.xlsx")


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return write(book(("Self", slip(*SLIP))), tmp_path / "wrong.xlsx")


# ------------------------------------------------------------------------------------------------ the command


def test_exit_codes(right: Path, wrong: Path, tmp_path: Path) -> None:
    assert run(right).exit_code == 0
    assert run(wrong).exit_code == 1
    assert run(right, wrong).exit_code == 1
    missing = run(right, wrong, tmp_path / "none.xlsx")
    assert missing.exit_code == 2
    assert "does not exist" in missing.output


def test_the_terminal_says_what_is_wrong_and_what_is_right(wrong: Path) -> None:
    output = run(wrong).output
    assert "Self: table A32:AC44, network 2-2-2, sigmoid, half_squared_error, η = 0.5" in output
    assert re.search(
        r"∂E/∂w3  X33:X44  a_h1 is used instead of a_h2 in the activation's derivative \(final loss [+−]", output
    )
    assert "reads      ((a_o1 − t1)" in output
    assert "should be  ((a_o1 − t1)" in output
    assert "24 of 25 quantities correct; the trajectory departs from the correct one in row 34" in output
    assert "verdict: 1 finding, score 96 of 100" in output


def test_json_csv_and_gradescope(right: Path, wrong: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xlsx"
    bad.write_text("no workbook", encoding="utf-8")
    names = [tmp_path / name for name in ("out.json", "out.csv", "results.json")]
    result = run(right, wrong, bad, "-q", "--json", names[0], "--report", names[1], "--gradescope", names[2])
    assert (result.exit_code, result.output) == (2, "")

    first, second, third = json.loads(names[0].read_text(encoding="utf-8"))
    assert (first["status"], first["sheets"][0]["verdict"], first["sheets"][0]["findings"]) == ("read", "right", [])
    assert (third["status"], third["sheets"]) == ("unreadable", [])
    assert "not an .xlsx workbook" in third["reason"]
    (sheet,) = second["sheets"]
    assert (sheet["sheet"], sheet["table"], sheet["eta"], sheet["verdict"]) == ("Self", "A32:AC44", 0.5, "findings")
    (finding,) = sheet["findings"]
    assert {key: finding[key] for key in ("quantity", "cells", "kind", "cause", "slip", "parts", "mistake")} == {
        "quantity": "∂E/∂w3", "cells": "X33:X44", "kind": "formula", "mistake": True,
        "cause": "a_h1 is used instead of a_h2 in the activation's derivative",
        "slip": "activation_slope_of_another_neuron", "parts": {"found": "a_h1", "expected": "a_h2"},
    }  # fmt: skip
    assert finding["theirs"].replace("a_h1·(1 − a_h1)", "a_h2·(1 − a_h2)") == finding["right"]

    rows = list(csv.DictReader(names[1].read_text(encoding="utf-8").splitlines()))
    assert [(row["status"], row["verdict"], row["mistakes"]) for row in rows] == [
        ("read", "right", "0"), ("read", "findings", "1"), ("unreadable", "", ""),
    ]  # fmt: skip
    assert rows[1]["score"] == "96.0"

    graded = json.loads(names[2].read_text(encoding="utf-8"))
    assert [(test["score"], test["max_score"]) for test in graded["tests"]] == [
        (100.0, 100.0),
        (96.0, 100.0),
        (0.0, 100.0),
    ]
    assert graded["score"] == pytest.approx((100 + 96 + 0) / 3, abs=0.01)


def test_annotated_copies(wrong: Path, tmp_path: Path) -> None:
    before = wrong.read_bytes()
    assert run(wrong, "-q", "--annotate", tmp_path / "marked").exit_code == 1
    assert wrong.read_bytes() == before
    sheet = openpyxl.load_workbook(tmp_path / "marked" / "wrong.xlsx")["Self"]
    noted = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment}
    coloured = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert noted == coloured == {f"X{row}" for row in range(33, 45)}
    assert "a_h1 is used instead of a_h2" in sheet["X33"].comment.text
    assert read_book(tmp_path / "marked" / "wrong.xlsx").sheets == read_book(wrong).sheets


def test_a_note_follows_the_comment_that_is_there(wrong: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(wrong)
    workbook["Self"]["X33"].comment = Comment("mine", "me")
    workbook.save(tmp_path / "commented.xlsx")
    assert run(tmp_path / "commented.xlsx", "-q", "--annotate", tmp_path / "marked").exit_code == 1
    sheet = openpyxl.load_workbook(tmp_path / "marked" / "commented.xlsx")["Self"]
    assert sheet["X33"].comment.text.startswith("mine\n\n∂E/∂w3: a_h1 is used instead of a_h2")
    assert sheet["X34"].comment.text.startswith("∂E/∂w3: a_h1 is used")


def test_the_originals_are_never_written_to(wrong: Path) -> None:
    before = wrong.read_bytes()
    result = run(wrong, "--annotate", wrong.parent)
    assert result.exit_code == 2
    assert "originals" in result.output
    assert run(wrong, "--json", wrong).exit_code == 2
    assert wrong.read_bytes() == before


def test_a_folder_in_several_processes_goes_on_past_what_cannot_be_read(right: Path, wrong: Path) -> None:
    for number in range(3):
        (right.parent / f"bad{number}.xlsx").write_bytes(b"PK\x03\x04 nothing")
    result = run(right.parent)
    assert result.exit_code == 2
    assert "5 workbooks: 1 right, 1 with findings, 3 could not be judged" in result.output


def damaged(path: Path, part: str, copy: Path) -> None:
    """Write a copy in which a byte in the middle of a part's packed data is another."""
    with zipfile.ZipFile(path) as package:
        entry = package.getinfo(part)
    data = bytearray(path.read_bytes())
    start = entry.header_offset + 30 + len(entry.filename)
    data[start + entry.compress_size // 2] ^= 0xFF
    copy.write_bytes(data)


def test_a_damaged_part_costs_no_other_workbook_its_copy(wrong: Path, tmp_path: Path) -> None:
    folder = tmp_path / "handed in"
    folder.mkdir()
    with zipfile.ZipFile(wrong, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/picture.bin", bytes(range(256)) * 9)
    damaged(wrong, "xl/media/picture.bin", folder / "a.xlsx")
    damaged(wrong, SHEET, folder / "b.xlsx")
    (folder / "d.xlsx").write_bytes(wrong.read_bytes())
    with zipfile.ZipFile(wrong) as package, zipfile.ZipFile(folder / "c.xlsx", "w") as other:
        for name in package.namelist():
            part = package.read(name)
            if name == SHEET:
                text = part.decode().replace("UTF-8", "ISO-8859-1").replace("<sheetData>", "<!-- ä --><sheetData>")
                part = text.encode("latin-1", "xmlcharrefreplace")
            other.writestr(name, part)
    result = run(folder, "--annotate", tmp_path / "marked", "--json", tmp_path / "found.json")
    assert result.exit_code == 2
    assert [each["status"] for each in json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))] == [
        "read", "unreadable", "read", "read",
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "marked").iterdir()] == ["d.xlsx"]
    for name in ("a", "c"):
        assert f"{folder / name}.xlsx: not annotated: a part of it is damaged" in result.output
    assert "4 workbooks: 0 right, 3 with findings, 1 could not be judged" in result.output


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are text there")
def test_a_name_that_is_no_utf_8_costs_no_report(wrong: Path, tmp_path: Path) -> None:
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / os.fsdecode(b"na\xefve.xlsx")).write_bytes(wrong.read_bytes())
    (folder / "plain.xlsx").write_bytes(wrong.read_bytes())
    outputs = [
        "--json",
        tmp_path / "found.json",
        "--report",
        tmp_path / "found.csv",
        "--gradescope",
        tmp_path / "g.json",
    ]
    result = run(folder, *outputs, "--annotate", tmp_path / "marked")
    assert result.exit_code == 1
    assert "na\\udcefve.xlsx" in result.output
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert [Path(each["workbook"]).name for each in found] == [os.fsdecode(b"na\xefve.xlsx"), "plain.xlsx"]
    assert "na\\udcefve.xlsx" in (tmp_path / "found.csv").read_text(encoding="utf-8")
    assert len(json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))["tests"]) == 2
    assert len(list((tmp_path / "marked").iterdir())) == 2


def test_a_config_that_is_wrong_is_said_at_once(right: Path, tmp_path: Path) -> None:
    config = tmp_path / "lab.yaml"
    config.write_text("inputs: [1]\n", encoding="utf-8")
    result = run(right, "--config", config)
    assert result.exit_code == 2
    assert "lab.yaml" in result.output


def test_a_tolerance_lets_small_differences_pass(tmp_path: Path) -> None:
    hw = homework(Layout())
    cells = hw.book().sheets[0].cells
    value = cells[hw.place("a_o1", 5)].number
    assert value is not None
    hw.typed["a_o1", 5] = value * (1 + 1e-5)
    path = write(hw.book(), tmp_path / "near.xlsx")
    assert run(path).exit_code == 1
    assert run(path, "--tolerance", "1e-3").exit_code == 0


# ------------------------------------------------------------------------------------------------- harm


SHEET = "xl/worksheets/sheet1.xml"


def changed(path: Path, change: Callable[[str], str]) -> Path:
    return changed_part(path, SHEET, change)


def changed_part(path: Path, changing: str, change: Callable[[str], str]) -> Path:
    copy = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as other:
        for name in package.namelist():
            part = package.read(name).decode()
            other.writestr(name, change(part) if name == changing else part)
    return copy


ENTITIES = '?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'

MANY = "".join(f"<c><v>{number * 7919 % 1_000_003}</v></c>" for number in range(600_001))

HARMFUL: dict[str, tuple[Callable[[str], str], str]] = {
    "entities": (lambda xml: xml.replace("?>", ENTITIES, 1), "document type"),
    "a bomb": (lambda xml: xml.replace("<sheetData>", "<sheetData>" + " " * 50_000_000), "unpacks to"),
    "too many cells": (lambda xml: xml.replace("<sheetData>", f"<sheetData>{MANY}"), "more than 600,000 cells"),
    "XML that breaks off": (lambda xml: xml[: len(xml) // 2], "is incomplete"),
    "a number that is none": (lambda xml: xml.replace("<v>0.", "<v>x0.", 1), "damaged"),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_files_are_refused_with_a_reason(name: str, right: Path) -> None:
    change, reason = HARMFUL[name]
    path = changed(right, change)
    began = time.monotonic()
    with pytest.raises(Unreadable, match=reason):
        read_book(path)
    assert time.monotonic() - began < 2


def repeated(pattern: str, new: str) -> Callable[[str], str]:
    return lambda xml: re.sub(pattern, new, xml)


NOWHERE = '<row r="99999999"><c><v>1</v></c></row><row r="-3"><c r="!!"><v>abc</v></c></row>'

BOUNDED: dict[str, Callable[[str], str]] = {
    "a row beyond the last": lambda xml: xml.replace("</sheetData>", f"{NOWHERE}</sheetData>"),
    "ten million rows by name": lambda xml: xml.replace("<sheetData>", '<dimension ref="A1:XFD10000000"/><sheetData>'),
    "links to other workbooks": repeated("<f>", "<f>0*[1]Other!A1+"),
    "formulas nested deep": repeated("<f>", "<f>" + "(" * 500 + "0" + ")" * 500 + "+"),
    "commands": repeated("<f>", '<f>0*WEBSERVICE("http://x")+'),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_strange_files_are_judged_by_what_they_hold(name: str, right: Path) -> None:
    (sheet,) = check_workbook(changed(right, BOUNDED[name])).sheets
    assert sheet.verdict is Verdict.RIGHT, sheet.findings[:2]


def test_cells_that_are_nowhere_are_left_out_and_named(right: Path) -> None:
    (sheet,) = check_workbook(changed(right, BOUNDED["a row beyond the last"])).sheets
    assert sheet.reason == "the file is damaged: Sheet1: there is no row 99999999; its contents are ignored"


def test_formulas_without_values_are_computed(right: Path) -> None:
    (sheet,) = check_workbook(changed(right, repeated(r"(</f>)<v>[^<]*</v>", r"\1"))).sheets
    assert (sheet.verdict, sheet.judged) == (Verdict.RIGHT, 27)


OTHER_FILES = {
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "old .xls"),
    "secret.xlsx": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
    ),
    "empty.xlsx": (b"", "is empty"),
    "text.xlsx": (b"a,b\n1,2\n", "not an .xlsx workbook"),
    "~$lock.xlsx": (b"\x06LENOVO" + b" " * 158, "lock file"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_other_files_are_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    content, reason = OTHER_FILES[name]
    (tmp_path / name).write_bytes(content)
    result = run(tmp_path / name)
    assert result.exit_code == 2
    assert reason in result.output


def test_a_sheet_of_nothing_but_headers_takes_no_time(tmp_path: Path) -> None:
    cells = {
        f"{'ABCDEF'[k]}{row}": (name if row % 2 else 0.5)
        for row in range(1, 2000)
        for k, name in enumerate(["t1", "i1", "w1", "h1", "a_h1", "o1"])
    }
    path = write(book(("S", cells)), tmp_path / "headers.xlsx")
    began = time.monotonic()
    check_workbook(path)
    assert time.monotonic() - began < 10


def test_many_tables_of_nothing_take_little_time_and_the_right_one_is_found(tmp_path: Path) -> None:
    cells = {**table("A4", classic(), 4, FIXED), **RATE}
    names = list(classic())
    for k in range(40 * len(names)):
        column = letters(35 + k + k // len(names))
        cells |= {
            f"{column}4": names[k % len(names)],
            **{f"{column}{row}": (k * row * 0.37) % 1 for row in range(5, 9)},
        }
    began = time.process_time()
    sheets = check_workbook(write(book(("S", cells)), tmp_path / "wide.xlsx")).sheets
    assert time.process_time() - began < 20
    assert [sheet.table for sheet in sheets if sheet.verdict is Verdict.RIGHT] == ["A4:AC8"]


def test_a_network_in_every_sheet_of_a_workbook(tmp_path: Path) -> None:
    sheets = [homework(Layout(steps=4, values=layers("tanh", "tanh"))).book().sheets[0] for _ in range(12)]
    whole = Book(tuple(Sheet(f"S{n}", sheet.cells) for n, sheet in enumerate(sheets)), {})
    report = check_workbook(write(whole, tmp_path / "many.xlsx"))
    assert {sheet.verdict for sheet in report.sheets} == {Verdict.RIGHT}


# ------------------------------------------------------------------------------------------------ its parts


SPELT = {
    "a_h1": "a_h1 act_h1 out_h1 ah1 aH1 h1_out sig(h1) Out_h1",
    "E_total": "E_tot E_total Etotal E_t E_TOTAL ETotal Error",
    "∂E/∂w1": "∂E/∂w1 ∂E_total/∂W1 δE_tot/δw1 E∂w1 ∂E∂W1 dw1 dE/dw1 Etotaldw1 grad_w1 ∂E/∂w₁",
    "h1": "net_h1 z_h1 h1 H1",
    "t1": "target1 y1 t_1 T1",
    "i1": "x1 i1 X_1 input1",
    "η": "η eta lr LearningRate α L.R.",
    "w1+": "w1+ w1' w1new new_w1",
    "∂E/∂o1": "δ_o1 delta_o1 dE/dnet_o1",
    "∂a_o1/∂o1": "∂a_o1/∂o1 dout_o1/dnet_o1",
}


@pytest.mark.parametrize("name", SPELT)
def test_spellings_seen_in_the_wild(name: str) -> None:
    for header in SPELT[name].split():
        assert [spell(quantity) for quantity in candidates(header)[:1]] == [name], header


@pytest.mark.parametrize(
    "header", ["Homework 6", "notes", "2024", "", "weights", "Forward pass", "h1 w1", "sum of all"]
)
def test_other_texts_are_no_quantities(header: str) -> None:
    assert not candidates(header)


def test_formulas_as_excel_reads_them() -> None:
    assert text(read(relative(Formula("-A1^2+B$3*2%", 2, 1)))) == "(−R[-1]C[0])^2 + R3C[1]·0.02"
    assert text(read(relative(Formula("SUM(A1:B1,3)/SUMPRODUCT(A1:A2,B1:B2)", 1, 1)))) == (
        "(R[0]C[0] + R[0]C[1] + 3)/(R[0]C[0]·R[0]C[1] + R[1]C[0]·R[1]C[1])"
    )


def test_formulas_over_ranges() -> None:
    def reads(formula: str) -> str:
        return text(read(relative(Formula(formula, 1, 1))))

    product = "R[0]C[0]·R[0]C[2] + R[0]C[1]·R[0]C[3]"
    assert reads("SUM(A1:B1*C1:D1)") == product
    assert reads("SUMPRODUCT((A1:B1)*(C1:D1))") == product
    assert reads("MMULT(A1:B1,TRANSPOSE(C1:D1))") == product
    assert reads("SUM((A1:B1-0.5)^2)/2") == "((R[0]C[0] − 0.5)^2 + (R[0]C[1] − 0.5)^2)/2"
    assert reads("SUM(EXP(A1:B1))") == "e^(R[0]C[0]) + e^(R[0]C[1])"
    assert reads("INDEX(A1:D1,3)+INDEX(A1:D1,1,2)") == "R[0]C[2] + R[0]C[1]"
    for wrong in ("A1:B1", "A1:B1*C1:E1", "SUM(A1:B1*C1:E1)", "INDEX(A1:B1,0)", "INDEX(A1:B1,3)", "MMULT(A1:B1,C1:E1)"):
        with pytest.raises(UnknownFormula):
            read(relative(Formula(wrong, 1, 1)))


def test_cells_as_ranges() -> None:
    assert ranges([(33, 26), (34, 26), (36, 26)]) == "Z33:Z34, Z36"
    assert ranges([(row, column) for row in (5, 6) for column in (1, 2, 4)]) == "A5:B6, D5:D6"


def test_a_network_of_other_widths_needs_no_config_and_unmatched_headers_are_listed(tmp_path: Path) -> None:
    cells = (
        table("B4", {**classic(), "my own column": (1.0, None), "lucky": ("={my own column}*2", None)}, 5, FIXED) | RATE
    )
    (sheet,) = check_workbook(write(book(("S", cells)), tmp_path / "own.xlsx")).sheets
    assert sheet.verdict is Verdict.RIGHT
    assert sheet.unmatched == ("my own column", "lucky")


def test_in_python_the_names_are_those_of_the_json(wrong: Path, tmp_path: Path) -> None:
    run(wrong, "-q", "--json", tmp_path / "out.json")
    (data,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    report = check_workbook(wrong)
    (sheet,), (told,) = report.sheets, data["sheets"]
    assert (report.status, report.score, sheet.eta, sheet.departure) == (
        data["status"], data["score"], told["eta"], Departure(**told["departure"]),
    )  # fmt: skip
    (finding,), (said,) = sheet.findings, told["findings"]
    assert all(getattr(finding, key) == said[key] for key in said if key != "differs")
    assert [list(span) for span in finding.differs] == said["differs"]
