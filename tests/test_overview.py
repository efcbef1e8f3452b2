"""The sheets that sum up runs, Summary and Compare, and what they say when a number on a run's sheet is changed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tests.sheets import Stored, recalculated, rewrite, stored_cells
from tracer.workbook.xlsx.charts import powers_of_ten
from tracer.workbook.xlsx.styles import FIXED, SCIENTIFIC

LOSS_OF_ITS_OWN = {"equations": "L = w*x", "parameters": {"w": 0.5}, "inputs": {"x": 1}, "minimize": "L",
                   "learning_rate": [0.1, 0.3], "iterations": 8}  # fmt: skip
"""A loss that falls below 0."""


def texts(path: Path, sheet: str) -> list[str]:
    """Every text of a sheet, row by row."""
    rows = openpyxl.load_workbook(path, data_only=True)[sheet].iter_rows(values_only=True)
    return [value for row in rows for value in row if isinstance(value, str)]


def written(config: Any, path: Path, **changes: Any) -> tracer.Trace:
    trace = tracer.run(config, **changes)
    trace.to_excel(path)
    return trace


# --------------------------------------------------------------------------------------------- Summary


def test_the_start_is_a_table(path: Path) -> None:
    """Every given number of the first run's sheet, beside the one of the config; its cell is where the run reads it."""
    cells, sheet = stored_cells(path)["Summary"], openpyxl.load_workbook(path)["Summary"]
    table = {
        row[at].value: (row[at + 1].coordinate, row[at + 2].value)
        for row in sheet.iter_rows(min_row=20)
        for at in (0, 3)
    }
    given = tracer.run(WALKTHROUGH, iterations=1).runs[0].step(0)
    assert list(table) == ["i1", "w3", "i2", "w4", "t1", "w5", "t2", "w6", "w1", "w7", "w2", "w8"]
    for name, (now, made) in table.items():
        assert cells[now].value == made == given[str(name)]
    assert cells[table["w1"][0]].formula == "'η = 0.1'!F5"


def test_the_numbers_of_a_column_have_one_format(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    for title, rows, columns in (("Summary", (4, 9), "CDE"), ("Compare", (21, 26), "CDE")):
        sheet = book[title]
        for column in columns:
            (form,) = {sheet[f"{column}{row}"].number_format for row in range(rows[0], rows[1] + 1)}
            assert form == (FIXED if (title, column) == ("Summary", "C") else SCIENTIFIC)


def test_settings_and_a_second_layer_stand_in_the_start(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    adam = tracer.Override(("optimizer",), "adam", "test")
    written(ROOT / "configs" / "xor.yaml", path, iterations=2, overrides=[adam])
    found = texts(path, "Summary")
    assert {"w1", "w6", "beta1", "beta2", "eps"} <= set(found)
    assert "4, on the sheet Data" in found


def test_a_wide_network_lists_its_first_numbers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    config = {"inputs": [0.1] * 20, "targets": [1], "layers": [{"neurons": 20}, {"neurons": 1}], "learning_rate": 0.1,
              "weights": {"init": "he_normal", "seed": 1}, "iterations": 1}  # fmt: skip
    written(config, path)
    found = texts(path, "Summary")
    assert "w179" in found
    assert "w180" not in found
    assert "and 241 more, in row 5 of each run's sheet" in found


# --------------------------------------------------------------------------------------------- the logarithmic axis


def test_the_logarithmic_axis_runs_between_powers_of_ten(path: Path) -> None:
    """From 1e-8, below the least loss, to 0.1; the other axis crosses it at its lower end."""
    for title in ("Summary", "Compare"):
        linear, logarithmic = openpyxl.load_workbook(path)[title]._charts
        scaling = logarithmic.y_axis.scaling
        assert (scaling.logBase, scaling.min, scaling.max) == (10, 1e-8, 0.1)
        assert logarithmic.x_axis.crosses == "min"
        assert linear.y_axis.scaling.logBase is None


@pytest.mark.parametrize(
    ("values", "powers"),
    [([0.014, 2.9e-8], (1e-8, 0.1)), ([1e-3, 1e-3], (1e-3, 1e-2)), ([5, 1e3], (1, 1e3)), ([1e-320, 1], (1e-307, 1)),
     ([1e308], (1e307, 1e308)), ([0.0, 1], None), ([-1, 1], None), ([], None)],
)  # fmt: skip
def test_powers_of_ten(values: list[float], powers: tuple[float, float] | None) -> None:
    assert powers_of_ten(values) == powers


def test_a_loss_that_is_not_positive_has_no_logarithmic_axis(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(LOSS_OF_ITS_OWN, path)
    for title in ("Summary", "Compare"):
        (chart,) = openpyxl.load_workbook(path)[title]._charts
        assert chart.y_axis.scaling.logBase is None
        said = "There is no chart with a logarithmic axis, because L is not above 0 in every iteration."
        assert said in texts(path, title)


@pytest.mark.parametrize("rates", [1e300, [1e300, 0.1]], ids=["alone", "beside another"])
def test_a_run_without_one_whole_step(rates: Any, tmp_path: Path) -> None:
    """Its first update overflows, or its first loss; the sheets are there, and say so."""
    path = tmp_path / "book.xlsx"
    trace = written(BLOWS_UP | {"targets": [1e200, 0.5]}, path, learning_rate=rates)
    assert trace.runs[0].complete == 0
    assert any(text.startswith("Stopped in iteration 1") for text in texts(path, "Summary"))


# --------------------------------------------------------------------------------------------- Compare


def test_the_losses_stand_side_by_side(path: Path, trace: tracer.Trace) -> None:
    sheet = openpyxl.load_workbook(path, data_only=True)["Compare"]
    rows = [row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert [row[0] for row in rows] == list(range(1, 101))
    for column, run in enumerate(trace.runs, 1):
        assert [row[column] for row in rows] == run["E_total"]
    formulas = [cell.formula for cell in stored_cells(path)["Compare"].values()]
    assert "'η = 0.5'!X7" in formulas


def test_how_soon_a_loss_falls(path: Path, trace: tracer.Trace) -> None:
    sheet = openpyxl.load_workbook(path, data_only=True)["Compare"]
    table = {row[0]: row for row in sheet.iter_rows(min_row=21, max_row=26, values_only=True)}
    for run in trace.runs:
        losses = run["E_total"]
        row = table[f"η = {run.learning_rate:g}"]
        for shown, share in ((row[5], 0.1), (row[6], 0.01)):
            reached = [number for number, loss in enumerate(losses, 1) if loss <= share * losses[0]]
            assert shown == (reached[0] if reached else "not reached")
        assert row[1:5] == (run.learning_rate, losses[0], losses[-1], min(losses))
        assert row[7] == "no"
    assert table["η = 2"][5] == 20


def test_the_losses_of_batches_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    trace = tracer.run(ROOT / "configs" / "xor.yaml", iterations=9)
    trace.to_excel(path)
    sheet = openpyxl.load_workbook(path, data_only=True)["Compare"]
    rows = [row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert [row[0] for row in rows] == list(range(1, 10))
    for column, run in enumerate(trace.runs, 1):
        assert [row[column] for row in rows] == run["E_batch"][::4]


def test_who_diverged(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(BLOWS_UP, learning_rate=[1e6, 0.1, 900]).to_excel(path)
    sheet = openpyxl.load_workbook(path, data_only=True)["Compare"]
    assert [sheet[f"H{row}"].value for row in (21, 22)] == ["yes: E1 in iteration 47", "no"]
    assert sheet["H23"].value == "no, but the loss grew"


def test_one_learning_rate_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=2).to_excel(path)
    assert openpyxl.load_workbook(path).sheetnames == ["Walkthrough", "Summary", "η = 0.5", "Config", "Workings"]


def test_no_line_runs_through_the_charts(path: Path) -> None:
    """Nothing is frozen, and the charts stand between the title and the table."""
    sheet = openpyxl.load_workbook(path)["Compare"]
    assert sheet.freeze_panes is None
    for chart in sheet._charts:
        assert (chart.anchor._from.row, chart.anchor.to.row) == (2, 18)
        assert all(not sheet.cell(row, column).value for row in range(3, 19) for column in range(1, 9))
    assert [chart.y_axis.title.tx.rich.p[0].r[0].t for chart in sheet._charts] == ["E_total", "E_total, logarithmic"]


# --------------------------------------------------------------------------------------------- changed numbers


def changed(path: Path, folder: Path, cell: str, value: float, other: float) -> Path:
    """The workbook with another number in a cell of the sheet that has `value` there, as LibreOffice computes it."""
    pattern = rf'(<c r="{cell}" s="\d+">)<v>{re.escape(repr(value))}</v>'
    copy = rewrite(path, folder / "changed.xlsx", lambda xml: re.sub(pattern, rf"\g<1><v>{other}</v>", xml))
    (computed,) = recalculated([copy], folder / "computed")
    return computed


def legends(path: Path) -> set[str]:
    """What the charts of a workbook call their curves, as the file stores it."""
    with zipfile.ZipFile(path) as package:
        charts = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/charts/chart")]
    return {name for chart in charts for name in re.findall(r"<c:tx><c:strRef>.*?<c:v>(.*?)</c:v>", chart, re.DOTALL)}


def value(path: Path, sheet: str, cell: str) -> Stored:
    return stored_cells(path)[sheet][cell]


@pytest.mark.office
def test_another_learning_rate_is_said_wherever_the_run_is_named(path: Path, tmp_path: Path) -> None:
    computed = changed(path, tmp_path, "B2", 0.5, 0.7)
    label = "η = 0.7 (made with 0.5)"
    fresh = tracer.run(WALKTHROUGH, learning_rate=0.7)["E_total"]
    for sheet, row in (("Summary", 6), ("Compare", 23)):
        assert value(computed, sheet, f"A{row}").text == label
        assert value(computed, sheet, f"B{row}").value == 0.7
        assert value(computed, sheet, f"D{row}").value == pytest.approx(fresh[-1], rel=1e-12)
    assert value(computed, "Compare", "D28").text == label
    assert legends(computed) == {"η = 0.1", "η = 0.2", label, "η = 0.8", "η = 1", "η = 2", "this step"}


@pytest.mark.office
def test_another_weight_is_said_wherever_the_run_is_named(path: Path, tmp_path: Path) -> None:
    """w1 of every sheet; it is also in the table of the start, beside the number of the config."""
    computed = changed(path, tmp_path, "F5", 0.15, 0.9)
    assert value(computed, "Summary", "A4").text == "η = 0.1, other numbers"
    sheet = openpyxl.load_workbook(computed, data_only=True)["Summary"]
    (row,) = [row for row in sheet.iter_rows(values_only=True) if row[0] == "w1"]
    assert row[1:3] == (0.9, 0.15)
    assert "η = 0.1, other numbers" in legends(computed)


@pytest.mark.office
def test_a_run_that_no_longer_diverges(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(BLOWS_UP, path, learning_rate=[1e6, 0.1])
    computed = changed(path, tmp_path, "B2", 1e6, 0.05)
    assert value(computed, "Compare", "H21").text == "no"
    said = "With the numbers of the config: Stopped in iteration 47: E1 is not a finite number."
    assert said in texts(computed, "Summary")
    assert value(computed, "Summary", "A4").text == "η = 0.05 (made with 1000000)"


@pytest.mark.office
def test_a_schedule_has_a_label_too(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(WALKTHROUGH, path, iterations=5, overrides=[tracer.Override(("learning_rate",), "0.5/k", "test")])
    assert value(path, "Summary", "A4").text == "η(k)"
    (w1,) = [cell.coordinate for cell in openpyxl.load_workbook(path)["η(k)"][5] if cell.value == 0.15]
    assert value(changed(path, tmp_path, w1, 0.15, 0.9), "Summary", "A4").text == "η(k), other numbers"
