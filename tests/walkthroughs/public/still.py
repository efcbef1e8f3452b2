"""Sheets that teach something else, or only compute forward: nothing in them may be called wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.walkthroughs.drafting import Column, Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Content, Plan

NOTHING, NO_FINDING = "nothing to judge", "no finding"


def table_of(
    name: str,
    title: str,
    settings: Sequence[Content],
    columns: Sequence[Column | None],
    rows: int = 14,
    expected: str = NO_FINDING,
) -> Callable[[], Plan]:
    """A table below a title and a line of settings in row 2."""

    def make() -> Plan:
        s = Draft(name, "Sheet1", expected=expected)
        s.put("A1", title)
        s.row("A2", settings)
        s.table("A5", rows, columns)
        return s.plan

    make.__name__ = name
    return make


def gates_forward() -> Plan:
    """An LSTM and a GRU by single cells over five moments, the weights typed beside."""
    s = Draft("public: LSTM and GRU forward", "LSTM", expected=NOTHING)
    s.row("A1", ["", "Wx", "Wh", "b"])
    for k, gate in enumerate(("forget", "input", "candidate", "output", "reset", "update", "new")):
        s.row(f"A{2 + k}", [gate, *(round(s.random.uniform(-1, 1), 2) for _ in range(3))])
    sigmoid = "=1/(1+EXP(-($B${w}*B{{r}}+$C${w}*{h}+$D${w})))"
    columns: list[Column | None] = [("t", [1.0, 2, 3, 4, 5], ""), ("x", [0.5, 0.1, -0.4, 0.9, 0.2], "")]
    columns += [
        (n, "=" + sigmoid.format(w=w, h="0")[1:], sigmoid.format(w=w, h="H{p}")) for n, w in (("f", 2), ("i", 3))
    ]
    columns += [("c~", "=TANH($B$4*B{r}+$D$4)", "=TANH($B$4*B{r}+$C$4*H{p}+$D$4)"), ("o", sigmoid.format(w=5, h="0"), sigmoid.format(w=5, h="H{p}")),
                ("C", "=D{r}*E{r}", "=C{r}*G{p}+D{r}*E{r}"), ("h", "", "=F{r}*TANH(G{r})")]  # fmt: skip
    s.table("A12", 5, columns)
    s.put("J10", "GRU")
    s.table("J12", 5, [
        ("r", sigmoid.format(w=6, h="0"), sigmoid.format(w=6, h="M{p}")), ("z", sigmoid.format(w=7, h="0"), sigmoid.format(w=7, h="M{p}")),
        ("n", "=TANH($B$8*B{r}+$D$8)", "=TANH($B$8*B{r}+$C$8*J{r}*M{p}+$D$8)"), ("h", "=(1-K{r})*L{r}", "=(1-K{r})*L{r}+K{r}*M{p}"),
    ])  # fmt: skip
    return s.plan


def block() -> Plan:
    """A transformer block by matrices: attention with a causal mask, softmax, residual, layer norm."""
    s = Draft("public: transformer forward", "block", expected=NOTHING)
    for left, name in ((1, "X"), (5, "Wq"), (9, "Wk"), (13, "Wv")):
        s.put(f"{column_name(left)}1", name)
        for i in range(3):
            s.row(f"{column_name(left)}{2 + i}", [round(s.random.uniform(-1, 1), 2) for _ in range(3)])
    for left, w in ((1, "E2:G4"), (5, "I2:K4"), (9, "M2:O4")):
        s.array(f"{column_name(left)}7:{column_name(left + 2)}9", f"=MMULT($A$2:$C$4,{w})")
    s.array("A12:C14", "=MMULT(A7:C9,TRANSPOSE(E7:G9))/SQRT(3)")
    for i in range(3):
        for j in range(3):
            s.put(f"{'EFG'[j]}{12 + i}", f"=IF({j}>{i},-1000000000,{'ABC'[j]}{12 + i})")
            s.put(f"{'IJK'[j]}{12 + i}", f"=EXP({'EFG'[j]}{12 + i})/(EXP($E{12 + i})+EXP($F{12 + i})+EXP($G{12 + i}))")
    s.array("A17:C19", "=MMULT(I12:K14,I7:K9)+A2:C4")
    for i in range(3):
        for j in range(3):
            s.put(
                f"{'EFG'[j]}{17 + i}",
                f"=({'ABC'[j]}{17 + i}-AVERAGE($A{17 + i}:$C{17 + i}))/SQRT(VARP($A{17 + i}:$C{17 + i})+0.00001)",
            )
    return s.plan


def solver_logistic() -> Plan:
    """Odds of admission: logits, probabilities, a log-likelihood for Solver."""
    s = Draft("public: logistic by Solver", "Admission", expected=NOTHING)
    s.row("A1", ["b0", -2.1, "b1", 0.8, "b2", 0.3, "LL", "=SUM(H4:H19)"])
    s.table("A4", 16, [
        ("gre", [2.1, 3.3, 0.4, 1.9, 2.8, 3.0, 0.9, 1.2], ""), ("gpa", [3.0, 2.2, 1.8, 3.9, 2.5, 3.3, 2.0, 2.9], ""), ("admit", [0.0, 1, 0, 1, 1, 1, 0, 0], ""), ("logit", "", "=$B$1+$D$1*A{r}+$F$1*B{r}"),
        ("odds", "", "=EXP(D{r})"), ("p", "", "=E{r}/(1+E{r})"), ("likelihood", "", "=IF(C{r}=1,F{r},1-F{r})"), ("ln", "", "=LN(G{r})"),
    ])  # fmt: skip
    return s.plan


def factors_by_solver() -> Plan:
    """Ratings predicted by MMULT with gaps, the RMSE for Solver, random numbers pasted."""
    s = Draft("public: films by Solver", "collab filter", expected=NOTHING)
    for i in range(5):
        s.row(f"B{3 + i}", [("" if (i * 3 + j) % 4 == 0 else (i + j) % 5 + 1) for j in range(5)])
        s.row(f"H{10 + i}", [round(s.random.uniform(0, 1), 2) for _ in range(3)])
    for i in range(3):
        s.row(f"L{6 + i}", [round(s.random.uniform(0, 1), 2) for _ in range(5)])
    for i in range(5):
        for j in range(5):
            s.put(
                f"{'LMNOP'[j]}{10 + i}",
                f'=IF({"BCDEF"[j]}{3 + i}="",0,MMULT($H{10 + i}:$J{10 + i},{"LMNOP"[j]}$6:{"LMNOP"[j]}$8))',
            )
    s.row("R10", ["RMSE", "=SQRT(SUMPRODUCT((B3:F7-L10:P14)^2)/COUNT(B3:F7))"])
    return s.plan


def means_of_points() -> Plan:
    """k-means in the plane: distances, the nearest, new centres by SUMPRODUCT, a block an iteration."""
    s = Draft("public: k-means in the plane", "kmeans", expected=NO_FINDING)
    s.row("A3", ["x", "y"])
    for k in range(8):
        s.row(
            f"A{4 + k}",
            [round(s.random.uniform(0, 2) + 3 * (k % 2), 2), round(s.random.uniform(0, 2) + 2 * (k % 2), 2)],
        )
    for step in range(4):
        c = [column_name(4 + 7 * step + j) for j in range(6)]
        old = [column_name(4 + 7 * step - 7 + j) for j in range(6)] if step else []
        s.row(f"{c[0]}3", ["d1", "d2", "cluster"])
        for j in range(2):
            for row, x in ((1, "A"), (2, "B")):
                new = (
                    f"=SUMPRODUCT(({old[2]}4:{old[2]}11={j + 1})*${x}4:${x}11)/COUNTIF({old[2]}4:{old[2]}11,{j + 1})"
                    if step
                    else (1.0, 4.0)[j] + 0.2 * row
                )
                s.put(f"{c[j]}{row}", new)
        for r in range(4, 12):
            for j in range(2):
                s.put(f"{c[j]}{r}", f"=SQRT(($A{r}-{c[j]}$1)^2+($B{r}-{c[j]}$2)^2)")
            s.put(f"{c[2]}{r}", f"=IF({c[0]}{r}<{c[1]}{r},1,2)")
    return s.plan


def finite_differences() -> Plan:
    """A line fitted with slopes estimated by (E(w + h) − E(w))/h: close to the gradient, not equal to it."""
    s = Draft("public: slopes by small steps", "numeric", expected=NO_FINDING)
    s.row("A1", ["x", 1, 2, 3, 4, "", "h", 0.0001])
    s.row("A2", ["y", 2.3, 4.1, 6.2, 8.4, "", "lr", 0.02])
    e = "=SUMXMY2({w}*$B$1:$E$1+{b},$B$2:$E$2)/4"
    s.table("A5", 15, [
        ("w", 0.5, "=A{p}-$H$2*F{p}"), ("b", 0.1, "=B{p}-$H$2*G{p}"), ("E", "", e.format(w="A{r}", b="B{r}")), ("E(w+h)", "", e.format(w="(A{r}+$H$1)", b="B{r}")), ("E(b+h)", "", e.format(w="A{r}", b="(B{r}+$H$1)")),
        ("dE/dw", "", "=(D{r}-C{r})/$H$1"), ("dE/db", "", "=(E{r}-C{r})/$H$1"),
    ])  # fmt: skip
    return s.plan


def newton_logistic() -> Plan:
    """Logistic regression by Newton's method: gradient and curvature of one coefficient."""
    s = Draft("public: Newton, logistic", "IRLS", expected=NO_FINDING)
    s.row("A1", ["x", 0.5, 1.2, 1.9, 2.4, 3.1])
    s.row("A2", ["y", 0, 0, 1, 0, 1])
    p = "(1/(1+EXP(-A{r}*$B$1:$F$1)))"
    s.table(
        "A5",
        8,
        [
            ("b", 0.0, "=A{p}-B{p}/C{p}"),
            ("gradient", "", f"=SUMPRODUCT({p}-$B$2:$F$2,$B$1:$F$1)"),
            ("hessian", "", f"=SUMPRODUCT({p}*(1-{p})*$B$1:$F$1^2)"),
            ("log loss", "", f"=-SUMPRODUCT($B$2:$F$2*LN({p})+(1-$B$2:$F$2)*LN(1-{p}))"),
        ],
    )
    return s.plan


def hebb() -> Plan:
    """Hebb's rule on bipolar AND: w + x·t, the answer computed with the final weights."""
    s = Draft("public: Hebb", "Hebb", expected=NO_FINDING)
    s.row("A1", ["Hebb rule, AND"])
    s.table(
        "A3",
        4,
        [
            ("x1", [1.0, 1, -1, -1], ""),
            ("x2", [1.0, -1, 1, -1], ""),
            ("t", [1.0, -1, -1, -1], ""),
            ("Δw1", "", "=A{r}*C{r}"),
            ("Δw2", "", "=B{r}*C{r}"),
            ("Δb", "", "=C{r}"),
            ("w1", "=D{r}", "=G{p}+D{r}"),
            ("w2", "=E{r}", "=H{p}+E{r}"),
            ("b", "=F{r}", "=I{p}+F{r}"),
            ("net", "", "=A{r}*G$6+B{r}*H$6+I$6"),
            ("y", "", "=SIGN(J{r})"),
        ],
    )
    return s.plan


def winner_takes_all() -> Plan:
    """Competitive learning: the nearer of two prototypes moves towards the sample."""
    s = Draft("public: winner takes all", "Kohonen", expected=NO_FINDING)
    s.row("A1", ["α", 0.3])
    s.table("A3", 14, [
        ("x1", [0.9, 0.1, 0.8, 0.2, 0.7, 0.15], ""), ("x2", [0.8, 0.2, 0.9, 0.1, 0.75, 0.3], ""), ("w11", 0.4, "=C{p}+IF(G{p}<=H{p},$B$1*(A{p}-C{p}),0)"), ("w12", 0.3, "=D{p}+IF(G{p}<=H{p},$B$1*(B{p}-D{p}),0)"),
        ("w21", 0.6, "=E{p}+IF(G{p}>H{p},$B$1*(A{p}-E{p}),0)"), ("w22", 0.7, "=F{p}+IF(G{p}>H{p},$B$1*(B{p}-F{p}),0)"), ("d1", "", "=(A{r}-C{r})^2+(B{r}-D{r})^2"), ("d2", "", "=(A{r}-E{r})^2+(B{r}-F{r})^2"), ("winner", "", "=IF(G{r}<=H{r},1,2)"),
    ])  # fmt: skip
    return s.plan


STILL: tuple[Callable[[], Plan], ...] = (
    gates_forward, block, solver_logistic, factors_by_solver, means_of_points, finite_differences, newton_logistic, hebb, winner_takes_all,
    table_of("public: Q-learning, corridor", "Q-learning", ["alpha", 0.5, "gamma", 0.9],
          [("step", 0, "=A{p}+1"), ("Q(left)", 0.0, "=B{p}+IF(D{p}=1,$B$2*(E{p}+$D$2*MAX(B{p},C{p})-B{p}),0)"), ("Q(right)", 0.0, "=C{p}+IF(D{p}=2,$B$2*(E{p}+$D$2*MAX(B{p},C{p})-C{p}),0)"), ("action", [1.0, 2, 2, 1, 2], ""), ("reward", [0.0, 1, 0, -1, 1], "")]),
    table_of("public: TD(0), states", "TD learning", ["alpha", 0.1, "gamma", 1],
          [("episode", 0, "=A{p}+1"), ("V(A)", 0.5, "=B{p}+$B$2*(0+$D$2*C{p}-B{p})"), ("V(B)", 0.5, "=C{p}+$B$2*(0+$D$2*D{p}-C{p})"), ("V(C)", 0.5, "=D{p}+$B$2*(E{p}-D{p})"), ("reward", [1.0, 0, 1, 1, 0], "")]),
    table_of("public: bandit, averages", "k-armed bandit", ["epsilon", 0.1],
          [("n", [float(k) for k in range(1, 15)], ""), ("reward", [1.0, 0.4, 0.7, 1.2, 0.1], ""), ("Q", 0.0, "=C{p}+(1/A{p})*(B{p}-C{p})"), ("error", "", "=B{r}-C{r}")]),
    table_of("public: Holt, errors", "Exponential smoothing", ["alpha", 0.3, "beta", 0.1, "MSE", "=AVERAGE(F5:F18)"],
          [("month", [float(k) for k in range(1, 15)], ""), ("sales", [12.0, 13.1, 12.8, 14.5, 15.1, 14.9, 16.2], ""), ("level", 11.0, "=C{p}+D{p}+$B$2*E{p}"), ("trend", 0.5, "=D{p}+$D$2*E{p}"), ("error", "", "=B{r}-(C{r}+D{r})"), ("squared", "", "=E{r}^2")]),
    table_of("public: smoothing, forecast", "Single exponential smoothing", ["alpha", 0.2],
          [("t", [float(k) for k in range(1, 15)], ""), ("demand", [20.0, 22, 19, 24, 23, 21, 25], ""), ("forecast", 20.0, "=C{p}+$B$2*(B{p}-C{p})"), ("error", "", "=B{r}-C{r}"), ("abs", "", "=ABS(D{r})"), ("sq", "", "=D{r}^2")]),
    table_of("public: Kalman, one state", "Kalman filter", ["Q", 0.01, "R", 0.2],
          [("z", [1.1, 0.9, 1.05, 1.2, 0.95], ""), ("x-", 0.0, "=E{p}"), ("P-", 1.0, "=F{p}+$B$2"), ("K", "", "=C{r}/(C{r}+$D$2)"), ("x", "", "=B{r}+D{r}*(A{r}-B{r})"), ("P", "", "=(1-D{r})*C{r}")]),
    table_of("public: PID", "PID controller", ["Kp", 0.6, "Ki", 0.2, "Kd", 0.05],
          [("t", [float(k) for k in range(14)], ""), ("setpoint", [10.0], "=B{p}"), ("temp", 4.0, "=C{p}+0.5*G{p}-0.1*(C{p}-4)"), ("error", "", "=B{r}-C{r}"), ("integral", "=D{r}", "=E{p}+D{r}"), ("derivative", "=0", "=D{r}-D{p}"), ("output", "", "=$B$2*D{r}+$D$2*E{r}+$F$2*F{r}")]),
    table_of("public: mortgage with extra", "Mortgage", ["rate", 0.045, "payment", 950],
          [("month", 1, "=A{p}+1"), ("balance", 150000, "=F{p}"), ("interest", "", "=B{r}*$B$2/12"), ("principal", "", "=$D$2-C{r}"), ("extra", 100, "=E{p}"), ("end balance", "", "=B{r}-D{r}-E{r}")]),
    table_of("public: Newton for a minimum", "x - f'(x)/f''(x)", ["start", 3],
          [("n", 0, "=A{p}+1"), ("x", "=B2", "=B{p}-D{p}/E{p}"), ("f(x)", "", "=B{r}^4-3*B{r}^2+B{r}"), ("f'(x)", "", "=4*B{r}^3-6*B{r}+1"), ("f''(x)", "", "=12*B{r}^2-6")], 9),
    table_of("public: bisection", "Bisection", ["f", "x^3-x-2"],
          [("a", 1.0, "=IF(D{p}*E{p}<0,A{p},C{p})"), ("b", 2.0, "=IF(D{p}*E{p}<0,C{p},B{p})"), ("c", "", "=(A{r}+B{r})/2"), ("f(a)", "", "=A{r}^3-A{r}-2"), ("f(c)", "", "=C{r}^3-C{r}-2")]),
    table_of("public: annealing", "Simulated annealing", ["T0", 1],
          [("x", 2.0, "=IF(D{p}<C{p},B{p},A{p})"), ("candidate", "", "=A{r}+0.3*SIN(5*ROW())"), ("f(x)", "", "=(A{r}-1)^2"), ("f(candidate)", "", "=(B{r}-1)^2")]),
    table_of("public: random walk", "Wealth", ["mu", 0.01],
          [("day", 0, "=A{p}+1"), ("price", 100.0, "=B{p}*(1+C{p})"), ("return", [0.01, -0.02, 0.015, 0.003], ""), ("log return", "=0", "=LN(B{r}/B{p})"), ("drawdown", "", "=B{r}/MAX(B$5:B{r})-1")]),
)  # fmt: skip
