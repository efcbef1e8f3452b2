"""Heat maps: which color a number has, and that the picture says so."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

import tracer
from tests.places import WALKTHROUGH
from tracer.charts.heatmap import RAMP, HeatMap, drawn, svg
from tracer.commands.main import main
from tracer.errors import OutputError
from tracer.output.sweepmap import heat_map

MAP = HeatMap(
    "x", "<y>", ["1", "2", "3"], ["a", "b"],
    np.array([[1.0, 2.0, math.nan], [4.0, math.inf, 1.5]]), "loss",
)  # fmt: skip


def rectangles(picture: str) -> list[tuple[float, float, str]]:
    """The cells, from left to right and from the bottom up: x, width, and the color or the class."""
    root = ElementTree.fromstring(picture)
    found = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if float(e.get("height") or 0) > 14]
    cells = [e for e in found if e.get("class") != "ground"]
    cells.sort(key=lambda e: (-float(e.get("y") or 0), float(e.get("x") or 0)))
    return [(float(e.get("x") or 0), float(e.get("width") or 0), e.get("fill") or e.get("class") or "") for e in cells]


def test_each_number_has_its_color() -> None:
    """95 % of the numbers lie within the scale, from 1 to 2; a cell without a number is left out."""
    colors = [color for _, _, color in rectangles(svg(MAP))]
    assert colors == [RAMP[0], RAMP[-1], RAMP[-1], "gone", RAMP[len(RAMP) // 2]]
    picture = svg(MAP)
    for text in ("loss: 1", "2 and more", "diverged", "&lt;y&gt;"):
        assert text in picture


def test_a_logarithmic_scale() -> None:
    losses = np.array([[10.0**-power for power in range(12)]])
    levels, ends = HeatMap("x", "y", [*map(str, range(12))], ["a"], losses, "loss").levels(12)
    assert levels[0, 0] == levels[0, 1] == 11
    assert levels[0, -1] == 0
    assert (np.diff(levels[0, 1:]) < 0).all()
    assert ends == (1e-11, 0.1)
    levels, _ = HeatMap("x", "y", ["1", "2", "3"], ["a"], np.array([[0.0, 1e-3, 1.0]]), "loss", most=0.1).levels(4)
    assert levels.tolist() == [[0, 3, 3]]


def test_cells_beside_each_other_become_one() -> None:
    numbers = np.arange(1000.0).reshape(1, 1000)
    numbers[0, :8] = math.inf
    heat = HeatMap("x", "y", [*map(str, range(1000))], ["a"], numbers, "loss").at_most(250, 10)
    assert heat.numbers.shape == (1, 250)
    assert heat.numbers[0, :3].tolist() == [math.inf, math.inf, 10]
    assert heat.x_values[:3] == ["0", "4", "8"]


def test_in_the_terminal() -> None:
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in drawn(MAP, 24, 20)]
    assert [line.split("│")[1] for line in lines if "│" in line] == ["██████××××××▓▓▓▓▓▓", "░░░░░░██████      "]
    assert lines[-1].split() == ["1", "░░░▒▒▒▓▓▓███", "2", "and", "more", "×", "diverged"]
    assert all(len(line) <= 24 for line in lines[1:-1])
    plain = "\n".join(drawn(MAP, 24, 20, ascii=True))
    assert plain.isascii()
    assert "xxxxxx" in plain


def test_nothing_but_divergence() -> None:
    heat = HeatMap("x", "y", ["1"], ["a"], np.array([[math.inf]]), "loss")
    assert "gone" in svg(heat)
    assert "×" in "\n".join(drawn(heat, 40, 10))


def test_of_a_sweep() -> None:
    sweep = tracer.sweep(WALKTHROUGH, {"weights.w1": "0:1:4", "learning_rate": [0.5, 1, 1e308], "iterations": [5]})
    heat = heat_map(sweep)
    frame = sweep.to_frame()
    assert (heat.x_label, heat.y_label) == ("learning_rate", "weights.w1")
    assert heat.x_values == ["0.5", "1", "1e+308"]
    row = frame[(frame["weights.w1"] == 1) & (frame["learning_rate"] == 0.5)].iloc[0]
    assert heat.numbers[3, 0] == row["final_loss"]
    assert (np.isinf(heat.numbers) == (frame["diverged"].notna().to_numpy().reshape(4, 3))).all()
    with pytest.raises(OutputError, match=r"two keys with several values, not 1 \(iterations\)"):
        heat_map(tracer.sweep(WALKTHROUGH, {"iterations": [1, 2]}, learning_rate=1))


def test_the_learning_rates_that_the_config_lists(tmp_path: Path) -> None:
    """They are a key of the map, unless another value is set or they are varied."""
    assert heat_map(tracer.sweep(WALKTHROUGH, {"weights.w1": [0, 1]}, iterations=2)).y_label == "weights.w1"
    grid = ["--vary", "weights.w1=0,1", "--vary", "weights.w2=0,1", "-o", str(tmp_path / "x.csv"), "--plot", "-"]
    result = CliRunner().invoke(main, ["sweep", str(WALKTHROUGH), *grid])
    count = len(tracer.load(WALKTHROUGH).learning_rates)
    assert result.exit_code == 2
    assert "not 3 (weights.w1, weights.w2, learning_rate); " in result.stderr
    advised = re.search(
        rf"the config lists {count} learning rates: choose one, such as (--set) (\S+)$", result.stderr.strip()
    )
    assert advised
    result = CliRunner().invoke(main, ["sweep", str(WALKTHROUGH), *grid, *advised.groups()])
    assert result.exit_code == 0
    assert "by weights.w2 (across) and weights.w1" in result.stdout


def test_the_command(tmp_path: Path) -> None:
    grid = ["--vary", "weights.w1=0,1", "--vary", "learning_rate=1,2", "-o", str(tmp_path / "x.csv")]
    result = CliRunner().invoke(main, ["sweep", str(WALKTHROUGH), *grid, "--plot", str(tmp_path / "x.svg")])
    assert result.exit_code == 0
    assert f"wrote {tmp_path / 'x.svg'}" in result.stdout
    assert len(rectangles((tmp_path / "x.svg").read_text(encoding="utf-8"))) >= 2
    result = CliRunner().invoke(main, ["sweep", str(WALKTHROUGH), *grid, "--plot", "-"])
    assert "final E_total by learning_rate (across) and weights.w1" in result.stdout
    result = CliRunner().invoke(main, ["sweep", str(WALKTHROUGH), *grid, "--plot", "x.png"])
    assert result.exit_code == 2
    assert "write a file that ends in .svg, or - for the terminal" in result.stderr
