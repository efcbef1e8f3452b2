"""Tables that were filled in wrongly: headers exchanged, given numbers dragged into a series or changed on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hand import book, table
from tests.test_grading_right import FIXED, RATE, checked, classic
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict

STEPS = 9


def sheet_with(given: dict[str, list[float]], folder: Path) -> SheetReport:
    """The classic table, some inputs or targets with another number in every row."""
    columns = classic()
    cells = table("A4", columns, STEPS, FIXED) | RATE
    for name, numbers in given.items():
        letter = "ABCD"[list(columns).index(name)]
        cells |= {f"{letter}{5 + step}": number for step, number in enumerate(numbers)}
    (sheet,) = checked(book(("S", cells)), folder)
    return sheet


def said(findings: list[Finding]) -> list[tuple[str, str, str | None]]:
    return [(finding.quantity, finding.cells, finding.cause) for finding in findings]


def test_inputs_that_were_dragged_into_a_series(tmp_path: Path) -> None:
    series = {"i1": [0.05 + step for step in range(STEPS)], "t1": [0.01 + step for step in range(STEPS)]}
    assert sorted(said(sheet_with(series, tmp_path).mistakes)) == [
        ("i1", "C6:C13", "filled as a series: 0.05, 1.05, 2.05, …"),
        ("t1", "A6:A13", "filled as a series: 0.01, 1.01, 2.01, …"),
    ]


@pytest.mark.parametrize(
    ("numbers", "cells", "cause"),
    [
        ([0.05] * 4 + [0.5] + [0.05] * 4, "C9", "differs from the other rows"),
        ([0.05] * 6 + [0.06] * 3, "C11:C13", "differs from the other rows in 3 of 9 rows"),
    ],
)
def test_an_input_that_changes_though_nothing_else_does(
    numbers: list[float], cells: str, cause: str, tmp_path: Path
) -> None:
    (finding,) = sheet_with({"i1": numbers}, tmp_path).mistakes
    assert (finding.kind, finding.cells, finding.cause) == (Kind.VALUE, cells, cause)
    assert finding.right_value == 0.05


@pytest.mark.parametrize(
    "samples",
    [
        {"i1": [0, 0, 1, 1, 0, 0, 1, 1, 0], "i2": [0, 1, 0, 1, 0, 1, 0, 1, 0], "t1": [0, 0, 0, 1, 0, 0, 0, 1, 0]},
        {"i1": [1, 2, 3, 4, 5, 6, 7, 8, 9], "t1": [2, 4, 6, 8, 10, 12, 14, 16, 18]},
        {"i1": [0.1, 0.9] * 4 + [0.1]},
    ],
)
def test_samples_may_change(samples: dict[str, list[float]], tmp_path: Path) -> None:
    sheet = sheet_with({name: [float(x) for x in column] for name, column in samples.items()}, tmp_path)
    assert sheet.verdict is Verdict.RIGHT, said(sheet.mistakes)


def test_two_headers_that_are_exchanged(tmp_path: Path) -> None:
    cells = table("A4", classic(), STEPS, FIXED) | RATE
    places = {text: where for where, text in cells.items() if text in ("dw6", "dw7")}
    cells[places["dw6"]], cells[places["dw7"]] = "dw7", "dw6"
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert [(f.kind, f.cells, f.cause) for f in sheet.findings] == [
        (Kind.HEADER, "AA4:AB4", "the headers of ∂E/∂w7 and ∂E/∂w6 are swapped")
    ]


def test_two_formulas_that_are_exchanged(tmp_path: Path) -> None:
    columns = classic()
    columns["dw2"], columns["dw3"] = columns["dw3"], columns["dw2"]
    (sheet,) = checked(book(("S", table("A4", columns, STEPS, FIXED) | RATE)), tmp_path)
    assert [(f.quantity, f.cause) for f in sheet.mistakes] == [
        ("∂E/∂w2", "this is the formula of ∂E/∂w3"),
        ("∂E/∂w3", "this is the formula of ∂E/∂w2"),
    ]
