"""The Walkthrough sheet: whichever step is chosen, every number is the trace's and every text what we would write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import tracer
from tests.places import ROOT, WALKTHROUGH, agree
from tests.sheets import recalculated, rewrite, stored_cells
from tracer.explain import Line, blocks, filled
from tracer.expression import Name
from tracer.naming import COUNT, ETA
from tracer.numeric import evaluate

SHEET = "Walkthrough"
IRIS: dict[str, Any] = {
    "name": "iris", "inputs": [5.1, 3.5, 1.4, 0.2], "targets": [1, 0, 0], "loss": "cross_entropy", "optimizer": "adam",
    "layers": [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 3, "activation": "softmax"}],
    "weights": {"init": "xavier_uniform", "seed": 42}, "biases": {"h": [0.1, 0, -0.1]},
    "learning_rate": 0.05, "iterations": 30,
}  # fmt: skip
SIX: dict[str, Any] = {
    "name": "six", "inputs": [0.5, -0.3], "targets": [0.2], "learning_rate": [0.1, 0.3], "iterations": 30,
    "layers": [
        {"name": name, "neurons": neurons, "activation": activation}
        for name, neurons, activation in (
            ("c", 3, "tanh"), ("d", 3, "relu"), ("e", 2, "sigmoid"), ("f", 3, "elu"), ("g", 2, "softplus"), ("o", 1, "identity"),
        )
    ],
    "weights": {"init": "xavier_uniform", "seed": 1}, "biases": {"c": 0.1, "o": [0.05]},
}  # fmt: skip
WIDE: dict[str, Any] = {
    "name": "wide", "inputs": [index / 20 for index in range(20)], "targets": [0.1] * 3, "l2": 0.01,
    "layers": [{"name": "h", "neurons": 12, "activation": "tanh"}, {"name": "o", "neurons": 3}],
    "weights": {"init": "xavier_uniform", "seed": 3}, "learning_rate": [0.1, 0.5], "iterations": 30,
}  # fmt: skip
MOMENTUM = {**IRIS, "name": "momentum", "optimizer": {"name": "momentum", "dampening": 0.1}, "columns": "compact"}
MODELS: dict[str, Any] = {
    "classic": WALKTHROUGH, "iris": IRIS, "six": SIX, "rnn": ROOT / "configs" / "rnn.yaml", "wide": WIDE,
    "momentum": MOMENTUM, "attention": ROOT / "configs" / "attention.yaml",
}  # fmt: skip

STEPS = 24
"""Few enough that no difference falls below what a spreadsheet resolves."""


def chosen(path: Path, folder: Path, iteration: int, sheet: str | None) -> Path:
    """A copy of the workbook with other values in the yellow cells."""
    rules = openpyxl.load_workbook(path)[SHEET].data_validations.dataValidation
    cells = {rule.type: str(rule.sqref) for rule in rules}

    def change(xml: str) -> str:
        xml = re.sub(rf'(<c r="{cells["whole"]}" s="\d+">)<v>1</v>', rf"\g<1><v>{iteration}</v>", xml)
        if sheet:
            pattern = rf'(<c r="{cells["list"]}" s="\d+" t="inlineStr"><is><t>)[^<]*<'
            xml = re.sub(pattern, rf"\g<1>{sheet}<", xml)
        return xml

    return rewrite(path, folder / f"{path.stem}-{iteration}.xlsx", change)


def lines_of(sheet: Worksheet) -> dict[str, tuple[str, float]]:
    """Every line of the blocks: symbols → the numbers put in, and the result."""
    found = {}
    for row in sheet.iter_rows(min_row=6):
        texts = [cell.value for cell in row if cell.value is not None]
        if len(texts) >= 3 and isinstance(texts[1], str) and texts[1].startswith("= "):
            found[str(texts[0])] = (texts[1], texts[2])
    return found


def values_of(trace: tracer.Trace, run: tracer.Run, iteration: int, before: bool = False) -> dict[str, float]:
    index = iteration - 1 - before
    step = run.step(index) if index >= 0 else dict.fromkeys(run.columns, 0.0)
    assert run.learning_rate is not None
    return {**step, **trace.system.hyper, ETA: run.learning_rate, COUNT: float(iteration)}


def expected_line(line: Line, now: Mapping[str, float], before: Mapping[str, float]) -> tuple[str, float]:
    def value(name: Name) -> float:
        return (before if name.lag else now)[name.name]

    return filled(line.template, value), evaluate(line.expression, now) if line.is_update else now[line.quantity]


def check(book: Path, trace: tracer.Trace, run: tracer.Run, iteration: int, least: int) -> None:
    """Hold what LibreOffice computed against the trace."""
    now, before = values_of(trace, run, iteration), values_of(trace, run, iteration, before=True)
    shown = lines_of(openpyxl.load_workbook(book, data_only=True)[SHEET])
    lines = {
        line.quantity + (" ←" if line.is_update else " ="): line
        for block in blocks(trace.system) for group in block.groups for line in group.lines
    }  # fmt: skip
    assert len(shown) >= least
    for symbols, (text, result) in shown.items():
        line = lines[" ".join(symbols.split()[:2])]
        expected_text, expected = expected_line(line, now, before)
        assert text == expected_text, symbols
        assert agree(result, expected), symbols
    cells = stored_cells(book)
    header = {
        cell.column_letter: str(cell.value)
        for cell in openpyxl.load_workbook(book)[_sheet(trace, run)][4]
        if cell.value
    }
    looked_up = 0
    for cell in cells[SHEET].values():
        column = re.search(r"INDEX\([^!]*!\$([A-Z]+)\$5:\$\1\$\d+", cell.formula or "")
        if column:
            assert cell.value is not None
            of = before if (cell.formula or "").startswith("IF(") else now
            assert agree(cell.value, of[header[column[1]]]), cell
            looked_up += 1
        assert cell.error is None, cell
    assert looked_up >= least


def _sheet(trace: tracer.Trace, run: tracer.Run) -> str:
    return f"η = {run.learning_rate:g}"


@pytest.mark.office
@pytest.mark.parametrize("name", MODELS)
def test_every_step_that_can_be_chosen(name: str, tmp_path: Path) -> None:
    """The first, a middle and the last iteration, of the first and of the last run: 1e-12, and the same texts."""
    trace = tracer.run(MODELS[name], iterations=STEPS)
    path = tmp_path / f"{name}.xlsx"
    trace.to_excel(path)
    cases = list(zip((1, STEPS // 2, STEPS), (trace.runs[0], trace.runs[-1], trace.runs[-1]), strict=True))
    copies = [
        chosen(path, tmp_path, iteration, _sheet(trace, run) if len(trace.runs) > 1 else None)
        for iteration, run in cases
    ]
    shown = sum(len(group.lines) for block in blocks(trace.system) for group in block.groups)
    for book, (iteration, run) in zip(recalculated(copies, tmp_path / "computed"), cases, strict=True):
        check(book, trace, run, iteration, least=min(shown, 30))


@pytest.mark.office
@pytest.mark.parametrize(("asked", "shown"), [(0, 1), (1000, 100), (7.9, 7), (-3, 1)])
def test_an_iteration_that_there_is_not(asked: float, shown: int, tmp_path: Path) -> None:
    """The nearest one is shown, and that it is."""
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([chosen(path, tmp_path, asked, None)], tmp_path / "computed")  # type: ignore[arg-type]
    check(computed, trace, trace.runs[0], shown, least=30)
    sheet = openpyxl.load_workbook(computed, data_only=True)[SHEET]
    assert sheet["A3"].value == f"There is no such iteration here: {shown} is shown."
