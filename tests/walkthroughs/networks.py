"""A step of training as named lines: what a person computes cell by cell for one network, in several manners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.walkthroughs.plan import chance

SLOPES = {
    "sigmoid": ("1/(1+EXP(-{z}))", "{a}*(1-{a})"),
    "tanh": ("TANH({z})", "(1-{a}^2)"),
    "relu": ("MAX(0,{z})", "IF({z}>0,1,0)"),
    "leaky": ("IF({z}>0,{z},0.01*{z})", "IF({z}>0,1,0.01)"),
    "linear": ("{z}", "1"),
    "elu": ("IF({z}>0,{z},EXP({z})-1)", "IF({z}>0,1,{a}+1)"),
    "softplus": ("LN(1+EXP({z}))", "1/(1+EXP(-{z}))"),
}
"""Activation → its formula and its slope; z is the net input, a the activation."""


@dataclass(frozen=True)
class Line:
    """A quantity. In formulas {x} is x in the same step, {-x} in the step before, {^x} in the first (absolute),
    {x..y} a range, {all x} the range over the samples, {slide x} a constant whose reference moves with the step.

    kind: input, parameter, state, forward, loss, backward, gradient, update or extra. batch: once a step, not once a
    sample. start: the value in the first step, where the formula refers to the step before.
    """

    name: str
    formula: str
    kind: str
    batch: bool = False
    start: float | None = None
    slips: Mapping[str, str] = field(default_factory=dict)
    section: str = ""


@dataclass(frozen=True)
class Net:
    """A network and the manner in which its step is written.

    bias: own, shared, none, or ones (an input that is 1). manner: full (every factor of the chain rule), delta (δ, then
    gradients), compact (gradients in one formula), update (no gradients), change (Δw columns). turned: differences are
    t − a, and the update adds. optimizer: sgd, momentum, adam, decay, rmsprop. batch: samples of a step.
    """

    sizes: tuple[int, ...] = (2, 2, 1)
    hidden: str = "sigmoid"
    output: str = "sigmoid"
    loss: str = "half"
    bias: str = "own"
    manner: str = "delta"
    turned: bool = False
    optimizer: str = "sgd"
    batch: int = 1
    average: bool = True
    loss_cell: bool = True
    sumproduct: bool = False
    eta: float = 0.5
    seed: int = 0
    samples: int = 4
    extras: tuple[str, ...] = ()
    xor: bool = False


@dataclass(frozen=True)
class Program:
    """The lines of a step, the data, the constants that a sheet keeps in cells, and the loss as a formula."""

    lines: tuple[Line, ...]
    data: tuple[Mapping[str, float], ...]
    constants: Mapping[str, float]
    loss: str
    net: Net
    updates: Mapping[str, str]
    """Parameter → the line of its new value."""
    gradients: Mapping[str, str]
    """Parameter → the line of its gradient, where the update is not plain gradient descent."""
    factor: float = 1.0
    rates: Mapping[str, str] = field(default_factory=dict)
    """Parameter → its learning rate, where that is not η."""


def program(net: Net) -> Program:
    """The step of a network."""
    return _Writer(net).program()


class _Writer:
    """Collects the lines of one network, layer by layer."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.lines: list[Line] = []
        self.random = chance("network", net)
        self.layers = len(net.sizes) - 1
        self.ones = net.bias == "ones"
        self.compact_slips: dict[str, Mapping[str, str]] = {}
        """In the compact manner: neuron → what may stand in place of its δ."""
        self.direct: dict[str, Mapping[str, str]] = {}
        """Without columns of gradients: parameter → what may stand in place of its gradient."""

    def add(
        self,
        name: str,
        formula: str,
        kind: str,
        section: str,
        batch: bool = False,
        slips: Mapping[str, str] | None = None,
    ) -> str:
        self.lines.append(Line(name, formula, kind, batch, None, slips or {}, section))
        return "{" + name + "}"

    def weights(self, layer: int, neuron: int) -> list[str]:
        first = 0 if self.ones else 1
        return [f"w{layer}_{neuron}_{i}" for i in range(first, self.net.sizes[layer - 1] + 1)]

    def bias_name(self, layer: int, neuron: int) -> str:
        return {"own": f"b{layer}_{neuron}", "shared": f"b{layer}"}.get(self.net.bias, "")

    def sources(self, layer: int) -> list[str]:
        names = [f"x{i}" if layer == 1 else f"a{layer - 1}_{i}" for i in range(1, self.net.sizes[layer - 1] + 1)]
        return [f"one{layer}", *names] if self.ones else names

    def parameters(self) -> list[str]:
        found: list[str] = []
        for layer in range(1, self.layers + 1):
            for neuron in range(1, self.net.sizes[layer] + 1):
                found += self.weights(layer, neuron)
                bias = self.bias_name(layer, neuron)
                if bias and bias not in found:
                    found.append(bias)
        return found

    def activation(self, layer: int) -> str:
        return self.net.output if layer == self.layers else self.net.hidden

    def slope(self, layer: int, neuron: int) -> str:
        name = self.activation(layer)
        template = SLOPES[name][1] if name in SLOPES else "1"
        return template.replace("{z}", f"{{z{layer}_{neuron}}}").replace("{a}", f"{{a{layer}_{neuron}}}")

    def forward(self) -> None:
        net = self.net
        for layer in range(1, self.layers + 1):
            section = f"layer {layer}"
            outputs = range(1, net.sizes[layer] + 1)
            for neuron in outputs:
                weights, sources = self.weights(layer, neuron), self.sources(layer)
                if net.sumproduct and len(weights) > 1:
                    terms = f"SUMPRODUCT({{{sources[0]}..{sources[-1]}}},{{{weights[0]}..{weights[-1]}}})"
                else:
                    terms = "+".join(f"{{{w}}}*{{{s}}}" for w, s in zip(weights, sources, strict=True))
                bias = self.bias_name(layer, neuron)
                self.add(f"z{layer}_{neuron}", terms + (f"+{{{bias}}}" if bias else ""), "forward", section)
            if self.ones and layer < self.layers:
                self.add(f"one{layer + 1}", "", "input", section)
            for neuron in outputs:
                name = self.activation(layer)
                if name == "softmax":
                    total = "+".join(f"EXP({{z{layer}_{k}}})" for k in outputs)
                    formula = f"EXP({{z{layer}_{neuron}}})/({total})"
                elif name == "step":
                    formula = f"IF({{z{layer}_{neuron}}}>=0,1,0)"
                else:
                    formula = SLOPES[name][0].replace("{z}", f"{{z{layer}_{neuron}}}")
                self.add(f"a{layer}_{neuron}", formula, "forward", section)

    def loss(self) -> str:
        outputs = range(1, self.net.sizes[-1] + 1)
        a, t = f"a{self.layers}_", "t"
        each = {
            "half": "0.5*({t}-{a})^2", "squared": "({t}-{a})^2", "mean": "({t}-{a})^2",
            "bce": "-({t}*LN({a})+(1-{t})*LN(1-{a}))", "cross": "-{t}*LN({a})", "perceptron": "({a}-{t})*{z}",
        }[self.net.loss]  # fmt: skip
        parts = [
            each.replace("{t}", f"{{{t}{j}}}").replace("{a}", f"{{{a}{j}}}").replace("{z}", f"{{z{self.layers}_{j}}}")
            for j in outputs
        ]
        share = f"/{len(parts)}" if self.net.loss == "mean" and len(parts) > 1 else ""
        if not self.net.loss_cell or self.net.loss == "perceptron":
            return f"({'+'.join(parts)}){share}" if share else "+".join(parts)
        if len(parts) > 1:
            for j, part in zip(outputs, parts, strict=True):
                self.add(f"E{j}", part, "loss", "loss")
            self.add("E", "+".join(f"{{E{j}}}" for j in outputs) if not share else
                     f"({'+'.join(f'{{E{j}}}' for j in outputs)}){share}", "loss", "loss")  # fmt: skip
        else:
            self.add("E", parts[0], "loss", "loss")
        return "{E}"

    def output_delta(self, neuron: int) -> tuple[str, dict[str, str]]:
        net, layer = self.net, self.layers
        a, t = f"{{a{layer}_{neuron}}}", f"{{t{neuron}}}"
        difference = f"({t}-{a})" if net.turned else f"({a}-{t})"
        wrong = f"({a}-{t})" if net.turned else f"({t}-{a})"
        scale = {"squared": "2*", "mean": "2*" if net.sizes[-1] == 1 else f"2/{net.sizes[-1]}*"}.get(net.loss, "")
        slope = self.slope(layer, neuron)
        if net.loss in ("bce", "cross", "perceptron") or slope == "1":
            slips = {"sign": f"{scale}{wrong}"}
            if net.loss in ("bce", "cross"):
                slips["slope too much"] = f"{difference}*{a}*(1-{a})"
            return f"{scale}{difference}", slips
        slips = {"sign": f"{scale}{wrong}*{slope}", "slope left out": f"{scale}{difference}"}
        slips |= self.wrong_slopes(layer, neuron, f"{scale}{difference}*")
        return f"{scale}{difference}*{slope}", slips

    def wrong_slopes(self, layer: int, neuron: int, before: str) -> dict[str, str]:
        slope, name, slips = self.slope(layer, neuron), self.activation(layer), {}
        if self.net.sizes[layer] > 1:
            other = neuron % self.net.sizes[layer] + 1
            slips["slope of the neighbour"] = before + self.slope(layer, other)
        if name == "sigmoid":
            a, z = f"{{a{layer}_{neuron}}}", f"{{z{layer}_{neuron}}}"
            slips["slope of tanh"] = f"{before}(1-{a}^2)"
            slips["slope at the net input"] = before + slope.replace(a, z)
        if name == "tanh":
            slips["slope of sigmoid"] = f"{before}{{a{layer}_{neuron}}}*(1-{{a{layer}_{neuron}}})"
        return slips

    def hidden_delta(self, layer: int, neuron: int, deltas: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        size = self.net.sizes[layer + 1]
        terms = [(deltas[f"{layer + 1}_{j}"], f"w{layer + 1}_{j}_{neuron}") for j in range(1, size + 1)]
        total = self.total([f"{d}*{{{w}}}" for d, w in terms])
        slope = self.slope(layer, neuron)
        tail = "" if slope == "1" else f"*{slope}"
        slips = {
            "sign": f"-{total}{tail}",
            "new weight": self.total([f"{d}*{{{w}+}}" for d, w in terms]) + tail,
            "weight left out": self.total([d for d, _ in terms]) + tail,
        }
        if tail:
            slips["slope left out"] = total
        if size > 1:
            slips["sum over outputs missing"] = f"{terms[0][0]}*{{{terms[0][1]}}}{tail}"
        if self.net.sizes[layer] > 1:
            other = neuron % self.net.sizes[layer] + 1
            slips["weight of the neighbour"] = (
                self.total([f"{d}*{{w{layer + 1}_{j}_{other}}}" for j, (d, _) in enumerate(terms, 1)]) + tail
            )
        if size > 1 and self.net.sizes[layer] > 1:
            slips["transposed"] = (
                self.total(
                    [
                        f"{d}*{{w{layer + 1}_{min(neuron, size)}_{min(j, self.net.sizes[layer])}}}"
                        for j, (d, _) in enumerate(terms, 1)
                    ]
                )
                + tail
            )
        if self.net.manner == "change":
            slips["change for δ"] = self.total([f"{{c{w[1:]}}}*{{{w}}}" for _, w in terms]) + tail
        slips |= self.wrong_slopes(layer, neuron, f"{total}*") if tail else {}
        return total + tail, slips

    @staticmethod
    def total(terms: list[str]) -> str:
        return terms[0] if len(terms) == 1 else f"({'+'.join(terms)})"

    def backward(self) -> dict[str, str]:
        """The δ of every neuron: as a reference, or in the compact manner as an expression."""
        deltas: dict[str, str] = {}
        manner = self.net.manner
        for layer in range(self.layers, 0, -1):
            for neuron in range(1, self.net.sizes[layer] + 1):
                key, section = f"{layer}_{neuron}", f"back {layer}"
                out = layer == self.layers
                formula, slips = self.output_delta(neuron) if out else self.hidden_delta(layer, neuron, deltas)
                if manner == "compact":
                    deltas[key] = f"{formula}"
                    self.compact_slips[key] = slips
                    continue
                slope = self.slope(layer, neuron)
                if manner == "full" and slope != "1" and formula.endswith(f"*{slope}"):
                    head = formula[: -len(slope) - 1]
                    heads = {n: s[: -len(slope) - 1] for n, s in slips.items() if s.endswith(f"*{slope}")}
                    first = self.add(f"e{key}", head, "backward", section, slips=heads)
                    slopes = {
                        n: s[len(head) + 1 :] for n, s in slips.items() if s.startswith(f"{head}*") and n not in heads
                    }
                    second = self.add(f"s{key}", slope.strip(), "backward", section, slips=slopes)
                    deltas[key] = self.add(
                        f"d{key}", f"{first}*{second}", "backward", section, slips={"slope left out": first}
                    )
                    continue
                deltas[key] = self.add(f"d{key}", formula, "backward", section, slips=slips)
        return deltas

    def gradient(self, parameter: str, deltas: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The gradient of one sample, and what may stand there instead."""
        net, compact = self.net, self.compact_slips
        if parameter[0] == "b":
            layer = int(parameter[1:].split("_")[0])
            if net.bias == "shared":
                neurons = [deltas[f"{layer}_{j}"] for j in range(1, net.sizes[layer] + 1)]
                slips = {"sum over neurons missing": neurons[0]} if len(neurons) > 1 else {}
                return "+".join(neurons), slips
            neuron = int(parameter.split("_")[1])
            delta = deltas[f"{layer}_{neuron}"]
            slips = {"multiplied by an input": f"{delta}*{{{self.sources(layer)[-1]}}}"}
            if net.sizes[layer] > 1:
                slips["δ of the neighbour"] = deltas[f"{layer}_{neuron % net.sizes[layer] + 1}"]
            elif layer < self.layers:
                slips["δ of the next layer"] = deltas[f"{layer + 1}_1"]
            if compact:
                slips |= compact[f"{layer}_{neuron}"]
            return delta, slips
        layer, neuron, source = (int(part) for part in parameter[1:].split("_"))
        sources = self.sources(layer)
        at = source if self.ones else source - 1
        delta, given = deltas[f"{layer}_{neuron}"], f"{{{sources[at]}}}"
        slips = {"input left out": delta, "sign": f"-{delta}*{given}"}
        if len(sources) > 1:
            slips["input of the neighbour"] = f"{delta}*{{{sources[(at + 1) % len(sources)]}}}"
        if net.sizes[layer] > 1:
            slips["δ of the neighbour"] = f"{deltas[f'{layer}_{neuron % net.sizes[layer] + 1}']}*{given}"
        if layer > 1 and not (self.ones and source == 0):
            slips["net input for activation"] = f"{delta}*{{z{layer - 1}_{source}}}"
        slips["input of the step before"] = f"{delta}*{{-{sources[at]}}}"
        if compact:
            slips |= {k: f"{v}*{given}" for k, v in compact[f"{layer}_{neuron}"].items()}
        return f"{delta}*{given}", slips

    def program(self) -> Program:
        net = self.net
        for name in (
            ["one1"] * self.ones
            + [f"x{i}" for i in range(1, net.sizes[0] + 1)]
            + [f"t{j}" for j in range(1, net.sizes[-1] + 1)]
        ):
            self.add(name, "", "input", "data")
        parameters = self.parameters()
        for name in parameters:
            signs = (1, 1, 1, -1) if net.hidden in ("relu", "leaky") else (1, -1)
            start = round(self.random.uniform(0.1, 0.9) * self.random.choice(signs), self.random.choice((2, 3, 4)))
            self.lines.append(Line(name, "{-" + name + "+}", "parameter", True, start, {}, "parameters"))
        self.forward()
        loss = self.loss()
        deltas = self.backward()
        batch = net.batch > 1
        gradients: dict[str, str] = {}
        for name in parameters:
            formula, slips = self.gradient(name, deltas)
            if not batch and net.manner in ("update", "change"):
                gradients[name] = formula
                self.direct[name] = slips
                continue
            gradients[name] = self.add(f"g{name}", formula, "gradient", "gradients", slips=slips)
            if batch:
                how = "AVERAGE" if net.average else "SUM"
                other = parameters[(parameters.index(name) + 1) % len(parameters)]
                gradients[name] = self.add(
                    f"G{name}", f"{how}({{all g{name}}})", "gradient", "batch", True,
                    {"wrong column": f"{how}({{all g{other}}})", "a sample short": f"{how}({{short g{name}}})"},
                )  # fmt: skip
        if net.loss_cell and batch and net.loss != "perceptron":
            self.add("E_mean", f"{'AVERAGE' if net.average else 'SUM'}({{all E}})", "loss", "batch", True)
        self.update(parameters, gradients)
        self.extras()
        plain = net.optimizer == "sgd"
        direct = {name: g.strip("{}") for name, g in gradients.items()}
        factor = -1.0 if net.turned else 1.0
        return Program(
            tuple(self.lines), self.data(), {"eta": net.eta, **self.settings()}, loss, net,
            {name: f"{name}+" for name in parameters}, {} if plain else direct, factor if not plain else 1.0,
        )  # fmt: skip

    def settings(self) -> dict[str, float]:
        return {
            "momentum": {"beta": 0.9}, "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}, "decay": {"lambda": 0.01},
            "rmsprop": {"rho": 0.9, "eps": 1e-8},
        }.get(self.net.optimizer, {})  # fmt: skip

    def update(self, parameters: list[str], gradients: Mapping[str, str]) -> None:
        net = self.net
        sign, wrong = ("+", "-") if net.turned else ("-", "+")
        for index, name in enumerate(parameters):
            g, w = gradients[name], f"{{{name}}}"
            if g.startswith("{") is False:
                g = f"({g})" if "+" in g.split("*")[0] and not g.startswith("(") else g
            other_g = gradients[parameters[(index + 1) % len(parameters)]]
            rows = [f"m_{name}", f"v_{name}"]
            if net.optimizer in ("momentum", "adam"):
                decay = "{beta}" if net.optimizer == "momentum" else "{beta1}"
                gain = "" if net.optimizer == "momentum" else f"(1-{decay})*"
                formula = f"{decay}*{{-{rows[0]}}}+{gain}{g}"
                self.lines.append(
                    Line(
                        rows[0],
                        formula,
                        "state",
                        True,
                        0.0,
                        {"state not carried": f"{decay}*{{{name}}}+{gain}{g}"},
                        "states",
                    )
                )
            if net.optimizer in ("adam", "rmsprop"):
                decay = "{beta2}" if net.optimizer == "adam" else "{rho}"
                formula = f"{decay}*{{-{rows[1]}}}+(1-{decay})*{g}^2"
                self.lines.append(
                    Line(rows[1], formula, "state", True, 0.0, {"square left out": formula.replace("^2", "")}, "states")
                )
            step = {
                "momentum": f"{{{rows[0]}}}",
                "adam": f"{{{rows[0]}}}/(1-{{beta1}}^{{k}})/(SQRT({{{rows[1]}}}/(1-{{beta2}}^{{k}}))+{{eps}})",
                "rmsprop": f"{g}/(SQRT({{{rows[1]}}})+{{eps}})",
                "decay": f"({g}+{{lambda}}*{w})",
            }.get(net.optimizer, g)
            slips = {
                "sign": f"{w}{wrong}{{eta}}*{step}",
                "η left out": f"{w}{sign}{step}",
                "η twice": f"{w}{sign}{{eta}}*{{eta}}*{step}",
                "η slides": f"{w}{sign}{{slide eta}}*{step}",
                "weight of the neighbour": f"{{{parameters[(index + 1) % len(parameters)]}}}{sign}{{eta}}*{step}",
            }
            if net.optimizer == "sgd":
                slips["gradient of the neighbour"] = f"{w}{sign}{{eta}}*{other_g}"
                slips["new weight for η"] = f"{w}{sign}{{{parameters[0]}+}}*{step}" if index else ""
                slips |= {k: f"{w}{sign}{{eta}}*{v}" if not v.startswith("-") else f"{w}{sign}{{eta}}*({v})"
                          for k, v in self.direct.get(name, {}).items() if k != "sign"}  # fmt: skip
            slips = {k: v for k, v in slips.items() if v}
            if net.manner == "change":
                before = "" if sign == "+" else "-"
                wrong_changes = {
                    slip: before + text[len(w) + 1 :] for slip, text in slips.items() if text.startswith(w + sign)
                }
                change_name = f"c{name[1:]}" if name[0] == "w" else f"c{name}"
                change = self.add(change_name, f"{before}{{eta}}*{step}", "gradient", "changes", True, wrong_changes)
                self.add(f"{name}+", f"{w}+{change}", "update", "updates", True, {"sign": f"{w}-{change}"})
                continue
            self.add(f"{name}+", f"{w}{sign}{{eta}}*{step}", "update", "updates", True, slips)

    def extras(self) -> None:
        net, out = self.net, self.layers
        if "count" in net.extras or net.optimizer == "adam":
            self.lines.insert(
                0, Line("k", "{-k}+1", "extra", True, 1.0 if net.optimizer == "adam" else 0.0, {}, "count")
            )
        if "accuracy" in net.extras:
            self.add("hit", f"IF(ROUND({{a{out}_1}},0)={{t1}},1,0)", "extra", "notes")
        if "rounded" in net.extras:
            self.add("shown", f"ROUND({{a{out}_1}},3)", "extra", "notes")
        if "running" in net.extras and net.loss_cell and net.batch == 1:
            self.add("mean E", "AVERAGE({^E}:{E})", "extra", "notes", True)
        if "log" in net.extras and net.loss_cell and net.batch == 1:
            self.add("log E", "LOG10({E})", "extra", "notes", True)
        if "sum" in net.extras and net.loss_cell and net.batch == 1:
            self.lines.append(Line("sum E", "{-sum E}+{E}", "extra", True, 0.0, {}, "notes"))

    def data(self) -> tuple[Mapping[str, float], ...]:
        net, rows = self.net, []
        xor = ((0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0))
        for k in range(max(net.samples, net.batch)):
            row: dict[str, float] = {}
            for i in range(1, net.sizes[0] + 1):
                row[f"x{i}"] = xor[k % 4][i - 1] if net.xor else round(self.random.uniform(0.05, 1.5), 2)
            if net.loss in ("bce", "perceptron"):
                for j in range(1, net.sizes[-1] + 1):
                    row[f"t{j}"] = xor[k % 4][2] if net.xor else float(self.random.randint(0, 1))
            elif net.loss == "cross":
                hot = self.random.randint(1, net.sizes[-1])
                row |= {f"t{j}": float(j == hot) for j in range(1, net.sizes[-1] + 1)}
            else:
                for j in range(1, net.sizes[-1] + 1):
                    row[f"t{j}"] = xor[k % 4][2] if net.xor else round(self.random.uniform(0.01, 0.99), 2)
            row |= {f"one{layer}": 1.0 for layer in range(1, self.layers + 1)}
            rows.append(row)
        return tuple(rows)
