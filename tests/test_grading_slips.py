"""Slips of whole columns and of copied references: each is said once, by what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hand import Cells, book, table
from tests.homework import Layout, homework
from tests.test_grading_mistakes import checked, mistakes, slip
from tests.test_grading_right import FIXED, LAYOUTS, RATE, classic, layers
from tests.test_grading_right import checked as tables
from tracer.formulas.tree import Name, with_names
from tracer.grading.book.cells import letters
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict
from tracer.grading.slips.search import single_slips
from tracer.grading.slips.slip import Setting
from tracer.model import naming
from tracer.tables.activations import ACTIVATIONS, read_formula


def of(cells: Cells, folder: Path) -> SheetReport:
    (sheet,) = tables(book(("S", cells)), folder)
    return sheet


def only(sheet: SheetReport) -> Finding:
    (finding,) = sheet.mistakes
    return finding


def test_a_reference_that_stays_in_the_first_row(tmp_path: Path) -> None:
    finding = only(of(slip("h1", "{w1}", "$E$33"), tmp_path))
    assert finding.cause == "always the first row's w1: the reference $E$33 does not move down with the rows"
    assert finding.theirs == "$E$33·i1 + w2·i2"
    assert [finding.theirs[start:end] for start, end in finding.differs] == ["$E$33"]


@pytest.mark.parametrize("name", ["w1", "w5"])
def test_an_update_that_starts_from_the_first_row_again(name: str, tmp_path: Path) -> None:
    first = {"w1": "$E$33", "w5": "$I$33"}[name]
    finding = only(of(slip(name, f"{{{name}-1}}", first), tmp_path))
    assert (finding.kind, finding.quantity) == (Kind.UPDATE, name)
    assert finding.cause == f"always the first row's {name}: the reference {first} does not move down with the rows"


def test_a_neighbour_in_an_update_by_steps_is_no_sliding_rate(tmp_path: Path) -> None:
    hw = homework(Layout(steps=8, updates="steps", corner=(4, 5)))
    hw.formulas["w3"] = with_names(hw.formulas["w3"], {Name("w3", 1): Name("w4", 1)})
    assert only(checked(hw, tmp_path)).cause == "w4 is used instead of w3"


def test_a_rate_that_slides_in_all_updates_is_no_other_rate(tmp_path: Path) -> None:
    hw = homework(Layout(steps=10, corner=(8, 2)))
    hw.sliding |= {f"w{n}" for n in range(1, 9)}
    found = checked(hw, tmp_path).mistakes
    assert {finding.quantity for finding in found} == hw.sliding
    assert all("slides down" in (finding.cause or "") for finding in found)


def test_the_same_sign_in_all_updates_is_no_negative_rate(tmp_path: Path) -> None:
    columns = {
        name: (first, others.replace("-{eta}", "+{eta}") if others and name[0] == "w" else others)
        for name, (first, others) in classic().items()
    }
    found = of(table("A32", columns, 12, FIXED) | RATE, tmp_path).mistakes
    assert {finding.quantity for finding in found} == {f"w{n}" for n in range(1, 9)}
    assert all(finding.kind is Kind.UPDATE for finding in found)


def test_a_number_typed_over_the_formulas_of_many_rows(tmp_path: Path) -> None:
    hw = homework(Layout(steps=12))
    hw.typed |= {("a_h1", step): 0.517 for step in range(3, 12)}
    finding = only(checked(hw, tmp_path))
    assert (finding.quantity, finding.kind) == ("a_h1", Kind.CONSTANT)
    assert finding.cause == "the constant 0.517 is used instead of a formula"


def test_a_typed_e_is_no_mistake(tmp_path: Path) -> None:
    sheet = of(slip("ah1", "EXP(-{h1})", "2.71828^(-{h1})"), tmp_path)
    assert sheet.verdict is Verdict.RIGHT
    assert [(f.quantity, f.kind, f.cause) for f in sheet.findings] == [
        ("a_h1", Kind.ROUNDED, "e is typed with 5 decimals: consistent")
    ]


def test_brackets_missing_inside_those_of_the_person(tmp_path: Path) -> None:
    hw = homework(LAYOUTS["3-4-1"])
    hw.formulas["∂E/∂w1"] = read_formula("(a_o1 - t1*a_o1*(1 - a_o1)*w13)*a_h1*(1 - a_h1)*i1")
    found = mistakes(checked(hw, tmp_path))
    assert set(found) == {"∂E/∂w1"}
    assert found["∂E/∂w1"].cause == "parentheses are missing around a_o1 − t1"


def test_brackets_missing_behind_a_factor_of_the_squared_error(tmp_path: Path) -> None:
    hw = homework(LAYOUTS["squared error"])
    hw.formulas["∂E/∂w5"] = read_formula("(2*a_o1 - t1*a_o1*(1 - a_o1))*a_h1")
    found = mistakes(checked(hw, tmp_path))
    assert set(found) == {"∂E/∂w5"}
    assert found["∂E/∂w5"].cause == "parentheses are missing around a_o1 − t1"


def sentences(right: str, setting: Setting) -> list[str]:
    """What the single slips of a formula say, in the order of the search."""
    return [edit.cause(setting).sentence for edit in single_slips(read_formula(right), setting)]


def test_a_product_of_two_terms_among_three() -> None:
    causes = sentences("x + y + z", Setting(["x", "y", "z"], 0))
    assert [cause for cause in causes if cause.startswith("·")] == [
        "· is used instead of + in x + y + z",
        "· is used instead of + between x and y",
        "· is used instead of + between y and z",
    ]


def test_what_is_the_same_in_all_rows_is_not_taken_from_another_one() -> None:
    causes = sentences("(w5 + w6)*t1", Setting(["w5", "w6", "t1"], 0, constant=frozenset({"t1"})))
    of_rows = [cause for cause in causes if cause.startswith("takes")]
    assert "takes w5 from the previous row" in of_rows
    assert not [cause for cause in of_rows if "t1" in cause]


def with_another_rate(cell: str) -> Cells:
    """The classic table, all of whose updates take another cell's rate from row 40 on."""
    cells = table("A32", classic(), 12, FIXED) | RATE
    for where, formula in cells.items():
        if isinstance(formula, str) and "$B$1" in formula and int(where.lstrip("ABCDEFGHIJKL")) >= 40:
            cells[where] = formula.replace("$B$1", cell)
    return cells


@pytest.mark.parametrize("label", ["η2", "lr 2 ="])
def test_another_labelled_rate_from_some_row_on_is_no_mistake(label: str, tmp_path: Path) -> None:
    sheet = of(with_another_rate("$B$2") | {"A2": label, "B2": 0.1}, tmp_path)
    assert sheet.verdict is Verdict.RIGHT, sheet.mistakes
    assert {(f.kind, f.cause) for f in sheet.findings} == {
        (Kind.RATE, "the learning rate is 0.1, as B2 says: consistent")
    }
    assert {f.cells for f in sheet.findings} == {f"{letter}40:{letter}44" for letter in "EFGHIJKL"}


def test_another_rate_without_a_label_is_said_once(tmp_path: Path) -> None:
    finding = only(of(with_another_rate("0.1"), tmp_path))
    assert (finding.kind, finding.cells) == (Kind.ETA, "E40:L44")
    assert finding.cause == "from row 40 on, all updates use 0.1 for η; those before use 0.5"


def test_two_references_that_stay_in_the_first_row(tmp_path: Path) -> None:
    cells = slip("h1", "{w1}*{i1}+{w2}*{i2}", "$E$33*{i1}+$F$33*{i2}")
    ((finding,),) = (sheet.mistakes for sheet in tables(book(("S", cells)), tmp_path))
    stays = "the references $E$33 and $F$33 do not move down with the rows"
    assert finding.cause == f"always the first row's w1 and w2: {stays}"
    assert finding.theirs == "$E$33·i1 + $F$33·i2"


SCALAR = [name for name in ACTIVATIONS if name != "softmax"]
QUICK = SCALAR[::3]


@pytest.mark.parametrize(
    "activation", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.long]) for name in SCALAR]
)
def test_a_slip_with_every_activation(activation: str, tmp_path: Path) -> None:
    """Slips are searched for, and their effect computed, at single numbers as well as at whole columns."""
    hw = homework(Layout(steps=4, values=layers(activation, activation)))
    hw.formulas["∂E/∂w3"] = with_names(hw.formulas["∂E/∂w3"], {Name("i1"): Name("i2")})
    finding = only(checked(hw, tmp_path))
    assert (finding.quantity, finding.cause) == ("∂E/∂w3", "i2 is used instead of i1")


_COPIED = ["h1", "ah2", "o1", "ao1", "E", "dw1", "dw7", "w3", "w8"]


@pytest.mark.parametrize(
    "column", ["h1", *(pytest.param(column, marks=pytest.mark.long) for column in ("ao2", "E", "dw5"))]
)
@pytest.mark.parametrize("start", [0, pytest.param(3, marks=pytest.mark.long)])
def test_the_formula_of_any_other_quantity(column: str, start: int, tmp_path: Path) -> None:
    """Typed over a column from some row on; an update goes on from the column's own cell above."""
    columns, steps, named = classic(), 8, 0
    quantity = {"ao2": "a_o2", "E": "E_total", "dw5": "∂E/∂w5"}
    for other in _COPIED:
        (theirs, later), own = columns[other], columns[column]
        if other == column or naming.family(other) == naming.family(column):
            continue
        is_update = other[0] == "w"
        formula = str(later or theirs).replace(f"{{{other}-1}}", f"{{{column}-1}}" if is_update else f"{{{other}-1}}")
        cells = table("A32", columns, steps, FIXED) | RATE
        planted = table("A32", {**columns, column: (own[0], formula)}, steps, FIXED)
        begin = max(start, int(is_update or column[0] == "w"))
        letter = letters(1 + list(columns).index(column))
        cells |= {f"{letter}{33 + step}": planted[f"{letter}{33 + step}"] for step in range(max(begin, 1), steps)}
        if not begin:
            cells[f"{letter}33"] = table("A32", {**columns, column: (formula, None)}, steps, FIXED)[f"{letter}33"]
        finding = only(of(cells, tmp_path))
        assert finding.quantity == quantity.get(column, column)
        assert finding.why
        if finding.why.slip in ("circular_reference", "wrong_quantity"):  # a_o2 from h2 is one quantity for another
            continue
        assert finding.why.slip == "formula_of_another_quantity", (other, finding.cause)
        what = "update formula" if is_update else "formula"
        name = {"ah2": "a_h2", "ao1": "a_o1", "E": "E_total", "dw1": "∂E/∂w1", "dw7": "∂E/∂w7"}.get(other, other)
        first = int(column[0] == "w")
        where = f" from row {33 + begin} on" if begin > first else ""
        assert finding.cause == f"this is the {what} of {name}{where}"
        named += 1
    assert named >= 3
