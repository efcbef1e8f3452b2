"""Sheets in which nothing is to be judged: forward passes alone, other recurrences, and what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.networks import Net, program
from tests.walkthroughs.placing import Manner, place
from tests.walkthroughs.plan import Content, Plan, chance
from tests.walkthroughs.public.register import STANDING_STILL

NOTHING, NO_FINDING = "nothing to judge", "no finding"


class _Sheet:
    """A plan that is filled cell by cell; rows and columns from 1."""

    def __init__(self, layout: str, sheet: str = "Sheet1", expected: str = NOTHING) -> None:
        self.plan = Plan(layout, expected=expected)
        self.sheet = sheet
        self.random = chance(layout)

    def put(self, row: int, column: int, content: Content) -> None:
        self.plan.put(
            (self.sheet, row, column), content, "" if not str(content).startswith("=") else f"column {column}"
        )

    def row(self, row: int, contents: Sequence[Content], column: int = 1) -> None:
        for offset, content in enumerate(contents):
            if content != "":
                self.put(row, column + offset, content)

    def numbers(self, row: int, column: int, height: int, width: int, low: float = -1.0, high: float = 1.0) -> None:
        for i in range(height):
            for j in range(width):
                self.put(row + i, column + j, round(self.random.uniform(low, high), 2))

    def array(self, row: int, column: int, height: int, width: int, formula: str) -> None:
        self.put(row, column, formula)
        self.plan.arrays[self.sheet, row, column] = (height, width)


def _at(row: int, column: int) -> str:
    return f"{column_name(column)}{row}"


def convolution() -> Plan:
    """A picture, a kernel, relu, max pooling, and a dense layer."""
    s = _Sheet("forward: convolution")
    s.row(1, ["Convolution, step by step"])
    s.numbers(3, 1, 6, 6, 0, 1)
    s.numbers(3, 9, 3, 3)
    for i in range(4):
        for j in range(4):
            s.put(3 + i, 13 + j, f"=SUMPRODUCT({_at(3 + i, 1 + j)}:{_at(5 + i, 3 + j)},$I$3:$K$5)")
            s.put(9 + i, 13 + j, f"=MAX(0,{_at(3 + i, 13 + j)})")
    for i in range(2):
        for j in range(2):
            s.put(15 + i, 13 + j, f"=MAX({_at(9 + 2 * i, 13 + 2 * j)}:{_at(10 + 2 * i, 14 + 2 * j)})")
    s.numbers(15, 9, 2, 2)
    s.row(18, ["score", "=SUMPRODUCT(M15:N16,I15:J16)", "p", "=1/(1+EXP(-B18))", "target", 1, "loss", "=-LN(D18)"])
    return s.plan


def attention() -> Plan:
    """Queries, keys and values by MMULT, scores, softmax, and a weighted sum."""
    s = _Sheet("forward: attention", "Attention")
    s.row(1, ["X", "", "", "", "WQ", "", "", "WK", "", "", "WV"])
    s.numbers(2, 1, 4, 3)
    for column in (5, 8, 11):
        s.numbers(2, column, 3, 2)
    for number, weights in enumerate(("E2:F4", "H2:I4", "K2:L4")):
        s.put(8, 1 + 3 * number, "QKV"[number])
        s.array(9, 1 + 3 * number, 4, 2, f"=MMULT($A$2:$C$5,{weights})")
    s.array(15, 1, 4, 4, "=MMULT(A9:B12,TRANSPOSE(D9:E12))/SQRT(2)")
    for i in range(4):
        for j in range(4):
            s.put(20 + i, 1 + j, f"=EXP({_at(15 + i, 1 + j)})/SUMPRODUCT(EXP($A{15 + i}:$D{15 + i}))")
    s.array(25, 1, 4, 2, "=MMULT(A20:D23,G9:H12)")
    return s.plan


def lstm() -> Plan:
    """A cell with four gates by matrices, over three time steps."""
    s = _Sheet("forward: LSTM by matrices", "LSTM")
    s.numbers(2, 1, 8, 5, -0.6, 0.6)
    s.row(1, ["W (i, f, o, g) of [x, h, 1]"])
    s.numbers(2, 8, 2, 3, 0, 1)
    s.row(1, ["x1", "x2", "x3"], 8)
    s.numbers(12, 1, 2, 1, 0, 0)
    s.numbers(12, 2, 2, 1, 0, 0)
    for t in range(3):
        top, x = 16 + 12 * t, column_name(8 + t)
        h = "A12:A13" if t == 0 else f"A{top - 3}:A{top - 2}"
        first = h.split(":")[0]
        second = h.split(":")[1]
        c = ("B12", "B13") if t == 0 else (f"B{top - 3}", f"B{top - 2}")
        s.row(top - 1, [f"t = {t + 1}"], 4)
        for k, source in enumerate((f"{x}2", f"{x}3", first, second)):
            s.put(top + k, 5, f"={source}")
        s.put(top + 4, 5, 1)
        s.array(top, 7, 8, 1, f"=MMULT($A$2:$E$9,E{top}:E{top + 4})")
        for k in range(8):
            s.put(top + k, 8, f"=1/(1+EXP(-G{top + k}))" if k < 6 else f"=TANH(G{top + k})")
        for k in range(2):
            s.put(top + 9 + k, 2, f"=H{top + 2 + k}*{c[k]}+H{top + k}*H{top + 6 + k}")
            s.put(top + 9 + k, 1, f"=H{top + 4 + k}*TANH(B{top + 9 + k})")
    return s.plan


def calculator() -> Plan:
    """A loan: the balance falls month by month."""
    s = _Sheet("recurrence: loan", "Loan", NO_FINDING)
    s.row(1, ["amount", 10000, "rate", 0.06, "payment", "=B1*D1/12/(1-(1+D1/12)^-24)"])
    s.row(3, ["month", "balance", "interest", "principal", "new balance"])
    for k in range(24):
        row = 4 + k
        s.row(row, [k + 1, "=B1" if not k else f"=E{row - 1}", f"=B{row}*$D$1/12", f"=$F$1-C{row}", f"=B{row}-D{row}"])
    return s.plan


def budget() -> Plan:
    """Incomes, expenses and a running balance."""
    s = _Sheet("forward: budget", "Budget")
    s.row(1, ["date", "text", "in", "out", "balance"])
    s.row(2, ["", "start", "", "", 500])
    for k in range(20):
        s.row(
            3 + k,
            [
                45000 + k,
                "rent" if k % 5 else "wage",
                0 if k % 5 else 2000,
                round(s.random.uniform(5, 300), 2),
                f"=E{2 + k}+C{3 + k}-D{3 + k}",
            ],
        )
    s.row(24, ["", "sum", "=SUM(C3:C22)", "=SUM(D3:D22)", '=IF(C24>D24,"ok","over")'])
    return s.plan


def gradebook() -> Plan:
    """Weighted grades of a class."""
    s = _Sheet("forward: gradebook", "Grades")
    s.row(1, ["weights", "", 0.2, 0.3, 0.5])
    s.row(2, ["name", "group", "quiz", "lab", "exam", "total", "grade", "rank"])
    for k in range(15):
        row = 3 + k
        s.row(row, [f"student {k + 1}", k % 3, *(round(s.random.uniform(40, 100)) for _ in range(3)), f"=SUMPRODUCT($C$1:$E$1,C{row}:E{row})",
                    f'=IF(F{row}>=90,"A",IF(F{row}>=75,"B","C"))', f"=F{row}-AVERAGE(F$3:F$17)"])  # fmt: skip
    s.row(19, ["mean", "", *(f"=AVERAGE({c}3:{c}17)" for c in "CDEF"), "", "=STDEVP(F3:F17)"])
    return s.plan


def log_table() -> Plan:
    """Measurements with derived columns."""
    s = _Sheet("forward: log table", "log")
    s.row(1, ["time", "loss", "accuracy", "smoothed", "best"])
    for k in range(120):
        row = 2 + k
        s.row(
            row,
            [
                k,
                round(2.3 * 0.97**k + s.random.uniform(0, 0.1), 4),
                round(1 - 0.9 * 0.97**k, 4),
                f"=AVERAGE(B{max(2, row - 4)}:B{row})",
                f"=MIN(B$2:B{row})",
            ],
        )
    return s.plan


def solver() -> Plan:
    """Weights that Solver is to find: predictions and a total loss, no updates."""
    s = _Sheet("forward: Solver", "Fit")
    s.row(1, ["w1", 0.52, "w2", -0.3, "b", 0.11, "total", "=SUM(F4:F23)"])
    s.row(3, ["x1", "x2", "t", "z", "p", "error"])
    for k in range(20):
        row = 4 + k
        s.row(
            row,
            [
                round(s.random.uniform(-2, 2), 2),
                round(s.random.uniform(-2, 2), 2),
                float(k % 2),
                f"=$B$1*A{row}+$D$1*B{row}+$F$1",
                f"=1/(1+EXP(-D{row}))",
                f"=(C{row}-E{row})^2",
            ],
        )
    return s.plan


def grid_of_losses() -> Plan:
    """The loss for many weights: a picture of the valley."""
    s = _Sheet("forward: loss over a grid", "Grid")
    s.numbers(2, 1, 6, 2, 0, 2)
    s.row(1, ["x", "y"])
    for j in range(9):
        s.put(1, 5 + j, round(-1 + 0.4 * j, 1))
        for i in range(9):
            if not j:
                s.put(2 + i, 4, round(-1 + 0.25 * i, 2))
            s.put(2 + i, 5 + j, f"=SUMPRODUCT(($D{2 + i}*$A$2:$A$7+{column_name(5 + j)}$1-$B$2:$B$7)^2)/6")
    return s.plan


_RECURRENCES: Mapping[str, tuple[Sequence[str], Sequence[Content], Sequence[str]]] = {
    "Newton": (["x", "f", "f'"], [3.0], ["=A{p}-B{p}/C{p}", "=A{r}^2-2", "=2*A{r}"]),
    "logistic growth": (["N", "growth"], [10.0], ["=A{p}+B{p}*0.1", "=0.8*A{r}*(1-A{r}/1000)"]),
    "predator and prey": (["prey", "predator"], [10.0, 5.0], ["=A{p}+0.1*(1.1*A{p}-0.4*A{p}*B{p})", "=B{p}+0.1*(0.1*A{p}*B{p}-0.4*B{p})"]),
    "smoothing": (["x", "s"], [1.0, 1.0], ["=A{p}*1.1", "=B{p}+0.3*(A{r}-B{p})"]),
    "ratings": (["A", "B", "expected", "result"], [1500.0, 1600.0], ["=A{p}+32*(D{p}-C{p})", "=B{p}-32*(D{p}-C{p})", "=1/(1+10^((B{r}-A{r})/400))", "=MOD(ROW(),2)"]),
    "compound interest": (["year", "money", "interest"], [1.0, 1000.0], ["=A{p}+1", "=B{p}+C{p}", "=B{r}*0.03"]),
    "Q-learning": (["Q1", "Q2", "reward"], [0.0, 0.0, 1.0], ["=A{p}+0.5*(C{p}+0.9*MAX(A{p},B{p})-A{p})", "=B{p}+0.5*(0.2+0.9*MAX(A{p},B{p})-B{p})", "=MOD(ROW(),3)"]),
    "Oja": (["w1", "w2", "y"], [0.5, 0.3], ["=A{p}+0.1*C{p}*(0.8-C{p}*A{p})", "=B{p}+0.1*C{p}*(0.6-C{p}*B{p})", "=0.8*A{r}+0.6*B{r}"]),
    "pendulum": (["angle", "speed"], [0.5, 0.0], ["=A{p}+0.05*B{p}", "=B{p}-0.05*9.81*SIN(A{p})"]),
    "Fibonacci": (["a", "b"], [1.0, 1.0], ["=B{p}", "=A{p}+B{p}"]),
    "thermostat": (["temperature", "heater"], [15.0], ["=A{p}+0.2*(10-A{p})+B{p}", "=IF(A{r}<20,3,0)"]),
    "cooling": (["T", "difference"], [90.0], ["=A{p}-0.1*B{p}", "=A{r}-20"]),
    "secant": (["x0", "x1", "f0", "f1"], [1.0, 2.0], ["=B{p}", "=IF(D{p}=C{p},B{p},B{p}-D{p}*(B{p}-A{p})/(D{p}-C{p}))", "=A{r}^3-A{r}-1", "=B{r}^3-B{r}-1"]),
    "Kalman": (["estimate", "variance", "gain", "measured"], [0.0, 1.0], ["=A{p}+C{p}*(D{p}-A{p})", "=(1-C{p})*B{p}+0.01", "=B{r}/(B{r}+0.1)", "=0.7+0.1*MOD(ROW(),2)"]),
    "epidemic": (["S", "I", "R"], [990.0, 10.0, 0.0], ["=A{p}-0.0003*A{p}*B{p}", "=B{p}+0.0003*A{p}*B{p}-0.1*B{p}", "=C{p}+0.1*B{p}"]),
}  # fmt: skip
"""Headers, the first row's constants, and the formulas; {r} is the row, {p} the one above."""


def recurrence(name: str) -> Plan:
    """Something that changes from row to row, and is no training."""
    headers, start, formulas = _RECURRENCES[name]
    s = _Sheet(f"recurrence: {name}", expected=NO_FINDING)
    s.row(1, headers)
    for k in range(12):
        row = 2 + k
        contents: list[Content] = [formula.format(r=row, p=row - 1) for formula in formulas]
        if not k:
            contents = [start[j] if j < len(start) else content for j, content in enumerate(contents)]
        s.row(row, contents)
    return s.plan


def power_iteration() -> Plan:
    """PageRank by MMULT, block under block."""
    s = _Sheet("recurrence: PageRank", expected=NO_FINDING)
    s.numbers(2, 1, 4, 4, 0.1, 0.4)
    s.numbers(2, 6, 4, 1, 0.25, 0.25)
    for k in range(6):
        top = 2 + 5 * k
        s.array(top + 5, 6, 4, 1, f"=MMULT($A$2:$D$5,F{top}:F{top + 3})*0.85+0.15/4")
    return s.plan


def clusters() -> Plan:
    """Two means of points on a line, moved three times."""
    s = _Sheet("recurrence: k-means", expected=NO_FINDING)
    s.row(1, ["x", "", "m1", "m2"])
    s.row(2, [0.1, 1.0], 3)
    s.numbers(3, 1, 10, 1, 0, 3)
    for k in range(3):
        column = 3 + 3 * k
        m1, m2 = column_name(column), column_name(column + 1)
        for row in range(3, 13):
            s.put(row, column, f"=IF(ABS($A{row}-{m1}$2)<ABS($A{row}-{m2}$2),1,0)")
        s.put(2, column + 3, f"=SUMPRODUCT({m1}3:{m1}12,$A3:$A12)/SUM({m1}3:{m1}12)")
        s.put(2, column + 4, f"=SUMPRODUCT(1-{m1}3:{m1}12,$A3:$A12)/(10-SUM({m1}3:{m1}12))")
    return s.plan


def _training(layout: str, expected: str, net: Net | None = None, manner: Manner | None = None) -> Plan:
    plan = place(program(net or Net()), manner or Manner(merged=True, steps=5), layout)
    plan.expected = expected
    return plan


def pasted() -> Plan:
    """A training of which only the values are left."""
    plan = _training("pasted values", NOTHING)
    values = {p: v for p, v in plan.values.values.items() if isinstance(v, float)}
    return Plan(
        plan.layout, {**{p: c for p, c in plan.cells.items() if not str(c).startswith("=")}, **values}, expected=NOTHING
    )


def replaced(layout: str, unit: str, written: Callable[[str, int], str], expected: str = NO_FINDING) -> Plan:
    """A training in which a column's formulas are written with what cannot be judged; the values are the same."""
    plan = _training(layout, expected, Net(), Manner(merged=True, steps=5, data="linked"))
    for place_, name in plan.units.items():
        if name == unit:
            plan.written[place_] = written(str(plan.cells[place_]), place_[1])
    return plan


def circular() -> Plan:
    """Iterative calculation: the weights' cells refer to themselves."""
    s = _Sheet("circular references", "Loop")
    s.row(1, ["x", "t", "w", "z", "a", "E", "g", "reset"])
    s.row(2, [0.7, 0.4, 0.5, "=A2*C2", "=1/(1+EXP(-D2))", "=0.5*(B2-E2)^2", "=(E2-B2)*E2*(1-E2)*A2", 0])
    s.plan.written["Loop", 2, 3] = "=IF(H2=1,0.5,C2-0.5*G2)"
    return s.plan


def random_start() -> Plan:
    """Weights that begin with RAND()."""
    plan = _training("weights by RAND", NO_FINDING)
    for where, content in list(plan.cells.items()):
        if isinstance(content, float) and where[1] == 4 and where[2] in (5, 6, 7):
            plan.written[where] = "=RAND()"
    return plan


def large(inputs: int = 784, hidden: int = 30) -> Plan:
    """One step of a network with so many inputs, a gradient and an update for every weight."""
    s = _Sheet(f"{inputs} inputs", "mnist")
    s.plan.expected = NO_FINDING
    top = 10
    for i in range(inputs):
        s.put(top + i, 1, round(s.random.uniform(0, 1), 2))
        for j in range(hidden):
            w, g, new = 3 + j, 5 + hidden + j, 7 + 2 * hidden + j
            s.put(top + i, w, round(s.random.uniform(-0.1, 0.1), 3))
            s.put(top + i, g, f"={column_name(w)}$6*$A{top + i}")
            s.put(top + i, new, f"={_at(top + i, w)}-$B$1*{_at(top + i, g)}")
    s.row(
        1,
        [
            "lr",
            0.1,
            "t",
            1,
            "a",
            f"=1/(1+EXP(-SUMPRODUCT(C3:{column_name(2 + hidden)}3,C4:{column_name(2 + hidden)}4)))",
            "E",
            "=0.5*(D1-F1)^2",
            "d",
            "=(F1-D1)*F1*(1-F1)",
        ],
    )
    for j in range(hidden):
        c = column_name(3 + j)
        s.put(2, 3 + j, f"=SUMPRODUCT($A${top}:$A${top + inputs - 1},{c}{top}:{c}{top + inputs - 1})")
        s.put(3, 3 + j, f"=1/(1+EXP(-{c}2))")
        s.put(4, 3 + j, round(s.random.uniform(-1, 1), 2))
        s.put(6, 3 + j, f"=$J$1*{c}4*{c}3*(1-{c}3)")
        s.put(7, 3 + j, f"={c}4-$B$1*$J$1*{c}3")
    return s.plan


UNTRAINED: dict[str, Callable[[], Plan]] = {
    made().layout: made
    for made in (convolution, attention, lstm, calculator, budget, gradebook, log_table, solver, grid_of_losses,
                 power_iteration, clusters, pasted, circular, random_start)
}  # fmt: skip
UNTRAINED |= {f"recurrence: {name}": partial(recurrence, name) for name in _RECURRENCES}
UNTRAINED |= {
    "OFFSET": partial(replaced, "OFFSET", "input x1", lambda text, row: f"=OFFSET({text[1:]},0,0)"),
    "INDIRECT": partial(replaced, "INDIRECT", "input x1", lambda text, row: f'=INDIRECT("{text[1:]}")'),
    "LAMBDA": partial(replaced, "LAMBDA", "a1_1", lambda text, row: f"=LAMBDA(z,1/(1+EXP(-z)))({text.split('-')[1].rstrip(')')})"),
    "user function": partial(replaced, "user function", "a1_1", lambda text, row: f"=sigmoid({text.split('-')[1].rstrip(')')})"),
    "another workbook": partial(replaced, "another workbook", "input x2", lambda text, row: f"=[1]Data!$B${row}"),
}  # fmt: skip
UNTRAINED |= STANDING_STILL
"""Layout → what makes its sheet; `expected` says whether there may be a verdict, as long as nothing is found."""
