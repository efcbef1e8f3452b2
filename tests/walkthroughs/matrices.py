"""Training by matrices: a block of cells per matrix, products by MMULT, SUMPRODUCT or written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.walkthroughs.evaluator import Place
from tests.walkthroughs.networks import SLOPES
from tests.walkthroughs.plan import Plan, Step, chance, ref, ref_from

_NAME = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Block:
    """A matrix of a step. In formulas {A} is the cell in the same place (a single row or column is repeated), {A|B} the
    product, A' the transpose, {sum A} the total, {colsum A} and {colmean A} of a column, {rowsum A} of a row, {-A} A of
    the step before.

    kind: data, parameter, forward, loss, backward, gradient, state or update. start: the values in the first step.
    """

    name: str
    shape: tuple[int, int]
    formula: str
    kind: str
    slips: Mapping[str, str] = field(default_factory=dict)
    start: tuple[tuple[float, ...], ...] = ()
    ones: bool = False
    """Whether a column of ones stands left of it (above it, where samples are columns)."""


@dataclass(frozen=True)
class Matrices:
    """A network and how it is laid out in blocks.

    samples: rows of a batch. upright: samples are rows and products X·W; otherwise columns and W·X. bias: vector, none
    or ones. write: array, single (MMULT in single cells), sumproduct or explicit. way: down, right or sheets. merged:
    the updated matrix is the next step's. once: data stand once, not in every step. scale: mean, sum.
    """

    sizes: tuple[int, ...] = (2, 3, 1)
    hidden: str = "sigmoid"
    output: str = "sigmoid"
    loss: str = "half"
    samples: int = 4
    upright: bool = True
    bias: str = "vector"
    write: str = "array"
    way: str = "down"
    merged: bool = True
    once: bool = True
    scale: str = "mean"
    optimizer: str = "sgd"
    eta: float = 0.5
    steps: int = 3
    loss_cell: bool = True
    mask: bool = False
    titles: str = "plain"
    separate: bool = True
    per_line: int = 4
    dollars: bool = False
    turned: bool = False


def place_matrices(net: Matrices, layout: str) -> Plan:
    """The plan of a network in blocks."""
    return _Blocks(net, Plan(layout, loss_cell=net.loss_cell)).plan


class _Blocks:
    """Collects the blocks of a step, then puts those of every step into cells."""

    def __init__(self, net: Matrices, plan: Plan) -> None:
        self.net, self.plan = net, plan
        self.random = chance("matrices", net)
        self.layers = len(net.sizes) - 1
        self.blocks: list[Block] = []
        self._collect()
        self.by_name = {block.name: block for block in self.blocks}
        self.offsets: dict[str, tuple[int, int]] = {}
        self._arrange()
        self.eta = (self._sheet(0), 2, 3)
        plan.put(self.eta, net.eta)
        if net.titles != "none":
            plan.put(
                (self._sheet(0), 2, 2), {"korean": "학습률", "portuguese": "taxa"}.get(net.titles, "learning rate")
            )
        for step in range(net.steps):
            for block in self.blocks:
                self._block(block, step)
        if net.merged:
            for block in self.blocks:
                if block.kind == "parameter":
                    self._block(block, net.steps)
        self._summary()

    # ------------------------------------------------------------------------------------------------ the network

    def shape(self, rows: int, columns: int) -> tuple[int, int]:
        """A shape with samples as rows, turned where they are columns."""
        return (rows, columns) if self.net.upright else (columns, rows)

    def product(self, left: str, right: str) -> str:
        """left·right with samples as rows; turned, the transposed product."""
        if self.net.upright:
            return f"{{{left}|{right}}}"

        return f"{{{right}|{left}}}"

    def turned(self, name: str) -> str:
        return name + "'"

    def add(
        self,
        name: str,
        shape: tuple[int, int],
        formula: str,
        kind: str,
        slips: Mapping[str, str] | None = None,
        ones: bool = False,
    ) -> None:
        self.blocks.append(Block(name, shape, formula, kind, slips or {}, (), ones))

    def given(self, name: str, shape: tuple[int, int], kind: str, ones: bool = False) -> None:
        values = []
        for _ in range(shape[0]):
            row = []
            for _ in range(shape[1]):
                number = self.random.uniform(0.1, 1.2) if kind == "data" else self.random.uniform(-0.5, 0.8)
                row.append(round(number, 2))
            values.append(tuple(row))
        formula = "{-" + name + "+}" if kind == "parameter" else ""
        self.blocks.append(Block(name, shape, formula, kind, {}, tuple(values), ones))

    def targets(self) -> None:
        n, m = self.net.samples, self.net.sizes[-1]
        rows = []
        for _ in range(n):
            hot = self.random.randrange(m)
            row = {
                "cross": [float(j == hot) for j in range(m)],
                "bce": [float(self.random.randint(0, 1)) for _ in range(m)],
            }.get(self.net.loss)
            rows.append(tuple(row or [round(self.random.uniform(0.1, 0.9), 2) for _ in range(m)]))
        values = tuple(rows) if self.net.upright else tuple(zip(*rows, strict=True))
        self.blocks.append(Block("T", self.shape(n, m), "", "data", {}, values))

    def _collect(self) -> None:
        net, n, ones = self.net, self.net.samples, self.net.bias == "ones"
        self.given("X", self.shape(n, net.sizes[0]), "data", ones)
        self.targets()
        for k in range(1, self.layers + 1):
            self.given(f"W{k}", self.shape(net.sizes[k - 1] + ones, net.sizes[k]), "parameter")
            if net.bias == "vector":
                self.given(f"b{k}", self.shape(1, net.sizes[k]), "parameter")
        for k in range(1, self.layers + 1):
            self._forward(k)
        self._loss()
        for k in range(self.layers, 0, -1):
            self._delta(k)
            self._gradients(k)
        for k in range(1, self.layers + 1):
            self._updates(k)

    def source(self, k: int) -> str:
        """The matrix that goes into a layer, with its column of ones."""
        name = "X" if k == 1 else f"A{k - 1}"
        return name + "_1" if self.net.bias == "ones" else name

    def _forward(self, k: int) -> None:
        net = self.net
        name = net.output if k == self.layers else net.hidden
        shape = self.shape(net.samples, net.sizes[k])
        bias = f"+{{b{k}}}" if net.bias == "vector" else ""
        product = self.product(self.source(k), f"W{k}")
        z, a = f"{{Z{k}}}", f"{{A{k}}}"
        if net.separate or name in ("softmax", "relu"):
            self.add(f"Z{k}", shape, product + bias, "forward")
        else:
            z = f"({product}{bias})"
        has_ones = net.bias == "ones" and k < self.layers
        if name == "softmax":
            self.add(f"S{k}", shape, f"EXP({z})", "forward")
            line = "rowsum" if net.upright else "colsum"
            self.add(f"A{k}", shape, f"{{S{k}}}/{{{line} S{k}}}", "forward")
        else:
            formula = SLOPES[name][0].replace("{z}", z)
            if name == "relu" and net.write == "array":
                formula = f"IF({z}>0,{z},0)"
            self.add(f"A{k}", shape, formula, "forward", ones=has_ones)
        if net.mask and k < self.layers:
            self.add(f"M{k}", shape, SLOPES[name][1].replace("{z}", z).replace("{a}", a), "backward")

    def _loss(self) -> None:
        net = self.net
        a, shape = f"{{A{self.layers}}}", self.shape(net.samples, net.sizes[-1])
        each = {"half": f"0.5*({{T}}-{a})^2", "squared": f"({{T}}-{a})^2", "bce": f"-({{T}}*LN({a})+(1-{{T}})*LN(1-{a}))",
                "cross": f"-{{T}}*LN({a})"}[net.loss]  # fmt: skip
        self.each, self.share = each, net.samples if net.scale == "mean" else 1
        if net.loss_cell:
            self.add("L", shape, each, "loss")
            self.add("E", (1, 1), "{sum L}" + (f"/{self.share}" if self.share > 1 else ""), "loss")

    def _delta(self, k: int) -> None:
        net, out = self.net, k == self.layers
        name = net.output if out else net.hidden
        shape = self.shape(net.samples, net.sizes[k])
        a, z = f"{{A{k}}}", f"{{Z{k}}}"
        slope = (
            "1"
            if name == "softmax" or (out and net.loss == "bce")
            else SLOPES[name][1].replace("{a}", a).replace("{z}", z)
        )
        if net.mask and not out:
            slope = f"{{M{k}}}"
        tail = "" if slope == "1" else f"*{slope}"
        if out:
            head = f"({{T}}-{a})" if net.turned else f"({a}-{{T}})"
            head = ("2*" if net.loss == "squared" else "") + head
            slips = {"sign": f"-{head}{tail}"}
        else:
            weights = f"W{k + 1}_r" if net.bias == "ones" else f"W{k + 1}"
            head = self.product(f"D{k + 1}", weights + "'")
            slips = {
                "sign": f"-{head}{tail}",
                "new weight": self.product(
                    f"D{k + 1}", weights.replace("_r", "+_r") + "'" if "_r" in weights else weights + "+'"
                )
                + tail,
            }
            if net.sizes[k] == net.sizes[k + 1]:
                slips["not transposed"] = self.product(f"D{k + 1}", weights) + tail
                slips["δ of the wrong layer"] = self.product(f"A{k + 1}", weights + "'") + tail
        if tail:
            slips["slope left out"] = head
            other = f"A{k - 1}" if k > 1 and net.sizes[k - 1] == net.sizes[k] else ""
            if other:
                slips["slope of the wrong layer"] = head + tail.replace(f"A{k}", other).replace(
                    f"Z{k}", f"Z{k - 1}"
                ).replace(f"M{k}", f"M{k - 1}")
            if name == "sigmoid" and not net.mask:
                slips["slope of tanh"] = f"{head}*(1-{a}^2)"
                if net.separate:
                    slips["slope at the net input"] = f"{head}*{z}*(1-{z})"
        self.add(f"D{k}", shape, head + tail, "backward", slips)

    def _gradients(self, k: int) -> None:
        net = self.net
        share = f"/{net.samples}" if net.scale == "mean" and net.samples > 1 else ""
        d, source = f"D{k}", self.source(k)
        shape = self.by(f"W{k}").shape
        formula = self.product(source + "'", d)
        slips = {"sign": f"-{formula}{share}"}
        if share:
            slips["mean left out"] = formula
        sizes = net.sizes
        wrong = [f"Z{k - 1}"] if k > 1 and net.separate and net.bias != "ones" else []
        wrong += ["X"] if k == 2 and sizes[0] == sizes[1] and net.bias != "ones" else []
        for name in wrong:
            slips[f"{name[0]} for the activation"] = self.product(name + "'", d) + share
        for other in range(1, self.layers + 1):
            if other != k and sizes[other] == sizes[k] and other > k:
                slips["δ of the wrong layer"] = self.product(source + "'", f"D{other}") + share
        self.add(f"G{k}", shape, formula + share, "gradient", slips)
        if net.bias == "vector":
            line = "colsum" if net.upright else "rowsum"
            slips = {"sum over samples missing": f"{{first {d}}}{share}"} if net.samples > 1 else {}
            self.add(f"B{k}", self.shape(1, net.sizes[k]), f"{{{line} {d}}}{share}", "gradient", slips)

    def by(self, name: str) -> Block:
        return next(block for block in self.blocks if block.name == name)

    def _updates(self, k: int) -> None:
        net = self.net
        sign, wrong = ("+", "-") if net.turned else ("-", "+")
        for w, g in [(f"W{k}", f"G{k}"), *([(f"b{k}", f"B{k}")] if net.bias == "vector" else [])]:
            shape, step = self.by(w).shape, f"{{{g}}}"
            if net.optimizer == "momentum":
                self.blocks.append(Block(f"V{w}", shape, f"0.9*{{-V{w}}}+{{{g}}}", "state"))
                step = f"{{V{w}}}"
            if net.optimizer == "decay":
                step = f"({step}+0.01*{{{w}}})"
            slips = {
                "sign": f"{{{w}}}{wrong}{{eta}}*{step}",
                "η left out": f"{{{w}}}{sign}{step}",
                "η twice": f"{{{w}}}{sign}{{eta}}*{{eta}}*{step}",
            }
            others = [b.name for b in self.blocks if b.kind == "gradient" and b.name != g and b.shape == shape]
            if others and net.optimizer == "sgd":
                slips["gradient of another matrix"] = f"{{{w}}}{sign}{{eta}}*{{{others[0]}}}"
            if shape[0] == shape[1] and shape[0] > 1 and net.optimizer == "sgd" and net.write == "array":
                slips["transposed"] = f"{{{w}}}{sign}{{eta}}*TRANSPOSE({step})"
            self.add(f"{w}+", shape, f"{{{w}}}{sign}{{eta}}*{step}", "update", slips)

    # ------------------------------------------------------------------------------------------------ where

    def _sheet(self, step: int) -> str:
        name = {"korean": "단계", "portuguese": "Passo"}.get(self.net.titles, "Iteration")
        return f"{name} {step + 1}" if self.net.way == "sheets" else "Matrices"

    def _arrange(self) -> None:
        """Blocks side by side, a few a line; a title above each."""
        net, top, left, tallest, count = self.net, 0, 0, 0, 0
        self.width = 0
        for block in self.blocks:
            if block.kind == "update" and net.merged:
                continue
            if net.once and block.kind == "data":
                continue
            if count == net.per_line:
                top, left, tallest, count = top + tallest + 2, 0, 0, 0
            extra = (0, 1) if net.upright else (1, 0)
            down, right = extra if block.ones else (0, 0)
            self.offsets[block.name] = (top + 1 + down, left + right)
            tallest = max(tallest, block.shape[0] + 1 + down)
            left += block.shape[1] + right + 1
            self.width = max(self.width, left)
            count += 1
        self.height = top + tallest + 2
        self.data_top = 4
        self.first = 5
        if net.once:
            column = 2
            for block in self.blocks:
                if block.kind == "data":
                    down, right = ((0, 1) if net.upright else (1, 0)) if block.ones else (0, 0)
                    self.offsets[block.name] = (5 + down, column + right)
                    column += block.shape[1] + right + 1
                    self.first = max(self.first, 5 + down + block.shape[0] + 2)

    def corner(self, name: str, step: int) -> Place:
        """The first cell of a matrix."""
        block = self.by_name[name]
        row, column = self.offsets[name]
        if self.net.once and block.kind == "data":
            return self._sheet(0), row, column
        top, left = self.first, 2
        if self.net.way == "down":
            top += step * self.height
        elif self.net.way == "right":
            left += step * (self.width + 1)
        return self._sheet(step), top + row, left + column

    def area(self, name: str, step: int) -> tuple[Place, tuple[int, int]]:
        """First cell and shape; of A_1 with its ones, of W_r without the bias' row, of W+ the new matrix."""
        rest = name.endswith("_r")
        name = name.removesuffix("_r")
        if name.endswith("+") and self.net.merged:
            name, step = name[:-1], step + 1
        if name.endswith("_1"):
            (sheet, row, column), (height, width) = self.area(name[:-2], step)
            return (
                ((sheet, row, column - 1), (height, width + 1))
                if self.net.upright
                else ((sheet, row - 1, column), (height + 1, width))
            )
        sheet, row, column = self.corner(name, step)
        height, width = self.by_name[name].shape
        if rest:
            return (
                ((sheet, row + 1, column), (height - 1, width))
                if self.net.upright
                else ((sheet, row, column + 1), (height, width - 1))
            )
        return (sheet, row, column), (height, width)

    # ------------------------------------------------------------------------------------------------ formulas

    def _range(self, name: str, step: int, sheet: str, row: int | None = None, column: int | None = None) -> str:
        """A matrix as a range, or one row or column of it."""
        (where, top, left), (height, width) = self.area(name, step)
        fixed = (
            "both"
            if self.net.once
            and self.by_name.get(name) is not None
            and self.by_name[name].kind == "data"
            and self.net.dollars
            else ""
        )
        first = (where, top + (row or 0), left + (column or 0))
        last = (where, top + (height - 1 if row is None else row), left + (width - 1 if column is None else column))
        return ref_from(sheet, first, fixed) if first == last else f"{ref_from(sheet, first, fixed)}:{ref(last, fixed)}"

    def _cell(self, name: str, step: int, sheet: str, i: int, j: int) -> str:
        (where, top, left), (height, width) = self.area(name, step)
        i, j = (0 if height == 1 else i), (0 if width == 1 else j)
        fixed = (
            ""
            if not self.net.dollars
            else "both"
            if height == width == 1
            else "row"
            if height == 1
            else "column"
            if width == 1
            else ""
        )
        return ref_from(sheet, (where, top + i, left + j), fixed)

    def _product(self, left: str, right: str, step: int, sheet: str, i: int, j: int) -> str:
        """One cell of a product."""
        (a, at), (b, bt) = ((name.rstrip("'"), name.endswith("'")) for name in (left, right))
        row = self._range(a, step, sheet, None if at else i, i if at else None)
        column = self._range(b, step, sheet, j if bt else None, None if bt else j)
        (_, (height, width)) = self.area(a, step)
        count = height if at else width
        if self.net.write == "explicit" or count == 1:
            terms = []
            for k in range(count):
                terms.append(
                    f"{self._exact(a, step, sheet, *((k, i) if at else (i, k)))}*{self._exact(b, step, sheet, *((j, k) if bt else (k, j)))}"
                )
            return "+".join(terms) if len(terms) == 1 else f"({'+'.join(terms)})"
        if self.net.write == "sumproduct" and at != bt:
            return f"SUMPRODUCT({row},{column})"
        first = f"TRANSPOSE({row})" if at else row
        second = f"TRANSPOSE({column})" if bt else column
        return f"MMULT({first},{second})"

    def _exact(self, name: str, step: int, sheet: str, i: int, j: int) -> str:
        (where, top, left), _ = self.area(name, step)
        return ref_from(sheet, (where, top + i, left + j))

    def formula(self, template: str, step: int, sheet: str, i: int, j: int, whole: bool) -> str:
        """A template for one cell, or whole: as an array formula."""

        def written(match: re.Match[str]) -> str:
            name = match[1]
            if name == "eta":
                return ref_from(sheet, self.eta, "both")
            if "|" in name:
                left, right = name.split("|")
                if not whole:
                    return self._product(left, right, step, sheet, i, j)
                parts = []
                for part in (left, right):
                    area = self._range(part.rstrip("'"), step, sheet)
                    parts.append(f"TRANSPOSE({area})" if part.endswith("'") else area)
                return f"MMULT({parts[0]},{parts[1]})"
            kind, _, rest = name.rpartition(" ")
            if kind == "sum":
                return f"SUM({self._range(rest, step, sheet)})"
            if kind in ("colsum", "colmean"):
                return f"{'SUM' if kind == 'colsum' else 'AVERAGE'}({self._range(rest, step, sheet, column=j)})"
            if kind == "rowsum":
                return f"SUM({self._range(rest, step, sheet, row=i)})"
            if kind == "first":
                return self._exact(rest, step, sheet, *((0, j) if self.net.upright else (i, 0)))
            at = step - 1 if name.startswith("-") else step
            name = name.removeprefix("-")
            return self._range(name, at, sheet) if whole else self._cell(name, at, sheet, i, j)

        return "=" + _NAME.sub(written, template)

    # ------------------------------------------------------------------------------------------------ cells

    def _title(self, block: Block, step: int) -> None:
        (sheet, row, column), _ = self.area(block.name, step)
        words = {"X": "input", "T": "target", "W": "weights", "b": "bias", "Z": "net input", "A": "activation", "D": "delta", "G": "gradient of W",
                 "B": "gradient of b", "L": "loss", "E": "total loss", "M": "mask", "V": "velocity", "S": "exp"}  # fmt: skip
        name = block.name
        titles = {"plain": name, "words": f"{words[name[0]]} {name[1:]}".replace("+", " new"), "step": f"{name} ({step})",
                  "korean": f"행렬 {name}", "portuguese": f"matriz {name}"}  # fmt: skip
        where = (sheet, row - 1 - (block.ones and not self.net.upright), column - (block.ones and self.net.upright))
        if self.net.titles in titles and where not in self.plan.cells:
            self.plan.put(where, titles[self.net.titles])

    def _block(self, block: Block, step: int) -> None:
        plan, net = self.plan, self.net
        if (block.kind == "update" and net.merged) or (block.kind == "data" and net.once and step):
            return
        self._title(block, step)
        (sheet, top, left), (height, width) = self.area(block.name, step)
        if block.ones:
            for k in range(height if net.upright else width):
                plan.put((sheet, top + k, left - 1) if net.upright else (sheet, top - 1, left + k), 1.0)
        if block.start and (step == 0 or block.kind == "data"):
            for i, row in enumerate(block.start):
                for j, value in enumerate(row):
                    plan.put((sheet, top + i, left + j), value)
            return
        template, slips, kind = block.formula, dict(block.slips), block.kind
        if block.kind == "parameter" and net.merged:
            source = next(b for b in self.blocks if b.name == block.name + "+")
            template, slips, kind, step = source.formula, dict(source.slips), "update", step - 1
        if block.kind == "state" and step == 0:
            template = re.sub(r"\{-[^{}]+\}", "0", template)
        if kind != "parameter" and step >= net.steps:
            return
        whole = (
            net.write == "array"
            and not re.search(r"sum |colmean |first |rowsum ", template)
            and (height, width) != (1, 1)
        )
        single = re.search(r"'", template) is not None and not whole and net.write in ("single", "sumproduct")
        cells = [(0, 0)] if whole else [(i, j) for i in range(height) for j in range(width)]
        if step >= net.steps - 1 and net.merged and kind == "update":
            slips = {k: v for k, v in slips.items() if "+" not in v.split("|")[0] or True}
        for i, j in cells:
            where = (sheet, top + i, left + j)
            plan.put(where, self.formula(template, step, sheet, i, j, whole), block.name)
            if whole:
                plan.arrays[where] = (height, width)
            elif single and "TRANSPOSE" in str(plan.cells[where]):
                plan.arrays[where] = (1, 1)
            if kind in ("backward", "gradient", "update", "state"):
                plan.watched.update(
                    {(sheet, top + a, left + b) for a in range(height) for b in range(width)} if whole else {where}
                )
            for name, wrong in slips.items():
                if whole and re.search(r"sum |first ", wrong):
                    continue
                plan.slip(name, block.name, where, self.formula(wrong, step, sheet, i, j, whole))

    def _summary(self) -> None:
        net = self.net
        for step in range(net.steps):
            pairs = []
            gradients = []
            for block in self.blocks:
                if block.kind != "parameter":
                    continue
                (sheet, top, left), (height, width) = self.area(block.name, step)
                (new_sheet, new_top, new_left), _ = self.area(block.name + "+", step)
                (g_sheet, g_top, g_left), _ = self.area(("G" if block.name[0] == "W" else "B") + block.name[1:], step)
                for i in range(height):
                    for j in range(width):
                        pairs.append(((sheet, top + i, left + j), (new_sheet, new_top + i, new_left + j)))
                        gradients.append(((sheet, top + i, left + j), (g_sheet, g_top + i, g_left + j)))
            height, width = self.by_name["T"].shape
            anywhere = next(iter(self.plan.cells))[0]
            parts = [
                self.formula(self.each, step, anywhere, i, j, False)[1:] for i in range(height) for j in range(width)
            ]
            loss = "(" + "+".join(f"({part})" for part in parts) + f")/{self.share}"
            rates = {x: ref_from(anywhere, self.eta) for x, _ in pairs}
            given = tuple(gradients) if net.optimizer != "sgd" else ()
            self.plan.steps.append(Step(anywhere, tuple(pairs), loss, rates, given, -1.0 if net.turned else 1.0))
