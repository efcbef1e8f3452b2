"""The Walkthrough sheet: whichever step is chosen, every number is the trace's and every text what we would write."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

import tracer
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH, agree
from tests.sheets import recalculated, rewrite, sheet_xml, stored_cells
from tracer.explain.blocks import Line, blocks
from tracer.explain.templates import BATCH_SIZE, TOTAL, Slot, filled, written
from tracer.formulas.evaluation import evaluate
from tracer.grading.check import check_workbook
from tracer.grading.ways.headers import BESIDE
from tracer.model.naming import COUNT, ETA, to_ascii
from tracer.model.typography import typeset
from tracer.tables.activations import read_formula
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.walkthrough.contents import LONG
from tracer.workbook.walkthrough.controls import HINT_TEXT

SHEET, WORKINGS = "Walkthrough", "Workings"
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
    "momentum": MOMENTUM,
}  # fmt: skip

LOOKED_UP = re.compile(
    r"(?:IF\([^,]*=0,[^,]*,)?INDEX\((?:CHOOSE\([^,]*,)?'[^!]*!\$([A-Z]+)\$5:\$\1\$\d+[^:]*(?::[^:]*)*,Workings!\$[A-Z]+\$\d+\)+"
)
"""The formula of a number of the chosen step in the sheet of its run, and its column there."""
STEPS = 9
"""Few enough that no difference falls below what a spreadsheet resolves."""


def chosen(
    path: Path,
    folder: Path,
    iteration: float,
    rate: float | None = None,
    sample: int | None = None,
    focus: str | None = None,
) -> Path:
    """A copy of the workbook with other values in the yellow cells."""
    cells = yellow_cells(path)
    values = {"an iteration": iteration, "a learning rate": rate, "a sample": sample}

    def change(xml: str) -> str:
        for what, value in values.items():
            if value is not None and what in cells:
                xml = re.sub(rf'(<c r="{cells[what]}" s="\d+">)<v>[^<]*</v>', rf"\g<1><v>{value!r}</v>", xml)
        if focus is not None:
            xml = re.sub(rf'(<c r="{cells["a quantity"]}" s="\d+" t="inlineStr"><is><t>)[^<]*', rf"\g<1>{focus}", xml)
        return xml

    return rewrite(
        path,
        folder / f"{path.stem}-{iteration}{focus}.xlsx",
        lambda xml: change(xml) if "dataValidation " in xml else xml,
    )


def yellow_cells(path: Path) -> dict[str, str]:
    """What can be chosen on the sheet, each with its cell."""
    rules = openpyxl.load_workbook(path)[SHEET].data_validations.dataValidation
    return {rule.error.removeprefix("Choose ").removesuffix(" from the list."): str(rule.sqref) for rule in rules}


def said_on(path: Path) -> str:
    """What the sheet says beside the yellow cells."""
    sheet = openpyxl.load_workbook(path, data_only=True)[SHEET]
    (text,) = [cell.value for cell in sheet[2] if isinstance(cell.value, str) and cell.value.endswith((".", ". "))]
    return str(text)


def lines_of(sheet: Worksheet) -> dict[str, tuple[str, float]]:
    """Every line of the numbered blocks: symbols → the numbers put in, and the result."""
    found = {}
    first = next(row[0].row for row in sheet.iter_rows() if str(row[0].value).startswith("I  "))
    for row in sheet.iter_rows(min_row=first):
        texts = [cell.value for cell in row if cell.value is not None]
        if len(texts) >= 3 and isinstance(texts[1], str) and texts[1].startswith("= "):
            found[str(texts[0])] = (texts[1], texts[2])
    return found


def values_of(trace: tracer.Trace, run: tracer.Run, iteration: int, sample: int | None = None) -> dict[str, float]:
    """All numbers of a step: of this sample in this iteration, or of the iteration's first one; 0 before the first."""
    constants = {**trace.system.hyper, COUNT: float(iteration)}
    if run.learning_rate is not None:
        constants[ETA] = run.learning_rate
    if iteration == 0:
        return dict.fromkeys(run.columns, 0.0) | constants
    places = list(run.places())
    index = places.index((iteration, sample)) if sample else run.batches.first_row(iteration - 1)
    return run.step(index) | constants


def expected_line(
    line: Line, run: tracer.Run, now: Mapping[str, float], before: Mapping[str, float]
) -> tuple[str, float]:
    text = filled(line.template(run.batches.rows), values_of_slots(run, now, before))
    return text, evaluate(line.expression, now) if line.is_update else now[line.quantity]


def values_of_slots(run: tracer.Run, now: Mapping[str, float], before: Mapping[str, float]) -> Callable[[Slot], float]:
    """The numbers that are put into an equation of a step."""
    rows = range(*map(run.batches.first_row, (int(now[COUNT]) - 1, int(now[COUNT]))))

    def value(slot: Slot) -> float:
        if slot.name.batch:
            steps = [run.step(row) for row in rows]
            if slot.name == BATCH_SIZE:
                return float(len(steps))
            if slot.row == TOTAL:
                return math.fsum(step[slot.name.name] for step in steps)
            return steps[slot.row][slot.name.name]
        return (before if slot.name.lag else now)[slot.name.name]

    return value


def check(
    book: Path, trace: tracer.Trace, run: tracer.Run, iteration: int, least: int, sample: int | None = None
) -> None:
    """Hold what LibreOffice computed against the trace."""
    now, before = values_of(trace, run, iteration, sample), values_of(trace, run, iteration - 1)
    computed = openpyxl.load_workbook(book, data_only=True)
    shown = lines_of(computed[SHEET])
    names = typeset(trace.system.quantities)
    lines = {
        names[line.quantity] + (" ←" if line.is_update or line.quantity in trace.system.states else " ="): line
        for block in blocks(trace.system) for group in block.groups for line in group.lines
    }  # fmt: skip
    assert len(shown) >= least
    for symbols, (text, result) in shown.items():
        line = lines[" ".join(symbols.split()[:2])]
        expected_text, expected = expected_line(line, run, now, before)
        assert text == expected_text, symbols
        assert agree(result, expected), symbols
    cells = stored_cells(book)
    header = {cell.column_letter: str(cell.value) for cell in openpyxl.load_workbook(book)[run.title][4] if cell.value}
    looked_up = 0
    for cell in (*cells[SHEET].values(), *cells[WORKINGS].values()):
        column = LOOKED_UP.fullmatch(cell.formula or "")
        if column and header[column[1]] in now:
            assert cell.value is not None
            of = before if (cell.formula or "").startswith("IF(") else now
            assert agree(cell.value, of[header[column[1]]]), cell
            looked_up += 1
        assert cell.error is None, cell
    assert looked_up >= len(trace.system.data)


@pytest.mark.office
@pytest.mark.parametrize(
    "name", [name if name == "classic" else pytest.param(name, marks=pytest.mark.long) for name in MODELS]
)
def test_every_step_that_can_be_chosen(name: str, tmp_path: Path) -> None:
    """The first, a middle and the last iteration, of the first and of the last run: every number is the trace's (1e-12),
    every text with the numbers put in is the one that we write. Others recalculate what every workbook first shows."""
    trace = tracer.run(MODELS[name], iterations=STEPS)
    path = tmp_path / f"{name}.xlsx"
    trace.to_excel(path)
    steps = [(1, trace.runs[0]), (STEPS // 2, trace.runs[-1]), (STEPS, trace.runs[-1])]
    copies = [chosen(path, tmp_path, iteration, run.learning_rate) for iteration, run in steps]
    count = sum(len(group.lines) for block in blocks(trace.system) for group in block.groups)
    for book, (iteration, run) in zip(recalculated(copies, tmp_path / "computed"), steps, strict=True):
        check(book, trace, run, iteration, least=min(count, 30))


@pytest.mark.long
@pytest.mark.office
def test_every_sample_that_can_be_chosen(tmp_path: Path) -> None:
    """A batch of four, batches of ten drawn anew, one sample at a time with a learning rate that changes. Of a sample
    that is in another batch the sheet says so, and shows the first one of the batch."""
    cases = []
    uneven = tracer.Override(("update",), {"batch_size": 3}, "test")
    for name, iteration, place in (
        ("xor", 7, 2), ("iris", 5, 9), ("iris", 4, None), ("regression", 8, 0), ("uneven", 3, 1), ("uneven", 4, 0),
    ):  # fmt: skip
        config = ROOT / "configs" / f"{'xor' if name == 'uneven' else name}.yaml"
        trace = tracer.run(config, iterations=8, overrides=[uneven] if name == "uneven" else [])
        path = tmp_path / f"{name}{iteration}.xlsx"
        trace.to_excel(path)
        run = trace.runs[-1]
        batch = [sample for number, sample in run.places() if number == iteration]
        asked = next(n for n in range(1, 151) if n not in batch) if place is None else batch[place]
        copy = chosen(path, tmp_path, iteration, run.learning_rate, asked)
        cases.append((copy, trace, run, iteration, batch[place or 0], place is None))
    books = recalculated([copy for copy, *_ in cases], tmp_path / "computed")
    for book, (_, trace, run, iteration, sample, elsewhere) in zip(books, cases, strict=True):
        check(book, trace, run, iteration, least=7, sample=sample)
        assert said_on(book) == (
            f"That sample is in another batch: sample {sample} is shown. " if elsewhere else HINT_TEXT
        )


@pytest.mark.office
@pytest.mark.long
def test_an_iteration_that_there_is_not(tmp_path: Path) -> None:
    """The nearest one is shown, and that it is."""
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=10)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    asked = {0: 1, 1000: 10, 7.9: 7}
    copies = [chosen(path, tmp_path, iteration) for iteration in asked]
    for computed, shown in zip(recalculated(copies, tmp_path / "computed"), asked.values(), strict=True):
        check(computed, trace, trace.runs[0], shown, least=30)
        assert said_on(computed) == f"This run has no such iteration: {shown} is shown. "


def given_in(formula: str, trace: tracer.Trace) -> set[str]:
    """Which quantities a formula looks up in the sheets of the runs; "" is what it computes from them."""
    header = {letter: name for name, letter in TraceFormulas("x", trace.system, trace.runs[0]).letters.items()}
    looked_up = LOOKED_UP.fullmatch(formula)
    if looked_up:
        return {header[looked_up[1]]}
    return {ETA} if re.fullmatch(r"CHOOSE\([^(]*\)|'[^']*'!\$[A-Z]+\$1", formula) else {""}


SOME = [pytest.param(name, marks=pytest.mark.long) if name in ("six", "wide") else name for name in MODELS]
"""The large ones take long."""


@pytest.mark.parametrize("name", SOME)
def test_only_what_is_given_is_looked_up_in_the_sheets_of_the_runs(name: str, tmp_path: Path) -> None:
    """Everything else is computed on the sheet, or stands on the sheet of workings. Only the picture of a wide network
    sums up whole columns."""
    trace = tracer.run(MODELS[name], iterations=3)
    trace.to_excel(tmp_path / "book.xlsx")
    formulas = [cell.formula for cell in stored_cells(tmp_path / "book.xlsx")[SHEET].values() if cell.formula]
    there = [formula for formula in formulas if any(f"'{run.title}'!" in formula for run in trace.runs)]
    summed = [formula for formula in there if name == "wide" and re.match("MIN|MAX|AVERAGE|SQRT", formula)]
    found = {quantity for formula in there if formula not in summed for quantity in given_in(formula, trace)}
    system = trace.system
    values = openpyxl.load_workbook(tmp_path / "book.xlsx", data_only=True)[SHEET]
    computed = {begins.split()[0] for begins in lines_of(values)}
    assert len(computed) > 10
    assert found & computed <= {parameter.name for parameter in system.parameters}
    assert found >= set(system.data)
    if name != "wide":  # whose picture shows what has no line
        assert found <= {*system.data, *(p.name for p in system.parameters), *system.hyper, ETA}
    assert len(formulas) > 3 * len(there)


def operands_of(sheet: Worksheet, cell: str) -> str:
    """A formula with the labels of the cells that it refers to: what stands left of them, or begins their line."""

    def label(match: re.Match[str]) -> str:
        row = sheet[match[0]].row
        beside = sheet.cell(row, sheet[match[0]].column - 1).value
        return str(beside or sheet.cell(row, 1).value).split()[0]

    return re.sub(r"[A-Z]+\d+", label, str(sheet[cell].value).removeprefix("="))


def result_cell(sheet: Worksheet, begins: str) -> str:
    """The cell of the result of the line that begins so."""
    (row,) = [row for row in sheet.iter_rows(max_col=60) if str(row[0].value).startswith(begins)]
    return str(next(cell.coordinate for cell in reversed(row) if cell.value is not None))


def test_a_result_refers_to_the_cells_that_show_its_operands(tmp_path: Path) -> None:
    """As one would point at them: to the weights and inputs in the picture, to the results above."""
    trace = tracer.run(WALKTHROUGH, iterations=3)
    trace.to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[SHEET]
    expected = {
        "h₁ = ": "w₁*i₁+w₂*i₂", "a_h₁ = ": "1/(1+EXP(-h₁))", "o₂ = ": "w₇*a_h₁+w₈*a_h₂", "E₁ = ": "0.5*(t₁-a_o₁)^2",
        "E_total = ": "E₁+E₂", "∂E/∂a_h₁ = ": "∂E/∂o₁*w₅+∂E/∂o₂*w₇", "∂E/∂w₅ = ": "∂E/∂o₁*a_h₁", "w₅ ← ": "w₅-η*∂E/∂w₅",
    }  # fmt: skip
    assert {begins: operands_of(sheet, result_cell(sheet, begins)) for begins in expected} == expected
    for begins in ("h₁ = ", "E_total = "):
        name = begins.split()[0]
        (label,) = [c for row in sheet.iter_rows(max_row=16, min_row=6) for c in row if c.value == name]
        assert sheet.cell(label.row, label.column + 1).value == f"={result_cell(sheet, begins)}"


@pytest.mark.parametrize("name", [*SOME, "xor"])
def test_no_column_is_hidden_and_the_controls_are_in_the_first_twelve(name: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(MODELS.get(name, ROOT / "configs" / "xor.yaml"), iterations=3).to_excel(path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == SHEET
    assert book.sheetnames[-1] == WORKINGS
    for sheet in (book[SHEET], book[WORKINGS]):
        assert not any(dimension.hidden for dimension in sheet.column_dimensions.values())
        assert sheet.sheet_state == "visible"
    cells = yellow_cells(path)
    assert {"an iteration", "a learning rate", "a sample"} & cells.keys() >= {"an iteration"}
    assert all(book[SHEET][cell].column <= 12 for cell in cells.values())
    assert all(book[SHEET][cell].row < int(book[SHEET].freeze_panes[1:]) for cell in cells.values())


@pytest.mark.parametrize("name", SOME)
def test_links_lead_to_the_blocks(name: str, tmp_path: Path) -> None:
    """Each to the rows whose title it names, from a row that is always in view; long sheets have a table of contents."""
    trace = tracer.run(MODELS[name], iterations=3)
    trace.to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[SHEET]
    titles = [" ".join(block.title.split()) for block in blocks(trace.system)]
    at_top = []
    for cell in [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]:
        text, place = str(cell.value), str(cell.hyperlink.location).partition("!")[2].split(":")[0]
        target = str(sheet[place].value)
        assert target
        if cell.row < int(sheet.freeze_panes[1:]):
            at_top.append(text)
            assert text in ("top", "focus", " ".join(target.split()))
        else:
            assert text == target or text.endswith(f": {place[1:]}")
    assert at_top == ["top", "focus", *titles]
    contents = [cell for (cell,) in sheet.iter_rows(max_col=1) if cell.value == "Contents"]
    values = openpyxl.load_workbook(tmp_path / "book.xlsx", data_only=True)[SHEET]
    assert bool(contents) == (len(lines_of(values)) >= LONG)


def test_no_text_completes_a_typed_number(tmp_path: Path) -> None:
    """LibreOffice completes what is typed to a text in the same column that begins with it."""
    tracer.run(WALKTHROUGH, iterations=3).to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[SHEET]
    columns = {cell.column for cell in sheet[3] if cell.value is not None}
    texts = [c.value for row in sheet.iter_rows() for c in row if c.column in columns and isinstance(c.value, str)]
    assert [text for text in texts if text[:1].isdigit()] == []


def test_our_own_explanation_is_not_graded(tmp_path: Path) -> None:
    """Its formulas are those of a network too, step by step and laid out as a picture."""
    for config in ("walkthrough", "rnn", "xor"):
        path = tmp_path / f"{config}.xlsx"
        tracer.run(ROOT / "configs" / f"{config}.yaml", iterations=3).to_excel(path)
        report = check_workbook(path)
        reasons = {sheet.sheet: sheet.reason for sheet in report.sheets}
        assert reasons[SHEET] == reasons[WORKINGS] == BESIDE
        assert report.score == 100


def test_blocks_say_what_they_are_for_and_fold(tmp_path: Path) -> None:
    trace = tracer.run(WALKTHROUGH, iterations=3)
    trace.to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[SHEET]
    assert not sheet.sheet_properties.outlinePr.summaryBelow
    for block in blocks(trace.system):
        (row,) = [cell.row for (cell,) in sheet.iter_rows(max_col=1) if cell.value == block.title]
        assert sheet.cell(row + 1, 1).value == block.why
        assert len(block.why) > 40
        assert not sheet.row_dimensions[row].outlineLevel
        lines = sum(len(group.lines) for group in block.groups)
        assert all(sheet.row_dimensions[row + below].outlineLevel == 1 for below in range(1, lines + 2))


WINDOW = 1270, 530
"""Pixels that LibreOffice leaves for cells in a window of 1366 × 768; Excel leaves somewhat more."""


@pytest.mark.parametrize("name", ["walkthrough", "iris", "rnn", "xor", "deep", "attention"])
def test_the_chart_is_in_view(name: str, tmp_path: Path) -> None:
    """The whole chart, at 7 pixels a character of Calibri 11 and 5 a column; beside a picture it has its legend at the
    bottom, and covers nothing of the picture."""
    tracer.run(ROOT / "configs" / f"{name}.yaml").to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[SHEET]
    assert 75 <= sheet.sheet_view.zoomScale <= 100
    zoom = sheet.sheet_view.zoomScale / 100
    (chart,) = sheet._charts
    corner = chart.anchor._from
    left = sum(7 * sheet.column_dimensions[get_column_letter(c)].width + 5 for c in range(1, corner.col + 1))
    top = sum((sheet.row_dimensions[row].height or 15) * 96 / 72 for row in range(1, corner.row + 1))
    width, height = chart.anchor.ext.width / 9525, chart.anchor.ext.height / 9525
    assert width >= 260
    assert zoom * (left + width) <= WINDOW[0]
    assert zoom * (top + height) <= WINDOW[1]
    assert chart.legend is None or chart.legend.position == ("r" if name == "walkthrough" else "b")
    covered = sheet.iter_rows(min_row=corner.row + 1, max_row=corner.row + 13, min_col=corner.col + 1)
    assert not [cell for row in covered for cell in row if cell.value is not None]


def test_the_picture_of_the_classic_network_is_in_view(tmp_path: Path) -> None:
    """The yellow cells, the picture, and the chart below it beside the first lines."""
    tracer.run(WALKTHROUGH).to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[SHEET]
    assert sheet.sheet_view.zoomScale >= 80
    (chart,) = sheet._charts
    rows = sheet.iter_rows(min_row=6, max_row=chart.anchor._from.row)
    picture = [cell for row in rows for cell in row if cell.value is not None]
    assert {"w₁", "w₈", "E_total", "a_o₂"} <= {str(cell.value) for cell in picture}


def test_the_title_of_the_workings_is_not_cut(tmp_path: Path) -> None:
    """Its row is higher than its letters, also where a spreadsheet does not fit heights by itself."""
    tracer.run(WALKTHROUGH, iterations=2).to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Workings"]
    assert sheet.row_dimensions[1].height >= 1.5 * sheet["A1"].font.size


def test_a_small_network_is_printed_on_one_page(tmp_path: Path) -> None:
    """At half its size at least, on paper of 8.27 × 11.69 inches; a larger one as wide as the page."""
    sheets = {}
    for name in ("walkthrough", "deep"):
        tracer.run(ROOT / "configs" / f"{name}.yaml", iterations=3).to_excel(tmp_path / f"{name}.xlsx")
        sheets[name] = openpyxl.load_workbook(tmp_path / f"{name}.xlsx")[SHEET]
    small, large = sheets["walkthrough"], sheets["deep"]
    assert (small.page_setup.fitToHeight, small.page_setup.orientation) == (1, "portrait")
    assert (large.page_setup.fitToHeight, large.page_setup.orientation) == (0, "landscape")
    assert small.sheet_properties.pageSetUpPr.fitToPage
    last = int(str(small.print_area).rpartition("$")[2])
    high = sum(small.row_dimensions[row].height or 15 for row in range(1, last + 1))
    wide = sum(5.25 * dimension.width + 3.75 for dimension in small.column_dimensions.values())
    margins = small.page_margins
    assert 72 * (11.69 - margins.top - margins.bottom) / high > 0.48
    assert 72 * (8.27 - margins.left - margins.right) / wide > 0.5


@pytest.mark.office
def test_a_changed_number_is_said(tmp_path: Path) -> None:
    """η in a trace sheet, its weight, and a sample: the values in the cells are shown, and what the workbook was made
    with."""
    classic, xor = tmp_path / "classic.xlsx", tmp_path / "xor.xlsx"
    trace = tracer.run(WALKTHROUGH, learning_rate=[0.5, 2], iterations=3)
    trace.to_excel(classic)
    tracer.run(ROOT / "configs" / "xor.yaml", learning_rate=0.5, iterations=3).to_excel(xor)
    changes = {
        "rate": (classic, r'(<c r="B1" s="\d+">)<v>0.5</v>', r"\g<1><v>0.6</v>"),
        "weight": (classic, r'(<c r="[A-Z]+5" s="\d+">)<v>0\.4[^<]*</v>', r"\g<1><v>0.41</v>"),
        "sample": (xor, r'(<c r="C5" s="\d+">)<v>[^<]*</v>', r"\g<1><v>0.25</v>"),
    }
    copies = []
    for name, (path, old, new) in changes.items():
        assert any(re.search(old, xml) for xml in sheet_xml(path).values()), name
        change = functools.partial(re.sub, old, new)
        copies.append(rewrite(path, tmp_path / f"{name}.xlsx", change))
    copies.append(chosen(classic, tmp_path, 1, 0.7))
    twice = rewrite(classic, tmp_path / "twice.xlsx", functools.partial(re.sub, changes["rate"][1], r"\g<1><v>2</v>"))
    copies.append(chosen(twice, tmp_path, 1, 2))
    rate, weight, sample, none, unchanged = recalculated(copies, tmp_path / "computed")
    assert "made with" not in said_on(unchanged)  # of two runs with η = 2, the one that was made so
    assert said_on(rate) == "learning rate η is 0.6 now; this workbook was made with 0.5. "
    assert said_on(weight) == "w5 at the start is 0.41 now; this workbook was made with 0.4. "
    assert said_on(sample) == "i2 of sample 2 is 0.25 now; this workbook was made with 1. "
    assert said_on(none) == "There is no run with this learning rate η: 0.5 is shown. "
    lines = lines_of(openpyxl.load_workbook(rate, data_only=True)[SHEET])
    now = tracer.run(WALKTHROUGH, learning_rate=0.6, iterations=1)
    assert agree(lines["w₅ ← w₅ − η·∂E/∂w₅"][1], now.runs[0].final["w5"])


@pytest.mark.office
def test_a_learning_rate_is_chosen_as_a_list_shows_it(tmp_path: Path) -> None:
    """With fewer digits than it has."""
    path = tmp_path / "book.xlsx"
    trace = tracer.run(WALKTHROUGH, learning_rate=[0.1, 1 / 3], iterations=3)
    trace.to_excel(path)
    (computed,) = recalculated([chosen(path, tmp_path, 2, 0.3333333333)], tmp_path / "computed")
    assert said_on(computed) == HINT_TEXT
    lines = lines_of(openpyxl.load_workbook(computed, data_only=True)[SHEET])
    assert agree(lines["E_total = E₁ + E₂"][1], trace.runs[1]["E_total"][1])


HARD = [
    0.15, -0.0275, 0.1234565, 0.1234575, 0.12345649999999, 1.2345675e-7, 9.9999995e-5, 9.999994e-5, 1e-4, 0.0001000005,
    999999.4, 999999.5, 999999.9999999999, 1e6, 123456.5, 123455.5, -1234567.5, 1e15, 123456789012345680, 1e-12, 5e-301,
    2.5e-290, 1e290, 0.1 + 0.2, 1 / 3, 2 / 3, 100, 1e5, 12345.65, 0.5, 5, 0.05, 1.0000005, 9.9999949, 9.9999951, 0,
]  # fmt: skip
"""Numbers whose six digits are easily got wrong: halves, next to powers of ten, far out."""


@pytest.mark.office
def test_numbers_are_rounded_as_spreadsheets_do(tmp_path: Path) -> None:
    count = len(HARD)
    equations = [f"y{n} = x{n} + 0*w" for n in range(count)]
    config = {
        "inputs": {f"x{n}": value for n, value in enumerate(HARD)}, "parameters": {"w": 0.5}, "iterations": 2,
        "equations": "\n".join([*equations, "E = w^2"]), "minimize": "E", "learning_rate": 0.1,
    }  # fmt: skip
    path = tmp_path / "book.xlsx"
    trace = tracer.run(config)
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    names = typeset(trace.system.quantities)
    lines = lines_of(openpyxl.load_workbook(computed, data_only=True)[SHEET])
    texts = {symbols.split()[0]: text for symbols, (text, _) in lines.items()}
    assert [texts[names[f"y{n}"]].split()[1] for n in range(count)] == [written(value) for value in HARD]


# ------------------------------------------------------------------------------------ the text, without a sheet


@pytest.mark.parametrize(
    ("value", "text", "in_brackets"),
    [
        (0.15, "0.15", "0.15"), (-0.0275, "−0.0275", "(−0.0275)"), (0.0, "0", "0"), (2.0, "2", "2"),
        (1.234567e-7, "1.23457e-7", "1.23457e-7"), (1e6, "1e6", "1e6"), (123456.5, "123457", "123457"),
        (-1e-301, "0", "0"), (9.9999996e-5, "0.0001", "0.0001"), (1 / 3, "0.333333", "0.333333"),
    ],
)  # fmt: skip
def test_a_number_as_text(value: float, text: str, in_brackets: str) -> None:
    assert (written(value), written(value, signed=False)) == (text, in_brackets)


@given(st.floats(min_value=1e-290, max_value=1e290))
def test_six_digits_are_kept(value: float) -> None:
    assert float(written(value)) == pytest.approx(value, rel=5.1e-6)
    assert float(written(-value).replace("−", "-")) == -float(written(value))


def test_the_three_forms() -> None:
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5)
    now = values_of(trace, trace.runs[0], 1)
    lines = {
        line.quantity: filled(line.template(), lambda slot: now[slot.name.name])
        for block in blocks(trace.system) for group in block.groups for line in group.lines if not line.is_update
    }  # fmt: skip
    assert lines["h1"] == "= 0.15·0.05 + 0.2·0.1"
    assert lines["a_h1"] == "= 1/(1 + e^−0.0275)"
    assert lines["E1"] == "= 0.5·(0.5 − 0.606478)²"
    assert lines["∂E/∂a_h1"] == "= 0.0254122·0.4 + 0.0303987·0.5"
    titles = [block.title for block in blocks(trace.system)]
    assert titles == [
        "I  Forward", "II  Loss", "III  Output gradients", "IV  Backpropagated error", "V  Hidden gradients", "VI  Updates",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["iris", "six", "wide", "classic", "rnn"])
def test_the_numbers_put_in_come_to_the_result(name: str) -> None:
    """Read back as arithmetic: a bracket or a sign too few would show."""
    trace = tracer.run(MODELS[name], iterations=3)
    now, before = values_of(trace, trace.runs[0], 3), values_of(trace, trace.runs[0], 2)
    compared = 0
    for block in blocks(trace.system):
        for line in (line for group in block.groups for line in group.lines):
            text, result = expected_line(line, trace.runs[0], now, before)
            if "…" in text or " if " in text or "|" in text:
                continue
            known = to_ascii(text).removeprefix("= ").replace("e^(", "exp(").replace("ln(", "log(")
            assert evaluate(read_formula(known), {}) == pytest.approx(result, rel=2e-4, abs=2e-5), text
            compared += 1
    assert compared > 15


def test_a_layers_many_lines_are_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    tracer.run(WIDE, iterations=2).to_excel(path)
    sheet = openpyxl.load_workbook(path)[SHEET]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert "… and 268 more lines of the same kind: see the sheet of the run" in texts
    assert "layer h: 12 neurons, tanh; 240 parameters" in texts
    assert len(lines_of(sheet)) < 100


def test_the_mean_over_a_batch(tmp_path: Path) -> None:
    """Its numbers are put in where all batches are as large; where the last one is smaller, their sum and count."""
    texts = {}
    for size in (2, 3, 4):
        path = tmp_path / f"{size}.xlsx"
        update = tracer.Override(("update",), {"batch_size": size}, "test")
        trace = tracer.run(ROOT / "configs" / "xor.yaml", iterations=4, learning_rate=0.5, overrides=[update])
        trace.to_excel(path)
        lines = lines_of(openpyxl.load_workbook(path, data_only=True)[SHEET])
        texts[size], result = lines["E_batch = mean(E_total over the batch)"]
        assert result == trace["E_batch"][0]
        numbers = [float(n) for n in re.findall(r"[\d.]+", texts[size])]
        losses = trace["E_total"][:size]
        assert numbers == pytest.approx([sum(losses), 3] if size == 3 else losses, rel=1e-5)
    assert texts[2].startswith("= mean(")
    assert texts[3].endswith("/3")


def test_only_functions_that_every_spreadsheet_has(tmp_path: Path) -> None:
    """Nothing volatile, nothing newer than Excel 2016."""
    allowed = {
        "ABS", "AND", "AVERAGE", "CHOOSE", "COLUMN", "COUNT", "COUNTIF", "EXACT", "EXP", "IF", "IFERROR", "INDEX", "INT", "ISNUMBER", "LEFT", "LN",
        "LOG10", "MATCH", "MAX", "MIN", "NA", "OR", "ROUND", "ROW", "SUBSTITUTE", "SQRT", "SUM", "SUMPRODUCT", "SUMSQ", "TANH", "SIGN",
    }  # fmt: skip
    for name, model in MODELS.items():
        path = tmp_path / f"{name}.xlsx"
        tracer.run(model, iterations=3).to_excel(path)
        formulas = [cell.formula for cells in stored_cells(path).values() for cell in cells.values() if cell.formula]
        without_texts = [re.sub('"[^"]*"', "", formula) for formula in formulas]
        assert {word for formula in without_texts for word in re.findall(r"([A-Z0-9.]+)\(", formula)} <= allowed
        assert max(map(len, formulas)) < 8192
        assert max((len(text) for formula in formulas for text in re.findall(r'"[^"]*"', formula)), default=0) < 255


def test_a_run_without_a_whole_step(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(BLOWS_UP | {"weights": [1e200] * 5 + [1, 1, 1]}).to_excel(path)
    sheet = openpyxl.load_workbook(path)[SHEET]
    assert sheet["A2"].value == "No step can be shown. Stopped in iteration 1: o1 is not a finite number."


def test_only_whole_steps_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(BLOWS_UP, learning_rate=[1e6, 0.1]).to_excel(path)
    lists = {
        str(rule.sqref): rule.formula1 for rule in openpyxl.load_workbook(path)[SHEET].data_validations.dataValidation
    }
    assert lists[yellow_cells(path)["an iteration"]] == "'η = 0.1'!$A$5:$A$104"
    last = next(
        cell for cell in stored_cells(path)[WORKINGS].values() if "!$A$50,'η = 0.1'!$A$104)" in str(cell.formula)
    )
    assert last.value == 46
    assert said_on(path) == f"{HINT_TEXT} Stopped in iteration 47: E1 is not a finite number."


def test_more_learning_rates_than_one_can_choose_among(tmp_path: Path) -> None:
    """A formula has room for so many; the sheet says that there are more."""
    path = tmp_path / "book.xlsx"
    rates = [0.1 + number / 997 for number in range(70)]
    tracer.run(WALKTHROUGH, learning_rate=rates, iterations=1).to_excel(path)
    book = openpyxl.load_workbook(path)
    assert str(book[SHEET]["A5"].value).endswith("(10 more learning rates are on their own sheets)")
    formulas = [cell.formula for cell in stored_cells(path)[SHEET].values() if cell.formula]
    assert 2000 < max(map(len, formulas)) < 8192
    assert len(book.sheetnames) == 76


def test_the_walkthrough_of_every_config_in_ascii(tmp_path: Path) -> None:
    for config in CONFIGS:
        path = tmp_path / f"{config.stem}.xlsx"
        tracer.run(config, iterations=2).to_excel(path, ascii=True)
        for name, cells in stored_cells(path).items():
            formulas = "".join(cell.formula or "" for cell in cells.values())
            assert name.isascii()
            assert formulas.isascii()


@pytest.mark.long
def test_a_network_of_many_layers_is_laid_out_in_linear_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    is_within = CellRange.issubset

    def counted(self: CellRange, other: CellRange) -> bool:
        nonlocal compared
        compared += 1
        return bool(is_within(self, other))

    monkeypatch.setattr(CellRange, "issubset", counted)
    layers = [{"neurons": 2} for _ in range(100)]
    config = {"inputs": [0.5, 0.1], "targets": [0.3], "layers": [*layers, {"neurons": 1}],
              "weights": [0.1] * 402, "learning_rate": 0.5, "iterations": 2}  # fmt: skip
    tracer.run(config).to_excel(tmp_path / "deep.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "deep.xlsx")[SHEET]
    assert len(sheet.merged_cells.ranges) > 1000
    assert compared < 5 * len(sheet.merged_cells.ranges)
