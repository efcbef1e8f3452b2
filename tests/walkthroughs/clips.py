"""Right sheets whose gradients or weights are clipped, or whose training stops early: a line that is fitted by samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.walkthroughs.drafting import Column, Draft
from tests.walkthroughs.plan import Plan

ROWS = range(4, 22)
SAMPLES: list[Column] = [("x", [0.9, 0.5, -0.7, 1.7, -0.3], ""), ("t", [2.2, 1.1, -0.9, 3.6, 0.1], "")]
FORWARD: list[Column] = [("y", "", "=C{r}*A{r}+D{r}"), ("L", "", "=(E{r}-B{r})^2/2")]
GRADIENTS: list[Column] = [("gw", "", "=(E{r}-B{r})*A{r}"), ("gb", "", "=E{r}-B{r}")]
PLAIN = ("=C{p}-$B$1*G{p}", "=D{p}-$B$1*H{p}")
CLIPPED = ("=C{p}-$B$1*I{p}", "=D{p}-$B$1*J{p}")


def line(
    updates: Sequence[str] = PLAIN,
    gradients: Sequence[Column] = GRADIENTS,
    more: Sequence[Column] = (),
    start: tuple[float, float] = (0.1, 0.0),
    headers: Sequence[str] = ("x", "t", "w", "b", "y", "L"),
) -> Plan:
    """The line; more: further columns, from I on. headers: those of the columns up to F."""
    s = Draft("line with a clip", "Sheet1")
    s.row("A1", ["lr", 0.1, "cap", 0.3, "tol", 0.02])
    weights: list[Column] = [("w", start[0], updates[0]), ("b", start[1], updates[1])]
    first = [(header, *rest) for header, (_, *rest) in zip(headers, [*SAMPLES, *weights, *FORWARD], strict=True)]
    s.table("A4", len(ROWS), [*first, *gradients, *more])  # type: ignore[list-item]
    return s.plan


def hidden(
    activation: str = "=TANH(G{r})", slope: str = "(1-H{r}^2)", clip: str = "={g}", more: Sequence[Column] = ()
) -> Plan:
    """A neuron behind another one. clip: of the gradients {g}, in columns P to S; more: further columns, from T on."""
    s = Draft("neurons with a clip", "Sheet1")
    s.row("A1", ["lr", 0.1, "cap", 0.3])
    columns: list[Column] = [
        ("x", [0.9, 2.5, -1.7, 1.3, -0.3], ""), ("t", [0.2, 1.1, -0.9, 0.6, 0.1], ""),
        *((name, start, f"={letter}{{p}}-$B$1*{gradient}{{p}}") for name, start, letter, gradient in (("w1", 0.7, "C", "P"), ("b1", 0.1, "D", "Q"), ("w2", -0.4, "E", "R"), ("b2", 0.2, "F", "S"))),
        ("z", "", "=C{r}*A{r}+D{r}"), ("h", "", activation), ("y", "", "=E{r}*H{r}+F{r}"), ("L", "", "=(I{r}-B{r})^2/2"),
        ("δ", "", "=I{r}-B{r}"), ("δ1", "", f"=K{{r}}*E{{r}}*{slope}"), ("gw1", "", "=L{r}*A{r}"), ("gb1", "", "=L{r}"), ("gw2", "", "=K{r}*H{r}"),
        *((f"clip {name}", "", clip.replace("{g}", f"{letter}{{r}}")) for name, letter in (("w1", "M"), ("b1", "N"), ("w2", "O"), ("b2", "K"))),
    ]  # fmt: skip
    s.table("A4", len(ROWS), [*columns, *more])
    return s.plan


def each(formula: str) -> list[Column]:
    """Clipped gradients in columns I and J; {g}: the gradient."""
    return [(f"clip {name}", "", formula.replace("{g}", f"{column}{{r}}")) for name, column in (("w", "G"), ("b", "H"))]


def within(formula: str) -> tuple[str, str]:
    """Updates by gradients that are clipped in the same formula."""
    w, b = (formula.replace("{g}", f"{column}{{p}}") for column in "GH")
    return f"=C{{p}}-$B$1*{w}", f"=D{{p}}-$B$1*{b}"


def stopped(condition: str, kept_first: bool = True) -> tuple[str, str]:
    """Updates that stop where a condition holds, or go on where another one does."""
    made = []
    for w, update in zip("CD", PLAIN, strict=True):
        branches = (f"{w}{{p}}", update[1:])[:: 1 if kept_first else -1]
        made.append(f"=IF({condition},{branches[0]},{branches[1]})")
    return made[0], made[1]


def of_updates(formula: str) -> tuple[str, str]:
    """Updates whose result is limited; {w}: the result."""
    return formula.replace("{w}", PLAIN[0][1:]), formula.replace("{w}", PLAIN[1][1:])


NORM: Column = ("norm", "", "=SQRT(G{r}^2+H{r}^2)")
BY_NORM: list[Column] = [("clip w", "", "=G{r}*L{r}"), ("clip b", "", "=H{r}*L{r}"), NORM]
MOMENTUM: list[Column] = [("vw", "=I{r}", "=0.8*K{p}+I{r}"), ("vb", "=J{r}", "=0.8*L{p}+J{r}")]
ADAM: list[Column] = [
    ("mw", "=0.1*I{r}", "=0.9*K{p}+0.1*I{r}"), ("mb", "=0.1*J{r}", "=0.9*L{p}+0.1*J{r}"), ("vw", "=0.01*I{r}^2", "=0.99*M{p}+0.01*I{r}^2"),
    ("vb", "=0.01*J{r}^2", "=0.99*N{p}+0.01*J{r}^2"), ("k", 1.0, "=O{p}+1"),
]  # fmt: skip
MAX_MIN = "=MAX(-$D$1,MIN($D$1,{g}))"
INSIDE: list[Column] = [("gw", "", "=MAX(-$D$1,MIN($D$1,(E{r}-B{r})*A{r}))"), ("gb", "", "=MAX(-$D$1,MIN($D$1,E{r}-B{r}))")]  # fmt: skip

CLIPS: Mapping[str, Plan] = {
    "MAX and MIN": line(CLIPPED, more=each(MAX_MIN)),
    "MIN and MAX": line(CLIPPED, more=each("=MIN($D$1,MAX({g},-$D$1))")),
    "typed bounds": line(CLIPPED, more=each("=MAX(MIN({g},0.5),-0.5)")),
    "MEDIAN": line(CLIPPED, more=each("=MEDIAN(-$D$1,{g},$D$1)")),
    "IF with ABS and SIGN": line(CLIPPED, more=each("=IF(ABS({g})>$D$1,SIGN({g})*$D$1,{g})")),
    "IF in IF": line(CLIPPED, more=each("=IF({g}>$D$1,$D$1,IF({g}<-$D$1,-$D$1,{g}))")),
    "SIGN and MIN": line(CLIPPED, more=each("=SIGN({g})*MIN(ABS({g}),$D$1)")),
    "in the gradient": line(gradients=INSIDE),
    "in the update": line(within("MAX(-$D$1,MIN($D$1,{g}))")),
    "in the update by IF": line(within("IF(ABS({g})>$D$1,SIGN({g})*$D$1,{g})")),
    "the step": line(("=C{p}-MAX(-0.02,MIN(0.02,$B$1*G{p}))", "=D{p}-MAX(-0.02,MIN(0.02,$B$1*H{p}))")),
    "the step, by its size": line(
        ("=C{p}-SIGN(G{p})*MIN($B$1*ABS(G{p}),0.05)", "=D{p}-SIGN(H{p})*MIN($B$1*ABS(H{p}),0.05)")
    ),
    "the error": line(("=C{p}-$B$1*G{p}*A{p}", "=D{p}-$B$1*G{p}"), [("e", "", "=MAX(-$D$1,MIN($D$1,E{r}-B{r}))")]),
    "the error, then a product": line(gradients=[("gw", "", "=H{r}*A{r}"), ("gb", "", "=MEDIAN(-$D$1,$D$1,E{r}-B{r})")]),
    "norm, factor": line(CLIPPED, more=[*BY_NORM, ("factor", "", "=MIN(1,$D$1/K{r})")]),
    "norm, IF": line(CLIPPED, more=[*BY_NORM, ("factor", "", "=IF(K{r}>$D$1,$D$1/K{r},1)")]),
    "norm and a small number": line(CLIPPED, more=[*BY_NORM, ("factor", "", "=MIN(1,$D$1/(K{r}+0.000001))")]),
    "norm, divisor": line(CLIPPED, more=[("", "", "=G{r}/MAX(1,K{r}/$D$1)"), ("", "", "=H{r}/MAX(1,K{r}/$D$1)"), NORM]),
    "norm, whole gradients": line(CLIPPED, more=[("", "", "=IF(K{r}>$D$1,G{r}*$D$1/K{r},G{r})"), ("", "", "=IF(K{r}>$D$1,H{r}*$D$1/K{r},H{r})"), NORM]),
    "norm within": line(within("{g}*MIN(1,$D$1/SQRT(SUMSQ(G{p}:H{p})))")),
    "norm in the rate": line(("=C{p}-I{p}*G{p}", "=D{p}-I{p}*H{p}"), more=[("step", "", "=$B$1*MIN(1,$D$1/SQRT(SUMSQ(G{r}:H{r})))")]),
    "momentum": line(("=C{p}-$B$1*K{p}", "=D{p}-$B$1*L{p}"), more=[*each(MAX_MIN), *MOMENTUM]),
    "momentum, norm": line(("=C{p}-$B$1*M{p}", "=D{p}-$B$1*N{p}"), more=[*BY_NORM, ("", "", "=MIN(1,$D$1/K{r})"), ("vw", "=I{r}", "=0.8*M{p}+I{r}"), ("vb", "=J{r}", "=0.8*N{p}+J{r}")]),
    "Adam": line(("=C{p}-$B$1*K{p}/(1-0.9^O{p})/(SQRT(M{p}/(1-0.99^O{p}))+0.0001)", "=D{p}-$B$1*L{p}/(1-0.9^O{p})/(SQRT(N{p}/(1-0.99^O{p}))+0.0001)"), more=[*each(MAX_MIN), *ADAM]),
    "weight decay": line(("=C{p}-$B$1*(I{p}+0.05*C{p})", "=D{p}-$B$1*J{p}"), more=each(MAX_MIN)),
    "falling rate": line(("=C{p}-$B$1*0.95^K{p}*I{p}", "=D{p}-$B$1*0.95^K{p}*J{p}"), more=[*each(MAX_MIN), ("k", 0.0, "=K{p}+1")]),
}  # fmt: skip
"""Clipped gradients."""
LIMITS: Mapping[str, Plan] = {
    "both sides": line(of_updates("=MAX(-1,MIN(1,{w}))")),
    "from 0 to 1": line(of_updates("=MIN(1,MAX(0,{w}))")),
    "one of two": line(("=MAX(-1,MIN(1,C{p}-$B$1*G{p}))", PLAIN[1])),
    "not negative": line(of_updates("=MAX(0,{w})"), start=(0.1, 0.3)),
    "not negative, by IF": line(("=IF(C{p}-$B$1*G{p}<0,0,C{p}-$B$1*G{p})", "=IF(D{p}-$B$1*H{p}<0,0,D{p}-$B$1*H{p})")),
    "at most": line(of_updates("=MIN(1.2,{w})")),
    "at most 1": line(of_updates("=MIN(1,{w})")),
    "and clipped gradients": line(("=MAX(0,C{p}-$B$1*I{p})", "=D{p}-$B$1*J{p}"), more=each(MAX_MIN)),
}
"""Parameters in an interval."""
COUNT: Column = ("waits", 0.0, "=IF(F{r}<F{p},0,I{p}+1)")
STOPS: Mapping[str, Plan] = {
    "small loss": line(stopped("F{p}<$F$1")),
    "small loss, other order": line(stopped("F{p}>=$F$1", kept_first=False)),
    "small loss, typed": line(stopped("F{p}<0.02")),
    "small gradients": line(stopped("SQRT(G{p}^2+H{p}^2)<0.1")),
    "both gradients small": line(stopped("AND(ABS(G{p})<0.1,ABS(H{p})<0.1)")),
    "number of a step": line(stopped("I{p}>=10"), more=[("step", 1.0, "=I{p}+1")]),
    "small loss or number of a step": line(stopped("OR(F{p}<$F$1,I{p}>=12)"), more=[("step", [float(k) for k in range(len(ROWS))], "")]),
    "flag": line(stopped("I{p}=1"), more=[("stop", "", "=IF(F{r}<$F$1,1,0)")]),
    "flag that stays": line(stopped("I{p}=1"), more=[("stop", "=IF(F{r}<$F$1,1,0)", "=IF(I{p}=1,1,IF(F{r}<$F$1,1,0))")]),
    "flag that stays, OR": line(stopped("I{p}"), more=[("stop", "=F{r}<$F$1", "=OR(I{p},F{r}<$F$1)")]),
    "flag as a text": line(stopped('I{p}="stop"'), more=[("stop", "", '=IF(F{r}<$F$1,"stop","go on")')]),
    "patience": line(stopped("I{p}>=2"), more=[COUNT]),
    "patience with the best": line(stopped("J{p}>=3"), more=[("best", "=F{r}", "=MIN(I{p},F{r})"), ("waits", 0.0, "=IF(F{r}<I{p},0,J{p}+1)")]),
    "loss that rises": line(stopped("I{p}=1"), more=[("stop", 0.0, "=IF(F{r}>F{p}*20,1,0)")]),
    "and clipped gradients": line(("=IF(F{p}<$F$1,C{p},C{p}-$B$1*I{p})", "=IF(F{p}<$F$1,D{p},D{p}-$B$1*J{p})"), more=each(MAX_MIN)),
    "momentum": line(("=IF(F{p}<$F$1,C{p},C{p}-$B$1*K{p})", "=IF(F{p}<$F$1,D{p},D{p}-$B$1*L{p})"), more=[*each("={g}"), *MOMENTUM]),
    "rate 0": line(("=C{p}-I{p}*G{p}", "=D{p}-I{p}*H{p}"), more=[("rate", "", "=IF(F{r}<$F$1,0,$B$1)")]),
    "gradients 0": line(CLIPPED, more=each("=IF(F{r}<$F$1,0,{g})")),
    "rate halved": line(("=C{p}-I{p}*G{p}", "=D{p}-I{p}*H{p}"), more=[("rate", "=$B$1", "=IF(F{r}>F{p},I{p}/2,I{p})")]),
}  # fmt: skip
"""Training that ends before the last row."""


def matrices(clip: str, limit: str = "{w}") -> Plan:
    """A layer of two outputs by array formulas, a block for each step. clip: of the gradients {g}, whose norm is {n};
    limit: of the updated weights {w}."""
    s = Draft("matrices with a clip", "Sheet1")
    s.row("A1", ["lr", 0.4, "cap", 0.1])
    for row, values in enumerate(
        [[0.9, -0.4, 1, 0, 0.5, 1.0], [0.3, 0.8, 1, 0, 0.1, -0.3], [-0.6, 0.2, 1, 0, 0.9, 0.2]], 3
    ):
        s.row(f"A{row}", values)
    for r in range(8, 80, 12):
        s.put(f"A{r}", "W")
        if r == 8:
            for row, values in enumerate([[0.3, -0.2], [0.5, 0.1], [-0.1, 0.4]], 9):
                s.row(f"A{row}", values)
        else:
            s.array(f"A{r + 1}:B{r + 3}", "=" + limit.format(w=f"A{r - 11}:B{r - 9}-$B$1*J{r - 11}:K{r - 9}"))
        s.array(f"D{r + 1}:E{r + 3}", f"=TANH(MMULT($A$3:$C$5,A{r + 1}:B{r + 3}))")
        s.put(f"D{r + 5}", f"=SUMXMY2(D{r + 1}:E{r + 3},$E$3:$F$5)/2")
        s.array(
            f"G{r + 1}:H{r + 3}", f"=MMULT(TRANSPOSE($A$3:$C$5),(D{r + 1}:E{r + 3}-$E$3:$F$5)*(1-D{r + 1}:E{r + 3}^2))"
        )
        s.put(f"G{r + 5}", f"=SQRT(SUMSQ(G{r + 1}:H{r + 3}))")
        s.array(f"J{r + 1}:K{r + 3}", "=" + clip.format(g=f"G{r + 1}:H{r + 3}", n=f"G{r + 5}"))
    return s.plan
