"""Logic gates by one neuron: perceptrons, ADALINE and the delta rule, in the tables of lectures and blogs."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan

AND, OR = ((0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1)), ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1))


def threshold_table() -> Plan:
    """OR by a threshold, three rows of headers, the new weights at the end of each row."""
    s = Draft("public: OR, threshold table", "OR gate", loss_cell=False)
    s.merge("A1:E1", "Input")
    s.merge("F1:G1", "Initial")
    s.merge("H1:L1", "Output")
    s.merge("M1:N1", "Final")
    s.row(
        "A2",
        [
            "Threshold",
            "Learning rate",
            "Sensor values",
            "",
            "Desired",
            "Weights",
            "",
            "Calculated",
            "",
            "Sum",
            "Network",
            "Error",
            "Weights",
        ],
    )
    s.row("H3", ["x1*w1", "x2*w2", "c1+c2", "if(s>th,1,0)", "z-n"])
    columns = [
        ("TH", 0.5, "=A{p}"), ("LR", 0.2, "=B{p}"),
        *((["x1", "x2", "z"][j], [g[j] for g in OR], "") for j in range(3)),
        ("w1", 0.13, "=M{p}"), ("w2", 0.32, "=N{p}"),
        ("c1", "", "=C{r}*F{r}"), ("c2", "", "=D{r}*G{r}"), ("s", "", "=H{r}+I{r}"), ("n", "", "=IF(J{r}>A{r},1,0)"), ("e", "", "=E{r}-K{r}"),
        ("W1", "", "=F{r}+B{r}*L{r}*C{r}"), ("W2", "", "=G{r}+B{r}*L{r}*D{r}"),
    ]  # fmt: skip
    s.table("A5", 12, columns)
    rows = range(5, 17)
    s.slip("input of the neighbour", "N", rows, "=G{r}+B{r}*L{r}*C{r}")
    s.slip("threshold for η", "M", rows, "=F{r}+A{r}*L{r}*C{r}")
    s.slip("η left out", "N", rows, "=G{r}+L{r}*D{r}")
    s.slip("input left out", "M", rows, "=F{r}+B{r}*L{r}")
    s.slip("sign", "L", rows, "=K{r}-E{r}")
    s.steps(rows, {"F{r}": "M{r}", "G{r}": "N{r}"}, "(K{r}-E{r})*J{r}", "B{r}")
    return s.plan


def epoch_blocks() -> Plan:
    """AND in blocks of four rows, an epoch's title and its headers above each, and a column that says whether w changed."""
    s = Draft("public: AND, epochs with headers", "Perceptron", loss_cell=False)
    s.row("A1", ["Perceptron training: AND gate"])
    s.row("A2", ["Learning rate", "", 0.1, "", "Step: y = 1 if net >= 0, else 0"])
    previous = ""
    for epoch in range(5):
        top = 4 + 7 * epoch
        s.merge(f"A{top}:N{top}", f"Epoch {epoch + 1}")
        s.row(
            f"A{top + 1}",
            ["x1", "x2", "target", "w1", "w2", "bias", "net", "y", "error", "Δw1", "Δw2", "Δb", "changed?"],
        )
        for k, (a, b, t) in enumerate(AND):
            r = top + 2 + k
            s.row(f"A{r}", [a, b, t])
            for w, start, d in zip("DEF", (0.33, -0.12, 0.24), "JKL", strict=True):
                s.put(f"{w}{r}", f"={w}{previous}+{d}{previous}" if previous else start, f"new {w}")
            s.put(f"G{r}", f"=A{r}*D{r}+B{r}*E{r}+F{r}", "net")
            s.put(f"H{r}", f"=IF(G{r}>=0,1,0)", "y")
            s.put(f"I{r}", f"=C{r}-H{r}", "error", sign=f"=H{r}-C{r}")
            s.put(
                f"J{r}",
                f"=$C$2*I{r}*A{r}",
                "dw1",
                True,
                input_of_the_neighbour=f"=$C$2*I{r}*B{r}",
                η_left_out=f"=I{r}*A{r}",
            )
            s.put(
                f"K{r}",
                f"=$C$2*I{r}*B{r}",
                "dw2",
                True,
                new_weight_for_η=f"=$D$6*I{r}*B{r}",
                input_left_out=f"=$C$2*I{r}",
            )
            s.put(f"L{r}", f"=$C$2*I{r}", "db", True, multiplied_by_an_input=f"=$C$2*I{r}*A{r}", η_left_out=f"=I{r}")
            s.put(f"M{r}", f'=IF(I{r}<>0,"yes","no")', "changed")
            if previous:
                p = int(previous)
                s.step({f"{w}{p}": f"{w}{r}" for w in "DEF"}, f"(H{p}-C{p})*G{p}", "$C$2")
            previous = str(r)
        s.put(f"H{top + 6}", "errors:")
        s.put(f"I{top + 6}", f"=SUMPRODUCT(ABS(I{top + 2}:I{top + 5}))", "count")
    return s.plan


def plus_minus_one() -> Plan:
    """Classes ±1, x0 = 1; the weights change only in rows that are misclassified. Headers in Russian."""
    s = Draft("public: ±1, update by IF", "Персептрон", loss_cell=False)
    s.row("A1", ["Правило обучения персептрона", "", "", "", "", "скорость обучения", 0.5])
    data = (
        (1, 2.0, 1.0, 1),
        (1, 0.5, 2.0, -1),
        (1, 3.0, 0.5, 1),
        (1, 1.0, 3.0, -1),
        (1, 2.5, 2.0, 1),
        (1, -0.5, 0.2, -1),
    )
    columns = [
        ("№", [float(k + 1) for k in range(24)], ""), *((["x0", "x1", "x2", "класс"][j], [d[j] for d in data], "") for j in range(4)),
        ("w0", 0.0, "=J{p}"), ("w1", -0.4, "=K{p}"), ("w2", 0.6, "=L{p}"), ("сумма", "", "=SUMPRODUCT(B{r}:D{r},F{r}:H{r})"),
        *((f"{n} новый", "", f"=IF(E{{r}}*$I{{r}}<=0,{w}{{r}}+$G$1*$E{{r}}*{x}{{r}},{w}{{r}})") for n, w, x in (("w0", "F", "B"), ("w1", "G", "C"), ("w2", "H", "D"))),
        ("верно", "", "=(E{r}*I{r}>0)*1"),
    ]  # fmt: skip
    s.table("A4", 18, columns)
    rows = range(4, 22)
    s.slip("input of the neighbour", "K", rows, "=IF(E{r}*$I{r}<=0,G{r}+$G$1*$E{r}*D{r},G{r})")
    s.slip("η left out", "L", rows, "=IF(E{r}*$I{r}<=0,H{r}+$E{r}*D{r},H{r})")
    s.slip("class left out", "L", rows, "=IF(E{r}*$I{r}<=0,H{r}+$G$1*D{r},H{r})")
    s.slip("kept weight of the neighbour", "K", rows, "=IF(E{r}*$I{r}<=0,G{r}+$G$1*$E{r}*C{r},H{r})")
    s.steps(rows, {"F{r}": "J{r}", "G{r}": "K{r}", "H{r}": "L{r}"}, "IF(E{r}*I{r}<=0,-E{r}*I{r},0)", "$G$1")
    return s.plan


def adaline() -> Plan:
    """ADALINE: w + η·(t − net)·x with the squared error beside, so that ½ is missing in one of them; bipolar AND."""
    s = Draft("public: adaline", "Adaline", expected="right up to a factor")
    s.row("A1", ["ADALINE", "", "alpha", 0.1])
    data = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, -1))
    columns = [
        *((["x1", "x2", "t"][j], [d[j] for d in data], "") for j in range(3)),
        ("w1", 0.1, "=D{p}+I{p}"), ("w2", 0.1, "=E{p}+J{p}"), ("b", 0.1, "=F{p}+K{p}"),
        ("net", "", "=D{r}*A{r}+E{r}*B{r}+F{r}"), ("t-net", "", "=C{r}-G{r}"),
        ("dw1", "", "=$D$1*H{r}*A{r}"), ("dw2", "", "=$D$1*H{r}*B{r}"), ("db", "", "=$D$1*H{r}"), ("error^2", "", "=H{r}^2"),
    ]  # fmt: skip
    s.table("A4", 13, columns)
    s.put("K18", "total")
    s.put("L18", "=SUM(L4:L16)")
    s.steps(range(4, 16), {"D{r}": "D{n}", "E{r}": "E{n}", "F{r}": "F{n}"}, "L{r}", "$D$1/2")
    return s.plan


def delta_rule() -> Plan:
    """OR by a sigmoid neuron and the delta rule, epoch after epoch, headers in Korean, a chart's column at the right."""
    s = Draft("public: delta rule, korean", "델타 규칙")
    s.row("A1", ["단층 신경망 (OR)", "", "", "", "학습률", 0.9])
    columns = [
        ("반복", [float(k // 4 + 1) for k in range(20)], ""), *((["입력1", "입력2", "정답"][j], [g[j] for g in OR], "") for j in range(3)),
        ("가중치1", 0.2, "=E{p}+L{p}"), ("가중치2", -0.3, "=F{p}+M{p}"), ("편향", 0.1, "=G{p}+N{p}"),
        ("가중합", "", "=B{r}*E{r}+C{r}*F{r}+G{r}"), ("출력", "", "=1/(1+EXP(-H{r}))"), ("오차", "", "=D{r}-I{r}"),
        ("델타", "", "=I{r}*(1-I{r})*J{r}"), ("Δw1", "", "=$F$1*K{r}*B{r}"), ("Δw2", "", "=$F$1*K{r}*C{r}"), ("Δb", "", "=$F$1*K{r}"),
        ("손실", "", "=0.5*J{r}^2"),
    ]  # fmt: skip
    s.table("A3", 20, columns)
    rows = range(3, 23)
    s.slip("slope left out", "K", rows, "=J{r}")
    s.slip("input of the neighbour", "M", rows, "=$F$1*K{r}*B{r}")
    s.slip("error for δ", "L", rows, "=$F$1*J{r}*B{r}")
    s.slip("η left out", "N", rows, "=K{r}")
    s.slip("slope of the sum", "K", rows, "=H{r}*(1-H{r})*J{r}")
    s.steps(range(3, 22), {"E{r}": "E{n}", "F{r}": "F{n}", "G{r}": "G{n}"}, "O{r}", "$F$1")
    return s.plan


def nand_block_weights() -> Plan:
    """NAND, the weights in one column under each other, an example a column; names at the left, no loss."""
    s = Draft("public: NAND across", "NAND", loss_cell=False)
    s.down(
        "A1",
        [
            "example",
            "x1",
            "x2",
            "bias",
            "target",
            "w1",
            "w2",
            "w0",
            "net",
            "output",
            "error",
            "lr",
            "new w1",
            "new w2",
            "new w0",
        ],
    )
    for k in range(12):
        c, p = column_name(2 + k), column_name(1 + k)
        a, b, t = AND[k % 4]
        s.down(f"{c}1", [k + 1, a, b, 1, 1 - t])
        for row, start in ((6, 0.4), (7, 0.2), (8, -0.5)):
            s.put(f"{c}{row}", f"={p}{row + 7}" if k else start, f"w{row}")
        s.put(f"{c}9", f"=SUMPRODUCT({c}2:{c}4,{c}6:{c}8)", "net")
        s.put(f"{c}10", f"=IF({c}9>0,1,0)", "output")
        s.put(f"{c}11", f"={c}5-{c}10", "error")
        s.put(f"{c}12", 0.25)
        for j in range(3):
            s.put(f"{c}{13 + j}", f"={c}{6 + j}+{c}$12*{c}$11*{c}{2 + j}", f"new {j}", True,
                  input_of_the_neighbour=f"={c}{6 + j}+{c}$12*{c}$11*{c}{3 + j if j < 2 else 2}", target_for_error=f"={c}{6 + j}+{c}$12*{c}$5*{c}{2 + j}")  # fmt: skip
        s.step({f"{c}{6 + j}": f"{c}{13 + j}" for j in range(3)}, f"({c}10-{c}5)*{c}9", f"{c}12")
    return s.plan


GATES = (threshold_table, epoch_blocks, plus_minus_one, adaline, delta_rule, nand_block_weights)
