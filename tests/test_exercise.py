"""Exercises: what is left empty, what LibreOffice makes of right and wrong answers, and what cannot be done."""

from __future__ import annotations

import re
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from click.testing import CliRunner

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tests.sheets import disagreements, recalculated, stored_cells
from tracer.commands.main import main
from tracer.output.formats import shortened
from tracer.workbook.exercise.task import BLANKS

GREEN, YELLOW, RED = "#C6EFCE", "#FFEB9C", "#FFC7CE"
XOR = ROOT / "configs" / "xor.yaml"


def trace_of(config: Path, rows: int, **changes: Any) -> tracer.Trace:
    overrides = [tracer.Override((key,), value, "test") for key, value in changes.items()]
    return tracer.walk(shortened(tracer.load(config, overrides), rows))


def answers(trace: tracer.Trace, folder: Path, blank: str, **how: Any) -> tuple[Path, dict[str, str]]:
    """The exercise, and its empty cells with the right formulas, from the key."""
    trace.to_exercise(folder / "exercise.xlsx", blank, **how)
    trace.to_exercise(folder / "key.xlsx", blank, solved=True, **how)
    title = trace.runs[0].title
    empty, key = (stored_cells(folder / f"{name}.xlsx")[title] for name in ("exercise", "key"))
    return folder / "exercise.xlsx", {
        cell: str(key[cell].formula) for cell, stored in empty.items()
        if stored.formula is None and stored.value is None and cell in key and key[cell].formula is not None
    }  # fmt: skip


def filled(path: Path, title: str, cells: Mapping[str, str | float], name: str) -> Path:
    """A copy of the workbook as a student would save it, with answers in some cells."""
    book = openpyxl.load_workbook(path)
    for cell, answer in cells.items():
        book[title][cell] = f"={answer}" if isinstance(answer, str) else answer
    book.save(path.with_name(name))
    return path.with_name(name)


def saved(paths: Sequence[Path], folder: Path, form: str = "xlsx") -> list[Path]:
    """The workbooks as LibreOffice saves them, all in one go."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", form]
        subprocess.run([*command, "--outdir", str(folder), *map(str, paths)], check=True, capture_output=True)
    return [folder / f"{path.stem}.{form}" for path in paths]


def score_of(path: Path) -> tuple[float, str]:
    """The score that the first sheet of a computed workbook shows, and what it says of it."""
    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    label = next(cell for cell in sheet[1] if cell.value == "score")
    return float(label.offset(0, 1).value), str(label.offset(0, 2).value)


class Shown(NamedTuple):
    """What LibreOffice shows of an exercise: its score, and how many cells are green, yellow and red."""

    score: float
    green: int
    yellow: int
    red: int


def judged(*paths: Path) -> list[Shown]:
    """What LibreOffice shows of each workbook."""
    folder = paths[0].parent / "computed"
    pages, books = (saved(paths, folder, form) for form in ("html", "xlsx"))
    found = []
    for page, book in zip(pages, books, strict=True):
        text = page.read_text(encoding="utf-8", errors="replace").upper()
        colors = (text.count(f'BGCOLOR="{color}"') for color in (GREEN, YELLOW, RED))
        found.append(Shown(score_of(book)[0], *colors))
    return found


@pytest.mark.office
@pytest.mark.parametrize(
    "blank", [blank if blank == "all" else pytest.param(blank, marks=pytest.mark.long) for blank in BLANKS]
)
def test_right_answers_are_green_and_wrong_ones_red(blank: str, tmp_path: Path) -> None:
    trace = trace_of(WALKTHROUGH, 3, learning_rate=0.5)
    path, right = answers(trace, tmp_path, blank)
    count = len(right)
    last = list(right)[-1]
    some = dict(list(right.items())[: count // 2])
    first, second, *_ = some
    typed: dict[str, str | float] = {**some, first: 7.0, second: '"seven"'}
    empty, solved, wrong, half = judged(
        path,
        filled(path, "η = 0.5", {**right}, "right.xlsx"),
        filled(path, "η = 0.5", {**right, last: f"{right[last]}+0.00001"}, "wrong.xlsx"),
        filled(path, "η = 0.5", typed, "half.xlsx"),
    )
    assert empty == (0, 0, 0, 0)
    assert solved == (1, count, 0, 0)
    assert wrong.score < 1
    assert half.red >= 2
    assert half.green + half.yellow + half.red == len(some)
    assert half.score == pytest.approx((half.green + half.yellow) / count)


@pytest.mark.office
def test_an_exercise_follows_what_the_teacher_changes(tmp_path: Path) -> None:
    """Another input and another learning rate: the right formulas are still right, the old numbers are not."""
    trace = trace_of(WALKTHROUGH, 3, learning_rate=0.5, columns="compact")
    path, right = answers(trace, tmp_path, "all", strict=True)
    changes: dict[str, str | float] = {"B1": 0.9, "B5": 0.33}
    key = stored_cells(tmp_path / "key.xlsx")["η = 0.5"]
    old: dict[str, str | float] = {cell: float(key[cell].value or 0) for cell in right}
    followed, pasted = judged(
        filled(path, "η = 0.5", {**right, **changes}, "other.xlsx"),
        filled(path, "η = 0.5", {**old, **changes}, "old.xlsx"),
    )
    assert followed == (1, len(right), 0, 0)
    assert pasted.score < 0.2


@pytest.mark.office
def test_a_batch_as_an_exercise(tmp_path: Path) -> None:
    trace = trace_of(XOR, 8, learning_rate=0.5, optimizer="momentum", clip={"norm": 0.1})
    path, right = answers(trace, tmp_path, "all")
    assert judged(filled(path, "η = 0.5", {**right}, "right.xlsx")) == [(1, len(right), 0, 0)]


@pytest.mark.parametrize("blank", BLANKS)
def test_what_is_left_empty(blank: str, tmp_path: Path) -> None:
    """The chosen phases, but for what is given; the numbers between are there, and no formula shows an empty cell."""
    trace = trace_of(WALKTHROUGH, 3, learning_rate=0.5)
    _, right = answers(trace, tmp_path, blank)
    of_a_row = {"forward": 8 + 3, "backward": 8 + 2 * 2 + 2 * 2 + 6, "updates": 0}
    columns = trace.system.columns()
    expected = {
        "forward": 3 * sum(phase in BLANKS["forward"] for phase in columns.values()),
        "backward": 3 * sum(phase in BLANKS["backward"] for phase in columns.values()),
        "updates": 2 * 8,
    }
    expected["all"] = sum(expected.values())
    assert of_a_row["forward"] * 3 == expected["forward"]
    assert len(right) == expected[blank]
    cells = stored_cells(tmp_path / "exercise.xlsx")["η = 0.5"]
    for cell in cells.values():
        if cell.formula and set(re.findall(r"(?<![!$A-Z])[A-Z]+[0-9]+", cell.formula)) & set(right):
            assert cell.formula.startswith("IF(COUNT(")
            assert (cell.value, cell.text) == (None, "")


@pytest.mark.parametrize("blank", ["updates", "all"])
def test_no_cell_shows_what_is_to_be_filled_in(blank: str, tmp_path: Path) -> None:
    """The rows of a batch repeat what the first one has: nothing, before a student fills it in."""
    trace = trace_of(XOR, 8, learning_rate=0.5, optimizer="momentum")
    _, right = answers(trace, tmp_path, blank)
    empty, key = (stored_cells(tmp_path / f"{name}.xlsx")["η = 0.5"] for name in ("exercise", "key"))
    letters = {re.sub(r"\d", "", cell) for cell in right}
    firsts = {re.sub(r"\D", "", cell) for cell in right}
    beside = [cell for cell in key if re.sub(r"\d", "", cell) in letters and int(re.sub(r"\D", "", cell)) > 9]
    assert len(beside) > 20
    assert firsts <= {"5", "6", "7", "8", "9", "10", "11", "12"}
    copies = [cell for cell in beside if cell not in right]
    assert copies
    assert [cell for cell in copies if empty[cell].value is not None] == []


@pytest.mark.office
@pytest.mark.parametrize("config", [WALKTHROUGH, pytest.param(XOR, marks=pytest.mark.long)], ids=lambda path: path.stem)
def test_an_exercise_recalculates_as_it_is_stored(config: Path, tmp_path: Path) -> None:
    for blank in BLANKS:
        trace_of(config, 6, learning_rate=0.5).to_exercise(tmp_path / f"{blank}.xlsx", blank)
    paths = [tmp_path / f"{blank}.xlsx" for blank in BLANKS]
    for path, computed in zip(paths, recalculated(paths, tmp_path / "computed"), strict=True):
        numbers = [line for line in disagreements(path, computed) if "stored None" not in line]
        assert numbers == []


def test_a_run_that_diverges_leaves_out_what_has_no_value(tmp_path: Path) -> None:
    trace = tracer.run(BLOWS_UP, iterations=60)
    for solved in (False, True):
        trace.to_exercise(tmp_path / f"{solved}.xlsx", solved=solved)
        with zipfile.ZipFile(tmp_path / f"{solved}.xlsx") as package:
            assert not any(
                b"<v>nan" in package.read(name) or b"<v>inf" in package.read(name) for name in package.namelist()
            )
    sheet = openpyxl.load_workbook(tmp_path / "False.xlsx").worksheets[0]
    assert str(sheet["C1"].value).endswith("Stopped in iteration 47: E1 is not a finite number.")


def test_the_worked_trace_is_out_of_sight(tmp_path: Path) -> None:
    """Very hidden and protected, computed from the numbers given in the visible sheet, which does not refer to it."""
    trace_of(WALKTHROUGH, 2, learning_rate=0.5).to_exercise(tmp_path / "exercise.xlsx", "backward")
    book = openpyxl.load_workbook(tmp_path / "exercise.xlsx")
    assert [(sheet.title, sheet.sheet_state, sheet.protection.sheet) for sheet in book.worksheets] == [
        ("η = 0.5", "visible", False), ("worked_η = 0.5", "veryHidden", True),
        ("worked_marks η = 0.5", "veryHidden", True), ("Config", "visible", False),
    ]  # fmt: skip
    worked, sheet = book["worked_η = 0.5"], book["η = 0.5"]
    assert [worked[cell].value for cell in ("B1", "B5", "B6", "F5")] == [
        "='η = 0.5'!$B$1", "='η = 0.5'!B5", "='η = 0.5'!B6", "='η = 0.5'!F5",
    ]  # fmt: skip
    assert not any(sheet._charts for sheet in book.worksheets[:1])
    formulas = [str(cell.value) for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert len(formulas) > 70
    assert not [formula for formula in formulas if "worked_η" in formula]
    rules = [rule.formula[0] for cells in sheet.conditional_formatting for rule in cells.rules]
    assert len(rules) == 4
    assert not [rule for rule in rules if "!" in rule]


def test_the_top_of_the_sheet(tmp_path: Path) -> None:
    """A field for the name, how many cells there are and how exact; the first of them selected and in view."""
    for blank, name, view, first in (("forward", "J1", "C5", "J5"), ("updates", "J1", "C5", "F6"),
                                     ("backward", "AD1", "W5", "Y5")):  # fmt: skip
        trace_of(WALKTHROUGH, 3, learning_rate=0.5).to_exercise(tmp_path / "e.xlsx", blank, answer_decimals=4)
        sheet = openpyxl.load_workbook(tmp_path / "e.xlsx").worksheets[0]
        count = {"forward": 33, "updates": 16, "backward": 60}[blank]
        hint = sheet[f"{view[:-1]}1"].value
        assert hint == f"Fill in the {count} framed cells, right to 4 decimals."
        pane = sheet.sheet_view.pane
        cells = [each.activeCell for each in sheet.sheet_view.selection if each.pane == pane.activePane]
        assert (pane.topLeftCell, cells) == (view, [first])
        assert sheet[name].value == "name"
        assert sheet.merged_cells.ranges


@pytest.mark.parametrize(("how", "words"), [({}, "fill in"), ({"keep_equations": True}, "h₁ = w₁·i₁ + w₂·i₂")])
def test_the_equations_as_a_hint(how: dict[str, bool], words: str, tmp_path: Path) -> None:
    trace_of(WALKTHROUGH, 2, learning_rate=0.5).to_exercise(tmp_path / "e.xlsx", "forward", **how)
    assert openpyxl.load_workbook(tmp_path / "e.xlsx").worksheets[0]["J3"].value == words


@pytest.mark.parametrize("config", [WALKTHROUGH, XOR], ids=lambda path: path.stem)
def test_without_marks_no_answer_is_in_the_file(config: Path, tmp_path: Path) -> None:
    """Neither as a number nor as a formula, in no part of the file; the formulas that stand there need the answers."""
    trace = trace_of(config, 6, learning_rate=0.5)
    path, right = answers(trace, tmp_path, "backward", marks=False)
    assert openpyxl.load_workbook(path).sheetnames[:1] == ["η = 0.5"]
    assert all(sheet.sheet_state == "visible" for sheet in openpyxl.load_workbook(path).worksheets)
    key = stored_cells(tmp_path / "key.xlsx")["η = 0.5"]
    given = {key[cell].value for cell in key.keys() - right.keys()}
    answered = {key[cell].value for cell in right} - given - {0.0, None}
    stored = [cell for cells in stored_cells(path).values() for cell in cells.values()]
    assert len(answered) > 20
    assert not answered & {cell.value for cell in stored}
    assert not {*right.values()} & {cell.formula for cell in stored}
    with zipfile.ZipFile(path) as package:
        others = b"".join(package.read(name) for name in package.namelist() if "worksheets" not in name).decode(
            "latin-1"
        )
    assert not [value for value in answered if repr(value) in others]


Invoke = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["exercise", *map(str, arguments)])


def test_the_command(run: Invoke, tmp_path: Path) -> None:
    result = run(WALKTHROUGH, "--learning-rate", "0.5", "--blank", "backward", "--rows", 2, "--key")
    assert (result.exit_code, result.stdout.splitlines()) == (
        0, ["wrote out/walkthrough-exercise.xlsx", "wrote out/walkthrough-exercise-key.xlsx"],
    )  # fmt: skip
    assert run(WALKTHROUGH, "-o", "lab/one.xlsx", "--ascii").stdout == "wrote lab/one.xlsx\n"
    titles = openpyxl.load_workbook(tmp_path / "lab" / "one.xlsx").sheetnames
    assert titles[:2] == ["eta = 0.1", "eta = 0.2"]
    assert len(titles) == 19


def test_the_same_exercise_has_the_same_bytes(run: Invoke, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        assert run(XOR, "-o", name).exit_code == 0
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_updates_take_the_rows_that_they_need(run: Invoke, tmp_path: Path) -> None:
    """The first iteration begins with what is given."""
    for config, last in ((WALKTHROUGH, 6), (XOR, 12)):
        assert run(config, "--blank", "updates", "--rows", 1, "-o", "e.xlsx").exit_code == 0
        sheet = openpyxl.load_workbook(tmp_path / "e.xlsx").worksheets[0]
        assert (sheet.cell(last, 1).value, sheet.cell(last + 1, 1).value) == (2, None)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((WALKTHROUGH, "--blank", "updates", "--set", "iterations=1"), "nothing is left to fill in"),
        ((WALKTHROUGH, "--answer-decimals", "0"), "0 is not in the range"),
        ((WALKTHROUGH, "--rows", "0"), "0 is not in the range"),
        ((WALKTHROUGH, "--blank", "everything"), "'everything' is not one of 'forward', 'backward', 'updates', 'all'"),
        ((WALKTHROUGH, "--set", "loss=huberr"), "'huberr' is not known. Did you mean 'huber'?"),
        (("none.yaml",), "there is no such file"),
        ((WALKTHROUGH, "-o", "."), "is a folder"),
    ],
)
def test_what_cannot_be_done(run: Invoke, arguments: tuple[Any, ...], problem: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert "Traceback" not in result.stderr


def test_a_network_too_wide_for_an_exercise(run: Invoke, tmp_path: Path) -> None:
    """Its trace fits into a sheet; the marks beside it do not."""
    (tmp_path / "wide.yaml").write_text(
        "inputs: [0.1]\ntargets: [0.5]\nlayers: [{neurons: 64}, {neurons: 64}, {neurons: 1}]\n"
        "weights: {init: normal}\nlearning_rate: 0.1\niterations: 1\n",
        encoding="utf-8",
    )
    result = run("wide.yaml", "--rows", "1")
    assert result.exit_code == 2
    assert "columns, and a sheet has 16,384; use --columns compact or a smaller network" in result.stderr
    assert not list(tmp_path.glob("out/*.xlsx"))


def test_more_rows_than_there_are(run: Invoke, tmp_path: Path) -> None:
    assert run(WALKTHROUGH, "--rows", "5000", "--learning-rate", "0.1", "-o", "long.xlsx").exit_code == 0
    assert len(stored_cells(tmp_path / "long.xlsx")["η = 0.1"]) > 100 * 43
