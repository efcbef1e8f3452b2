"""The chain rule from the loss to one quantity, as data: the factors of every path, whose products add up to ∂E/∂q.

A path runs backward from the loss through the equations that use each quantity: E → a_o1 → o1 → w5. Of too many paths
the sum over the next quantities stands for them, each with its own gradient: ∂E/∂a_h1 = ∂E/∂o1·w5 + ∂E/∂o2·w7 + …
(Rumelhart, Hinton and Williams, Nature 323, 1986, equations 4 to 7; Griewank and Walther, 2008, chapter 3.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tracer.explain.words import called
from tracer.formulas.evaluation import evaluate
from tracer.formulas.primitives import rounded, unrounded
from tracer.formulas.tree import ONE, ZERO, Call, Expression, Name, Number, add, mul
from tracer.formulas.tree import replace as substitute
from tracer.model import naming
from tracer.model.backward import Use, backward_equations, uses_of
from tracer.model.system import FORWARD_PASS, Equation, System

MOST_PATHS = 32
"""More are counted, and summed up at the quantity where they part."""
MOST_FACTORS = 24
"""Of a term, and of what follows it. A longer path begins with the gradient of a quantity on its way."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of the chain rule; dimensionless.

    symbol: ∂a_o1/∂o1. of, by: its quantities; `of` is the loss where the loss depends on `by` by sums of constant
    multiples only. expression: in quantities of the same step. column: the column of the trace that has its value, if
    there is one.
    """

    symbol: str
    of: str
    by: str
    expression: Expression
    column: str | None = None

    def value(self, step: Mapping[str, float]) -> float:
        """Its value in a step (name → value). Raises one of NO_NUMBER if it has none."""
        return step[self.column] if self.column and self.column in step else evaluate(self.expression, step)


Path = tuple[Factor, ...]
"""The factors from the loss on."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """The derivation of ∂E/∂q.

    gradient: its name. count: the number of paths from the loss to the quantity. parting: the quantity where they part;
    the loss if there is a single one. terms: the paths up to there; none if there is a single one. tail: the factors
    from there on, which all paths have in common. by_layer: whether a term stands for all paths through one quantity,
    and begins with its gradient.
    """

    quantity: str
    gradient: str
    count: int
    parting: str
    terms: tuple[Path, ...]
    tail: Path
    by_layer: bool

    @property
    def paths(self) -> tuple[Path, ...]:
        """The factors whose products add up to the gradient; empty if the loss does not depend on the quantity."""
        if not self.count:
            return ()
        return tuple((*term, *self.tail) for term in self.terms) or (self.tail,)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The distinct factors, in order, those that all paths have in common last."""
        return tuple(dict.fromkeys([*(factor for term in self.terms for factor in term), *self.tail]))

    def value(self, step: Mapping[str, float]) -> float:
        """The sum of the products in a step (name → value)."""
        return math.fsum(math.prod(factor.value(step) for factor in path) for path in self.paths)


@dataclass(slots=True)
class Derivations:
    """The derivations of a system, each built when it is asked for. names: how quantities are typeset in symbols (see
    `typography.typeset`); without, they keep their names."""

    system: System
    names: Mapping[str, str] | None = None
    uses: Mapping[str, list[Use]] = field(init=False)
    _decimals: int | None = field(init=False)
    _equations: dict[str, Equation] = field(init=False)
    _slopes: dict[str, Number] = field(init=False)
    _steps: dict[str, tuple[Factor, ...]] = field(init=False, default_factory=dict)
    _counts: dict[str, int] = field(init=False, default_factory=dict)
    _lengths: dict[str, int] = field(init=False, default_factory=dict)
    _terms: dict[str, tuple[Path, ...]] = field(init=False, default_factory=dict)
    _full: dict[Expression, Expression] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        system = self.system
        self._decimals = system.decimals
        forward = [replace(e, expression=unrounded(e.expression)) for e in system.equations if e.phase in FORWARD_PASS]
        self.uses = uses_of(forward, [p.name for p in system.parameters])
        self._equations = {e.quantity: e for e in system.equations}
        self._slopes = {system.loss: ONE}
        for equation in reversed(forward):  # a sum of constant multiples: its slope is a number, and has no equation
            if system.gradient(equation.quantity) not in system.quantities and equation.quantity != system.loss:
                slope = add(*(mul(self._slopes[u.result], u.slope) for u in self._of(equation.quantity)))
                assert isinstance(slope, Number)
                self._slopes[equation.quantity] = slope

    def _of(self, quantity: str) -> list[Use]:
        """The uses of a quantity on the way to the loss."""
        return [u for u in self.uses.get(quantity, ()) if self._slopes.get(u.result) != ZERO]

    @property
    def quantities(self) -> list[str]:
        """Everything that has a derivation: the parameters, then what is computed from them on the way to the loss."""
        computed = [e.quantity for e in self.system.equations if e.phase in FORWARD_PASS]
        gradients = self.system.quantities
        return [p.name for p in self.system.parameters] + [
            name for name in computed if name != self.system.loss and self.system.gradient(name) in gradients
        ]

    def of(self, quantity: str) -> Derivation:
        """The derivation of a quantity. Raises KeyError for one that is not in `quantities`."""
        gradient = self.system.gradient(quantity)
        self.system.quantities[gradient]
        loss, at, tail = self.system.loss, quantity, list[Factor]()
        while at != loss and len(steps := self.steps(at)) == 1 and len(tail) < MOST_FACTORS:
            tail.insert(0, steps[0])
            at = steps[0].of
        count = self._folded(self._counts, at, sum, 1)
        if at == loss or not count:
            return Derivation(quantity, gradient, count, at, (), tuple(tail) if count else (), False)
        by_layer = count > MOST_PATHS or self._folded(self._lengths, at, _longer, 0) > MOST_FACTORS
        if at not in self._terms:
            self._terms[at] = tuple(self._by_layer(at) if by_layer else self._paths(at))
        return Derivation(quantity, gradient, count, at, self._terms[at], tuple(tail), by_layer)

    def _folded(self, known: dict[str, int], quantity: str, combine: Callable[[list[int]], int], at_loss: int) -> int:
        """What `combine` makes of the numbers of the quantities that use each one, from the loss on."""
        known[self.system.loss] = at_loss
        pending = [quantity]
        while pending:
            above = [step.of for step in self.steps(pending[-1])] if pending[-1] not in known else []
            missing = [name for name in above if name not in known]
            if missing:
                pending += missing
            else:
                known.setdefault(pending.pop(), combine([known[name] for name in above]))
        return known[quantity]

    def _paths(self, quantity: str) -> Iterator[Path]:
        if quantity == self.system.loss:
            yield ()
            return
        for step in self.steps(quantity):
            yield from ((*path, step) for path in self._paths(step.of))

    def _by_layer(self, quantity: str) -> Iterator[Path]:
        for step in self.steps(quantity):
            if step.of == self.system.loss:
                yield (step,)
            else:
                yield self._gradient(step.of), step

    def steps(self, quantity: str) -> tuple[Factor, ...]:
        """The last factors of all paths to a quantity: one for each equation that uses it, but a single one for those
        of which the loss is a sum of constant multiples."""
        if quantity not in self._steps:
            uses = self._of(quantity)
            direct = [use for use in uses if use.result in self._slopes]
            through = [use for use in uses if use.result not in self._slopes]
            steps = [self._factor(naming.derivative(u.result, quantity), u.result, quantity, u.slope) for u in through]
            if direct:
                slope = add(*(mul(self._slopes[use.result], use.slope) for use in direct))
                steps.insert(0, self._direct(quantity, direct, slope, bool(through)))
            self._steps[quantity] = tuple(steps)
        return self._steps[quantity]

    def _direct(self, quantity: str, uses: list[Use], slope: Expression, partly: bool) -> Factor:
        """The factor of what the loss is a sum of. partly: whether there are other paths to the quantity."""
        loss, symbol = self.system.loss, self.system.gradient(quantity)
        if not partly:
            return self._factor(symbol, loss, quantity, slope)
        result = uses[0].result
        if len(uses) == 1 and self._slopes[result] == ONE and result != loss:
            symbol = naming.derivative(called(result, self.names), called(quantity, self.names))
        else:
            symbol = f"{called(symbol, self.names)} directly"
        return self._factor(symbol, loss, quantity, slope)

    def _factor(self, name: str, of: str, by: str, slope: Expression) -> Factor:
        """A factor, with the equation of its column where there is one. By hand, it is rounded as it is computed."""
        symbol = called(name, self.names)
        if self.names and name not in self.names and of != self.system.loss:
            symbol = naming.derivative(called(of, self.names), called(by, self.names))
        equation = self._equations.get(name)
        if equation:
            return Factor(symbol, of, by, equation.expression, name)
        if self._decimals is not None and isinstance(slope, Call):
            slope = rounded(slope, self._decimals)
        return Factor(symbol, of, by, slope, slope.name if isinstance(slope, Name) else None)

    def _gradient(self, quantity: str) -> Factor:
        """The gradient of a quantity as a factor; what has no column is written in quantities that have one."""
        symbol = self.system.gradient(quantity)
        if symbol not in self._equations and self._full is None:
            self._full = self._without_columns()
        expression = self._full[Name(symbol)] if self._full and Name(symbol) in self._full else ZERO
        return self._factor(symbol, self.system.loss, quantity, expression)

    def _without_columns(self) -> dict[Expression, Expression]:
        """The backward equations of what has no column, in quantities that have one."""
        system = self.system
        forward = [replace(e, expression=unrounded(e.expression)) for e in system.equations if e.phase in FORWARD_PASS]
        found: dict[Expression, Expression] = {}
        for equation in backward_equations(forward, system.parameters, system.loss, dict(system.quantities)):
            if equation.quantity not in self._equations:
                found[Name(equation.quantity)] = substitute(equation.expression, found)
        return found


def _longer(lengths: list[int]) -> int:
    return 1 + max(lengths, default=0)
