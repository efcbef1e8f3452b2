"""Sheets of small networks as they are found on public pages: spellings × conventions × layouts, written cell by cell as
Excel formulas, without the project's own equations; and slips planted in them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tests.hand import Cells, Value
from tracer.grading.book.cells import reference

XOR = ((0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0))
OTHERS = ((0.6, 0.3, 0.8), (0.2, 0.9, 0.4), (0.7, 0.5, 0.1), (0.1, 0.4, 0.6))
START = (0.42, -0.31, 0.55, 0.27, -0.63, 0.38, 0.71, -0.22, 0.47, -0.54, 0.33, 0.61)
BIASES = (0.12, -0.18, 0.24, 0.35, -0.27)

STYLES: Mapping[str, Mapping[str, str]] = {
    "underscores": {"x": "x_{}", "w": "w_{}", "z": "z_{}", "a": "a_{}", "loss": "C", "g": "dC/d{}"},
    "classic": {"x": "i{}", "w": "w{}", "z": "net_{n}", "a": "out_{n}", "loss": "E_total", "g": "∂E/∂{}"},
    "plain": {"x": "x{}", "w": "w{}", "z": "z{}", "a": "a{}", "loss": "Loss", "g": "d{}"},
    "words": {"x": "input {}", "w": "weight {}", "z": "net {n}", "a": "output {n}", "loss": "error", "g": "grad {}"},
    "capitals": {"x": "X{}", "w": "W{}", "z": "Z{}", "a": "A{}", "loss": "Cost", "g": "dE/d{}"},
    "neurons": {"x": "x{}", "w": "w{}", "z": "{n}", "a": "a_{n}", "loss": "E", "g": "dE_d{}"},
}
"""Headers; {} is the number of a quantity, {n} the name of a neuron."""
TARGETS = ("t", "y", "y_true", "expected", "d", "target", "t1", "y_1", "desired")
BIAS_STYLES = {"b1": "b{}", "b_1": "b_{}", "bias 1": "bias {}", "w01": "w0{}", "w7": "w{}"}
RATES = ("learn", "learning", "lr", "step size", "α", "eta", "learning rate", "η =", "learning rate (α)", "Learn rate:")


@dataclass(frozen=True)
class Manner:
    """How a sheet is written.

    hidden: neurons of the hidden layer, 0 for none. biases: a key of BIAS_STYLES, "" for none. half: whether the loss
    has the factor ½. turned: whether differences are a − t. updates: "row", "new" (columns for the new weights), "mean"
    or "sum" (over a batch). size: rows of a batch. rate: its label; "" where it is typed into the formulas. counted: the
    first row's number; None for no such column.
    """

    style: str = "classic"
    target: str = "t"
    hidden: int = 2
    biases: str = "b1"
    half: bool = True
    turned: bool = True
    updates: str = "row"
    size: int = 4
    rate: str = "learning rate"
    eta: float = 0.5
    counted: int | None = None
    samples: tuple[tuple[float, ...], ...] = OTHERS
    rows: int = 12
    corner: tuple[int, int] = (4, 1)
    backward: bool = True


Formula = Callable[[int], Value]
"""The content of a column in a row of the sheet."""


@dataclass
class Sheet:
    """A sheet in the making. changes: column → what a slip makes of its formulas, from a step on."""

    manner: Manner
    changes: dict[str, tuple[Callable[[str], str], int]] = field(default_factory=dict)

    @property
    def net(self) -> list[tuple[int, list[tuple[str, int]]]]:
        """Every neuron: its number, and its (source, number of the weight)."""
        hidden, neurons = self.manner.hidden, []
        for n in range(1, hidden + 1):
            neurons.append((n, [(f"x{i}", 2 * (n - 1) + i) for i in (1, 2)]))
        sources = [f"a{n}" for n in range(1, hidden + 1)] or ["x1", "x2"]
        neurons.append((hidden + 1, [(source, 2 * hidden + i) for i, source in enumerate(sources, 1)]))
        return neurons

    @property
    def weights(self) -> list[str]:
        return [f"w{number}" for _, inputs in self.net for _, number in inputs]

    @property
    def parameters(self) -> list[str]:
        return [*self.weights, *(f"b{n}" for n, _ in self.net if self.manner.biases)]

    @property
    def computed(self) -> list[str]:
        """The columns of formulas that are more than a reference."""
        texts = {key: str(self.formula(key, self.manner.size)) for key in self.keys}
        return [key for key, text in texts.items() if re.search(r"[*(]", text)]

    @cached_property
    def keys(self) -> list[str]:
        """The columns, from left to right."""
        manner = self.manner
        forward = [key for n, _ in self.net for key in (f"z{n}", f"a{n}")]
        keys = ["k"] * (manner.counted is not None) + ["x1", "x2", "t", *self.parameters, *forward, "loss"]
        if manner.backward:
            keys += [f"g{name}" for name in self.parameters]
        if manner.updates == "new":
            keys += [f"new {name}" for name in self.parameters]
        return keys

    def header(self, key: str) -> str:
        manner, style = self.manner, STYLES[self.manner.style]
        if key == "k":
            return "iteration"
        if key == "t":
            return manner.target
        if key == "loss":
            return style["loss"]
        if key.startswith("new "):
            return f"new {self.header(key[4:])}"
        if key[0] == "g":
            return style["g"].format(self.header(key[1:]))
        number = int(key[1:])
        if key[0] == "b":
            form = BIAS_STYLES[manner.biases]
            return form.format(number + len(self.weights) if manner.biases == "w7" else number)
        neuron = f"h{number}" if number <= manner.hidden else f"o{number - manner.hidden}"
        return style[key[0]].format(number, n=neuron)

    def at(self, key: str, row: int) -> str:
        return reference((row, self.manner.corner[1] + self.keys.index(key)))

    @property
    def first(self) -> int:
        return self.manner.corner[0] + 1

    @property
    def eta(self) -> str:
        return "$C$1" if self.manner.rate else repr(self.manner.eta)

    def formula(self, key: str, step: int) -> Value:
        """The content of a cell, before any slip."""
        manner, row = self.manner, self.first + step

        def at(other: str, back: int = 0) -> str:
            return self.at(other, row - back)

        if key == "k":
            return float(manner.counted or 0) + step // (manner.size if manner.updates in ("mean", "sum") else 1)
        if key in ("x1", "x2", "t"):
            return manner.samples[step % len(manner.samples)][("x1", "x2", "t").index(key)]
        if key in self.parameters:
            return self._parameter(key, step, at)
        if key.startswith("new "):
            return f"={at(key[4:])}-{self.eta}*{at('g' + key[4:])}"
        output = f"a{manner.hidden + 1}"
        if key == "loss":
            difference = f"({at(output)}-{at('t')})" if manner.turned else f"({at('t')}-{at(output)})"
            return f"={'0.5*' if manner.half else ''}{difference}^2"
        if key[0] == "z":
            inputs = dict(self.net)[int(key[1:])]
            terms = [f"{at(f'w{number}')}*{at(source)}" for source, number in inputs]
            terms += [at(f"b{key[1:]}")] if manner.biases else []
            return "=" + "+".join(terms)
        if key[0] == "a":
            return f"=1/(1+EXP(-{at('z' + key[1:])}))"
        return "=" + self._gradient(key[1:], at)

    def _parameter(self, key: str, step: int, at: Callable[[str, int], str]) -> Value:
        manner = self.manner
        if not step:
            numbers = START if key[0] == "w" else BIASES
            return numbers[int(key[1:]) - 1]
        if manner.updates == "new":
            return f"={at(f'new {key}', 1)}"
        if manner.updates == "row":
            return f"={at(key, 1)}-{self.eta}*{at('g' + key, 1)}"
        if step % manner.size:
            return f"={at(key, 1)}"
        batch = f"{at('g' + key, manner.size)}:{at('g' + key, 1)}"
        function = "AVERAGE" if manner.updates == "mean" else "SUM"
        return f"={at(key, 1)}-{self.eta}*{function}({batch})"

    def _gradient(self, parameter: str, at: Callable[..., str]) -> str:
        """As most sheets have it: in forward quantities."""
        manner, output = self.manner, f"a{self.manner.hidden + 1}"
        factor = "" if manner.half else "2*"
        delta = f"{factor}({at(output)}-{at('t')})*{at(output)}*(1-{at(output)})"
        for neuron, inputs in self.net:
            for source, weight in inputs:
                if parameter not in (f"w{weight}", f"b{neuron}"):
                    continue
                own = delta
                if neuron <= manner.hidden:
                    onward = f"w{2 * manner.hidden + neuron}"
                    own = f"{delta}*{at(onward)}*{at(f'a{neuron}')}*(1-{at(f'a{neuron}')})"
                if parameter == f"b{neuron}":
                    return own
                return f"{own}*{at(source)}"
        raise AssertionError(parameter)

    def cells(self) -> Cells:
        manner = self.manner
        cells: Cells = {}
        if manner.rate:
            cells |= {"B1": manner.rate, "C1": manner.eta}
        for key in self.keys:
            cells[self.at(key, manner.corner[0])] = self.header(key)
            change, start = self.changes.get(key, (str, 0))
            for step in range(manner.rows):
                content = self.formula(key, step)
                if isinstance(content, str) and step >= start:
                    content = change(content)
                cells[self.at(key, self.first + step)] = content
        return cells

    def column(self, key: str) -> int:
        return self.manner.corner[1] + self.keys.index(key)


def slip(sheet: Sheet, key: str, rng: random.Random) -> Callable[[str], str]:
    """An edit of a column's formulas: another column, sign, factor, power or range."""
    manner = sheet.manner
    pool = [k for k in sheet.keys if k[0] in "xwazbt" and k != key]
    if key in sheet.parameters:
        pool = [f"g{k}" for k in sheet.parameters if f"g{k}" != f"g{key}"] or pool
    other = rng.choice(pool)

    def column(text: str) -> str:
        return re.sub(r"\d+", "", text)

    def elsewhere(text: str) -> str:
        found = list(re.finditer(r"(?<![$A-Z])([A-Z]{1,2})(\d+)", text))
        chosen = found[choice % len(found)]
        new = column(sheet.at(other, 1))
        return text[: chosen.start(1)] + new + text[chosen.end(1) :]

    choice = rng.randrange(9)
    edits: dict[str, Callable[[str], str]] = {"another column": elsewhere}
    if key in sheet.parameters or key.startswith("new "):
        edits["sign"] = lambda text: re.sub(r"^(=[A-Z]+\d+)-", r"\1+", text)
        edits["no rate"] = lambda text: text.replace(f"{sheet.eta}*", "")
        if manner.updates in ("mean", "sum"):
            edits["reduction"] = lambda text: (
                text.replace("AVERAGE", "SUM") if "AVERAGE" in text else text.replace("SUM", "AVERAGE")
            )
            edits["range"] = lambda text: re.sub(r"(\d+)\)$", lambda m: f"{int(m[1]) - 1})", text)
    elif key[0] == "a":
        edits["sign"] = lambda text: text.replace("EXP(-", "EXP(")
        edits["brackets"] = lambda text: text.replace("1/(1+", "1/1+(")
    elif key == "loss":
        edits["power"] = lambda text: text.replace("^2", "^3")
        edits["factor"] = lambda text: text.replace("0.5*", "") if "0.5*" in text else text.replace("=", "=0.5*")
    elif key[0] == "g":
        edits["slope"] = lambda text: re.sub(r"\*\(1-[A-Z]+\d+\)", "", text, count=1)
        edits["brackets"] = lambda text: text.replace("(1-", "1-(", 1)
        edits["sign"] = lambda text: text.replace("=", "=-1*", 1)
        edits["plus"] = lambda text: re.sub(r"\*(?=[A-Z]+\d+$)", "+", text)
    elif key[0] == "z":
        edits["minus"] = lambda text: text.replace("+", "-", 1)
    return edits[rng.choice(sorted(edits))]
