"""Tables in pieces: gaps in them, headers that are repeated, forms below each other, parts that lie apart, and given
numbers that stand where no header names them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hand import Cells, Value, book, form, table
from tests.homework import write
from tests.test_grading_right import FIXED, RATE, assert_right, checked, classic, sigmoid
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import TOLERANCE, Finding
from tracer.grading.terms import Terms
from tracer.grading.ways.headers import by_headers

Columns = dict[str, tuple[Value, str | None]]


def moved(cells: Cells, rows: dict[int, int]) -> Cells:
    """The cells with whole rows moved elsewhere, references to them too."""

    def to(reference: str) -> str:
        return re.sub(r"(?<![$\d])(\d+)$", lambda m: str(rows.get(int(m[1]), int(m[1]))), reference)

    def rewritten(value: Value) -> Value:
        if isinstance(value, str) and value.startswith("="):
            return re.sub(r"(?<![A-Za-z$])[A-Z]{1,2}\d+", lambda m: to(m[0]), value)
        return value

    return {to(where): rewritten(value) for where, value in cells.items()}


def mistakes(cells: Cells, folder: Path) -> list[Finding]:
    report = check_workbook(write(book(("S", cells)), folder / "layout.xlsx"))
    assert report.readable, report.reason
    return [finding for sheet in report.sheets for finding in sheet.mistakes]


# -------------------------------------------------------------------------------------------------------- gaps


GAPS = {
    "an empty row": {row: row + (row > 9) for row in range(5, 18)},
    "an empty row after each": {row: 5 + 2 * (row - 5) for row in range(5, 18)},
    "three lines below the headers": {row: row + 3 for row in range(5, 18)},
    "two gaps": {row: row + (row > 7) + 3 * (row > 11) for row in range(5, 18)},
}


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("text", [False, True])
def test_a_table_goes_on_behind_a_gap(gap: str, text: bool, tmp_path: Path) -> None:
    rows = GAPS[gap]
    free = next(row for row in range(5, 40) if row not in rows.values())
    note: Cells = {f"B{free}": "and so on"} if text else {}
    (sheet,) = checked(book(("S", moved(table("B4", classic(), 13, FIXED), rows) | RATE | note)), tmp_path)
    assert_right(sheet, 25)
    assert sheet.table == f"B4:AD{max(rows.values())}"


def test_a_mistake_behind_a_gap_is_found(tmp_path: Path) -> None:
    cells = moved(table("B4", classic(), 13, FIXED), GAPS["an empty row"]) | RATE
    column = next(where for where, value in cells.items() if value == "dw5").removesuffix("4")
    cells[f"{column}15"] = f"=0.5*({str(cells[f'{column}15'])[1:]})"
    (finding,) = mistakes(cells, tmp_path)
    assert (finding.quantity, finding.cells, finding.cause) == ("∂E/∂w5", f"{column}15", "an extra factor ½")


def test_a_line_of_averages_below_the_table_is_no_step(tmp_path: Path) -> None:
    cells = table("B4", {"step": (1.0, "={step-1}+1"), **classic()}, 7, FIXED) | RATE
    cells |= {"B13": "mean", **{f"{column}13": f"=AVERAGE({column}5:{column}11)" for column in "CDEFGHIJ"}}
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert_right(sheet, 25)
    assert sheet.table == "B4:AE11"


@pytest.mark.parametrize(("kept", "said"), [(30, False), (20, True), (12, True), (6, False)])
def test_rows_that_are_left_out_behind_a_gap_are_named(kept: int, said: bool, tmp_path: Path) -> None:
    """Not most of the columns, but more than a line of totals fills."""
    cells = moved(table("B4", classic(), 13, FIXED), GAPS["an empty row"])
    columns = list(dict.fromkeys(where.rstrip("0123456789") for where in cells))
    behind = {f"{column}{row}" for row in range(11, 40) for column in columns[kept:]}
    cells = {where: value for where, value in cells.items() if where not in behind} | RATE
    (sheet,) = by_headers(book(("S", cells)), Terms(TOLERANCE))
    sentence = "what stands from B11 on, behind a gap, is not read: most of the columns do not go on there"
    assert (sheet.reason == sentence) == said
    assert_right(sheet, 25)
    assert sheet.table == ("B4:AD18" if kept == 30 else "B4:AD9")


def test_headers_that_are_repeated_within_a_table(tmp_path: Path) -> None:
    cells = moved(table("B4", classic(), 13, FIXED), {row: row + 2 * (row > 9) for row in range(5, 18)}) | RATE
    cells |= {where[:-1] + "11": value for where, value in cells.items() if re.fullmatch(r"[A-Z]+4", where)}
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert_right(sheet, 25)
    assert sheet.table == "B4:AD19"


def test_a_row_that_numbers_the_columns_is_no_step(tmp_path: Path) -> None:
    numbers: Cells = {f"{'' if n < 25 else 'A'}{chr(66 + n % 25 - (n >= 25))}5": float(n + 1) for n in range(29)}
    cells = {**moved(table("B4", classic(), 7, FIXED), {row: row + 1 for row in range(5, 12)}), **numbers, **RATE}
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert_right(sheet, 25)


def test_two_tables_that_begin_alike_are_two(tmp_path: Path) -> None:
    second = table("B20", classic(), 5, FIXED)
    for column in "FGHIJKLM":  # the same first weights, by reference
        second[f"{column}21"] = f"={column}5"
    sheets = checked(book(("S", table("B4", classic(), 7, FIXED) | second | RATE)), tmp_path)
    assert [sheet.table for sheet in sheets] == ["B4:AD11", "B20:AD25"]
    for sheet in sheets:
        assert_right(sheet, 25)


# ------------------------------------------------------------------------------------------------------- forms


def an_iteration(row: int, before: int | None) -> Cells:
    """The classic network as labels with values beside them, the weights from the iteration before."""
    names = list(classic())
    where = {name: f"B{row + n}" for n, name in enumerate(names)}
    cells: Cells = {}
    for name, (first, others) in classic().items():
        value: Value = first
        if name[0] == "w" and before is not None:
            value = others
        if isinstance(value, str):
            value = re.sub(
                r"\{(\w+)(-1)?\}",
                lambda m: "$B$1" if m[1] == "eta" else f"B{(before or 0) + names.index(m[1])}" if m[2] else where[m[1]],
                value,
            )
        cells[where[name].replace("B", "A")] = name
        cells[where[name]] = value
    return cells


def stacked(*, slip: tuple[str, str] | None = None) -> Cells:
    cells = {"A3": "Iteration 1"} | an_iteration(4, None) | {"A34": "Iteration 2"} | an_iteration(35, 4)
    cells |= {"A65": "Iteration 3"} | an_iteration(66, 35) | RATE
    if slip:
        cells[slip[0]] = str(cells[slip[0]]).replace("$B$1*", slip[1])
    return cells


def test_iterations_as_forms_below_each_other(tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", stacked())), tmp_path)
    assert_right(sheet, 25)
    assert sheet.table == "A1:B94" or sheet.table == "A4:B94"


def test_a_mistake_in_an_update_from_one_form_to_the_next(tmp_path: Path) -> None:
    (finding,) = mistakes(stacked(slip=("B43", "")), tmp_path)
    assert (finding.quantity, finding.cells, finding.cause) == ("w5", "B43", "η is missing")


SECTIONS: list[list[tuple[str, Value]]] = [
    [("i1", 0.05), ("i2", 0.1), ("t1", 0.01), ("t2", 0.99)],
    [(f"w{n}", w) for n, w in enumerate([0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], 1)],
    [("net h1", "={w1}*{i1}+{w2}*{i2}"), ("net h2", "={w3}*{i1}+{w4}*{i2}")],
    [("out h1", sigmoid("{net h1}")), ("out h2", sigmoid("{net h2}"))],
    [("net o1", "={w5}*{out h1}+{w6}*{out h2}"), ("net o2", "={w7}*{out h1}+{w8}*{out h2}")],
    [("out o1", sigmoid("{net o1}")), ("out o2", sigmoid("{net o2}"))],
    [("E1", "=0.5*({t1}-{out o1})^2"), ("E2", "=0.5*({t2}-{out o2})^2"), ("E total", "={E1}+{E2}")],
    [("dE/dw5", "=({out o1}-{t1})*{out o1}*(1-{out o1})*{out h1}")],
]  # fmt: skip


def in_sections(slip: tuple[str, str] = ("", "")) -> Cells:
    """Every section a line of headers above a line of values."""
    where = {name: f"{'BCDEFGHI'[k]}{4 + 4 * n}" for n, line in enumerate(SECTIONS) for k, (name, _) in enumerate(line)}
    cells: Cells = {}
    for n, line in enumerate(SECTIONS):
        cells[f"B{2 + 4 * n}"] = f"Part {n + 1}"
        for k, (name, value) in enumerate(line):
            text = value.replace(*slip) if isinstance(value, str) else value
            cells[f"{'BCDEFGHI'[k]}{3 + 4 * n}"] = name
            cells[where[name]] = re.sub(r"\{([^{}]+)\}", lambda m: where[m[1]], text) if isinstance(text, str) else text
    return cells


def test_sections_of_a_few_quantities(tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", in_sections())), tmp_path)
    assert_right(sheet, 12)
    (finding,) = mistakes(in_sections(("{E1}+{E2}", "{E1}-{E2}")), tmp_path)
    assert (finding.quantity, finding.cause) == ("E_total", "the sign of E2 is flipped")


def test_labels_apart_from_a_form(tmp_path: Path) -> None:
    beside = [[*SECTIONS[0], *SECTIONS[2]], SECTIONS[1], [*SECTIONS[3], *SECTIONS[4]], *SECTIONS[5:]]
    (sheet,) = checked(book(("S", form("B3", beside))), tmp_path)
    assert_right(sheet, 12)


# ---------------------------------------------------------------------------------------- given without a header


GIVEN = {"i1": 0.05, "i2": 0.1, "t1": 0.01, "t2": 0.99}
ELSEWHERE: dict[str, tuple[dict[str, str], Cells, Cells]] = {
    "typed into the formulas": ({name: str(value) for name, value in GIVEN.items()}, {}, {}),
    "on another sheet": (
        {name: f"Data!$C${n}" for n, name in enumerate(GIVEN, 1)},
        {},
        {f"C{n}": value for n, value in enumerate(GIVEN.values(), 1)},
    ),
    "beside one label": (
        {name: f"${column}$2" for name, column in zip(GIVEN, "BCEF", strict=True)},
        {"A2": "Inputs", "B2": 0.05, "C2": 0.1, "D2": "Targets", "E2": 0.01, "F2": 0.99},
        {},
    ),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_given_numbers_without_a_header(place: str, tmp_path: Path) -> None:
    fixed, above, other = ELSEWHERE[place]
    columns = {name: column for name, column in classic().items() if name not in GIVEN}
    cells = table("B6", columns, 7, FIXED | fixed) | above | RATE
    (sheet,) = checked(book(("S", cells), ("Data", other)), tmp_path)
    assert_right(sheet, 25)


def test_a_slip_beside_given_numbers_without_a_header_is_one_finding(tmp_path: Path) -> None:
    fixed = {name: str(value) for name, value in GIVEN.items()}
    columns = {name: column for name, column in classic().items() if name not in GIVEN}
    columns["dw1"] = (str(columns["dw1"][0]).replace("{i1}", "{i2}"), None)
    (finding,) = mistakes(table("B6", columns, 7, FIXED | fixed) | RATE, tmp_path)
    assert (finding.quantity, finding.cause) == ("∂E/∂w1", "this is the formula of ∂E/∂w2")


def test_inputs_and_targets_under_headers_that_say_nothing(tmp_path: Path) -> None:
    new = {"i1": "first", "i2": "second", "t1": "wanted a", "t2": "wanted b"}
    columns: Columns = {}
    for name, (first, others) in classic().items():
        texts = [
            re.sub(r"\{([it]\d)\}", lambda m: f"{{{new[m[1]]}}}", x) if isinstance(x, str) else x
            for x in (first, others)
        ]
        columns[new.get(name, name)] = (texts[0], texts[1] if isinstance(texts[1], str) else None)
    (sheet,) = checked(book(("S", table("B6", columns, 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 25)
