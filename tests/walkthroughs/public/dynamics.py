"""Sheets of physics, economics and statistics in which something moves from row to row: nothing of it is training."""

from __future__ import annotations

from collections.abc import Callable

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan
from tests.walkthroughs.public.still import NO_FINDING, table_of


def heat() -> Plan:
    """The heat equation on nine points, a time a row."""
    s = Draft("public: heat equation", "PDE", expected=NO_FINDING)
    s.row("A1", ["r", 0.2, "", "T(x,t)"])
    s.row("B3", [f"x{j}" for j in range(9)])
    for k in range(12):
        r = 4 + k
        s.put(f"A{r}", k)
        for j in range(9):
            c = column_name(2 + j)
            if not k or j in (0, 8):
                s.put(f"{c}{r}", 100.0 if j == 4 and not k else 0.0)
            else:
                s.put(
                    f"{c}{r}",
                    f"={c}{r - 1}+$B$1*({column_name(1 + j)}{r - 1}-2*{c}{r - 1}+{column_name(3 + j)}{r - 1})",
                    "T",
                )
    return s.plan


def jacobi() -> Plan:
    """A system of three linear equations by Jacobi's and by Gauss and Seidel's method, with the residual."""
    s = Draft("public: Jacobi and Seidel", "Ax=b", expected=NO_FINDING)
    for i, line in enumerate(((10, -1, 2, 6), (-1, 11, -1, 25), (2, -1, 10, -11))):
        s.row(f"A{2 + i}", line)
    s.row("A1", ["a1", "a2", "a3", "b"])
    s.table("F3", 10, [
        ("x", 0.0, "=F{p}+($D$2-$A$2*F{p}-$B$2*G{p}-$C$2*H{p})/$A$2"), ("y", 0.0, "=G{p}+($D$3-$A$3*F{p}-$B$3*G{p}-$C$3*H{p})/$B$3"), ("z", 0.0, "=H{p}+($D$4-$A$4*F{p}-$B$4*G{p}-$C$4*H{p})/$C$4"),
        ("residual", "", "=(D$2-A$2*F{r}-B$2*G{r}-C$2*H{r})^2+(D$3-A$3*F{r}-B$3*G{r}-C$3*H{r})^2".replace("D$", "$D$").replace("A$", "$A$").replace("B$", "$B$").replace("C$", "$C$")),
    ])  # fmt: skip
    s.table(
        "K3",
        10,
        [
            ("x", 0.0, "=($D$2-$B$2*L{p}-$C$2*M{p})/$A$2"),
            ("y", 0.0, "=($D$3-$A$3*K{r}-$C$3*M{p})/$B$3"),
            ("z", 0.0, "=($D$4-$A$4*K{r}-$B$4*L{r})/$C$4"),
        ],
    )
    return s.plan


def game_of_coins() -> Plan:
    """Expectation maximisation for two coins, five sets of ten tosses."""
    s = Draft("public: EM, two coins", "EM", expected=NO_FINDING)
    s.row("A1", ["heads", 5, 9, 8, 4, 7])
    a, b = "{a}^$B$1:$F$1*(1-{a})^(10-$B$1:$F$1)", "{b}^$B$1:$F$1*(1-{b})^(10-$B$1:$F$1)"
    share = f"{a}/({a}+{b})".replace("{a}", "A{p}").replace("{b}", "B{p}")
    s.table("A4", 8, [("θA", 0.6, f"=SUMPRODUCT({share},$B$1:$F$1)/SUMPRODUCT(10*{share})"), ("θB", 0.5, f"=SUMPRODUCT(1-{share},$B$1:$F$1)/SUMPRODUCT(10*(1-{share}))"),
                      ("log likelihood", "", f"=SUMPRODUCT(LN({a}+{b}))".replace("{a}", "A{r}").replace("{b}", "B{r}"))])  # fmt: skip
    return s.plan


def boosted_residuals() -> Plan:
    """Gradient boosting with stumps: the prediction moves by a part of the mean residual on each side of a split."""
    s = Draft("public: boosting, residuals", "GBM", expected=NO_FINDING)
    s.row("A1", ["learning rate", 0.3])
    s.row("A3", ["x", "y", "F0"])
    for k in range(6):
        s.row(f"A{4 + k}", [k + 1, (1.2, 1.9, 3.2, 3.9, 5.3, 5.8)[k], "=AVERAGE($B$4:$B$9)"])
    for step in range(3):
        c = [column_name(4 + 4 * step + j) for j in range(4)]
        f = column_name(3 + 4 * step)
        s.row(f"{c[0]}3", ["residual", "split", "h", f"F{step + 1}"])
        for k in range(6):
            r = 4 + k
            s.put(f"{c[0]}{r}", f"=$B{r}-{f}{r}", "residual")
            s.put(f"{c[1]}{r}", f"=IF($A{r}<={2 + step},1,0)", "split")
            s.put(
                f"{c[2]}{r}",
                f"=IF({c[1]}{r}=1,SUMPRODUCT({c[1]}$4:{c[1]}$9,{c[0]}$4:{c[0]}$9)/SUM({c[1]}$4:{c[1]}$9),SUMPRODUCT(1-{c[1]}$4:{c[1]}$9,{c[0]}$4:{c[0]}$9)/(6-SUM({c[1]}$4:{c[1]}$9)))",
                "h",
            )
            s.put(f"{c[3]}{r}", f"={f}{r}+$B$1*{c[2]}{r}", "F")
    s.put("B11", "MSE")
    s.put("C11", "=SUMXMY2(B4:B9,O4:O9)/6")
    return s.plan


def ratings() -> Plan:
    """Elo ratings of three players, game by game: who plays is picked by INDEX, and the others keep their ratings."""
    s = Draft("public: Elo ratings", "Elo", loss_cell=False, expected=NO_FINDING)
    s.row("A1", ["K", 32])
    s.row("A3", ["game", "A", "B", "C", "home", "away", "score", "Rh", "Ra", "expected", "new h", "new a"])
    games = ((1, 2, 1), (2, 3, 0.5), (3, 1, 0), (1, 3, 1), (2, 1, 0), (3, 2, 1), (1, 2, 0.5), (2, 3, 1))
    for r, game in enumerate(games, 4):
        s.put(f"A{r}", r - 3)
        for c, start in zip("BCD", (1500, 1520, 1480), strict=True):
            p = r - 1
            kept = f"=IF(COLUMN()-1=$E{p},$K{p},IF(COLUMN()-1=$F{p},$L{p},{c}{p}))"
            s.put(f"{c}{r}", start if r == 4 else kept, f"rating {c}")
        s.row(f"E{r}", [*game, f"=INDEX($B{r}:$D{r},E{r})", f"=INDEX($B{r}:$D{r},F{r})"], "picked")
        s.put(f"J{r}", f"=1/(1+10^((I{r}-H{r})/400))", "expected")
        s.row(f"K{r}", [f"=H{r}+$B$1*(G{r}-J{r})", f"=I{r}-$B$1*(G{r}-J{r})"], "new")
    return s.plan


DYNAMICS: tuple[Callable[[], Plan], ...] = (
    ratings,
    heat, jacobi, game_of_coins, boosted_residuals,
    table_of("public: decay by Euler", "dC/dt = -k C", ["k", 0.3, "dt", 0.1],
          [("t", 0, "=A{p}+$D$2"), ("C", 5.0, "=B{p}+C{p}*$D$2"), ("dC/dt", "", "=-$B$2*B{r}"), ("exact", "", "=5*EXP(-$B$2*A{r})"), ("error", "", "=B{r}-D{r}"), ("error^2", "", "=E{r}^2")]),
    table_of("public: reaction A to B to C", "Kinetics", ["k1", 0.5, "k2", 0.2, "dt", 0.1],
          [("t", 0, "=A{p}+$F$2"), ("A", 1.0, "=B{p}-$B$2*B{p}*$F$2"), ("B", 0.0, "=C{p}+($B$2*B{p}-$D$2*C{p})*$F$2"), ("C", 0.0, "=D{p}+$D$2*C{p}*$F$2"), ("sum", "", "=SUM(B{r}:D{r})")]),
    table_of("public: two tanks", "Tanks", ["a", 0.1, "b", 0.05],
          [("min", 0, "=A{p}+1"), ("h1", 4.0, "=B{p}-$B$2*(B{p}-C{p})"), ("h2", 1.0, "=C{p}+$B$2*(B{p}-C{p})-$D$2*C{p}"), ("flow", "", "=$B$2*(B{r}-C{r})")]),
    table_of("public: mass on a spring", "Oscillator", ["k/m", 2, "damping", 0.1, "dt", 0.05],
          [("t", 0, "=A{p}+$F$2"), ("x", 1.0, "=B{p}+C{r}*$F$2"), ("v", 0.0, "=C{p}+D{p}*$F$2"), ("a", "", "=-$B$2*B{r}-$D$2*C{r}"), ("energy", "", "=0.5*C{r}^2+0.5*$B$2*B{r}^2")]),
    table_of("public: RC circuit", "Capacitor", ["R", 1000, "C", 0.001, "Vs", 5, "dt", 0.1],
          [("t", 0, "=A{p}+$H$2"), ("Vc", 0.0, "=B{p}+$H$2*C{p}/$D$2"), ("I", "", "=($F$2-B{r})/$B$2"), ("P", "", "=C{r}^2*$B$2")]),
    table_of("public: falling with drag", "Skydiver", ["g", 9.81, "c/m", 0.02, "dt", 0.5],
          [("t", 0, "=A{p}+$F$2"), ("v", 0.0, "=B{p}+D{p}*$F$2"), ("y", 1000.0, "=C{p}-B{p}*$F$2"), ("a", "", "=$B$2-$D$2*B{r}^2")]),
    table_of("public: predator, prey, harvest", "Foxes and rabbits", ["r", 0.08, "a", 0.001, "b", 0.02],
          [("year", 0, "=A{p}+1"), ("rabbits", 400.0, "=B{p}+$B$2*B{p}-$D$2*B{p}*C{p}"), ("foxes", 40.0, "=C{p}+0.1*$D$2*B{p}*C{p}-$F$2*C{p}"), ("harvest", "", "=0.05*B{r}")]),
    table_of("public: cobweb", "Supply and demand", ["speed", 0.3],
          [("t", 0, "=A{p}+1"), ("price", 4.0, "=B{p}+$B$2*E{p}"), ("demand", "", "=20-1.5*B{r}"), ("supply", "", "=2+2*B{r}"), ("excess", "", "=C{r}-D{r}")]),
    table_of("public: Cournot", "Two firms", ["step", 0.1],
          [("t", 0, "=A{p}+1"), ("q1", 10.0, "=B{p}+$B$2*F{p}"), ("q2", 30.0, "=C{p}+$B$2*G{p}"), ("price", "", "=100-B{r}-C{r}"), ("profit 1", "", "=B{r}*(D{r}-10)"), ("dπ1/dq1", "", "=100-2*B{r}-C{r}-10"), ("dπ2/dq2", "", "=100-B{r}-2*C{r}-10"), ("profit 2", "", "=C{r}*(D{r}-10)")]),
    table_of("public: inventory", "Stock", ["reorder at", 20, "lot", 50],
          [("day", [float(k) for k in range(14)], ""), ("demand", [7.0, 5, 9, 4, 8], ""), ("stock", 60.0, "=C{p}-B{p}+D{p}"), ("order", "", "=IF(C{r}-B{r}<$B$2,$D$2,0)"), ("cost", "", "=0.2*C{r}+IF(D{r}>0,15,0)")]),
    table_of("public: savings and interest", "Savings", ["rate", "3%", "deposit", 100],
          [("year", 2020, "=A{p}+1"), ("opening", 1000.0, "=E{p}"), ("interest", "", "=B{r}*3%"), ("deposit", "", "=$D$2"), ("closing", "", "=B{r}+C{r}+D{r}"), ("growth", "", "=(E{r}-B{r})/B{r}")]),
    table_of("public: depreciation", "Declining balance", ["rate", 0.2],
          [("year", 1, "=A{p}+1"), ("book value", 20000.0, "=B{p}-C{p}"), ("depreciation", "", "=B{r}*$B$2"), ("tax", "", "=0.25*C{r}")]),
    table_of("public: EWMA volatility", "GARCH", ["lambda", 0.94, "omega", 0.000002],
          [("return", [0.01, -0.012, 0.004, 0.02, -0.008], ""), ("variance", 0.0001, "=$B$2*B{p}+(1-$B$2)*A{p}^2"), ("vol", "", "=SQRT(B{r})"), ("log likelihood", "", "=-LN(B{r})-A{r}^2/B{r}")]),
    table_of("public: Holt and Winters", "Seasonal", ["alpha", 0.3, "beta", 0.1, "gamma", 0.2, "MSE", "=AVERAGE(H9:H18)"],
          [("t", [float(k) for k in range(1, 15)], ""), ("y", [30.0, 21, 29, 31, 40, 35, 42, 43, 52, 48, 55, 56, 62, 58], ""), ("level", [25.0, 25, 25, 25], "=$B$2*(B{r}-E5)+(1-$B$2)*(C{p}+D{p})"),
           ("trend", [1.0, 1, 1, 1], "=$D$2*(C{r}-C{p})+(1-$D$2)*D{p}"), ("season", [2.0, -4, 0, 3], "=$F$2*(B{r}-C{r})+(1-$F$2)*E5"), ("forecast", "", "=C{r}+D{r}"), ("error", "", "=B{r}-F{r}"), ("sq", "", "=G{r}^2")]),
    table_of("public: LMS average", "Running mean", [],
          [("n", [float(k) for k in range(1, 15)], ""), ("x", [4.0, 7, 5, 6, 8], ""), ("mean", "=B5", "=C{p}+(B{r}-C{p})/A{r}"), ("M2", 0.0, "=D{p}+(B{r}-C{p})*(B{r}-C{r})"), ("variance", "=0", "=D{r}/(A{r}-1)")]),
    table_of("public: Metropolis", "MCMC", ["step", 0.5],
          [("u", [0.1, 0.7, 0.4, 0.9, 0.2], ""), ("x", 0.5, "=IF(A{p}<E{p},C{p},B{p})"), ("proposal", "", "=B{r}+$B$2*(A{r}-0.5)"), ("density", "", "=EXP(-B{r}*B{r}/2)"), ("ratio", "", "=EXP(-C{r}*C{r}/2)/D{r}")]),
    table_of("public: square root by Heron", "Babylonian", ["a", 10],
          [("n", 0, "=A{p}+1"), ("x", 5.0, "=(B{p}+$B$2/B{p})/2"), ("error", "", "=B{r}^2-$B$2"), ("squared", "", "=C{r}^2")], 7),
    table_of("public: fixed point", "x = cos x", [], [("x", 1.0, "=COS(A{p})"), ("f(x)", "", "=A{r}-COS(A{r})"), ("f(x)^2", "", "=B{r}^2")]),
    table_of("public: Aitken and secant", "Accelerated", [],
          [("x", 1.0, "=A{p}-0.5*B{p}"), ("f", "", "=A{r}^3+A{r}-1"), ("slope", "=4", "=(B{r}-B{p})/(A{r}-A{p})")], 8),
    table_of("public: REINFORCE", "Bandit with softmax", ["alpha", 0.2],
          [("H1", 0.0, "=A{p}+$B$2*(F{p}-G{p})*(IF(E{p}=1,1,0)-C{p})"), ("H2", 0.0, "=B{p}+$B$2*(F{p}-G{p})*(IF(E{p}=2,1,0)-D{p})"), ("π1", "", "=EXP(A{r})/(EXP(A{r})+EXP(B{r}))"), ("π2", "", "=1-C{r}"),
           ("action", [1.0, 2, 1, 1, 2], ""), ("reward", [1.0, 0.2, 0.8, 1.1, 0.4], ""), ("baseline", 0.0, "=G{p}+0.1*(F{p}-G{p})")]),
    table_of("public: SARSA", "SARSA", ["alpha", 0.4, "gamma", 0.8],
          [("s", [1.0, 2, 1, 2, 1], ""), ("Q(1)", 0.1, "=IF(A{p}=1,B{p}+$B$2*(D{p}+$D$2*C{p}-B{p}),B{p})"), ("Q(2)", 0.2, "=IF(A{p}=2,C{p}+$B$2*(D{p}+$D$2*B{p}-C{p}),C{p})"), ("reward", [0.0, 1, 0, 1, 1], ""), ("TD error", "", "=IF(A{r}=1,D{r}+$D$2*C{r}-B{r},D{r}+$D$2*B{r}-C{r})")]),
    table_of("public: AdaBoost weights", "AdaBoost", ["alpha", 0.5],
          [("round", 0, "=A{p}+1"), ("D1", 0.25, "=B{p}*EXP(-$B$2*F{p})/G{p}"), ("D2", 0.25, "=C{p}*EXP($B$2*F{p})/G{p}"), ("D3", 0.25, "=D{p}*EXP(-$B$2*F{p})/G{p}"), ("D4", 0.25, "=E{p}*EXP(-$B$2*F{p})/G{p}"), ("side", [1.0, -1], "")  # no weight is moved by a slope
           , ("Z", "", "=(B{r}+D{r}+E{r})*EXP(-$B$2*F{r})+C{r}*EXP($B$2*F{r})")]),
    table_of("public: Kalman, position and speed", "Tracking", ["dt", 1, "q", 0.01, "R", 0.5],
          [("z", [1.1, 2.0, 2.8, 4.2, 5.1], ""), ("x", 0.0, "=B{p}+C{p}*$B$2+H{p}*J{p}"), ("v", 1.0, "=C{p}+I{p}*J{p}"), ("P11", 1.0, "=D{p}+2*$B$2*E{p}+F{p}+$D$2-H{p}*(D{p}+E{p})"), ("P12", 0.0, "=(1-H{p})*(E{p}+F{p})"), ("P22", 1.0, "=F{p}+$D$2-I{p}*(E{p}+F{p})"),
           ("S", "", "=D{r}+2*E{r}+F{r}+$D$2+$F$2"), ("K1", "", "=(D{r}+2*E{r}+F{r}+$D$2)/G{r}"), ("K2", "", "=(E{r}+F{r})/G{r}"), ("innovation", "", "=A{r}-(B{r}+C{r}*$B$2)"), ("squared", "", "=J{r}^2")]),
    table_of("public: heater, PID", "Heater", ["Kp", 0.6, "Ki", 0.1, "Kd", 0.05, "set", 20],
          [("T", 15.0, "=A{p}+0.1*(E{p}-0.2*(A{p}-10))"), ("e", "", "=$H$2-A{r}"), ("sum of e", "=B5", "=C{p}+B{r}"), ("change of e", 0.0, "=B{r}-B{p}"), ("u", "", "=$B$2*B{r}+$D$2*C{r}+$F$2*D{r}"), ("e^2", "", "=B{r}^2")]),
    table_of("public: resilient steps", "Rprop", ["up", 1.2, "down", 0.5],
          [("x", [1.0, 3, 2, 5], ""), ("t", [2.0, 7, 4, 11], ""), ("w", 0.1, "=C{p}-SIGN(G{p})*I{p}"), ("b", 0.0, "=D{p}-SIGN(H{p})*J{p}"), ("y", "", "=C{r}*A{r}+D{r}"), ("L", "", "=(E{r}-B{r})^2"), ("gw", "", "=2*(E{r}-B{r})*A{r}"), ("gb", "", "=2*(E{r}-B{r})"),
           ("step w", 0.1, "=I{p}*IF(G{r}*G{p}>0,$B$2,$D$2)"), ("step b", 0.1, "=J{p}*IF(H{r}*H{p}>0,$B$2,$D$2)")]),
    table_of("public: target network", "DQN in one weight", ["lr", 0.1, "gamma", 0.9],
          [("s", [0.5, 1.0, 0.2, 0.7], ""), ("r", [1.0, 0, 0.5], ""), ("w", 0.1, "=C{p}-$B$2*F{p}"), ("w target", 0.1, "=IF(MOD(ROW(),5)=0,C{r},D{p})"), ("squared", "", "=(C{r}*A{r}-B{r}-$D$2*D{r}*A{r})^2"), ("g", "", "=2*(C{r}*A{r}-B{r}-$D$2*D{r}*A{r})*A{r}")]),
    table_of("public: RTRL", "Derivatives carried forward", ["lr", 0.1],
          [("x", [0.1, 0.5, 0.9, 0.3], ""), ("t", [0.5, 0.9, 0.3, 0.1], ""), ("context", 0.0, "=H{p}"), ("wx", 0.4, "=D{p}-$B$2*M{p}"), ("wc", 0.3, "=E{p}-$B$2*N{p}"), ("v", 0.6, "=F{p}-$B$2*L{p}"), None, ("h", "", "=TANH(D{r}*A{r}+E{r}*C{r})"), ("y", "", "=F{r}*H{r}"), ("E", "", "=(I{r}-B{r})^2/2"), ("dy", "", "=I{r}-B{r}"),
           ("dv", "", "=K{r}*H{r}"), ("dwx", "", "=K{r}*F{r}*O{r}"), ("dwc", "", "=K{r}*F{r}*P{r}"), ("px", "", "=(1-H{r}^2)*(A{r}+E{r}*Q{r})"), ("pc", "", "=(1-H{r}^2)*(C{r}+E{r}*R{r})"), ("px before", 0.0, "=O{p}"), ("pc before", 0.0, "=P{p}")]),
)  # fmt: skip
