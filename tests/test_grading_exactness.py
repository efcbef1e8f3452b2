"""Values pasted in place of formulas: however they were rounded, they are told apart from mistakes, and mistakes show in
them all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import trunc
from pathlib import Path

import numpy as np
import pytest

from tests.homework import ETA, Homework, Layout, homework, write
from tracer.formulas.tree import ONE, Name
from tracer.formulas.tree import replace as replaced
from tracer.grading.book.cells import Book, Cell
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Kind, SheetReport, Verdict

STEPS = 16
CROSSING = {"weights": [0.15, 0.2, 0.25, 0.3, 0.15, 0.13, 0.5, 0.55], "learning_rate": 1.0}
"""w5 and w6 fall below 0.1, where a number of so many digits has one decimal more."""


def cut(decimals: int) -> Callable[[float], float]:
    return lambda value: trunc(value * 10**decimals) / 10**decimals


HOW: dict[str, Callable[[float], float]] = {
    **{f"rounded to {digits} digits": lambda x, d=digits: float(f"{x:.{d}g}") for digits in (4, 6, 9)},  # type: ignore[misc]
    "rounded to 6 decimals": lambda x: round(x, 6),
    **{f"cut off after {decimals} decimals": cut(decimals) for decimals in (4, 6)},
    "single precision": lambda x: float(np.float32(x)),
}


def pasted(hw: Homework, how: Callable[[float], float]) -> Book:
    """The book, its computed values in place of their formulas."""
    book = hw.book()
    (sheet,) = book.sheets
    cells = dict(sheet.cells)
    for place, cell in sheet.cells.items():
        if cell.formula is not None:
            assert cell.number is not None
            cells[place] = Cell(how(cell.number))
    return replace(book, sheets=(replace(sheet, cells=cells),))


def checked(book: Book, folder: Path) -> SheetReport:
    report = check_workbook(write(book, folder / "homework.xlsx"))
    assert report.readable, report.reason
    return report.sheets[0]


@pytest.mark.parametrize("how", HOW)
def test_rounded_values_are_no_mistakes(how: str, tmp_path: Path) -> None:
    sheet = checked(pasted(homework(Layout(steps=STEPS, values=CROSSING)), HOW[how]), tmp_path)
    assert sheet.verdict is Verdict.RIGHT, sheet.mistakes
    assert {(finding.kind, finding.cause) for finding in sheet.findings} == {
        (Kind.ROUNDED, f"pasted, {how}: consistent")
    }


@pytest.mark.parametrize("how", [how for how in HOW if "4" not in how])
def test_a_slip_shows_in_rounded_values(how: str, tmp_path: Path) -> None:
    wrong = homework(Layout(steps=STEPS, values=CROSSING))
    wrong.formulas["∂E/∂w7"] = wrong.formulas["∂E/∂w8"]
    (finding,) = checked(pasted(wrong, HOW[how]), tmp_path).mistakes
    assert (finding.quantity, finding.cause) == ("∂E/∂w7", "a_h2 is used instead of a_h1")


def test_single_precision_as_numpy_prints_it(tmp_path: Path) -> None:
    sheet = checked(pasted(homework(Layout(steps=STEPS)), lambda x: float(str(np.float32(x)))), tmp_path)
    assert sheet.verdict is Verdict.RIGHT, sheet.mistakes
    assert {finding.cause for finding in sheet.findings} == {"pasted, single precision: consistent"}


def test_columns_that_were_rounded_otherwise_than_the_rest(tmp_path: Path) -> None:
    hw = homework(Layout(steps=STEPS, values=CROSSING))
    hw.rounded = dict.fromkeys(hw.computed, 6) | dict.fromkeys([f"w{n}" for n in range(1, 9)], 3)
    sheet = checked(hw.book(), tmp_path)
    assert sheet.verdict is Verdict.RIGHT, sheet.mistakes
    assert {finding.cause for finding in sheet.findings if finding.quantity == "w5"} == {
        "pasted, rounded to 3 decimals: consistent"
    }


def test_one_wrong_number_is_not_cut_off(tmp_path: Path) -> None:
    hw = homework(Layout(steps=STEPS))
    hw.typed["w5", 6] = 0.3
    (finding,) = checked(hw.book(), tmp_path).mistakes
    assert (finding.quantity, finding.kind) == ("w5", Kind.CONSTANT)


@pytest.mark.parametrize(("name", "decimals"), [("w1", 6), ("w5", 4), ("w8", 4)])
def test_one_update_without_the_rate_does_not_decide_the_rate(name: str, decimals: int, tmp_path: Path) -> None:
    wrong = homework(Layout(steps=STEPS))
    wrong.formulas[name] = replaced(wrong.formulas[name], {Name(ETA): ONE, Name(ETA, 1): ONE})
    sheet = checked(pasted(wrong, lambda x: round(x, decimals)), tmp_path)
    assert [(finding.quantity, finding.cause) for finding in sheet.mistakes] == [(name, "η is missing")]
    assert sheet.eta == 0.5
