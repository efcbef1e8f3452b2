"""Sheets of the kinds found on public pages: right ones have no finding, in whatever spelling and convention; a planted
slip is found where it is, or there is no table."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import tracer
from tests.foreign import BIAS_STYLES, OTHERS, RATES, STYLES, TARGETS, XOR, Manner, Sheet, slip
from tests.hand import Cells, book
from tests.homework import write
from tests.places import CONFIGS
from tracer.grading.book.cells import Book, Fault
from tracer.grading.book.cells import Sheet as BookSheet
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Kind, SheetReport, Verdict, Way

FOUND = 0.9
"""Minimum share of planted slips that are found; the others are no table."""
PARTS = [pytest.param(part, marks=[] if part < 1 else [pytest.mark.long]) for part in range(12)]


def some_manner(rng: random.Random) -> Manner:
    return Manner(
        style=rng.choice(sorted(STYLES)),
        target=rng.choice(TARGETS),
        hidden=rng.choice([0, 2, 2, 3]),
        biases=rng.choice(["", *BIAS_STYLES]),
        half=rng.random() < 0.5,
        turned=rng.random() < 0.5,
        updates=rng.choice(["row", "row", "new", "mean", "sum"]),
        size=rng.choice([2, 4]),
        rate=rng.choice(["", *RATES]),
        eta=rng.choice([0.1, 0.5, 1.0, 3.0]),
        counted=rng.choice([None, 0, 1]),
        samples=rng.choice([OTHERS, OTHERS[:1], XOR]),
        corner=(rng.randint(4, 9), rng.randint(1, 6)),
    )


def checked(found: Book, folder: Path) -> SheetReport:
    return check_workbook(write(found, folder / "sheet.xlsx")).sheets[0]


@pytest.mark.parametrize("part", PARTS)
def test_right_sheets_have_no_finding(part: int, tmp_path: Path) -> None:
    rng = random.Random(part)
    for _ in range(10):
        manner = some_manner(rng)
        sheet = checked(book(("Sheet", Sheet(manner).cells())), tmp_path)
        assert sheet.verdict is Verdict.RIGHT, (manner, sheet.reason, sheet.mistakes)


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("target", TARGETS)
def test_every_spelling_of_a_target(style: str, target: str, tmp_path: Path) -> None:
    manner = Manner(style, target, biases="b_1", half=False, counted=0)
    sheet = checked(book(("Sheet", Sheet(manner).cells())), tmp_path)
    assert sheet.verdict is Verdict.RIGHT
    assert not sheet.unmatched
    assert "squared_error" in (sheet.network or "")
    assert sheet.eta == manner.eta


def changes(right: Book, wrong: Book, column: int) -> bool:
    """Whether a slip changes any number of its column."""
    (good,), (bad,) = right.sheets, wrong.sheets
    pairs = ((cell.number, bad.cells[place].number) for place, cell in good.cells.items() if place[1] == column)
    return any(x is not None and (y is None or abs(x - y) > 1e-7 * abs(x)) for x, y in pairs)


@pytest.mark.parametrize("part", PARTS)
def test_planted_slips_are_found_where_they_are(part: int, tmp_path: Path) -> None:
    rng = random.Random(f"slips {part}")
    tally: Counter[Verdict] = Counter()
    while tally.total() < 10:
        manner = some_manner(rng)
        sheet = Sheet(manner)
        right = book(("Sheet", sheet.cells()))
        key = rng.choice(sheet.computed)
        sheet.changes[key] = slip(sheet, key, rng), rng.choice([0, 0, manner.size])
        wrong = book(("Sheet", sheet.cells()))
        if not changes(right, wrong, sheet.column(key)):
            continue
        report = checked(wrong, tmp_path)
        where = {column for finding in report.mistakes for _, column in finding.places}
        assert where <= {sheet.column(key)}, (manner, key, sheet.formula(key, 4), report.mistakes)
        by_formulas = report.how is not None and report.how.way is Way.FORMULAS
        if by_formulas and key == "loss":
            continue  # the updates are right, those of a loss that no cell shows
        assert report.verdict is not Verdict.RIGHT, (manner, key)
        tally[report.verdict] += 1
    assert tally[Verdict.FINDINGS] >= FOUND * tally.total()


# ---------------------------------------------------------------------------------------------- few stored digits


def stored(found: Book, digits: int) -> Book:
    """The workbook as a program saves it that keeps so many significant digits of computed values."""
    (sheet,) = found.sheets
    kept = {
        place: cell._replace(value=float(f"{cell.number:.{digits}g}")) if cell.formula and cell.number else cell
        for place, cell in sheet.cells.items()
    }
    return replace(found, sheets=(replace(sheet, cells=kept),))


@pytest.mark.parametrize("digits", [9, 10, 11, 12, 13, 15])
@pytest.mark.parametrize("updates", ["row", "mean"])
def test_few_stored_digits_are_no_stale_values(digits: int, updates: str, tmp_path: Path) -> None:
    sheet = Sheet(Manner(updates=updates, rows=40))
    full = stored(book(("Sheet", sheet.cells())), digits)
    assert checked(full, tmp_path).verdict is Verdict.RIGHT
    (cells,) = (found.cells for found in full.sheets)
    place = (sheet.first + 7, sheet.column("a1"))
    number = cells[place].number
    assert number
    changed = {**cells, place: cells[place]._replace(value=number * (1 + 1e-6))}
    report = checked(replace(full, sheets=(replace(full.sheets[0], cells=changed),)), tmp_path)
    assert [(finding.kind.value, finding.places) for finding in report.mistakes[:1]] == [("stale", (place,))]


# ------------------------------------------------------------------------------------------------- rows of errors


def with_error_from(step: int, column: str) -> Cells:
    """A sheet in which one formula divides by an empty cell from a step on, and everything after it is an error."""
    sheet = Sheet(Manner())
    sheet.changes[column] = (lambda text: f"{text}/$Z$1"), step
    return sheet.cells()


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize("column", ["z1", "a2", "w3", "gw1"])
def test_rows_of_errors_are_findings(column: str, step: int, tmp_path: Path) -> None:
    report = checked(book(("Sheet", with_error_from(step, column))), tmp_path)
    assert report.verdict is Verdict.FINDINGS
    assert {c for finding in report.mistakes for _, c in finding.places} == {Sheet(Manner()).column(column)}


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize("updates", ["row", "mean"])
@pytest.mark.parametrize("error", ["#DIV/0!", "#NAME?"])
def test_sheets_of_errors_alone_are_findings(error: str, updates: str, first: int, tmp_path: Path) -> None:
    sheet = Sheet(Manner(updates=updates))
    (cells,) = (found.cells for found in book(("Sheet", sheet.cells())).sheets)
    shown = {
        place: cell._replace(value=Fault(error)) if cell.formula and place[0] >= sheet.first + first else cell
        for place, cell in cells.items()
    }
    report = checked(Book((BookSheet("Sheet", shown),), {}), tmp_path)
    assert report.verdict is Verdict.FINDINGS
    assert {finding.kind for finding in report.mistakes} == {Kind.ERROR}
    begins = {finding.cells.split(":")[0] for finding in report.mistakes}
    assert begins <= {sheet.at(key, sheet.first + first) for key in sheet.keys}


# ---------------------------------------------------------------------------------------------------- other rules

STEP = r"=IF(\1>0,1,0)"
SIGMOID = r"=1/\(1\+EXP\(-(.*)\)\)$"
SLOPE = r"^=\((\w+)-(\w+)\)\*\w+\*\(1-\w+\)"
"""The derivative of the output's activation, in a gradient."""
OTHER_RULES: Mapping[str, tuple[int, Mapping[str, Callable[[str], str]]]] = {
    "weight decay": (2, {"w": lambda text: re.sub(r"^=([A-Z]+\d+)-", r"=0.99*\1-", text)}),
    "perceptron": (0, {"a": lambda text: re.sub(SIGMOID, STEP, text), "g": lambda text: re.sub(SLOPE, r"=(\1-\2)", text)}),
    "step activation": (2, {"a": lambda text: re.sub(SIGMOID, STEP, text)}),
    "bipolar sigmoid": (2, {"a": lambda text: re.sub(SIGMOID, r"=2/(1+EXP(-\1))-1", text)}),
    "absolute gradients": (2, {"g": lambda text: f"=ABS({text[1:]})"}),
    "another loss": (2, {"l": lambda text: re.sub(r"^=0.5\*\((.*)\)\^2", r"=LN(COSH(\1))", text)}),
}  # fmt: skip
"""Sheets whose columns of a kind all follow another rule than what headers alone tell: neurons of the hidden layer, and
how the columns whose keys begin so are changed."""


@pytest.mark.parametrize(
    "style", ["classic", *(pytest.param(style, marks=pytest.mark.long) for style in ("plain", "underscores"))]
)
@pytest.mark.parametrize("rule", OTHER_RULES)
def test_columns_that_follow_another_rule_are_not_judged_by_their_headers(
    rule: str, style: str, tmp_path: Path
) -> None:
    hidden, changed = OTHER_RULES[rule]
    sheet = Sheet(Manner(style=style, hidden=hidden))
    sheet.changes = {key: (changed[key[0]], 0) for key in sheet.keys if key[0] in changed}
    report = checked(book(("Sheet", sheet.cells())), tmp_path)
    if report.verdict is Verdict.NO_TABLE:
        assert "--config" in (report.reason or "")
    else:  # the formulas know any activation, any loss and weight decay
        assert report.how is not None
        assert report.how.way is Way.FORMULAS
    assert bool(report.mistakes) == (rule in ("absolute gradients", "bipolar sigmoid"))  # slopes of a sigmoid


def test_adaline_is_read_without_its_activation(tmp_path: Path) -> None:
    sheet = Sheet(Manner(hidden=0))
    sheet.changes = {key: (lambda text: re.sub(SLOPE, r"=(\1-\2)", text), 0) for key in sheet.keys if key[0] == "g"}
    sheet.changes["a1"] = (lambda text: re.sub(SIGMOID, r"=\1", text), 0)
    report = checked(book(("Sheet", sheet.cells())), tmp_path)
    assert report.verdict is Verdict.RIGHT


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_our_own_sheets_are_right_or_no_table_without_their_config(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.xlsx"
    tracer.run(config, iterations=6).to_excel(path)
    report = check_workbook(path)
    assert not report.has_findings
    assert report.readable or "--config" in (report.reason or "")
