"""The sections of a config that say how parameters are trained: optimizer, learning rate, clipping, when to stop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tracer.config.choices import Choices
from tracer.config.schema import FIELDS, MAX_PHASES, OPTIMIZER_SETTINGS
from tracer.config.values import is_number, show
from tracer.config.yamlfile import Place
from tracer.errors import nearest
from tracer.formulas.evaluation import NO_NUMBER, compiled
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import COMPARISONS, Call, Expression, Name, Number, names
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.experiment import Choice, Schedule
from tracer.tables.optimizers import CLIPPINGS, OPTIMIZERS

MOST_CHECKED = 1_000_000
"""In how many iterations the learning rate is computed ahead."""


@dataclass(slots=True)
class TrainingReader(Choices):
    """Reads how a document's parameters are trained."""

    def optimizer(self) -> Choice:
        """The optimizer; PyTorch's pair of betas is two settings."""
        place: Place = ("optimizer",)
        value = self.document.value.get("optimizer", FIELDS["optimizer"].default)
        if isinstance(value, dict) and "betas" in value:
            betas = value["betas"]
            if not isinstance(betas, list) or len(betas) != 2:
                self.document.problem((*place, "betas"), f"{show(betas)}: give two numbers, such as [0.9, 0.999]")
                betas = [0.9, 0.999]
            rest = {key: item for key, item in value.items() if key != "betas"}
            if {"beta1", "beta2"} & set(rest):
                self.document.problem(place, "'betas' and 'beta1', 'beta2' mean the same; keep one")
            value = {**rest, "beta1": betas[0], "beta2": betas[1]}
        return self.choose(value, place, OPTIMIZER_SETTINGS) or Choice(next(iter(OPTIMIZERS)))

    def clip(self) -> Choice | None:
        """How gradients are clipped: its kind, and the limit as its one setting."""
        value = self.document.value.get("clip")
        if "clip" not in self.document.value:
            return None
        kinds = " or ".join(f"{{{kind}: 1}}" for kind in CLIPPINGS)
        if not isinstance(value, dict) or len(value) != 1:
            self.document.problem(("clip",), f"{show(value)}: write {kinds}")
            return None
        ((kind, limit),) = value.items()
        if kind not in CLIPPINGS:
            hint = nearest(kind, CLIPPINGS)
            self.document.problem(("clip",), f"'{kind}' is not known; write {kinds}.{hint}", ("clip", kind), key=True)
            return None
        number = self.number(limit, ("clip", kind), CLIPPINGS[kind].limit.form())
        return Choice(kind, ((f"clip_{kind}", number),))

    # ---------------------------------------------------------------------------------------------- learning rate

    def learning_rates(self) -> tuple[float, ...]:
        """The constant learning rates; none where there is a schedule."""
        key = "learning_rate"
        value = self.document.value.get(key)
        if key not in self.document.value or self.is_schedule():
            return ()
        entries = (
            [((key, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [((key,), value)]
        )
        rates: list[float] = []
        for place, item in entries:
            if len(place) > 1 and isinstance(item, str) and not is_number(item.replace(",", ".")):
                what = "give the one formula by itself, and compare several by a config each"
                self.document.problem(place, f"{show(item)} cannot stand in a list; {what}")
                continue
            rate = self.number(item, place)
            if rate < 0:
                self.document.problem(place, f"{rate:g} is negative, the loss would be climbed; use 0 or more")
            elif rate == rate and rate in rates:
                self.document.problem(place, f"{rate:g} stands twice; each learning rate is one run")
            rates.append(rate)
        if not entries:
            self.document.problem((key,), "is empty; give one learning rate, or a list")
        return tuple(rates)

    def is_schedule(self) -> bool:
        """Whether the learning rate changes in the course of a run."""
        value = self.document.value.get("learning_rate")
        return self.has_phases() or (isinstance(value, str) and not is_number(value.replace(",", ".")))

    def has_phases(self) -> bool:
        """Whether the learning rate is given in phases."""
        value = self.document.value.get("learning_rate")
        return isinstance(value, list) and any(isinstance(item, dict) for item in value)

    def iterations(self) -> int:
        """How many iterations there are; with phases, their sum."""
        value = self.document.value.get("iterations")
        if not self.has_phases():
            return self.count("iterations", FIELDS, self.document.value, ())
        total = sum(self.phase_lengths())
        if value is not None and value != total:
            what = f"{show(value)} where the phases of the learning rate have {total}; leave it out, or change one"
            self.document.problem(("iterations",), what)
        return total

    def phase_lengths(self) -> list[int]:
        """The iterations of every phase; what is wrong with one is reported by `schedule`."""
        counts = [phase.get("iterations") for phase in self.document.value["learning_rate"] if isinstance(phase, dict)]
        return [count for count in counts if isinstance(count, int) and count > 0]

    def schedule(self, iterations: int) -> Schedule | None:
        """The learning rate as a formula of the iteration k, where it is one; it has a value in every iteration."""
        if not self.is_schedule():
            return None
        value, place = self.document.value["learning_rate"], ("learning_rate",)
        schedule = self.phases(value) if self.has_phases() else Schedule(self.formula_of_k(value, place), {})
        if not self.document.problems:
            self.check_rates(schedule, iterations)
        return schedule

    def formula_of_k(self, text: str, place: Place) -> Expression:
        """A learning rate as a formula of the iteration."""
        expression = self.formula(text, place)
        used = {name.name for name in names(expression)} if expression else {naming.COUNT}
        unknown = sorted(used - {naming.COUNT})
        if unknown and naming.COUNT not in used:
            what = f"{show(text)} is neither a number nor a formula of {naming.COUNT}, the iteration"
            self.document.problem(place, what)
        elif unknown:
            what = f"the formula has an unknown '{unknown[0]}'; it may have {naming.COUNT}, the iteration"
            self.document.problem(place, self.with_caret(what, text, text.index(unknown[0])))
        elif not used:
            self.document.problem(place, f"the formula '{text}' has no {naming.COUNT}, the iteration, in it")
        return expression or Number(0.0)

    def phases(self, entries: list[Any]) -> Schedule:
        """Phases as a formula: if(k <= 100, η1, if(k <= 200, η2, η3)); every rate is a number of its own."""
        key = "learning_rate"
        if len(entries) > MAX_PHASES:
            self.document.problem((key,), f"{len(entries)} phases; at most {MAX_PHASES} can be written as a formula")
        form = "{iterations: 100, learning_rate: 0.1}"
        parts: list[Expression] = []
        ends: list[int] = []
        rates: dict[str, float] = {}
        for index, phase in enumerate(entries):
            place: Place = (key, index)
            if not isinstance(phase, dict):
                self.document.problem(place, f"{show(phase)} is no phase; write {form}")
                continue
            for part in phase:
                if part not in ("iterations", key):
                    self.document.problem(place, f"unknown key '{part}'; write {form}", (*place, part), key=True)
            for part in ("iterations", key):
                if part not in phase:
                    self.document.problem(place, f"'{part}' is missing; write {form}")
            ends.append((ends[-1] if ends else 0) + self.count("iterations", FIELDS, phase, place))
            rate = phase.get(key)
            if isinstance(rate, str) and not is_number(rate.replace(",", ".")):
                parts.append(self.formula_of_k(rate, (*place, key)))
            elif key in phase:
                name = naming.phase_rate(index + 1)
                rates[name] = self.number(rate, (*place, key))
                if rates[name] < 0:
                    self.document.problem((*place, key), f"{rates[name]:g} is negative; use 0 or more")
                parts.append(Name(name))
        formula = parts[-1] if parts else Number(0.0)
        for end, part in zip(reversed(ends[:-1]), reversed(parts[:-1]), strict=False):
            condition = Call(COMPARISONS["<="], (Name(naming.COUNT), Number(float(end))))
            formula = Call(FUNCTIONS["if"], (condition, part, formula))
        return Schedule(formula, rates)

    def check_rates(self, schedule: Schedule, iterations: int) -> None:
        """Whether the learning rate is a number of 0 or more in every iteration."""
        needed, rate = compiled(schedule.formula)
        for k in range(1, min(iterations, MOST_CHECKED) + 1):
            values = {**schedule.rates, naming.COUNT: float(k)}
            try:
                value = float(rate(*(values[name.name] for name in needed)))
            except NO_NUMBER:
                value = float("nan")
            if not 0 <= value < float("inf"):
                shown = "no finite number" if value != value or value == float("inf") else f"{value:g}"
                what = f"gives {shown} at {naming.COUNT} = {k}; a learning rate is 0 or more"
                self.document.problem(("learning_rate",), what)
                return

    # -------------------------------------------------------------------------------------------------- the rest

    def until(self, known: Iterable[str]) -> Expression | None:
        """The condition that ends a run, in quantities of a step."""
        key = "until"
        if key not in self.document.value:
            return None
        text = self.document.value[key]
        form = f"write a condition such as '{naming.TOTAL} < 1e-6'"
        if not isinstance(text, str) or not text.strip():
            self.document.problem((key,), f"{show(text)}: {form}")
            return None
        condition = self.expression(text, (key,))
        if condition is None:
            return None
        if not isinstance(condition, Call) or condition.function.name not in COMPARISONS:
            self.document.problem((key,), f"'{text}' has no < or >; {form}")
        quantities = list(known)
        for name in dict.fromkeys(name.name for name in names(condition)):
            if name not in quantities:
                what = f"'{name}' is no quantity of a step.{nearest(name, quantities)}"
                self.document.problem((key,), self.with_caret(what, text, text.index(name)))
        return condition

    def own_names(
        self, optimizer: Choice, clip: Choice | None, batches: Batches, loss: str, parameters: Iterable[str]
    ) -> dict[str, tuple[str, str]]:
        """The names of what batches, clipping and the optimizer compute; what each is, and the key that asks for it."""
        computed = {}
        if batches.several:
            computed[naming.batch_loss(loss)] = ("the loss of a batch", "update")
        if clip and clip.name == "norm":
            computed[naming.GRADIENT_NORM] = ("the norm of the gradients", "clip")
        for parameter in parameters:
            if clip:
                computed[naming.clipped(parameter)] = ("a clipped gradient", "clip")
            for state in OPTIMIZERS[optimizer.name].states:
                computed[naming.state(state, parameter)] = (f"what {optimizer.name} remembers", "optimizer")
        return computed
