"""The subject of an explanation: one step of an experiment, with the names that its equations use."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tracer.explain.derivation import Derivations, Factor
from tracer.explain.document import Document, Inline, Part, named
from tracer.explain.step import Step
from tracer.explain.templates import DIGITS, MOST_DIGITS, rounded
from tracer.explain.update import Sentence, Value, case_of
from tracer.formulas.evaluation import evaluate
from tracer.formulas.tree import Expression, Name, Number
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.naming import spell
from tracer.model.quantity import Quantity, Role
from tracer.model.system import Equation, Phase, System
from tracer.model.typography import TYPOGRAPHIC


@dataclass(slots=True)
class Subject:
    """A step, and what is written of it. It remembers the names that it makes up.

    full: the system with an equation for every factor, whatever columns are shown. digits: significant digits of
    results. depth: how many levels of what a quantity is made of are derived in turn.
    """

    experiment: Experiment
    full: System
    step: Step
    digits: int = DIGITS
    depth: int = 1
    own: dict[str, Quantity] = field(init=False, default_factory=dict)
    _equations: dict[str, Equation] = field(init=False)
    _derivations: Derivations | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._equations = {e.quantity: e for system in (self.full, self.system) for e in system.equations}

    @property
    def system(self) -> System:
        """The equations, with the columns that are shown."""
        return self.step.system

    @property
    def derivations(self) -> Derivations:
        """How gradients come about; made when it is asked for."""
        self._derivations = self._derivations or Derivations(self.system)
        return self._derivations

    def document(self, parts: Iterable[Part]) -> Document:
        """A document of these parts, with the quantities that they name."""
        found = tuple(parts)
        known = {**self.full.quantities, **self.own}
        return Document(found, {name: known[name] for name in named(found) if name in known})

    def quantity(self, name: str) -> Quantity:
        """What a name stands for."""
        return self.own.get(name) or self.full.quantities[name]

    def derived_by(self, gradient: str) -> str | None:
        """The quantity that a gradient of the loss is taken by, if it has a derivation; None for anything else."""
        quantity = self.quantity(gradient)
        if quantity.role is not Role.GRADIENT:
            return None
        return next((name for name in self.derivations.quantities if self.full.gradient(name) == gradient), None)

    @property
    def loss(self) -> Name:
        """The loss."""
        return Name(self.full.loss)

    def equation(self, quantity: str) -> Equation | None:
        """The equation of a quantity: that of its column, or else the one of the full trace."""
        return self._equations.get(quantity)

    def has(self, quantity: str) -> bool:
        """Whether a name has a value in the step, or an equation."""
        return quantity in self.step.now or quantity in self._equations

    def derive(self, derivative: Quantity) -> str | None:
        """The name of a derivative that no column shows, made known with its equation; None if there is no such one."""
        names = {quantity: name for name, quantity in self.full.quantities.items()}
        of, by = (names.get(part) if part else None for part in (derivative.of, derivative.by))
        if of is None or by is None:
            return None
        factors = [factor for factor in self.derivations.steps(by) if factor.of == of]
        slopes = [use.slope for use in self.derivations.uses.get(by, ()) if use.result == of]
        if not factors and not slopes:
            return None
        name = naming.spell(derivative)
        self.own[name] = derivative
        expression = factors[0].expression if factors else slopes[0]
        self._equations[name] = Equation(name, expression, Phase.BACKWARD, "")
        return name

    def made_up(self, word: str) -> Name:
        """A name for something that is not a quantity of the trace."""
        if word not in self.full.quantities:
            self.own.setdefault(word, Quantity(Role.OWN, word=word))
        return Name(word)

    def use(self, factors: Iterable[Factor]) -> None:
        """Make the symbols of factors known, also of those without a column."""
        for factor in factors:
            if factor.symbol not in self.full.quantities:
                of, by = self.full.quantities[factor.of], self.full.quantities[factor.by]
                role = Role.GRADIENT if factor.of == self.full.loss else Role.LOCAL_DERIVATIVE
                quantity = Quantity(role, of=of, by=by)
                remark = factor.symbol.removeprefix(naming.spell(quantity))  # such as `directly`
                word = spell(quantity, TYPOGRAPHIC) + remark if remark else ""
                self.own[factor.symbol] = replace(quantity, word=word)

    @staticmethod
    def is_finite(values: Iterable[float]) -> bool:
        """Whether all of these are numbers; False if there are none."""
        found = [*values]
        return bool(found) and all(map(math.isfinite, found))

    def number(self, value: float, most: int = MOST_DIGITS) -> Number:
        """A number within a sentence, with at most so many digits."""
        return Number(float(rounded(value, min(self.digits, most))))

    def sentence(self, sentence: Sentence) -> Inline:
        """What a sentence says in the step."""

        def written(part: str | Expression | Value) -> str | Expression:
            return self.number(evaluate(part.expression, self.step.now)) if isinstance(part, Value) else part

        return tuple(map(written, case_of(sentence, self.step.now).parts))


def listed(names: Iterable[str], between: str = ", ", last: str = " and ") -> Inline:
    """Quantities one after the other, in a sentence."""
    found: list[str | Expression] = []
    items = list(names)
    for index, name in enumerate(items):
        if index:
            found.append(last if index == len(items) - 1 else between)
        found.append(Name(name))
    return tuple(found)
