"""Blocks of matrices as on a blackboard: softmax, an autoencoder, word vectors, a recommender, a batch by MMULT."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Content, Plan


def area(left: int, top: int, height: int, width: int, lock: bool = False) -> str:
    """A range by its first column and row."""
    d = "$" if lock else ""
    return f"{d}{column_name(left)}{d}{top}:{d}{column_name(left + width - 1)}{d}{top + height - 1}"


def flowers() -> Plan:
    """Softmax regression: X with a column of ones, one-hot Y, W 5×3; scores, exponentials, their sums, P, P − Y, gradient, new W."""
    s = Draft("public: softmax of flowers", "Softmax")
    s.row(
        "A1",
        ["sepal l", "sepal w", "petal l", "petal w", "1", "", "setosa", "versicolor", "virginica", "", "alpha", 0.1],
    )
    data = (
        (5.1, 3.5, 1.4, 0.2, 0),
        (4.9, 3.0, 1.4, 0.2, 0),
        (7.0, 3.2, 4.7, 1.4, 1),
        (6.4, 3.2, 4.5, 1.5, 1),
        (6.3, 3.3, 6.0, 2.5, 2),
        (5.8, 2.7, 5.1, 1.9, 2),
    )
    for k, (*sizes, kind) in enumerate(data):
        s.row(f"A{2 + k}", [*sizes, 1, "", *(int(kind == j) for j in range(3))])
    for step in range(4):
        top = 10 + 17 * step
        s.row(
            f"A{top}",
            [
                "W" if not step else f"W after step {step}",
                "",
                "",
                "",
                "Z = X·W",
                "",
                "",
                "",
                "exp(Z)",
                "",
                "",
                "sum",
                "P",
                "",
                "",
                "",
                "P − Y",
                "",
                "",
                "",
                "−log p",
            ],
        )
        if not step:
            for i in range(5):
                s.row(f"A{top + 1 + i}", [round(s.random.uniform(-0.1, 0.1), 2) for _ in range(3)])
        else:
            w, g = area(1, top - 16, 5, 3), area(1, top - 7, 5, 3)
            s.array(area(1, top + 1, 5, 3), f"={w}-$L$1*{g}", "W", η_left_out=f"={w}-{g}", sign=f"={w}+$L$1*{g}")
            s.step(
                {
                    f"{column_name(1 + j)}{top - 16 + i}": f"{column_name(1 + j)}{top + 1 + i}"
                    for i in range(5)
                    for j in range(3)
                },
                f"U{top - 17 + 8}",
                "L1",
            )
        if step == 3:
            break
        s.array(area(5, top + 1, 6, 3), f"=MMULT($A$2:$E$7,{area(1, top + 1, 5, 3)})", "Z")
        for k in range(6):
            r = top + 1 + k
            for j in range(3):
                s.put(f"{'IJK'[j]}{r}", f"=EXP({'EFG'[j]}{r})", "exp")
                s.put(f"{'MNO'[j]}{r}", f"={'IJK'[j]}{r}/$L{r}", "P")
                s.put(
                    f"{'QRS'[j]}{r}",
                    f"={'MNO'[j]}{r}-{'GHI'[j]}{2 + k}",
                    "P-Y",
                    exponential_for_P=f"={'IJK'[j]}{r}-{'GHI'[j]}{2 + k}",
                    sign=f"={'GHI'[j]}{2 + k}-{'MNO'[j]}{r}",
                )
            s.put(f"L{r}", f"=SUM(I{r}:K{r})", "sum", a_class_short=f"=SUM(I{r}:J{r})")
            s.put(f"U{r}", f"=-LN(SUMPRODUCT(M{r}:O{r},G{2 + k}:I{2 + k}))", "−log p")
        s.put(f"T{top + 8}", "loss")
        s.put(f"U{top + 8}", f"=AVERAGE(U{top + 1}:U{top + 6})", "loss")
        s.put(f"A{top + 9}", "dW = XT(P − Y)/n")
        d = area(17, top + 1, 6, 3)
        s.array(
            area(1, top + 10, 5, 3),
            f"=MMULT(TRANSPOSE($A$2:$E$7),{d})/6",
            "dW",
            P_for_the_difference=f"=MMULT(TRANSPOSE($A$2:$E$7),{area(13, top + 1, 6, 3)})/6",
            targets="=MMULT(TRANSPOSE($A$2:$E$7),$G$2:$I$7)/6",
        )
    return s.plan


def autoencoder() -> Plan:
    """4-2-4 by MMULT, three samples in rows, sigmoid; the target is the input; blocks beside each other, a step below the other."""
    s = Draft("public: autoencoder 4-2-4", "autoencoder")
    s.row("A1", ["lr =", 1.5, "", "X (= target)"])
    for k in range(3):
        s.row(f"D{2 + k}", [round(s.random.uniform(0.05, 0.95), 2) for _ in range(4)])
    x = "$D$2:$G$4"
    for step in range(4):
        top = 7 + 12 * step
        s.row(f"A{top}", ["W1", "", "", "", "W2", "", "", "", "b2", "", "", "", "b1"])
        places = {"W1": (1, 4, 2), "W2": (5, 2, 4), "b2": (9, 1, 4), "b1": (13, 1, 2)}
        for name, (left, height, width) in places.items():
            block = area(left, top + 1, height, width)
            if step:
                old, g = (
                    area(left, top - 11, height, width),
                    area({"W1": 28, "W2": 31, "b2": 36, "b1": 41}[name], top - 11, height, width),
                )
                s.array(block, f"={old}-$B$1*{g}", f"new {name}", η_left_out=f"={old}-{g}", sign=f"={old}+$B$1*{g}")
                continue
            for i in range(height):
                s.row(
                    f"{column_name(left)}{top + 1 + i}",
                    [round(s.random.uniform(-0.7, 0.7), 2) if name[0] == "W" else 0.1 for _ in range(width)],
                )
        if step:
            s.step(
                {
                    f"{column_name(left + j)}{top - 11 + i}": f"{column_name(left + j)}{top + 1 + i}"
                    for left, h, w in places.values()
                    for i in range(h)
                    for j in range(w)
                },
                f"Z{top - 11}",
                "B1",
            )
        if step == 3:
            break
        h, y, do, dh = (
            area(15, top + 1, 3, 2),
            area(17, top + 1, 3, 4),
            area(15, top + 6, 3, 4),
            area(20, top + 6, 3, 2),
        )
        w1, w2, b1, b2 = (
            area(
                *(
                    {
                        "W1": (1, top + 1, 4, 2),
                        "W2": (5, top + 1, 2, 4),
                        "b1": (13, top + 1, 1, 2),
                        "b2": (9, top + 1, 1, 4),
                    }[n]
                )
            )
            for n in ("W1", "W2", "b1", "b2")
        )
        s.row(f"O{top}", ["code", "", "reconstruction", "", "", "", "", "", "", "", "MSE"])
        s.array(h, f"=1/(1+EXP(-(MMULT({x},{w1})+{b1})))", "code")
        s.array(y, f"=1/(1+EXP(-(MMULT({h},{w2})+{b2})))", "reconstruction")
        s.put(f"Z{top + 1}", f"=SUMXMY2({y},{x})/12", "MSE")
        s.row(f"O{top + 5}", ["delta out", "", "", "", "", "delta code"])
        s.array(do, f"=2/12*({y}-{x})*{y}*(1-{y})", "delta out", slope_left_out=f"=2/12*({y}-{x})")
        s.array(
            dh,
            f"=MMULT({do},TRANSPOSE({w2}))*{h}*(1-{h})",
            "delta code",
            slope_left_out=f"=MMULT({do},TRANSPOSE({w2}))",
            new_weights=f"=MMULT({do},TRANSPOSE({area(5, top + 13, 2, 4)}))*{h}*(1-{h})",
        )
        s.row(f"AB{top}", ["dW1", "", "", "dW2", "", "", "", "", "db2", "", "", "", "", "db1"])
        s.array(area(28, top + 1, 4, 2), f"=MMULT(TRANSPOSE({x}),{dh})", "dW1")
        s.array(
            area(31, top + 1, 2, 4),
            f"=MMULT(TRANSPOSE({h}),{do})",
            "dW2",
            reconstruction_for_the_input=f"=MMULT(TRANSPOSE({area(17, top + 1, 3, 2)}),{do})",
        )
        s.array(
            area(36, top + 1, 1, 4), f"=MMULT({{ones}},{do})".replace("{ones}", "TRANSPOSE(($D$2:$D$4>-1)*1)"), "db2"
        )
        for j in range(2):
            c = column_name(20 + j)
            s.put(
                f"{column_name(41 + j)}{top + 1}",
                f"=SUM({c}{top + 6}:{c}{top + 8})",
                "db1",
                a_sample_short=f"=SUM({c}{top + 6}:{c}{top + 7})",
            )
    return s.plan


def word_vectors() -> Plan:
    """Skip-gram, five words, two dimensions, softmax over all words; a pair of words a step, one-hot vectors in the block."""
    s = Draft("public: skip-gram", "word2vec")
    words = ["king", "queen", "man", "woman", "crown"]
    s.row("A1", ["Skip-gram, window 1", "", "", "", "learning rate", 0.5])
    pairs = ((0, 4), (1, 4), (0, 2), (1, 3))
    for step in range(5):
        top = 3 + 11 * step
        s.row(
            f"A{top}",
            [
                "word",
                "center",
                "context",
                "W in",
                "",
                "",
                "W out",
                "",
                "",
                "u",
                "exp(u)",
                "p",
                "e = p − t",
                "",
                "dW out",
                "",
                "dW in",
                "",
                "h",
                "",
                "EH",
            ],
        )
        for i, word in enumerate(words):
            r = top + 1 + i
            s.put(f"A{r}", word)
            for j in range(2):
                w, v = "DE"[j], "GH"[j]
                if not step:
                    s.put(f"{w}{r}", round(s.random.uniform(-0.8, 0.8), 2))
                    s.put(f"{v}{r}", round(s.random.uniform(-0.8, 0.8), 2))
                else:
                    p = r - 11
                    s.put(f"{w}{r}", f"={w}{p}-$F$1*{'QR'[j]}{p}", "W in", wrong_gradient=f"={w}{p}-$F$1*{'OP'[j]}{p}")
                    s.put(f"{v}{r}", f"={v}{p}-$F$1*{'OP'[j]}{p}", "W out", η_left_out=f"={v}{p}-{'OP'[j]}{p}")
        if step:
            s.step({f"{c}{top - 10 + i}": f"{c}{top + 1 + i}" for c in "DEGH" for i in range(5)}, f"M{top - 4}", "F1")
        if step == 4:
            break
        center, context = pairs[step]
        last = top + 5
        for i in range(5):
            r = top + 1 + i
            s.row(f"B{r}", [int(i == center), int(i == context)])
            s.put(f"J{r}", f"=S${top + 1}*G{r}+T${top + 1}*H{r}", "u")
            s.put(f"K{r}", f"=EXP(J{r})", "exp(u)")
            s.put(f"L{r}", f"=K{r}/SUM(K${top + 1}:K${last})", "p")
            s.put(f"M{r}", f"=L{r}-C{r}", "e", center_for_context=f"=L{r}-B{r}", sign=f"=C{r}-L{r}")
            for j in range(2):
                s.put(
                    f"{'OP'[j]}{r}",
                    f"=$M{r}*{'ST'[j]}${top + 1}",
                    "dW out",
                    dimension_of_the_neighbour=f"=$M{r}*{'TS'[j]}${top + 1}",
                )
                s.put(
                    f"{'QR'[j]}{r}",
                    f"=$B{r}*{'UV'[j]}${top + 1}",
                    "dW in",
                    context_for_center=f"=$C{r}*{'UV'[j]}${top + 1}",
                )
        for j in range(2):
            w, v = "DE"[j], "GH"[j]
            s.put(f"{'ST'[j]}{top + 1}", f"=SUMPRODUCT($B{top + 1}:$B{last},{w}{top + 1}:{w}{last})", "h")
            s.put(
                f"{'UV'[j]}{top + 1}",
                f"=SUMPRODUCT($M{top + 1}:$M{last},{v}{top + 1}:{v}{last})",
                "EH",
                W_in_for_W_out=f"=SUMPRODUCT($M{top + 1}:$M{last},{w}{top + 1}:{w}{last})",
            )
        s.row(f"L{top + 7}", ["loss", f"=-LN(SUMPRODUCT(L{top + 1}:L{last},C{top + 1}:C{last}))"], "loss")
    return s.plan


def films() -> Plan:
    """Ratings of five people for four films, some missing; two factors; errors masked by IF, blocks of P, Q and their gradients."""
    s = Draft("public: films, factors", "Recommender")
    s.row("A1", ["Matrix factorization", "", "", "", "", "γ", 0.02, "λ", 0.1])
    ratings: tuple[tuple[Content, ...], ...] = (
        (5, 3, "", 1),
        (4, "", "", 1),
        (1, 1, "", 5),
        (1, "", 3, 4),
        ("", 1, 5, 4),
    )
    s.row("A2", ["R", "Matrix", "Titanic", "Alien", "Up"])
    for i, line in enumerate(ratings):
        s.row(f"A{3 + i}", [f"user {i + 1}", *line])
    for step in range(4):
        top = 10 + 18 * step
        s.row(f"A{top}", [f"step {step}", "P", "", "", "", "Q", "", "", "", "", "prediction", "", "", "", "", "error"])
        for i in range(5):
            for j in range(2):
                c, r = "BC"[j], top + 1 + i
                p = r - 18
                s.put(
                    f"{c}{r}", f"={c}{p}-$G$1*{c}{p + 8}" if step else round(s.random.uniform(0.3, 1.2), 2), "P"
                ) if not step else s.put(f"{c}{r}", f"={c}{p}-$G$1*{c}{p + 8}", "P", λ_for_γ=f"={c}{p}-$I$1*{c}{p + 8}")
        for i in range(2):
            for j in range(4):
                c, r = "FGHI"[j], top + 1 + i
                p = r - 18
                if step:
                    s.put(f"{c}{r}", f"={c}{p}-$G$1*{c}{p + 8}", "Q", sign=f"={c}{p}+$G$1*{c}{p + 8}")
                else:
                    s.put(f"{c}{r}", round(s.random.uniform(0.3, 1.2), 2))
        if step:
            b = top - 18
            s.step(
                {
                    **{f"{c}{b + 1 + i}": f"{c}{top + 1 + i}" for c in "BC" for i in range(5)},
                    **{f"{c}{b + 1 + i}": f"{c}{top + 1 + i}" for c in "FGHI" for i in range(2)},
                },
                f"L{b + 8}",
                "G1",
            )
        if step == 3:
            break
        s.array(f"K{top + 1}:N{top + 5}", f"=MMULT(B{top + 1}:C{top + 5},F{top + 1}:I{top + 2})", "prediction")
        for i in range(5):
            r = top + 1 + i
            for j in range(4):
                s.put(f"{'PQRS'[j]}{r}", f'=IF({"BCDE"[j]}{3 + i}="",0,{"BCDE"[j]}{3 + i}-{"KLMN"[j]}{r})', "error")
            for j in range(2):
                c, g = "BC"[j], r + 8
                s.put(
                    f"{c}{g}",
                    f"=-2*SUMPRODUCT($P{r}:$S{r},$F{top + 1 + j}:$I{top + 1 + j})+2*$I$1*{c}{r}",
                    "dP",
                    λ_left_out=f"=-2*SUMPRODUCT($P{r}:$S{r},$F{top + 1 + j}:$I{top + 1 + j})",
                    row_of_the_neighbour=f"=-2*SUMPRODUCT($P{r}:$S{r},$F{top + 2 - j}:$I{top + 2 - j})+2*$I$1*{c}{r}",
                )
        for i in range(2):
            for j in range(4):
                c, e, u = "FGHI"[j], "PQRS"[j], "BC"[i]
                s.put(f"{c}{top + 9 + i}", f"=-2*SUMPRODUCT({e}${top + 1}:{e}${top + 5},{u}${top + 1}:{u}${top + 5})+2*$I$1*{c}{top + 1 + i}", "dQ",
                      sign=f"=2*SUMPRODUCT({e}${top + 1}:{e}${top + 5},{u}${top + 1}:{u}${top + 5})+2*$I$1*{c}{top + 1 + i}")  # fmt: skip
        s.row(f"B{top + 8}", ["dP", "", "", "", "dQ", "", "", "", "", "J"])
        s.put(
            f"L{top + 8}",
            f"=SUMSQ(P{top + 1}:S{top + 5})+$I$1*(SUMSQ(B{top + 1}:C{top + 5})+SUMSQ(F{top + 1}:I{top + 2}))",
            "J",
        )
    return s.plan


def mini_batch() -> Plan:
    """3-4-2 with named areas, Z1, A1, dZ1 as in a course by its letters; samples are columns; keepdims by hand."""
    s = Draft("public: letters of a course", "Shallow NN")
    s.row("A1", ["alpha", 1.2, "m", 5])
    s.put("A2", "X")
    for i in range(3):
        s.row(f"B{3 + i}", [round(s.random.uniform(-1, 1), 2) for _ in range(5)])
    s.put("H2", "Y")
    s.row("I3", [1, 0, 0, 1, 1])
    x, y = "$B$3:$F$5", "$I$3:$M$3"
    for step in range(4):
        left = 2 + 30 * step
        shapes = {
            "W1": (left, 9, 4, 3),
            "b1": (left + 4, 9, 4, 1),
            "W2": (left + 6, 9, 1, 4),
            "b2": (left + 11, 9, 1, 1),
        }
        gradients = {
            "W1": (left, 23, 4, 3),
            "b1": (left + 4, 23, 4, 1),
            "W2": (left + 6, 23, 1, 4),
            "b2": (left + 11, 23, 1, 1),
        }
        for name, (c, r, h, w) in shapes.items():
            s.put(f"{column_name(c)}8", name)
            if not step:
                for i in range(h):
                    s.row(
                        f"{column_name(c)}{r + i}",
                        [round(s.random.uniform(-0.9, 0.9), 2) if name[0] == "W" else 0 for _ in range(w)],
                    )
            else:
                old, g = area(c - 30, r, h, w), area(gradients[name][0] - 30, 23, h, w)
                s.array(
                    area(c, r, h, w),
                    f"={old}-$B$1*{g}",
                    f"new {name}",
                    η_left_out=f"={old}-{g}",
                    sign=f"={old}+$B$1*{g}",
                )
        if step:
            s.step(
                {
                    f"{column_name(c - 30 + j)}{r + i}": f"{column_name(c + j)}{r + i}"
                    for c, r, h, w in shapes.values()
                    for i in range(h)
                    for j in range(w)
                },
                f"{column_name(left - 30 + 13)}20",
                "B1",
            )
        if step == 3:
            break
        w1, b1, w2, b2 = (area(*shapes[n]) for n in ("W1", "b1", "W2", "b2"))
        z1, a1, z2, a2 = (
            area(left, 14, 4, 5),
            area(left + 6, 14, 4, 5),
            area(left + 12, 14, 1, 5),
            area(left + 12, 16, 1, 5),
        )
        dz2, dz1 = area(left + 12, 18, 1, 5), area(left + 18, 14, 4, 5)
        for cell, text in ((left, "Z1"), (left + 6, "A1"), (left + 12, "Z2 / A2 / dZ2"), (left + 18, "dZ1")):
            s.put(f"{column_name(cell)}13", text)
        s.array(z1, f"=MMULT({w1},{x})+{b1}", "Z1")
        s.array(a1, f"=TANH({z1})", "A1")
        s.array(z2, f"=MMULT({w2},{a1})+{b2}", "Z2")
        s.array(a2, f"=1/(1+EXP(-{z2}))", "A2")
        s.array(dz2, f"={a2}-{y}", "dZ2", slope_too_much=f"=({a2}-{y})*{a2}*(1-{a2})", sign=f"={y}-{a2}")
        s.array(
            dz1,
            f"=MMULT(TRANSPOSE({w2}),{dz2})*(1-{a1}^2)",
            "dZ1",
            slope_left_out=f"=MMULT(TRANSPOSE({w2}),{dz2})",
            slope_of_the_sigmoid=f"=MMULT(TRANSPOSE({w2}),{dz2})*{a1}*(1-{a1})",
            Z_for_A=f"=MMULT(TRANSPOSE({w2}),{dz2})*(1-{z1}^2)",
        )
        s.put(f"{column_name(left + 12)}20", "cost")
        s.put(f"{column_name(left + 13)}20", f"=-SUMPRODUCT({y}*LN({a2})+(1-{y})*LN(1-{a2}))/$D$1", "cost")
        for name, (c, _, _, _) in gradients.items():
            s.put(f"{column_name(c)}22", f"d{name}")
        s.array(
            area(*gradients["W1"]),
            f"=MMULT({dz1},TRANSPOSE({x}))/$D$1",
            "dW1",
            division_left_out=f"=MMULT({dz1},TRANSPOSE({x}))",
        )
        s.array(
            area(*gradients["W2"]),
            f"=MMULT({dz2},TRANSPOSE({a1}))/$D$1",
            "dW2",
            Z_for_A=f"=MMULT({dz2},TRANSPOSE({z1}))/$D$1",
            division_left_out=f"=MMULT({dz2},TRANSPOSE({a1}))",
        )
        for i in range(4):
            r = 14 + i
            s.put(
                f"{column_name(left + 4)}{23 + i}",
                f"=SUM({column_name(left + 18)}{r}:{column_name(left + 22)}{r})/$D$1",
                "db1",
                a_sample_short=f"=SUM({column_name(left + 18)}{r}:{column_name(left + 21)}{r})/$D$1",
            )
        s.put(f"{column_name(left + 11)}23", f"=AVERAGE({dz2})", "db2")
    return s.plan


BOARDS = (flowers, autoencoder, word_vectors, films, mini_batch)
