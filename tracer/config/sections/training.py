"""The sections of a config on training: learning rate, clipping, when to stop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tracer.config.choices import formula, formula_in, place_of, with_caret
from tracer.config.schema import PHASES
from tracer.config.sections.optimizer import OptimizerReader
from tracer.config.yamlfile import Place
from tracer.errors import nearest
from tracer.formulas.evaluation import NO_NUMBER, compiled
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import COMPARISONS, Call, Expression, Name, Number, names, replace
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.experiment import Choice, Schedule
from tracer.tables.optimizers import Optimizer

MOST_CHECKED = 1_000_000
"""Iterations for which the learning rate is computed in advance."""


@dataclass(slots=True)
class TrainingReader(OptimizerReader):
    """Reads how a document's parameters are trained."""

    def clip(self) -> Choice | None:
        """How gradients are clipped: the kind, with its limit as the only setting."""
        limits = [(kind, limit) for kind, limit in (self.config["clip"] or {}).items() if limit is not None]
        return Choice(limits[0][0], ((f"clip_{limits[0][0]}", limits[0][1]),)) if limits else None

    def learning_rates(self) -> tuple[float, ...]:
        """The constant learning rates; empty with a schedule, or if no formula uses one."""
        value = self.config["learning_rate"]
        if value is None or self.is_schedule():
            return ()
        if 0 in (value if ("learning_rate",) in self.document.commas else ()):
            what = "two learning rates, one of them 0; if the comma is meant as a decimal point, write a point"
            self.problem(("learning_rate",), what)
        return tuple(value if isinstance(value, list) else [value])

    def is_schedule(self) -> bool:
        """Whether the learning rate changes during a run."""
        value = self.config["learning_rate"]
        return isinstance(value, str) or PHASES.matches(value)

    def iterations(self) -> int:
        """The number of iterations; with phases, their sum."""
        value, rates = self.config["iterations"], self.config["learning_rate"]
        if not PHASES.matches(rates):
            return value if isinstance(value, int) else 1
        total = sum(phase["iterations"] for phase in rates if phase and isinstance(phase["iterations"], int))
        if isinstance(value, int) and value != total:
            what = f"{value}, but the phases of the learning rate have {total}; leave it out, or change one"
            self.problem(("iterations",), what)
        return total

    def schedule(self, iterations: int) -> Schedule | None:
        """The learning rate as a formula of the iteration k, if it is one; it has a value in every iteration."""
        if not self.is_schedule():
            return None
        value, place = self.config["learning_rate"], ("learning_rate",)
        schedule = Schedule(self.formula_of_k(value, place), {}) if isinstance(value, str) else self.phases(value)
        if not self.document.problems:
            self.check_rates(schedule, iterations)
        return schedule

    def formula_of_k(self, text: str, place: Place) -> Expression:
        """A learning rate as a formula of the iteration."""
        return formula_in((naming.COUNT,), text, place, self.document) or Number(0.0)

    def phases(self, entries: list[Any]) -> Schedule:
        """Phases as a formula: if(k <= 100, η1, if(k <= 200, η2, η3)); every rate is a named number."""
        parts: list[Expression] = []
        ends: list[float] = [0]
        rates: dict[str, float] = {}
        for index, phase in enumerate(entries):
            rate, name = phase and phase["learning_rate"], naming.phase_rate(index + 1)
            if isinstance(rate, str):
                parts.append(self.formula_of_k(rate, ("learning_rate", index, "learning_rate")))
            else:
                rates[name] = rate
                parts.append(Name(name))
            ends.append(ends[-1] + ((phase and phase["iterations"]) or 0))
        formula = parts[-1]
        for end, part in zip(reversed(ends[1:-1]), reversed(parts[:-1]), strict=True):
            condition = Call(COMPARISONS["<="], (Name(naming.COUNT), Number(float(end))))
            formula = Call(FUNCTIONS["if"], (condition, part, formula))
        return Schedule(formula, rates)

    def check_rates(self, schedule: Schedule, iterations: int) -> None:
        """Check that the learning rate is 0 or more in every iteration."""
        needed, rate = compiled(schedule.formula)
        for k in range(1, min(iterations, MOST_CHECKED) + 1):
            values = {**schedule.rates, naming.COUNT: float(k)}
            try:
                value = float(rate(*(values[name.name] for name in needed)))
            except NO_NUMBER:
                value = float("nan")
            if not 0 <= value < float("inf"):
                shown = "not a finite number" if value != value or value == float("inf") else f"{value:g}"
                what = f"is {shown} at {naming.COUNT} = {k}; a learning rate must be at least 0"
                self.problem(("learning_rate",), what)
                return

    def until(self, known: Iterable[str]) -> Expression | None:
        """The condition that ends a run, in terms of the quantities of a step."""
        place, text = ("until",), self.config["until"]
        known = list(known)
        expression = formula(text, place, self.document, condition=True, quantities=known) if text else None
        if expression is None:
            return None
        spelled = {naming.to_ascii(name): name for name in known}
        spelled |= {name: name for name in spelled.values()}
        for name in dict.fromkeys(name.name for name in names(expression)):
            if name not in spelled:
                what = f"'{name}' is not a quantity of a step.{nearest(name, spelled)}"
                self.problem(place, with_caret(what, text, place_of(name, text)))
        return replace(expression, {n: Name(spelled.get(n.name, n.name)) for n in names(expression)})

    def own_names(
        self, rule: Optimizer, clip: Choice | None, batches: Batches, loss: str, parameters: Iterable[str]
    ) -> dict[str, tuple[str, str]]:
        """The names of what batches, clipping and the optimizer compute; what each is, and the key that asks for it."""
        computed, states = {}, list(rule.columns)
        if batches.several:
            computed[naming.batch_loss(loss)] = ("the loss of a batch", "update")
        if clip and clip.name == "norm":
            computed[naming.GRADIENT_NORM] = ("the norm of the gradients", "clip")
        for parameter in parameters:
            if clip:
                computed[naming.clipped(parameter)] = ("a clipped gradient", "clip")
            for state in states:
                computed[naming.state(state, parameter)] = ("a state of the optimizer", "optimizer")
        return computed
