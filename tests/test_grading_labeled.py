"""Sheets that only compute forward, with a config of equations: compared quantity by quantity, by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hand import Cells, Value, book
from tests.homework import write
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import BookReport, Verdict
from tracer.grading.options import Options

RECURRENT = """
inputs: {x1: 1, x2: 0.5}
targets: {t: 0.25}
parameters: {w: 0.6, u: -0.4, b: 0.1}
equations: |
  s1 = tanh(w*x1 + b)
  s2 = tanh(w*x2 + u*s1 + b)
  E = (t - s2)^2 / 2
minimize: E
learning_rate: 0.1
iterations: 1
"""
ATTENTION = """
inputs: {x1: 1, x2: 0.5}
targets: {t: 0.25}
parameters: {W11: 0.1, W12: 0.2, W21: 0.3, W22: 0.4}
equations: |
  h1 = W11*x1 + W12*x2
  h2 = W21*x1 + W22*x2
  y1 = tanh(h1)
  y2 = tanh(h2)
  E = (t - y1 - y2)^2 / 2
minimize: E
learning_rate: 0.1
iterations: 1
"""
ABOVE: Cells = {
    "A1": "x1", "B1": "x2", "A2": 1, "B2": 0.5, "A4": "w", "B4": "u", "C4": "b", "A5": 0.6, "B5": -0.4, "C5": 0.1,
    "A7": "s1", "A8": "=TANH(A5*A2+C5)", "C7": "s2", "C8": "=TANH(A5*B2+B5*A8+C5)",
}  # fmt: skip
MATRICES: Cells = {
    "A1": "x", "A2": 1, "A3": 0.5, "C1": "W", "C2": 0.1, "D2": 0.2, "C3": 0.3, "D3": 0.4,
    "F1": "h", "F2": "=C2*A2+D2*A3", "F3": "=C3*A2+D3*A3", "H1": "y", "H2": "=TANH(F2)", "H3": "=TANH(F3)",
}  # fmt: skip


def checked(cells: Mapping[str, Value], config: str, folder: Path) -> BookReport:
    (folder / "net.yaml").write_text(config, encoding="utf-8")
    path = write(book(("S", cells)), folder / "sheet.xlsx")
    return check_workbook(path, Options(config=folder / "net.yaml"))


@pytest.mark.parametrize(("cells", "config", "count"), [(ABOVE, RECURRENT, 7), (MATRICES, ATTENTION, 10)])
def test_labels_above_a_value_and_titles_of_matrices(
    cells: Mapping[str, Value], config: str, count: int, tmp_path: Path
) -> None:
    (sheet,) = checked(cells, config, tmp_path).sheets
    assert (sheet.verdict, sheet.judged, sheet.right) == (Verdict.RIGHT, count, count)


@pytest.mark.parametrize(
    ("cells", "config", "place", "formula", "finding"),
    [
        (ABOVE, RECURRENT, "C8", "=TANH(A5*B2+B5*A8)", ("s2", "C8", "the bias b is missing")),
        (ABOVE, RECURRENT, "A8", "=A5*A2+C5", ("s1", "A8", None)),
        (MATRICES, ATTENTION, "F3", "=C3*A2+D2*A3", ("h2", "F3", "W12 is used instead of W22")),
        (MATRICES, ATTENTION, "D3", 0.5, ("W22", "D3", "0.5 is typed here, but the config starts with 0.4")),
    ],
)
def test_a_mistake_is_named(
    cells: Cells, config: str, place: str, formula: Value, finding: tuple[str, str, str | None], tmp_path: Path
) -> None:
    (sheet,) = checked({**cells, place: formula}, config, tmp_path).sheets
    assert [(each.quantity, each.cells, each.cause) for each in sheet.mistakes] == [finding]


def test_labels_that_name_too_little_are_no_table(tmp_path: Path) -> None:
    report = checked({"A1": "x1", "A2": 1, "C1": "s1", "C2": "=TANH(A2)"}, RECURRENT, tmp_path)
    assert [sheet.verdict for sheet in report.sheets] == [Verdict.NO_TABLE]
