"""Headers that may mean several things, and two headers for one quantity: what the numbers say is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hand import book, table
from tests.test_grading_headers import Columns, renamed, with_helpers
from tests.test_grading_right import FIXED, RATE, assert_right, checked, classic
from tracer.grading.book.cells import letters
from tracer.grading.judging.findings import SheetReport, Verdict

WEIGHTS = range(1, 9)


def both(new: dict[str, str]) -> dict[str, str]:
    """Names with # for 1 and for 2."""
    return {old.replace("#", n): text.replace("#", n) for old, text in new.items() for n in "12"}


NAMES = {
    "the target is called actual": both({"t#": "actual#", "ao#": "pred#"}),
    "the target is called d": both({"t#": "d#"}),
    "output is the net input": both({"o#": "output#", "ao#": "output#_act", "h#": "hidden#", "ah#": "hidden#_act"}),
    "Σ and f": both({"h#": "Σh#", "ah#": "f(h#)", "o#": "Σo#", "ao#": "f(o#)"}),
    "S is the sigmoid": both({"ah#": "S(h#)", "ao#": "S(o#)"}),
    "S is the sum": both({"h#": "S(h#)", "ah#": "a_h#"}),
    "a is the net input, z the activation": both({"h#": "a_h#", "ah#": "z_h#", "o#": "a_o#", "ao#": "z_o#"}),
    "Δw is the gradient": {f"dw{n}": f"Δw{n}" for n in WEIGHTS},
}


@pytest.mark.parametrize("names", NAMES)
def test_a_header_means_what_fits(names: str, tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", table("B6", renamed(classic(), NAMES[names]), 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 25)


def with_errors(total: str = "={E1}+{E2}", one: str = "=0.5*({t%d}-{ao%d})^2") -> Columns:
    """The classic network, its errors in columns of their own."""
    columns = classic()
    errors: Columns = {f"E{n}": (one % (n, n), None) for n in (1, 2)}
    return {**errors, **columns, "E": (total, None)}


HELPERS = {
    "error1": {"error1": "={t1}-{ao1}", "error2": "={t2}-{ao2}"},
    "e1": {"e1": "={t1}-{ao1}", "e2": "={t2}-{ao2}"},
    "error": {"error": "={t1}-{ao1}"},
    "e": {"e": "=EXP(-{o1})"},
    "da_o1": {"da_o1": "={ao1}*(1-{ao1})", "da_o2": "={ao2}*(1-{ao2})"},
    "dsig h1": {"dsig h1": "={ah1}*(1-{ah1})", "dsig h2": "={ah2}*(1-{ah2})"},
}


@pytest.mark.parametrize("header", HELPERS)
def test_a_helper_does_not_take_the_place_of_the_quantity(header: str, tmp_path: Path) -> None:
    helpers: Columns = {name: (formula, None) for name, formula in HELPERS[header].items()}
    (sheet,) = checked(book(("S", table("B6", {**helpers, **with_errors()}, 7, FIXED) | RATE)), tmp_path)
    assert sheet.verdict is Verdict.RIGHT
    assert {"E1", "E2", "E_total"} <= set(sheet.recognised)
    assert sheet.judged >= 27


@pytest.mark.parametrize("total", ["=0.5*({E1}+{E2})", "=({E1}+{E2})/2"])
def test_the_factor_of_the_loss_at_the_total(total: str, tmp_path: Path) -> None:
    columns = with_errors(total, "=({t%d}-{ao%d})^2")
    (sheet,) = checked(book(("S", table("B6", columns, 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 27)


@pytest.mark.parametrize("wrong", [["E1"], ["E1", "E2"]])
def test_a_missing_half_is_still_a_slip(wrong: list[str], tmp_path: Path) -> None:
    slips: Columns = {name: (f"=({{t{name[1]}}}-{{ao{name[1]}}})^2", None) for name in wrong}
    (sheet,) = checked(book(("S", table("B6", with_errors() | slips, 7, FIXED) | RATE)), tmp_path)
    assert [finding.quantity for finding in sheet.mistakes] == wrong
    assert {finding.cause for finding in sheet.mistakes} == {"the factor ½ is missing"}


@pytest.mark.parametrize(
    "headers", [("epoch", "lr=0.1", "lr=0.2"), ("epoch", "η=0.1", "η=0.5"), ("n", "Loss", "Loss2", "Loss3")]
)
def test_a_table_of_losses_beside(headers: tuple[str, ...], tmp_path: Path) -> None:
    columns = classic()
    losses: Columns = {name: (0.2 if name != headers[0] else 1.0, None) for name in headers}
    corner = f"{letters(2 + len(columns) + 1)}6"
    cells = table("B6", columns, 7, FIXED) | table(corner, losses, 7) | RATE
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert sheet.verdict is Verdict.RIGHT
    assert sheet.judged == sheet.right == 25
    assert sheet.eta == 0.5


def test_n_is_the_learning_rate_where_it_counts_nothing(tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", table("B6", classic(), 7, FIXED) | RATE | {"A1": "n ="})), tmp_path)
    assert_right(sheet, 25)


def test_deltas_counted_from_the_output(tmp_path: Path) -> None:
    helpers = {"stuff 1": "δ1", "stuff 2": "δ2", "helper 1": "δ3", "helper 2": "δ4"}
    (sheet,) = checked(book(("S", table("B6", renamed(with_helpers(), helpers), 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 29)


# ---------------------------------------------------------------------------------------------------------- biases


def with_biases(hidden: str, output: str) -> Columns:
    """The classic network with a bias a layer in its formulas."""
    columns = classic()
    return {
        name: (f"{first}+{hidden if name[0] == 'h' else output}", None)
        if name in ("h1", "h2", "o1", "o2")
        else (first, rest)
        for name, (first, rest) in columns.items()
    }


def biased(columns: Columns, folder: Path) -> SheetReport:
    (sheet,) = checked(book(("S", table("B6", columns, 7, FIXED) | RATE)), folder)
    return sheet


def test_a_copied_header_is_the_second_of_its_name(tmp_path: Path) -> None:
    biases: Columns = {"bias": (0.35, None), "bias.1": (0.6, None)}
    assert_right(biased({**biases, **with_biases("{bias}", "{bias.1}")}, tmp_path), 25)


def test_biases_typed_into_the_formulas(tmp_path: Path) -> None:
    assert_right(biased(with_biases("0.35", "0.6"), tmp_path), 25)


def test_a_slip_beside_typed_biases_is_one_finding(tmp_path: Path) -> None:
    columns = with_biases("0.35", "0.6") | {"o2": ("={w6}*{ah1}+{w8}*{ah2}+0.6", None)}
    sheet = biased(columns, tmp_path)
    assert [(finding.quantity, finding.cause) for finding in sheet.mistakes] == [("o2", "w6 is used instead of w7")]


def test_let_without_stored_values(tmp_path: Path) -> None:
    columns = classic()
    by_let = "=LET(x,{i1}:{i2},w,{w1}:{w2},SUMPRODUCT(x,w))"
    columns = {**columns, "h1": (by_let, None), "ah1": ("=_xlfn.LET(_xlpm.e,EXP(-{h1}),1/(1+_xlpm.e))", None)}
    order = ["i1", "i2", "w1", "w2", *(name for name in columns if name not in ("i1", "i2", "w1", "w2"))]
    cells = table("B6", {name: columns[name] for name in order}, 7, FIXED) | RATE
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert_right(sheet, 25)


def test_a_slip_within_let(tmp_path: Path) -> None:
    columns = {**classic(), "dw5": ("=LET(d,({ao1}-{t1})*{ao1}*(1-{ao1}),d*{ah2})", None)}
    (sheet,) = checked(book(("S", table("B6", columns, 7, FIXED) | RATE)), tmp_path)
    assert [(f.quantity, f.cause) for f in sheet.mistakes] == [("∂E/∂w5", "a_h2 is used instead of a_h1")]
