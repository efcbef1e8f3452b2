"""The graph of a workbook's cells: values as LibreOffice computes them, slopes as differences of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from tests import hand
from tests.places import SHARED, needs_shared, pytorch
from tests.sheets import recalculated
from tracer.grading.book.cells import Book, Cell, Formula, Sheet, position
from tracer.grading.book.package import read_book
from tracer.grading.graph.derivatives import slopes
from tracer.grading.graph.graph import Graph, TooLarge
from tracer.grading.graph.read import read_graph
from tracer.grading.graph.values import evaluate
from tracer.grading.updates.region import Network, region

NUMBERS = [[0.4, 1.7, 0.9, 2.2], [1.3, 0.6, 2.5, 0.8], [0.7, 1.1, 1.9, 0.3], [1.6, 0.5, 1.2, 2.1]]
"""A1:D4. E1 is a text, E2 empty, E3 5.5; F1:F4 are 1 to 4, G1:G4 texts."""
GIVEN: hand.Cells = {
    **{f"{letter}{row + 1}": NUMBERS[row][column] for row in range(4) for column, letter in enumerate("ABCD")},
    "E1": "train",
    "E3": 5.5,
    "F1": 1.0,
    "F2": 2.0,
    "F3": 3.0,
    "F4": 4.0,
    "G1": "x",
    "G2": "y",
    "G3": "z",
    "G4": "w",
}
FORMULAS = """
A1+B1*C1-D1/A2
-A1^2
2^3^2
A1%+5%
(A1>B1)+(A1<=B1)*2+(A1<>B1)
SUM(A1:D4)
SUM(E1:E4)
SUM(A1:A4,C2,3)
SUM(B:B)-SUM($B$20:B40)
AVERAGE(A1:D4)
AVERAGE(E1:E4)
MAX(A1:D4)-MIN(A1:D4)
MAX(E1:E2)
PRODUCT(A1:B2)
COUNT(A1:E4)
COUNTA(E1:E4)
COUNTBLANK(E1:E4)
SUMSQ(A1:B2)
SUMXMY2(A1:A4,B1:B4)
SUMX2MY2(A1:A4,B1:B4)
SUMX2PY2(A1:A4,B1:B4)
SUMPRODUCT(A1:A4,B1:B4)
SUMPRODUCT(A1:A4*B1:B4/C1:C4)
SUMPRODUCT((A1:A4>B1:B4)*C1:C4)
SUMPRODUCT(A1:A4,E1:E4)
SUMPRODUCT(A1:C1,{1,2,3})
SUM(MMULT(A1:B2,C1:D2))
SUM(MMULT(TRANSPOSE(A1:B4),C1:D4))
MMULT(A1:D1,D1:D4)
INDEX(A1:D4,2,3)
INDEX(A1:D4,F2,F3)
INDEX(A1:A4,INT(MOD(ROW(),4))+1)
INDEX(A:A,F3)
SUM(INDEX(A1:D4,2,0))
INDEX(MMULT(A1:B2,C1:D2),2,1)
MATCH(3,F1:F4,0)
MATCH(2.5,F1:F4)
MATCH("z",G1:G4,0)
INDEX(A1:A4,MATCH("z",G1:G4,0))
VLOOKUP(2,F1:G4,1,FALSE)
LOOKUP(2.5,F1:F4,A1:A4)
HLOOKUP(A1,A1:D4,3,FALSE)
SUMIF(A1:A4,">1")
SUMIF(G1:G4,"y",A1:A4)
SUMIF(F1:F4,2,B1:B4)
COUNTIF(A1:D4,">="&1)
COUNTIF(A1:D4,"<1")
AVERAGEIF(A1:A4,">1",B1:B4)
SUMIFS(C1:C4,A1:A4,">0.5",B1:B4,"<1.5")
COUNTIFS(A1:A4,">0.5",B1:B4,"<1.5")
IF(A1>B1,A1,B1)
IF(E1="train",A1,B1)
IF(E2="",1,2)
IF(A1="",1,2)
IF(ISBLANK(E2),1,2)+ISNUMBER(A1)+ISTEXT(E1)
IFERROR(A1/E2,7)
IFERROR(A1/B1,7)
IF(ISERROR(LN(0-A1)),1,2)
_xlfn.IFS(A1>B1,1,A1<=B1,2)
SWITCH(F2,1,10,2,20,30)
CHOOSE(F3,A1,B1,C1,D1)
AND(A1>0,B1>0)+OR(A1>9,B1>9)+NOT(A1>B1)
EXP(A1)+LN(B1)+LOG10(C1)+LOG(D1,2)+SQRT(A2)
ABS(A1-B1)+SIGN(A1-B1)+INT(C3)+MOD(C3,D3)+TRUNC(0-C3)
ROUNDUP(C3,0)+10*ROUNDDOWN(C3,0)+100*ROUNDUP(0-C3,0)+1000*ROUNDDOWN(0-C3,0)+CEILING(C3,1)+CEILING(7,1)
QUOTIENT(7,2)+10*QUOTIENT(0-7,2)+100*QUOTIENT(C3,D3)
MEDIAN(A1,0-1,1)+MEDIAN(A1,B1)*10+MEDIAN(B1,A1,C3)*100
LARGE(A1:D3,1)+10*SMALL(A1:D3,1)
SIN(A1)+COS(A1)+TAN(A1)+ATAN(A1)+PI()
TANH(A1)+SINH(A1)+COSH(A1)
POWER(A1,B1)+A1^B1
ROUND(A1*B1,2)+ROUND(A1*B1,0)
ERF(A1)+ERFC(A1)+NORMSDIST(A1)
VARP(A1:A4)+VAR(A1:A4)+STDEVP(A1:A4)+STDEV(A1:A4)+DEVSQ(A1:A4)
VAR.P(A1:A4)+VAR.S(A1:A4)+STDEV.P(A1:A4)+STDEV.S(A1:A4)
ROW()+COLUMN()*100+ROW(A3)+COLUMN($C$1)+ROWS(A1:B3)+COLUMNS(A1:B3)
MOD(ROW(),4)*A1
SUM(Other!A1:B2)+Other!$A$1
eta*A1+SUM(weights)
0.1+0.2-0.3
IF(0.1+0.2=0.3,1,2)
IF(1-0.9>=0.1,1,2)
1*(0.5-0.4-0.1)
N(A1)+TRUE+FALSE()
1/(1+EXP(-(A1*B1+C1)))
$A$1*A1
""".strip().splitlines()


def functions_sheet(path: Path) -> Path:
    """A sheet that uses every function, one formula a row from row 10 on, array formulas beside it."""
    book = openpyxl.Workbook()
    sheet = book.active
    for where, value in GIVEN.items():
        sheet[where] = value
    for row, formula in enumerate(FORMULAS, 10):
        for name in ("VAR.P", "VAR.S", "STDEV.P", "STDEV.S", "SWITCH", "IFNA"):
            formula = formula.replace(name, f"_xlfn.{name}")
        sheet[f"K{row}"] = f"={formula}"
    arrays = {
        "M10:N11": "=MMULT(A1:B2,C1:D2)",
        "M13:P14": "=TRANSPOSE(A1:B4)",
        "M16:N19": "=A1:B4*C1:D4-$A$1",
        "M21:N22": "=1/(1+EXP(-MMULT(TRANSPOSE(A1:B4),C1:D4)))",
        "M24:M24": "=SUM(IF(A1:A4>1,A1:A4,0))",
        "M26:N29": "=A1:B4*C1:C4+A1:B1",
        "M31:N32": "=IF(A1:B2>1,A1:B2,0)",
    }
    for area, text in arrays.items():
        sheet[area.partition(":")[0]] = ArrayFormula(area, text)
    other = book.create_sheet("Other")
    for where, number in {"A1": 0.25, "A2": 1.5, "B1": -0.75, "B2": 2.0}.items():
        other[where] = number
    for name, meaning in {"eta": "Other!$B$2", "weights": "Other!$A$1:$A$2"}.items():
        book.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(name, attr_text=meaning)
    book.save(path)
    return path


@pytest.mark.office
def test_values_are_those_of_libreoffice(tmp_path: Path) -> None:
    (path,) = recalculated([functions_sheet(tmp_path / "functions.xlsx")], tmp_path / "out")
    graph = read_graph(read_book(path))
    assert not graph.unjudged
    formulas = np.flatnonzero(graph.text >= 0).tolist()
    assert len(formulas) >= len(FORMULAS) + 30
    wrong = [
        (
            FORMULAS[graph.places[n][1][0] - 10] if graph.places[n][1][1] == 11 else graph.places[n],
            graph.values[n],
            graph.stored[n],
        )
        for n in formulas
        if not math.isclose(graph.values[n], graph.stored[n], rel_tol=1e-12, abs_tol=1e-15)
    ]
    assert wrong == []


def random_formula(draw: random.Random, depth: int = 3) -> str:
    """A formula of numbers near 1 without kinks nearby."""
    if depth == 0 or draw.random() < 0.15:
        return draw.choice(
            [f"{draw.choice('ABCD')}{draw.randint(1, 4)}", f"{draw.choice(['0.5', '2', '1.25'])}", "$A$1"]
        )

    def inner() -> str:
        return random_formula(draw, depth - 1)

    area = draw.choice(["A1:B2", "A1:A4", "B2:D3", "C1:D4"])
    kinds: list[Callable[[], str]] = [
            lambda: f"({inner()}+{inner()})", lambda: f"({inner()}-{inner()})", lambda: f"{inner()}*{inner()}",
            lambda: f"{inner()}/(1+({inner()})^2)", lambda: f"EXP(-ABS({inner()}))", lambda: f"TANH({inner()})",
            lambda: f"LN(1+({inner()})^2)", lambda: f"SQRT(1+({inner()})^2)", lambda: f"SUM({area},{inner()})",
            lambda: f"AVERAGE({area})*{inner()}", lambda: f"SUMPRODUCT(A1:A4,C1:C4)*{inner()}",
            lambda: f"SUMXMY2(A1:A4,B1:B4)-{inner()}", lambda: f"IF(A1>B1,{inner()},{inner()})",
            lambda: f"MAX({inner()},{inner()})", lambda: f"MIN({area})+{inner()}", lambda: f"INDEX(A1:D4,2,3)*{inner()}",
            lambda: f"SUM(MMULT(A1:B2,C1:D2))*{inner()}", lambda: f"-{inner()}", lambda: f"SUMSQ({area})",
            lambda: f"VARP({area})", lambda: f"POWER(1+({inner()})^2,0.5)", lambda: f"SIN({inner()})",
    ]  # fmt: skip
    return draw.choice(kinds)()


def of(formula: str) -> tuple[Graph, int]:
    """The graph of a sheet with that formula in J9, and its node."""
    graph = read_graph(hand.book(("S", {**GIVEN, "J9": f"={formula}"})))
    return graph, graph.number["S", (9, 10)]


@pytest.mark.office
def test_random_formulas_are_those_of_libreoffice(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for where, value in GIVEN.items():
        book.active[where] = value
    for row in range(400):
        book.active[f"J{row + 10}"] = f"={random_formula(random.Random(row), 4)}"
    book.save(tmp_path / "random.xlsx")
    graph = read_graph(read_book(recalculated([tmp_path / "random.xlsx"], tmp_path / "out")[0]))
    formulas = np.flatnonzero(graph.text >= 0).tolist()
    assert len(formulas) == 400
    np.testing.assert_allclose(graph.values[formulas], graph.stored[formulas], rtol=1e-11, atol=1e-13)


@given(st.integers(min_value=0, max_value=10**9))
def test_slopes_are_differences(seed: int) -> None:
    graph, node = of(random_formula(random.Random(seed)))
    own = slice(graph.starts[node], graph.starts[node + 1])
    slope = slopes(graph, graph.values)[own]
    for operand, found in zip(graph.operands[own].tolist(), slope.tolist(), strict=True):
        ends = []
        for size in (1e-4, 2e-4):
            up, down = (evaluate(graph, {operand: graph.values[operand] + h})[node] for h in (size, -size))
            ends.append((up - down) / (2 * size))
        assert (4 * ends[0] - ends[1]) / 3 == pytest.approx(found, rel=1e-6, abs=1e-7)


NETWORK: hand.Cells = {
    "A1": 0.05,
    "B1": 0.1,
    "A2": 0.9,
    "B2": 0.3,
    "D1": 0.2,
    "D2": 0.7,
    "F1": 0.15,
    "G1": 0.25,
    "F2": -0.2,
    "G2": 0.3,
    "I1": 0.4,
    "I2": -0.45,
    **{f"K{row}": f"=TANH(SUMPRODUCT($A{row}:$B{row},TRANSPOSE($F$1:$F$2)))" for row in (1, 2)},
    **{f"L{row}": f"=MAX(0,SUMPRODUCT($A{row}:$B{row},TRANSPOSE($G$1:$G$2)))" for row in (1, 2)},
    **{f"M{row}": f"=1/(1+EXP(-MMULT(K{row}:L{row},$I$1:$I$2)))" for row in (1, 2)},
    "O1": "=SUMXMY2(M1:M2,D1:D2)/2",
}


def test_the_chain_rule_both_ways_is_that_of_pytorch() -> None:
    torch = pytorch()
    x = torch.tensor([[0.05, 0.1], [0.9, 0.3]], dtype=torch.float64)
    w = torch.tensor([[0.15, 0.25], [-0.2, 0.3]], dtype=torch.float64, requires_grad=True)
    v = torch.tensor([0.4, -0.45], dtype=torch.float64, requires_grad=True)
    net = x @ w
    out = torch.sigmoid(torch.tanh(net[:, 0]) * v[0] + torch.relu(net[:, 1]) * v[1])
    loss = ((out - torch.tensor([0.2, 0.7], dtype=torch.float64)) ** 2).sum() / 2
    loss.backward()
    expected = [w.grad[0, 0], w.grad[0, 1], w.grad[1, 0], w.grad[1, 1], v.grad[0], v.grad[1]]
    graph = read_graph(hand.book(("S", NETWORK)))
    assert not graph.unjudged
    parameters = np.array([graph.number["S", place(text)] for text in ("F1", "G1", "F2", "G2", "I1", "I2")])
    slope = slopes(graph, graph.values)
    end = graph.number["S", place("O1")]
    assert graph.values[end] == pytest.approx(float(loss.detach()), rel=1e-14)
    found = region(Network.of(graph), parameters, np.zeros(len(graph.text), bool))
    start = np.zeros((len(graph.text), len(parameters)))
    start[parameters, np.arange(len(parameters))] = 1.0
    forward = found.forward(start, slope)[end]
    reverse = found.reverse((np.arange(len(graph.text)) == end).astype(float), slope)[parameters]
    np.testing.assert_allclose(forward, [float(g) for g in expected], rtol=1e-13)
    np.testing.assert_allclose(reverse, [float(g) for g in expected], rtol=1e-13)


def place(text: str) -> tuple[int, int]:
    found = position(text)
    assert found
    return found


def test_what_has_no_value_has_no_slope_either() -> None:
    graph = read_graph(hand.book(("S", {"A1": 2.0, "A2": "=A1*(1/0)", "A3": "=A2*LN(0)+A1"})))
    assert np.isnan(graph.values[[graph.number["S", (row, 1)] for row in (2, 3)]]).all()
    assert not np.isfinite(slopes(graph, graph.values)).all()


def test_a_second_point_is_computed_from_the_changed_nodes() -> None:
    graph = read_graph(hand.book(("S", {"A1": 2.0, "A2": "=A1*3", "A3": "=ROUND(A2/7,1)"})))
    changed = evaluate(graph, {graph.number["S", (1, 1)]: 5.0})
    assert changed[[graph.number["S", (row, 1)] for row in (1, 2, 3)]].tolist() == [5.0, 15.0, 2.1]
    overridden = evaluate(graph, {graph.number["S", (2, 1)]: 5.0}, exact=True)
    assert overridden[graph.number["S", (3, 1)]] == 5 / 7


@needs_shared("workbooks")
def test_values_of_a_public_workbook_come_from_its_constants() -> None:
    graph = read_graph(read_book(SHARED / "workbooks" / "walkthrough.xlsx"))
    computed = graph.text >= 0
    assert computed.sum() == 10_968
    assert len(graph.texts) == 19
    np.testing.assert_allclose(graph.values[computed], graph.stored[computed], rtol=1e-12)
    stale = read_graph(without_values(read_book(SHARED / "workbooks" / "walkthrough.xlsx")))
    np.testing.assert_array_equal(stale.values, graph.values)


def without_values(book: Book) -> Book:
    """The workbook with other values stored in its formulas."""

    return replace(
        book,
        sheets=tuple(
            replace(s, cells={p: c._replace(value=1e9) if c.formula else c for p, c in s.cells.items()})
            for s in book.sheets
        ),
    )


UNREADABLE = {
    "OFFSET(A1,1,0)": "the function OFFSET is not supported",
    "INDIRECT(A1)": "the function INDIRECT is not supported",
    "MYFUNCTION(A1)": "the function MYFUNCTION is not supported",
    "[1]Sheet1!A1*2": "it refers to another workbook, [1]Sheet1!A1, which is not read",
    "Missing!A1": "the workbook has no sheet 'Missing'",
    "unknown*2": "the name 'unknown' is not defined as a cell",
    "#REF!+1": "a reference points to a deleted cell (#REF!)",
    "INDEX(A1:A4,9)": "these arguments of INDEX are not supported",
    "INDEX(A1:A4,F4+1)": "INDEX looks outside its range",
    "J9+1": "it refers to itself, directly or through other cells",
}


@pytest.mark.parametrize(("formula", "reason"), UNREADABLE.items())
def test_what_depends_on_an_unreadable_formula_is_lost(formula: str, reason: str) -> None:
    cells: hand.Cells = {**GIVEN, "J9": f"={formula}", "J10": "=J9*2", "J11": "=A1*2"}
    graph = read_graph(hand.book(("S", cells)))
    nine, ten, eleven = (graph.number["S", (row, 10)] for row in (9, 10, 11))
    assert graph.unjudged == {nine: reason}
    assert graph.lost[[nine, ten, eleven]].tolist() == [True, True, False]
    assert math.isnan(graph.values[ten])
    assert graph.values[eleven] == 0.8


def test_what_leads_to_a_circle_or_follows_from_it_is_not_on_it() -> None:
    cells: hand.Cells = {"A1": "=B1", "B1": "=A1+C1", "C1": "=D1*2", "D1": 3.0, "E1": "=B1*2"}
    graph = read_graph(hand.book(("S", cells)))
    assert {graph.places[n][1] for n in graph.unjudged} == {(1, 1), (1, 2)}
    assert {graph.places[n][1] for n in np.flatnonzero(graph.lost).tolist()} == {(1, 1), (1, 2), (1, 5)}
    assert graph.values[graph.number["S", (1, 3)]] == 6.0


def test_operands_come_first() -> None:
    graph = read_graph(hand.book(("S", {"A3": "=A2+A1", "A2": "=A1*2", "A1": 1.5, "B1": "=SUM(A1:A3)"})))
    for node in range(len(graph.text)):
        assert (graph.operands_of(node) < node).all()
    assert graph.values[graph.number["S", (1, 2)]] == 9.0


def test_a_graph_that_is_too_large_is_refused_by_its_figures() -> None:
    cells: hand.Cells = {f"A{row}": 1.0 for row in range(1, 60)} | {
        f"B{row}": f"=SUM($A$1:A{row})" for row in range(1, 60)
    }
    with pytest.raises(TooLarge, match=r"its formulas refer to more than 1,000 cells"):
        read_graph(hand.book(("S", cells)), most_edges=1_000)
    with pytest.raises(TooLarge, match=r"there are more than 50 formulas"):
        read_graph(hand.book(("S", cells)), most_nodes=50)


def test_drawn_numbers_count_as_typed_in() -> None:
    cells = {(1, 1): Cell(0.37, Formula("RAND()*B1", 1, 1)), (2, 1): Cell(None, Formula("A1*2", 2, 1))}
    graph = read_graph(Book((Sheet("S", cells),), {}))
    assert graph.text[graph.number["S", (1, 1)]] == -1
    assert graph.values[graph.number["S", (2, 1)]] == 0.74


def test_let_names_stand_for_values() -> None:
    graph, node = of("_xlfn.LET(_xlpm.x,A1*B1,_xlpm.y,_xlpm.x+1,_xlpm.x*_xlpm.y)")
    assert graph.values[node] == pytest.approx(0.4 * 1.7 * (0.4 * 1.7 + 1), rel=1e-15)


def test_a_wide_sum_is_differentiated_once() -> None:
    """An output that depends on 400 numbers: its slopes are a·(1 − a)·w, from one sum."""
    cells: hand.Cells = {f"A{row}": 0.01 * row for row in range(1, 201)}
    cells |= {f"B{row}": 0.5 - 0.003 * row for row in range(1, 201)}
    graph = read_graph(hand.book(("S", {**cells, "D1": "=1/(1+EXP(-SUMPRODUCT(A1:A200,B1:B200)))"})))
    node = graph.number["S", (1, 4)]
    slope = dict(zip(graph.operands_of(node).tolist(), slopes(graph, graph.values)[graph.starts[node] :], strict=True))
    net = math.fsum(0.01 * row * (0.5 - 0.003 * row) for row in range(1, 201))
    a = 1 / (1 + math.exp(-net))
    for row in (1, 77, 200):
        assert slope[graph.number["S", (row, 1)]] == pytest.approx(a * (1 - a) * (0.5 - 0.003 * row), rel=1e-9)
        assert slope[graph.number["S", (row, 2)]] == pytest.approx(a * (1 - a) * 0.01 * row, rel=1e-9)


@pytest.mark.parametrize(
    "looked_up", ["MATCH(A2900+C2,A1:A3000,0)", "XMATCH(C1,A1:A3000)*1", "XLOOKUP(C1,A1:A3000,A1:A3000)"]
)
def test_a_place_among_thousands_of_rows_is_flat(looked_up: str) -> None:
    column: hand.Cells = {f"A{row}": float(row) for row in range(1, 3001)}
    graph = read_graph(hand.book(("S", {**column, "C1": 2900.0, "C2": 0.0, "J1": f"={looked_up}+C2"})))
    node = graph.number["S", (1, 10)]
    assert graph.values[node] == 2900.0
    slope = slopes(graph, graph.values)[graph.starts[node] : graph.starts[node + 1]]
    assert slope[graph.operands_of(node) == graph.number["S", (2, 3)]] == [1.0]
    assert np.count_nonzero(slope) == 1 + looked_up.startswith("XL")  # the value that is found
