"""LibreOffice computes every sheet anew, from the formulas alone, and must come to the engine's values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH, agree
from tests.sheets import disagreements, formula_count, recalculated, rewrite, sheet_xml, stored_cells
from tracer.workbook.trace_sheet import FIRST_ROW

pytestmark = pytest.mark.office


@pytest.mark.parametrize("columns", ["full", "compact"])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_formula_of_every_config(config: Path, columns: str, tmp_path: Path) -> None:
    trace = tracer.run(config, columns=columns)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    assert (
        formula_count(path) >= len(trace) * (len(trace.columns) - 2) - len(trace.runs) * len(trace.experiment.start) * 2
    )
    assert disagreements(path, computed) == []


def test_a_wrong_formula_is_found(tmp_path: Path) -> None:
    """The famous slip, planted in one cell: the check must see it, and everything that inherits it."""
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.5, columns="compact").to_excel(path)
    right = re.search(r"<f>(\([^<]*\))\*M50\*\(1-M50\)\*D50</f>", sheet_xml(path)["η = 0.5"])
    assert right
    wrong = rewrite(path, tmp_path / "wrong.xlsx", lambda xml: xml.replace("*M50*(1-M50)*D50<", "*K50*(1-K50)*D50<"))
    (computed,) = recalculated([wrong], tmp_path / "computed")
    found = disagreements(wrong, computed)
    assert any(line.startswith("'η = 0.5'!AA50 ") for line in found)
    assert len(found) > 100
    assert not any(re.match(r"'η = 0.5'!\w+?49 ", line) for line in found)


def test_another_learning_rate_typed_into_the_sheet(tmp_path: Path) -> None:
    """η changed to 0.7 in the file: the recalculated sheet is a fresh run at 0.7."""
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.1).to_excel(path)
    changed = rewrite(
        path, tmp_path / "changed.xlsx", lambda xml: re.sub(r'(<c r="B2" s="\d+">)<v>0.1</v>', r"\1<v>0.7</v>", xml)
    )
    (computed,) = recalculated([changed], tmp_path / "computed")
    cells = stored_cells(computed)["η = 0.1"]
    fresh = tracer.run(WALKTHROUGH, learning_rate=0.7)
    (run,) = fresh.runs
    assert cells["B2"].value == 0.7
    letters = {name: reference_letters(index) for index, name in enumerate(run.columns, 2)}
    compared = 0
    for index in range(len(run)):
        for name, expected in run.step(index).items():
            value = cells[f"{letters[name]}{FIRST_ROW + index}"].value
            assert value is not None
            assert agree(value, expected), (name, index)
            compared += 1
    assert compared == 100 * 43


def reference_letters(index: int) -> str:
    return ("" if index <= 26 else chr(64 + (index - 1) // 26)) + chr(65 + (index - 1) % 26)


@pytest.mark.parametrize("columns", ["full", "compact"])
def test_sigmoids_far_out(columns: str, tmp_path: Path) -> None:
    """Net inputs of ±800 and −900: exact, and no #NUM! in the sheet."""
    far = {"weights": [16000, 0.2, -16000, 0.3, -900, 0.45, 900, 0.55]}
    config = {
        "inputs": [0.05, 0.1], "targets": [0.5, 0.5], "layers": [{"neurons": 2}, {"neurons": 2}],
        "learning_rate": 1, "iterations": 5, "columns": columns, **far,
    }  # fmt: skip
    trace = tracer.run(config)
    assert trace["h1"][0] > 800
    assert trace["a_h1"][0] == 1
    assert trace["a_h2"][0] == 0
    assert trace["a_o1"][0] == 0
    path = tmp_path / "far.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    assert disagreements(path, computed) == []


def test_a_run_that_diverged(tmp_path: Path) -> None:
    """What could be computed is in the sheet, and recalculates."""
    trace = tracer.run(BLOWS_UP)
    assert trace.runs[0].divergence == tracer.Divergence("E1", 47)
    path = tmp_path / "diverged.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    assert disagreements(path, computed) == []
