"""Every row of the table of primitives in every notation: against mpmath, PyTorch, LibreOffice, and read back."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import openpyxl
import pytest

from tests.places import pytorch
from tests.sheets import recalculated, stored_cells
from tracer.formulas.derivative import partials
from tracer.formulas.evaluation import FLOATS, NO_NUMBER, evaluate
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.notation.numpy import value
from tracer.formulas.notation.text import text
from tracer.formulas.primitives import FUNCTIONS, PRIMITIVES, ROUND
from tracer.formulas.tree import ADD, COMPARISONS, DIV, Call, Expression, Name, Number
from tracer.grading.book.cells import Formula
from tracer.grading.book.formula import read
from tracer.grading.book.relative import relative
from tracer.tables.activations import read_formula

Arguments = tuple[float, ...]

EXACT: dict[str, Callable[..., Any]] = {
    "abs": mpmath.fabs, "normal_cdf": mpmath.ncdf, "min": min, "max": max,
    "mean": lambda *x: mpmath.fsum(x) / len(x), "sum": lambda *x: mpmath.fsum(x),
    "if": lambda condition, x, y: x if condition else y,
    "round": lambda x, digits: mpmath.sign(x) * mpmath.floor(abs(x) * 10**digits + mpmath.mpf("0.5")) / 10**digits,
}  # fmt: skip
"""What a row's function is, where mpmath has it by another name."""

EVERYWHERE: list[Arguments] = [
    (x,) for x in (-700.0, -30.0, -5.0, -1.3, -0.4, -1e-9, 1e-9, 0.3, 0.9, 1.7, 6.0, 30.0, 700.0)
]
POSITIVE: list[Arguments] = [(x,) for x in (1e-300, 1e-9, 0.2, 0.99, 1.0, 1.7, 30.0, 1e9, 1e300)]
SEVERAL: list[Arguments] = [(0.4, -1.3), (-2.0, 7.5), (1e300, -1e-300), (0.1, 0.7, -0.2), (3.0, 1.0, 2.0, 5.0)]
ARGUMENTS: dict[str, list[Arguments]] = {
    **dict.fromkeys(("log", "log10", "sqrt"), POSITIVE), **dict.fromkeys(("min", "max", "mean", "sum"), SEVERAL),
    "if": [(1.0, 0.3, 0.7), (0.0, 0.3, 0.7)],
    "floor": [(x,) for x in (-1e15, -2.5, -0.1, 0.1, 1.9, 7.0, 1e15)],
    "round": [(2.346, 2.0), (-2.346, 1.0), (1234.0, -2.0), (0.2, 0.0), (-7.8, 0.0)],
}  # fmt: skip
"""Ordinary and extreme arguments of a row; EVERYWHERE where none are named."""

CASES = [(name, args) for name in PRIMITIVES for args in ARGUMENTS.get(name, EVERYWHERE)]


def names(args: Arguments) -> list[Name]:
    return [Name(f"x{number}") for number in range(len(args))]


def call(name: str, args: Arguments) -> Call:
    """The function of names; the condition of `if` is a comparison."""
    first, *rest = inner = names(args)
    if name == "if":
        return Call(FUNCTIONS["if"], (Call(COMPARISONS[">"], (first, Number(0.5))), *rest))
    return Call(FUNCTIONS.get(name, ROUND), tuple(inner))


def values(args: Arguments) -> dict[str, float]:
    return {name.name: x for name, x in zip(names(args), args, strict=True)}


def exact(name: str, args: Arguments) -> float:
    with mpmath.workdps(60):
        function = EXACT.get(name) or getattr(mpmath, name)
        return float(function(*map(mpmath.mpf, args)))


def close(found: float, expected: float, relative: float) -> bool:
    return found == expected or abs(found - expected) <= relative * abs(expected)


@pytest.mark.parametrize(("name", "args"), CASES)
def test_the_value_in_python_and_in_numpy(name: str, args: Arguments) -> None:
    expected = exact(name, args)
    # Φ far below 0 is as inexact as its rounded argument: a difference of 1e-15 of 1, but more of so small a number
    allowed = 4e-13 if name == "normal_cdf" and args[0] <= -5 else 2e-15
    try:
        by_floats = evaluate(call(name, args), values(args))
    except NO_NUMBER:
        assert math.isinf(expected)
        return
    arrays = {Name(key): np.array([x, x]) for key, x in values(args).items()}
    by_arrays = value(call(name, args), arrays)
    assert close(by_floats, expected, allowed)
    assert by_arrays.shape == (2,)
    assert all(close(x, expected, allowed) for x in by_arrays)
    assert close(float(value(call(name, args), {Name(k): x for k, x in values(args).items()})), expected, allowed)


@pytest.mark.parametrize(("name", "args"), CASES)
def test_the_slope(name: str, args: Arguments) -> None:
    """Against a difference in 700 digits; no kink is near."""
    slopes = partials(call(name, args))
    differentiable = {"if": args[1:], "round": args[:1]}.get(name, args)
    function = EXACT.get(name) or getattr(mpmath, name)
    for index in range(len(args)):
        if args[index] not in differentiable:
            continue
        with mpmath.workdps(700):
            moved = [mpmath.mpf(x) for x in args]
            step = mpmath.mpf(10) ** -30 * (abs(moved[index]) or 1)
            before = function(*moved)
            moved[index] += step
            expected = float((function(*moved) - before) / step)
        try:
            found = evaluate(slopes.get(names(args)[index], Number(0.0)), values(args))
        except NO_NUMBER:
            assert math.isinf(expected)
            continue
        # a slope in terms of the result, such as 1 - a², is as exact as 1 is
        allowed = 1e-12 * abs(expected) + (4e-16 if name == "tanh" else 1e-300)
        assert abs(found - expected) <= allowed, (index, found, expected)


KINKS = [(name, args, slopes) for name, row in PRIMITIVES.items() for args, slopes in row.kinks.items()]


@pytest.mark.parametrize(("name", "args", "expected"), KINKS)
def test_the_slope_at_a_kink_is_that_of_pytorch(name: str, args: Arguments, expected: Arguments) -> None:
    slopes = partials(call(name, args))
    assert tuple(evaluate(slopes.get(n, Number(0.0)), values(args)) for n in names(args)) == expected
    torch = pytorch()
    function = {"min": torch.minimum, "max": torch.maximum}.get(name) or getattr(torch, name)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in args]
    function(*tensors).backward()
    assert tuple(float(tensor.grad) for tensor in tensors) == expected


@pytest.mark.parametrize("name", ["min", "max"])
def test_equal_ones_of_several_share_the_slope(name: str) -> None:
    """As PyTorch's amin and amax do."""
    args = (2.0, 2.0, 2.0) if name == "min" else (2.0, 1.0, 2.0)
    slopes = partials(call(name, args))
    expected = (1 / 3, 1 / 3, 1 / 3) if name == "min" else (0.5, 0.0, 0.5)
    assert tuple(evaluate(slopes[n], values(args)) for n in names(args)) == expected


@pytest.mark.parametrize("base", ["x", "2*x"])
def test_a_power_of_nothing_has_no_slope_by_its_exponent(base: str) -> None:
    """Like torch.pow at base 0; elsewhere it is x^b·ln x, and where the base is a number, no choice is written."""
    slope = partials(read_formula(f"({base})^b"))[Name("b")]
    assert evaluate(slope, {"x": 0.0, "b": 1.5}) == 0.0
    assert float(value(slope, {Name("x"): 0.0, Name("b"): 1.5})) == 0.0
    factor = 2.0 if base == "2*x" else 1.0
    assert evaluate(slope, {"x": 3.0, "b": 1.5}) == pytest.approx((factor * 3) ** 1.5 * math.log(factor * 3), rel=1e-14)
    assert text(partials(read_formula("2^b"))[Name("b")]) == "2^b·ln(2)"


def as_excel_reads(name: str, cells: list[Name]) -> Expression:
    """The tree of a row's call over cells; a sum and a mean read as their terms."""
    if name == "sum":
        return Call(ADD, tuple(cells))
    if name == "mean":
        return Call(DIV, (Call(ADD, tuple(cells)), Number(float(len(cells)))))
    return Call(FUNCTIONS.get(name, ROUND), tuple(cells))


def in_excel(name: str, args: Arguments, row: int = 1) -> str:
    """The row's function of the cells from A on, as our workbooks write it."""
    letters = {n: f"{'ABCDEF'[index]}{row}" for index, n in enumerate(names(args))}
    return render(call(name, args), EXCEL, letters.__getitem__)


@pytest.mark.parametrize("name", [name for name in PRIMITIVES if name != "if"])
def test_what_excel_calls_it_reads_back_as_the_same(name: str) -> None:
    for args in {args[:3] for args in ARGUMENTS.get(name, EVERYWHERE)}:
        cells = [Name(f"R[0]C[{index}]") for index in range(len(args))]
        assert read(relative(Formula(in_excel(name, args), 1, 1))) == as_excel_reads(name, cells)


FURTHER = [
    (name, spelling.replace("x", "A1")) for name, row in PRIMITIVES.items() for spelling in row.excel
] + [("normal_cdf", "NORM.S.DIST(A1,TRUE)"), ("normal_cdf", "_xlfn.NORM.S.DIST(A1,TRUE())"), ("log10", "LOG(A1;10)")]  # fmt: skip


@pytest.mark.parametrize(("name", "formula"), FURTHER)
def test_further_names_in_excel(name: str, formula: str) -> None:
    assert read(relative(Formula(formula, 1, 1))) == Call(FUNCTIONS[name], (Name("R[0]C[0]"),))


@pytest.mark.office
def test_libreoffice_computes_every_row(tmp_path: Path) -> None:
    """One workbook for all rows and arguments, and the further names that Excel's reader knows."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    expected: dict[str, float] = {}
    for row, (name, args) in enumerate(CASES, 1):
        for column, x in enumerate(args, 1):
            sheet.cell(row, column, x)
        sheet.cell(row, 10, f"={in_excel(name, args, row)}")
        try:
            expected[f"J{row}"] = evaluate(call(name, args), values(args))
        except NO_NUMBER:
            expected[f"J{row}"] = math.inf
    for number, (name, formula) in enumerate(FURTHER):
        if "_xlfn" in formula or ";" in formula:
            continue
        row = len(CASES) + 1 + number
        sheet.cell(row, 1, 0.7)
        stored = formula.replace("A1", f"A{row}")
        for future in ("NORM.S.DIST", "ERF.PRECISE", "FLOOR.MATH"):
            stored = stored.replace(future, f"_xlfn.{future}")
        sheet.cell(row, 10, f"={stored}")
        expected[f"J{row}"] = evaluate(Call(FUNCTIONS[name], (Name("x"),)), {"x": 0.7})
    path = tmp_path / "rows.xlsx"
    book.save(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    (cells,) = stored_cells(computed).values()
    wrong = {
        where: (cells[where], right)
        for where, right in expected.items()
        if not (
            cells[where].value is None
            if math.isinf(right)
            else cells[where].value is not None
            and abs((cells[where].value or 0.0) - right) <= 1e-12 * abs(right) + 1e-15
        )
    }
    assert wrong == {}


# ------------------------------------------------------------------------------------- ranges keep their shape

CELLS: Mapping[str, float] = {
    f"{letter}{row}": 3.0 * row + column - 3 for row in (1, 2, 3) for column, letter in enumerate("ABCDEF", 1)
}


def computed(formula: str) -> float:
    """The value of a formula over the cells A1:F3, which are 1, 2, 3, …, 6 in the first row, 4, 5, … in the second."""
    quantities = {
        Name(f"R[{row - 1}]C[{column}]"): CELLS[f"{letter}{row}"]
        for row in (1, 2, 3)
        for column, letter in enumerate("ABCDEF")
    }
    return float(value(read(relative(Formula(formula, 1, 1))), quantities))


RANGES = {
    "INDEX(A1:C2,2,3)": 6.0,
    "INDEX(A1:C1,3)": 3.0,
    "INDEX(A1:A3,3)": 7.0,
    "INDEX(A1:A3,3,1)": 7.0,
    "SUM(INDEX(A1:C2,0,2))": 7.0,
    "SUM(INDEX(A1:C2,2,0))": 15.0,
    "MMULT(A1:B2,A1:B2)": 1 * 1 + 2 * 4.0,
    "INDEX(MMULT(A1:B2,A1:B2),2,1)": 4 * 1 + 5 * 4.0,
    "SUM(MMULT(A1:B2,A1:B2))": 9 + 12 + 24 + 33.0,
    "SUM(MMULT(A1:C1,A1:B3))": 1 + 8 + 21 + 2 + 10 + 24.0,
    "INDEX(TRANSPOSE(A1:C2),3,2)": 6.0,
    "SUMPRODUCT(A1:B2,B1:C2)": 2 + 6 + 20 + 30.0,
    "SUM(A1:B1*A1:A2)": 1 + 2 + 4 + 8.0,
    "SUM(A1:B2*A1:B1)": 1 + 4 + 4 + 10.0,
    "SUM(A1:B2+10)": 52.0,
    "MAX(A1:B2,3)-MIN(A1:C2)": 4.0,
    "AVERAGE(A1:B2)": 3.0,
    "NORM.S.DIST(B1,FALSE)": math.exp(-2) / math.sqrt(2 * math.pi),
    "NORM.S.DIST(B1,TRUE)": 0.9772498680518208,
    "IFS(A1>1,10,B1>1,20,TRUE,30)": 20.0,
    "SWITCH(C1,1,10,3,20,30)": 20.0,
    "SWITCH(F1,1,10,3,20,30)": 30.0,
    "CHOOSE(2,A1,B2,C3)": 5.0,
    "CHOOSE(C1,A1,B2,C3)": 9.0,
    "SUM(CHOOSE(2,A1:A2,B1:B2))": 7.0,
    "IF(AND(A1>0,B1>0),1,2)+IF(AND(A1>0,B1>9),1,2)": 3.0,
    "IF(OR(A1>9,B1>0),1,2)+IF(NOT(A1>0),1,2)": 3.0,
    "MOD(F1,4)+MOD(-A1,3)": 4.0,
    "SINH(A1)+COSH(A1)+TAN(A1)": math.e + math.tan(1),
    "IFNA(A1,B1)+IFERROR(B1,A1)": 3.0,
    "SUM(A1:B2)/COUNT(A1:B2)+ROWS(A1:B3)+COLUMNS(A1:B3)": 8.0,
    "DEVSQ(A1:B2)+VAR.P(A1:B2)": 10 + 2.5,
    "SUMX2PY2(A1:B1,B1:C1)+SUMXMY2(A1:B1,B1:C1)+SUMSQ(A1:B1)": 18 + 2 + 5.0,
}
LETS = {
    "LET(d,A1+B1,d*d)": 9.0,
    "LET(d,A1+B1,e,D*2,e+d)": 9.0,
    "LET(x,A1:B1,w,B1:C1,SUMPRODUCT(x,w))": 8.0,
    "LET(x,A1:B2,SUM(x)+SUM(x*x))": 12 + 46.0,
    "LET(d,A1,LET(e,d+1,d*e))+LET(d,B1,d)": 4.0,
    "1+LET(_xlpm.s,1/(1+EXP(-A1)),_xlpm.s*(1-_xlpm.s))": 1 + math.exp(-1) / (1 + math.exp(-1)) ** 2,
    "_xlfn.LET(d,2,d%)": 0.02,
}
"""What LET names has its value in the rest of it, and nowhere else."""


@pytest.mark.parametrize("formula", RANGES)
def test_ranges_are_two_dimensional(formula: str) -> None:
    assert computed(formula) == pytest.approx(RANGES[formula], rel=1e-14)


@pytest.mark.parametrize("formula", LETS)
def test_let(formula: str) -> None:
    assert computed(formula) == pytest.approx(LETS[formula], rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("LET(d,A1)", "these arguments of LET are not supported"),
        ("LET(A1,B1,A1)", "LET needs a name before each value"),
        ("LET(1,B1,A1)", "LET needs a name before each value"),
        (
            "LET(" + ",".join(f"n{n}_,{f'n{n - 1}_+n{n - 1}_' if n else 'A1'}" for n in range(40)) + ",n39_)",
            "what LET names",
        ),
    ],
    ids=["no result", "a cell", "a number", "doubled"],
)
def test_a_let_that_is_refused(formula: str, why: str) -> None:
    def refused() -> None:
        with pytest.raises(ValueError, match=why):
            computed(formula)

    assert calls_of(refused) < 20_000


@pytest.mark.office
def test_libreoffice_agrees_about_ranges(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for where, x in CELLS.items():
        sheet[where] = x
    for row, formula in enumerate(RANGES, 1):
        stored = re.sub(r"\b(NORM\.S|IFS|SWITCH|IFNA|VAR\.P)", r"_xlfn.\1", formula)
        sheet[f"J{row}"] = openpyxl.worksheet.formula.ArrayFormula(f"J{row}", f"={stored}")
    book.save(tmp_path / "ranges.xlsx")
    (computed_anew,) = recalculated([tmp_path / "ranges.xlsx"], tmp_path / "computed")
    (cells,) = stored_cells(computed_anew).values()
    found = {formula: cells[f"J{row}"].value for row, formula in enumerate(RANGES, 1)}
    assert found == pytest.approx(RANGES, rel=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        "INDEX(A1:C2,2)",
        "INDEX(A1:C2,3,1)",
        "INDEX(A1:C2,0,0)",
        "MMULT(A1:C2,A1:C2)",
        "SUMPRODUCT(A1:B1,A1:A2)",
        "A1:B2",
        "NORM.S.DIST(A1,B1)",
        "FLOOR(A1,2)",
    ],
)
def test_shapes_and_arguments_that_do_not_fit_are_refused(formula: str) -> None:
    with pytest.raises(ValueError, match=r"not supported|a single value is expected"):
        computed(formula)


# ---------------------------------------------------------------------------------------------- work is bounded


def calls_of(work: Callable[[], object]) -> int:
    """How many Python functions a piece of work calls: a count, the same on every machine."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def everything(formula: str) -> None:
    """Read, differentiate, write and compute a formula."""
    expression = read_formula(formula)
    point = {f"x{n}": 1.0 + n / 1e4 for n in range(5)}
    for part in (expression, *partials(expression).values()):
        text(part)
        evaluate(part, point)
        value(part, {Name(name): x for name, x in point.items()})
        render(part, EXCEL, lambda name: name.name, 100_000) if part is expression else None


def chain(operator: str, length: int) -> str:
    return f" {operator} ".join(f"x{n % 5}" for n in range(length))


@pytest.mark.parametrize("operator", ["-", "+", "/"])
def test_a_chain_takes_time_linear_in_its_length(operator: str) -> None:
    short, long = (calls_of(lambda length=length: everything(chain(operator, length))) for length in (200, 400))  # type: ignore[misc]
    assert long < 2.6 * short


def test_a_long_chain_has_a_value_and_a_slope() -> None:
    expression = read_formula(chain("-", 5_000))
    point = {f"x{n}": 1.0 + n / 1e4 for n in range(5)}
    assert evaluate(expression, point) == pytest.approx(2 - sum(point.values()) * 1000, rel=1e-12)
    assert [evaluate(slope, point) for slope in partials(expression).values()] == [
        -998.0,
        -1000.0,
        -1000.0,
        -1000.0,
        -1000.0,
    ]
    assert hash(read_formula(chain("-", 4_999) + " - x4 ")) == hash(expression)
    assert read_formula(chain("-", 4_999) + " - x4 ") == expression


NESTED = ["hard_sigmoid", "relu", "silu", "softplus", "elu", "gelu", "sigmoid", "tanh"]


@pytest.mark.parametrize("name", NESTED)
def test_functions_within_each_other_grow_no_faster_than_they_are_deep(name: str) -> None:
    def nested(depth: int) -> Callable[[], None]:
        expression: Expression = Name("x")
        for _ in range(depth):
            expression = Call(read_formula(f"{name}(x)").function, (expression,))  # type: ignore[attr-defined]

        def work() -> None:
            evaluate(expression, {"x": 0.3})
            value(expression, {Name("x"): 0.3})
            evaluate(partials(expression)[Name("x")], {"x": 0.3})

        return work

    short, long = calls_of(nested(8)), calls_of(nested(16))
    assert long < 4.5 * short  # the derivative is a product of so many factors, each of them so deep


def test_helpers_stand_for_functions_that_python_or_numpy_lack() -> None:
    same = {name for name, row in PRIMITIVES.items() if row.helper and row.helper is getattr(math, name, None)}
    assert same == set()
    assert set(FLOATS) == set(PRIMITIVES) - {"if"}
