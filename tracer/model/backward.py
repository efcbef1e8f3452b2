"""The chain rule in reverse over any list of equations: forward equations → backward equations.

∂E/∂q is the sum, over the equations that use q, of ∂E/∂(their result) · ∂(their result)/∂q. One equation per factor,
as a textbook writes it: a local derivative that is more than a name or a number gets an equation of its own.
(Rumelhart, Hinton and Williams, Nature 323, 1986, equations 4 to 7; Griewank and Walther, 2008, chapter 3.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from itertools import groupby

from tracer.formulas.derivative import partials
from tracer.formulas.tree import ONE, ZERO, Call, Expression, Name, Number, add, mul, names
from tracer.formulas.tree import replace as substitute
from tracer.model import naming
from tracer.model.quantity import Quantity, Role
from tracer.model.system import Equation, Parameter, Phase, System


def backward_equations(
    forward: Sequence[Equation], parameters: Sequence[Parameter], loss: str, quantities: dict[str, Quantity]
) -> tuple[Equation, ...]:
    """The backward pass of the forward equations, in the order of computation: from the loss back, layer by layer;
    in a layer first its quantities, then its parameters.

    Only quantities between a parameter and the loss have a gradient. A parameter that the loss does not depend on gets
    the gradient 0. quantities: what the forward equations' names stand for; the derivatives are added.
    """
    chain = _Chain(forward, {p.name for p in parameters}, loss, quantities)
    for layer, group in groupby(reversed(forward), key=lambda equation: equation.layer):
        chain.walk_layer([equation.quantity for equation in reversed(list(group))], layer)
        for parameter in parameters:
            if parameter.layer == layer:
                chain.differentiate(parameter.name, layer)
    return tuple(chain.equations)


@dataclass(frozen=True, slots=True)
class Use:
    """An equation that uses a quantity: its result, the local derivative, and whether it is a function by itself."""

    result: str
    slope: Expression
    is_function: bool


def uses_of(forward: Sequence[Equation], parameters: Iterable[str]) -> dict[str, list[Use]]:
    """The equations that use each quantity that varies with a parameter, in their order."""
    known: dict[Expression, Expression] = {
        equation.expression: Name(equation.quantity)
        for equation in forward
        if isinstance(equation.expression, Call) and equation.expression.function.parameters
    }
    varying = set(parameters)
    uses: dict[str, list[Use]] = {}
    for equation in forward:
        expression, result = equation.expression, equation.quantity
        if not any(name.name in varying for name in names(expression)):
            continue
        varying.add(result)
        is_function = isinstance(expression, Call) and bool(expression.function.parameters)
        for name, slope in partials(expression, known).items():
            if name.name in varying and slope != ZERO:
                uses.setdefault(name.name, []).append(Use(result, slope, is_function))
    return uses


@dataclass(slots=True)
class _Chain:
    """The state of the walk: what uses what, the gradients found so far, the equations written so far."""

    forward: Sequence[Equation]
    parameters: set[str]
    loss: str
    quantities: dict[str, Quantity]
    above: str = field(init=False)
    uses: dict[str, list[Use]] = field(init=False)
    gradients: dict[str, Expression] = field(init=False)
    equations: list[Equation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.above = naming.within(self.quantities[self.loss])
        self.gradients = {self.loss: ONE}
        self.uses = uses_of(self.forward, self.parameters)

    def walk_layer(self, quantities: Sequence[str], layer: str) -> None:
        """Differentiate the quantities of a layer, each once all that use it are done, in order:
        neuron by neuron where neurons do not depend on each other."""
        place = {q: index for index, q in enumerate(quantities) if q in self.uses}
        undone = {q: sum(use.result in place for use in self.uses[q]) for q in place}
        used_by: dict[str, list[str]] = {}
        for quantity in place:
            for use in self.uses[quantity]:
                used_by.setdefault(use.result, []).append(quantity)
        ready = [index for q, index in place.items() if not undone[q]]
        heapify(ready)
        while ready:
            quantity = quantities[heappop(ready)]
            self.differentiate(quantity, layer)
            for before in used_by.get(quantity, ()):
                undone[before] -= 1
                if not undone[before]:
                    heappush(ready, place[before])

    def differentiate(self, quantity: str, layer: str) -> None:
        """Write ∂E/∂quantity, preceded by the local derivatives that it uses."""
        terms = []
        for use in self.uses.get(quantity, ()):
            outer = self.gradients.get(use.result, ZERO)
            if outer == ZERO:
                continue
            slope = use.slope
            if not isinstance(outer, Number) and (use.is_function or not _is_factor(slope)):
                local = naming.derivative(use.result, quantity)
                self.write(local, Role.LOCAL_DERIVATIVE, (use.result, quantity), slope, layer)
                slope = Name(local)
            terms.append(mul(outer, slope))
        total = add(*terms)
        if isinstance(total, Number) and quantity not in self.parameters:
            self.gradients[quantity] = total
            return
        name = naming.derivative(self.above, quantity)
        self.write(name, Role.GRADIENT, (self.loss, quantity), total, layer)
        self.gradients[quantity] = Name(name)

    def write(self, name: str, role: Role, ends: tuple[str, str], expression: Expression, layer: str) -> None:
        """Add the equation of a derivative. ends: the quantity, and the one it is taken with respect to."""
        of, by = (self.quantities[end] for end in ends)
        self.quantities[name] = Quantity(role, of=of, by=by)
        self.equations.append(Equation(name, expression, Phase.BACKWARD, layer))


def _is_factor(slope: Expression) -> bool:
    """Whether a local derivative is written in place: a number, a name, or its negative."""
    inner = slope.args[0] if isinstance(slope, Call) and slope.function.name == "neg" else slope
    return isinstance(inner, (Name, Number))


INLINE_LIMIT = 60
"""How many names a gradient may grow to in the compact form before one of its factors keeps a column of its own. The
classic network's longest, ∂E/∂w1, has 13."""


def compact(system: System) -> System:
    """The system with the columns of the classic sheet: the gradients of the parameters in their order, everything
    between put into their formulas. What would make these too long to read keeps its own equation, in front."""
    gradients: dict[str, Equation | None] = {system.gradient(p.name): None for p in system.parameters}
    inlined: dict[Expression, Expression] = {}
    kept = []
    for equation in system.equations:
        if equation.phase is not Phase.BACKWARD:
            continue
        expression = substitute(equation.expression, inlined)
        written = replace(equation, expression=expression)
        if equation.quantity in gradients:
            gradients[equation.quantity] = written
        elif sum(1 for _ in names(expression)) <= INLINE_LIMIT:
            inlined[Name(equation.quantity)] = expression
        else:
            kept.append(written)
    ahead = [equation for equation in system.equations if equation.phase in (Phase.FORWARD, Phase.LOSS)]
    after = [equation for equation in system.equations if equation.phase in (Phase.BATCH, Phase.OPTIMIZER)]
    return replace(system, equations=(*ahead, *kept, *filter(None, gradients.values()), *after))
