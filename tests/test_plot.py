"""Plots: the figure as data, as SVG, in the terminal, by matplotlib; of a config, and of a CSV file that was written."""

from __future__ import annotations

import importlib.util
import math
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH
from tests.test_command_input import command
from tracer.charts import figure, terminal, theme
from tracer.charts.figure import Figure, Line, Panel
from tracer.charts.graph import STRONGEST
from tracer.charts.svg import svg
from tracer.output.plots import of_csv

SVG = "{http://www.w3.org/2000/svg}"


def of_trace(trace: tracer.Trace, wanted: Sequence[str] = (), **how: bool) -> Figure:
    return trace.plot(*wanted, **how).figure


def line(*values: float) -> Line:
    return Line("y", np.arange(1.0, len(values) + 1), np.array(values))


# ------------------------------------------------------------------------------------------------- the figure


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_the_ticks_of_an_axis_enclose_all_values(values: list[float]) -> None:
    axis = figure.axis([np.array(values)])
    slack = 1e-9 * max(map(abs, values))
    assert axis.low <= min(values) + slack
    assert axis.high >= max(values) - slack
    assert 2 <= len(axis.ticks) <= 8
    assert len({*figure.labels(axis)}) == len(axis.ticks)
    places = axis.place(np.array(axis.ticks))
    assert np.allclose(places, np.linspace(0, 1, len(places)))


def test_the_ticks_of_a_logarithmic_axis_are_powers_of_ten() -> None:
    axis = figure.axis([np.array([0.02, 3e-6, 0.0, -1.0, np.nan])], log=True)
    assert (axis.low, axis.high) == (1e-6, 0.1)
    assert figure.labels(axis) == ["1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1"]
    assert np.isnan(axis.place(np.array([0.0, -1.0]))).all()


def test_round_ticks() -> None:
    assert figure.axis([np.array([1.0, 100.0])]).ticks == (0, 20, 40, 60, 80, 100)
    assert figure.labels(figure.axis([np.array([0.0, 0.0142])])) == ["0.000", "0.005", "0.010", "0.015"]
    assert figure.labels(figure.axis([np.array([2e6, 8e6])]))[-1] == "8.0e+06"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4000), st.integers(1, 50))
def test_a_thinned_line_keeps_its_ends_and_its_extremes(values: list[float], columns: int) -> None:
    thin = line(*values).thinned(columns)
    assert len(thin.x) <= max(4 * columns, 4)
    assert (thin.y[0], thin.y[-1], thin.y.min(), thin.y.max()) == (values[0], values[-1], min(values), max(values))
    assert (np.diff(thin.x) > 0).all()


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]), min_size=50, max_size=500))
def test_a_thinned_line_keeps_the_extremes_between_its_gaps(values: list[float]) -> None:
    thin, finite = line(*values).thinned(10), [value for value in values if math.isfinite(value)]
    assert {min(finite, default=0.0), max(finite, default=0.0)} <= {*thin.y, 0.0}
    if not finite:
        assert not np.isfinite(thin.y).any()


def test_gaps_part_a_line() -> None:
    y = np.array([1.0, 2.0, np.nan, 4.0])
    assert [list(part) for _, part in figure.segments(np.arange(4.0), y)] == [[1, 2], [4]]


# ------------------------------------------------------------------------------------------------- its forms


def points(document: str) -> list[list[tuple[float, float]]]:
    """The points of every curve of an SVG document."""
    paths = [
        path.get("d", "") for path in ET.fromstring(document).iter(f"{SVG}path") if "curve" in path.get("class", "")
    ]
    return [[(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)] for path in paths]


def test_the_curves_of_an_svg_are_the_losses() -> None:
    trace = tracer.run(WALKTHROUGH)
    curves = points(svg(of_trace(trace)))
    assert len(curves) == 6
    for curve, run in zip(curves, trace.runs, strict=True):
        losses = run["E_total"]
        heights = np.array([y for _, y in curve])
        scale = (heights[-1] - heights[0]) / (losses[-1] - losses[0])
        assert np.allclose(heights, heights[0] + scale * (np.array(losses) - losses[0]), atol=0.11)


def test_names_cannot_inject_markup() -> None:
    nasty = Figure((Panel("<script>&", (Line('"><x', np.array([1.0]), np.array([1.0])), line(1, 2))),))
    document = svg(nasty)
    assert "<script" not in document
    assert "<x" not in document
    ET.fromstring(document)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors (WCAG 2.2)."""

    def luminance(color: str) -> float:
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_text_and_lines_stand_out_from_light_and_dark_ground() -> None:
    """At least 4.5 for text, and 3 for what is drawn, but for faint lines (success criteria 1.4.3 and 1.4.11)."""
    for place in (0, 1):
        ground = theme.BASE["ground"][place]
        assert all(contrast(theme.BASE[name][place], ground) >= 4.5 for name in ("ink", "faint"))
        drawn = [*theme.LINES, *theme.PHASES.values(), *theme.SIGNS.values()]
        assert {pair for pair in drawn if contrast(pair[place], ground) < 3} == set()
        ink = theme.BASE["ink"][place]
        for sign in theme.SIGNS.values():  # behind a number
            parts = zip(_rgb(sign[place]), _rgb(ground), strict=True)
            mixed = "#" + "".join(f"{round(STRONGEST * a + (1 - STRONGEST) * b):02x}" for a, b in parts)
            assert contrast(ink, mixed) >= 4.5


def _rgb(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def test_a_chart_in_the_terminal_falls_where_the_loss_falls() -> None:
    rows = terminal.drawn(of_trace(tracer.run(WALKTHROUGH, learning_rate=2)), 60, 20, ascii=True)
    chart = [row[row.index("|" if "|" in row else "+") + 1 :] for row in map(click.unstyle, rows[1:-2])]
    columns = [min(r for r, text in enumerate(chart) if text[c : c + 1] == "*") for c in (1, 5, 10, 24)]
    assert columns == sorted(columns)
    assert len({*columns}) == 4
    assert all(len(click.unstyle(row)) <= 60 for row in rows)
    assert len(rows) <= 20


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("runs", [2, 6, 12])
def test_without_colors_every_line_has_a_sign_of_its_own(runs: int, ascii: bool) -> None:
    """Parallel lines: each sign of the legend stands on its own line, one above the other."""
    x, y = np.arange(40.0), np.ones(40)
    lines = tuple(Line(f"line {number}", x, number * y) for number in range(runs))
    figure = Figure((Panel("w", lines),), "iteration")
    rows = terminal.drawn(figure, 80, 60, ascii, colored=False)
    assert rows == [click.unstyle(row) for row in rows]
    legend = re.findall(r"(\S) line (\d+)", "\n".join(rows))
    signs = [sign for sign, _ in legend]
    assert len({*signs}) == runs
    found = [next(number for number, row in enumerate(rows[1:]) if sign in row[8:]) for sign in signs]
    assert found == sorted(found, reverse=True)
    assert len({*found}) == runs


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_can_be_plotted(config: Path) -> None:
    trace = tracer.run(config, iterations=5)
    names = list(trace.system.updates)[:2]
    for log in (False, True):
        drawing = of_trace(trace, names, log=log, panels=True)
        assert [panel.y_label for panel in drawing.panels] == names
        ET.fromstring(svg(drawing))
        for width, height, ascii in ((80, 24, True), (10, 3, False), (200, 60, False)):
            assert terminal.drawn(drawing, width, height, ascii)


def test_a_quantity_of_a_batch_is_its_mean() -> None:
    trace = tracer.run(WALKTHROUGH.parent / "xor.yaml", learning_rate=0.5)
    (drawn,) = of_trace(trace, ["E_total"]).panels[0].lines
    (batch,) = of_trace(trace, ["E_batch"]).panels[0].lines
    assert np.allclose(drawn.y, batch.y)
    assert list(drawn.x) == list(range(1, trace.runs[0].iterations + 1))


def test_a_run_that_diverges_leaves_a_gap() -> None:
    (drawn,) = of_trace(tracer.run(BLOWS_UP), log=True).panels[0].lines
    ET.fromstring(svg(of_trace(tracer.run(BLOWS_UP), log=True)))
    assert not math.isfinite(drawn.y[-1])


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
@pytest.mark.parametrize(("suffix", "begin"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_pictures_by_matplotlib(suffix: str, begin: bytes, tmp_path: Path) -> None:
    target = tmp_path / f"loss{suffix}"
    assert command("plot", WALKTHROUGH, "--log", "-o", target).output == f"wrote {target}\n"
    assert target.read_bytes().startswith(begin)
    tracer.run(WALKTHROUGH).to_csv(tmp_path / "run.csv")
    interval = sys.getswitchinterval()
    command("plot", tmp_path / "run.csv", "--log", "-o", tmp_path / f"again{suffix}")
    assert (tmp_path / f"again{suffix}").read_bytes() == target.read_bytes()
    assert sys.getswitchinterval() == interval


# ------------------------------------------------------------------------------------------------- the command


def test_a_csv_plots_as_its_config(tmp_path: Path) -> None:
    for style in (None, "excel", "excel-eu"):
        csv = tmp_path / f"{style}.csv"
        changed = [tracer.Override(("csv",), style, "")] if style else []
        trace = tracer.run(WALKTHROUGH, overrides=changed)
        trace.to_csv(csv, ascii=style == "excel")
        ours = of_trace(trace, ["w5", "dE/dw5"], panels=True)
        read = of_csv(csv, ["w5", "∂E/∂w5" if style != "excel" else "dE/dw5"], panels=True)
        for panel, other in zip(ours.panels, read.panels, strict=True):
            for one, two in zip(panel.lines, other.lines, strict=True):
                assert one.label == two.label
                assert (one.x == two.x).all()
                assert (one.y == two.y).all()


def test_patterns_choose_several_quantities() -> None:
    labels = [
        one.label
        for one in of_trace(tracer.run(WALKTHROUGH, learning_rate=1), ["dE/dw[12]", "E_total"]).panels[0].lines
    ]
    assert labels == ["∂E/∂w1", "∂E/∂w2", "E_total"]


def test_svg_on_standard_output() -> None:
    assert command("plot", WALKTHROUGH, "-o", "-").output == svg(of_trace(tracer.run(WALKTHROUGH)))


def test_in_the_terminal() -> None:
    printed = command("plot", WALKTHROUGH, "--ascii").output.splitlines()
    assert printed[0] == "E_total by iteration"
    assert printed[-1] == "* eta = 0.1  + eta = 0.2  o eta = 0.5  x eta = 0.8  # eta = 1  @ eta = 2"
    assert max(map(len, printed)) <= 80


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((WALKTHROUGH, "-y", "E_totl"), "'E_totl' is not a column. Did you mean 'E_total'?"),
        ((WALKTHROUGH, "-o", "loss.gif"), "loss.gif: '.gif' is not a format of pictures; choose from .svg, .png, .pdf"),
        ((WALKTHROUGH, "-o", "loss"), "loss: the name of the file needs a suffix; choose from .svg, .png, .pdf"),
        (("no.csv",), "no.csv: there is no such file"),
        (("other.csv",), "other.csv: has no column iteration; plot a CSV file that `backprop-trace run` wrote"),
        (("own.csv",), "own.csv: has no column E_batch or E_total or E; say with -y what to plot"),
        (("own.csv", "-y", "b"), "own.csv: 'b' is not a column. Choose from a."),
        (("book.xlsx",), "book.xlsx: cannot be plotted; give the CSV file that `run` wrote, or the config"),
        (("words.csv", "-y", "a"), "words.csv: could not convert string to float: 'x'"),
        (("empty.csv", "-y", "a"), "empty.csv: has no rows"),
        (("own.csv", "-y", "a", "--set", "l2=1"), "--set: own.csv is run already; plot a config to change it"),
        ((WALKTHROUGH, "-y", "*"), "43 quantities of 6 runs are more than the 200 lines of a plot; choose fewer with -y"),
    ],
)  # fmt: skip
def test_what_cannot_be_plotted(
    arguments: tuple[str, ...], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "other.csv": "a,b\n1,2\n", "own.csv": "iteration,a\n1,2\n", "words.csv": "iteration,a\n1,x\n",
        "empty.csv": "iteration,a\n",
    }.items():  # fmt: skip
        Path(name).write_text(text)
    result = command("plot", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"{problem}\n")


def test_a_long_line_looks_the_same_in_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is thinned before it is drawn, dot by dot: 100,000 points of a wave, one of which stands out. Its top
    stays, and its course but for a few dots."""
    x = np.arange(100_000.0)
    y = np.sin(x / 5_000)
    y[40_000] = 3
    figure = Figure((Panel("y", (Line("y", x, y),)),))
    thinned = terminal.drawn(figure, 80, 20)
    monkeypatch.setattr(Line, "thinned", lambda line, _columns: line)
    drawn = terminal.drawn(figure, 80, 20)
    tops = [
        [
            next(number for number, sign in enumerate(column) if not sign.isspace())
            for column in zip(*curve, strict=True)
        ]
        for curve in (
            [click.unstyle(row).ljust(80)[5:] for row in rows[1:18]] + ["x" * 75] for rows in (thinned, drawn)
        )
    ]
    assert np.abs(np.array(tops[0]) - np.array(tops[1])).max() <= 1
    assert min(tops[0]) == min(tops[1]) == 0
