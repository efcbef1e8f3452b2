"""Recurrent networks through time and convolutions with pooling, trained by hand."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan


def through_time() -> Plan:
    """A recurrent unit over three moments, many to one; an epoch a block, the states and their deltas beside each other."""
    s = Draft("public: RNN through time", "RNN")
    s.row("A1", ["Backpropagation through time", "", "", "", "", "lr", 0.3])
    s.row("A2", ["sequence", 0.5, -0.2, 0.8, "target", 0.6])
    for epoch in range(5):
        top = 4 + 11 * epoch
        s.merge(f"A{top}:F{top}", f"Epoch {epoch + 1}")
        s.row(f"A{top + 1}", ["", "Wx", "Wh", "bh", "Wy", "by"])
        for c, start in zip("BCDEF", (0.4, 0.7, 0.1, 0.9, -0.1), strict=True):
            s.put(f"{c}{top + 2}", f"={c}{top - 9}-$G$1*{c}{top - 1}" if epoch else start, f"new {c}")
        s.row(f"A{top + 3}", ["t", "x", "h(t-1)", "z", "h", "", "dh", "dz", "dWx", "dWh"])
        for t in range(3):
            r = top + 4 + t
            s.put(f"A{r}", t + 1)
            s.put(f"B{r}", f"={'BCD'[t]}$2", "input x")
            s.put(f"C{r}", f"=E{r - 1}" if t else 0, "h before")
            s.put(f"D{r}", f"=$B${top + 2}*B{r}+$C${top + 2}*C{r}+$D${top + 2}", "z")
            s.put(f"E{r}", f"=TANH(D{r})", "h")
            s.put(
                f"G{r}",
                f"=H{r + 1}*$C${top + 2}" if t < 2 else f"=L{top + 5}*$E${top + 2}",
                "dh" if t < 2 else "dh last",
            )
            s.put(
                f"H{r}", f"=G{r}*(1-E{r}^2)", "dz", slope_left_out=f"=G{r}", slope_of_the_sigmoid=f"=G{r}*E{r}*(1-E{r})"
            )
            s.put(f"I{r}", f"=H{r}*B{r}", "dWx")
            s.put(f"J{r}", f"=H{r}*C{r}", "dWh", state_after=f"=H{r}*E{r}")
        s.slip("wrong weight", "G", range(top + 4, top + 6), f"=H{{n}}*$B${top + 2}")
        s.row(f"K{top + 3}", ["y", f"=$E${top + 2}*E{top + 6}+$F${top + 2}"], "y")
        s.row(f"K{top + 4}", ["loss", f"=0.5*(L{top + 3}-$F$2)^2"], "loss")
        s.row(f"K{top + 5}", ["dy", f"=L{top + 3}-$F$2"], "dy")
        s.put(f"A{top + 10}", "gradients")
        s.put(f"B{top + 10}", f"=SUM(I{top + 4}:I{top + 6})", "gWx", last_moment_only=f"=I{top + 6}")
        s.put(f"C{top + 10}", f"=SUM(J{top + 4}:J{top + 6})", "gWh", wrong_column=f"=SUM(I{top + 4}:I{top + 6})")
        s.put(f"D{top + 10}", f"=SUM(H{top + 4}:H{top + 6})", "gbh", a_moment_short=f"=SUM(H{top + 5}:H{top + 6})")
        s.put(f"E{top + 10}", f"=L{top + 5}*E{top + 6}", "gWy", first_state=f"=L{top + 5}*E{top + 4}")
        s.put(f"F{top + 10}", f"=L{top + 5}", "gby")
        if epoch:
            b = top - 9
            s.step({f"{c}{b}": f"{c}{top + 2}" for c in "BCDEF"}, f"L{b + 2}", "$G$1")
    return s.plan


def elman() -> Plan:
    """Two context units fed by the hidden layer of the row above, which counts as an input there (no gradient through time)."""
    s = Draft("public: Elman, truncated", "Elman")
    s.row("A1", ["rate", 0.4])
    names = ["u1", "u2", "r11", "r12", "r21", "r22", "v1", "v2"]
    at = {n: column_name(6 + k) for k, n in enumerate(names)}
    s.row("A3", ["n", "x", "t", "context 1", "context 2", *names, "h1", "h2", "y", "E", "δy", "δ1", "δ2"])
    for k in range(10):
        r, p = 4 + k, 3 + k
        s.row(f"A{r}", [k + 1, round(s.random.uniform(0, 1), 2), round(s.random.uniform(0, 1), 2)])
        for c, h in (("D", "N"), ("E", "O")):
            s.put(f"{c}{r}", f"={h}{p}" if k else 0.5, "context")
        g = {
            "u1": ("S", "B"),
            "u2": ("T", "B"),
            "r11": ("S", "D"),
            "r12": ("S", "E"),
            "r21": ("T", "D"),
            "r22": ("T", "E"),
            "v1": ("R", "N"),
            "v2": ("R", "O"),
        }
        for j, (n, c) in enumerate(at.items()):
            d, x = g[n]
            if k:
                s.put(
                    f"{c}{r}",
                    f"={c}{p}-$B$1*{d}{p}*{x}{p}",
                    f"new {n}",
                    sign=f"={c}{p}+$B$1*{d}{p}*{x}{p}",
                    wrong_input=f"={c}{p}-$B$1*{d}{p}*{'E' if x == 'D' else 'D'}{p}",
                    wrong_δ=f"={c}{p}-$B$1*{'T' if d == 'S' else 'S'}{p}*{x}{p}",
                )
            else:
                s.put(f"{c}{r}", (0.3, -0.5, 0.2, 0.4, -0.3, 0.6, 0.8, -0.7)[j])
        s.put(f"N{r}", f"=1/(1+EXP(-(F{r}*B{r}+H{r}*D{r}+I{r}*E{r})))", "h1")
        s.put(f"O{r}", f"=1/(1+EXP(-(G{r}*B{r}+J{r}*D{r}+K{r}*E{r})))", "h2")
        s.put(f"P{r}", f"=1/(1+EXP(-(L{r}*N{r}+M{r}*O{r})))", "y")
        s.put(f"Q{r}", f"=0.5*(C{r}-P{r})^2", "E")
        s.put(f"R{r}", f"=(P{r}-C{r})*P{r}*(1-P{r})", "δy", slope_left_out=f"=(P{r}-C{r})")
        s.put(f"S{r}", f"=R{r}*L{r}*N{r}*(1-N{r})", "δ1", slope_of_the_neighbour=f"=R{r}*L{r}*O{r}*(1-O{r})")
        s.put(f"T{r}", f"=R{r}*M{r}*O{r}*(1-O{r})", "δ2", weight_of_the_neighbour=f"=R{r}*L{r}*O{r}*(1-O{r})")
        if k:
            s.step({f"{c}{p}": f"{c}{r}" for c in at.values()}, f"Q{p}", "B1")
    return s.plan


def picture() -> Plan:
    """A 6×6 picture, a 3×3 kernel, relu, 2×2 max pooling, a dense unit; masks of the maxima by IF; two steps downwards."""
    s = Draft("public: CNN with pooling", "CNN")
    s.put("A1", "Image 6x6")
    image = [[round(s.random.uniform(0, 1), 2) for _ in range(6)] for _ in range(6)]
    for i, line in enumerate(image):
        s.row(f"A{2 + i}", line)
    s.row("H1", ["target", 0.8, "learning rate", 0.2])
    for step in range(3):
        top = 10 + 24 * step
        s.row(f"A{top}", ["Kernel 3x3", "", "", "bias", "", "Dense 2x2", "", "bias"])
        for i in range(3):
            for j in range(3):
                c = "ABC"[j]
                s.put(
                    f"{c}{top + 1 + i}",
                    f"={c}{top - 23 + i}-$K$1*{c}{top - 3 + i}" if step else round(s.random.uniform(-0.3, 0.6), 2),
                    "kernel",
                    sign=f"={c}{top - 23 + i}+$K$1*{c}{top - 3 + i}",
                ) if step else s.put(f"{c}{top + 1 + i}", round(s.random.uniform(-0.3, 0.6), 2))
        for c, g, start in (("D", "D", 0.1), ("H", "H", -0.2)):
            s.put(f"{c}{top + 1}", f"={c}{top - 23}-$K$1*{g}{top - 3}" if step else start, f"bias {c}")
        for i in range(2):
            for j in range(2):
                c = "FG"[j]
                s.put(
                    f"{c}{top + 1 + i}",
                    f"={c}{top - 23 + i}-$K$1*{c}{top - 3 + i}" if step else round(s.random.uniform(0.2, 0.7), 2),
                    "dense",
                )
        if step:
            b = top - 24
            pairs = {f"{c}{b + 1 + i}": f"{c}{top + 1 + i}" for c in "ABC" for i in range(3)} | {
                f"{c}{b + 1 + i}": f"{c}{top + 1 + i}" for c in "FG" for i in range(2)
            }
            s.step({**pairs, f"D{b + 1}": f"D{top + 1}", f"H{b + 1}": f"H{top + 1}"}, f"Y{b + 3}", "K1")
        if step == 2:
            break
        s.row(f"J{top}", ["conv", "", "", "", "", "relu", "", "", "", "", "pool", "", "", "out"])
        for i in range(4):
            for j in range(4):
                s.put(
                    f"{'JKLM'[j]}{top + 1 + i}",
                    f"=SUMPRODUCT({column_name(1 + j)}${2 + i}:{column_name(3 + j)}${4 + i},$A${top + 1}:$C${top + 3})+$D${top + 1}",
                    "conv",
                )
                s.put(f"{'OPQR'[j]}{top + 1 + i}", f"=MAX(0,{'JKLM'[j]}{top + 1 + i})", "relu")
        for i in range(2):
            for j in range(2):
                s.put(f"{'TU'[j]}{top + 1 + i}", f"=MAX({'OQ'[j]}{top + 1 + 2 * i}:{'PR'[j]}{top + 2 + 2 * i})", "pool")
        s.row(f"W{top + 1}", ["net", "", f"=SUMPRODUCT(T{top + 1}:U{top + 2},F{top + 1}:G{top + 2})+H{top + 1}"], "net")
        s.row(f"W{top + 2}", ["p", "", f"=1/(1+EXP(-Y{top + 1}))"], "p")
        s.row(f"W{top + 3}", ["loss", "", f"=-($I$1*LN(Y{top + 2})+(1-$I$1)*LN(1-Y{top + 2}))"], "loss")
        s.row(f"W{top + 4}", ["delta", "", f"=Y{top + 2}-$I$1"], "delta")
        s.put(f"J{top + 7}", "d conv")
        for i in range(4):
            for j in range(4):
                conv, relu, pool, dense = (
                    f"{'JKLM'[j]}{top + 1 + i}",
                    f"{'OPQR'[j]}{top + 1 + i}",
                    f"{'TU'[j // 2]}{top + 1 + i // 2}",
                    f"{'FG'[j // 2]}{top + 1 + i // 2}",
                )
                s.put(
                    f"{'JKLM'[j]}{top + 8 + i}",
                    f"=IF(AND({relu}={pool},{conv}>0),$Y${top + 4}*{dense},0)",
                    "d conv",
                    mask_of_the_maximum_left_out=f"=IF({conv}>0,$Y${top + 4}*{dense},0)",
                    pool_for_dense=f"=IF(AND({relu}={pool},{conv}>0),$Y${top + 4}*{pool},0)",
                )
        s.put(f"A{top + 20}", "gradients")
        for i in range(3):
            for j in range(3):
                s.put(
                    f"{'ABC'[j]}{top + 21 + i}",
                    f"=SUMPRODUCT({column_name(1 + j)}${2 + i}:{column_name(4 + j)}${5 + i},$J${top + 8}:$M${top + 11})",
                    "d kernel",
                )
        s.slip("picture shifted", "B", range(top + 21, top + 24), f"=SUMPRODUCT(A$2:D$5,$J${top + 8}:$M${top + 11})")
        s.put(f"D{top + 21}", f"=SUM(J{top + 8}:M{top + 11})", "d bias", a_row_short=f"=SUM(J{top + 8}:M{top + 10})")
        s.put(f"H{top + 21}", f"=Y{top + 4}", "d bias dense")
        for i in range(2):
            for j in range(2):
                s.put(
                    f"{'FG'[j]}{top + 21 + i}",
                    f"=$Y${top + 4}*{'TU'[j]}{top + 1 + i}",
                    "d dense",
                    weight_for_the_pool=f"=$Y${top + 4}*{'FG'[j]}{top + 1 + i}",
                )
    return s.plan


def many_to_many() -> Plan:
    """A recurrent unit with an error at each moment, a moment a column; the last block only shows the loss."""
    s = Draft("public: RNN, an error each moment", "Net")
    s.row("A1", ["lr", 0.3])
    last = 5
    for k in range(last + 1):
        o = 4 + 13 * k
        s.row(f"A{o}", [f"it {k + 1}", "Wh", "Uh", "bh"])
        s.put(f"A{o + 1}", "weights")
        for c, start in zip("BCD", (0.73, 0.72, -0.71), strict=True):
            s.put(f"{c}{o + 1}", f"={c}{o - 12}-$B$1*{c}{o - 11}" if k else start, f"new {c}")
        s.row(f"A{o + 3}", ["t", 1, 2, 3])
        s.down(f"A{o + 4}", ["x", "y", "z", "h", "E", "dh", "dz"])
        for t, c in enumerate("BCD"):
            before, after = "ABC"[t], "CDE"[t]
            state, carried = (f"{before}{o + 7}", f"+{after}{o + 10}*C${o + 1}")
            s.put(f"{c}{o + 4}", (0.5, -0.3, 0.8)[t])
            s.put(f"{c}{o + 5}", (0.2, 0.1, 0.5)[t])
            s.put(f"{c}{o + 6}", f"=B${o + 1}*{c}{o + 4}+C${o + 1}*{state if t else 0}+D${o + 1}", f"z{t}")
            s.put(f"{c}{o + 7}", f"=TANH({c}{o + 6})", "h")
            s.put(f"{c}{o + 8}", f"=({c}{o + 7}-{c}{o + 5})^2/2", "E")
            s.put(f"{c}{o + 9}", f"={c}{o + 7}-{c}{o + 5}{carried if t < 2 else ''}", f"dh{t}")
            s.put(f"{c}{o + 10}", f"={c}{o + 9}*(1-{c}{o + 7}^2)", "dz")
        s.put(f"E{o + 8}", f"=SUM(B{o + 8}:D{o + 8})", "loss")
        if k == last:
            continue
        s.put(f"A{o + 2}", "gradients")
        s.put(f"B{o + 2}", f"=SUMPRODUCT(B{o + 10}:D{o + 10},B{o + 4}:D{o + 4})", "gW")
        states = f"=SUMPRODUCT(C{o + 10}:D{o + 10},C{o + 7}:D{o + 7})"
        s.put(f"C{o + 2}", f"=SUMPRODUCT(C{o + 10}:D{o + 10},B{o + 7}:C{o + 7})", "gU", state_after=states)
        s.put(f"D{o + 2}", f"=SUM(B{o + 10}:D{o + 10})", "gb", a_moment_short=f"=SUM(B{o + 10}:C{o + 10})")
        gradients = {f"{c}{o + 1}": f"{c}{o + 2}" for c in "BCD"}
        s.step({f"{c}{o + 1}": f"{c}{o + 14}" for c in "BCD"}, f"E{o + 8}", "$B$1", gradients)
    return s.plan


def attention() -> Plan:
    """A head of attention over three words: queries, keys and values by matrices, and all of it backwards."""
    s = Draft("public: attention head", "Attention")
    s.row("A1", ["lr", 0.5])
    s.put("A2", "X")
    s.put("D2", "Y")
    for r, (x, y) in enumerate((((1.0, 0.2), (0.5, 0.1)), ((0.4, -0.5), (0.2, 0.3)), ((-0.3, 0.8), (-0.1, 0.4))), 3):
        s.row(f"A{r}", [*x, "", *y])
    sides = {"Q": ("A", "B"), "K": ("D", "E"), "V": ("G", "H")}
    starts = {"Q": (0.59, 0.64, -0.03, -0.48), "K": (-0.98, -0.32, 0.59, -0.41), "V": (0.79, 0.12, 0.44, 0.78)}
    for k in range(4):
        o = 8 + 32 * k
        for n, (a, b) in sides.items():
            s.put(f"{a}{o}", f"W{n}")
            if k:
                s.array(f"{a}{o + 1}:{b}{o + 2}", f"={a}{o - 31}:{b}{o - 30}-$B$1*{a}{o - 3}:{b}{o - 2}", f"new W{n}")
            else:
                s.row(f"{a}{o + 1}", starts[n][:2])
                s.row(f"{a}{o + 2}", starts[n][2:])
            s.put(f"{a}{o + 4}", n)
            s.array(f"{a}{o + 5}:{b}{o + 7}", f"=MMULT($A$3:$B$5,{a}{o + 1}:{b}{o + 2})", n)
        s.put(f"A{o + 8}", "scores")
        s.array(f"A{o + 9}:C{o + 11}", f"=MMULT(A{o + 5}:B{o + 7},TRANSPOSE(D{o + 5}:E{o + 7}))/SQRT(2)", "scores")
        s.put(f"E{o + 8}", "softmax")
        for i in range(3):
            r = o + 9 + i
            for c, z in zip("EFG", "ABC", strict=True):
                s.put(f"{c}{r}", f"=EXP({z}{r})/(EXP($A{r})+EXP($B{r})+EXP($C{r}))", "softmax")
        s.put(f"A{o + 12}", "O")
        s.array(f"A{o + 13}:B{o + 15}", f"=MMULT(E{o + 9}:G{o + 11},G{o + 5}:H{o + 7})", "O")
        s.put(f"D{o + 12}", "dO")
        s.array(f"D{o + 13}:E{o + 15}", f"=A{o + 13}:B{o + 15}-$D$3:$E$5", "dO")
        s.row(f"G{o + 12}", ["L", f"=SUMSQ(D{o + 13}:E{o + 15})/2"], "loss")
        s.put(f"A{o + 16}", "dP")
        s.array(f"A{o + 17}:C{o + 19}", f"=MMULT(D{o + 13}:E{o + 15},TRANSPOSE(G{o + 5}:H{o + 7}))", "dP")
        s.put(f"E{o + 16}", "dS")
        for i in range(3):
            r = o + 17 + i
            for c, z in zip("EFG", "ABC", strict=True):
                lean = f"({z}{r}-SUMPRODUCT($A{r}:$C{r},$E{r - 8}:$G{r - 8}))"
                s.put(f"{c}{r}", f"={c}{r - 8}*{lean}/SQRT(2)", "dS", root_left_out=f"={c}{r - 8}*{lean}")
        s.row(f"A{o + 20}", ["dQ", "", "", "dK", "", "", "dV"])
        s.array(f"A{o + 21}:B{o + 23}", f"=MMULT(E{o + 17}:G{o + 19},D{o + 5}:E{o + 7})", "dQ")
        s.array(f"D{o + 21}:E{o + 23}", f"=MMULT(TRANSPOSE(E{o + 17}:G{o + 19}),A{o + 5}:B{o + 7})", "dK")
        plain = f"=MMULT(E{o + 9}:G{o + 11},D{o + 13}:E{o + 15})"
        turned = f"=MMULT(TRANSPOSE(E{o + 9}:G{o + 11}),D{o + 13}:E{o + 15})"
        s.array(f"G{o + 21}:H{o + 23}", turned, "dV", not_transposed=plain)
        for n, (a, b) in sides.items():
            s.put(f"{a}{o + 28}", f"dW{n}")
            s.array(f"{a}{o + 29}:{b}{o + 30}", f"=MMULT(TRANSPOSE($A$3:$B$5),{a}{o + 21}:{b}{o + 23})", f"dW{n}")
        if k:
            top = o - 32
            pairs = {f"{c}{top + r}": f"{c}{o + r}" for c in "ABDEGH" for r in (1, 2)}
            s.step(pairs, f"H{top + 12}", "$B$1", {x: f"{x[0]}{int(x[1:]) + 28}" for x in pairs})
    return s.plan


SEQUENCES = (many_to_many, attention, through_time, elman, picture)
