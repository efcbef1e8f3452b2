"""Right workbooks, damaged at random in their XML or their bytes: every one ends with a report, and soon."""

from __future__ import annotations

import random
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path

from tests.homework import Layout, homework, write
from tracer.grading.book.cells import Book
from tracer.grading.check import check_workbook

MUTANTS = 40
LIMIT = 5.0
"""Seconds of the processor for one of them, on a slow machine; a tenth is usual."""

CONTENTS = re.compile(rb'>([^<>]+)<|="([^"]*)"')
FORMULA = re.compile(rb"<f>([^<]*)</f><v>[^<]*</v>")
STRANGE = (
    b"1e308", b"-1", b"", b"NaN", b"99999999999999999999", b"s", b"d", b"inlineStr", b"shared", b"A1", b"(", b"%d",
    b"SUM(A1:XFD9)", b"9^9^9", b"1/0", b"#REF!", b"'[1]x'!A1", b"A1048576", b"INDIRECT(A1)", b"\xff",
)  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to five places changed: contents, formulas, single bytes, missing parts."""
    data = content
    for _ in range(chance.randint(1, 5)):
        how = chance.randrange(4)
        if how == 0 and (found := list(CONTENTS.finditer(data))):
            match = chance.choice(found)
            first, last = match.span(1 if match[1] is not None else 2)
            data = data[:first] + chance.choice(STRANGE) + data[last:]
        elif how == 1 and (found := list(FORMULA.finditer(data))):
            match = chance.choice(found)
            data = data[: match.start()] + b"<f>" + chance.choice((*STRANGE, match[1])) + b"</f>" + data[match.end() :]
        elif how == 2:
            place = chance.randrange(len(data))
            data = data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        elif chance.random() < 0.3:
            place = chance.randrange(len(data))
            data = data[:place] + data[place + chance.choice((1, 20, 400)) :]
    return data


def mutant(original: Path, target: Path, chance: random.Random) -> None:
    """Write a copy, damaged in one of its parts, or as a file."""
    if chance.random() < 0.2:
        target.write_bytes(damaged(original.read_bytes(), chance))
        return
    with zipfile.ZipFile(original) as package, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        names = package.namelist()
        hit = chance.choice([*names, *[name for name in names if "sheet" in name] * 4])
        for name in names:
            part = package.read(name)
            copy.writestr(name, damaged(part, chance) if name == hit else part)


def test_a_damaged_workbook_ends_with_a_report(tmp_path: Path) -> None:
    chance = random.Random(20_250)
    original = write(homework(Layout(steps=6)).book(), tmp_path / "right.xlsx")
    for number in range(MUTANTS):
        target = tmp_path / f"mutant{number}.xlsx"
        mutant(original, target, chance)
        began = time.process_time()
        report = check_workbook(target)
        assert time.process_time() - began < LIMIT, target
        assert report.reason or report.sheets, target


def test_a_workbook_in_which_no_slip_explains_the_gradients_ends_soon(tmp_path: Path) -> None:
    sheets = []
    for number in range(2):
        made = homework(Layout(steps=6, notes=bool(number)))
        gradients = [name for name in made.computed if name.startswith("∂E/∂w")]
        made.texts |= dict.fromkeys(gradients, lambda text: text.replace("+", "-").replace("*", "+"))
        sheets.append(replace(made.book().sheets[0], name=f"Sheet{number}"))
    began = time.process_time()
    report = check_workbook(write(Book(tuple(sheets), {}), tmp_path / "wrong.xlsx"))
    assert time.process_time() - began < LIMIT
    assert [len(sheet.mistakes) for sheet in report.sheets] == [8, 8]
