"""Other things that people train in a sheet, line by line: regressions over a table, recurrences, factors, kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.walkthroughs.networks import Line, Net, Program
from tests.walkthroughs.plan import chance

Slips = Mapping[str, str]
Lines = list[Line]


def line(name: str, formula: str, kind: str = "forward", **slips: str) -> Line:
    """A line; the slips by their names, with _ for blanks."""
    return Line(name, formula, kind, False, None, {slip.replace("_", " "): text for slip, text in slips.items()}, kind)


def parameter(name: str, start: float) -> Line:
    """A trained quantity."""
    return Line(name, "{-" + name + "+}", "parameter", True, start, {}, "parameters")


def updates(gradients: Mapping[str, str], sign: str = "-", rate: str = "{eta}") -> Lines:
    """Gradient descent for parameter → its gradient."""
    wrong, names = "+" if sign == "-" else "-", list(gradients)
    lines = []
    for number, (name, gradient) in enumerate(gradients.items()):
        slips = {
            "sign": f"{{{name}}}{wrong}{rate}*{gradient}",
            "η left out": f"{{{name}}}{sign}{gradient}",
            "η twice": f"{{{name}}}{sign}{rate}*{rate}*{gradient}",
        }
        if len(names) > 1:
            other = names[(number + 1) % len(names)]
            slips["gradient of the neighbour"] = f"{{{name}}}{sign}{rate}*{gradients[other]}"
            slips["weight of the neighbour"] = f"{{{other}}}{sign}{rate}*{gradient}"
        lines.append(Line(f"{name}+", f"{{{name}}}{sign}{rate}*{gradient}", "update", True, None, slips, "updates"))
    return lines


def made(
    lines: Sequence[Line], loss: str, data: Sequence[Mapping[str, float]], constants: Mapping[str, float], trained: Sequence[str],
    loss_cell: bool = True, rates: Mapping[str, str] | None = None,
) -> Program:  # fmt: skip
    """A program of these lines."""
    return Program(
        tuple(lines),
        tuple(data),
        constants,
        loss,
        Net(loss_cell=loss_cell, sizes=(1, 1, 1)),
        {name: f"{name}+" for name in trained},
        {},
        1.0,
        rates or {},
    )


def table(count: int, *columns: str, seed: str = "", whole: bool = False) -> list[dict[str, float]]:
    """Samples at random; the last column is a target."""
    source = chance("table", seed, count, columns)
    return [
        {
            c: float(source.randint(0, 1)) if whole and c == columns[-1] else round(source.uniform(0.1, 2.0), 2)
            for c in columns
        }
        for _ in range(count)
    ]


def inputs(*names: str) -> Lines:
    """Given quantities of a step."""
    return [Line(name, "", "input", False, None, {}, "data") for name in names]


def hidden_table(*names: str) -> Lines:
    """Columns of a table that formulas refer to as a whole."""
    return [Line(name, "", "table") for name in names]


def minimum() -> Program:
    """Gradient descent on a function of two variables."""
    lines = [
        parameter("x", 4.0), parameter("y", -2.5), line("f", "({x}-3)^2+2*({y}+1)^2+0.5*{x}*{y}", "loss"),
        line("gx", "2*({x}-3)+0.5*{y}", "gradient", factor_left_out="({x}-3)+0.5*{y}", term_left_out="2*({x}-3)"),
        line("gy", "4*({y}+1)+0.5*{x}", "gradient", wrong_variable="4*({x}+1)+0.5*{x}", factor="2*({y}+1)+0.5*{x}"),
        *updates({"x": "{gx}", "y": "{gy}"}),
    ]  # fmt: skip
    return made(lines, "{f}", [{}], {"eta": 0.1}, ("x", "y"))


def regression_over_table(count: int = 8, loss_cell: bool = True) -> Program:
    """A row an iteration; sums over a table of the data."""
    e = "({m}*{table x}+{b}-{table y})"
    mse = f"SUMPRODUCT({e}^2)/{count}"
    lines = [
        *hidden_table("x", "y"), parameter("m", 0.2), parameter("b", 0.1), *([line("E", mse, "loss")] if loss_cell else []),
        line("gm", f"2*SUMPRODUCT({e}*{{table x}})/{count}", "gradient", input_left_out=f"2*SUMPRODUCT({e})/{count}", factor_left_out=f"SUMPRODUCT({e}*{{table x}})/{count}", wrong_column=f"2*SUMPRODUCT({e}*{{table y}})/{count}"),
        line("gb", f"2*SUMPRODUCT({e}*1)/{count}", "gradient", sum_for_mean=f"2*SUMPRODUCT({e}*1)", multiplied_by_an_input=f"2*SUMPRODUCT({e}*{{table x}})/{count}"),
        *updates({"m": "{gm}", "b": "{gb}"}),
    ]  # fmt: skip
    return made(lines, mse, table(count, "x", "y"), {"eta": 0.1}, ("m", "b"), loss_cell)


def logistic_over_table(count: int = 10) -> Program:
    """Logistic regression, a row an iteration, log-likelihood over a table."""
    p = "1/(1+EXP(-({w1}*{table x1}+{w2}*{table x2}+{b})))"
    loss = f"-SUMPRODUCT({{table y}}*LN({p})+(1-{{table y}})*LN(1-{p}))/{count}"
    gradient = f"SUMPRODUCT(({p}-{{table y}})*{{table %}})/{count}"
    lines = [
        *hidden_table("x1", "x2", "y"), parameter("w1", 0.1), parameter("w2", -0.2), parameter("b", 0.0), line("E", loss, "loss"),
        line("g1", gradient.replace("%", "x1"), "gradient", wrong_column=gradient.replace("%", "x2"), slope_too_much=gradient.replace("%", "x1").replace(f"({p}-", f"({p}*(1-{p})*({p}-").replace("})*{table x1}", "}))*{table x1}")),
        line("g2", gradient.replace("%", "x2"), "gradient", wrong_column=gradient.replace("%", "y")),
        line("gb", gradient.replace("*{table %}", "*1"), "gradient", mean_left_out=gradient.replace("*{table %}", "*1")[: -len(f"/{count}")]),
        *updates({"w1": "{g1}", "w2": "{g2}", "b": "{gb}"}),
    ]  # fmt: skip
    return made(lines, loss, table(count, "x1", "x2", "y", whole=True), {"eta": 0.6}, ("w1", "w2", "b"))


def decaying_rate() -> Program:
    """η falls with the iteration."""
    lines = [
        Line("k", "{-k}+1", "extra", True, 0.0, {}, "count"), *inputs("x", "t"), parameter("w", 0.3), parameter("b", -0.1),
        line("rate", "{eta}/(1+0.2*{k})", "forward"), line("z", "{w}*{x}+{b}"), line("a", "1/(1+EXP(-{z}))"), line("E", "({a}-{t})^2/2", "loss"),
        line("d", "({a}-{t})*{a}*(1-{a})", "backward", slope_left_out="({a}-{t})", slope_of_tanh="({a}-{t})*(1-{a}^2)"),
        *updates({"w": "{d}*{x}", "b": "{d}"}, rate="{rate}"),
    ]  # fmt: skip
    return made(
        lines, "{E}", table(5, "x", "t", seed="decay"), {"eta": 0.8}, ("w", "b"), rates={"w": "{rate}", "b": "{rate}"}
    )


def two_rates() -> Program:
    """The bias learns at a rate of its own."""
    lines = [
        *inputs("x1", "x2", "t"), parameter("w1", 0.3), parameter("w2", 0.5), parameter("b", -0.1),
        line("z", "{w1}*{x1}+{w2}*{x2}+{b}"), line("E", "({z}-{t})^2", "loss"), line("e", "2*({z}-{t})", "backward", sign="2*({t}-{z})"),
        *updates({"w1": "{e}*{x1}", "w2": "{e}*{x2}"}), *updates({"b": "{e}"}, rate="{eta_b}"),
    ]  # fmt: skip
    return made(
        lines,
        "{E}",
        table(6, "x1", "x2", "t", seed="rates"),
        {"eta": 0.05, "eta_b": 0.05 / 4},
        ("w1", "w2", "b"),
        rates={"b": "{eta_b}"},
    )


def factors() -> Program:
    """Two users, two items, two hidden features: ratings as products, with weight decay in the loss."""
    names = [f"{m}{i}_{f}" for m in "pq" for i in (1, 2) for f in (1, 2)]
    ratings = {"r1_1": 5.0, "r1_2": 3.0, "r2_1": 4.0, "r2_2": 1.0}
    lines = [*inputs(*ratings), *(parameter(name, 0.4 + 0.13 * k) for k, name in enumerate(names))]
    cells = [(i, j) for i in (1, 2) for j in (1, 2)]
    for i, j in cells:
        lines.append(line(f"e{i}_{j}", f"{{r{i}_{j}}}-({{p{i}_1}}*{{q{j}_1}}+{{p{i}_2}}*{{q{j}_2}})", "forward"))
    squares = "+".join(f"{{e{i}_{j}}}^2" for i, j in cells)
    lines.append(line("E", f"{squares}+0.02*(SUMSQ({{p1_1..q2_2}}))", "loss"))
    gradients = {}
    for name in names:
        m, i, f = name[0], int(name[1]), name[3]
        errors = [f"e{i}_{k}" if m == "p" else f"e{k}_{i}" for k in (1, 2)]
        other = "q" if m == "p" else "p"
        total = "+".join(f"{{{e}}}*{{{other}{k}_{f}}}" for k, e in enumerate(errors, 1))
        half = f"{{{errors[0]}}}*{{{other}1_{f}}}"
        lines.append(
            line(
                f"g{name}",
                f"-2*({total})+0.04*{{{name}}}",
                "gradient",
                term_left_out=f"-2*({half})+0.04*{{{name}}}",
                decay_left_out=f"-2*({total})",
                sign=f"2*({total})+0.04*{{{name}}}",
            )
        )
        gradients[name] = f"{{g{name}}}"
    return made([*lines, *updates(gradients)], "{E}", [ratings], {"eta": 0.03}, names)


def recurrent() -> Program:
    """Backpropagation through time: three time steps, shared weights."""
    lines = [
        *inputs("x1", "x2", "x3", "t1", "t2", "t3"),
        parameter("w", 0.6),
        parameter("u", -0.4),
        parameter("v", 0.8),
        parameter("b", 0.1),
    ]
    for k in (1, 2, 3):
        before = f"+{{u}}*{{h{k - 1}}}" if k > 1 else ""
        lines += [
            line(f"z{k}", f"{{w}}*{{x{k}}}{before}+{{b}}"),
            line(f"h{k}", f"TANH({{z{k}}})"),
            line(f"o{k}", f"{{v}}*{{h{k}}}"),
        ]
    lines.append(line("E", "+".join(f"0.5*({{o{k}}}-{{t{k}}})^2" for k in (1, 2, 3)), "loss"))
    for k in (3, 2, 1):
        later = f"+{{d{k + 1}}}*{{u}}" if k < 3 else ""
        lines += [
            line(f"e{k}", f"{{o{k}}}-{{t{k}}}", "backward", wrong_time=f"{{o{k}}}-{{t{k % 3 + 1}}}"),
            line(f"d{k}", f"({{e{k}}}*{{v}}{later})*(1-{{h{k}}}^2)", "backward", later_times_left_out=f"{{e{k}}}*{{v}}*(1-{{h{k}}}^2)", slope_of_sigmoid=f"({{e{k}}}*{{v}}{later})*{{h{k}}}*(1-{{h{k}}})", slope_of_another_time=f"({{e{k}}}*{{v}}{later})*(1-{{h{k % 3 + 1}}}^2)"),
        ]  # fmt: skip
    lines += [
        line(
            "gw",
            "{d1}*{x1}+{d2}*{x2}+{d3}*{x3}",
            "gradient",
            last_time_only="{d3}*{x3}",
            wrong_order="{d1}*{x3}+{d2}*{x2}+{d3}*{x1}",
        ),
        line("gu", "{d2}*{h1}+{d3}*{h2}", "gradient", state_of_the_same_time="{d2}*{h2}+{d3}*{h3}"),
        line("gv", "{e1}*{h1}+{e2}*{h2}+{e3}*{h3}", "gradient", δ_for_error="{d1}*{h1}+{d2}*{h2}+{d3}*{h3}"),
        line("gb", "{d1}+{d2}+{d3}", "gradient", a_time_left_out="{d1}+{d2}"),
        *updates({name: f"{{g{name}}}" for name in "wuvb"}),
    ]
    return made(lines, "{E}", table(3, "x1", "x2", "x3", "t1", "t2", "t3", seed="rnn"), {"eta": 0.2}, tuple("wuvb"))


def kernel() -> Program:
    """A convolution of five numbers by three, with relu and a mean squared error."""
    lines = [
        *inputs(*(f"x{i}" for i in range(1, 6)), "t1", "t2", "t3"),
        *(parameter(f"k{i}", v) for i, v in ((1, 0.5), (2, -0.3), (3, 0.8))),
        parameter("b", 0.1),
    ]
    for j in (1, 2, 3):
        lines.append(line(f"c{j}", f"SUMPRODUCT({{x{j}..x{j + 2}}},{{k1..k3}})+{{b}}"))
    lines += [line(f"r{j}", f"MAX({{c{j}}},0)") for j in (1, 2, 3)]
    lines.append(line("E", "(({r1}-{t1})^2+({r2}-{t2})^2+({r3}-{t3})^2)/3", "loss"))
    for j in (1, 2, 3):
        lines.append(
            line(
                f"d{j}",
                f"2/3*({{r{j}}}-{{t{j}}})*({{c{j}}}>0)",
                "backward",
                mask_left_out=f"2/3*({{r{j}}}-{{t{j}}})",
                sign=f"2/3*({{t{j}}}-{{r{j}}})*({{c{j}}}>0)",
                wrong_target=f"2/3*({{r{j}}}-{{t{j % 3 + 1}}})*({{c{j}}}>0)",
            )
        )
    for i in (1, 2, 3):
        other = 2 if i == 1 else 1
        lines.append(
            line(
                f"gk{i}",
                f"SUMPRODUCT({{d1..d3}},{{x{i}..x{i + 2}}})",
                "gradient",
                shifted=f"SUMPRODUCT({{d1..d3}},{{x{other}..x{other + 2}}})",
                a_place_short=f"SUMPRODUCT({{d1..d2}},{{x{i}..x{i + 1}}})",
            )
        )
    lines.append(line("gb", "SUM({d1..d3})", "gradient", a_place_short="SUM({d1..d2})"))
    lines += updates({**{f"k{i}": f"{{gk{i}}}" for i in (1, 2, 3)}, "b": "{gb}"})
    return made(
        lines,
        "{E}",
        table(3, *(f"x{i}" for i in range(1, 6)), "t1", "t2", "t3", seed="kernel"),
        {"eta": 0.1},
        ("k1", "k2", "k3", "b"),
    )


def tied() -> Program:
    """An autoencoder whose decoder has the encoder's weights."""
    lines = [
        *inputs("x1", "x2"), parameter("w1", 0.7), parameter("w2", 0.4), parameter("b", 0.05), line("h", "1/(1+EXP(-({w1}*{x1}+{w2}*{x2}+{b})))"),
        line("y1", "{w1}*{h}"), line("y2", "{w2}*{h}"), line("E", "SUMXMY2({y1..y2},{x1..x2})/2", "loss"), line("e1", "{y1}-{x1}", "backward"), line("e2", "{y2}-{x2}", "backward"),
        line("d", "({e1}*{w1}+{e2}*{w2})*{h}*(1-{h})", "backward", slope_left_out="({e1}*{w1}+{e2}*{w2})", a_term_left_out="{e1}*{w1}*{h}*(1-{h})"),
        line("g1", "{e1}*{h}+{d}*{x1}", "gradient", decoder_only="{e1}*{h}", encoder_only="{d}*{x1}"), line("g2", "{e2}*{h}+{d}*{x2}", "gradient", wrong_input="{e2}*{h}+{d}*{x1}"),
        *updates({"w1": "{g1}", "w2": "{g2}", "b": "{d}"}),
    ]  # fmt: skip
    return made(lines, "{E}", table(4, "x1", "x2", seed="tied"), {"eta": 0.3}, ("w1", "w2", "b"))


def robust(kind: str) -> Program:
    """A line fitted with the Huber, absolute, hinge or ridge loss."""
    loss, slope = {
        "huber": ("IF(ABS({e})<=0.5,0.5*{e}^2,0.5*(ABS({e})-0.25))", "IF(ABS({e})<=0.5,{e},0.5*SIGN({e}))"),
        "absolute": ("ABS({e})", "SIGN({e})"),
        "ridge": ("0.5*{e}^2+0.05*({w}^2+{b}^2)", "{e}"),
    }[kind]
    decay = "+0.1*{%}" if kind == "ridge" else ""
    lines = [
        *inputs("x", "t"), parameter("w", 0.3), parameter("b", 0.2), line("z", "{w}*{x}+{b}"), line("e", "{z}-{t}"), line("E", loss, "loss"), line("d", slope, "backward", sign=f"-({slope})"),
        line("gw", "{d}*{x}" + decay.replace("%", "w"), "gradient", input_left_out="{d}" + decay.replace("%", "w")), line("gb", "{d}" + decay.replace("%", "b"), "gradient", multiplied_by_an_input="{d}*{x}" + decay.replace("%", "b")),
        *updates({"w": "{gw}", "b": "{gb}"}),
    ]  # fmt: skip
    return made(lines, "{E}", table(5, "x", "t", seed=kind), {"eta": 0.1}, ("w", "b"))


def hinge() -> Program:
    """A support vector machine by subgradients; targets are −1 and 1."""
    lines = [
        *inputs("x1", "x2", "t"), parameter("w1", 0.2), parameter("w2", -0.1), parameter("b", 0.0), line("z", "{w1}*{x1}+{w2}*{x2}+{b}"), line("E", "MAX(0,1-{t}*{z})", "loss"),
        line("d", "IF({t}*{z}<1,-{t},0)", "backward", condition_left_out="-{t}", sign="IF({t}*{z}<1,{t},0)"), *updates({"w1": "{d}*{x1}", "w2": "{d}*{x2}", "b": "{d}"}),
    ]  # fmt: skip
    data = [
        {"x1": 1.2, "x2": 0.7, "t": 1.0},
        {"x1": -0.5, "x2": 0.4, "t": -1.0},
        {"x1": 0.3, "x2": -1.1, "t": -1.0},
        {"x1": 0.9, "x2": 1.5, "t": 1.0},
    ]
    return made(lines, "{E}", data, {"eta": 0.1}, ("w1", "w2", "b"))


def step_rule(plus_minus: bool = False) -> Program:
    """The perceptron with IF: weights move only where the output is wrong."""
    low = "-1" if plus_minus else "0"
    lines = [
        *inputs("x1", "x2", "t"), parameter("w1", 0.34), parameter("w2", -0.13), parameter("b", 0.25), line("z", "{w1}*{x1}+{w2}*{x2}+{b}"), line("y", f"IF({{z}}>=0,1,{low})"), line("err", "{t}-{y}", "backward", sign="{y}-{t}"),
    ]  # fmt: skip
    for name, given in (("w1", "*{x1}"), ("w2", "*{x2}"), ("b", "")):
        other = {"w1": "*{x2}", "w2": "*{x1}", "b": "*{x1}"}[name]
        slips = {
            "wrong input": f"IF({{err}}<>0,{{{name}}}+{{eta}}*{{err}}{other},{{{name}}})",
            "sign": f"IF({{err}}<>0,{{{name}}}-{{eta}}*{{err}}{given},{{{name}}})",
            "η left out": f"IF({{err}}<>0,{{{name}}}+{{err}}{given},{{{name}}})",
        }
        lines.append(
            Line(
                f"{name}+",
                f"IF({{err}}<>0,{{{name}}}+{{eta}}*{{err}}{given},{{{name}}})",
                "update",
                True,
                None,
                slips,
                "updates",
            )
        )
    low_value = -1.0 if plus_minus else 0.0
    data = [{"x1": float(i), "x2": float(j), "t": 1.0 if i and j else low_value} for i in (0, 1) for j in (0, 1)]
    return made(lines, "({y}-{t})*{z}", data, {"eta": 0.1}, ("w1", "w2", "b"), loss_cell=False)


def without_two() -> Program:
    """The loss is (t − a)², the gradients leave out its factor 2: right up to a factor."""
    lines = [
        *inputs("x", "t"), parameter("w", 0.3), parameter("b", -0.2), line("z", "{w}*{x}+{b}"), line("a", "1/(1+EXP(-{z}))"), line("E", "({t}-{a})^2", "loss"),
        line("d", "({a}-{t})*{a}*(1-{a})", "backward"), *updates({"w": "{d}*{x}", "b": "{d}"}),
    ]  # fmt: skip
    return made(lines, "0.5*{E}", table(4, "x", "t", seed="two"), {"eta": 0.5}, ("w", "b"))


def rounded() -> Program:
    """Every value is rounded in its cell."""
    lines = [
        *inputs("x", "t"), parameter("w", 0.31), parameter("b", -0.27), line("z", "ROUND({w}*{x}+{b},4)"), line("a", "ROUND(1/(1+EXP(-{z})),4)"), line("E", "ROUND(0.5*({t}-{a})^2,6)", "loss"),
        line("d", "ROUND(({a}-{t})*{a}*(1-{a}),5)", "backward", slope_left_out="ROUND(({a}-{t}),5)"),
        *(Line(f"{n}+", f"ROUND({{{n}}}-{{eta}}*{{d}}{x},4)", "update", True, None, {"sign": f"ROUND({{{n}}}+{{eta}}*{{d}}{x},4)"}, "updates") for n, x in (("w", "*{x}"), ("b", ""))),
    ]  # fmt: skip
    return made(lines, "{E}", table(4, "x", "t", seed="rounded"), {"eta": 0.5}, ("w", "b"))


def stable_softmax() -> Program:
    """Softmax with its largest net input subtracted; one of three classes."""
    lines = [
        *inputs("x", "t1", "t2", "t3"),
        *(parameter(f"w{j}", v) for j, v in ((1, 0.3), (2, -0.2), (3, 0.5))),
        *(parameter(f"b{j}", 0.05 * j) for j in (1, 2, 3)),
    ]
    lines += [line(f"z{j}", f"{{w{j}}}*{{x}}+{{b{j}}}") for j in (1, 2, 3)]
    lines += [line(f"s{j}", f"EXP({{z{j}}}-MAX({{z1..z3}}))") for j in (1, 2, 3)]
    lines += [line(f"a{j}", f"{{s{j}}}/SUM({{s1..s3}})") for j in (1, 2, 3)]
    lines.append(line("E", "-SUMPRODUCT({t1..t3},LN({a1..a3}))", "loss"))
    lines += [
        line(
            f"d{j}",
            f"{{a{j}}}-{{t{j}}}",
            "backward",
            sign=f"{{t{j}}}-{{a{j}}}",
            slope_too_much=f"({{a{j}}}-{{t{j}}})*{{a{j}}}*(1-{{a{j}}})",
            wrong_class=f"{{a{j}}}-{{t{j % 3 + 1}}}",
        )
        for j in (1, 2, 3)
    ]
    gradients = {**{f"w{j}": f"{{d{j}}}*{{x}}" for j in (1, 2, 3)}, **{f"b{j}": f"{{d{j}}}" for j in (1, 2, 3)}}
    source = chance("classes")
    data = [
        {"x": round(source.uniform(0.2, 2), 2), **{f"t{j}": float(j == k % 3 + 1) for j in (1, 2, 3)}} for k in range(4)
    ]
    return made([*lines, *updates(gradients)], "{E}", data, {"eta": 0.4}, tuple(gradients))


def likelihood() -> Program:
    """Log-likelihood maximized: the update adds the gradient."""
    lines = [
        *inputs("x1", "x2", "t"), parameter("w1", 0.1), parameter("w2", 0.2), parameter("b", -0.3), line("z", "{w1}*{x1}+{w2}*{x2}+{b}"), line("p", "EXP({z})/(1+EXP({z}))"),
        line("LL", "{t}*LN({p})+(1-{t})*LN(1-{p})", "loss"), line("d", "{t}-{p}", "backward", sign="{p}-{t}", slope_too_much="({t}-{p})*{p}*(1-{p})"),
        *updates({"w1": "{d}*{x1}", "w2": "{d}*{x2}", "b": "{d}"}, sign="+"),
    ]  # fmt: skip
    return made(
        lines, "-({LL})", table(6, "x1", "x2", "t", seed="likelihood", whole=True), {"eta": 0.3}, ("w1", "w2", "b")
    )
