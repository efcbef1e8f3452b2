"""The classic 2-2-2 example as people lay it out by themselves: as a drawing, in chains, in tables of layers, across."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan

WEIGHTS = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)


def as_a_drawing() -> Plan:
    """One step, the cells placed as neurons: labels above, the chain's factors each in a cell with its label at the left."""
    s = Draft("public: classic, drawing", "backprop")
    s.merge("D1:K1", "A Step by Step Backpropagation Example")
    s.row("B4", ["i1", "", "", "w1", "w5", "", "net h1", "out h1", "", "net o1", "out o1", "target o1", "E o1"])
    s.put("B5", 0.05)
    s.row("E5", [0.15, 0.40])
    s.row("E6", ["w2", "w6"])
    s.row("E7", [0.20, 0.45])
    s.row("B9", ["i2", "", "", "w3", "w7", "", "net h2", "out h2", "", "net o2", "out o2", "target o2", "E o2"])
    s.put("B10", 0.10)
    s.row("E10", [0.25, 0.50])
    s.row("E11", ["w4", "w8"])
    s.row("E12", [0.30, 0.55])
    s.row("B14", ["b1", "", "", "b2", "", "learning rate", "", "", "", "", "", "", "E total"])
    s.row("B15", [0.35, "", "", 0.60, "", 0.5])
    s.put("H5", "=E5*B5+E7*B10+B15", "net h1")
    s.put("I5", "=1/(1+EXP(-H5))", "out h1")
    s.put("H10", "=E10*B5+E12*B10+B15", "net h2")
    s.put("I10", "=1/(1+EXP(-H10))", "out h2")
    s.put("K5", "=F5*I5+F7*I10+E15", "net o1")
    s.put("L5", "=1/(1+EXP(-K5))", "out o1")
    s.put("K10", "=F10*I5+F12*I10+E15", "net o2")
    s.put("L10", "=1/(1+EXP(-K10))", "out o2")
    s.row("M5", [0.01, "=0.5*(M5-L5)^2"], "o1")
    s.row("M10", [0.99, "=0.5*(M10-L10)^2"], "o2")
    s.put("N15", "=N5+N10", "E total")
    s.row("A18", ["Output layer", "", "", "", "", "", "Hidden layer"])
    factors = [
        ("dE/dout_o1", "=-(M5-L5)", "dE/dout_o2", "=-(M10-L10)"), ("dout_o1/dnet_o1", "=L5*(1-L5)", "dout_o2/dnet_o2", "=L10*(1-L10)"),
        ("dnet_o1/dw5", "=I5", "dnet_o2/dw7", "=I5"), ("dnet_o1/dw6", "=I10", "dnet_o2/dw8", "=I10"),
        ("dE/dw5", "=B19*B20*B21", "dE/dw7", "=E19*E20*E21"), ("dE/dw6", "=B19*B20*B22", "dE/dw8", "=E19*E20*E22"),
    ]  # fmt: skip
    for k, (a, fa, b, fb) in enumerate(factors):
        s.row(f"A{19 + k}", [a, fa, "", b, fb], f"factor {k}")
    hidden = [
        ("dE1/dout_h1", "=B19*B20*F5", "dE1/dout_h2", "=B19*B20*F7"), ("dE2/dout_h1", "=E19*E20*F10", "dE2/dout_h2", "=E19*E20*F12"),
        ("dE/dout_h1", "=H19+H20", "dE/dout_h2", "=K19+K20"), ("dout_h1/dnet_h1", "=I5*(1-I5)", "dout_h2/dnet_h2", "=I10*(1-I10)"),
        ("dE/dw1", "=H21*H22*B5", "dE/dw3", "=K21*K22*B5"), ("dE/dw2", "=H21*H22*B10", "dE/dw4", "=K21*K22*B10"),
    ]  # fmt: skip
    for k, (a, fa, b, fb) in enumerate(hidden):
        s.row(f"G{19 + k}", [a, fa, "", b, fb], f"hidden factor {k}")
    s.put("A27", "Updated weights")
    new = {
        "E5": ("w1+", "H23"),
        "E7": ("w2+", "H24"),
        "E10": ("w3+", "K23"),
        "E12": ("w4+", "K24"),
        "F5": ("w5+", "B23"),
        "F7": ("w6+", "B24"),
        "F10": ("w7+", "E23"),
        "F12": ("w8+", "E24"),
    }
    pairs = {}
    for k, (old, (name, g)) in enumerate(new.items()):
        c = column_name(2 + k)
        s.put(f"{c}28", name)
        s.put(
            f"{c}29",
            f"={old}-$G$15*{g}",
            f"new {name}",
            True,
            η_left_out=f"={old}-{g}",
            sign=f"={old}+$G$15*{g}",
            gradient_of_the_neighbour=f"={old}-$G$15*{'B24' if g != 'B24' else 'E23'}",
        )
        pairs[old] = f"{c}29"
    s.slip("slope of the neighbour", "K", range(22, 23), "=I5*(1-I5)")
    s.slip("weight of the neighbour", "K", range(20, 21), "=E19*E20*F7")
    s.slip("net for out", "H", range(22, 23), "=H5*(1-H5)")
    s.slip("target of the neighbour", "E", range(19, 20), "=-(M5-L10)")
    s.slip("a path left out", "H", range(21, 22), "=H19")
    s.slip("input of the neighbour", "K", range(24, 25), "=K21*K22*B5")
    s.step(pairs, "N15", "$G$15")
    return s.plan


def layers_as_tables() -> Plan:
    """A table per layer (a row per neuron, biases included), the new weights beside, three steps below each other."""
    s = Draft("public: classic, tables of layers", "NN")
    s.row("A1", ["alpha", 0.5, "", "i1", 0.05, "i2", 0.1, "", "t1", 0.01, "t2", 0.99])
    for step in range(3):
        top = 4 + 14 * step
        s.put(f"A{top - 1}", f"Step {step + 1}")
        s.row(
            f"A{top}",
            [
                "Hidden",
                "w from i1",
                "w from i2",
                "bias",
                "net",
                "out",
                "dE/dout",
                "delta",
                "new w1",
                "new w2",
                "new bias",
            ],
        )
        s.row(
            f"A{top + 4}",
            [
                "Output",
                "w from h1",
                "w from h2",
                "bias",
                "net",
                "out",
                "target",
                "error",
                "delta",
                "new w1",
                "new w2",
                "new bias",
            ],
        )
        h, o = (top + 1, top + 2), (top + 5, top + 6)
        for k in range(2):
            r, q = h[k], o[k]
            s.put(f"A{r}", f"h{k + 1}")
            s.put(f"A{q}", f"o{k + 1}")
            for j, c in enumerate("BCD"):
                s.put(
                    f"{c}{r}",
                    f"={'IJK'[j]}{r - 14}" if step else (WEIGHTS[2 * k + j] if j < 2 else 0.35),
                    "weight of h",
                )
                s.put(
                    f"{c}{q}",
                    f"={'JKL'[j]}{q - 14}" if step else (WEIGHTS[4 + 2 * k + j] if j < 2 else 0.6),
                    "weight of o",
                )
            s.put(f"E{r}", f"=B{r}*$E$1+C{r}*$G$1+D{r}", "net h")
            s.put(f"F{r}", f"=1/(1+EXP(-E{r}))", "out h")
            s.put(f"E{q}", f"=B{q}*F{h[0]}+C{q}*F{h[1]}+D{q}", "net o")
            s.put(f"F{q}", f"=1/(1+EXP(-E{q}))", "out o")
            s.put(f"G{q}", f"={'JL'[k]}$1", "target")
            s.put(f"H{q}", f"=(G{q}-F{q})^2/2", "error")
            s.put(
                f"I{q}",
                f"=(F{q}-G{q})*F{q}*(1-F{q})",
                "delta o",
                slope_left_out=f"=F{q}-G{q}",
                sign=f"=(G{q}-F{q})*F{q}*(1-F{q})",
            )
            w = "BC"[k]
            s.put(
                f"G{r}",
                f"=I{o[0]}*{w}{o[0]}+I{o[1]}*{w}{o[1]}",
                "dE/dout h",
                new_weights=f"=I{o[0]}*{'JK'[k]}{o[0]}+I{o[1]}*{'JK'[k]}{o[1]}",
                row_for_column=f"=I{o[0]}*B{o[k]}+I{o[1]}*C{o[k]}",
            )
            s.put(
                f"H{r}", f"=G{r}*F{r}*(1-F{r})", "delta h", slope_of_the_neighbour=f"=G{r}*F{h[1 - k]}*(1-F{h[1 - k]})"
            )
            for j, c in enumerate("IJK"):
                x = ("$E$1", "$G$1", "")[j]
                times = f"*{x}" if x else ""
                s.put(
                    f"{c}{r}",
                    f"={'BCD'[j]}{r}-$B$1*H{r}{times}",
                    f"new {'BCD'[j]} h",
                    dE_for_δ=f"={'BCD'[j]}{r}-$B$1*G{r}{times}",
                    η_twice=f"={'BCD'[j]}{r}-$B$1*$B$1*H{r}{times}",
                )
            for j, c in enumerate("JKL"):
                times = (f"*F{h[0]}", f"*F{h[1]}", "")[j]
                s.put(
                    f"{c}{q}",
                    f"={'BCD'[j]}{q}-$B$1*I{q}{times}",
                    f"new {'BCD'[j]} o",
                    net_for_out=f"={'BCD'[j]}{q}-$B$1*I{q}{times.replace('F', 'E')}",
                    sign=f"={'BCD'[j]}{q}+$B$1*I{q}{times}",
                )
        s.row(f"G{top + 8}", ["Total error", f"=H{o[0]}+H{o[1]}"], "total")
        pairs = {f"{a}{r}": f"{b}{r}" for r in h for a, b in zip("BCD", "IJK", strict=True)} | {
            f"{a}{q}": f"{b}{q}" for q in o for a, b in zip("BCD", "JKL", strict=True)
        }
        s.step(pairs, f"H{top + 8}", "$B$1")
    return s.plan


def labels_in_a_column() -> Plan:
    """Names in column A with Greek letters, an iteration a column, a blank row between the groups; shared biases trained."""
    s = Draft("public: classic, labels in a column", "Plan1")
    names = ["i1", "i2", "", *(f"w{k}" for k in range(1, 9)), "b1", "b2", "", "net_h1", "net_h2", "out_h1", "out_h2", "net_o1", "net_o2", "out_o1", "out_o2", "", "target1", "target2", "E_o1", "E_o2", "E_total", "",
             "δ_o1", "δ_o2", "δ_h1", "δ_h2", "", *(f"∂E/∂w{k}" for k in range(1, 9)), "∂E/∂b1", "∂E/∂b2", "", "η"]  # fmt: skip
    s.down("A3", names)
    rows: dict[str, int] = {name: 3 + k for k, name in enumerate(names) if name}
    columns = 6
    for k in range(columns):
        c, p = column_name(2 + k), column_name(1 + k)

        def f(text: str, c: str = c) -> str:
            for name in sorted(rows, key=len, reverse=True):
                text = text.replace(f"[{name}]", f"{c}{rows[name]}")
            return text

        s.put(f"{c}2", f"Iteration {k}")
        for name, value in (("i1", 0.05), ("i2", 0.1), ("target1", 0.01), ("target2", 0.99), ("η", 0.5)):
            s.put(f"{c}{rows[name]}", value if not k else f"={p}{rows[name]}", f"input {name}")
        for name, value in (*((f"w{j + 1}", w) for j, w in enumerate(WEIGHTS)), ("b1", 0.35), ("b2", 0.6)):
            r, g = rows[name], rows[f"∂E/∂{name}"]
            if not k:
                s.put(f"{c}{r}", value)
            else:
                s.put(
                    f"{c}{r}",
                    f"={p}{r}-{p}${rows['η']}*{p}{g}",
                    name,
                    η_left_out=f"={p}{r}-{p}{g}",
                    gradient_of_the_neighbour=f"={p}{r}-{p}${rows['η']}*{p}{g + 1 if name != 'b2' else g - 1}",
                )
        formulas: dict[str, tuple[str, dict[str, str]]] = {
            "net_h1": ("=[w1]*[i1]+[w2]*[i2]+[b1]", {}), "net_h2": ("=[w3]*[i1]+[w4]*[i2]+[b1]", {}), "net_o1": ("=[w5]*[out_h1]+[w6]*[out_h2]+[b2]", {}), "net_o2": ("=[w7]*[out_h1]+[w8]*[out_h2]+[b2]", {}),
            **{f"out_{n}": (f"=1/(1+EXP(-[net_{n}]))", {}) for n in ("h1", "h2", "o1", "o2")},
            "E_o1": ("=0.5*([target1]-[out_o1])^2", {}), "E_o2": ("=0.5*([target2]-[out_o2])^2", {}), "E_total": ("=[E_o1]+[E_o2]", {}),
            "δ_o1": ("=([out_o1]-[target1])*[out_o1]*(1-[out_o1])", {"slope_of_the_neighbour": "=([out_o1]-[target1])*[out_o2]*(1-[out_o2])"}),
            "δ_o2": ("=([out_o2]-[target2])*[out_o2]*(1-[out_o2])", {"brackets": "=([out_o2]-[target2])*[out_o2]*1-[out_o2]"}),
            "δ_h1": ("=([δ_o1]*[w5]+[δ_o2]*[w7])*[out_h1]*(1-[out_h1])", {"weight_of_the_neighbour": "=([δ_o1]*[w5]+[δ_o2]*[w6])*[out_h1]*(1-[out_h1])"}),
            "δ_h2": ("=([δ_o1]*[w6]+[δ_o2]*[w8])*[out_h2]*(1-[out_h2])", {"slope_of_the_neighbour": "=([δ_o1]*[w6]+[δ_o2]*[w8])*[out_h1]*(1-[out_h1])"}),
            "∂E/∂w1": ("=[δ_h1]*[i1]", {}), "∂E/∂w2": ("=[δ_h1]*[i2]", {"input_of_the_neighbour": "=[δ_h1]*[i1]"}), "∂E/∂w3": ("=[δ_h2]*[i1]", {"wrong_δ": "=[δ_h1]*[i1]"}), "∂E/∂w4": ("=[δ_h2]*[i2]", {}),
            "∂E/∂w5": ("=[δ_o1]*[out_h1]", {"net_for_out": "=[δ_o1]*[net_h1]"}), "∂E/∂w6": ("=[δ_o1]*[out_h2]", {}), "∂E/∂w7": ("=[δ_o2]*[out_h1]", {"wrong_δ": "=[δ_o1]*[out_h1]"}), "∂E/∂w8": ("=[δ_o2]*[out_h2]", {}),
            "∂E/∂b1": ("=[δ_h1]+[δ_h2]", {"a_δ_left_out": "=[δ_h1]"}), "∂E/∂b2": ("=[δ_o1]+[δ_o2]", {"wrong_δ": "=[δ_h1]+[δ_h2]"}),
        }  # fmt: skip
        for name, (formula, slips) in formulas.items():
            s.put(f"{c}{rows[name]}", f(formula), name, False, **{slip: f(wrong) for slip, wrong in slips.items()})
        if k:
            s.step(
                {f"{p}{rows[n]}": f"{c}{rows[n]}" for n in rows if n[0] in "wb"},
                f"{p}{rows['E_total']}",
                f"{p}{rows['η']}",
            )
    return s.plan


def before_and_after() -> Plan:
    """Two forward passes on two sheets, the second takes the updated weights of the first; labels beside their values."""
    s = Draft("public: classic, before and after", "Before")
    for number, sheet in enumerate(("Before", "After")):
        s.sheet = sheet
        s.row("A1", ["Forward pass" if not number else "Forward pass with new weights"])
        s.down("A3", ["x1", "x2", "t1", "t2", "rate"])
        s.down("B3", [0.05, 0.1, 0.01, 0.99, 0.5] if not number else [f"=Before!B{3 + k}" for k in range(5)], "input")
        s.down("D3", [f"w{k}" for k in range(1, 9)])
        s.down("E3", list(WEIGHTS) if not number else [f"=Before!H{3 + k}" for k in range(8)], "weight")
        s.down("J3", ["h1", "h2", "o1", "o2", "E1", "E2", "Etotal"])
        s.down(
            "K3",
            [
                "=1/(1+EXP(-(E3*B3+E4*B4+0.35)))",
                "=1/(1+EXP(-(E5*B3+E6*B4+0.35)))",
                "=1/(1+EXP(-(E7*K3+E8*K4+0.6)))",
                "=1/(1+EXP(-(E9*K3+E10*K4+0.6)))",
                "=(B5-K5)^2/2",
                "=(B6-K6)^2/2",
                "=K7+K8",
            ],
        )
        if not number:
            s.row("G2", ["gradient", "new weight"])
            d1, d2 = "(K5-B5)*K5*(1-K5)", "(K6-B6)*K6*(1-K6)"
            gradients = [f"=({d1}*E7+{d2}*E9)*K3*(1-K3)*B3", f"=({d1}*E7+{d2}*E9)*K3*(1-K3)*B4", f"=({d1}*E8+{d2}*E10)*K4*(1-K4)*B3", f"=({d1}*E8+{d2}*E10)*K4*(1-K4)*B4",
                         f"={d1}*K3", f"={d1}*K4", f"={d2}*K3", f"={d2}*K4"]  # fmt: skip
            for k, g in enumerate(gradients):
                s.put(f"G{3 + k}", g, f"g{k + 1}", True)
                s.put(
                    f"H{3 + k}",
                    f"=E{3 + k}-$B$7*G{3 + k}",
                    "new weights",
                    η_slides=f"=E{3 + k}-B{7 + k}*G{3 + k}" if k else f"=E{3 + k}-B6*G{3 + k}",
                )
            s.slip("slope of the neighbour", "G", range(5, 6), f"=({d1}*E8+{d2}*E10)*K3*(1-K3)*B3")
            s.slip("weight of the neighbour", "G", range(6, 7), f"=({d1}*E8+{d2}*E9)*K4*(1-K4)*B4")
            s.slip("a path left out", "G", range(3, 4), f"={d1}*E7*K3*(1-K3)*B3")
            s.slip("target of the neighbour", "G", range(9, 10), f"={d2.replace('B6', 'B5')}*K3")
            s.step({f"E{3 + k}": f"H{3 + k}" for k in range(8)}, "K9", "B7")
    return s.plan


CLASSIC = (as_a_drawing, layers_as_tables, labels_in_a_column, before_and_after)
