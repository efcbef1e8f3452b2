"""Exercises and `check` give the same score: for every config, every mixture of answers, however the file was saved."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from csv import DictReader
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl.packaging.custom import StringProperty

import tracer
from tests.places import CONFIGS, ROOT, WALKTHROUGH
from tests.sheets import stored_cells
from tests.test_exercise import answers, filled, saved, score_of, trace_of
from tracer.commands.main import main
from tracer.config.yamlfile import read_bytes
from tracer.grading.book.cells import Book, Cell
from tracer.grading.book.package import read_book
from tracer.grading.check import check_workbook
from tracer.grading.exercise.grading import graded as graded_parts
from tracer.grading.exercise.handed_in import NotGradable, handed_in
from tracer.grading.judging.findings import BookReport, Kind, SheetReport, Verdict
from tracer.grading.options import Options
from tracer.workbook.exercise.note import Changed, Note
from tracer.workbook.exercise.task import BLANKS

XOR = ROOT / "configs" / "xor.yaml"
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
        report = graded(path)
        assert (report.score, report.has_findings) == (score, not score)


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


def test_an_exercise_of_an_older_version_is_graded_by_its_own_layout() -> None:
    """Version 0.1 had targets before inputs and η in the second row. Filled in, but for one cell, with one mistake;
    graded by that version: 106 right, 146 consistent, 2 wrong, 1 empty."""
    path = ROOT / "tests" / "figures" / "older-exercise.xlsx"
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    assert (sheet["C4"].value, sheet["D4"].value, sheet["B2"].value) == ("t1", "i1", 0.5)
    report = graded(path).sheets[0]
    assert numbers(report) == (106, 146, 2, 1, 0)
    assert [(each.quantity, each.cells) for each in report.mistakes][:2] == [("a_h1", "M5"), ("∂E_batch/∂b_h2", "AU9")]


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
    (folder / "adam.yaml").write_text(ADAM, encoding="utf-8")
    (folder / "data.csv").write_text("i1,i2,t1\n0.5,-1,0.3\n1.5,0.2,-0.4\n-0.3,0.8,0.9\n", encoding="utf-8")
    yield own(folder)
    yield trace_of(folder / "adam.yaml", 5)
    yield trace_of(XOR, 5, learning_rate=0.5, optimizer="momentum")
    yield trace_of(WALKTHROUGH, 3, learning_rate=0.5)
    yield trace_of(WALKTHROUGH, 3, learning_rate=0.5, columns="compact", decimals=4)
    yield trace_of(ROOT / "configs" / "deep.yaml", 2, learning_rate=0.05)


def equal_scores(draw: Callable[[int], list[str]], traces: Iterable[tracer.Trace], folder: Path, seed: int) -> None:
    """Compare the score of exercises filled in at random, as LibreOffice computes it, with that of `check`, and the five
    numbers with the workbook's marks. draw: gives so many of MIXTURES."""
    chance, paths = random.Random(seed), []
    for number, trace in enumerate(traces):
        for strict in (False, True):
            inner = folder / f"{number}-{strict}"
            inner.mkdir(parents=True)
            blank, decimals = chance.choice([*BLANKS]), chance.choice([None, None, 3])
            path, right = answers(trace, inner, blank, strict=strict, answer_decimals=decimals)
            name = f"{number}-{strict}-{blank}-{decimals}.xlsx"
            paths.append(mixture(path, right, draw(len(right)), name).rename(folder / name))
    for path, computed in zip(paths, saved(paths, folder / "saved"), strict=True):
        score, words = score_of(computed)
        sheet = graded(computed).sheets[0]
        assert sheet.counted / sheet.judged == pytest.approx(score, abs=1e-12), path
        assert words.startswith(f"{sheet.counted} of {sheet.judged} correct")
        assert (f", {sheet.consistent} consistent" in words) == bool(sheet.consistent)
        assert sum(numbers(sheet)) == sheet.judged
        assert sheet.strict == ("True" in path.name)
        assert states_in(computed) == numbers(sheet)


@pytest.mark.long
@pytest.mark.office
def test_both_scores_are_equal(tmp_path: Path) -> None:
    chance = random.Random(1)
    traces = [trace_of(WALKTHROUGH, 2, learning_rate=0.5, columns="compact"), own(tmp_path)]
    equal_scores(lambda count: chance.choices(MIXTURES, k=count), traces, tmp_path, 1)


@pytest.mark.long
@pytest.mark.office
@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_both_scores_are_equal_whatever_is_filled_in(data: st.DataObject, seed: int, tmp_path: Path) -> None:
    def draw(count: int) -> list[str]:
        return data.draw(st.lists(st.sampled_from(MIXTURES), min_size=count, max_size=count))

    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    traces = random.Random(seed).sample([*cases(tmp_path)], 3)
    equal_scores(draw, traces, tmp_path, seed)


# ------------------------------------------------------------------------------------------------- one rule


def own(folder: Path) -> tracer.Trace:
    """Equations of one's own, with Adam."""
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    return trace_of(folder / "own.yaml", 3)


@pytest.fixture
def walk(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The walkthrough's forward pass in two rows as an exercise, and the right formulas of its 22 cells."""
    return answers(trace_of(WALKTHROUGH, 2, learning_rate=0.5), tmp_path, "forward")


TITLE = "η = 0.5"


def test_one_mistake_costs_one_cell(walk: tuple[Path, dict[str, str]]) -> None:
    """h1 is wrong in the first row; all that is computed from it, also in the second, is consistent. With --strict, it
    does not count."""
    path, right = walk
    handed_in = filled(path, TITLE, {**right, "J5": 0.5}, "handed-in.xlsx")
    sheet = graded(handed_in).sheets[0]
    assert numbers(sheet) == (5, 16, 1, 0, 0)
    assert (sheet.score, graded(handed_in, strict=True).score) == (95.5, 22.7)
    (mistake,) = sheet.mistakes
    assert (mistake.quantity, mistake.cells, mistake.value) == ("h1", "J5", 0.5)
    assert mistake.right_value == pytest.approx(0.0275)
    causes = {finding.quantity: finding.cause for finding in sheet.findings if finding.kind is Kind.CONSISTENT}
    assert causes["a_h1"] == "consistent with your h1, which is wrong"


def test_the_mistake_is_named(walk: tuple[Path, dict[str, str]]) -> None:
    path, right = walk
    slip = {**right, "L5": right["L5"].replace("B5", "C5"), "L6": right["L6"].replace("B6", "C6")}
    sheet = graded(filled(path, TITLE, slip, "slip.xlsx")).sheets[0]
    assert [(each.quantity, each.cells, each.cause) for each in sheet.mistakes] == [
        ("h2", "L5:L6", "i2 is used instead of i1")
    ]


def test_what_needs_an_empty_cell_is_not_consistent(walk: tuple[Path, dict[str, str]]) -> None:
    """An empty h1 is no 0: a_h1 = 0.5 follows from nothing."""
    path, right = walk
    del right["J5"]
    sheet = graded(filled(path, TITLE, {**right, "K5": 0.5}, "handed-in.xlsx")).sheets[0]
    assert (sheet.empty, sheet.wrong) == (1, 1)


@pytest.mark.parametrize("solved", ["right.xlsx", "rounded-late.xlsx", "rounded-early.xlsx"])
@pytest.mark.parametrize("how", [{"answer_decimals": 4}, {"answer_decimals": 4, "marks": False}])
def test_answers_to_four_decimals(solved: str, how: dict[str, Any], tmp_path: Path) -> None:
    """Rounded when they are written down, or at each step. Without the option, they are wrong."""
    trace = trace_of(WALKTHROUGH, 2, learning_rate=0.5)
    path, right = answers(trace, tmp_path, "all", **how)
    key = stored_cells(tmp_path / "key.xlsx")[TITLE]
    late = {cell: round(float(key[cell].value or 0.0), 4) for cell in right}
    early = {cell: f"ROUND({formula},4)" for cell, formula in right.items()}
    kinds: dict[str, Mapping[str, str | float]] = {
        "right.xlsx": right, "rounded-late.xlsx": late, "rounded-early.xlsx": early,
    }  # fmt: skip
    entered = kinds[solved]
    assert graded(filled(path, TITLE, entered, solved)).score == 100.0
    if solved != "right.xlsx":
        path, _ = answers(trace, tmp_path, "all", marks=False, strict=True)
        score = graded(filled(path, TITLE, entered, solved)).score
        assert score is not None
        assert score < 50


@pytest.mark.parametrize("decimals", [3, 5])
def test_the_decimals_of_the_config_are_those_of_the_answers(decimals: int, tmp_path: Path) -> None:
    trace = trace_of(WALKTHROUGH, 2, learning_rate=0.5, decimals=decimals)
    path, right = answers(trace, tmp_path, "all", strict=True)
    assert graded(filled(path, TITLE, right, "right.xlsx")).score == 100.0
    hint = openpyxl.load_workbook(path).worksheets[0]["C1"].value
    assert str(hint).endswith(f"right to {decimals} decimals.")


@pytest.mark.parametrize("how", [{"decimals": 4}, {"decimals": 4, "strict": True}, {"answer_decimals": 4}])
def test_a_key_that_is_typed_off_with_four_decimals(how: dict[str, Any], tmp_path: Path) -> None:
    """Every answer is right, in both modes, and whatever the network."""
    (tmp_path / "four.yaml").write_text(
        "inputs: {x1: 0.35, x2: 0.9}\ntargets: {t: 0.5}\nlayers: [{name: h, neurons: 2}, {name: o, neurons: 1}]\n"
        "weights: {h: [[0.1, 0.8], [0.4, 0.6]], o: [[0.3, 0.9]]}\nlearning_rate: 1\niterations: 2\n",
        encoding="utf-8",
    )
    changes = {key: how[key] for key in how if key == "decimals"}
    trace = trace_of(tmp_path / "four.yaml", 1, **changes)
    path, right = answers(trace, tmp_path, "all", **{key: how[key] for key in how if key != "decimals"})
    key = stored_cells(tmp_path / "key.xlsx")["η = 1"]
    typed = {cell: round(float(key[cell].value or 0.0), 4) for cell in right}
    assert numbers(graded(filled(path, "η = 1", typed, "typed.xlsx")).sheets[0]) == (23, 0, 0, 0, 0)


def test_what_the_teacher_changes(walk: tuple[Path, dict[str, str]]) -> None:
    """Another input, weight and rate in the sheet: the key follows, and the report says what was changed."""
    path, right = walk
    changed: dict[str, str | float] = {**right, "B1": 0.9, "B5": 0.33, "F5": 0.2}
    sheet = graded(filled(path, TITLE, changed, "changed.xlsx")).sheets[0]
    assert numbers(sheet) == (22, 0, 0, 0, 0)
    assert sheet.reason == "given numbers are not those of the config: B1, B5:B6, F5"


@pytest.mark.parametrize("form", ["{}", " {}", "{:.9f}", "{:e}"])
def test_a_number_typed_as_text_is_no_answer(form: str, walk: tuple[Path, dict[str, str]]) -> None:
    """The workbook's marks do not count it either."""
    path, right = walk
    handed_in = filled(path, TITLE, right, "handed-in.xlsx")
    book = openpyxl.load_workbook(handed_in)
    book[TITLE]["J5"].value, book[TITLE]["J5"].data_type = form.format(0.0275), "s"
    book.save(handed_in)
    sheet = graded(handed_in).sheets[0]
    assert (sheet.right, sheet.wrong) == (21, 1)
    assert [(each.cells, each.cause) for each in sheet.mistakes] == [("J5", "text, not a number")]


def test_a_copy_of_the_key(walk: tuple[Path, dict[str, str]]) -> None:
    path, right = walk
    copied = {**right, "J5": f"'worked_{TITLE}'!J5", "L5": f"0+'worked_{TITLE}'!L5*1"}
    sheet = graded(filled(path, TITLE, copied, "copied.xlsx")).sheets[0]
    assert (sheet.right, sheet.copied) == (20, 2)
    assert {each.cause for each in sheet.mistakes} == {"copied: the formula refers to the worked sheet"}
    assert [each.kind for each in sheet.mistakes] == [Kind.COPIED] * 2


# ------------------------------------------------------------------------------------------------- recognized


def test_the_samples_need_no_file(tmp_path: Path) -> None:
    """Those of a CSV are in the Data sheet, and no file beside the workbook is read."""
    (tmp_path / "adam.yaml").write_text(ADAM, encoding="utf-8")
    (tmp_path / "data.csv").write_text("id,i1,i2,t1\n7,0.5,-1,0.3\n8,1.5,0.2,-0.4\n9,-0.3,0.8,0.9\n", encoding="utf-8")
    trace = trace_of(tmp_path / "adam.yaml", 4)
    for solved, score in ((False, 0.0), (True, 100.0)):
        trace.to_exercise(tmp_path / "e.xlsx", "all", solved=solved)
        (tmp_path / "data.csv").unlink(missing_ok=True)
        assert graded(tmp_path / "e.xlsx").score == score


def test_a_single_sample_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "samples: data.csv\nlayers: [{neurons: 1}]\nweights: [0.5, 0.2]\nlearning_rate: 1\niterations: 2\n",
        encoding="utf-8",
    )
    (tmp_path / "data.csv").write_text("t1,i1,i2\n0.3,0.5,-1\n", encoding="utf-8")
    trace_of(tmp_path / "one.yaml", 2).to_exercise(tmp_path / "e.xlsx", "all", solved=True)
    (tmp_path / "data.csv").unlink()
    assert graded(tmp_path / "e.xlsx").score == 100.0


def test_no_file_of_the_grader_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Config sheet that names one does not get it: the samples are those of the workbook."""
    path = tmp_path / "e.xlsx"
    trace_of(XOR, 4, learning_rate=0.5).to_exercise(path, "forward", solved=True)
    (tmp_path / "secret.csv").write_text("i1,i2,t1\n5,5,5\n6,6,6\n", encoding="utf-8")
    book = openpyxl.load_workbook(path)
    cell = book["Config"]["B5"]
    cell.value = str(cell.value).replace(" --rows", f" --set samples={tmp_path / 'secret.csv'} --rows")
    book.save(path)
    monkeypatch.setattr("tracer.config.tables.read_bytes", spied := Spy(read_bytes))
    assert graded(path).score == 100.0
    assert spied.paths
    assert tmp_path / "secret.csv" not in spied.paths


class Spy:
    """Reads files, and remembers which."""

    def __init__(self, read: Callable[..., bytes]) -> None:
        self.read, self.paths = read, list[Path]()

    def __call__(self, path: Path, *others: Any) -> bytes:
        self.paths.append(path)
        return self.read(path, *others)


@pytest.mark.parametrize(("change", "said"), [("dropped", "missing"), ("edited", "changed")])
def test_the_note_is_lost(change: str, said: str, walk: tuple[Path, dict[str, str]]) -> None:
    """By a program that drops custom properties, or by hand: the Config sheet says which cells were empty."""
    path, right = walk
    handed_in = filled(path, TITLE, {**right, "J5": 0.5}, "handed-in.xlsx")
    book = openpyxl.load_workbook(handed_in)
    (note,) = book.custom_doc_props.props
    if change == "edited":
        note.value = note.value.replace("J5", "J6")
    else:
        book.custom_doc_props.props.clear()
    book.save(handed_in)
    sheet = graded(handed_in).sheets[0]
    assert numbers(sheet) == (5, 16, 1, 0, 0)
    assert sheet.reason == f"the note in the file that says which cells were empty is {said}: taken from Config"


def test_the_note_can_list_single_cells(walk: tuple[Path, dict[str, str]]) -> None:
    path, right = walk
    book = openpyxl.load_workbook(filled(path, TITLE, right, "handed-in.xlsx"))
    old = Note.read({each.name: each.value for each in book.custom_doc_props.props})
    assert old is not None
    book.custom_doc_props.props.clear()
    note = Note(old.options, {TITLE: "J5, L5:L6"}, old.config)
    for name, text in note.properties().items():
        book.custom_doc_props.append(StringProperty(name=name, value=text))
    book.save(path)
    assert numbers(graded(path).sheets[0]) == (3, 0, 0, 0, 0)


def test_a_note_is_read_back_or_refused() -> None:
    note = Note("--rows 3 --blank all", {f"η = {number}": "J5:M7, AB5" for number in range(40)}, "0" * 16)
    properties = note.properties()
    assert len(properties) > 3
    assert max(map(len, properties.values())) <= 240
    assert Note.read({**properties, "Owner": "x"}) == note
    assert Note.read({"Owner": "x"}) is None
    first = next(iter(properties))
    for broken in ({**properties, first: properties[first][:-1]}, dict(list(properties.items())[1:]), {first: "{}"}):
        with pytest.raises(Changed):
            Note.read(broken)


def test_a_sheet_that_was_taken_out_counts_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "e.xlsx"
    trace_of(WALKTHROUGH, 2, learning_rate=[0.1, 0.5]).to_exercise(path, "updates", solved=True)
    book = openpyxl.load_workbook(path)
    del book["η = 0.5"]
    book["η = 0.1"].title = "Anna"
    book.save(path)
    report = graded(path)
    assert [(sheet.sheet, numbers(sheet)) for sheet in report.sheets] == [
        ("Anna", (8, 0, 0, 0, 0)), ("η = 0.5", (0, 0, 0, 8, 0)),
    ]  # fmt: skip
    assert report.score == 50.0


@pytest.mark.parametrize("what", ["removed", "emptied", "older"])
@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("note", [True, False])
def test_without_its_config_an_exercise_is_not_graded(what: str, marks: bool, note: bool, tmp_path: Path) -> None:
    """As any other sheet, it would be right though nothing is filled in."""
    path = tmp_path / "e.xlsx"
    trace_of(WALKTHROUGH, 2, learning_rate=0.5).to_exercise(path, "backward", marks=marks)
    book = openpyxl.load_workbook(path)
    if what == "removed":
        del book["Config"]
    elif what == "emptied":
        book["Config"].delete_rows(1, 100)
    else:
        book["Config"]["B5"] = "backprop-trace run walkthrough.yaml"
    if not note:
        book.custom_doc_props.props.clear()
    book.save(path)
    reason = "it is an exercise that cannot be graded: its sheet Config is missing, cut, or of an older version"
    assert check_workbook(path).reason == reason


def test_a_trace_is_no_exercise(tmp_path: Path) -> None:
    """The workbook of a run has a Config sheet too."""
    tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=3).to_excel(tmp_path / "trace.xlsx")
    sheets = check_workbook(tmp_path / "trace.xlsx").sheets
    assert [sheet.verdict for sheet in sheets if sheet.sheet == TITLE] == [Verdict.RIGHT]
    assert {sheet.empty for sheet in sheets} == {None}


@pytest.mark.office
def test_libreoffice_keeps_what_check_needs(walk: tuple[Path, dict[str, str]]) -> None:
    path, right = walk
    (copy,) = saved([filled(path, TITLE, {**right, "J5": 0.5}, "handed-in.xlsx")], path.parent / "saved")
    assert Note.read(read_book(copy).properties) == Note.read(read_book(path).properties) is not None
    assert [sheet.name for sheet in read_book(copy).sheets if sheet.hidden] == [
        f"worked_{TITLE}", f"worked_marks {TITLE}",
    ]  # fmt: skip
    assert numbers(graded(copy).sheets[0]) == (5, 16, 1, 0, 0)


# ------------------------------------------------------------------------------------------------- reports


def test_the_five_numbers_are_in_every_report(tmp_path: Path) -> None:
    """In one row a workbook, whatever its sheets."""
    trace = trace_of(WALKTHROUGH, 2, learning_rate=[0.5, 1])
    path, right = answers(trace, tmp_path, "forward")
    del right["J6"]
    entered: dict[str, str | float] = {**right, "J5": 0.5, "L5": "'worked_η = 0.5'!L5"}
    path = filled(path, TITLE, entered, "handed-in.xlsx")
    names = [tmp_path / name for name in ("out.json", "out.csv", "results.json")]
    shown = run("check", path, "--json", names[0], "--report", names[1], "--gradescope", names[2])
    assert shown.exit_code == 1
    words = "18 of 22 cells correct: 2 right, 16 consistent, 2 wrong, 1 empty, 1 copied"
    assert words in shown.output
    assert "0 of 22 cells correct: 0 right, 0 consistent, 0 wrong, 22 empty, 0 copied" in shown.output
    (book,) = json.loads(names[0].read_text(encoding="utf-8"))
    keys = ("judged", "right", "consistent", "wrong", "empty", "copied", "strict", "score")
    assert [tuple(sheet[key] for key in keys) for sheet in book["sheets"]] == [
        (22, 2, 16, 2, 1, 1, False, 81.8), (22, 0, 0, 0, 22, 0, False, 0.0),
    ]  # fmt: skip
    (row,) = DictReader(names[1].read_text(encoding="utf-8").splitlines())
    assert [row[key] for key in keys if key != "strict"] == ["44", "2", "16", "2", "23", "1", "40.9"]
    assert (row["sheet"], row["verdict"]) == ("η = 0.5; η = 1", "findings")
    tests = json.loads(names[2].read_text(encoding="utf-8"))["tests"]
    assert [(test["score"], test["max_score"]) for test in tests] == [(40.91, 50.0), (0.0, 50.0)]
    assert tests[0]["output"].splitlines()[0] == words


def test_strict_may_be_asked_of_check(walk: tuple[Path, dict[str, str]]) -> None:
    path, right = walk
    handed_in = filled(path, TITLE, {**right, "J5": 0.5}, "handed-in.xlsx")
    assert "21 of 22 cells correct: 5 right, 16 consistent" in run("check", handed_in).output
    strict = run("check", handed_in, "--strict").output
    assert "22 cells to fill in, only the key counts" in strict
    assert "5 of 22 cells correct: 5 right, 16 consistent" in strict


def test_an_exercise_with_notes_in_its_cells(walk: tuple[Path, dict[str, str]]) -> None:
    path, right = walk
    del right["X6"]
    handed_in = filled(path, TITLE, {**right, "J5": 0.5}, "handed-in.xlsx")
    run("check", handed_in, "-q", "--annotate", path.parent / "marked")
    book = openpyxl.load_workbook(path.parent / "marked" / "handed-in.xlsx")
    noted = {cell.coordinate: cell.comment.text for row in book[TITLE]["B5:X6"] for cell in row if cell.comment}
    assert noted.keys() == {"J5", "X6"}
    assert "not filled in" in noted["X6"]
    assert numbers(graded(path.parent / "marked" / "handed-in.xlsx").sheets[0]) == (5, 15, 1, 1, 0)


@settings(max_examples=60)
@given(data=st.data())
def test_a_config_sheet_that_was_tampered_with_gets_a_report(data: st.DataObject, tampered: Book) -> None:
    """A character, a cell or the note is another one: a report in any case, and no traceback."""
    sheets = []
    for sheet in tampered.sheets:
        cells = dict(sheet.cells)
        if sheet.name in ("Config", "Data"):
            place = data.draw(st.sampled_from(sorted(cells)))
            text = str(cells[place].value)
            at, what = data.draw(st.integers(0, len(text))), data.draw(st.text("[]{}:-05.,'\"#&*!x\n=", max_size=3))
            changed = st.sampled_from([None, Cell(text[:at] + what + text[at + 1 :]), Cell(-5.0), Cell(1e300)])
            new = data.draw(changed)
            cells = {**cells, place: new} if new else {other: cells[other] for other in cells if other != place}
        sheets.append(replace(sheet, cells=cells))
    properties = data.draw(st.sampled_from([{}, tampered.properties]))
    try:
        exercise = handed_in(replace(tampered, sheets=tuple(sheets), properties=properties))
    except NotGradable:
        return
    for report in graded_parts(exercise, False, lambda *_: []) if exercise else ():
        assert sum(numbers(report)) == report.judged


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = tmp_path_factory.mktemp("tampered") / "e.xlsx"
    trace_of(XOR, 4, learning_rate=0.5).to_exercise(path, "forward", solved=True)
    return read_book(path)
