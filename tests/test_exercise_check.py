"""Exercises and `check` give the same score: for every config, every mixture of answers, however the file was saved."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import tracer
from tests.places import CONFIGS, ROOT, WALKTHROUGH
from tests.sheets import stored_cells
from tests.test_exercise import answers, filled, saved, score_of, trace_of
from tracer.commands.main import main
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import BookReport, SheetReport
from tracer.grading.options import Options
from tracer.workbook.exercise.task import BLANKS

XOR, IRIS = ROOT / "configs" / "xor.yaml", ROOT / "configs" / "iris.yaml"
OWN = """
inputs: {x: 0.7, y: -0.4}
targets: {t: 0.5}
parameters: {w: 0.3, v: -0.6, b: 0.1}
equations: |
  z = w*x + v*y + b
  a = tanh(z)
  E = (t - a)^2 / 2
minimize: E
optimizer: adam
learning_rate: 0.1
iterations: 4
"""
ADAM = """
samples: data.csv
layers: [{name: h, neurons: 2, activation: relu}, {name: o, neurons: 1, activation: identity}]
weights: {init: normal, seed: 3}
biases: {h: [0.1, 0.2], o: 0.1}
update: {batch_size: 2}
optimizer: {name: adam}
clip: {norm: 0.5}
learning_rate: 0.1
iterations: 6
"""


def numbers(sheet: SheetReport) -> tuple[int, ...]:
    """The five numbers of a sheet: right, consistent, wrong, empty, copied."""
    assert None not in (sheet.consistent, sheet.wrong, sheet.empty, sheet.copied)
    return sheet.right, sheet.consistent or 0, sheet.wrong or 0, sheet.empty or 0, sheet.copied or 0


def graded(path: Path, strict: bool = False) -> BookReport:
    report = check_workbook(path, Options(strict=strict))
    assert report.readable, report.reason
    return report


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# ------------------------------------------------------------------------------------------------- empty and key


def exercises(trace: tracer.Trace, folder: Path) -> Iterator[tuple[Path, float]]:
    """The exercises of a trace and their keys, with every choice of blanks, with and without marks; with their score."""
    for blank in BLANKS:
        for marks in (True, False):
            for solved, score in ((False, 0.0), (True, 100.0)):
                path = folder / f"{trace.experiment.name}-{blank}-{marks}-{solved}.xlsx"
                trace.to_exercise(path, blank, solved=solved, marks=marks)
                yield path, score


def rows_of(config: Path) -> tracer.Trace:
    """Two iterations of a config, for its first learning rate."""
    experiment = tracer.load(config)
    rates = experiment.learning_rates[:1]
    changes = {"learning_rate": rates[0]} if rates else {}
    return trace_of(config, experiment.batches.first_row(1) + 1, **changes)


@pytest.mark.parametrize("config", [WALKTHROUGH, XOR, ROOT / "configs" / "regression.yaml"], ids=lambda path: path.stem)
def test_empty_is_0_and_the_key_100(config: Path, tmp_path: Path) -> None:
    for path, score in exercises(rows_of(config), tmp_path):
        assert graded(path).score == score
        assert run("check", path, "-q").exit_code == (0 if score else 1)


@pytest.mark.long
@pytest.mark.office
def test_empty_is_0_and_the_key_100_for_every_config_and_program(tmp_path: Path) -> None:
    """As written, as LibreOffice saves it, and as openpyxl does, which drops every value of a formula."""
    of = {path: score for config in CONFIGS for path, score in exercises(rows_of(config), tmp_path)}
    assert len(of) >= 16 * len(CONFIGS)
    assert {path: graded(path).score for path in of} == of
    for path, computed in zip(of, saved([*of], tmp_path / "saved"), strict=True):
        report = graded(computed)
        assert (report.score, report.sheets[0].reason) == (of[path], None), path
        if "True-" in path.name:
            assert 100 * score_of(computed)[0] == of[path]
    for path, score in of.items():
        assert graded(filled(path, openpyxl.load_workbook(path).sheetnames[0], {}, "again.xlsx")).score == score, path


@pytest.mark.parametrize("rates", [[0.1], [0.1, 0.5]])
def test_every_sheet_counts(rates: list[float], tmp_path: Path) -> None:
    path = tmp_path / "e.xlsx"
    trace_of(WALKTHROUGH, 2, learning_rate=rates).to_exercise(path, "updates")
    report = graded(path)
    assert [sheet.sheet for sheet in report.sheets] == [f"η = {rate}" for rate in rates]
    assert [numbers(sheet) for sheet in report.sheets] == [(0, 0, 0, 8, 0)] * len(rates)


# ------------------------------------------------------------------------------------------------- any mixture


MIXTURES = ("right", "right", "rounded", "wrong", "empty", "text", "formula", "copied")


def mixture(path: Path, right: dict[str, str], kinds: Iterable[str], name: str) -> Path:
    """The exercise filled in: each cell in one of MIXTURES."""
    key = stored_cells(path.with_name("key.xlsx"))[title_of(path)]
    entered: dict[str, str | float] = {}
    for (cell, formula), kind in zip(right.items(), kinds, strict=False):
        number = float(key[cell].value or 0.0)
        made: dict[str, str | float] = {
            "right": number, "rounded": round(number, 3), "wrong": number + 0.37, "text": '"?"', "formula": formula,
            "copied": f"'worked_{title_of(path)}'!{cell}",
        }  # fmt: skip
        if kind in made:
            entered[cell] = made[kind]
    return filled(path, title_of(path), entered, name)


def states_in(path: Path) -> tuple[int, ...]:
    """The five numbers by the marks of a computed workbook."""
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = next(sheet for sheet in book if sheet.title.startswith("worked_marks"))
    marks = [str(cell.value) for row in sheet.iter_rows(min_row=5) for cell in row]
    formulas = [cell.formula or "" for cell in stored_cells(path)[sheet.title].values()]
    blanks = sum("FORMULATEXT" in formula for formula in formulas)
    counts = [marks.count(state) for state in ("right", "consistent", "wrong", "copied")]
    return *counts[:3], blanks - sum(counts), counts[3]


def title_of(path: Path) -> str:
    return str(openpyxl.load_workbook(path, read_only=True).sheetnames[0])


def cases(folder: Path) -> Iterator[tracer.Trace]:
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    (folder / "adam.yaml").write_text(ADAM, encoding="utf-8")
    (folder / "data.csv").write_text("i1,i2,t1\n0.5,-1,0.3\n1.5,0.2,-0.4\n-0.3,0.8,0.9\n", encoding="utf-8")
    yield trace_of(folder / "own.yaml", 3)
    yield trace_of(folder / "adam.yaml", 5)
    yield trace_of(XOR, 5, learning_rate=0.5, optimizer="momentum")
    yield trace_of(WALKTHROUGH, 3, learning_rate=0.5)
    yield trace_of(WALKTHROUGH, 3, learning_rate=0.5, columns="compact", decimals=4)
    yield trace_of(ROOT / "configs" / "deep.yaml", 2, learning_rate=0.05)


@pytest.mark.office
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 6))])
def test_both_scores_are_equal(seed: int, tmp_path: Path) -> None:
    """The workbook's, as LibreOffice computes it, and that of `check`, for exercises filled in at random."""
    chance, paths = random.Random(seed), []
    for number, trace in enumerate(cases(tmp_path)):
        for strict in (False, True):
            folder = tmp_path / f"{number}-{strict}"
            folder.mkdir()
            blank, decimals = chance.choice([*BLANKS]), chance.choice([None, None, 3])
            path, right = answers(trace, folder, blank, strict=strict, answer_decimals=decimals)
            kinds = chance.choices(MIXTURES, k=len(right))
            name = f"{number}-{strict}-{blank}-{decimals}.xlsx"
            paths.append(mixture(path, right, kinds, name).rename(tmp_path / name))
    for path, computed in zip(paths, saved(paths, tmp_path / "saved"), strict=True):
        score, words = score_of(computed)
        sheet = graded(computed).sheets[0]
        assert sheet.counted / sheet.judged == pytest.approx(score, abs=1e-12), path
        assert words.startswith(f"{sheet.counted} of {sheet.judged} correct")
        assert (f", {sheet.consistent} consistent" in words) == bool(sheet.consistent)
        assert sum(numbers(sheet)) == sheet.judged
        assert sheet.strict == ("True" in path.name)
        assert states_in(computed) == numbers(sheet)
