"""The sections of a config that hold equations of the user's own, and the names of all quantities."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from tracer.config.choices import formula
from tracer.config.forms import Identifier, show
from tracer.config.sections.reading import Reader
from tracer.config.sections.samples import Data
from tracer.errors import lookalikes, nearest
from tracer.formulas.tree import Expression, names
from tracer.model.experiment import OwnEquations

_WORD = re.compile(r"[^\W\d]\w*")
MAX_EQUATIONS = 10_000
_EQUATION = re.compile(r"\s*([^\s=<>!]+)\s*=(?!=)(.*)", re.DOTALL)


def _joined(text: str) -> list[tuple[int, str]]:
    """The equations of a text without comments, each with the number of its first line: an equation goes on in the next
    line as long as a bracket is open and no other equation begins."""
    equations: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("#")[0].rstrip()
        before = equations[-1][1] if equations else ""
        if before.count("(") > before.count(")") and code.strip() and not _EQUATION.fullmatch(code):
            equations[-1] = (equations[-1][0], f"{before}\n{code}")
        elif code.strip():
            equations.append((number, code))
    return equations


@dataclass(slots=True)
class EquationsReader(Reader):
    """Reads the equations of a document. broken: the results of those that cannot be read, for no follow-up errors.
    lines: the line of each result."""

    broken: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)

    def own_equations(self, data: Data) -> tuple[OwnEquations, dict[str, float]]:
        """The equations in order of computation, and the initial value of every parameter."""
        start = self.config["parameters"] or {}
        given = [*data.inputs, *data.targets, *start]
        equations = self.equations(given)
        self.unique_names([
            (("inputs",), "an input", data.inputs), (("targets",), "a target", data.targets),
            (("parameters",), "a parameter", list(start)),
            (("equations",), "the result of an equation", list(equations)),
        ])  # fmt: skip
        ordered = self.ordered(equations, given)
        return OwnEquations(ordered, self.minimize(ordered)), start

    def equations(self, given: Sequence[str]) -> dict[str, Expression]:
        """The equations by their results, as they are written. given: the names of further quantities."""
        text, place = self.config["equations"] or "", ("equations",)
        equations: dict[str, Expression] = {}
        self.broken, self.lines = set(), {}
        lines = _joined(text)
        quantities = [*given, *(match[1] for _, code in lines if (match := _EQUATION.fullmatch(code)))]
        for number, code in lines:
            match = _EQUATION.fullmatch(code)
            if not match:
                what = f"line {number}: write it as name = formula, not '{code.strip()}'{lookalikes(code)}"
                self.problem(place, what, (*place, number))
                self.broken |= set(_WORD.findall(code)[:1])
                continue
            name, written = match.groups()
            self.lines.setdefault(name, number)
            if problem := Identifier().problem(name):
                self.problem(place, problem, (*place, number))
            if name in equations:
                what = f"line {number}: '{name}' already has an equation; use another name"
                self.problem(place, what, (*place, number))
                continue
            where, at = f"line {number}: ", (*place, number)
            expression = formula(written.strip(), place, self.document, where, at, quantities=quantities)
            if expression is None:
                self.broken.add(name)
            else:
                equations[name] = expression
        if text and not lines:
            self.problem(place, "contains no equations; write one per line, such as 'y = tanh(w*x)'")
        if len(equations) > MAX_EQUATIONS:
            self.problem(place, f"more than {MAX_EQUATIONS:,} equations; this is a tool for small models")
            self.document.check()
        return equations

    def ordered(self, equations: Mapping[str, Expression], given: Sequence[str]) -> dict[str, Expression]:
        """The equations, each after those that it uses; otherwise in the order in which they are written."""
        uses = {result: [name.name for name in names(expression)] for result, expression in equations.items()}
        known = [*given, *equations]
        for result, used in uses.items():
            for name in dict.fromkeys(used):
                if not (name in given or name in equations or name in self.broken):
                    what = f"'{name}' in the equation of '{result}' is unknown.{nearest(name, known)}"
                    self.problem(("equations",), what, ("equations", self.lines[result]))
        place = {result: index for index, result in enumerate(equations)}
        if all(place.get(name, -1) < place[result] for result, used in uses.items() for name in used):
            return dict(equations)
        graph = {result: [name for name in used if name in equations] for result, used in uses.items()}
        try:
            return {result: equations[result] for result in TopologicalSorter(graph).static_order()}
        except CycleError as error:
            circle = error.args[1][::-1]
            line = self.lines[circle[0]]
            self.problem(("equations",), f"circular definition: {' → '.join(circle)}", ("equations", line))
            return dict(equations)

    def minimize(self, equations: Mapping[str, Expression]) -> str:
        """The quantity to minimize, which must be the result of an equation."""
        value = self.config["minimize"]
        if value and equations and value not in {*equations, *self.broken}:
            self.problem(("minimize",), f"{show(value)} is not the result of an equation.{nearest(value, equations)}")
        return str(value)
