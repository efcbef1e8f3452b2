"""The sheets that sum up runs, Summary, Compare and Parameters, and what they say when a number on a run's sheet is changed."""

from __future__ import annotations

import math
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tests.sheets import Stored, disagreements, recalculated, rewrite, sheet_xml, stored_cells
from tracer.workbook.trace.formulas import ETA_CELL, FIRST_ROW
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


@pytest.mark.long
def test_a_wide_network_lists_its_first_numbers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    config = {"inputs": [0.1] * 20, "targets": [1], "layers": [{"neurons": 20}, {"neurons": 1}], "learning_rate": 0.1,
              "weights": {"init": "he_normal", "seed": 1}, "iterations": 1}  # fmt: skip
    written(config, path)
    found = texts(path, "Summary")
    assert "w179" in found
    assert "w180" not in found
    assert "and 241 more, in row 5 of each run's sheet" in found


def test_a_long_remark_is_split_for_excel(tmp_path: Path) -> None:
    """A text in a formula has at most 255 characters."""
    path, names = tmp_path / "book.xlsx", [f"{letter * 59}" for letter in "abcdef"]
    config = {"equations": "\n".join([*(f"{name} = 0.001*x" for name in names), "L = (w - x)^2 + " + " + ".join(names)]),
              "parameters": {"w": 0.5}, "inputs": {"x": 1}, "minimize": "L", "learning_rate": 0.1, "iterations": 3,
              "decimals": 2}  # fmt: skip
    written(config, path)
    (remark,) = [text for text in texts(path, "Summary") if text.startswith("Rounded to 0 in every step: ")]
    assert len(remark) > 255
    formulas = [cell.formula or "" for cell in stored_cells(path)["Summary"].values()]
    assert max(len(text) for formula in formulas for text in re.findall(r'"([^"]*)"', formula)) <= 255


# --------------------------------------------------------------------------------------------- the logarithmic axis


@pytest.mark.long
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


def test_the_logarithmic_axis_ends_where_a_loss_is_not_above_0(tmp_path: Path) -> None:
    """0.5, 0.4, …, 0 with η = 0.1, and 0.5, 0.2, −0.1 with η = 0.3."""
    path = tmp_path / "book.xlsx"
    trace = written(LOSS_OF_ITS_OWN, path)
    above = [next(n for n, loss in enumerate(run["L"]) if loss <= 1e-15) for run in trace.runs]
    assert above[1] == 2
    for title in ("Summary", "Compare"):
        _, chart = openpyxl.load_workbook(path)[title]._charts
        assert chart.title.tx.rich.p[0].r[0].t == "L over the iterations, logarithmic axis, as long as above 0"
        assert chart.series[1].yVal.numRef.f.endswith(f"$D${FIRST_ROW}:$D${FIRST_ROW + 1}")


def test_a_loss_that_begins_below_0_has_no_logarithmic_axis(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(LOSS_OF_ITS_OWN | {"parameters": {"w": -1}}, path)
    for title in ("Summary", "Compare"):
        (chart,) = openpyxl.load_workbook(path)[title]._charts
        assert chart.y_axis.scaling.logBase is None
        said = "There is no chart with a logarithmic axis, because L is not above 0."
        assert said in texts(path, title)


@pytest.mark.parametrize("rates", [1e300, [1e300, 0.1]], ids=["alone", "beside another"])
def test_a_run_without_one_whole_step(rates: Any, tmp_path: Path) -> None:
    """Its first update overflows, or its first loss; the sheets are there, and say so."""
    path = tmp_path / "book.xlsx"
    trace = written(BLOWS_UP | {"targets": [1e200, 0.5]}, path, learning_rate=rates)
    assert trace.runs[0].complete == 0
    assert any(text.startswith("Stopped in iteration 1") for text in texts(path, "Summary"))
    if trace.runs[-1].complete == 0:
        assert "There is nothing to draw, because no run has a whole iteration." in texts(path, "Summary")
        assert openpyxl.load_workbook(path)["Summary"]._charts == []


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
    assert openpyxl.load_workbook(path).sheetnames == [
        "Walkthrough", "Summary", "Parameters", "η = 0.5", "Config", "Workings",
    ]  # fmt: skip


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


@pytest.mark.long
@pytest.mark.office
def test_another_learning_rate_is_said_wherever_the_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(WALKTHROUGH, path, iterations=9)
    computed = changed(path, tmp_path, ETA_CELL.replace("$", ""), 0.5, 0.7)
    label = "η = 0.7 (made with 0.5)"
    fresh = tracer.run(WALKTHROUGH, learning_rate=0.7, iterations=9)["E_total"]
    for sheet, row in (("Summary", 6), ("Compare", 23)):
        assert value(computed, sheet, f"A{row}").text == label
        assert value(computed, sheet, f"B{row}").value == 0.7
        assert value(computed, sheet, f"D{row}").value == pytest.approx(fresh[-1], rel=1e-12)
    assert value(computed, "Compare", "D28").text == label
    assert {"η = 0.1", "η = 0.2", label, "η = 0.8", "η = 1", "η = 2"} <= legends(computed)
    assert "η = 0.5" not in legends(computed)


@pytest.mark.long
@pytest.mark.office
def test_another_weight_is_said_wherever_the_run_is_named(path: Path, tmp_path: Path) -> None:
    """w1 of every sheet; it is also in the table of the start, beside the number of the config."""
    computed = changed(path, tmp_path, "F5", 0.15, 0.9)
    assert value(computed, "Summary", "A4").text == "η = 0.1, other numbers"
    sheet = openpyxl.load_workbook(computed, data_only=True)["Summary"]
    (row,) = [row for row in sheet.iter_rows(values_only=True) if row[0] == "w1"]
    assert row[1:3] == (0.9, 0.15)
    assert "η = 0.1, other numbers" in legends(computed)


@pytest.mark.long
@pytest.mark.office
def test_a_run_that_no_longer_diverges(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(BLOWS_UP, path, learning_rate=[1e6, 0.1])
    computed = changed(path, tmp_path, ETA_CELL.replace("$", ""), 1e6, 0.05)
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


# --------------------------------------------------------------------------------------------- Parameters


def table(path: Path, sheet: str = "Parameters", head: str = "iteration") -> dict[str, list[Any]]:
    """The table of a sheet, a list of values for each of its headers."""
    rows = list(openpyxl.load_workbook(path, data_only=True)[sheet].iter_rows(values_only=True))
    start = next(number for number, row in enumerate(rows) if row[0] == head)
    return {name: [row[at] for row in rows[start + 1 :]] for at, name in enumerate(rows[start]) if name}


def test_all_parameters_and_the_norms_of_each_layers_gradients(path: Path, trace: tracer.Trace) -> None:
    shown, run = table(path), trace.runs[0]
    for number in range(1, 9):
        assert shown[f"w{number}"] == run[f"w{number}"]
    for layer, numbers in (("h", (1, 2, 3, 4)), ("o", (5, 6, 7, 8))):
        gradients = zip(*(run[f"∂E/∂w{number}"] for number in numbers), strict=True)
        assert shown[f"norm, layer {layer}"] == pytest.approx([math.hypot(*row) for row in gradients], rel=1e-14)
    parameters, norms = openpyxl.load_workbook(path)["Parameters"]._charts
    assert [series.tx.v for series in parameters.series] == [f"w{number}" for number in range(1, 9)]
    assert [series.tx.v for series in norms.series] == ["layer h", "layer o"]
    assert norms.y_axis.scaling.logBase == 10


@pytest.mark.office
@pytest.mark.parametrize(("rate", "run", "said"), [
    (2, 6, "η = 2 is drawn"), pytest.param(0.3, 1, "No run has this learning rate. η = 0.1 is drawn", marks=pytest.mark.long),
])  # fmt: skip
def test_a_learning_rate_is_chosen(rate: float, run: int, said: str, tmp_path: Path) -> None:
    """η typed into the yellow cell: the parameters and the norms are those of its run."""
    path = tmp_path / "book.xlsx"
    trace = written(WALKTHROUGH, path, iterations=9)
    parameters = sheet_xml(path)["Parameters"]
    other = re.sub(r'(<c r="B2" s="\d+">)<v>0.1</v>', rf"\g<1><v>{rate}</v>", parameters)
    assert other != parameters
    copy = rewrite(path, tmp_path / "chosen.xlsx", lambda xml: other if xml == parameters else xml)
    (computed,) = recalculated([copy], tmp_path / "computed")
    shown, chosen = table(computed), trace.runs[run - 1]
    assert shown["w5"] == pytest.approx(chosen["w5"], rel=1e-12)
    assert shown["norm, layer o"][8] == pytest.approx(
        math.hypot(*(chosen[f"∂E/∂w{number}"][8] for number in (5, 6, 7, 8))), rel=1e-12
    )
    assert said in texts(computed, "Parameters")


@pytest.mark.long
@pytest.mark.office
def test_pictures_of_two_parameters(tmp_path: Path) -> None:
    """A line for each learning rate, named by its cell; one run is shorter than the other."""
    path = tmp_path / "book.xlsx"
    config = BLOWS_UP | {"charts": [["w5", "w6"]], "learning_rate": [0.1, 1e6]}
    trace = written(config, path)
    *_, picture = openpyxl.load_workbook(path)["Parameters"]._charts
    titles = [axis.title.tx.rich.p[0].r[0].t for axis in (picture.x_axis, picture.y_axis)]
    assert titles == ["w5", "w6"]
    assert [series.tx.strRef.f for series in picture.series] == ["'Summary'!$A$4", "'Summary'!$A$5"]
    (computed,) = recalculated([path], tmp_path / "computed")
    assert disagreements(path, computed) == []
    shown = table(computed)
    for run, title in zip(trace.runs, ("η = 0.1", "η = 1000000"), strict=True):
        drawn = shown[f"w6, {title}"]
        assert drawn[: run.complete] == pytest.approx(run["w6"][: run.complete], rel=1e-12)
        assert set(drawn[run.complete :]) <= {"#N/A"}
    assert trace.runs[1].complete == 46


@pytest.mark.parametrize("update", ["online", "batch"])
def test_the_parameters_of_batches_and_of_own_equations(update: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    config = {"equations": "y = w*x + θ\nL = (y - t)^2", "parameters": {"w": 0.5, "θ": 0.1}, "minimize": "L",
              "inputs": ["x"], "targets": ["t"], "samples": [{"inputs": [1], "targets": [2]}, {"inputs": [2], "targets": [3]}],
              "update": update, "learning_rate": 0.1, "iterations": 7, "charts": [["w", "θ"]]}  # fmt: skip
    trace = tracer.run(config)
    trace.to_excel(path, ascii=True)
    shown, step, (run,) = table(path), 2 if update == "batch" else 1, trace.runs
    assert shown["w"] == run["w"][::step]
    loss = "L_batch" if update == "batch" else "L"
    gradients = zip(run[f"∂{loss}/∂w"][::step], run[f"∂{loss}/∂θ"][::step], strict=True)
    assert shown["norm, all gradients"] == pytest.approx([math.hypot(*pair) for pair in gradients], rel=1e-14)
    assert [name for name in shown if name.startswith("θ,")] == ["θ, eta = 0.1"]


@pytest.mark.long
def test_long_runs_are_thinned_and_wide_networks_too(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    trace = written(WALKTHROUGH, path, learning_rate=0.5, iterations=10_001, columns="compact")
    shown = table(path)
    assert shown["iteration"] == [*range(1, 10_001, 41), 10_001]
    assert shown["w5"] == [trace["w5"][iteration - 1] for iteration in shown["iteration"]]


@pytest.mark.long
def test_a_chart_holds_254_parameters(tmp_path: Path) -> None:
    """Those that change most, which is said; the first inputs are 0, so their weights never change."""
    path = tmp_path / "wide.xlsx"
    config = {"inputs": [0, 0, *[0.1] * 28], "targets": [1], "layers": [{"neurons": 9}, {"neurons": 1}],
              "weights": {"init": "he_normal", "seed": 1}, "learning_rate": 0.1, "iterations": 100}  # fmt: skip
    written(config, path)
    shown = table(path)
    names = [name for name in shown if name.startswith("w")]
    assert len(names) == 254
    assert {"w1", "w2", "w31"}.isdisjoint(names)
    assert {"w3", "w279"} <= set(names)
    assert len(openpyxl.load_workbook(path)["Parameters"]._charts[0].series) == 254
    said = "A chart holds no more parameters than the 254 of 279 that change most with η = 0.1."
    assert any(said in text for text in texts(path, "Parameters"))


def test_gradients_of_0_have_no_logarithmic_axis(tmp_path: Path) -> None:
    path = tmp_path / "dead.xlsx"
    written(BLOWS_UP | {"weights": [-1, -1, -1, -1, 1, 1, 1, 1]}, path, learning_rate=0.1, iterations=5)
    _, norms = openpyxl.load_workbook(path)["Parameters"]._charts
    assert norms.y_axis.scaling.logBase is None
    assert table(path)["norm, layer o"] == [0] * 5


def test_no_run_with_a_whole_step_has_no_parameters_to_draw(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(BLOWS_UP | {"targets": [1e200, 0.5]}, path)
    assert "Parameters" not in openpyxl.load_workbook(path).sheetnames


@pytest.mark.parametrize(
    ("charts", "problem"),
    [
        ([["w1", "w55"]], "charts.0.1: no parameter of this network is named 'w55'. Did you mean 'w8'?"),
        ([["w1"]], "give the names of two parameters"),
        ([["w1", "w1"]], "'w1' is duplicated; give two different parameters"),
        ([["w1", "w2"], ["w1", "w2"]], "is duplicated; every pair must be unique"),
        ([["w1", "w2", "w3"]], "at most 2 are allowed"),
        ("w1", "give a list of pairs of parameters"),
        ([["w1", 5]], "5 is not text"),
        ([["w1", "a_h1"]], "no parameter of this network is named 'a_h1'"),
    ],
)
def test_charts_that_cannot_be_drawn(charts: Any, problem: str) -> None:
    with pytest.raises(tracer.ConfigError) as found:
        tracer.run(BLOWS_UP | {"charts": charts})
    assert problem in str(found.value)
