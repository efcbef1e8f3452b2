"""The report of a run: Markdown with its pictures beside it, written together, as GitHub shows it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import cmarkgfm
import pytest
from defusedxml import ElementTree  # type: ignore[import-untyped]

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH
from tests.test_command_input import command
from tracer.explain import templates
from tracer.formulas.notation.latex import LATEX


def shown(text: str) -> str:
    """The report as HTML, by the reader of GitHub."""
    page: str = cmarkgfm.github_flavored_markdown_to_html(text)
    return page


def pictures_in(page: str) -> list[str]:
    return [unquote(source) for source in re.findall(r'<img src="([^"]*)"', page)]


def table_in(page: str) -> list[list[str]]:
    """The rows of the first table with several columns, without its head."""
    tables = re.findall(r"<table>(.*?)</table>", page, re.DOTALL)
    table = next(table for table in tables if table.count("<th") > 2)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [cells for row in rows if len(cells := re.findall(r"<td[^>]*>(.*?)</td>", row)) > 2]


def latex_number(value: float) -> str:
    """A number with six digits in LaTeX."""
    return templates.written(value, setting=LATEX)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_report_of_every_config(config: Path, tmp_path: Path) -> None:
    """Its pictures are beside it, its config is in it, and its losses are those of the runs, with six digits."""
    trace = tracer.run(config, iterations=12)
    trace.to_markdown(tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    page = shown(text)
    assert page.startswith(f"<h1>{trace.experiment.name}</h1>")
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", *pictures_in(page)}
    assert len(pictures_in(page)) == 2
    for name in pictures_in(page):
        ElementTree.parse(tmp_path / name)
    assert config.read_text(encoding="utf-8").strip() in text
    step = trace.runs[0].step(0)
    for gradient in map(trace.system.gradient, trace.experiment.start):  # the derivation of the first step
        assert step[gradient] == 0 or f"= {latex_number(step[gradient])}" in text, gradient
    rows = table_in(page)
    assert len(rows) == len(trace.runs)
    for cells, run in zip(rows, trace.runs, strict=True):
        expected = (run.over_pass(trace.system.loss), run.over_pass(trace.system.loss, last=True), run.final_loss)
        assert [float(cell.replace("−", "-")) for cell in cells[1:4]] == pytest.approx(expected, rel=1e-5)


def test_the_iterations_to_a_hundredth_are_those_of_the_run() -> None:
    """Of the classic network with η = 2 the loss is first at most 1 % of its first value in iteration 37."""
    trace = tracer.run(WALKTHROUGH, learning_rate=[0.1, 2])
    losses = trace.runs[1]["E_total"]
    assert losses[36] <= 0.01 * losses[0] < losses[35]
    page = shown(printed(trace))
    assert [row[4] for row in table_in(page)] == ["not reached", "37"]


def test_the_command_lists_all_files_and_writes_all_or_none(tmp_path: Path) -> None:
    arguments = ("run", WALKTHROUGH, "--format", "csv,md", "-o", tmp_path, "--iterations", "3")
    listed = [line.removeprefix("wrote ") for line in command(*arguments).output.splitlines() if "wrote" in line]
    names = ["walkthrough.csv", "walkthrough.md", "walkthrough-network.svg", "walkthrough-loss.svg"]
    assert listed == [str(tmp_path / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    for name in names:
        (tmp_path / name).unlink()
    (tmp_path / "walkthrough-loss.svg").mkdir()
    result = command(*arguments)
    assert result.exit_code == 2
    assert "walkthrough-loss.svg: is a folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["walkthrough-loss.svg"]
    with pytest.raises(tracer.OutputError, match="is a folder"):
        tracer.run(WALKTHROUGH, iterations=3).to_markdown(tmp_path / "walkthrough.md")
    assert [path.name for path in tmp_path.iterdir()] == ["walkthrough-loss.svg"]


def test_on_standard_output_the_pictures_are_named_only() -> None:
    page = shown(command("run", WALKTHROUGH, "--format", "md", "-o", "-", "--iterations", "2").output)
    assert "<img" not in page
    assert "(The network in the first step: a picture in a file of its own.)" in page


def test_a_run_that_diverges_and_a_run_without_a_file(tmp_path: Path) -> None:
    trace = tracer.run({**BLOWS_UP, "name": "blows up (twice)", "learning_rate": [0.1, 1e6]})
    trace.to_markdown(tmp_path / "a report (1).md")
    page = shown((tmp_path / "a report (1).md").read_text(encoding="utf-8"))
    assert all((tmp_path / name).is_file() for name in pictures_in(page))
    stop = trace.runs[1].divergence
    assert stop
    assert [row[-1] for row in table_in(page)] == ["no", f"Stopped in iteration {stop.iteration}: {stop.quantity} is not a finite number."]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "<script>alert(1)</script> | $x$ `a` [b](c)\n\n# no"},
        {"name": "&amp; [x](y) `z` _a_ $b$", "inputs": {"משקל": 0.05, "a_b_c": 0.1}},
        {"learning_rate": [0.01 * n for n in range(1, 41)]},
    ],
)
def test_nothing_of_a_config_becomes_markup(changes: dict[str, Any]) -> None:
    config = {"inputs": [0.05, 0.1], "targets": [0.5], "layers": [{"neurons": 1}], "weights": [0.1, 0.2],
              "learning_rate": 0.5, "iterations": 3, **changes}  # fmt: skip
    trace = tracer.run(config)
    page = shown(printed(trace))
    assert set(re.findall(r"<(\w+)", page)) <= {
        "h1", "h2", "h3", "h4", "p", "pre", "code", "table", "thead", "tbody", "tr", "th", "td", "em",
    }  # fmt: skip
    assert len(table_in(page)) == min(len(trace.runs), 24)


def printed(trace: tracer.Trace) -> str:
    """The report as it is printed."""
    file = io.StringIO()
    trace.write_markdown(file)
    return file.getvalue()


def test_equations_that_are_too_many_have_no_picture(tmp_path: Path) -> None:
    steps = [f"y{n} = y{n - 1} + w" for n in range(1, 310)]
    config = {"inputs": {"y0": 0.1}, "parameters": {"w": 0.5}, "equations": "\n".join([*steps, "E = y309^2"]),
              "minimize": "E", "learning_rate": 1e-6, "columns": "compact"}  # fmt: skip
    tracer.run(config, iterations=2).to_markdown(tmp_path / "long.md")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long-loss.svg", "long.md"]


def test_a_config_is_cut_where_it_is_long(tmp_path: Path) -> None:
    samples = "\n".join(f"  - {{inputs: [{n / 400}], targets: [0.5]}}" for n in range(400))
    text = f"samples:\n{samples}\nlayers: [{{neurons: 1}}]\nweights: [0.5]\nlearning_rate: 0.1\niterations: 2\n"
    path = tmp_path / "long.yaml"
    path.write_text(text, encoding="utf-8")
    report = printed(tracer.run(path))
    assert "… and 205 more lines." in report
    assert report.count("\n") < 300
