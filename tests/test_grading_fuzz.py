"""Workbooks damaged at random in their XML or their bytes: every one ends with a report, and soon."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.damage import LIMIT, attack, originals
from tests.homework import Layout, homework, write
from tracer.grading.book.cells import Book
from tracer.grading.check import check_workbook


@pytest.mark.parametrize("count", [6, pytest.param(150, marks=pytest.mark.long)])
def test_a_damaged_workbook_ends_with_a_report_and_a_copy_or_a_reason(count: int, tmp_path: Path) -> None:
    assert list(attack(originals(tmp_path), tmp_path, count)) == []


def test_a_workbook_in_which_no_slip_explains_the_gradients_ends_soon(tmp_path: Path) -> None:
    sheets = []
    for number in range(2):
        made = homework(Layout(steps=6, notes=bool(number)))
        gradients = [name for name in made.computed if name.startswith("∂E/∂w")]
        made.texts |= dict.fromkeys(gradients, lambda text: text.replace("+", "-").replace("*", "+"))
        sheets.append(replace(made.book().sheets[0], name=f"Sheet{number}"))
    began = time.process_time()
    report = check_workbook(write(Book(tuple(sheets), {}), tmp_path / "wrong.xlsx"))
    assert time.process_time() - began < 3 * LIMIT  # a processor that also does other work is slower
    assert [len(sheet.mistakes) for sheet in report.sheets] == [8, 8]
