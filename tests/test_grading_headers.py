"""Headers that need more than themselves to be understood: two lines of them, names that count through all layers,
weights by their ends, and columns whose header says nothing at all."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.hand import Cells, Value, book, table
from tests.homework import write
from tests.test_grading_right import FIXED, RATE, assert_right, checked, classic
from tracer.grading.book.cells import Book, Cell, Sheet
from tracer.grading.book.package import read_book
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import TOLERANCE, SheetReport, Verdict
from tracer.grading.sheet.conventions import settled
from tracer.grading.sheet.spelling import candidates
from tracer.grading.terms import Terms
from tracer.grading.ways.headers import by_headers
from tracer.model.naming import spell

Columns = dict[str, tuple[Value, str | None]]


def renamed(columns: Columns, new: Mapping[str, str]) -> Columns:
    """The columns under other headers, their formulas too."""

    def spelt(text: Value) -> Value:
        return (
            re.sub(r"\{([^{}]+?)(-1)?\}", lambda m: f"{{{new.get(m[1], m[1])}{m[2] or ''}}}", text)
            if isinstance(text, str)
            else text
        )

    return {
        new.get(name, name): (spelt(first), others and str(spelt(others))) for name, (first, others) in columns.items()
    }


# ------------------------------------------------------------------------------------------- two lines of headers


GROUPS: dict[str, tuple[str, Callable[[str], Value]]] = {
    "t": ("targets", str), "i": ("inputs", str), "w": ("weights", str), "h": ("net", str), "o": ("net", str),
    "ah": ("out", lambda n: n[1:]), "ao": ("out", lambda n: n[1:]), "E": ("E", lambda n: "total"), "dw": ("∂E/∂w", lambda n: float(n[2:])),
}  # fmt: skip


def in_two_lines(columns: Columns, groups: Mapping[str, tuple[str, Callable[[str], Value]]], merged: bool) -> Cells:
    """The classic table under two lines; a group's name stands above its first column, or above each of them."""
    cells = table("B6", columns, 7, FIXED)
    before = ""
    for name in columns:
        group, inside = groups[name.rstrip("0123456789")]
        column = re.sub(r"\d", "", next(where for where, text in cells.items() if text == name and where.endswith("6")))
        cells[f"{column}6"] = inside(name)
        if group != before or not merged:
            cells[f"{column}5"] = group
        before = group
    return cells | RATE


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("numbers", [True, False])
def test_headers_in_two_lines(numbers: bool, merged: bool, tmp_path: Path) -> None:
    groups = dict(GROUPS)
    if numbers and merged:
        groups |= {kind: (kind, lambda n: float(n[1:])) for kind in "tiw"}
    (sheet,) = checked(book(("S", in_two_lines(classic(), groups, merged))), tmp_path)
    assert_right(sheet, 25)


def test_two_lines_on_their_side(tmp_path: Path) -> None:
    upright = book(("S", in_two_lines(classic(), GROUPS, merged=True))).sheets[0]
    values = {(column, row): Cell(cell.value) for (row, column), cell in upright.cells.items()}
    (sheet,) = checked(Book((Sheet("S", values),), {}), tmp_path)
    assert sheet.verdict is Verdict.RIGHT
    assert sheet.judged == 25


def test_a_first_row_of_whole_numbers_is_no_second_line(tmp_path: Path) -> None:
    whole = classic(t1=1.0, t2=0.0, i1=1.0, i2=2.0) | {f"w{n}": (float(n), classic()[f"w{n}"][1]) for n in range(1, 9)}
    (sheet,) = checked(book(("S", table("B6", whole, 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 25)


# ------------------------------------------------------------------------------------------------------- names


MEANT = {
    "x1 x2 y1 w11 w12 w21 w22 w31 w32 z1 a1 z2 a2 z3 a3 L dw31 ∂L/∂w12 δ3 ∂a1/∂z1": (
        "i1 i2 t1 w1 w2 w3 w4 w5 w6 h1 a_h1 h2 a_h2 o1 a_o1 E_total ∂E/∂w5 ∂E/∂w2 ∂E/∂o1 ∂a_h1/∂h1"
    ),
    "x1 x2 y1 ŷ1 w1_11 w1_12 w1_21 w1_22 w2_11 w2_12 z1 z2 z3": "i1 i2 t1 a_o1 w1 w2 w3 w4 w5 w6 h1 h2 o1",
    "x1 x2 x3 w14 w15 w24 w25 w34 w35 w46 w56 net4 out4 net5 net6 out6": (
        "i1 i2 i3 w1 w4 w2 w5 w3 w6 w7 w8 h1 a_h1 h2 o1 a_o1"
    ),
    "x1 x2 t1 t2 w_i1h1 w_i2h1 w_i1h2 w_i2h2 w_h1o1 w_h2o1 w_h1o2 w_h2o2": "i1 i2 t1 t2 w1 w2 w3 w4 w5 w6 w7 w8",
    "x1 x2 t1 t2 h1 h2 v11 v12 v21 v22 w11 w12 w21 w22": "i1 i2 t1 t2 h1 h2 w1 w2 w3 w4 w5 w6 w7 w8",
    "x1 x2 t1 t2 h1 h2 w11 w12 w21 w22 v11 v12 v21 v22": "i1 i2 t1 t2 h1 h2 w1 w2 w3 w4 w5 w6 w7 w8",
    "x1 x2 t1 w11^(1) w12^(1) w21^(1) w22^(1) w11^(2) w12^(2) z1^(1) z2^(1) a2^(1) z1^(2) a1^(2)": (
        "i1 i2 t1 w1 w2 w3 w4 w5 w6 h1 h2 a_h2 o1 a_o1"
    ),
    "t1 t2 w1 w2 w11 w12": "t1 t2 w1 w2 w11 w12",
    "z1 z2 o1 o2 a1": "h1 h2 o1 o2 a_h1",
}  # fmt: skip


@pytest.mark.parametrize("headers", MEANT)
def test_names_that_mean_something_beside_others(headers: str) -> None:
    spelling = settled(candidates, headers.split())
    assert [spell(spelling(header)[0]) for header in headers.split()] == MEANT[headers].split()


THROUGH = {
    "i1": "x1", "i2": "x2", "t1": "y1", "t2": "y2", "h1": "z1", "ah1": "a1", "h2": "z2", "ah2": "a2", "o1": "z3",
    "ao1": "ŷ1", "o2": "z4", "ao2": "ŷ2", "E": "L",
    **{f"w{n}": f"w{target}{source}" for n, (target, source) in enumerate([(t, s) for t in (1, 2, 3, 4) for s in (1, 2)], 1)},
    **{f"dw{n}": f"∂L/∂w{target}{source}" for n, (target, source) in enumerate([(t, s) for t in (1, 2, 3, 4) for s in (1, 2)], 1)},
}  # fmt: skip


def test_neurons_counted_through_and_weights_by_their_ends(tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", table("B6", renamed(classic(), THROUGH), 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 25)


# ------------------------------------------------------------------------------------------- columns without a name


def with_helpers(slip: tuple[str, str] = ("", ""), turned: bool = False) -> Columns:
    """The classic network, its δ in columns of which the headers say nothing."""
    columns = classic()
    less = "({t%d}-{ao%d})" if turned else "({ao%d}-{t%d})"
    sign = "-" if turned else ""
    helpers = {f"stuff {n}": f"={less % (n, n)}*{{ao{n}}}*(1-{{ao{n}}})" for n in (1, 2)}
    helpers |= {
        f"helper {n}": f"=({{stuff 1}}*{{w{4 + n}}}+{{stuff 2}}*{{w{6 + n}}})*{{ah{n}}}*(1-{{ah{n}}})" for n in (1, 2)
    }
    users = {f"dw{2 * n + k - 2}": f"={sign}{{helper {n}}}*{{i{k}}}" for n in (1, 2) for k in (1, 2)}
    users |= {f"dw{4 + 2 * n + k - 2}": f"={sign}{{stuff {n}}}*{{ah{k}}}" for n in (1, 2) for k in (1, 2)}
    made = {name: formula.replace(*slip) for name, formula in {**helpers, **users}.items()}
    return {**columns, **{name: (formula, None) for name, formula in made.items()}}


def the_sheet(columns: Columns, folder: Path) -> SheetReport:
    cells = table("B6", columns, 7, FIXED) | RATE
    (sheet,) = check_workbook(write(book(("S", cells)), folder / "helpers.xlsx")).sheets
    return sheet


@pytest.mark.parametrize("turned", [False, True])
def test_columns_without_a_name_are_told_from_what_they_hold(turned: bool, tmp_path: Path) -> None:
    sheet = the_sheet(with_helpers(turned=turned), tmp_path)
    assert_right(sheet, 29)
    assert {"∂E/∂o1", "∂E/∂o2", "∂E/∂h1", "∂E/∂h2"} <= set(sheet.recognised)


SLIPS = [
    (("({ao1}-{t1})*{ao1}*(1-{ao1})", "({ao1}-{t1})*{ao1}"), "∂E/∂o1", "the factor 1 − a_o1 is missing"),
    (("{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})"), "∂E/∂h2", "a_h1 is used instead of a_h2 in the activation's derivative"),
    (("{stuff 2}*{w7}", "{stuff 2}*{w8}"), "∂E/∂h1", "w8 is used instead of w7"),
    (("={stuff 1}*{ah2}", "={stuff 1}*{ah1}"), "∂E/∂w6", "a_h1 is used instead of a_h2"),
]


@pytest.mark.parametrize(("slip", "quantity", "cause"), SLIPS)
def test_a_slip_in_a_column_without_a_name_is_one_finding(
    slip: tuple[str, str], quantity: str, cause: str, tmp_path: Path
) -> None:
    sheet = the_sheet(with_helpers(slip), tmp_path)
    assert [(finding.quantity, finding.cause) for finding in sheet.mistakes] == [(quantity, cause)]
    assert sheet.judged - sheet.right == 1


@pytest.mark.parametrize("number", [3, 7, 13, 25, 200])
def test_one_header_makes_no_large_network(number: int, tmp_path: Path) -> None:
    """The errors of two outputs numbered otherwise than the outputs: the network is the one that all else shows."""
    columns = classic()
    errors: Columns = {f"E{number + n}": (f"=0.5*({{t{n}}}-{{ao{n}}})^2", None) for n in (1, 2)}
    total: Columns = {"E": (f"={{E{number + 1}}}+{{E{number + 2}}}", None)}
    path = write(book(("S", table("B6", {**errors, **columns, **total}, 7, FIXED) | RATE)), tmp_path / "large.xlsx")
    began = time.process_time()
    (sheet,) = check_workbook(path).sheets
    assert time.process_time() - began < 1
    assert (sheet.verdict, sheet.network) == (Verdict.RIGHT, "2-2-2, sigmoid, half_squared_error")
    assert sheet.unmatched == (f"E{number + 1}", f"E{number + 2}")


LARGE = {
    "hidden neurons": ({"h1": "h61", "ah1": "a_h61", "h2": "h62", "ah2": "a_h62"}, "up to 62 but show only 2 of them"),
    "outputs": ({"o1": "o25", "ao1": "a_o25", "o2": "o26", "ao2": "a_o26", "t1": "t25", "t2": "t26"}, "up to 26"),
    "weights": ({"h1": "p", "h2": "q", "ah1": "r", "ah2": "s", "w8": "w600"}, "do not show a complete network"),
}


@pytest.mark.parametrize("of", LARGE)
def test_a_network_of_which_little_is_shown_is_refused_at_once(of: str, tmp_path: Path) -> None:
    names, reason = LARGE[of]
    path = write(book(("S", table("B6", renamed(classic(), names), 7, FIXED) | RATE)), tmp_path / "large.xlsx")
    began = time.process_time()
    report = check_workbook(path)
    assert time.process_time() - began < 1
    assert report.score == 100  # by its formulas
    refused = [found for found in by_headers(read_book(path), Terms(TOLERANCE)) if reason in str(found.reason)]
    assert len(refused) == 1


def test_a_table_that_leaves_much_out_is_not_searched_for_long(tmp_path: Path) -> None:
    """Errors up to that of a 26th output, and two outputs: with all that is left out, every formula is long."""
    columns = {name: (first, None) if name[0] == "w" else (first, others) for name, (first, others) in classic().items()
               if name[0] != "d"}  # fmt: skip
    for n in (*range(1, 15), 25, 26):
        columns[f"E{n}"] = (f"=0.5*({{t{1 + n % 2}}}-{{ao{1 + n % 2}}})^2", None)
    columns["E"] = ("={E25}+{E26}", None)
    path = write(book(("S", table("B6", columns, 7, FIXED) | RATE)), tmp_path / "long.xlsx")
    began = time.process_time()
    check_workbook(path)
    assert time.process_time() - began < 15
