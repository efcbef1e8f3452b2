"""Where the lines of a step stand: a row, a column, a block, a sheet a step; and the formulas that follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from tests.walkthroughs import labels
from tests.walkthroughs.evaluator import Place
from tests.walkthroughs.networks import Line, Program
from tests.walkthroughs.plan import Plan, Step, chance, ref, ref_from

_NAME = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Manner:
    """How a sheet is laid out.

    way: rows (a row a sample), wide (a batch in one row), columns (a column a sample), blocks (neuron by neuron, a block
    a step), across (the same, steps to the right), sheets (a sheet a step). merged: the update stands in the
    parameter's own cell of the next step. weights: once (a batch refers to its first row) or copied (row by row).
    rate: cell, typed, name. data: typed, table (INDEX by MOD), linked (to a table of samples), sheet (on another sheet).
    gap: empty rows between steps. bottom: where once-a-batch lines stand in a batch of rows: first, last, below.
    above: labels above values in blocks, not left of them. epoch: a summary row after so many steps. absolute: the
    first step refers absolutely. notes: texts strewn about. rate may also be column: a cell of every step.
    """

    way: str = "rows"
    language: str = "english"
    steps: int = 4
    merged: bool = False
    weights: str = "once"
    rate: str = "cell"
    data: str = "typed"
    gap: int = 0
    bottom: str = "first"
    above: bool = False
    corner: tuple[int, int] = (4, 2)
    title: bool = True
    order: str = "program"
    spaces: bool = False
    epoch: int = 0
    absolute: bool = False
    notes: bool = False


def place(program: Program, manner: Manner, layout: str, plan: Plan | None = None) -> Plan:
    """The plan of a program in a layout. plan: one that it is added to."""
    loss_cell = program.net.loss_cell and program.net.loss != "perceptron"
    return _Placing(program, manner, plan or Plan(layout, loss_cell=loss_cell)).plan


class _Placing:
    """Puts the lines of every step into cells."""

    def __init__(self, program: Program, manner: Manner, plan: Plan) -> None:
        self.program, self.manner, self.plan = program, manner, plan
        self.batch = program.net.batch
        self.parameters = list(program.updates)
        lines = [line for line in program.lines if line.kind != "table"]
        self.given = dict(program.constants)
        if manner.rate == "column":
            del self.given["eta"]
            lines.insert(0, Line("eta", "{-eta}", "extra", True, program.constants["eta"], {}, "data"))
        if manner.merged:
            lines = [line for line in lines if line.kind != "update"]
        if manner.order == "parameters last":
            lines = [x for x in lines if x.kind != "parameter"] + [x for x in lines if x.kind == "parameter"]
        if manner.order == "parameters first":
            lines = [x for x in lines if x.kind == "parameter"] + [x for x in lines if x.kind != "parameter"]
        self.lines = lines
        self.by_name = {line.name: line for line in program.lines}
        if manner.rate == "column":
            self.by_name["eta"] = lines[0]
        self.offsets: dict[tuple[str, int], tuple[int, int]] = {}
        self.titles: dict[tuple[int, int], str] = {}
        self.height = self.width = 0
        self.main = labels.SHEETS[manner.language].format(1)
        self.constants: dict[str, Place] = {}
        self.table: dict[tuple[str, int], Place] = {}
        self.origin = manner.corner
        self.step = 0
        self._arrange()
        self._constants()
        self._data()
        self._headers()
        for step in range(manner.steps):
            self._step(step)
        self._summary()
        if manner.notes:
            self._notes()

    # ------------------------------------------------------------------------------------------------ where

    def _samples(self, line: Line) -> range:
        copied = line.kind == "parameter" and self.manner.weights == "copied"
        return range(1 if line.batch and not copied else self.batch)

    def _arrange(self) -> None:
        way = self.manner.way
        if way in ("rows", "columns"):
            height = self.batch + (self.manner.bottom == "below" and self.batch > 1)
            last = {"first": 0, "last": self.batch - 1, "below": height - 1}[self.manner.bottom]
            for column, line in enumerate(self.lines):
                for sample in self._samples(line):
                    row = last if line.batch and line.kind not in ("parameter", "extra") else sample
                    self.offsets[line.name, sample] = (row, column) if way == "rows" else (column, row)
            self.height, self.width = (height, len(self.lines)) if way == "rows" else (len(self.lines), height)
        elif way == "wide":
            column = 0
            for sample_of in range(self.batch):
                for line in self.lines:
                    if line.kind == "parameter" and not sample_of:
                        self.offsets[line.name, 0] = (0, column)
                        column += 1
                for line in self.lines:
                    if not line.batch:
                        self.offsets[line.name, sample_of] = (0, column)
                        column += 1
            for line in self.lines:
                if line.batch and line.kind != "parameter":
                    self.offsets[line.name, 0] = (0, column)
                    column += 1
            self.height, self.width = 1, column
        else:
            self._arrange_blocks()

    def _arrange_blocks(self) -> None:
        """Sections side by side, wrapped after a few; a label left of each value, or above it."""
        sections: dict[str, list[Line]] = {}
        for line in self.lines:
            neuron = re.fullmatch(r"[zads](\d+_\d+)", line.name)
            by_neuron = neuron and self.manner.above
            sections.setdefault(f"neuron {neuron[1]}" if by_neuron and neuron else line.section, []).append(line)
        top = left = tallest = 0
        for number, (title, lines) in enumerate(sections.items()):
            if number and number % 3 == 0:
                top, left, tallest = top + tallest + 2, 0, 0
            self.titles[top, left] = title
            at, pitch = top + 1, 2 if self.manner.above else 1
            for line in lines:
                for sample in self._samples(line):
                    self.offsets[line.name, sample] = (at + pitch - 1, left + sample + (0 if self.manner.above else 1))
                at += pitch
            tallest = max(tallest, at - top)
            left += (1 if self.manner.above else 2) + max(self.batch, 1) + (0 if self.manner.above else 1)
            self.width = max(self.width, left)
        self.height = top + tallest

    def at(self, name: str, step: int, sample: int = 0) -> Place:
        """The cell of a quantity."""
        if (name, sample) not in self.offsets:
            sample = 0
        row, column = self.offsets[name, sample]
        top, left = self.origin
        way, gap = self.manner.way, self.manner.gap
        sheet = self.main
        if way in ("rows", "wide", "blocks"):
            top += step * (self.height + gap + (way == "blocks"))
            top += step // self.manner.epoch if self.manner.epoch else 0
        elif way in ("columns", "across"):
            left += step * (self.width + gap + (way == "across"))
        else:
            sheet = labels.SHEETS[self.manner.language].format(step + 1)
        return sheet, top + row, left + column

    # ------------------------------------------------------------------------------------------------ what is given

    def _constants(self) -> None:
        plan, manner = self.plan, self.manner
        if manner.title and manner.language in labels.TITLES and (self.main, 1, 1) not in plan.cells:
            plan.put((self.main, 1, 1), labels.TITLES[manner.language])
            plan.merged.append((self.main, "A1:D1"))
        for number, (name, value) in enumerate(self.given.items()):
            where = (self.main, 2, self.origin[1] + 2 * number)
            self.constants[name] = where
            if manner.rate == "typed":
                continue
            plan.put(where, value)
            word = labels.ETA.get(manner.language, "") if name == "eta" else name
            if word:
                plan.put((self.main, 2, where[2] - 1), word)
            if manner.rate == "name":
                plan.names[f"const_{name}"] = ref(where, "both")

    def _data(self) -> None:
        """A table of the samples, to the right of everything, or on a sheet of its own."""
        manner = self.manner
        names = [
            line.name for line in self.program.lines if line.kind == ("input" if manner.data != "typed" else "table")
        ]
        names += [line.name for line in self.program.lines if line.kind == "table"] if manner.data != "typed" else []
        if not names:
            return
        sheet = {"sheet": "data"}.get(manner.data, self.main)
        left = (
            2
            if sheet != self.main
            else self.origin[1] + self.width * (manner.steps if manner.way in ("columns", "across") else 1) + 12
        )
        for j, name in enumerate(names):
            if manner.language != "none":
                self.plan.put((sheet, 4, left + j), f"{labels.label(name, manner.language)}")
            for k, row in enumerate(self.program.data):
                self.table[name, k] = (sheet, 5 + k, left + j)
                self.plan.put(self.table[name, k], row[name])

    def _headers(self) -> None:
        language, way = self.manner.language, self.manner.way
        if language == "none":
            return
        layers = len(self.program.net.sizes) - 1
        if way in ("rows", "wide"):
            for (name, sample), (row, column) in self.offsets.items():
                if (
                    row == 0
                    or (name, 0) not in self.offsets
                    or (sample == 0 and self.offsets[name, 0] == (row, column))
                ):
                    where = (self.main, self.origin[0] - 1, self.origin[1] + column)
                    if where not in self.plan.cells:
                        self.plan.put(where, labels.label(name, language, layers))
        elif way == "columns":
            for (name, sample), (row, _) in self.offsets.items():
                if sample == 0:
                    self.plan.put(
                        (self.main, self.origin[0] + row, self.origin[1] - 1), labels.label(name, language, layers)
                    )
        else:
            steps = range(self.manner.steps)
            for step in steps:
                for (top, left), title in self.titles.items():
                    sheet, row, column = self._shifted(top, left, step)
                    self.plan.put((sheet, row, column), title)
                for (name, sample), _ in self.offsets.items():
                    if sample == 0:
                        sheet, row, column = self.at(name, step)
                        where = (sheet, row - 1, column) if self.manner.above else (sheet, row, column - 1)
                        self.plan.put(where, labels.label(name, language, layers))

    def _shifted(self, row: int, column: int, step: int) -> Place:
        self.offsets["", 0] = (row, column)
        where = self.at("", step)
        del self.offsets["", 0]
        return where

    # ------------------------------------------------------------------------------------------------ formulas

    def formula(self, template: str, where: Place, step: int, sample: int) -> str:
        """A template with the cells' references in place of the names."""

        def written(match: re.Match[str]) -> str:
            return self._reference(match[1], where, step, sample)

        text = "=" + _NAME.sub(written, template)
        return (
            re.sub(r"(?<=[\w)])([-+*/])(?=[\w($])", r" \1 ", text)
            if self.manner.spaces and "E-" not in text and "!" not in text
            else text
        )

    def _reference(self, name: str, where: Place, step: int, sample: int) -> str:
        sheet = where[0]
        if name in self.constants:
            if self.manner.rate == "typed":
                return repr(self.program.constants[name])
            return f"const_{name}" if self.manner.rate == "name" else ref_from(sheet, self.constants[name], "both")
        if name.startswith("slide "):
            constant = self.constants[name[6:]]
            return ref_from(sheet, (constant[0], constant[1] + step + 1, constant[2]))
        if name.startswith("table "):
            top, bottom = self.table[name[6:], 0], self.table[name[6:], len(self.program.data) - 1]
            return f"{ref_from(sheet, top, 'both')}:{ref(bottom, 'both')}"
        if name.startswith("^"):
            return ref_from(sheet, self.at(name[1:], 0, sample), "row")
        if name.startswith("-"):
            return ref_from(sheet, self._current(name[1:], step - 1, sample))
        if name.startswith(("all ", "short ")):
            kind, name = name.split(" ", 1)
            samples = range(self.batch - (kind == "short"))
            cells = [self.at(name, step, s) for s in samples]
            steps = {(b[1] - a[1], b[2] - a[2]) for a, b in pairwise(cells)}
            if steps <= {(1, 0)} or steps <= {(0, 1)}:
                return f"{ref_from(sheet, cells[0])}:{ref(cells[-1])}"
            return ",".join(ref_from(sheet, c) for c in cells)
        if ".." in name:
            first, last = name.split("..")
            ends = self._current(first, step, sample), self._current(last, step, sample)
            fixed = self._fixed(first)
            return f"{ref_from(sheet, ends[0], fixed)}:{ref(ends[1], fixed)}"
        return ref_from(sheet, self._current(name, step, sample), self._fixed(name))

    def _fixed(self, name: str) -> str:
        """Weights that stand once a batch are referred to absolutely."""
        if self.manner.absolute and self.step == 0:
            return "both"
        line = self.by_name.get(name)
        if line is None or line.kind != "parameter" or self.batch == 1 or self.manner.weights != "once":
            return ""
        return {"rows": "both", "columns": "both"}.get(self.manner.way, "")

    def _current(self, name: str, step: int, sample: int) -> Place:
        """The cell of a name; where updates stand in the next step's parameters, w+ is that cell."""
        if name.endswith("+") and self.manner.merged:
            return self.at(name[:-1], step + 1)
        return self.at(name, step, sample)

    # ------------------------------------------------------------------------------------------------ steps

    def _step(self, step: int) -> None:
        self.step = step
        if self.manner.epoch and (step + 1) % self.manner.epoch == 0 and step + 1 < self.manner.steps:
            self._epoch(step)
        for line in self.lines:
            for sample in self._samples(line):
                where = self.at(line.name, step, sample)
                self._line(line, where, step, sample)
        if self.manner.merged and step == self.manner.steps - 1:
            for name in self.parameters:
                self._line(self.by_name[name], self.at(name, step + 1), step + 1, 0)

    def _epoch(self, step: int) -> None:
        """A row that sums up the steps above it."""
        sheet, row, column = self.at(self.lines[0].name, step)
        row += self.height
        if column > 1:
            self.plan.put((sheet, row, column - 1), f"epoch {step // self.manner.epoch + 1}")
        for line in self.lines:
            if line.kind in ("loss", "extra") and line.name in ("E", "hit"):
                (_, top, at), (_, bottom, _) = (
                    self.at(line.name, step - self.manner.epoch + 1),
                    self.at(line.name, step),
                )
                self.plan.put((sheet, row, at), f"=SUM({ref((sheet, top, at))}:{ref((sheet, bottom, at))})")

    def _notes(self) -> None:
        """Remarks beside and below, and a helper column of a chart."""
        last = max(row for sheet, row, _ in self.plan.cells if sheet == self.main)
        texts = (
            "Remember: subtract the gradient!",
            "source: lecture 5",
            "see chart →",
            "check again",
            "η = 0.5 (try 0.1)",
            "Σ",
        )
        source = chance("notes", self.plan.layout)
        for text in texts:
            where = (self.main, last + source.randint(2, 6), source.randint(1, 12))
            if where not in self.plan.cells:
                self.plan.put(where, text)
        losses = [self.at("E", step) for step in range(self.manner.steps)] if ("E", 0) in self.offsets else []
        right = max(column for sheet, _, column in self.plan.cells if sheet == self.main) + 3
        for number, place in enumerate(losses):
            self.plan.put((self.main, last + 8 + number, right), number + 1)
            self.plan.put((self.main, last + 8 + number, right + 1), "=" + ref_from(self.main, place))

    def _line(self, line: Line, where: Place, step: int, sample: int) -> None:
        plan = self.plan
        unit = f"{line.name}@{sample}" if self.batch > 1 and line.kind == "parameter" and sample else line.name
        if line.kind == "input":
            plan.put(where, self._input(line.name, step, sample), "input " + line.name)
            return
        if line.kind == "parameter" and sample:
            plan.put(where, "=" + ref_from(where[0], self.at(line.name, step, sample - 1)), unit)
            return
        if line.start is not None and step == 0 and line.kind in ("parameter", "extra"):
            plan.put(where, line.start)
            return
        if line.kind == "parameter" and self.manner.merged:
            line, step = self.by_name[line.name + "+"], step - 1
        template, slips = line.formula, dict(line.slips)
        if line.kind == "state" and step == 0:
            start = line.start or 0.0
            template = re.sub(r"\{-[^{}]+\}", f"{start:g}", template)
            slips = {}
        self._put(where, template, slips, line, step, sample, unit)

    def _put(
        self, where: Place, template: str, slips: Mapping[str, str], line: Line, step: int, sample: int, unit: str
    ) -> None:
        plan = self.plan
        plan.put(where, self.formula(template, where, step, sample), unit)
        if line.kind in ("gradient", "update", "backward", "state"):
            plan.watched.add(where)
        for name, wrong in slips.items():
            if "{-" in wrong and step == 0:
                continue
            if "slide" in wrong and self.manner.rate in ("typed", "column"):
                continue
            if self.manner.merged and step >= self.manner.steps:
                continue
            plan.slip(name, unit, where, self.formula(wrong, where, step, sample))

    def _input(self, name: str, step: int, sample: int) -> float | str:
        k = (step * self.batch + sample) % len(self.program.data)
        data = self.manner.data
        where = self.at(name, step, sample)
        if data == "typed" or name.startswith("one"):
            return self.program.data[k][name]
        if data == "table" and self.manner.way in ("rows",) and not self.manner.gap and self.height == self.batch:
            first, last = self.table[name, 0], self.table[name, len(self.program.data) - 1]
            rows = f"{ref_from(where[0], first, 'both')}:{ref(last, 'both')}"
            return f"=INDEX({rows},MOD(ROW()-{self.origin[0]},{len(self.program.data)})+1)"
        return "=" + ref_from(where[0], self.table[name, k], "both" if data != "linked" else "")

    def _summary(self) -> None:
        """What the sheet trains: for checking it by finite differences."""
        program = self.program
        for step in range(self.manner.steps):
            pairs = []
            for name in self.parameters:
                new = self.at(name, step + 1) if self.manner.merged else self.at(name + "+", step)
                pairs.append((self.at(name, step), new))
            losses = []
            for sample in range(self.batch):
                losses.append(self.formula(program.loss, (self.main, 1, 1), step, sample)[1:])
            loss = "+".join(f"({text})" for text in losses)
            if self.batch > 1 and program.net.average:
                loss = f"({loss})/{self.batch}"
            gradients = tuple((self.at(name, step), self.at(g, step)) for name, g in program.gradients.items())
            rates = {
                x: self.formula(program.rates.get(name, "{eta}"), (self.main, 1, 1), step, 0)[1:]
                for name, (x, _) in zip(self.parameters, pairs, strict=True)
            }
            factor = program.factor if gradients else 1.0
            self.plan.steps.append(Step(self.main, tuple(pairs), loss, rates, gradients, factor))
