"""The table of slips: every row's example is planted, and found under the row's name; the search is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from tests.homework import Layout, homework
from tracer.formulas.notation.numpy import Array, Quantities, value
from tracer.formulas.tree import Call, Expression, Name, distinct, with_names
from tracer.grading.judging.causes import SENTENCES
from tracer.grading.network.oracle import same
from tracer.grading.network.place import MEAN, SUM, Place
from tracer.grading.slips import search
from tracer.grading.slips.search import Budget, Evidence, find_slip, pairs_of_slips, single_slips, typed_numbers
from tracer.grading.slips.slip import Setting, Slip
from tracer.grading.slips.table import IN_PAIRS, SLIPS
from tracer.tables.activations import read_formula

BATCH = Place(0, 3, 3, 3)
"""The first row of a batch of three."""

_QUANTITY = re.compile(r"(mean|sum)\((\w+)\)|((?:∂\w+/∂)?[^\W\d]\w*)(?:\[([+−]\d+)\])?(?![\w(])")


def read(text: str) -> Expression:
    """A formula as a report writes it: `w5[−1]·g1 − mean(g2)`."""
    meant: dict[Name, Expression] = {}

    def plain(match: re.Match[str]) -> str:
        reduced, over, name, rows = match.groups()
        key = Name(f"q{len(meant)}x")
        lag = -int((rows or "0").replace("−", "-"))
        reduction = {"mean": MEAN, "sum": SUM}.get(reduced)
        meant[key] = Call(reduction, (Name(over, 0, True),)) if reduction else Name(name, lag)
        return key.name

    return with_names(read_formula(_QUANTITY.sub(plain, text).replace("·", "*").replace("−", "-")), meant)


class Steps(Quantities):
    """Made-up quantities, different in every row; those of a batch in its three rows."""

    def __getitem__(self, name: Name) -> Array:
        if name.batch:
            return np.array([self[Name(name.name, lag)] for lag in BATCH.lags(name.lag)])
        seed = sum(ord(letter) * (index + 1) for index, letter in enumerate(name.name))
        drawn: Array = np.random.default_rng((seed, name.lag + 10)).uniform(0.2, 0.9, 12)
        return drawn

    def over_batch(self, how: str, lag: int, members: Array) -> Array:
        reduced: Array = members.mean(axis=0) if how == "mean" else members.sum(axis=0)
        return reduced

    def __iter__(self) -> Iterator[Name]:
        return iter(())

    def __len__(self) -> int:
        return 0


def setting_of(slip: Slip) -> Setting:
    """A table that shows the quantities of a slip's example, besides some others."""
    right, wrong = read(slip.right), read(slip.wrong)
    quantities = dict.fromkeys(name.name for name in (*distinct(right), *distinct(wrong), Name("g9"), Name("b9")))
    home = min((name.lag for name in distinct(right) if not name.batch), default=0)
    return Setting(list(quantities), home, typed_numbers(wrong), place=BATCH)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_a_slip_is_found_by_its_name(slip: Slip) -> None:
    right, wrong, steps, setting = read(slip.right), read(slip.wrong), Steps(), setting_of(slip)
    theirs = np.broadcast_to(value(wrong, steps), (12,))
    assert not same(np.broadcast_to(value(right, steps), (12,)), theirs)
    found = find_slip([right], Evidence(steps, theirs, same, Budget()), setting, wrong)
    assert found
    assert found.cause.slip == slip.name
    assert found.expression is not None
    assert setting.text(found.expression) == setting.text(wrong)
    words = re.sub(r"\{\w+\}", "(.*)", re.sub(r"[+()^]", r"\\\g<0>", slip.sentence))
    assert re.fullmatch(words, found.cause.sentence), found.cause.sentence
    assert all(str(part) for part in found.cause.parts.values())


def test_two_slips_at_once_have_the_parts_of_both() -> None:
    right, wrong, steps = read("(a_o1 − t1)·w5"), read("(a_o1 + t1)·w6"), Steps()
    setting = Setting(["a_o1", "t1", "w5", "w6"], 0)
    found = find_slip([right], Evidence(steps, value(wrong, steps), same, Budget()), setting, wrong)
    assert found
    assert found.cause.slip == "two_slips"
    assert found.cause.sentence == "w6 is used instead of w5; and + is used instead of − before t1"
    assert found.cause.parts == {
        "first": "wrong_index", "first_found": "w6", "first_expected": "w5",
        "second": "plus_for_minus", "second_before": "a_o1", "second_after": "t1",
    }  # fmt: skip


def test_names_of_slips_are_unique_and_machine_readable() -> None:
    names = [slip.name for slip in SLIPS] + list(SENTENCES) + ["two_slips"]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    assert set(IN_PAIRS) <= set(SLIPS)


@pytest.mark.parametrize(
    ("quantity", "singles", "pairs"),
    [("a_h1", 54, 178), ("w1", 188, 2_967), ("h1", 265, 5_031), ("∂E/∂w1", 858, 53_482)],
)
def test_how_much_is_tried(quantity: str, singles: int, pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures in the docstrings of the bounds, and that the bounds hold."""
    hw = homework(Layout())
    right, setting = hw.formulas[quantity], Setting([name for name in hw.order if name != "iteration"], 0)

    def tried() -> tuple[int, int]:
        return sum(1 for _ in single_slips(right, setting)), sum(1 for _ in pairs_of_slips(right, setting))

    assert tried() == (singles, min(pairs, search.MOST_PAIRS))
    monkeypatch.setattr(search, "MOST_SINGLES", 50)
    monkeypatch.setattr(search, "MOST_PAIRS", 10**9)
    assert tried() == (50, pairs)


def test_a_search_in_vain_computes_each_single_slip_once_and_no_more_pairs_than_agreed() -> None:
    hw = homework(Layout())
    right, setting = hw.formulas["h1"], Setting([name for name in hw.order if name != "iteration"], 0)
    theirs, budget = np.linspace(3.0, 4.0, 12), Budget()
    calls: list[int] = []

    def never(x: Array, y: Array) -> bool:
        calls.append(1)
        return False

    evidence = Evidence(Steps(), theirs, never, budget)
    assert find_slip([right], evidence, setting, pairs=False) is None
    assert len(calls) == 265 + 2  # and a common factor, and a common offset
    assert budget.fruitless == 0
    calls.clear()
    assert find_slip([right, right], evidence, setting) is None
    assert 2 * 265 + 2 < len(calls) <= 2 * 265 + 2 + search.MOST_PAIRS
    assert budget.fruitless == 1
    budget.fruitless = search.MOST_FRUITLESS
    calls.clear()
    assert find_slip([right], evidence, setting) is None
    assert len(calls) == 265 + 2
    budget.left = 0
    calls.clear()
    assert find_slip([right], evidence, setting) is None
    assert len(calls) == 2
