"""Workbooks of a part of the iterations: which rows they have, what in them is a value, and that the rest is live."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tests.sheets import disagreements, recalculated, rewrite, stored_cells
from tracer.api import walk
from tracer.commands.main import main
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Kind, Verdict
from tracer.model.batches import Keep
from tracer.output.trace import Trace
from tracer.workbook.trace.formulas import FIRST_ROW, HEADER_ROW

IRIS, XOR = ROOT / "configs" / "iris.yaml", ROOT / "configs" / "xor.yaml"
WORKBOOKS: dict[str, tuple[Path | Mapping[str, Any], Keep, dict[str, Any]]] = {
    "classic": (WALKTHROUGH, Keep(7, 3), {"iterations": 20, "learning_rate": [0.1, 0.5]}),
    "the end": (WALKTHROUGH, Keep(None, 3), {"iterations": 20, "learning_rate": 0.5}),
    "Adam": (WALKTHROUGH, Keep(5, 2), {"iterations": 12, "learning_rate": [0.01, 0.1], "optimizer": "adam"}),
    "the end of Adam": (WALKTHROUGH, Keep(None, 2), {"iterations": 9, "learning_rate": 0.01, "optimizer": "adam"}),
    "stopped early": (XOR, Keep(50), {"iterations": 300}),
    "online": (XOR, Keep(7), {"iterations": 30, "update": "online"}),
    "batches": (IRIS, Keep(4, 2), {"iterations": 9, "update": {"batch_size": 7}}),
    "diverged": (BLOWS_UP, Keep(2), {}),
}


def kept(config: Path | Mapping[str, Any], keep: Keep, settings: Mapping[str, Any]) -> Trace:
    overrides = [tracer.Override((key,), value, key) for key, value in settings.items()]
    return walk(replace(tracer.load(config, overrides), keep=keep))


@pytest.mark.office
def test_every_formula_gives_the_value_of_the_run(tmp_path: Path) -> None:
    paths = []
    for name, given in WORKBOOKS.items():
        paths.append(tmp_path / f"{name}.xlsx")
        kept(*given).to_excel(paths[-1])
    computed = recalculated(paths, tmp_path / "computed")
    assert {path.stem: disagreements(path, other) for path, other in zip(paths, computed, strict=True)} == {
        name: [] for name in WORKBOOKS
    }


@pytest.mark.parametrize("name", WORKBOOKS)
def test_the_rows_are_those_of_the_whole_run(name: str, tmp_path: Path) -> None:
    """Read back by openpyxl, beside a run that keeps all of its rows."""
    config, keep, settings = WORKBOOKS[name]
    path = tmp_path / "book.xlsx"
    kept(config, keep, settings).to_excel(path)
    whole = tracer.run(config, **settings)
    book = openpyxl.load_workbook(path, data_only=True)
    for run in whole.runs:
        numbers = range(1, run.iterations + 1)
        wanted = [n for n in numbers if keep.every and (n % keep.every == 0 or n in (1, numbers[-1]))]
        wanted = sorted({*wanted, *(numbers[-keep.tail :] if keep.tail else ())})
        sheet = book[run.title]
        heads = [str(cell.value) for cell in sheet[HEADER_ROW]]
        places = [(index, place) for index, place in enumerate(run.places()) if place[0] in wanted]
        for row, (index, place) in enumerate(places, FIRST_ROW):
            step = {**run.step(index), "iteration": place[0], "sample": place[1]}
            found = {head: cell.value for head, cell in zip(heads, sheet[row], strict=False) if head in step}
            numbers_of_row = {head: value for head, value in found.items() if value is not None}
            assert numbers_of_row == {
                head: pytest.approx(step[head], rel=1e-15) for head in found if step[head] == step[head]
            }
            assert len(found) >= len(run.columns) + 1
        assert sheet.cell(FIRST_ROW + len(places), 1).value is None


def test_a_row_without_its_predecessor_has_values_for_the_weights_alone(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    trace = kept(WALKTHROUGH, Keep(10, 2), {"iterations": 30, "learning_rate": 0.5})
    trace.to_excel(path)
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    columns = {str(cell.value): cell.column for cell in sheet[HEADER_ROW]}
    weights = {f"w{number}" for number in range(1, 9)}
    numbers = [sheet.cell(FIRST_ROW + row, 1).value for row in range(5)]
    assert numbers == [1, 10, 20, 29, 30]
    for row, number in enumerate(numbers, FIRST_ROW):
        values = {name for name, at in columns.items() if not str(sheet.cell(row, at).value).startswith("=")}
        given = {"i1", "i2", "t1", "t2"} if number == 1 else set()
        assert values == {"iteration"} | given | (set() if number == 30 else weights)
    assert sheet.cell(FIRST_ROW + 4, columns["w5"]).value.startswith(f"={sheet.cell(8, columns['w5']).coordinate}-")
    said = "Kept of this run: the first iteration, each 10th and the last one and the last 2 iterations. Where the"
    assert any(str(cell.value).find(said) >= 0 for cell in sheet[1])


@pytest.mark.parametrize("name", ["classic", "the end", "Adam", "the end of Adam", "online", "batches"])
def test_check_judges_the_rows_that_are_kept(name: str, tmp_path: Path) -> None:
    """The parameters of a row whose iteration before is missing are given; a wrong formula in it is found."""
    path = tmp_path / "book.xlsx"
    kept(*WORKBOOKS[name]).to_excel(path)
    judged = [sheet for sheet in check_workbook(path).sheets if sheet.how]
    assert {sheet.verdict for sheet in judged} == {Verdict.RIGHT}
    every = WORKBOOKS[name][1].every is not None
    assert all(("iterations are left out" in (sheet.reason or "")) == every for sheet in judged)
    book = openpyxl.load_workbook(path)
    sheet = book[judged[0].sheet]
    column = next(cell.column for cell in sheet[HEADER_ROW] if cell.value == "a_o1")
    cell = sheet.cell(FIRST_ROW + 1, column)
    cell.value = f"{cell.value}*2"
    book.save(path)
    found = next(each for each in check_workbook(path).sheets if each.sheet == sheet.title).mistakes
    (wrong,) = (finding for finding in found if finding.kind is Kind.FORMULA)  # what openpyxl writes has no values
    assert (wrong.quantity, wrong.places) == ("a_o1", ((FIRST_ROW + 1, column),))


def test_what_an_optimizer_remembers_is_a_value_too(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    kept(*WORKBOOKS["Adam"]).to_excel(path)
    cells = stored_cells(path)["η = 0.01"]
    sheet = openpyxl.load_workbook(path)["η = 0.01"]
    letters = {str(cell.value): cell.column_letter for cell in sheet[HEADER_ROW]}
    formulas = {name: [cells[f"{letters[name]}{row}"].formula is not None for row in range(5, 10)] for name in letters}
    assert formulas["m_w1"] == [True, False, False, True, True]  # iterations 1, 5, 10, 11 and 12
    assert formulas["w1"] == [False, False, False, True, True]


@pytest.mark.office
def test_an_iteration_that_is_not_kept(tmp_path: Path) -> None:
    """Typed into the yellow cell, it shows the last one before it that is kept, and says so."""
    path = tmp_path / "book.xlsx"
    kept(WALKTHROUGH, Keep(10), {"learning_rate": 0.5}).to_excel(path)
    typed = rewrite(
        path, tmp_path / "typed.xlsx", lambda xml: re.sub(r'(<c r="A3" s="\d+">)<v>1</v>', r"\1<v>25</v>", xml, count=1)
    )
    (computed,) = recalculated([typed], tmp_path / "computed")
    cells = stored_cells(computed)["Walkthrough"]
    texts = [cell.text for cell in cells.values() if cell.text]
    assert any(text.startswith("This iteration is not kept: 20 is shown.") for text in texts)
    loss = tracer.run(WALKTHROUGH, learning_rate=0.5)["E_total"][19]
    assert any(cell.value == pytest.approx(loss, rel=1e-12) for cell in cells.values() if cell.value)


def test_the_command(tmp_path: Path) -> None:
    """A long run in a small workbook, with the other formats; the sheet Config says how to repeat it."""
    arguments = ["run", str(WALKTHROUGH), "--iterations", "5000", "--every", "1000", "-o", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert "not diagnosed: the rows of these runs are not all held" in result.stdout
    book = openpyxl.load_workbook(tmp_path / "walkthrough.xlsx")
    column = [cell.value for cell in book["η = 0.5"]["A"]][FIRST_ROW - 1 :]
    assert [value for value in column if value] == [1, 1000, 2000, 3000, 4000, 5000]
    assert any("--every 1000" in str(cell.value) for cell in book["Config"]["B"])
    assert (tmp_path / "walkthrough.csv").read_text(encoding="utf-8").count("\n") == 1 + 6 * 6
    assert (tmp_path / "walkthrough.html").exists()
