"""Functions of a few variables minimised step by step: plain, with momentum, AdaGrad, RMSProp, Adam, falling rates."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.plan import Plan


def square() -> Plan:
    """f(x) = x² by hand: the next x beside, no labels but those of the columns."""
    s = Draft("public: x squared", "Blad1")
    s.row("A1", ["f(x) = x^2", "", "f'(x) = 2x"])
    s.row("A2", ["alpha", 0.15])
    s.table(
        "A5",
        15,
        [
            ("iter", 0, "=A{p}+1"),
            ("x", 4, "=F{p}"),
            ("f(x)", "", "=B{r}^2"),
            ("f'(x)", "", "=2*B{r}"),
            ("step", "", "=-$B$2*D{r}"),
            ("x new", "", "=B{r}+E{r}"),
        ],
    )
    rows = range(5, 20)
    s.slip("sign", "E", rows, "=$B$2*D{r}")
    s.slip("function for its slope", "E", rows, "=-$B$2*C{r}")
    s.slip("factor left out", "D", rows, "=B{r}")
    s.steps(rows, {"B{r}": "F{r}"}, "C{r}", "$B$2")
    return s.plan


def quartic() -> Plan:
    """A polynomial with two valleys; the rate typed in each formula; comma habits left aside, headers in Spanish."""
    s = Draft("public: polynomial, typed rate", "Hoja1")
    s.row("A1", ["Mínimo de f(x) = x^4 - 3x^3 + 2"])
    s.table(
        "B4",
        20,
        [
            ("n", [float(k) for k in range(20)], ""),
            ("x", 3.2, "=C{p}-0.01*E{p}"),
            ("f(x)", "", "=C{r}^4-3*C{r}^3+2"),
            ("derivada", "", "=4*C{r}^3-9*C{r}^2"),
        ],
    )
    rows = range(4, 24)
    s.slip("exponent", "E", rows, "=4*C{r}^3-9*C{r}")
    s.slip("coefficient", "E", rows, "=4*C{r}^3-6*C{r}^2")
    s.slip("sign", "C", rows, "=C{p}+0.01*E{p}")
    s.steps(range(4, 23), {"C{r}": "C{n}"}, "D{r}", "0.01")
    return s.plan


def banana() -> Plan:
    """Rosenbrock's function by Adam with bias correction, every state in a column."""
    s = Draft("public: Rosenbrock, Adam", "Adam")
    s.row("A1", ["Rosenbrock f = (1-x)^2 + 100(y-x^2)^2"])
    s.down("A2", ["lr", "beta1", "beta2", "epsilon"])
    s.down("B2", [0.05, 0.9, 0.999, 1e-8])
    columns = [
        ("t", 0, "=A{p}+1"), ("x", -1.2, "=B{p}-$B$2*J{r}/(SQRT(L{r})+$B$5)"), ("y", 1.0, "=C{p}-$B$2*K{r}/(SQRT(M{r})+$B$5)"), ("f", "", "=(1-B{r})^2+100*(C{r}-B{r}^2)^2"),
        ("df/dx", "", "=-2*(1-B{r})-400*B{r}*(C{r}-B{r}^2)"), ("df/dy", "", "=200*(C{r}-B{r}^2)"),
        ("m_x", 0, "=$B$3*G{p}+(1-$B$3)*E{p}"), ("m_y", 0, "=$B$3*H{p}+(1-$B$3)*F{p}"), ("v_x", 0, "=$B$4*I{p}+(1-$B$4)*E{p}^2"),
        ("mhat_x", "=0", "=G{r}/(1-$B$3^$A{r})"), ("mhat_y", "=0", "=H{r}/(1-$B$3^$A{r})"), ("vhat_x", "=0", "=I{r}/(1-$B$4^$A{r})"), ("vhat_y", "=0", "=N{r}/(1-$B$4^$A{r})"), ("v_y", 0, "=$B$4*N{p}+(1-$B$4)*F{p}^2"),
    ]  # fmt: skip
    s.table("A8", 16, columns)
    rows = range(8, 24)
    s.slip("a factor", "E", rows, "=-2*(1-B{r})-200*B{r}*(C{r}-B{r}^2)")
    s.slip("square left out", "I", rows, "=$B$4*I{p}+(1-$B$4)*E{p}")
    s.slip("gradient of the neighbour", "N", rows, "=$B$4*N{p}+(1-$B$4)*E{p}^2")
    s.slip("gradient of the neighbour", "H", rows, "=$B$3*H{p}+(1-$B$3)*E{p}")
    s.slip("correction left out", "K", rows, "=H{r}")
    s.slip("beta of the other", "L", rows, "=I{r}/(1-$B$3^$A{r})")
    s.slip("sign", "F", rows, "=-200*(C{r}-B{r}^2)")
    s.steps(range(8, 23), {"B{r}": "B{n}", "C{r}": "C{n}"}, "D{r}", "$B$2", {"B{r}": "E{r}", "C{r}": "F{r}"})
    return s.plan


def rivals() -> Plan:
    """Plain descent, momentum, Nesterov, AdaGrad and RMSProp side by side on the same bowl, each a group of columns."""
    s = Draft("public: optimizers side by side", "Compare")
    s.row("A1", ["J(w) = 0.5*(w-3)^2 + 1", "", "lr", 0.1, "momentum", 0.8, "decay", 0.9, "eps", 0.00001])
    groups = {
        "GD": [("w", -2, "=A{p}-$D$1*B{p}"), ("grad", "", "=A{r}-3"), ("J", "", "=0.5*(A{r}-3)^2+1")],
        "Momentum": [("w", -2, "=E{p}-F{p}"), ("v", "=$D$1*G{r}", "=$F$1*F{p}+$D$1*G{r}"), ("grad", "", "=E{r}-3"), ("J", "", "=0.5*(E{r}-3)^2+1")],
        "AdaGrad": [("w", -2, "=J{p}-$D$1*L{p}/SQRT(K{p}+$J$1)"), ("G", "=L{r}^2", "=K{p}+L{r}^2"), ("grad", "", "=J{r}-3"), ("J", "", "=0.5*(J{r}-3)^2+1")],
        "RMSProp": [("w", -2, "=O{p}-$D$1*Q{p}/SQRT(P{p}+$J$1)"), ("S", "=(1-$H$1)*Q{r}^2", "=$H$1*P{p}+(1-$H$1)*Q{r}^2"), ("grad", "", "=O{r}-3"), ("J", "", "=0.5*(O{r}-3)^2+1")],
        "Nesterov": [("w", -2, "=T{p}-U{p}"), ("v", "=$D$1*V{r}", "=$F$1*U{p}+$D$1*V{r}"), ("grad ahead", "=T{r}-3", "=(T{r}-$F$1*U{p})-3"), ("J", "", "=0.5*(T{r}-3)^2+1")],
    }  # fmt: skip
    for left, (name, columns) in zip(("A", "E", "J", "O", "T"), groups.items(), strict=True):
        s.put(f"{left}3", name)
        s.table(f"{left}5", 15, columns)
    rows = range(5, 20)
    s.slip("sign", "B", rows, "=3-A{r}")
    s.slip("shared group", "G", rows, "=A{r}-3")
    s.slip("square left out", "P", rows, "=$H$1*P{p}+(1-$H$1)*Q{r}")
    s.slip("rate left out", "J", rows, "=J{p}-L{p}/SQRT(K{p}+$J$1)")
    for r in range(5, 19):
        s.step({f"A{r}": f"A{r + 1}"}, f"C{r}", "$D$1")
        s.step({f"E{r}": f"E{r + 1}"}, f"H{r}", "$D$1", {f"E{r}": f"G{r}"})
        s.step({f"J{r}": f"J{r + 1}"}, f"M{r}", "$D$1", {f"J{r}": f"L{r}"})
        s.step({f"O{r}": f"O{r + 1}"}, f"R{r}", "$D$1", {f"O{r}": f"Q{r}"})
    return s.plan


def momentum_of_a_line() -> Plan:
    """Intercept and slope by samples with an exponential average of the gradients; the average's row is the one above."""
    s = Draft("public: line with momentum", "momentum")
    s.row("A1", ["Intercept", 1, "Slope", 1, "Learn", 0.02, "Beta", 0.9])
    columns = [
        ("x", [0.5, 1.2, 2.0, 0.8, 1.7, 0.3, 1.4, 2.2, 1.1, 0.6, 1.9, 1.0], ""), ("y", [4.1, 5.4, 7.2, 4.4, 6.5, 3.7, 5.7, 7.3, 5.3, 4.3, 6.7, 5.0], ""),
        ("intercept", "=B1", "=K{p}"), ("slope", "=D1", "=L{p}"), ("y_pred", "", "=C{r}+D{r}*A{r}"), ("err^2", "", "=(B{r}-E{r})^2"), ("de/db", "", "=2*(E{r}-B{r})"), ("de/da", "", "=A{r}*G{r}"),
        ("de/db mom", "=(1-$H$1)*G{r}", "=$H$1*I{p}+(1-$H$1)*G{r}"), ("de/da mom", "=(1-$H$1)*H{r}", "=$H$1*J{p}+(1-$H$1)*H{r}"), ("new b", "", "=C{r}-$F$1*I{r}"), ("new a", "", "=D{r}-$F$1*J{r}"),
    ]  # fmt: skip
    s.table("A4", 12, columns)
    rows = range(4, 16)
    s.slip("momentum of the neighbour", "L", rows, "=D{r}-$F$1*I{r}")
    s.slip("gradient of the neighbour", "J", rows, "=$H$1*J{p}+(1-$H$1)*G{r}")
    s.slip("sign", "G", rows, "=2*(B{r}-E{r})")
    s.slip("target for the input", "H", rows, "=B{r}*G{r}")
    s.steps(rows, {"C{r}": "K{r}", "D{r}": "L{r}"}, "F{r}", "$F$1", {"C{r}": "G{r}", "D{r}": "H{r}"})
    return s.plan


def falling_rate() -> Plan:
    """Two variables, lr₀/(1 + k·t), a bowl that is not round; results shown by ROUND in columns of their own."""
    s = Draft("public: bowl, falling rate", "Лист1")
    s.row("A1", ["f(x,y)=x²+3y²+xy", "", "", "η0", 0.2, "k", 0.1])
    columns = [
        ("шаг", [float(k) for k in range(14)], ""), ("x", 2.0, "=B{p}-F{p}*D{p}"), ("y", -1.5, "=C{p}-F{p}*E{p}"), ("∂f/∂x", "", "=2*B{r}+C{r}"), ("∂f/∂y", "", "=6*C{r}+B{r}"),
        ("η", "", "=$E$1/(1+$G$1*A{r})"), ("f", "", "=B{r}^2+3*C{r}^2+B{r}*C{r}"), ("f, 3 знака", "", "=ROUND(G{r},3)"),
    ]  # fmt: skip
    s.table("A4", 14, columns)
    rows = range(4, 18)
    s.slip("a term left out", "D", rows, "=2*B{r}")
    s.slip("coefficient", "E", rows, "=3*C{r}+B{r}")
    s.slip("gradient of the neighbour", "C", rows, "=C{p}-F{p}*D{p}")
    s.slip("other rate", "C", rows, "=C{p}-$E$1*E{p}")
    s.steps(range(4, 17), {"B{r}": "B{n}", "C{r}": "C{n}"}, "G{r}", "F{r}")
    return s.plan


def clipped(by_norm: bool) -> Plan:
    """A line whose gradients are clipped: by a factor that depends on their norm, or each between −1 and 1."""
    s = Draft(f"public: gradients clipped{' by norm' if by_norm else ''}", "clip")
    s.row("A1", ["lr", 0.1, "max", 1])
    last = ("=G{r}*J{r}", "=H{r}*J{r}") if by_norm else ("=MAX(-1,MIN(1,G{r}))", "=MAX(-1,MIN(1,H{r}))")
    columns = [
        ("x", [1.0, 3, 2, 5], ""), ("t", [2.0, 7, 4, 11], ""), ("w", 0.1, "=C{p}-$B$1*K{p}"), ("b", 0.0, "=D{p}-$B$1*L{p}"), ("y", "", "=C{r}*A{r}+D{r}"), ("L", "", "=(E{r}-B{r})^2"),
        ("gw", "", "=2*(E{r}-B{r})*A{r}"), ("gb", "", "=2*(E{r}-B{r})"), ("norm", "", "=SQRT(G{r}^2+H{r}^2)"), ("scale", "", "=MIN(1,$D$1/I{r})"), ("gw clipped", "", last[0]), ("gb clipped", "", last[1]),
    ]  # fmt: skip
    s.table("A4", 20, columns)
    rows = range(4, 23)
    if by_norm:
        s.slip("gradient of the neighbour", "L", rows, "=G{r}*J{r}")
        s.slip("prediction for the input", "G", rows, "=2*(E{r}-B{r})*E{r}")
    rate = "$B$1*J{r}" if by_norm else "$B$1"
    s.steps(rows, {"C{r}": "C{n}", "D{r}": "D{n}"}, "F{r}", rate, {"C{r}": "G{r}", "D{r}": "H{r}"})
    return s.plan


def clipped_one_by_one() -> Plan:
    """The same, each gradient by itself."""
    return clipped(by_norm=False)


def clipped_by_norm() -> Plan:
    """The same, all by their norm."""
    return clipped(by_norm=True)


def likelihood() -> Plan:
    """Mean and spread of a normal distribution by ascent on the log-likelihood."""
    s = Draft("public: normal, maximum likelihood", "MLE", rounding=1e-5)
    s.row("A1", ["step", 0.05])
    s.down("A3", ["data", 2.1, 1.7, 2.8, 2.4, 1.9])
    far = "SUMPRODUCT(($A$4:$A$8-D{r})^2)"
    columns = [
        ("k", 0, "=C{p}+1"), ("mu", 1, "=D{p}+$B$1*F{p}"), ("sigma", 1.5, "=E{p}+$B$1*G{p}"),
        ("dmu", "", "=SUMPRODUCT($A$4:$A$8-D{r})/E{r}^2"), ("dsigma", "", f"=-5/E{{r}}+{far}/E{{r}}^3"),
        ("log L", "", f"=-5*LN(E{{r}})-{far}/(2*E{{r}}^2)"),
    ]  # fmt: skip
    s.table("C4", 15, columns)
    s.slip("exponent", "F", range(4, 19), "=SUMPRODUCT($A$4:$A$8-D{r})/E{r}")
    s.slip("gradient of the neighbour", "E", range(5, 19), "=E{p}+$B$1*F{p}")
    s.steps(range(4, 18), {"D{r}": "D{n}", "E{r}": "E{n}"}, "-H{r}", "$B$1", {"D{r}": "F{r}", "E{r}": "G{r}"}, -1.0)
    return s.plan


DESCENT = (
    likelihood,
    square,
    quartic,
    banana,
    rivals,
    momentum_of_a_line,
    falling_rate,
    clipped_one_by_one,
    clipped_by_norm,
)
