"""Sheets as untidy as public ones: written out cell by cell, each after a kind that was met."""

from __future__ import annotations

from collections.abc import Callable

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan


def epochs_with_index() -> Plan:
    """XOR: a block of four rows an epoch, the weights once a block in a list at the right, found by INDEX and INT."""
    s = Draft("xor, weights by INDEX", "XOR")
    s.row("A1", ["XOR with two hidden neurons", "", "", "eta", 0.7])
    s.row("A3", ["epoch", "x1", "x2", "t", "h1", "h2", "o", "E", "do", "dh1", "dh2"])
    s.row("N3", ["w11", "w12", "b1", "w21", "w22", "b2", "v1", "v2", "c"])
    names = "NOPQRSTUV"
    for j, name in enumerate(names):
        s.put(f"{name}4", round(s.random.uniform(0.2, 0.9) * (-1) ** j, 2))
    data = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
    epochs = 5

    for epoch in range(epochs):

        def w(name: str, last: int = 4 + epoch) -> str:
            return f"INDEX({name}$4:{name}{last},INT((ROW()-4)/5)+1)"

        top = 4 + 5 * epoch
        for k, (a, b, t) in enumerate(data):
            r = top + k
            s.row(f"A{r}", [epoch + 1, a, b, t])
            s.put(f"E{r}", f"=1/(1+EXP(-(B{r}*{w('N')}+C{r}*{w('O')}+{w('P')})))", "h1")
            s.put(f"F{r}", f"=1/(1+EXP(-(B{r}*{w('Q')}+C{r}*{w('R')}+{w('S')})))", "h2")
            s.put(f"G{r}", f"=1/(1+EXP(-(E{r}*{w('T')}+F{r}*{w('U')}+{w('V')})))", "o")
            s.put(f"H{r}", f"=(D{r}-G{r})^2/2", "E")
            s.put(
                f"I{r}",
                f"=(G{r}-D{r})*G{r}*(1-G{r})",
                "do",
                True,
                slope_left_out=f"=(G{r}-D{r})",
                slope_of_the_neighbour=f"=(G{r}-D{r})*F{r}*(1-F{r})",
            )
            s.put(
                f"J{r}",
                f"=I{r}*{w('T')}*E{r}*(1-E{r})",
                "dh1",
                True,
                slope_of_the_neighbour=f"=I{r}*{w('T')}*F{r}*(1-F{r})",
                weight_of_the_neighbour=f"=I{r}*{w('U')}*E{r}*(1-E{r})",
                slope_left_out=f"=I{r}*{w('T')}",
            )
            s.put(
                f"K{r}",
                f"=I{r}*{w('U')}*F{r}*(1-F{r})",
                "dh2",
                True,
                slope_of_the_neighbour=f"=I{r}*{w('U')}*E{r}*(1-E{r})",
            )
        s.put(f"H{top + 4}", f"=SUM(H{top}:H{top + 3})", "total")
        s.put(f"A{top + 4}", "sum of errors")
        rows = (top, top + 3)
        deltas = {
            "N": ("J", "B"),
            "O": ("J", "C"),
            "P": ("J", ""),
            "Q": ("K", "B"),
            "R": ("K", "C"),
            "S": ("K", ""),
            "T": ("I", "E"),
            "U": ("I", "F"),
            "V": ("I", ""),
        }
        for name, (delta, given) in deltas.items():
            d = f"${delta}${rows[0]}:${delta}${rows[1]}"
            total = f"SUMPRODUCT({d},${given}${rows[0]}:${given}${rows[1]})" if given else f"SUM({d})"
            other = {"I": "J", "J": "K", "K": "J"}[delta]
            slips = {"wrong_δ": f"={name}{4 + epoch}-$E$1*{total.replace(f'${delta}$', f'${other}$')}", "sign": f"={name}{4 + epoch}+$E$1*{total}",
                     "new_weight_for_η": f"={name}{4 + epoch}-$N${5 + epoch}*{total}" if name != "N" else f"={name}{4 + epoch}-{total}",
                     "a_sample_short": f"={name}{4 + epoch}-$E$1*{total.replace(f'${rows[1]}', f'${rows[1] - 1}')}"}  # fmt: skip
            s.put(f"{name}{5 + epoch}", f"={name}{4 + epoch}-$E$1*{total}", f"new {name}", True, **slips)
        s.step({f"{n}{4 + epoch}": f"{n}{5 + epoch}" for n in names}, f"H{top + 4}", "E1")
    s.row("P12", ["final weights are at the bottom"])
    return s.plan


def first_row_differs() -> Plan:
    """2-1-1 with the weights by the ends of their arrows, update rows below; the first row is typed otherwise."""
    s = Draft("update rows, first differs", "Plan1")
    s.row("B1", ["Rede 2-1-1"])
    s.plan.merged.append(("Plan1", "B1:G1"))
    s.row("A3", ["", "x1", "x2", "alvo", "w13", "w23", "w34", "y3", "y4", "erro", "d4", "d3", "dw34", "dw13", "dw23"])
    s.row("R2", ["taxa", 0.4])
    steps = 6
    for k in range(steps):
        r, up = 4 + 2 * k, 2 + 2 * k
        s.put(f"A{r}", f"passo {k + 1}")
        s.row(f"B{r}", [1.0, round(0.3 + 0.1 * (k % 3), 1), 0.8])
        for j, name in enumerate("EFG"):
            if not k:
                s.put(f"{name}{r}", [0.5, -0.3, 0.7][j])
            else:
                s.put(f"{name}{r}", f"={name}{up + 1}", f"copy {name}")
        lock = "$" if not k else ""
        s.put(f"H{r}", f"=1/(1+EXP(-({lock}B{lock}{r}*E{r}+C{r}*F{r})))", "y3")
        s.put(f"I{r}", f"=1/(1+EXP(-(G{r}*H{r})))", "y4")
        s.put(f"J{r}", f"=D{r}-I{r}", "erro")
        s.put(f"Q{r}", f"=J{r}^2/2", "E")
        s.put(f"K{r}", f"=J{r}*I{r}*(1-I{r})", "d4", True, slope_of_the_neighbour=f"=J{r}*H{r}*(1-H{r})")
        s.put(
            f"L{r}",
            f"=K{r}*G{r}*H{r}*(1-H{r})",
            "d3",
            True,
            change_for_δ=f"=M{r}*G{r}*H{r}*(1-H{r})",
            slope_left_out=f"=K{r}*G{r}",
            new_weight=f"=K{r}*G{r + 1}*H{r}*(1-H{r})",
        )
        s.put(
            f"M{r}",
            f"=$S$2*K{r}*H{r}",
            "dw34",
            True,
            input_of_the_neighbour=f"=$S$2*K{r}*B{r}",
            η_left_out=f"=K{r}*H{r}",
        )
        s.put(
            f"N{r}",
            f"=$S$2*L{r}*B{r}",
            "dw13",
            True,
            wrong_δ=f"=$S$2*K{r}*B{r}",
            input_of_the_neighbour=f"=$S$2*L{r}*C{r}",
        )
        s.put(f"O{r}", f"=$S$2*L{r}*C{r}", "dw23", True, wrong_δ=f"=$S$2*K{r}*C{r}", η_twice=f"=$S$2*$S$2*L{r}*C{r}")
        s.put(f"A{r + 1}", "novos pesos")
        for name, change in (("E", "N"), ("F", "O"), ("G", "M")):
            s.put(
                f"{name}{r + 1}",
                f"={name}{r}+{change}{r}",
                f"new {name}",
                True,
                sign=f"={name}{r}-{change}{r}",
                wrong_change=f"={name}{r}+{'O' if change == 'N' else 'N'}{r}",
            )
        s.step({f"{n}{r}": f"{n}{r + 1}" for n in "EFG"}, f"Q{r}", "S2")
    return s.plan


def bias_as_row() -> Plan:
    """One layer by MMULT: X has a row of ones, W stands transposed, the samples are columns; epochs go to the right."""
    s = Draft("bias as a row of X", "layer")
    s.row("A1", ["X (last row: bias)", "", "", "", "", "", "T", "", "", "", "", "lr", 0.5])
    for i in range(2):
        s.row(f"A{2 + i}", [round(s.random.uniform(0, 1), 2) for _ in range(4)])
        s.row(f"G{2 + i}", [round(s.random.uniform(0.1, 0.9), 2) for _ in range(4)])
    s.row("A4", [1, 1, 1, 1])
    epochs = 4
    for k in range(epochs + 1):
        left = 1 + 13 * k
        w = f"{column_name(left)}8:{column_name(left + 2)}9"
        if not k:
            for i in range(2):
                s.row(f"A{8 + i}", [round(s.random.uniform(-0.8, 0.8), 2) for _ in range(3)])
        else:
            before = left - 13
            area = f"{column_name(before)}8:{column_name(before + 2)}9"
            gradient = f"{column_name(before)}22:{column_name(before + 2)}23"
            cell = f"{column_name(left)}8"
            s.put(
                cell,
                f"={area}-$M$1*{gradient}",
                "W",
                True,
                sign=f"={area}+$M$1*{gradient}",
                η_left_out=f"={area}-{gradient}",
            )
            s.plan.arrays[s.at(cell)] = (2, 3)
        s.put(f"{column_name(left)}7", f"W after {k} epochs")
        if k == epochs:
            break
        c = column_name(left)
        last = column_name(left + 3)
        s.put(f"{c}11", f"=1/(1+EXP(-MMULT({w},$A$2:$D$4)))", "A")
        s.plan.arrays[s.at(f"{c}11")] = (2, 4)
        s.put(
            f"{c}14",
            f"=({c}11:{last}12-$G$2:$J$3)*{c}11:{last}12*(1-{c}11:{last}12)",
            "delta",
            True,
            slope_left_out=f"=({c}11:{last}12-$G$2:$J$3)",
            slope_of_tanh=f"=({c}11:{last}12-$G$2:$J$3)*(1-{c}11:{last}12^2)",
        )
        s.plan.arrays[s.at(f"{c}14")] = (2, 4)
        s.put(f"{c}18", f"=SUMXMY2({c}11:{last}12,$G$2:$J$3)/2", "loss")
        s.put(
            f"{c}22",
            f"=MMULT({c}14:{last}15,TRANSPOSE($A$2:$D$4))",
            "G",
            True,
            sign=f"=-MMULT({c}14:{last}15,TRANSPOSE($A$2:$D$4))",
        )
        s.plan.arrays[s.at(f"{c}22")] = (2, 3)
        pairs = {
            f"{column_name(left + j)}{8 + i}": f"{column_name(left + 13 + j)}{8 + i}"
            for i in range(2)
            for j in range(3)
        }
        s.step(pairs, f"{c}18", "M1")
    return s.plan


def three_layers_copied_masks() -> Plan:
    """x → relu → relu → linear by single cells, masks as columns of their own, one of them a copy."""
    s = Draft("relu masks as copies", "mlp")
    s.row("A1", ["lr", 0.05, "", "three layers, relu"])
    s.row(
        "A2",
        [
            "x1",
            "x2",
            "t",
            "u1",
            "u2",
            "v1",
            "v2",
            "p1",
            "p2",
            "z1",
            "z2",
            "a1",
            "a2",
            "s1",
            "s2",
            "c1",
            "c2",
            "y",
            "loss",
            "dy",
            "dc1",
            "m1",
            "dc2",
            "m2",
            "ds1",
            "ds2",
            "da1",
            "dz1",
            "da2",
            "dz2",
        ],
    )
    names = "DEFGHI"
    starts = (0.6, 0.4, 0.8, 0.3, 0.7, 0.5)
    for k in range(7):
        r = 3 + k
        s.row(
            f"A{r}",
            [round(s.random.uniform(0.2, 1), 2), round(s.random.uniform(0.2, 1), 2), round(s.random.uniform(0, 1), 2)],
        )
        if not k:
            s.row(f"D{r}", starts)
        s.put(f"J{r}", f"=D{r}*A{r}", "z1")
        s.put(f"K{r}", f"=E{r}*B{r}", "z2")
        s.put(f"L{r}", f"=MAX(0,J{r})", "a1")
        s.put(f"M{r}", f"=MAX(0,K{r})", "a2")
        s.put(f"N{r}", f"=F{r}*L{r}-0.2*M{r}", "s1")
        s.put(f"O{r}", f"=G{r}*M{r}-0.9*L{r}", "s2")
        s.put(f"P{r}", f"=MAX(0,N{r})", "c1")
        s.put(f"Q{r}", f"=MAX(0,O{r})", "c2")
        s.put(f"R{r}", f"=H{r}*P{r}+I{r}*Q{r}", "y")
        s.put(f"S{r}", f"=(R{r}-C{r})^2", "loss")
        s.put(f"T{r}", f"=2*(R{r}-C{r})", "dy", True, factor_left_out=f"=(R{r}-C{r})")
        s.put(f"U{r}", f"=T{r}*H{r}", "dc1", True)
        s.put(f"V{r}", f"=IF(N{r}>0,1,0)", "m1")
        s.put(f"W{r}", f"=T{r}*I{r}", "dc2", True)
        s.put(f"X{r}", f"=IF(O{r}>0,1,0)", "m2", False, mask_of_the_neighbour=f"=V{r}")
        s.put(f"Y{r}", f"=U{r}*V{r}", "ds1", True, mask_left_out=f"=U{r}")
        s.put(f"Z{r}", f"=W{r}*X{r}", "ds2", True, mask_left_out=f"=W{r}", wrong_mask=f"=W{r}*V{r}")
        s.put(f"AA{r}", f"=Y{r}*F{r}-0.9*Z{r}", "da1", True, a_term_left_out=f"=Y{r}*F{r}")
        s.put(f"AB{r}", f"=AA{r}*(J{r}>0)", "dz1", True)
        s.put(f"AC{r}", f"=Z{r}*G{r}-0.2*Y{r}", "da2", True, sign_of_a_term=f"=Z{r}*G{r}+0.2*Y{r}")
        s.put(f"AD{r}", f"=AC{r}*(K{r}>0)", "dz2", True)
        for name, gradient in zip(
            names, (f"AB{r}*A{r}", f"AD{r}*B{r}", f"Y{r}*L{r}", f"Z{r}*M{r}", f"T{r}*P{r}", f"T{r}*Q{r}"), strict=True
        ):
            s.put(
                f"{name}{r + 1}",
                f"={name}{r}-$B$1*{gradient}",
                f"new {name}",
                True,
                η_slides=f"={name}{r}-B{k + 1}*{gradient}",
                sign=f"={name}{r}+$B$1*{gradient}",
            )
        s.step({f"{n}{r}": f"{n}{r + 1}" for n in names}, f"S{r}", "B1")
    s.row(
        "A13",
        [
            "test",
            "x1",
            0.3,
            "x2",
            0.9,
            "y",
            "=H10*MAX(0,F10*MAX(0,D10*C13)-0.2*MAX(0,E10*E13))+I10*MAX(0,G10*MAX(0,E10*E13)-0.9*MAX(0,D10*C13))",
        ],
    )
    return s.plan


def sample_by_mod() -> Plan:
    """One neuron; the sample of each row is chosen by MOD(ROW()…), the error is averaged over the last four rows."""
    s = Draft("sample by MOD(ROW)", "neuron")
    s.row("A1", ["No", "x1", "x2", "t"])
    data = [[round(s.random.uniform(0, 1), 2), round(s.random.uniform(0, 1), 2), float(k % 2)] for k in range(4)]
    for k, row in enumerate(data):
        s.row(f"A{2 + k}", [k + 1, *row])
    s.row("F1", ["a", 0.9])
    s.row("A8", ["n", "x1", "x2", "t", "w1", "w2", "b", "y", "E", "mean of 4", "g1", "g2", "gb"])
    s.row("E9", [0.2, -0.4, 0.1])
    for k in range(14):
        r = 9 + k
        s.put(f"A{r}", "=MOD(ROW()-9,4)+1", "input n")
        for name in "BCD":
            s.put(f"{name}{r}", f"=INDEX({name}$2:{name}$5,$A{r})", f"input {name}")
        s.put(f"H{r}", f"=1/(1+EXP(-SUMPRODUCT(B{r}:C{r},E{r}:F{r})-G{r}))", "y")
        s.put(f"I{r}", f"=-D{r}*LN(H{r})-(1-D{r})*LN(1-H{r})", "E")
        if k > 2:
            s.put(f"J{r}", f"=AVERAGE(I{r - 3}:I{r})", "mean")
        s.put(
            f"K{r}",
            f"=(H{r}-D{r})*B{r}",
            "g1",
            True,
            input_of_the_neighbour=f"=(H{r}-D{r})*C{r}",
            slope_too_much=f"=(H{r}-D{r})*H{r}*(1-H{r})*B{r}",
        )
        s.put(
            f"L{r}",
            f"=(H{r}-D{r})*C{r}",
            "g2",
            True,
            sign=f"=(D{r}-H{r})*C{r}",
            sample_of_the_next_row=f"=(H{r}-D{r})*C{r - 1}",
        )
        s.put(f"M{r}", f"=H{r}-D{r}", "gb", True, multiplied_by_an_input=f"=(H{r}-D{r})*B{r}")
        for name, gradient in zip("EFG", "KLM", strict=True):
            s.put(
                f"{name}{r + 1}",
                f"={name}{r}-$G$1*{gradient}{r}",
                f"new {name}",
                True,
                η_left_out=f"={name}{r}-{gradient}{r}",
                gradient_of_the_neighbour=f"={name}{r}-$G$1*{'L' if gradient == 'K' else 'K'}{r}",
            )
        s.step({f"{n}{r}": f"{n}{r + 1}" for n in "EFG"}, f"I{r}", "G1")
    return s.plan


MESSY: dict[str, Callable[[], Plan]] = {
    made().layout: made
    for made in (epochs_with_index, first_row_differs, bias_as_row, three_layers_copied_masks, sample_by_mod)
}
"""Layout → what makes its right sheet."""
