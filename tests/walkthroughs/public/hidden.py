"""Networks with hidden layers: XOR by epochs, weights on a sheet of their own, pictures of nine pixels, dropout, centres."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan

XOR = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))


def xor_epoch_a_sheet() -> Plan:
    """XOR 2-2-1: an epoch a sheet, four samples in rows, sums of the gradients below, the new weights under the old ones."""
    s = Draft("public: XOR, an epoch a sheet", "Epoca 1")
    starts = (0.5, -0.4, 0.9, 0.3, -0.8, 0.6, 1.1, -1.0, 0.2)
    names = ["w11", "w21", "b1", "w12", "w22", "b2", "v1", "v2", "c"]
    deltas = {
        "w11": ("L", "A"),
        "w21": ("L", "B"),
        "b1": ("L", ""),
        "w12": ("M", "A"),
        "w22": ("M", "B"),
        "b2": ("M", ""),
        "v1": ("K", "F"),
        "v2": ("K", "G"),
        "c": ("K", ""),
    }
    for epoch in range(3):
        s.sheet = f"Epoca {epoch + 1}"
        before = f"'Epoca {epoch}'!"
        s.row(
            "A1",
            [
                f"Rede neural XOR - época {epoch + 1}",
                "",
                "",
                "",
                "taxa de aprendizado",
                0.5 if not epoch else f"={before}F1",
            ],
        )
        s.row("A3", ["pesos", *names])
        for j, start in enumerate(starts):
            c = column_name(2 + j)
            s.put(f"{c}4", f"={before}{c}5" if epoch else start, "weights")
        s.row(
            "A7",
            ["x1", "x2", "alvo", "net1", "net2", "h1", "h2", "net", "y", "erro²/2", "delta y", "delta h1", "delta h2"],
        )
        for k, (a, b, t) in enumerate(XOR):
            r = 8 + k
            s.row(f"A{r}", [a, b, t])
            formulas = {
                "D": f"=A{r}*B$4+B{r}*C$4+D$4", "E": f"=A{r}*E$4+B{r}*F$4+G$4", "F": f"=1/(1+EXP(-D{r}))", "G": f"=1/(1+EXP(-E{r}))",
                "H": f"=F{r}*H$4+G{r}*I$4+J$4", "I": f"=1/(1+EXP(-H{r}))", "J": f"=(C{r}-I{r})^2/2", "K": f"=(I{r}-C{r})*I{r}*(1-I{r})",
                "L": f"=K{r}*H$4*F{r}*(1-F{r})", "M": f"=K{r}*I$4*G{r}*(1-G{r})",
            }  # fmt: skip
            for c, formula in formulas.items():
                s.put(f"{c}{r}", formula, c)
        rows = range(8, 12)
        s.slip("slope of the neighbour", "M", rows, "=K{r}*I$4*F{r}*(1-F{r})")
        s.slip("weight slides", "L", rows, "=K{r}*H{r}*F{r}*(1-F{r})")
        s.slip("slope left out", "K", rows, "=I{r}-C{r}")
        s.put("I12", "E")
        s.put("J12", "=SUM(J8:J11)", "E")
        s.row("A14", ["gradientes", *names])
        s.put("A5", "novos")
        for j, name in enumerate(names):
            c, (d, x) = column_name(2 + j), deltas[name]
            total = f"=SUMPRODUCT({d}$8:{d}$11,{x}$8:{x}$11)" if x else f"=SUM({d}8:{d}11)"
            s.put(
                f"{c}15",
                total,
                f"g {name}",
                wrong_δ=total.replace(d, "K" if d != "K" else "L"),
                a_sample_short=total.replace("11", "10"),
            )
            s.put(
                f"{c}5",
                f"={c}4-$F$1*{c}15",
                f"new {name}",
                new_weight_for_η=f"={c}4-$B$5*{c}15" if j else f"={c}4-{c}15",
                sign=f"={c}4+$F$1*{c}15",
            )
        s.step({f"{column_name(2 + j)}4": f"{column_name(2 + j)}5" for j in range(9)}, "J12", "F1")
    return s.plan


def weights_on_their_own_sheet() -> Plan:
    """2-3-1 with tanh and a linear output: a sheet of weights, a line a step; another computes a sample a line."""
    s = Draft("public: weights on their own sheet", "weights")
    names = ["step", "w11", "w12", "w13", "w21", "w22", "w23", "b1", "b2", "b3", "v1", "v2", "v3", "c"]
    s.row("A1", names)
    starts = (0.4, -0.3, 0.2, 0.1, 0.5, -0.6, 0.0, 0.1, -0.1, 0.7, -0.5, 0.3, 0.05)
    gradients = ["Q", "R", "S", "T", "U", "V", "N", "O", "P", "W", "X", "Y", "M"]
    for k in range(9):
        r = 2 + k
        s.put(f"A{r}", k)
        for j in range(13):
            c, g = column_name(2 + j), gradients[j]
            s.put(f"{c}{r}", f"={c}{r - 1}-0.1*calc!{g}{r - 1}" if k else starts[j], f"new {names[j + 1]}")
    for j in range(13):
        c, g, other = column_name(2 + j), gradients[j], gradients[(j + 1) % 13]
        s.slip("gradient of the neighbour", c, range(3, 11), f"={c}{{p}}-0.1*calc!{other}{{p}}")
        s.slip("gradient of the next row", c, range(3, 10), f"={c}{{p}}-0.1*calc!{g}{{p}}/2")
        s.slip("sign", c, range(3, 11), f"={c}{{p}}+0.1*calc!{g}{{p}}")
    s.sheet = "calc"
    data = [(round(s.random.uniform(-1, 1), 2), round(s.random.uniform(-1, 1), 2)) for _ in range(9)]
    h = [
        f"=TANH(A{{r}}*weights!{a}{{r}}+B{{r}}*weights!{b}{{r}}+weights!{c}{{r}})"
        for a, b, c in zip("BCD", "EFG", "HIJ", strict=True)
    ]
    columns = [
        ("x1", [a for a, _ in data], ""), ("x2", [b for _, b in data], ""), ("y", [round(a * b + 0.3, 3) for a, b in data], ""), None,
        ("h1", "", h[0]), ("h2", "", h[1]), ("h3", "", h[2]), ("o", "", "=E{r}*weights!K{r}+F{r}*weights!L{r}+G{r}*weights!M{r}+weights!N{r}"), None,
        ("loss", "", "=(H{r}-C{r})^2/2"), None, None, ("do", "", "=H{r}-C{r}"),
        *((f"d{j + 1}", "", f"=$M{{r}}*weights!{'KLM'[j]}{{r}}*(1-{'EFG'[j]}{{r}}^2)") for j in range(3)),
        *((f"dw1{j + 1}", "", f"=$A{{r}}*{'NOP'[j]}{{r}}") for j in range(3)), *((f"dw2{j + 1}", "", f"=$B{{r}}*{'NOP'[j]}{{r}}") for j in range(3)),
        *((f"dv{j + 1}", "", f"=$M{{r}}*{'EFG'[j]}{{r}}") for j in range(3)),
    ]  # fmt: skip
    s.table("A2", 9, columns)
    s.slip("slope of the neighbour", "O", range(2, 11), "=$M{r}*weights!L{r}*(1-E{r}^2)")
    s.slip("slope of the sigmoid", "N", range(2, 11), "=$M{r}*weights!K{r}*E{r}*(1-E{r})")
    s.slip("input of the neighbour", "U", range(2, 11), "=$A{r}*O{r}")
    for r in range(2, 10):
        s.step(
            {f"weights!{column_name(2 + j)}{r}": f"weights!{column_name(2 + j)}{r + 1}" for j in range(13)},
            f"J{r}",
            "0.1",
        )
    return s.plan


def pixels() -> Plan:
    """Four pictures of 3×3 pixels, X or O: drawn, flattened beside, two classes by softmax; three steps downwards."""
    s = Draft("public: 3x3 pixels, softmax", "MNIST mini")
    pictures = {
        "X": ("101", "010", "101"),
        "O": ("111", "101", "111"),
        "x": ("100", "010", "101"),
        "o": ("110", "101", "011"),
    }
    s.put("A1", "Recognising X and O from 9 pixels")
    for k, (name, rows) in enumerate(pictures.items()):
        s.put(f"{column_name(1 + 4 * k)}2", f"picture {name}")
        for i, line in enumerate(rows):
            s.row(f"{column_name(1 + 4 * k)}{3 + i}", [int(pixel) for pixel in line])
    s.row("S2", ["lr", 0.2])
    for i in range(9):
        s.put(f"A{9 + i}", f"p{i + 1}")
        for k in range(4):
            s.put(f"{column_name(2 + k)}{9 + i}", f"={column_name(1 + 4 * k + i % 3)}{3 + i // 3}", "input pixel")
    s.row("A8", ["pixel", "1", "2", "3", "4"])
    s.row("A19", ["t X", 1, 0, 1, 0])
    s.row("A20", ["t O", 0, 1, 0, 1])
    for step in range(4):
        left = 8 + 14 * step
        w = [column_name(left), column_name(left + 1)]
        s.row(f"{w[0]}7", [f"weights, step {step}"])
        s.row(f"{w[0]}8", ["to X", "to O"])
        for i in range(10):
            for j in range(2):
                if not step:
                    s.put(f"{w[j]}{9 + i}", 0.0 if i == 9 else round(s.random.uniform(-0.3, 0.3), 2))
                    continue
                old, g = column_name(left - 14 + j), column_name(left - 4 + j)
                s.put(
                    f"{w[j]}{9 + i}",
                    f"={old}{9 + i}-$T$2*{g}{9 + i}",
                    f"w {'XO'[j]}",
                    η_left_out=f"={old}{9 + i}-{g}{9 + i}",
                )
        if step:
            before = left - 14
            s.step(
                {f"{column_name(before + j)}{9 + i}": f"{w[j]}{9 + i}" for i in range(10) for j in range(2)},
                f"{column_name(before + 3)}17",
                "T2",
            )
        if step == 3:
            break
        q = [column_name(left + 3 + k) for k in range(4)]
        s.row(f"{column_name(left + 2)}9", ["z X"])
        for label, row in (("z O", 10), ("p X", 11), ("p O", 12), ("δ X", 13), ("δ O", 14), ("-ln p", 16), ("E", 17)):
            s.put(f"{column_name(left + 2)}{row}", label)
        for k, c in enumerate(q):
            x = column_name(2 + k)
            for j in range(2):
                s.put(f"{c}{9 + j}", f"=SUMPRODUCT(${x}$9:${x}$17,${w[j]}$9:${w[j]}$17)+${w[j]}$18", f"z {'XO'[j]}")
                s.put(f"{c}{11 + j}", f"=EXP({c}{9 + j})/(EXP({c}9)+EXP({c}10))", f"p {'XO'[j]}")
                s.put(
                    f"{c}{13 + j}",
                    f"={c}{11 + j}-{x}{19 + j}",
                    f"δ {'XO'[j]}",
                    sign=f"={x}{19 + j}-{c}{11 + j}",
                    slope_too_much=f"=({c}{11 + j}-{x}{19 + j})*{c}{11 + j}*(1-{c}{11 + j})",
                )
            s.put(f"{c}16", f"=-({x}19*LN({c}11)+{x}20*LN({c}12))", "-ln p")
        s.put(f"{q[0]}17", f"=SUM({q[0]}16:{q[3]}16)", "E")
        s.row(f"{column_name(left + 10)}8", ["dX", "dO"])
        for i in range(10):
            for j in range(2):
                d = f"${q[0]}${13 + j}:${q[3]}${13 + j}"
                s.put(f"{column_name(left + 10 + j)}{9 + i}", f"=SUMPRODUCT({d},$B{9 + i}:$E{9 + i})" if i < 9 else f"=SUM({d})", f"g {'XO'[j]}{'' if i < 9 else ' bias'}",
                      wrong_δ=f"=SUMPRODUCT({d.replace(str(13 + j), str(14 - j))},$B{9 + i}:$E{9 + i})" if i < 9 else f"=SUM({d.replace(str(13 + j), str(11 + j))})")  # fmt: skip
    return s.plan


def dropout() -> Plan:
    """3-4-1, relu, a mask per hidden unit (pasted, kept with 0.5, doubled), masks in the backward pass too; hidden helper columns."""
    s = Draft("public: dropout masks", "dropout")
    s.row("A1", ["keep", 0.5, "lr", 0.05])
    names = [*(f"w{i}{j}" for j in range(1, 5) for i in range(1, 4)), "v1", "v2", "v3", "v4"]
    heads = ["x1", "x2", "x3", "t", *names]
    s.row("A3", heads)
    rows = 8
    first = {name: column_name(5 + k) for k, name in enumerate(names)}
    at = {
        n: column_name(22 + k)
        for k, n in enumerate(
            [
                "m1",
                "m2",
                "m3",
                "m4",
                "z1",
                "z2",
                "z3",
                "z4",
                "a1",
                "a2",
                "a3",
                "a4",
                "o",
                "L",
                "do",
                "d1",
                "d2",
                "d3",
                "d4",
            ]
        )
    }
    for n, c in at.items():
        s.put(f"{c}3", n)
    for k in range(rows):
        r = 4 + k
        s.row(f"A{r}", [round(s.random.uniform(0.1, 1), 2) for _ in range(4)])
        for n, c in first.items():
            if not k:
                s.put(f"{c}{r}", round(s.random.uniform(-0.2, 0.9), 2))
                continue
            p = r - 1
            g = (
                f"${at['do']}{p}*{at['a' + n[1]]}{p}"
                if n[0] == "v"
                else f"{at['d' + n[2]]}{p}*${'ABC'[int(n[1]) - 1]}{p}"
            )
            s.put(f"{c}{r}", f"={c}{p}-$D$1*{g}", f"new {n}", keep_for_η=f"={c}{p}-$B$1*{g}", sign=f"={c}{p}+$D$1*{g}")
        for j in range(1, 5):
            s.put(f"{at[f'm{j}']}{r}", float((k * 3 + j * 5 + k * j) % 3 > 0))
            s.put(f"{at[f'z{j}']}{r}", f"=SUMPRODUCT($A{r}:$C{r},{first[f'w1{j}']}{r}:{first[f'w3{j}']}{r})", f"z{j}")
            s.put(f"{at[f'a{j}']}{r}", f"=MAX(0,{at[f'z{j}']}{r})*{at[f'm{j}']}{r}/$B$1", f"a{j}")
            s.put(f"{at[f'd{j}']}{r}", f"=IF({at[f'z{j}']}{r}>0,{at['do']}{r}*{first[f'v{j}']}{r}*{at[f'm{j}']}{r}/$B$1,0)", f"d{j}",
                  dropout_mask_left_out=f"=IF({at[f'z{j}']}{r}>0,{at['do']}{r}*{first[f'v{j}']}{r},0)", relu_mask_left_out=f"={at['do']}{r}*{first[f'v{j}']}{r}*{at[f'm{j}']}{r}/$B$1", scale_left_out=f"=IF({at[f'z{j}']}{r}>0,{at['do']}{r}*{first[f'v{j}']}{r}*{at[f'm{j}']}{r},0)")  # fmt: skip
        s.put(f"{at['o']}{r}", f"=SUMPRODUCT({first['v1']}{r}:{first['v4']}{r},{at['a1']}{r}:{at['a4']}{r})", "o")
        s.put(f"{at['L']}{r}", f"=({at['o']}{r}-D{r})^2", "L")
        s.put(f"{at['do']}{r}", f"=2*({at['o']}{r}-D{r})", "do")
        if k:
            s.step({f"{c}{r - 1}": f"{c}{r}" for c in first.values()}, f"{at['L']}{r - 1}", "D1")
    return s.plan


def radial() -> Plan:
    """Two Gaussian units, XOR; the output weights, the centres and the widths are trained by samples. Headers in Japanese."""
    s = Draft("public: radial units", "RBF")
    s.row("A1", ["RBFネットワーク", "", "学習率", 0.2])
    columns = [
        *((["x1", "x2", "目標"][j], [g[j] for g in XOR], "") for j in range(3)),
        ("c11", 0.1, "=D{p}-$D$1*T{p}"), ("c12", 0.2, "=E{p}-$D$1*U{p}"), ("c21", 0.9, "=F{p}-$D$1*V{p}"), ("c22", 0.7, "=G{p}-$D$1*W{p}"),
        ("w1", -0.6, "=H{p}-$D$1*Q{p}*N{p}"), ("w2", -0.4, "=I{p}-$D$1*Q{p}*O{p}"), ("b", 0.9, "=J{p}-$D$1*Q{p}"), ("σ", 0.8, "=K{p}-$D$1*X{p}"),
        ("r1²", "", "=(A{r}-D{r})^2+(B{r}-E{r})^2"), ("r2²", "", "=(A{r}-F{r})^2+(B{r}-G{r})^2"), ("φ1", "", "=EXP(-L{r}/(2*K{r}^2))"), ("φ2", "", "=EXP(-M{r}/(2*K{r}^2))"),
        ("y", "", "=H{r}*N{r}+I{r}*O{r}+J{r}"), ("誤差", "", "=P{r}-C{r}"), ("E", "", "=Q{r}^2/2"), None,
        ("dc11", "", "=Q{r}*H{r}*N{r}*(A{r}-D{r})/K{r}^2"), ("dc12", "", "=Q{r}*H{r}*N{r}*(B{r}-E{r})/K{r}^2"),
        ("dc21", "", "=Q{r}*I{r}*O{r}*(A{r}-F{r})/K{r}^2"), ("dc22", "", "=Q{r}*I{r}*O{r}*(B{r}-G{r})/K{r}^2"), ("dσ", "", "=Q{r}*(H{r}*N{r}*L{r}+I{r}*O{r}*M{r})/K{r}^3"),
    ]  # fmt: skip
    s.table("A4", 16, columns)
    rows = range(4, 20)
    s.slip("sign", "T", rows, "=Q{r}*H{r}*N{r}*(D{r}-A{r})/K{r}^2")
    s.slip("square left out", "U", rows, "=Q{r}*H{r}*N{r}*(B{r}-E{r})/K{r}")
    s.slip("φ of the neighbour", "V", rows, "=Q{r}*I{r}*N{r}*(A{r}-F{r})/K{r}^2")
    s.slip("exponent", "X", rows, "=Q{r}*(H{r}*N{r}*L{r}+I{r}*O{r}*M{r})/K{r}^2")
    s.slip("φ of the neighbour", "I", rows, "=I{p}-$D$1*Q{p}*N{p}")
    s.steps(range(4, 19), {f"{c}{{r}}": f"{c}{{n}}" for c in "DEFGHIJK"}, "R{r}", "$D$1")
    return s.plan


HIDDEN = (xor_epoch_a_sheet, weights_on_their_own_sheet, pixels, dropout, radial)
