"""Exercises: what is left empty, what LibreOffice makes of right and wrong answers, and what cannot be done."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tests.sheets import disagreements, recalculated, stored_cells
from tracer.commands.main import main
from tracer.output.formats import shortened
from tracer.workbook.exercise.blanks import BLANKS

GREEN, RED = "#C6EFCE", "#FFC7CE"
XOR = ROOT / "configs" / "xor.yaml"


def trace_of(config: Path, rows: int, **changes: Any) -> tracer.Trace:
    overrides = [tracer.Override((key,), value, "test") for key, value in changes.items()]
    return tracer.walk(shortened(tracer.load(config, overrides), rows))


def answers(trace: tracer.Trace, folder: Path, blank: str) -> tuple[Path, dict[str, str]]:
    """The exercise, and its empty cells with the right formulas, from the key."""
    trace.to_exercise(folder / "exercise.xlsx", blank)
    trace.to_exercise(folder / "key.xlsx", blank, solved=True)
    title = trace.runs[0].title
    empty, key = (stored_cells(folder / f"{name}.xlsx")[title] for name in ("exercise", "key"))
    return folder / "exercise.xlsx", {
        cell: str(key[cell].formula) for cell, stored in empty.items()
        if stored.formula is None and stored.value is None and cell in key and key[cell].formula is not None
    }  # fmt: skip


def filled(path: Path, title: str, cells: dict[str, str | float], name: str) -> Path:
    """A copy of the workbook as a student would save it, with answers in some cells."""
    book = openpyxl.load_workbook(path)
    for cell, answer in cells.items():
        book[title][cell] = f"={answer}" if isinstance(answer, str) else answer
    book.save(path.with_name(name))
    return path.with_name(name)


def judged(*paths: Path) -> list[tuple[float, int, int]]:
    """Of each workbook: the score of its first sheet, and how many cells LibreOffice shows in green and in red."""
    folder = paths[0].parent
    computed = folder / "computed"
    for form in ("html", "xlsx"):
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", "--headless", profile, "--convert-to", form, "--outdir", str(computed)]
        subprocess.run([*command, *map(str, paths)], check=True, capture_output=True, timeout=120)
    found = []
    for path in paths:
        page = (computed / f"{path.stem}.html").read_text(encoding="utf-8", errors="replace").upper()
        sheet = openpyxl.load_workbook(computed / path.name, data_only=True).worksheets[0]
        green, red = (page.count(f'BGCOLOR="{color}"') for color in (GREEN, RED))
        found.append((float(sheet["E1"].value), green, red))
    return found


@pytest.mark.office
@pytest.mark.parametrize("blank", BLANKS)
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
    assert empty == (0, 0, 0)
    assert solved == (1, count, 0)
    assert wrong[0] < 1
    score, green, red = half
    assert red >= 2
    assert green + red == len(some)
    assert score == pytest.approx(green / count)


@pytest.mark.office
def test_an_exercise_follows_what_the_teacher_changes(tmp_path: Path) -> None:
    """Another input and another learning rate: the right formulas are still right, the old numbers are not."""
    trace = trace_of(WALKTHROUGH, 3, learning_rate=0.5, columns="compact")
    path, right = answers(trace, tmp_path, "all")
    changes: dict[str, str | float] = {"B2": 0.9, "D5": 0.33}
    key = stored_cells(tmp_path / "key.xlsx")["η = 0.5"]
    old: dict[str, str | float] = {cell: float(key[cell].value or 0) for cell in right}
    followed, pasted = judged(
        filled(path, "η = 0.5", {**right, **changes}, "other.xlsx"),
        filled(path, "η = 0.5", {**old, **changes}, "old.xlsx"),
    )
    assert followed == (1, len(right), 0)
    assert pasted[0] < 0.2


@pytest.mark.office
def test_a_batch_as_an_exercise(tmp_path: Path) -> None:
    trace = trace_of(XOR, 8, learning_rate=0.5, optimizer="momentum", clip={"norm": 0.1})
    path, right = answers(trace, tmp_path, "all")
    assert judged(filled(path, "η = 0.5", {**right}, "right.xlsx")) == [(1, len(right), 0)]


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
    used = {
        reference
        for cell in cells.values() if cell.formula and "worked" not in cell.formula and "SUM" not in cell.formula
        for reference in re.findall(r"(?<![!$A-Z])[A-Z]+[0-9]+", cell.formula)
    }  # fmt: skip
    assert not used & set(right)


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
@pytest.mark.parametrize("config", [WALKTHROUGH, XOR], ids=lambda path: path.stem)
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
    assert str(sheet["C2"].value).endswith("Stopped in iteration 47: E1 is not a finite number.")


def test_the_worked_trace_is_hidden_and_refers_to_the_given_numbers(tmp_path: Path) -> None:
    trace_of(WALKTHROUGH, 2, learning_rate=0.5).to_exercise(tmp_path / "exercise.xlsx")
    book = openpyxl.load_workbook(tmp_path / "exercise.xlsx")
    assert [(sheet.title, sheet.sheet_state) for sheet in book.worksheets] == [
        ("η = 0.5", "visible"), ("worked η = 0.5", "hidden"), ("Config", "visible"),
    ]  # fmt: skip
    worked = book["worked η = 0.5"]
    assert (worked["B2"].value, worked["D5"].value, worked["F5"].value) == (
        "='η = 0.5'!$B$2", "='η = 0.5'!D5", "='η = 0.5'!F5",
    )  # fmt: skip
    assert not any(sheet._charts for sheet in book.worksheets[:1])


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
    assert len(titles) == 13


def test_the_same_exercise_has_the_same_bytes(run: Invoke, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        assert run(XOR, "-o", name).exit_code == 0
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((WALKTHROUGH, "--blank", "updates", "--rows", "1"), "nothing is left to fill in"),
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
