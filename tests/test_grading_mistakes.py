"""Mistakes planted at random places of right homework: each is found, in its own column only, and named; in formulas,
and in values that were pasted in their place, rounded or not."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from tests.hand import Cells, book, table
from tests.homework import MISTAKES, SPELLINGS, Homework, Layout, homework, write
from tests.test_grading_right import FIXED, RATE, classic
from tracer.formulas.tree import ADD, MUL, Call, Name, Number
from tracer.grading.book.cells import Book
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict

CASES, PARTS = 500, 10
"""Planted mistakes, and the tests that share them, so that they spread over several workers."""
NAMED = 0.9
EXACT = 17
"""Decimals of a value that was pasted as it is."""


def checked(hw: Homework, folder: Path) -> SheetReport:
    report = check_workbook(write(hw.book(), folder / "homework.xlsx"))
    assert report.readable, report.reason
    return report.sheets[0]


def mistakes(sheet: SheetReport) -> dict[str, Finding]:
    return {finding.quantity: finding for finding in sheet.mistakes}


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    numbers = st.integers(5, 95).map(lambda n: n / 100)
    values: dict[str, object] = {}
    if draw(st.booleans()):
        values["weights"] = draw(st.lists(numbers, min_size=8, max_size=8, unique=True))
        values["inputs"] = draw(st.lists(numbers, min_size=2, max_size=2, unique=True))
        values["targets"] = draw(st.lists(numbers, min_size=2, max_size=2, unique=True))
    biases = draw(st.sampled_from([None, None, {"h": 0.35, "o": 0.6}, {"h": [0.1, 0.2], "o": [0.3, 0.4]}]))
    if biases:
        values["biases"] = biases
    return Layout(
        steps=draw(st.sampled_from([4, 5, 6])),
        corner=(draw(st.integers(4, 30)), draw(st.integers(1, 8))),
        turned=draw(st.sampled_from([False, False, True])),
        spelling=draw(st.sampled_from(list(SPELLINGS))),
        full=draw(st.sampled_from([False, False, True])),
        dropped=frozenset(
            draw(st.sampled_from([(), (), ("E1", "E2"), ("h1", "h2"), ("h1", "h2", "o1", "o2"), ("a_h1",)]))
        ),
        shuffled=draw(st.sampled_from([None, None, 1, 2])),
        updates=draw(st.sampled_from(["row", "row", "same row", "steps"])),
        eta=draw(st.sampled_from(["label", "label", "formula", "name"])),
        iteration=draw(st.booleans()),
        notes=draw(st.booleans()),
        values=values,
    )


def changes(right: Book, wrong: Book) -> bool:
    """Whether a mistake changes any number: i1·w1 for w1·i1 is none."""
    (good,), (bad,) = right.sheets, wrong.sheets
    for place, cell in bad.cells.items():
        number, other = cell.number, good.cells[place].number
        if number is not None and other is not None and abs(number - other) > 1e-7 * abs(other):
            return True
    return False


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_planted_mistakes_are_found_and_named(part: int, tmp_path: Path) -> None:
    """Every part plants its share of the cases, other ones than the rest, and has to name the same share of them."""
    tally: Counter[str] = Counter()
    unnamed: list[str] = []

    @seed(part)
    @settings(max_examples=CASES // PARTS, database=None, phases=[Phase.generate])
    @given(
        layout=layouts(),
        kind=st.sampled_from(list(MISTAKES)),
        drawn=st.integers(0, 10_000),
        pasted=st.sampled_from([None, None, None, EXACT, 9, 6]),
    )
    def plant(layout: Layout, kind: str, drawn: int, pasted: int | None) -> None:
        wrong = homework(layout)
        planted = MISTAKES[kind](wrong, random.Random(drawn))
        handed_in = wrong.book()
        if planted is None or not changes(homework(layout).book(), handed_in):
            planted = MISTAKES["half"](wrong := homework(layout), random.Random(drawn))
            assert planted is not None
            handed_in = wrong.book()
        if pasted is not None:
            wrong.rounded = dict.fromkeys(wrong.computed, pasted)
            handed_in = wrong.book()
        report = check_workbook(write(handed_in, tmp_path / "homework.xlsx"))
        found = mistakes(report.sheets[0])
        assert set(found) == {planted.quantity}, (kind, planted, {q: f.cause for q, f in found.items()})
        tally["planted"] += 1
        cause = found[planted.quantity].cause or ""
        if any(word in cause for word in planted.words):
            tally["named"] += 1
        else:
            unnamed.append(f"{kind}: {cause}")

    plant()
    assert tally["planted"] >= CASES // PARTS
    assert tally["named"] >= NAMED * tally["planted"], unnamed


def slip(name: str, old: str, new: str) -> Cells:
    """The classic table with one text of one column's formulas replaced by another."""
    columns = dict(classic())
    first, others = columns[name]
    columns[name] = (first.replace(old, new) if isinstance(first, str) else first, others and others.replace(old, new))
    assert columns[name] != (first, others)
    return table("A32", columns, 12, FIXED) | RATE


NAMED_SLIPS = [
    ("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})", "a_h1 is used instead of a_h2"),
    ("dw1", "{w5}", "{w6}", "w6 is used instead of w5"),
    ("dw5", "({ao1}-{t1})", "({t1}-{ao1})", "a_o1 and t1 are swapped: the sign is flipped"),
    ("dw5", "*(1-{ao1})", "", "the factor 1 − a_o1 is missing"),
    ("dw5", "*{ao1}*(1-{ao1})", "", "the activation's derivative a_o1·(1 − a_o1) is missing"),
    ("dw5", "*{ah1}", "*{ah1}*{ah1}", "the factor a_h1 appears twice"),
    ("dw7", "{ah1}", "{ah2}", "a_h2 is used instead of a_h1"),
    ("dw8", "({ao2}-{t2})", "2*({ao2}-{t2})", "an extra factor 2"),
    ("dw6", "={", "=0.5*{", "an extra factor ½"),
    ("h1", "+{w2}*{i2}", "", "the term w2·i2 is missing"),
    ("h2", "{i1}", "{i2}", "i2 is used instead of i1"),
    ("ah1", "(1+EXP(-{h1}))", "1+EXP(-{h1})", "parentheses are missing around 1 + e^(−h1)"),
    ("ah2", "EXP(-{h2})", "EXP({h2})", "the minus sign before h2 is missing"),
    ("o1", "{w5}*{ah1}+{w6}*{ah2}", "{w6}*{ah1}+{w5}*{ah2}", "w5 and w6 are swapped"),
    ("w4", "{eta}*", "", "η is missing"),
    ("w4", "-{eta}", "+{eta}", "+ is used instead of −"),
    ("w4", "{dw4-1}", "{dw3-1}", "∂E/∂w3 is used instead of ∂E/∂w4"),
    ("w4", "{w4-1}", "{w3-1}", "w3 is used instead of w4"),
    ("E", "0.5*({t1}", "({t1}", "the factor ½ is missing"),
]


@pytest.mark.parametrize(("name", "old", "new", "words"), NAMED_SLIPS)
def test_a_slip_by_its_name(name: str, old: str, new: str, words: str, tmp_path: Path) -> None:
    if name == "dw6":
        old, new = "=({ao1}", "=0.5*({ao1}"
    report = check_workbook(write(book(("S", slip(name, old, new))), tmp_path / "slip.xlsx"))
    (finding,) = report.sheets[0].mistakes
    assert words in (finding.cause or ""), finding.cause
    assert finding.theirs
    assert finding.theirs != finding.right
    assert finding.differs
    assert report.sheets[0].judged - report.sheets[0].right == 1
    assert report.has_findings


def test_the_common_slip_reads_as_a_person_would_write_it(tmp_path: Path) -> None:
    cells = slip("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})")
    (sheet,) = check_workbook(write(book(("S", cells)), tmp_path / "slip.xlsx")).sheets
    (finding,) = sheet.mistakes
    chain = "((a_o1 − t1)·a_o1·(1 − a_o1)·w6 + (a_o2 − t2)·a_o2·(1 − a_o2)·w8)"
    assert finding.theirs == f"{chain}·a_h1·(1 − a_h1)·i1"
    assert finding.right == f"{chain}·a_h2·(1 − a_h2)·i1"
    assert [finding.theirs[start:end] for start, end in finding.differs] == ["a_h1", "a_h1"]
    assert (finding.quantity, finding.kind, finding.cells) == ("∂E/∂w3", Kind.FORMULA, "X33:X44")
    assert finding.effect is not None
    assert sheet.departure is not None
    assert sheet.departure.final_loss - sheet.departure.right_final_loss == pytest.approx(finding.effect, rel=1e-3)


@pytest.mark.parametrize("name", ["w3", "w8"])
def test_a_sliding_reference_to_the_learning_rate(name: str, tmp_path: Path) -> None:
    hw = homework(Layout(steps=10, corner=(8, 2)))
    hw.sliding.add(name)
    found = mistakes(checked(hw, tmp_path))
    assert set(found) == {name}
    assert "slides down" in (found[name].cause or "")


def test_a_label_that_contradicts_the_updates(tmp_path: Path) -> None:
    cells = table("A32", classic(), 12, {"eta": "0.4"}) | RATE
    (sheet,) = check_workbook(write(book(("S", cells)), tmp_path / "eta.xlsx")).sheets
    (finding,) = sheet.mistakes
    assert (finding.kind, finding.cells) == (Kind.ETA, "B1")
    assert finding.cause == "the label says 0.5, but all updates use 0.4"
    assert sheet.eta == 0.4


@pytest.mark.parametrize("digits", [4, 6, 9])
def test_rounded_values_are_told_apart_from_mistakes(digits: int, tmp_path: Path) -> None:
    hw = homework(Layout(steps=10))
    hw.rounded = dict.fromkeys(hw.computed, digits)
    sheet = checked(hw, tmp_path)
    assert sheet.verdict is Verdict.RIGHT, sheet.mistakes
    assert {finding.kind for finding in sheet.findings} == {Kind.ROUNDED}
    assert any(finding.cause == f"pasted, rounded to {digits} decimals: consistent" for finding in sheet.findings)


def test_a_mistake_shows_in_rounded_values_too(tmp_path: Path) -> None:
    hw = homework(Layout(steps=10))
    right = hw.formulas["∂E/∂w7"]
    wrong = homework(Layout(steps=10))
    wrong.formulas["∂E/∂w7"] = wrong.formulas["∂E/∂w8"]
    assert right != wrong.formulas["∂E/∂w7"]
    wrong.rounded = dict.fromkeys(wrong.computed, 8)
    found = mistakes(checked(wrong, tmp_path))
    assert set(found) == {"∂E/∂w7"}
    assert found["∂E/∂w7"].kind is Kind.VALUE
    assert found["∂E/∂w7"].cause == "a_h2 is used instead of a_h1"


def test_pasted_values_without_rounding(tmp_path: Path) -> None:
    hw = homework(Layout(steps=6))
    hw.rounded = {"a_h1": 17, "∂E/∂w5": 17}
    sheet = checked(hw, tmp_path)
    assert sheet.verdict is Verdict.RIGHT
    assert [(f.quantity, f.kind, f.cause) for f in sheet.findings] == [
        ("a_h1", Kind.PASTED, "pasted: consistent"),
        ("∂E/∂w5", Kind.PASTED, "pasted: consistent"),
    ]


def test_a_number_typed_over_a_formula_is_reported_once(tmp_path: Path) -> None:
    hw = homework(Layout(steps=8))
    hw.typed["a_o1", 4] = 0.7
    found = mistakes(checked(hw, tmp_path))
    assert set(found) == {"a_o1"}
    assert found["a_o1"].kind is Kind.CONSTANT
    assert len(found["a_o1"].places) == 1


def test_where_all_gradients_and_updates_are_wrong_the_network_is_told_all_the_same(tmp_path: Path) -> None:
    hw = homework(Layout(steps=6))
    for n in range(1, 9):
        hw.formulas[f"∂E/∂w{n}"] = Call(MUL, (Number(0.5), hw.formulas[f"∂E/∂w{n}"]))
        hw.formulas[f"w{n}"] = Call(ADD, (hw.formulas[f"w{n}"], Name(f"∂E/∂w{n}", 1)))
    found = mistakes(checked(hw, tmp_path))
    assert {f"{stem}{n}" for stem in ("w", "∂E/∂w") for n in range(1, 9)} <= set(found)


def test_an_empty_template_is_unfilled(tmp_path: Path) -> None:
    cells = {where: value for where, value in table("A5", classic(), 3, FIXED).items() if where.endswith("5")}
    cells |= {f"{column}6": 0.1 for column in "ABCDEFGHIJKL"}
    (sheet,) = check_workbook(write(book(("S", cells)), tmp_path / "template.xlsx")).sheets
    assert sheet.verdict is Verdict.UNFILLED
