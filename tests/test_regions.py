"""The decision regions: every cell of the grid is what the engine computes at that point, in whatever iteration."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tests.places import ROOT, WALKTHROUGH, agree
from tests.sheets import disagreements, recalculated, rewrite, stored_cells
from tracer.explain.regions import POINTS, axis, coordinates, regions
from tracer.formulas.evaluation import evaluate
from tracer.workbook.overview.regions import LEFT, TOP
from tracer.workbook.xlsx.names import letters

XOR = ROOT / "configs" / "xor.yaml"
THREE: dict[str, Any] = {
    "name": "three",
    "samples": [
        {"inputs": [0.2, 1.3], "targets": [1, 0, 0]}, {"inputs": [-1.2, 0.3], "targets": [0, 1, 0]},
        {"inputs": [1.5, -0.7], "targets": [0, 0, 1]}, {"inputs": [0.9, 1.0], "targets": [1, 0, 0]},
    ],
    "layers": [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 3, "activation": "softmax"}],
    "loss": "cross_entropy", "weights": {"init": "normal", "seed": 3}, "biases": {"h": 0.1, "o": 0.2},
    "optimizer": "adam", "update": "batch", "learning_rate": 0.1, "iterations": 20,
}  # fmt: skip
OWN: dict[str, Any] = {
    "name": "own", "learning_rate": 0.1, "iterations": 8,
    "samples": [{"inputs": {"u": u, "v": v}, "targets": {"y": y}} for u, v, y in ((0, 1, 1), (-1, 2, -1), (3, 0.5, 1))],
    "parameters": {"w": 0.5, "c": 0.1, "b": -0.2},
    "equations": "z = w*u + c*v + b\np = tanh(z)\nE = (p - y)^2", "minimize": "E",
}  # fmt: skip


def grid(path: Path) -> list[float]:
    """The numbers of the grid, from the top left."""
    cells = stored_cells(path)["Regions"]
    places = [f"{letters(LEFT + column)}{TOP + row}" for row in range(POINTS) for column in range(POINTS)]
    assert all(cells[place].formula for place in places)
    return [float("nan" if cells[place].value is None else cells[place].value or 0.0) for place in places]


def chosen(path: Path, iteration: int, rate: float | None = None) -> Path:
    """A copy of the workbook in which another iteration is chosen, and another learning rate."""

    def change(xml: str) -> str:
        if "one step, number by number" not in xml:
            return xml
        xml = re.sub(r'(<c r="A3" s="\d+">)<v>1</v>', rf"\g<1><v>{iteration}</v>", xml)
        return re.sub(r'(<c r="G3" s="\d+">)<v>0.5</v>', rf"\g<1><v>{rate}</v>", xml) if rate else xml

    return rewrite(path, path.with_name(f"{path.stem} {iteration} {rate}.xlsx"), change)


def at_every_point(trace: tracer.Trace, row: int, xs: list[float], ys: list[float]) -> list[dict[str, float]]:
    """What the engine computes at the points of the grid, from the top left, with the parameters of a row: its forward
    pass of a batch of all points."""
    experiment = trace.experiment
    targets = experiment.samples[0][: len(experiment.targets)]
    samples = tuple((*targets, x, y) for y in reversed(ys) for x in xs)
    batches = replace(experiment.batches, samples=len(samples), size=len(samples))
    start = {name: trace[name][row] for name in experiment.start}
    run = tracer.walk(
        replace(experiment, samples=samples, batches=batches, start=start, iterations=1, until=None)
    ).runs[0]
    return [run.step(index) for index in range(len(run))]


@pytest.mark.office
def test_every_cell_is_what_the_engine_computes(tmp_path: Path) -> None:
    """XOR in iterations 1, 7 and 20, and with the other learning rate; recalculated by LibreOffice."""
    path = tmp_path / "xor.xlsx"
    trace = tracer.run(XOR, iterations=20)
    trace.to_excel(path)
    xs = ys = coordinates(*axis([0.0, 1.0]))
    assert (xs[0], xs[5], xs[15], xs[-1]) == (-0.5, 0, 1, 1.5)
    choices = [(7, 0.5), (20, 2.0)]
    copies = [chosen(path, iteration, rate) for iteration, rate in choices]
    for (iteration, rate), computed in zip(choices, recalculated(copies, tmp_path / "computed"), strict=True):
        alone = tracer.run(XOR, iterations=20, learning_rate=rate)
        expected = [step["a_o1"] for step in at_every_point(alone, 4 * (iteration - 1), xs, ys)]
        assert len({*expected}) > 400
        assert all(map(agree, grid(computed), expected)), (iteration, rate)
        said = f"iteration {iteration}, η = {rate:g}"
        assert stored_cells(computed)["Regions"]["A2"].text == said
    assert all(map(agree, grid(path), [step["a_o1"] for step in at_every_point(trace, 0, xs, ys)]))


@pytest.mark.office
@pytest.mark.parametrize("config", [THREE, OWN], ids=lambda config: config["name"])
def test_classes_and_equations_of_ones_own(config: dict[str, Any], tmp_path: Path) -> None:
    """With several outputs, the number of the largest one; in equations, what the targets are compared with."""
    path = tmp_path / "book.xlsx"
    trace = tracer.run(config)
    trace.to_excel(path)
    data = {name: [trace[name][row] for row in range(len(config["samples"]))] for name in trace.experiment.inputs}
    xs, ys = (coordinates(*axis(values)) for values in data.values())
    last = config["iterations"]
    (computed,) = recalculated([chosen(path, last)], tmp_path / "computed")
    steps = at_every_point(trace, [*trace["iteration"]].index(last), xs, ys)
    if config is OWN:
        assert all(map(agree, grid(computed), [step["p"] for step in steps]))
        return
    outputs = [[step[f"a_o{n}"] for n in (1, 2, 3)] for step in steps]
    assert grid(computed) == [1 + each.index(max(each)) for each in outputs]
    assert {*grid(computed)} == {1, 2, 3}


def test_the_expression_gives_the_outputs_of_the_samples() -> None:
    """By hand: σ(w5·tanh(w1·x + w2·y + b) + w6·tanh(w3·x + w4·y + b) + b2), the weights of the config."""
    trace = tracer.run(XOR, iterations=1, learning_rate=0.5)
    found = regions(trace.experiment, trace.system)
    assert found
    assert found.parameters == ("w1", "w2", "w3", "w4", "b_h1", "b_h2", "w5", "w6", "b2")
    assert (found.inputs, found.outputs, found.classes) == (("i1", "i2"), ("a_o1",), 0)
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1), (0.3, -0.4)):
        values = {name: trace[name][0] for name in found.parameters} | {"i1": x, "i2": y}
        net = 0.6 * math.tanh(0.9 * x - 0.7 * y + 0.1) + 0.7 * math.tanh(-0.5 * x + 0.8 * y - 0.2) + 0.1
        assert evaluate(found.drawn, values) == pytest.approx(1 / (1 + math.exp(-net)), rel=1e-14)
    assert found.marks(trace.system) == [0, 1, 1, 0]


def test_samples_are_marked_where_they_are(tmp_path: Path) -> None:
    """In the nearest cell: rows count from the top."""
    tracer.run(XOR, iterations=2).to_excel(tmp_path / "xor.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "xor.xlsx", data_only=True)["Regions"]
    rows = list(sheet.iter_rows(min_row=TOP, max_row=TOP + 3, min_col=28, max_col=31, values_only=True))
    assert rows == [(1, 6, 16, 0), (2, 6, 6, 1), (3, 16, 16, 1), (4, 16, 6, 0)]
    rules = [rule for cells in sheet.conditional_formatting for rule in cells.rules]
    assert {rule.dxf.numFmt.formatCode for rule in rules if rule.dxf} == {'"○"', '"●"'}
    (scale,) = [rule.colorScale for rule in rules if rule.colorScale]
    assert [float(point.val) for point in scale.cfvo] == [0, 0.5, 1]


@pytest.mark.office
def test_the_sheet_recalculates_as_it_is_stored(tmp_path: Path) -> None:
    """Samples halfway between two cells among them, and others than those that the workbook was made with."""
    own = OWN | {"samples": [*OWN["samples"], {"inputs": {"u": 0.6, "v": 1.175}, "targets": {"y": 1}}]}
    for config in (own, THREE):
        tracer.run(config).to_excel(tmp_path / f"{config['name']}.xlsx")
    paths = [tmp_path / f"{name}.xlsx" for name in ("own", "three")]
    moved = rewrite(
        paths[0],
        tmp_path / "moved.xlsx",
        lambda xml: re.sub(r'(<c r="B5" s="\d+">)<v>-1(?:\.0)?</v>', r"\1<v>-9</v>", xml),
    )
    *computed, after = recalculated([*paths, moved], tmp_path / "computed")
    for path, other in zip(paths, computed, strict=True):
        assert [line for line in disagreements(path, other) if line.startswith("'Regions'")] == []
    assert stored_cells(paths[0])["Regions"]["AD8"].value == 11  # halfway, taken up
    cells = stored_cells(after)["Regions"]
    assert [cells[cell].value for cell in ("AC5", "AC6", "AC7")] == [14, 6, 16]
    assert cells["C26"].value == pytest.approx(-15)


def test_a_network_too_wide_for_a_formula_is_told(tmp_path: Path) -> None:
    layers = [{"name": name, "neurons": 12, "activation": "tanh"} for name in "fgh"]
    layers.append({"name": "o", "neurons": 3, "activation": "softmax"})
    biases = dict.fromkeys("fgho", 0.1)
    tracer.run(THREE | {"layers": layers, "biases": biases, "iterations": 2}).to_excel(tmp_path / "wide.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "wide.xlsx")["Regions"]
    assert sheet["A3"].value == "There are no regions: a formula of this model would have more than 8,192 characters."
    assert sheet.cell(TOP, LEFT).value is None


def test_a_formula_nested_too_deeply_is_told(tmp_path: Path) -> None:
    chain = [f"a{n} = tanh(a{n - 1})" for n in range(1, 70)]
    equations = "\n".join(["a0 = w*u + c*v + b", *chain, "E = (a69 - y)^2"])
    tracer.run(OWN | {"equations": equations, "iterations": 2}).to_excel(tmp_path / "deep.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "deep.xlsx")["Regions"]
    assert str(sheet["A3"].value).endswith("would have more than 64 functions in each other.")


@pytest.mark.parametrize("config", [WALKTHROUGH, ROOT / "configs" / "iris.yaml", ROOT / "configs" / "regression.yaml"])
def test_one_sample_or_other_than_two_inputs_have_no_regions(config: Path, tmp_path: Path) -> None:
    tracer.run(config, iterations=1).to_excel(tmp_path / "book.xlsx")
    assert "Regions" not in openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames
