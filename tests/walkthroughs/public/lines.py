"""Straight lines, planes and parabolas fitted by gradient descent, as blogs and courses lay them out."""

from __future__ import annotations

from tests.walkthroughs.drafting import Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan

SIZES, PRICES = (
    (1100, 1400, 1425, 1550, 1600, 1700, 1700, 1875, 2350, 2450),
    (199, 245, 319, 240, 312, 279, 310, 308, 405, 324),
)


def house_prices() -> Plan:
    """Prices by sizes, scaled by MIN and MAX; a block of ten rows a step, totals below, the rate typed in the formulas."""
    s = Draft("public: house prices, blocks", "GD")
    s.row("A1", ["HOUSING DATA"])
    s.row("A2", ["House Size (X)", "House Price (Y)", "X scaled", "Y scaled"])
    for k, (size, price) in enumerate(zip(SIZES, PRICES, strict=True)):
        s.row(f"A{3 + k}", [size, price])
        s.put(f"C{3 + k}", f"=(A{3 + k}-MIN(A$3:A$12))/(MAX(A$3:A$12)-MIN(A$3:A$12))", "input x")
        s.put(f"D{3 + k}", f"=(B{3 + k}-MIN(B$3:B$12))/(MAX(B$3:B$12)-MIN(B$3:B$12))", "input y")
    for step in range(4):
        top = 4 + 15 * step
        s.row(
            f"F{top - 3}",
            ["a", 0.45 if not step else f"=O{top - 4}", "b", 0.75 if not step else f"=P{top - 4}"],
            "copy",
        )
        s.row(f"F{top - 2}", ["X", "Y", "Y_pred=a+bX", "SSE=1/2(Y-YP)^2", "dSSE/da=-(Y-YP)", "dSSE/db=-(Y-YP)X"])
        for k in range(10):
            r, top_row = top - 1 + k, top - 3
            s.put(f"F{r}", f"=$C{3 + k}", "input X")
            s.put(f"G{r}", f"=$D{3 + k}", "input Y")
            s.put(f"H{r}", f"=$G${top_row}+$I${top_row}*F{r}", "YP")
            s.put(f"I{r}", f"=0.5*(G{r}-H{r})^2", "SSE")
            s.put(f"J{r}", f"=-(G{r}-H{r})", "da", sign=f"=G{r}-H{r}")
            s.put(
                f"K{r}",
                f"=-(G{r}-H{r})*F{r}",
                "db",
                input_left_out=f"=-(G{r}-H{r})",
                target_for_the_input=f"=-(G{r}-H{r})*G{r}",
            )
        last = top + 8
        s.row(f"H{last + 1}", ["Total", *(f"=SUM({c}{top - 1}:{c}{last})" for c in "IJK")], "total")
        s.slip("a sample short", "J", range(last + 1, last + 2), f"=SUM(J{top - 1}:J{last - 1})")
        s.slip("wrong column", "K", range(last + 1, last + 2), f"=SUM(J{top - 1}:J{last})")
        s.row(f"N{last + 2}", ["new a", "new b"]) if step == 9 else None
        s.put(f"N{last + 2}", "new")
        s.put(
            f"O{last + 2}",
            f"=G{top - 3}-0.01*J{last + 1}",
            "new a",
            wrong_gradient=f"=G{top - 3}-0.01*K{last + 1}",
            sign=f"=G{top - 3}+0.01*J{last + 1}",
        )
        s.put(
            f"P{last + 2}",
            f"=I{top - 3}-0.01*K{last + 1}",
            "new b",
            loss_for_the_gradient=f"=I{top - 3}-0.01*I{last + 1}",
            η_left_out=f"=I{top - 3}-K{last + 1}",
        )
        s.step({f"G{top - 3}": f"O{last + 2}", f"I{top - 3}": f"P{last + 2}"}, f"I{last + 1}", "0.01")
    return s.plan


def _blocks_link(step: int) -> int:
    return 4 + 15 * step


def data_at_the_side() -> Plan:
    """A line of an iteration, sums over named ranges, 2/n, m and c."""
    s = Draft("public: m and c, names", "Gradient Descent")
    s.plan.names.update({"X": "$A$4:$A$11", "Y": "$B$4:$B$11", "LR": "$E$1", "n": "$H$1"})
    s.row("A1", ["Linear Regression", "", "", "LR", 0.02, "", "n", "=COUNT(X)"])
    s.row("A3", ["x", "y"])
    s.down("A4", [1, 2, 3, 4, 5, 6, 7, 8])
    s.down("B4", [3.1, 4.9, 7.2, 9.1, 10.8, 13.2, 15.1, 16.7])
    columns = [
        ("iter", 0, "=D{p}+1"), ("m", 0, "=E{p}-LR*G{p}"), ("c", 0, "=F{p}-LR*H{p}"),
        ("dm", "", "=-2/n*SUMPRODUCT(X,Y-(E{r}*X+F{r}))"), ("dc", "", "=-2/n*SUMPRODUCT(Y-(E{r}*X+F{r}))"), ("MSE", "", "=SUMPRODUCT((Y-(E{r}*X+F{r}))^2)/n"),
    ]  # fmt: skip
    s.table("D4", 25, columns)
    rows = range(4, 29)
    s.slip("input left out", "G", rows, "=-2/n*SUMPRODUCT(Y-(E{r}*X+F{r}))")
    s.slip("factor left out", "H", rows, "=-1/n*SUMPRODUCT(Y-(E{r}*X+F{r}))")
    s.slip("gradient of the neighbour", "E", rows, "=E{p}-LR*H{p}")
    s.slip("sign", "F", rows, "=F{p}+LR*H{p}")
    s.slip("gradient of the next row", "F", rows, "=F{p}-LR*H{r}") if False else None
    s.slip("parameters swapped", "H", rows, "=-2/n*SUMPRODUCT(Y-(F{r}*X+E{r}))")
    s.steps(range(4, 28), {"E{r}": "E{n}", "F{r}": "F{n}"}, "I{r}", "LR")
    return s.plan


def iterations_as_columns() -> Plan:
    """An iteration a column: intercept and slope on top, predictions, errors and their squares under each other, AVERAGE below."""
    s = Draft("public: iterations as columns", "Sheet1")
    s.put("A1", "Gradient descent for y = intercept + slope * x")
    s.down(
        "A3",
        [
            "learning rate",
            "intercept",
            "slope",
            "",
            *(f"prediction {k}" for k in range(1, 6)),
            "",
            *(f"error {k}" for k in range(1, 6)),
            "",
            "MSE",
            "d intercept",
            "d slope",
        ],
    )
    s.row("B2", ["x", "y"])
    s.down("B7", [0.5, 2.3, 2.9, 1.4, 3.6])
    s.down("C7", [1.4, 1.9, 3.2, 1.6, 3.3])
    for k in range(8):
        c, p = column_name(5 + k), column_name(4 + k)
        s.put(f"{c}2", f"iteration {k}")
        s.put(f"{c}3", 0.05)
        s.put(
            f"{c}4", f"={p}4-{p}3*{p}20" if k else 0.0, "intercept", gradient_of_the_neighbour=f"={p}4-{p}3*{p}21"
        ) if k else s.put(f"{c}4", 0.0)
        s.put(
            f"{c}5", f"={p}5-{p}3*{p}21" if k else 1.0, "slope", η_left_out=f"={p}5-{p}21", sign=f"={p}5+{p}3*{p}21"
        ) if k else s.put(f"{c}5", 1.0)
        for i in range(5):
            s.put(f"{c}{7 + i}", f"={c}$4+{c}$5*$B{7 + i}", "prediction")
            s.put(f"{c}{13 + i}", f"={c}{7 + i}-$C{7 + i}", "error")
        s.put(f"{c}19", f"=SUMSQ({c}13:{c}17)/5", "MSE")
        s.put(f"{c}20", f"=2*AVERAGE({c}13:{c}17)", "d intercept", averages_the_wrong_block=f"=2*AVERAGE({c}7:{c}11)")
        s.put(
            f"{c}21",
            f"=2*SUMPRODUCT({c}13:{c}17,$B$7:$B$11)/5",
            "d slope",
            targets_for_inputs=f"=2*SUMPRODUCT({c}13:{c}17,$C$7:$C$11)/5",
            a_sample_short=f"=2*SUMPRODUCT({c}13:{c}16,$B$7:$B$10)/5",
        )
        if k:
            s.step({f"{p}4": f"{c}4", f"{p}5": f"{c}5"}, f"{p}19", f"{p}3")
    return s.plan


def thetas_over_a_sheet() -> Plan:
    """Two features, standardised by AVERAGE and STDEVP on a sheet of data; θ by iterations on another. Headers in German."""
    s = Draft("public: thetas, standardised", "Daten")
    s.row("A1", ["Fläche", "Zimmer", "Preis", "x1 normiert", "x2 normiert"])
    s.down("A2", [2104, 1600, 2400, 1416, 3000, 1985, 1534, 1427])
    s.down("B2", [3, 3, 3, 2, 4, 4, 3, 3])
    s.down("C2", [3.999, 3.299, 3.69, 2.32, 5.399, 2.999, 3.149, 1.989])
    for r in range(2, 10):
        s.put(f"D{r}", f"=(A{r}-AVERAGE(A$2:A$9))/STDEVP(A$2:A$9)", "input x1")
        s.put(f"E{r}", f"=(B{r}-AVERAGE(B$2:B$9))/STDEVP(B$2:B$9)", "input x2")
    s.sheet = "Abstieg"
    s.row("A1", ["Lernrate α", 0.3, "m", "=COUNT(Daten!C2:C9)"])
    x1, x2, y = "Daten!$D$2:$D$9", "Daten!$E$2:$E$9", "Daten!$C$2:$C$9"
    h = "$B{r}+$C{r}*" + x1 + "+$D{r}*" + x2 + "-" + y
    columns = [
        ("Schritt", [float(k) for k in range(12)], ""), ("θ0", 0.0, "=B{p}-$B$1*F{p}"), ("θ1", 0.0, "=C{p}-$B$1*G{p}"), ("θ2", 0.0, "=D{p}-$B$1*H{p}"),
        ("J(θ)", "", f"=SUMPRODUCT(({h})^2)/(2*$D$1)"), ("∂J/∂θ0", "", f"=SUMPRODUCT({h})/$D$1"), ("∂J/∂θ1", "", f"=SUMPRODUCT({h},{x1})/$D$1"), ("∂J/∂θ2", "", f"=SUMPRODUCT({h},{x2})/$D$1"),
    ]  # fmt: skip
    s.table("A4", 12, columns)
    rows = range(4, 16)
    s.slip("input of the neighbour", "H", rows, f"=SUMPRODUCT({h},{x1})/$D$1")
    s.slip("raw column", "G", rows, f"=SUMPRODUCT({h},Daten!$B$2:$B$9)/$D$1")
    s.slip("division left out", "F", rows, f"=SUMPRODUCT({h})")
    s.slip("number of samples", "H", rows, f"=SUMPRODUCT({h},{x2})/7")
    s.slip("gradient of the neighbour", "D", rows, "=D{p}-$B$1*G{p}")
    s.slip("η slides", "C", rows, "=C{p}-$D$1*G{p}")
    s.steps(range(4, 15), {"B{r}": "B{n}", "C{r}": "C{n}", "D{r}": "D{n}"}, "E{r}", "$B$1")
    return s.plan


def parabola_by_samples() -> Plan:
    """y = a·x² + b·x + c, one sample a row; the headers say only what the author needed."""
    s = Draft("public: parabola, SGD", "poly")
    s.row("A1", ["lr", 0.1])
    xs = [round(-1 + 0.31 * (k % 7), 2) for k in range(21)]
    columns = [
        ("x", xs, ""), ("y", [round(1.5 * x * x - 0.7 * x + 0.2 + 0.05 * (k % 3), 3) for k, x in enumerate(xs)], ""),
        ("a", 0.1, "=C{p}-$B$1*H{p}"), ("b", 0.1, "=D{p}-$B$1*I{p}"), ("c", 0.1, "=E{p}-$B$1*J{p}"),
        ("yhat", "", "=C{r}*A{r}^2+D{r}*A{r}+E{r}"), ("err^2", "", "=(B{r}-F{r})^2"),
        ("da", "", "=-2*(B{r}-F{r})*A{r}^2"), ("db", "", "=-2*(B{r}-F{r})*A{r}"), ("dc", "", "=-2*(B{r}-F{r})"),
    ]  # fmt: skip
    s.table("A3", 21, columns)
    rows = range(3, 24)
    s.slip("exponent left out", "H", rows, "=-2*(B{r}-F{r})*A{r}")
    s.slip("factor left out", "I", rows, "=-(B{r}-F{r})*A{r}")
    s.slip("sign", "J", rows, "=2*(B{r}-F{r})")
    s.slip("parameter for the input", "I", rows, "=-2*(B{r}-F{r})*D{r}")
    s.slip("gradient of the neighbour", "E", rows, "=E{p}-$B$1*I{p}")
    s.steps(range(3, 23), {"C{r}": "C{n}", "D{r}": "D{n}", "E{r}": "E{n}"}, "G{r}", "$B$1")
    return s.plan


def estimated_slopes() -> Plan:
    """Intercept and slope by samples; slopes are estimated by +0.01 beside the exact ones, which alone are used."""
    s = Draft("public: estimated and exact slopes", "basic SGD")
    s.row("A1", ["Intercept", 1, "Slope", 1, "Learn", 0.002])
    xs = [14, 86, 28, 51, 28, 29, 72, 62, 84, 15, 42, 62, 47, 35, 9, 38, 44, 99, 13, 21]
    columns = [
        ("x", [x / 10 for x in xs], ""), ("y", [round(0.2 * x + 3 + 0.1 * (x % 3), 2) for x in xs], ""), ("intercept", "=B1", "=K{p}"), ("slope", "=D1", "=L{p}"),
        ("y_pred", "", "=C{r}+D{r}*A{r}"), ("error^2", "", "=(B{r}-E{r})^2"),
        ("est de/db", "", "=((B{r}-(C{r}+0.01+D{r}*A{r}))^2-F{r})/0.01"), ("est de/da", "", "=((B{r}-(C{r}+(D{r}+0.01)*A{r}))^2-F{r})/0.01"),
        ("de/db", "", "=2*(C{r}+D{r}*A{r}-B{r})"), ("de/da", "", "=A{r}*I{r}"), ("new b", "", "=C{r}-$F$1*I{r}"), ("new a", "", "=D{r}-$F$1*J{r}"),
    ]  # fmt: skip
    s.table("A4", 20, columns)
    rows = range(4, 24)
    s.slip("sign", "I", rows, "=2*(B{r}-C{r}+D{r}*A{r})")
    s.slip("target for the input", "J", rows, "=B{r}*I{r}")
    s.slip("gradient of the neighbour", "L", rows, "=D{r}-$F$1*I{r}")
    s.slip("η slides", "K", rows, "=C{r}-$F{r}*I{r}")
    s.slip("η left out", "L", rows, "=D{r}-J{r}")
    s.put("E25", "RMSE")
    s.put("F25", "=SQRT(AVERAGE(F4:F23))")
    s.steps(rows, {"C{r}": "K{r}", "D{r}": "L{r}"}, "F{r}", "$F$1")
    return s.plan


def thousand_rows() -> Plan:
    """A thousand samples one by one, the learning rate falls with the row; notes in Spanish."""
    s = Draft("public: thousand rows", "Datos")
    s.row(
        "A1",
        [
            "Regresión lineal con descenso de gradiente estocástico",
            "",
            "",
            "",
            "tasa de aprendizaje",
            0.05,
            "decaimiento",
            0.001,
        ],
    )
    xs = [round(0.1 + 0.9 * ((k * 37) % 100) / 100, 2) for k in range(1000)]
    columns = [
        ("n", [float(k) for k in range(1000)], ""), ("x", xs, ""), ("y", [round(2 * x - 0.5 + 0.1 * ((k * 13) % 7 - 3) / 3, 3) for k, x in enumerate(xs)], ""),
        ("w", 0.0, "=D{p}-I{p}*H{p}*B{p}"), ("b", 0.0, "=E{p}-I{p}*H{p}"), ("ŷ", "", "=D{r}*B{r}+E{r}"), ("costo", "", "=(F{r}-C{r})^2/2"), ("error", "", "=F{r}-C{r}"),
        ("tasa", "", "=$F$1/(1+$H$1*A{r})"),
    ]  # fmt: skip
    s.table("A4", 1000, columns)
    s.slip("sign", "H", range(4, 1004), "=C{r}-F{r}")
    s.slip("input of the next row", "D", range(4, 1004), "=D{p}-I{p}*H{p}*B{r}")
    s.slip("η left out", "E", range(4, 1004), "=E{p}-H{p}")
    s.steps(range(4, 24), {"D{r}": "D{n}", "E{r}": "E{n}"}, "G{r}", "I{r}")
    return s.plan


def stops_by_itself() -> Plan:
    """The updates stop by IF once the gradient is small enough."""
    s = Draft("public: early stopping by IF", "fit")
    s.row("A1", ["x", 1, 2, 3, 4])
    s.row("A2", ["y", 2.1, 3.9, 6.2, 7.8])
    s.row("G1", ["step size", 0.05])
    s.row("G2", ["tolerance", 0.05])
    columns = [
        ("k", [float(k) for k in range(20)], ""), ("w", 0.5, "=IF(ABS(D{p})<$H$2,B{p},B{p}-$H$1*D{p})"),
        ("SSE/2n", "", "=SUMXMY2($B$2:$E$2,B{r}*$B$1:$E$1)/8"), ("slope", "", "=SUMPRODUCT(B{r}*$B$1:$E$1-$B$2:$E$2,$B$1:$E$1)/4"), ("stopped?", "", '=IF(ABS(D{r})<$H$2,"yes","no")'),
    ]  # fmt: skip
    s.table("A5", 20, columns)
    s.slip("targets for inputs", "D", range(5, 25), "=SUMPRODUCT(B{r}*$B$1:$E$1-$B$2:$E$2,$B$2:$E$2)/4")
    s.slip("sign", "B", range(5, 25), "=IF(ABS(D{p})<$H$2,B{p},B{p}+$H$1*D{p})")
    plan = s.plan
    moving = [r for r in range(5, 24) if abs(plan.values.value(s.at(f"D{r}"))) >= 0.05]
    for r in moving:
        s.step({f"B{r}": f"B{r + 1}"}, f"C{r}", "$H$1")
    return plan


LINES = (
    house_prices, data_at_the_side, iterations_as_columns, thetas_over_a_sheet, parabola_by_samples, estimated_slopes, thousand_rows, stops_by_itself,
)  # fmt: skip
