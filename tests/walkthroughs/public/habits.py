"""Trained sheets with the habits of their authors: values pasted between blocks, guards, choices by IF and INDEX, percents."""

from __future__ import annotations

from tests.walkthroughs.drafting import Column, Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan


def hours_studied() -> Plan:
    """Logistic regression over eight students, an epoch a block, log loss and gradients by samples, AVERAGE below. Portuguese."""
    s = Draft("public: hours studied, blocks", "Regressão Logística")
    s.merge("A1:H1", "Aprovação por horas de estudo")
    s.row("A2", ["taxa de aprendizagem (α)", "", 0.4])
    hours, passed = (0.5, 1.2, 1.9, 2.3, 2.8, 3.4, 4.1, 4.8), (0, 0, 0, 1, 0, 1, 1, 1)
    for epoch in range(4):
        top = 5 + 13 * epoch
        s.put(f"A{top - 1}", f"Época {epoch + 1}")
        s.row(
            f"B{top - 1}",
            ["w", -0.1 if not epoch else f"=H{top - 3}", "b", 0.2 if not epoch else f"=I{top - 3}"],
            "copy",
        )
        s.row(f"A{top}", ["horas (x)", "aprovado (y)", "z = w·x + b", "ŷ = σ(z)", "perda", "ŷ − y", "dw", "db"])
        for k in range(8):
            r = top + 1 + k
            s.row(f"A{r}", [hours[k], passed[k]])
            s.put(f"C{r}", f"=$C${top - 1}*A{r}+$E${top - 1}", "z")
            s.put(f"D{r}", f"=1/(1+EXP(-C{r}))", "p")
            s.put(
                f"E{r}", f"=-(B{r}*LN(MAX(D{r},0.000000000000001))+(1-B{r})*LN(MAX(1-D{r},0.000000000000001)))", "loss"
            )
            s.put(
                f"F{r}", f"=D{r}-B{r}", "difference", sign=f"=B{r}-D{r}", slope_too_much=f"=(D{r}-B{r})*D{r}*(1-D{r})"
            )
            s.put(f"G{r}", f"=F{r}*A{r}", "dw", target_for_the_input=f"=F{r}*B{r}")
            s.put(f"H{r}", f"=F{r}", "db", multiplied_by_an_input=f"=F{r}*A{r}")
        s.put(f"D{top + 9}", "média")
        for c, wrong in (("E", "D"), ("G", "F"), ("H", "G")):
            s.put(
                f"{c}{top + 9}",
                f"=AVERAGE({c}{top + 1}:{c}{top + 8})",
                f"mean {c}",
                averages_the_wrong_column=f"=AVERAGE({wrong}{top + 1}:{wrong}{top + 8})",
                a_sample_short=f"=AVERAGE({c}{top + 1}:{c}{top + 7})",
            )
        s.put(f"G{top + 10}", "novos:")
        s.put(
            f"H{top + 10}",
            f"=C{top - 1}-$C$2*G{top + 9}",
            "new w",
            sign=f"=C{top - 1}+$C$2*G{top + 9}",
            gradient_of_the_neighbour=f"=C{top - 1}-$C$2*H{top + 9}",
        )
        s.put(
            f"I{top + 10}",
            f"=E{top - 1}-$C$2*H{top + 9}",
            "new b",
            gradient_of_the_neighbour=f"=E{top - 1}-$C$2*G{top + 9}",
            η_left_out=f"=E{top - 1}-H{top + 9}",
        )
        s.step({f"C{top - 1}": f"H{top + 10}", f"E{top - 1}": f"I{top + 10}"}, f"E{top + 9}", "$C$2")
    return s.plan


def pasted_between() -> Plan:
    """Three blocks of XOR by one sample each; the weights of a block are the rounded results of the one before, pasted as values."""
    s = Draft("public: results pasted between blocks", "by hand")
    weights = [0.3, -0.2, 0.5, 0.4, 0.1, -0.6]
    for block, (x1, x2, t) in enumerate(((0.2, 0.9, 0.8), (0.7, 0.1, 0.6), (0.5, 0.5, 0.1))):
        top = 2 + 9 * block
        s.row(f"A{top}", [f"Sample {block + 1}", "x1", "x2", "target", "lr"])
        s.row(f"B{top + 1}", [x1, x2, t, 0.5])
        s.row(f"A{top + 2}", ["", "w1", "w2", "w3", "w4", "w5", "w6"])
        s.row(f"A{top + 3}", ["old", *weights])
        w = [f"{c}{top + 3}" for c in "BCDEFG"]
        x = f"B{top + 1}", f"C{top + 1}"
        s.row(f"I{top}", ["h1", "h2", "y", "error", "dy", "d1", "d2"])
        s.row(f"I{top + 1}", [f"=1/(1+EXP(-({w[0]}*{x[0]}+{w[1]}*{x[1]})))", f"=1/(1+EXP(-({w[2]}*{x[0]}+{w[3]}*{x[1]})))", f"=1/(1+EXP(-({w[4]}*I{top + 1}+{w[5]}*J{top + 1})))", f"=0.5*(D{top + 1}-K{top + 1})^2",
                              f"=(K{top + 1}-D{top + 1})*K{top + 1}*(1-K{top + 1})", f"=M{top + 1}*{w[4]}*I{top + 1}*(1-I{top + 1})", f"=M{top + 1}*{w[5]}*J{top + 1}*(1-J{top + 1})"], "net")  # fmt: skip
        r = range(top + 1, top + 2)
        s.slip("slope of the neighbour", "O", r, f"=M{{r}}*{w[5]}*I{{r}}*(1-I{{r}})")
        s.slip("slope left out", "M", r, "=K{r}-D{r}")
        s.slip("weight of the neighbour", "N", r, f"=M{{r}}*{w[5]}*I{{r}}*(1-I{{r}})")
        s.put(f"A{top + 4}", "new")
        for c, old, d, v in zip("BCDEFG", w, "NNOOMM", ("B", "C", "B", "C", "I", "J"), strict=True):
            s.put(
                f"{c}{top + 4}",
                f"={old}-$E${top + 1}*{d}{top + 1}*{v}{top + 1}",
                f"new {c}",
                η_left_out=f"={old}-{d}{top + 1}*{v}{top + 1}",
                wrong_δ=f"={old}-$E${top + 1}*{'O' if d == 'N' else 'N'}{top + 1}*{v}{top + 1}",
            )
        s.step({old: f"{c}{top + 4}" for c, old in zip("BCDEFG", w, strict=True)}, f"L{top + 1}", f"E{top + 1}")
        weights = [round(float(s.plan.values.value(s.at(f"{c}{top + 4}"))), 4) for c in "BCDEFG"]
        del s.plan.__dict__["values"]
    return s.plan


def rating_by_rating() -> Plan:
    """A recommender, one rating a row: only the factors of its user and of its film change, chosen by IF; the others are copied."""
    s = Draft("public: factors, rating by rating", "SGD")
    s.row("A1", ["rate", 0.1])
    users, films = 2, 3
    names = [f"u{i}{f}" for i in (1, 2) for f in (1, 2)] + [f"m{j}{f}" for j in (1, 2, 3) for f in (1, 2)]
    at = {n: column_name(8 + k) for k, n in enumerate(names)}
    s.row("A3", ["user", "film", "rating", "", "prediction", "error", "loss", *names])
    for k in range(14):
        r, p = 4 + k, 3 + k
        s.row(f"A{r}", [k % users + 1, (k * 2 + k // 3) % films + 1, round(1 + 4 * ((k * 7) % 10) / 10, 1)])
        u = [f"INDEX({at['u11']}{r}:{at['u22']}{r},2*A{r}-{2 - f})" for f in (1, 2)]
        m = [f"INDEX({at['m11']}{r}:{at['m32']}{r},2*B{r}-{2 - f})" for f in (1, 2)]
        s.put(f"E{r}", f"={u[0]}*{m[0]}+{u[1]}*{m[1]}", "prediction")
        s.put(f"F{r}", f"=C{r}-E{r}", "error", sign=f"=E{r}-C{r}")
        s.put(f"G{r}", f"=0.5*F{r}^2", "loss")
        for n, c in at.items():
            if not k:
                s.put(f"{c}{r}", round(s.random.uniform(0.4, 1.4), 2))
                continue
            key, number, f = ("A" if n[0] == "u" else "B"), n[1], int(n[2])
            x = (
                f"INDEX(${at['m11']}{p}:${at['m32']}{p},2*$B{p}-{2 - f})"
                if n[0] == "u"
                else f"INDEX(${at['u11']}{p}:${at['u22']}{p},2*$A{p}-{2 - f})"
            )
            s.put(f"{c}{r}", f"=IF(${key}{p}={number},{c}{p}+$B$1*$F{p}*{x},{c}{p})", f"new {n}",
                  η_left_out=f"=IF(${key}{p}={number},{c}{p}+$F{p}*{x},{c}{p})", factor_of_the_neighbour=f"=IF(${key}{p}={number},{c}{p}+$B$1*$F{p}*{x.replace(f'-{2 - f})', f'-{f - 1})')},{c}{p})")  # fmt: skip
        if k:
            s.step({f"{c}{p}": f"{c}{r}" for c in at.values()}, f"G{p}", "B1")
    return s.plan


def negative_samples() -> Plan:
    """A pair of words and two negative ones a row, logistic loss on dot products; vectors of two numbers side by side."""
    s = Draft("public: negative sampling", "SGNS")
    s.row("A1", ["lr", 0.3])
    names = ["c1", "c2", "p1", "p2", "n1", "n2", "k1", "k2"]
    starts = (0.3, -0.5, 0.6, 0.2, -0.4, 0.7, 0.5, 0.1)
    gradient = {
        "c": "$N{p}*{d}{p}+$O{p}*{e}{p}+$P{p}*{f}{p}",
        "p": "$N{p}*{c}{p}",
        "n": "$O{p}*{c}{p}",
        "k": "$P{p}*{c}{p}",
    }
    columns: list[Column | None] = []
    for j, (name, start) in enumerate(zip(names, starts, strict=True)):
        own, dimension = column_name(1 + j), j % 2
        c, d, e, f = (column_name(1 + 2 * i + dimension) for i in range(4))
        g = gradient[name[0]].replace("{c}", c).replace("{d}", d).replace("{e}", e).replace("{f}", f)
        columns.append((name, start, f"={own}{{p}}-$B$1*({g})"))
    columns += [None, ("c·p", "", "=A{r}*C{r}+B{r}*D{r}"), ("c·n", "", "=A{r}*E{r}+B{r}*F{r}"), ("c·k", "", "=A{r}*G{r}+B{r}*H{r}"), None,
                ("σ−1", "", "=1/(1+EXP(-J{r}))-1"), ("σ n", "", "=1/(1+EXP(-K{r}))"), ("σ k", "", "=1/(1+EXP(-L{r}))"),
                ("loss", "", "=-LN(1/(1+EXP(-J{r})))-LN(1/(1+EXP(K{r})))-LN(1/(1+EXP(L{r})))")]  # fmt: skip
    s.table("A4", 10, columns)
    rows = range(4, 14)
    s.slip("1 left out", "N", rows, "=1/(1+EXP(-J{r}))")
    s.slip("dot product of the neighbour", "P", rows, "=1/(1+EXP(-K{r}))")
    s.slip("sign", "O", rows, "=-1/(1+EXP(-K{r}))")
    s.slip("a word left out", "A", rows, "=A{p}-$B$1*($N{p}*C{p}+$O{p}*E{p})")
    s.slip("new vector", "C", rows, "=C{p}-$B$1*($N{p}*A{r})")
    s.slip("dimension of the neighbour", "F", rows, "=F{p}-$B$1*($O{p}*A{p})")
    s.steps(
        range(4, 13), {f"{column_name(1 + j)}{{r}}": f"{column_name(1 + j)}{{n}}" for j in range(8)}, "Q{r}", "$B$1"
    )
    return s.plan


def counts() -> Plan:
    """Poisson regression with the exponential link and lasso's SIGN, samples in rows above, iterations below; empty rows between."""
    s = Draft("public: Poisson with lasso", "GLM")
    s.row("A1", ["x", 0.1, 0.4, 0.9, 1.3, 1.8, 2.2])
    s.row("A2", ["y", 1, 1, 2, 4, 5, 9])
    s.row("A3", ["alpha", 0.02, "lambda", 0.05])
    x, y = "$B$1:$G$1", "$B$2:$G$2"
    for k in range(9):
        r = 6 + 2 * k
        mu = f"EXP($B{r}+$C{r}*{x})"
        s.put(f"A{r}", k)
        s.put(f"B{r}", f"=B{r - 2}-$B$3*E{r - 2}" if k else 0.3, "b0") if not k else s.put(
            f"B{r}", f"=B{r - 2}-$B$3*E{r - 2}", "b0", sign=f"=B{r - 2}+$B$3*E{r - 2}"
        )
        s.put(f"C{r}", 0.4) if not k else s.put(
            f"C{r}",
            f"=C{r - 2}-$B$3*F{r - 2}",
            "b1",
            gradient_of_the_neighbour=f"=C{r - 2}-$B$3*E{r - 2}",
            other_setting=f"=C{r - 2}-$D$3*F{r - 2}",
        )
        s.put(f"D{r}", f"=SUM({mu})-SUMPRODUCT({y},$B{r}+$C{r}*{x})+$D$3*ABS(C{r})".replace("SUM(", "SUMPRODUCT("), "J")
        s.put(f"E{r}", f"=SUMPRODUCT({mu}-{y})", "g0", EXP_left_out=f"=SUMPRODUCT($B{r}+$C{r}*{x}-{y})")
        s.put(
            f"F{r}",
            f"=SUMPRODUCT({mu}-{y},{x})+$D$3*SIGN(C{r})",
            "g1",
            penalty_left_out=f"=SUMPRODUCT({mu}-{y},{x})",
            targets_for_inputs=f"=SUMPRODUCT({mu}-{y},{y})+$D$3*SIGN(C{r})",
            SIGN_left_out=f"=SUMPRODUCT({mu}-{y},{x})+$D$3*C{r}",
        )
        if k:
            s.step({f"B{r - 2}": f"B{r}", f"C{r - 2}": f"C{r}"}, f"D{r - 2}", "$B$3")
    s.row("A5", ["k", "b0", "b1", "J", "dJ/db0", "dJ/db1"])
    return s.plan


def margins() -> Plan:
    """Pegasos: hinge loss with a penalty, the rate 1/(λ·t) typed in the row, the bias without penalty."""
    s = Draft("public: Pegasos", "SVM")
    s.row("A1", ["λ", 0.25])
    data = ((2.0, 1.1, 1), (0.4, 1.9, -1), (1.6, 0.3, 1), (-0.5, 0.8, -1), (2.4, 1.4, 1), (0.1, -0.6, -1))
    columns = [
        ("t", 1, "=A{p}+1"), *((["x1", "x2", "y"][j], [d[j] for d in data], "") for j in range(3)), ("η", "", "=1/($B$1*A{r})"),
        ("w1", 0.1, "=F{p}-E{p}*L{p}"), ("w2", -0.2, "=G{p}-E{p}*M{p}"), ("b", 0.0, "=H{p}-E{p}*N{p}"),
        ("f", "", "=F{r}*B{r}+G{r}*C{r}+H{r}"), ("margin", "", "=D{r}*I{r}"), ("hinge", "", "=MAX(0,1-J{r})+$B$1/2*(F{r}^2+G{r}^2)"),
        ("g1", "", "=$B$1*F{r}-IF(J{r}<1,D{r}*B{r},0)"), ("g2", "", "=$B$1*G{r}-IF(J{r}<1,D{r}*C{r},0)"), ("gb", "", "=-IF(J{r}<1,D{r},0)"),
    ]  # fmt: skip
    s.table("A4", 16, columns)
    rows = range(4, 20)
    s.slip("input of the neighbour", "M", rows, "=$B$1*G{r}-IF(J{r}<1,D{r}*B{r},0)")
    s.slip("penalty left out", "L", rows, "=-IF(J{r}<1,D{r}*B{r},0)")
    s.slip("weight of the neighbour", "M", rows, "=$B$1*F{r}-IF(J{r}<1,D{r}*C{r},0)")
    s.slip("condition left out", "N", rows, "=-D{r}")
    s.slip("sign", "N", rows, "=IF(J{r}<1,D{r},0)")
    s.steps(range(4, 19), {"F{r}": "F{n}", "G{r}": "G{n}", "H{r}": "H{n}"}, "K{r}", "E{r}")
    return s.plan


def guarded() -> Plan:
    """2-2-1 with IFERROR around the sigmoids, percents, powers by POWER, a copy of the inputs, notes between the rows."""
    s = Draft("public: IFERROR and POWER", "NN")
    s.row("A1", ["note: the learning rate is 30 %"])
    names = {"w1": "F", "w2": "G", "w3": "H", "w4": "I", "v1": "J", "v2": "K", "b": "L"}
    s.row("A3", ["x1", "x2", "y", "", "", *names, "", "h1", "h2", "out", "E", "δ", "δ1", "δ2"])
    starts = (0.2, 0.6, -0.4, 0.3, 0.7, -0.5, 0.1)
    row = 4
    for k in range(7):
        r, p = row, row - 2 if k == 4 else row - 1
        s.row(f"A{r}", [round(s.random.uniform(0, 1), 2) for _ in range(3)])
        gradient = {
            "w1": f"S{p}*A{p}",
            "w2": f"S{p}*B{p}",
            "w3": f"T{p}*A{p}",
            "w4": f"T{p}*B{p}",
            "v1": f"R{p}*N{p}",
            "v2": f"R{p}*O{p}",
            "b": f"R{p}",
        }
        for (n, c), start in zip(names.items(), starts, strict=True):
            if not k:
                s.put(f"{c}{r}", start)
            else:
                s.put(
                    f"{c}{r}",
                    f"={c}{p}-30%*{gradient[n]}",
                    f"new {n}",
                    percent_left_out=f"={c}{p}-30*{gradient[n]}",
                    sign=f"={c}{p}+30%*{gradient[n]}",
                )
        s.put(f"N{r}", f"=IFERROR(1/(1+EXP(-(F{r}*A{r}+G{r}*B{r}))),0)", "h1")
        s.put(f"O{r}", f"=IFERROR(1/(1+EXP(-(H{r}*A{r}+I{r}*B{r}))),0)", "h2")
        s.put(f"P{r}", f"=IFERROR(1/(1+EXP(-(J{r}*N{r}+K{r}*O{r}+L{r}))),0)", "out")
        s.put(f"Q{r}", f"=POWER(C{r}-P{r},2)/2", "E")
        s.put(
            f"R{r}",
            f"=(P{r}-C{r})*P{r}*(1-P{r})",
            "δ",
            slope_left_out=f"=(P{r}-C{r})",
            slope_of_the_neighbour=f"=(P{r}-C{r})*O{r}*(1-O{r})",
        )
        s.put(f"S{r}", f"=R{r}*J{r}*N{r}*(1-N{r})", "δ1", weight_of_the_neighbour=f"=R{r}*K{r}*N{r}*(1-N{r})")
        s.put(f"T{r}", f"=R{r}*K{r}*O{r}*(1-O{r})", "δ2", δ_left_out=f"=K{r}*O{r}*(1-O{r})")
        if k:
            s.step({f"{c}{p}": f"{c}{r}" for c in names.values()}, f"Q{p}", "0.3")
        if k == 3:
            s.merge(f"A{r + 1}:E{r + 1}", "after four samples the error has fallen; go on:")
        row += 2 if k == 3 else 1
    return s.plan


def dropout_by_random_numbers() -> Plan:
    """Hidden units that RAND switches off, anew with each recalculation; only values tell which were on."""
    s = Draft("public: dropout by RAND", "dropout", expected="no finding")
    s.row("A1", ["lr", 0.2, "keep", 0.8])
    columns = [
        ("x", [0.5, 1.0, 0.2], ""), ("t", [1.0, 0, 1], ""), ("w1", 0.4, "=C{p}-$B$1*M{p}"), ("w2", -0.3, "=D{p}-$B$1*N{p}"), ("v1", 0.6, "=E{p}-$B$1*K{p}"), ("v2", 0.1, "=F{p}-$B$1*L{p}"),
        ("h1", "", "=MAX(0,C{r}*A{r})*1/$D$1"), ("h2", "", "=MAX(0,D{r}*A{r})*1/$D$1"), ("y", "", "=E{r}*G{r}+F{r}*H{r}"), ("L", "", "=(I{r}-B{r})^2"), ("dv1", "", "=2*(I{r}-B{r})*G{r}"), ("dv2", "", "=2*(I{r}-B{r})*H{r}"),
        ("dw1", "", "=IF(G{r}>0,2*(I{r}-B{r})*E{r}*A{r}/$D$1,0)"), ("dw2", "", "=IF(H{r}>0,2*(I{r}-B{r})*F{r}*A{r}/$D$1,0)"),
    ]  # fmt: skip
    s.table("A4", 15, columns)
    for place, content in s.plan.cells.items():
        if "*1/$D$1" in str(content):
            s.plan.written[place] = str(content).replace("*1/", "*(RAND()<$D$1)/")
    parameters, gradients = "CDEF", "MNKL"
    s.steps(
        range(4, 18),
        {f"{letter}{{r}}": f"{letter}{{n}}" for letter in parameters},
        "J{r}",
        "$B$1",
        {f"{one}{{r}}": f"{other}{{r}}" for one, other in zip(parameters, gradients, strict=True)},
    )
    return s.plan


HABITS = (
    hours_studied,
    pasted_between,
    rating_by_rating,
    negative_samples,
    counts,
    margins,
    guarded,
    dropout_by_random_numbers,
)
