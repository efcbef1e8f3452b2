"""The picture of a step: laid out as data, and as cells that show the trace's numbers in whichever step is chosen."""

from __future__ import annotations

import csv
import math
import re
import subprocess
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tests.places import ROOT, WALKTHROUGH, agree
from tests.sheets import recalculated, stored_cells
from tests.test_walkthrough import IRIS, SIX, STEPS, WIDE, chosen
from tracer.explain.picture.layout import Look, Of, Picture, Statistic
from tracer.explain.picture.picture import picture_of
from tracer.workbook.walkthrough.sheet import PICTURE_ROW

SHEET = "Walkthrough"
UTF_8 = "csv:Text - txt - csv (StarCalc):44,34,76"
BATCH: dict[str, Any] = {
    "name": "batch", "inputs": ["p", "q", "r"], "targets": ["u", "v"], "update": "batch", "loss": "cross_entropy",
    "samples": [
        {"inputs": [0.2, 0.5, -0.3], "targets": [1, 0]}, {"inputs": [0.7, -0.5, 0.3], "targets": [0, 1]},
        {"inputs": [0.1, 0.9, 0.2], "targets": [1, 0]},
    ],
    "layers": [{"name": "h", "neurons": 4, "activation": "tanh"}, {"name": "o", "neurons": 2, "activation": "softmax"}],
    "weights": {"init": "xavier_uniform", "seed": 42}, "biases": {"h": [0.1, 0, -0.1, 0.2], "o": [0.1, 0.2]}, "frozen": ["w1"],
    "optimizer": "adam", "learning_rate": 0.05, "iterations": 30,
}  # fmt: skip
CLIPPED = {**IRIS, "name": "clipped", "optimizer": {"name": "adamw", "weight_decay": 0.1}, "clip": {"norm": 0.01}}
COMPACT_WIDE = {**WIDE, "name": "wide-compact", "columns": "compact"}
COMPACT_BATCH = {**BATCH, "name": "batch-compact", "columns": "compact"}
MODELS: dict[str, Any] = {
    "classic": WALKTHROUGH, "six": SIX, "batch": BATCH, "batch-compact": COMPACT_BATCH, "clipped": CLIPPED, "wide": WIDE,
    "wide-compact": COMPACT_WIDE, "rnn": ROOT / "configs" / "rnn.yaml", "lstm": ROOT / "configs" / "lstm.yaml",
}  # fmt: skip


def picture(model: Any, **settings: Any) -> Picture:
    trace = tracer.run(model, iterations=2, **settings)
    return picture_of(trace.experiment, trace.system)


def shown(drawn: Picture, sheet: Any) -> dict[str | Statistic, Any]:
    """What a sheet shows of every quantity and statistic of its picture."""
    return {
        item.number: sheet.cell(PICTURE_ROW + 1 + item.row, item.column + 1).value
        for item in drawn.items if item.number
    }  # fmt: skip


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The Walkthrough of every model with its fourth iteration chosen, as LibreOffice computes it."""
    folder = tmp_path_factory.mktemp("picture")
    copies = []
    for name, model in MODELS.items():
        tracer.run(model, iterations=STEPS).to_excel(folder / f"{name}.xlsx")
        copies.append(chosen(folder / f"{name}.xlsx", folder, 4, None, 2 if "batch" in name else None))
    books = recalculated(copies, folder / "computed")
    return {name: openpyxl.load_workbook(book, data_only=True)[SHEET] for name, book in zip(MODELS, books, strict=True)}


@pytest.mark.office
@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_the_picture_shows_the_numbers_of_the_chosen_step(name: str, computed: dict[str, Any]) -> None:
    """The oracle of a change is the next iteration's parameter, that of a gradient the trace with every factor."""
    trace = tracer.run(MODELS[name], iterations=STEPS, columns="full")
    run = trace.runs[0]
    places = list(run.places())
    here = places.index((4, 2)) if "batch" in name else run.batches.first_row(3)
    now, then = run.step(here), run.step(run.batches.first_row(4))
    found = shown(picture(MODELS[name]), computed[name])
    changes = 0
    for number, value in found.items():
        if isinstance(number, Statistic):
            numbers = [now[quantity] for quantity in number.quantities]
            norm = math.sqrt(math.fsum(x * x for x in numbers))
            expected = {Of.SMALLEST: min(numbers), Of.MEAN: math.fsum(numbers) / len(numbers), Of.LARGEST: max(numbers)}
            assert agree(value, expected.get(number.of, norm)), number.of
        elif number.startswith("Δ"):
            parameter = number.removeprefix("Δ")
            assert value == pytest.approx(then[parameter] - now[parameter], rel=1e-9, abs=1e-15), number
            changes += 1
        else:
            assert agree(value, now[number]), number
    parameters = [parameter.name for parameter in trace.system.parameters]
    assert changes == (0 if "wide" in name else len(parameters))
    assert {trace.system.loss, *trace.system.data} <= found.keys()


@pytest.mark.parametrize("name", MODELS)
def test_nothing_of_a_picture_covers_anything_else(name: str) -> None:
    drawn = picture(MODELS[name])
    taken: set[tuple[int, int]] = set()
    for item in drawn.items:
        cells = {
            (item.row + down, item.column + along) for down in range(item.rows) for along in range(item.columns)
        }  # fmt: skip
        assert not taken & cells, item
        taken |= cells
    assert max(column for _, column in taken) < len(drawn.widths)


def test_the_classic_picture() -> None:
    """At each weight w, ∂E/∂w and Δw, at each neuron z, a and ∂E/∂z; 10 rows, and beside a chart of 340 pixels it fits
    into 1,490 pixels, at 7 pixels to a character as Calibri has them."""
    drawn = picture(WALKTHROUGH)
    numbers = {item.number for item in drawn.items if item.number}
    weights = {f"w{n}" for n in range(1, 9)}
    neurons = {"h1", "h2", "o1", "o2"}
    parts = {form.format(w) for w in weights for form in ("{}", "∂E/∂{}", "Δ{}")}
    parts |= {form.format(z) for z in neurons for form in ("{}", "a_{}", "∂E/∂{}")}
    assert numbers == parts | {"i1", "i2", "t1", "t2", "E1", "E2", "E_total"}
    assert drawn.rows == 10
    assert sum(drawn.widths) * 7 + 340 <= 1490
    row_of = {item.text: item.row for item in drawn.items if item.look is Look.LABEL}
    forward = {(arrow.left[0], arrow.right[0]) for arrow in drawn.arrows if not arrow.backward}
    backward = {(arrow.right[0], arrow.left[0]) for arrow in drawn.arrows if arrow.backward}
    assert {(row_of["a_h1"], row_of["w7"]), (row_of["i2"], row_of["w2"]), (row_of["a_o2"], row_of["E2"])} <= forward
    assert {(row_of["w7"], row_of["∂E/∂h1"]), (row_of["w6"], row_of["∂E/∂h2"])} <= backward
    assert len(drawn.arrows) == 10 + 6


def test_a_frozen_parameter_is_marked_and_does_not_change() -> None:
    marks = {item.number for item in picture(BATCH).items if item.look is Look.FROZEN}
    assert marks == {"Δw1"}


def test_of_a_batch_both_gradients_are_shown_and_said_to_be_two() -> None:
    drawn = picture(BATCH)
    assert {"∂E/∂w2", "∂E_batch/∂w2", "Δw2"} <= {item.number for item in drawn.items}
    (words,) = [item.text for item in drawn.items if "whole batch" in item.text]
    assert words == "∂E/∂w is that of the chosen sample; Δw follows from ∂E_batch/∂w, that of the whole batch"


def test_a_deep_network_is_drawn_in_bands() -> None:
    """Two layers beside each other; of many layers those in the middle are left out, and it is said."""
    six = picture(SIX)
    heads = [(item.row, item.text) for item in six.items if item.look is Look.HEAD]
    assert [text for row, text in heads if row == heads[-1][0]] == [
        "from layer f", "layer g: softplus", "layer o: identity", "targets and errors",
    ]  # fmt: skip
    assert sum(six.widths) < 150
    layers = [{"neurons": 2} for _ in range(100)]
    deep = picture({"inputs": [0.5, 0.1], "targets": [0.3], "layers": [*layers, {"neurons": 1}],
                    "weights": [0.1] * 402, "learning_rate": 0.5})  # fmt: skip
    assert "… the layers h6 to h99 have no place in the picture; their equations follow below …" in {
        item.text for item in deep.items
    }
    assert sum(deep.widths) < 160
    assert deep.rows < 50


def test_equations_too_many_to_draw() -> None:
    """Those that find no place are said to be left out of the picture; all stand in the blocks."""
    equations = [f"y{n} = w*x + {n}" for n in range(40)]
    total = "E = (" + " + ".join(f"y{n}" for n in range(40)) + ")^2"
    config = {
        "inputs": {"x": 1}, "parameters": {"w": 0.5}, "equations": "\n".join([*equations, total]), "minimize": "E",
        "learning_rate": 1e-6,
    }  # fmt: skip
    heads = [item.text for item in picture(config).items if item.look is Look.HEAD]
    assert heads == ["given", "parameters", *(f"step 1: {n} to {n + 5} of 40" for n in (1, 7, 13, 19)), "step 2"]
    chain = ["y0 = w*x", *(f"y{n} = y{n - 1}*x" for n in range(1, 60)), "E = y59^2"]
    long = picture({**config, "equations": "\n".join(chain)})
    assert "… 35 more columns have no place in the picture; their equations follow below …" in {
        item.text for item in long.items
    }


@pytest.mark.long
def test_a_layer_of_more_neurons_than_tiles(tmp_path: Path) -> None:
    """The norm is that of all of them, whose columns are evenly spaced in the sheet of the run."""
    config = {
        "inputs": [0.5], "targets": [0.1], "layers": [{"name": "h", "neurons": 130}, {"name": "o", "neurons": 1}],
        "weights": {"init": "uniform", "seed": 3}, "learning_rate": 0.1, "iterations": 2,
    }  # fmt: skip
    trace = tracer.run(config)
    path = tmp_path / "wide.xlsx"
    trace.to_excel(path)
    drawn = picture(config)
    assert "… the first 128 of 130" in {item.text for item in drawn.items}
    norm = next(item for item in drawn.items if isinstance(item.number, Statistic) and item.number.of is Of.NORM)
    cell = stored_cells(path)[SHEET][
        openpyxl.cell.cell.get_column_letter(norm.column + 1) + f"{PICTURE_ROW + 1 + norm.row}"
    ]
    assert "SUMPRODUCT((MOD(COLUMN(" in str(cell.formula)
    (book,) = recalculated([path], tmp_path / "computed")
    value = shown(drawn, openpyxl.load_workbook(book, data_only=True)[SHEET])[norm.number]
    assert agree(value, math.hypot(*(trace.runs[0].step(0)[f"a_h{n}"] for n in range(1, 131))))


def test_the_picture_as_cells(tmp_path: Path) -> None:
    """Arrows of two colors with heads; colors that follow the numbers shown; numbers that shrink before they are cut."""
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, iterations=3).to_excel(path)
    with zipfile.ZipFile(path) as package:
        drawing = package.read("xl/drawings/drawing1.xml").decode()
    arrows = re.findall(
        r'srgbClr val="(\w+)"/></a:solidFill>(<a:prstDash val="dash"/>)?<a:(\w+) type="triangle"', drawing
    )
    assert sorted({(bool(dash), end) for _, dash, end in arrows}) == [(False, "tailEnd"), (True, "headEnd")]
    assert (len(arrows), len({color for color, _, _ in arrows})) == (16, 2)
    sheet = openpyxl.load_workbook(path)[SHEET]
    scales = {
        str(cells.sqref): rule.colorScale
        for cells, rules in sheet.conditional_formatting._cf_rules.items()
        for rule in rules
    }
    weights = next(scale for cells, scale in scales.items() if {"E8:E9", "L12:L13"} <= set(cells.split()))
    assert (
        weights.cfvo[2].val
        == "MAX(MAX($E$8:$E$9,$E$12:$E$13,$L$8:$L$9,$L$12:$L$13),-MIN($E$8:$E$9,$E$12:$E$13,$L$8:$L$9,$L$12:$L$13),1E-300)"
    )
    assert (weights.cfvo[0].val, weights.cfvo[1].val) == (f"-{weights.cfvo[2].val}", 0)
    assert all(sheet.cell(row, column).alignment.shrink_to_fit for row in (8, 9, 12, 13) for column in (5, 6, 7, 9))


@pytest.mark.office
@pytest.mark.long
def test_numbers_of_a_run_that_diverges_are_short(tmp_path: Path) -> None:
    """As LibreOffice shows them: the first steps in decimals, those that blew up as powers of ten."""
    config = {
        "samples": [{"inputs": {"x": n}, "targets": {"y": 2 * n + 1}} for n in (1, 2, 3)], "update": "batch",
        "parameters": {"w": 0.5, "b": 0.1}, "equations": "p = w*x + b\nE = (y - p)^2 / 2", "minimize": "E",
        "learning_rate": [0.1, 0.8], "iterations": 30,
    }  # fmt: skip
    path = tmp_path / "diverging.xlsx"
    tracer.run(config).to_excel(path)
    early, late = (chosen(path, tmp_path, iteration, 0.8) for iteration in (1, 20))
    books = recalculated([early, late], tmp_path / "computed")
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", UTF_8]
    subprocess.run([*command, "--outdir", str(tmp_path), *map(str, books)], check=True, capture_output=True)
    decimals, powers = r"-?\d\.\d{6}", r"-?\d\.\d\dE\+\d\d"
    for book, form in ((early, decimals), (late, powers)):
        rows = list(csv.reader(book.with_suffix(".csv").read_text(encoding="utf-8").splitlines()))
        texts = {
            label: number for row in rows for label, number in pairwise(row) if label in ("∂E_batch/∂w", "Δw", "Δb")
        }
        assert len(texts) == 3
        assert all(re.fullmatch(form, texts[name]) for name in ("Δw", "Δb")), texts


def test_the_layers_of_a_wide_network(tmp_path: Path) -> None:
    """One neuron is a neuron; tiles of small numbers have two digits."""
    config = {
        "inputs": [0.5], "targets": [0.1], "layers": [{"name": "h", "neurons": 40}, {"name": "o", "neurons": 1}],
        "weights": {"init": "uniform", "seed": 3}, "learning_rate": 0.1, "iterations": 2,
    }  # fmt: skip
    heads = [item.text for item in picture(config).items if item.look is Look.HEAD]
    assert [head.split(",")[0] for head in heads] == [
        "1 input", "layer h: 40 neurons", "layer o: 1 neuron", "targets and errors",
    ]  # fmt: skip
    path = tmp_path / "wide.xlsx"
    tracer.run(config).to_excel(path)
    forms = {cell.number_format for row in openpyxl.load_workbook(path)[SHEET].iter_rows() for cell in row}
    assert "0.0E+00" in forms
    assert "0E+00" not in forms
