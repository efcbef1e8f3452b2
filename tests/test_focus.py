"""The focus of the Walkthrough: whatever is chosen, its block says what `explain/` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import tracer
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH, agree
from tests.sheets import disagreements, recalculated, stored_cells
from tests.test_walkthrough import (
    IRIS,
    MOMENTUM,
    SHEET,
    SIX,
    WIDE,
    chosen,
    said_on,
    values_of,
    values_of_slots,
    yellow_cells,
)
from tracer.explain.derivation import Derivations
from tracer.explain.explanation import Explained, explanation
from tracer.explain.numeric_check import numeric_check
from tracer.explain.update import said, update_of
from tracer.model.typography import typeset
from tracer.workbook.walkthrough.controls import HINT_TEXT
from tracer.workbook.walkthrough.styles import ANY, ZERO
from tracer.workbook.xlsx.grid import LINE_HEIGHT
from tracer.workbook.xlsx.styles import SCIENTIFIC

DIGITS: dict[str, Any] = {
    "name": "digits", "inputs": [number / 64 for number in range(64)], "targets": [1] + [0] * 9,
    "layers": [{"neurons": 32, "activation": "tanh"}, {"neurons": 10, "activation": "softmax"}],
    "loss": "cross_entropy", "weights": {"init": "xavier_uniform", "seed": 3}, "learning_rate": 0.1, "iterations": 3,
}  # fmt: skip
PENALTIES: dict[str, Any] = {**IRIS, "name": "penalties", "l1": 0.01, "l2": 0.02, "optimizer": "nesterov",
                             "frozen": ["w1"], "clip": {"norm": 0.1}}  # fmt: skip
FOUR_LAYERS: dict[str, Any] = {
    **SIX, "name": "four", "columns": "compact", "learning_rate": 0.2,
    "layers": [{"name": name, "neurons": 4, "activation": "tanh"} for name in "abc"] + [{"name": "o", "neurons": 1}],
    "biases": {"a": [0.1] * 4},
}  # fmt: skip
DECIMALS: dict[str, Any] = {
    "name": "decimals", "inputs": [0.05, 0.1], "targets": [0.01, 0.99], "layers": [{"neurons": 2}, {"neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], "learning_rate": 0.5, "iterations": 9, "decimals": 4,
}  # fmt: skip
LARGE: dict[str, Any] = {
    "name": "large", "equations": "prediction = slope*x + offset\nE = (y - prediction)^2/2", "minimize": "E",
    "samples": [{"inputs": {"x": x}, "targets": {"y": 250 * x}} for x in (1200.0, 2000.0)], "update": "batch",
    "parameters": {"slope": 1.0, "offset": 0.0}, "learning_rate": 1e-7, "iterations": 3,
}  # fmt: skip
Case = tuple[Any, str, int, int | None]
"""A model, a quantity, an iteration, and a sample where one can be chosen."""
CASES: list[Case] = [
    (WALKTHROUGH, "w5", 3, None), (WALKTHROUGH, "w1", 4, None), (WALKTHROUGH, "a_h2", 9, None), (IRIS, "w2", 5, None),
    (ROOT / "configs" / "rnn.yaml", "u", 3, None), (ROOT / "configs" / "attention.yaml", "wk", 4, None),
    (ROOT / "configs" / "xor.yaml", "b_h1", 4, 3), (ROOT / "configs" / "iris.yaml", "w3", 5, None), (WIDE, "w17", 3, None),
    (MOMENTUM, "h2", 4, None), (PENALTIES, "w1", 3, None), (PENALTIES, "w20", 4, None), (FOUR_LAYERS, "w3", 4, None),
    (ROOT / "configs" / "biases.yaml", "b1", 5, None), (ROOT / "configs" / "layer-normalisation.yaml", "w2", 4, None),
    (ROOT / "configs" / "regression.yaml", "offset", 5, None), (DECIMALS, "w5", 3, None),
]  # fmt: skip
LONG: list[Case] = [
    (DIGITS, "w2100", 2, None), (DIGITS, "w40", 3, None), (SIX, "w1", 5, None),
    *((config, "", 4, None) for config in CONFIGS),
]  # fmt: skip
CHECKED = 2
"""The lines of the numeric check, whose digits are lost in a difference: as exact as it is."""


def key(model: Any) -> str:
    return f"{model['name']} here" if isinstance(model, dict) else str(model.stem)


def block_of(sheet: Worksheet) -> tuple[str, str, list[Explained]]:
    """The head of the block, its sentence, and its lines."""
    rows = list(sheet.iter_rows(min_row=4))
    first = next(n for n, row in enumerate(rows) if str(row[0].value).startswith(("Why ", "How ")))
    lines = []
    for row in rows[first + 2 :]:
        cells = [cell.value for cell in row if cell.value is not None]
        if not cells or not cells[0] or str(cells[0]).startswith("I  "):
            break
        symbols, *numbers, result = cells
        lines.append(Explained(str(symbols), str(numbers[0]) if numbers else "", float(str(result))))
    return str(rows[first][0].value), str(rows[first + 1][0].value), lines


def expected(
    trace: tracer.Trace, run: tracer.Run, quantity: str, iteration: int, sample: int | None
) -> tuple[str, list[Explained]]:
    """The sentence and the lines, as they are explained without a sheet."""
    system = trace.system
    derivation = Derivations(system, typeset(system.quantities)).of(quantity)
    now, before = values_of(trace, run, iteration, sample), values_of(trace, run, iteration - 1)
    now.setdefault(derivation.gradient, derivation.value(now))
    names = typeset(system.quantities)
    update = update_of(system, quantity, trace.experiment.optimizer.name)
    check, slots = numeric_check(system, now, quantity), values_of_slots(run, now, before)
    return said(update.sentence, now, names), list(
        explanation(system, derivation, now, check, update.lines, slots, names)
    )


def hold(book: Path, trace: tracer.Trace, quantity: str, iteration: int, sample: int | None) -> None:
    """Hold the block that LibreOffice computed against the explanation."""
    run = trace.runs[-1]
    _, sentence, lines = block_of(openpyxl.load_workbook(book, data_only=True)[SHEET])
    expected_sentence, explained = expected(trace, run, quantity, iteration, sample)
    assert sentence == expected_sentence
    assert [line.line for line in lines] == [line.line for line in explained]
    (at,) = [number for number, line in enumerate(explained) if line.line.startswith("check: ")]
    gradient = values_of(trace, run, iteration, sample).get(trace.system.gradient(quantity))
    for number, (line, other) in enumerate(zip(lines, explained, strict=True)):
        if not 0 <= number - at < CHECKED:
            assert line.numbers == other.numbers, line.line
            assert agree(line.result, other.result), line.line
    difference = lines[at + 1].result
    if gradient is not None and not trace.experiment.decimals:
        assert difference < 1e-6 or abs(lines[at].result - gradient) < 1e-9
    assert lines[at].result == pytest.approx(explained[at].result, rel=1e-7, abs=1e-9)


def books_of(cases: list[Case], folder: Path) -> dict[str, tuple[Path, tracer.Trace]]:
    """The workbooks of the models."""
    found = {}
    for model, *_ in cases:
        if key(model) not in found:
            trace = tracer.run(model, iterations=9)
            path = folder / f"{key(model)}.xlsx"
            trace.to_excel(path)
            found[key(model)] = path, trace
    return found


@pytest.mark.office
@pytest.mark.parametrize("cases", [CASES[::9], pytest.param(CASES, marks=pytest.mark.long)], ids=["sample", "all"])
def test_whatever_is_chosen_the_block_says_what_is_explained(cases: list[Case], tmp_path: Path) -> None:
    """Other quantities, iterations, learning rates and samples than those stored."""
    books, copies = books_of(cases, tmp_path), []
    for model, quantity, iteration, sample in cases:
        path, trace = books[key(model)]
        rate = trace.runs[-1].learning_rate if len(trace.runs) > 1 else None
        copies.append(chosen(path, tmp_path, iteration, rate, sample, quantity))
    computed = recalculated(copies, tmp_path / "computed")
    for book, (model, quantity, iteration, sample) in zip(computed, cases, strict=True):
        hold(book, books[key(model)][1], quantity, iteration, sample)


@pytest.mark.office
@pytest.mark.long
def test_the_workbooks_as_they_are_stored(tmp_path: Path) -> None:
    paths = [path for path, _ in books_of(CASES, tmp_path).values()]
    for path, computed in zip(paths, recalculated(paths, tmp_path / "computed"), strict=True):
        assert disagreements(path, computed) == [], path.stem


@pytest.mark.long
@pytest.mark.office
def test_a_wide_network_and_every_shipped_config(tmp_path: Path) -> None:
    copies, cases = [], []
    for number, (model, quantity, iteration, sample) in enumerate(LONG):
        trace = tracer.run(model, iterations=6)
        path = tmp_path / f"{number}.xlsx"
        trace.to_excel(path)
        wanted = [quantity] if quantity else Derivations(trace.system).quantities[::6]
        rate = trace.runs[-1].learning_rate if len(trace.runs) > 1 else None
        for name in wanted:
            copies.append(chosen(path, tmp_path, iteration, rate, sample, name))
            cases.append((trace, name, iteration, sample))
    for book, case in zip(recalculated(copies, tmp_path / "computed"), cases, strict=True):
        hold(book, *case)


@pytest.mark.office
@pytest.mark.parametrize(
    "asked", [["w99", ""], pytest.param(["w99", "W5", "i1", "w*", ""], marks=pytest.mark.long)], ids=["sample", "all"]
)
def test_what_cannot_be_chosen_is_said(asked: list[str], tmp_path: Path) -> None:
    """A name that does not exist, one in another case, what the loss does not follow from, and no name."""
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=3)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    copies = [chosen(path, tmp_path, 2 + number, None, None, name) for number, name in enumerate(asked)]
    for book, name in zip(recalculated(copies, tmp_path / "computed"), asked, strict=True):
        said = f"There is no {name}" if name else "Choose a quantity"
        assert f"{said} to focus on: w5 is shown." in said_on(book)
        head, *_ = block_of(openpyxl.load_workbook(book, data_only=True)[SHEET])
        assert head == "Why w₅ moves: E → a_o₁ → o₁ → w₅"


def test_the_block_of_the_classic_network(tmp_path: Path) -> None:
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    head, sentence, lines = block_of(openpyxl.load_workbook(path, data_only=True)[SHEET])
    assert head == "Why w₅ moves: E → a_o₁ → o₁ → w₅"
    assert sentence == "∂E/∂w₅ is positive, so w₅ goes down by η·0.0128808 = 0.00644041."
    assert [(line.line, line.numbers) for line in lines] == [
        ("∂E/∂a_o₁ = −(t₁ − a_o₁)", "= −(0.5 − 0.606478)"),
        ("∂a_o₁/∂o₁ = a_o₁·(1 − a_o₁)", "= 0.606478·(1 − 0.606478)"),
        ("∂o₁/∂w₅ = a_h₁", "= 0.506875"),
        ("∂E/∂w₅ = ∂E/∂a_o₁·∂a_o₁/∂o₁·∂o₁/∂w₅", "= 0.106478·0.238662·0.506875"),
        ("check: (E(w₅ + ε) − E(w₅ − ε))/(2ε), ε = 1e-5", "= 2.57616e-7/(2·1e-5)"),
        ("its relative difference to ∂E/∂w₅", ""),
        ("w₅ ← w₅ − η·∂E/∂w₅", "= 0.4 − 0.5·0.0128808"),
    ]  # fmt: skip
    assert lines[3].result == pytest.approx(trace["∂E/∂w5"][0], rel=1e-15)
    assert lines[-1].result == trace["w5"][1]
    book = openpyxl.load_workbook(path)
    (rule,) = [r for r in book[SHEET].data_validations.dataValidation if "a quantity" in r.error]
    cells = rule.formula1.partition("!")[2].replace("$", "")
    listed = [row[0].value for row in book["Workings"][cells]]
    assert listed == [
        *(f"w{number}" for number in range(1, 9)), "h1", "a_h1", "h2", "a_h2", "o1", "a_o1", "o2", "a_o2",
    ]  # fmt: skip
    assert said_on(path) == HINT_TEXT


def forms_of(path: Path) -> dict[str, tuple[float, str]]:
    """The results of the block by their cells, each with its number format."""
    sheet = openpyxl.load_workbook(path, data_only=True)[SHEET]
    rules = [
        (cells.sqref, rule.formula[0], rule.dxf.numFmt.formatCode)
        for cells, rules in sheet.conditional_formatting._cf_rules.items()
        for rule in rules
        if rule.dxf and rule.dxf.numFmt
    ]
    found = {}
    for place in {str(cells) for cells, *_ in rules}:
        for (cell,) in sheet[place]:
            if isinstance(cell.value, int | float):
                form = cell.number_format
                for cells, condition, code in rules:
                    size = float(condition.rpartition("=")[2].rstrip(")"))
                    if str(cells) == place and (abs(cell.value) >= size if "ABS" in condition else cell.value == size):
                        form = code
                found[cell.coordinate] = (float(cell.value), form)
    return found


def test_numbers_of_any_size_fit_in_the_block(tmp_path: Path) -> None:
    """A price of hundreds of thousands: its gradient has nine digits before the point, too many for nine more after it."""
    path = tmp_path / "book.xlsx"
    tracer.run(LARGE).to_excel(path)
    forms = list(forms_of(path).values())
    assert forms[:3] == [(-298_800, SCIENTIFIC), (1200, SCIENTIFIC), (-298_800 * 1200, SCIENTIFIC)]
    assert {form for value, form in forms if abs(value) < 1000} == {ANY}


def test_a_zero_in_the_block_is_0_without_a_sign(tmp_path: Path) -> None:
    """Two of the three targets of iris are 0, and −0/0.126 is −0.0."""
    path = tmp_path / "book.xlsx"
    tracer.run(ROOT / "configs" / "iris.yaml", iterations=1).to_excel(path)
    zeros = [(str(value), form) for value, form in forms_of(path).values() if not value]
    assert len(zeros) >= 2
    assert set(zeros) == {("0.0", ZERO)}


def test_the_row_of_the_check_is_as_high_as_its_text_needs(tmp_path: Path) -> None:
    """It has 51 characters, 23 of them narrow, and fits in one line."""
    path = tmp_path / "book.xlsx"
    tracer.run(ROOT / "configs" / "regression.yaml", iterations=1).to_excel(path)
    sheet = openpyxl.load_workbook(path, data_only=True)[SHEET]
    (row,) = [cell.row for cell, *_ in sheet.iter_rows(max_row=40) if str(cell.value).startswith("check: ")]
    assert sheet.row_dimensions[row].height == LINE_HEIGHT + 1


def test_all_factors_have_a_line(tmp_path: Path) -> None:
    """A weight of the hidden layer of iris reaches the loss in nine ways, through 17 factors."""
    trace = tracer.run(ROOT / "configs" / "iris.yaml", iterations=1)
    derivation = Derivations(trace.system, typeset(trace.system.quantities)).of("w1")
    _, lines = expected(trace, trace.runs[-1], "w1", 1, None)
    assert [line.line.partition(" = ")[0] for line in lines[:17]] == [factor.symbol for factor in derivation.factors]


@pytest.mark.office
def test_with_decimals_the_block_says_what_is_rounded(tmp_path: Path) -> None:
    """Δw1 is 0.00015 before w1 is rounded; the products add up to another number than the rounded steps of the run."""
    trace = tracer.run(WALKTHROUGH, decimals=4, learning_rate=0.5, iterations=3)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    (book,) = recalculated([chosen(path, tmp_path, 3, focus="w1")], tmp_path / "computed")
    _, sentence, lines = block_of(openpyxl.load_workbook(book, data_only=True)[SHEET])
    assert sentence.endswith(" = 0.0001, rounded to 4 decimals.")
    (at,) = [number for number, line in enumerate(lines) if "the sum over its 2 paths" in line.line]
    assert lines[at + 1].line == "∂E/∂w₁ with every result rounded to 4 decimals"
    assert lines[at + 1].result == trace["∂E/∂w1"][2] == pytest.approx(round(lines[at].result, 4))
    assert lines[at + 2].line.startswith("check: without rounding, (E(w₁ + ε)")
    slope = lines[at + 2].result
    assert lines[at + 3].result == pytest.approx(abs(slope - lines[at + 1].result) / max(slope, lines[at + 1].result))


def test_a_run_without_a_whole_step_has_no_focus(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(BLOWS_UP | {"weights": [1e200] * 5 + [1, 1, 1]}).to_excel(path)
    assert yellow_cells(path) == {}


def test_a_loss_that_overflows_next_to_the_parameter_is_no_error_of_the_sheet(tmp_path: Path) -> None:
    """The step has its values, but one of the two passes of the numeric check has none."""
    config = {
        "equations": "E = exp(w)", "minimize": "E", "parameters": {"w": 709.78}, "learning_rate": 1e-310,
        "iterations": 1,
    }  # fmt: skip
    path = tmp_path / "book.xlsx"
    tracer.run(config).to_excel(path)
    assert all(cell.error is None for cell in stored_cells(path)[SHEET].values())


@pytest.mark.long
@pytest.mark.office
def test_a_network_too_wide_for_two_more_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is computed beforehand for what is chosen at first; of anything else the sheet says that it is not."""
    monkeypatch.setattr("tracer.workbook.walkthrough.focus.numeric_check.MOST_FORMULAS", 0)
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=4)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    copies = [path, chosen(path, tmp_path, 2), chosen(path, tmp_path, 1, focus="w1")]
    lines = []
    for book in recalculated(copies, tmp_path / "computed"):
        rows = openpyxl.load_workbook(book, data_only=True)[SHEET].iter_rows(values_only=True)
        lines.append([row for row in rows if str(row[0]).startswith("check: ")])
    (first,), *others = lines
    assert first[0] == "check: (E(w₅ + ε) − E(w₅ − ε))/(2ε), ε = 1e-5"
    assert next(cell for cell in first if isinstance(cell, float)) == pytest.approx(trace["∂E/∂w5"][0], rel=1e-6)
    for (other,) in others:
        assert [cell for cell in other if cell] == ["check: computed beforehand for w5 in iteration 1; not here"]
