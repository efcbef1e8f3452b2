"""The equations of a right sheet, in the names of the person's own table.

A `Shape` is the network that a table shows: its widths, activations, loss, and the conventions that people differ in
(how weights are numbered, whether a gradient is written with the opposite sign). A `Model` is its equations.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from functools import cached_property, lru_cache
from itertools import count
from typing import Any

from tracer.execution.program import Program, program_of
from tracer.formulas.primitives import rounded
from tracer.formulas.tree import NEG, ONE, SUB, ZERO, Call, Expression, Name, Number, add, mul, names, neg, replace
from tracer.grading.sheet.spelling import quantity_of
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.backward import backward_equations
from tracer.model.batches import Batches
from tracer.model.experiment import Choice, Experiment, Layer, Network
from tracer.model.naming import spell
from tracer.model.network import forward_equations
from tracer.model.quantity import Quantity, Role
from tracer.model.system import Equation, Parameter, Phase, System


@dataclass(frozen=True, slots=True)
class Shape:
    """A network and its conventions, as inferred from a table.

    widths: inputs, then every layer's neurons. activations: one a layer. biases: one a layer: "none", "shared" (b1, b2)
    or "each" (b_h1, …); numbered: the biases of single neurons are called b1, b2, … through the network. by_input: the
    layer's weights are numbered input by input instead of neuron by neuron. negated: families of quantities that are
    written with the opposite sign. step: the sign of a step Δw as it is written, −η·∂E/∂w for −1. frozen_biases: biases
    stay as they are. factored: the factor of the loss stands at the total, ½·(E1 + E2) with E1 = (t1 − a_o1)^2.
    batches: how many rows an update takes, and how it combines their gradients.
    """

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str = "half_squared_error"
    biases: tuple[str, ...] = ()
    numbered: bool = False
    by_input: tuple[bool, ...] = ()
    negated: frozenset[str] = frozenset()
    step: int = -1
    frozen_biases: bool = False
    factored: bool = False
    batches: Batches = field(default_factory=Batches)

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(naming.layers(len(self.activations)))

    def neurons(self, index: int) -> list[str]:
        """The net inputs of a layer."""
        return naming.neurons(self.layers[index], self.widths[index + 1])


@dataclass(frozen=True, eq=False)
class Model:
    """The equations of a network, and of all that a table may show of it. Two models are equal only if they are one
    object, so that work on one is shared (see `oracle.made_up`).

    system: the network's. negated: families (see `naming.family`) that are written with the opposite sign. step: see
    `Shape`. reading: what a name stands for, where that does not depend on the system. first: the number that the table
    gives the first iteration. decimals: to which every equation is rounded, as by hand; None for not at all.
    """

    system: System
    negated: frozenset[str] = frozenset()
    step: int = -1
    reading: Callable[[str], Quantity | None] | None = None
    first: int = 1
    decimals: int | None = None
    _equations: dict[str, Expression | None] = field(default_factory=dict)
    _derivatives: dict[str, Mapping[str, Expression]] = field(default_factory=dict)
    _written: dict[tuple[str, frozenset[str]], Expression | None] = field(default_factory=dict)

    def with_negated(self, families: frozenset[str]) -> Model:
        """The model with these families written with the opposite sign too."""
        return self._changed(negated=self.negated | families) if families else self

    def counting_from(self, first: int) -> Model:
        """The model for a table that gives the first iteration this number."""
        return self._changed(first=first) if first != self.first else self

    def rounded(self, decimals: int) -> Model:
        """The model with every equation rounded to so many decimals."""
        return self._changed(decimals=decimals)

    def _changed(self, **what: Any) -> Model:
        return changed(self, **what, _equations={}, _written={})

    def by_own_count(self, formula: Expression) -> Expression:
        """A formula with the table's own count of the iterations in place of the number from 1."""
        counts = {n for n in names(formula) if n.name == naming.COUNT}
        return replace(formula, {n: add(Name(naming.ITERATION, n.lag), Number(1.0 - self.first)) for n in counts})

    @cached_property
    def counts(self) -> bool:
        """Whether a formula of the network uses the number of the iteration."""
        formulas = [*self.system.updates.values(), *(equation.expression for equation in self.system.equations)]
        return any(n.name == naming.COUNT for formula in formulas for n in names(formula))

    @cached_property
    def read(self) -> Callable[[str], Quantity | None]:
        """The quantity that a name in a table stands for."""
        return self.reading or naming.reader(self.system.quantities)

    @cached_property
    def program(self) -> Program:
        """What an iteration of the network computes."""
        return program_of(self.system)

    @cached_property
    def forward(self) -> Mapping[str, Expression]:
        return {e.quantity: e.expression for e in self.system.equations if e.phase in _FORWARD}

    @cached_property
    def forward_or_backward(self) -> Mapping[str, Expression]:
        return {e.quantity: e.expression for e in self.system.equations}

    @cached_property
    def reductions(self) -> list[Equation]:
        """The quantities that are reduced over all rows of a batch."""
        return [equation for equation in self.system.equations if equation.phase is Phase.BATCH]

    @cached_property
    def parameters(self) -> frozenset[str]:
        return frozenset(p.name for p in self.system.parameters)

    @cached_property
    def known(self) -> frozenset[str]:
        """The quantities of a table of this network that are not derived."""
        system = self.system
        leading = (naming.ITERATION, naming.SAMPLE)[: 1 + (len(system.samples) > 1)]
        return frozenset((*system.data, *self.parameters, *self.forward_or_backward, naming.ETA, *leading))

    @cached_property
    def shared(self) -> frozenset[str]:
        """The quantities with one value for all rows of a batch; empty if every row is a batch of its own."""
        system = self.system
        if not system.batches.several:
            return frozenset()
        stepped = (form(name) for name in self.parameters for form in (str, naming.after_update, naming.change))
        common = (e.quantity for e in system.equations if system.once_an_iteration(e.phase))
        return frozenset((*stepped, *common, naming.ETA, naming.ITERATION, naming.COUNT))

    def first_step(self, name: str) -> int:
        """The first step in which a quantity is judged: a parameter's first value is given, and what refers to the
        iteration before starts from a state's first value."""
        return int(name in self.parameters or name in self.from_before)

    @cached_property
    def from_before(self) -> frozenset[str]:
        """The quantities that the optimizer computes from states of the previous iteration."""
        of_optimizer = [e for e in self.system.equations if e.phase is Phase.OPTIMIZER]
        return frozenset(e.quantity for e in of_optimizer if any(n.lag for n in names(e.expression)))

    def is_update(self, name: str) -> bool:
        """Whether a quantity is a parameter that the update changes, or its value after that, or the change."""
        quantity = self.read(name)
        stepped = quantity is not None and quantity.role in (Role.AFTER_UPDATE, Role.CHANGE)
        return name in self.system.updates or stepped

    def knows(self, name: str) -> bool:
        """Whether the name is a quantity of this network."""
        return name in self.known or self.equation(name) is not None

    def equation(self, name: str) -> Expression | None:
        """What the quantity is to be, from others of the same step, or (a parameter) of the step before; None for
        what is given, and for names that are no quantity of this network."""
        if name not in self._equations:
            equation = self._signed(name, self._plain_equation(name))
            if equation is not None and self.decimals is not None and name != naming.ETA:
                equation = rounded(equation, self.decimals)
            self._equations[name] = equation
        return self._equations[name]

    def _signed(self, name: str, plain: Expression | None) -> Expression | None:
        """An equation with the signs that the table uses."""
        if plain is None or not self.negated:
            return plain
        turn: dict[Expression, Expression] = {n: neg(n) for n in names(plain) if naming.family(n.name) in self.negated}
        signed = _tidy(replace(plain, turn)) if turn else plain
        return neg(signed) if naming.family(name) in self.negated else signed

    def _plain_equation(self, name: str) -> Expression | None:
        if name in self.forward_or_backward:
            return self.forward_or_backward[name]
        if name in self.system.updates:
            return self.system.updates[name]
        quantity = self.read(name)
        if quantity is None or quantity.of is None:
            return None
        of = spell(quantity.of)
        if quantity.by:
            return self._derivatives_of(of).get(spell(quantity.by)) if of in self.forward else None
        if of not in self.parameters:
            return None
        if quantity.role is Role.AFTER_UPDATE:
            return self.next_value(of)
        change = mul(Name(naming.ETA), Name(self.system.gradient(of, self.system.curve)))
        return neg(change) if self.step < 0 else change

    def next_value(self, parameter: str) -> Expression:
        """The parameter after this step's update."""
        update = self.system.updates.get(parameter)
        if update is None:
            return Name(parameter)
        return replace(update, {n: Name(n.name, n.lag - 1) for n in names(update) if n.lag})

    def after_step(self, parameter: str) -> Expression:
        """The parameter as its previous value plus its step Δw."""
        before, step = Name(parameter, 1), Name(naming.change(parameter), 1)
        return add(before, step if self.step < 0 else neg(step))

    def _derivatives_of(self, of: str) -> Mapping[str, Expression]:
        """The derivatives of a quantity of the forward pass by all others and by what is given, as formulas of forward
        quantities: the backward pass with this quantity as its loss, each factor put in."""
        if of not in self._derivatives:
            needed = {of}
            for equation in reversed(self.system.equations):
                if equation.quantity in needed and equation.phase in _FORWARD:
                    needed |= {n.name for n in names(equation.expression)}
            forward = [e for e in self.system.equations if e.phase in _FORWARD and e.quantity in needed]
            given = (*(p.name for p in self.system.parameters), *self.system.data)
            layer_of = dict.fromkeys(self.forward, "") | dict.fromkeys(given, forward[0].layer)
            ends = [Parameter(name, 0.0, layer) for name, layer in layer_of.items()]
            factors: dict[Expression, Expression] = {}
            for equation in backward_equations(forward, ends, of, dict(self.system.quantities)):
                factors[Name(equation.quantity)] = replace(equation.expression, factors)
            found = {end.name: factors.get(Name(self.system.gradient(end.name, of)), ZERO) for end in ends}
            self._derivatives[of] = found | {of: ONE}
        return self._derivatives[of]

    def nearest(self, name: str, present: Container[str]) -> Expression | None:
        """`equation`, for a table that shows these quantities: a parameter may be shown after its update."""
        after = Name(naming.after_update(name), 1)
        return after if name in self.parameters and after.name in present else self.equation(name)

    def in_place_of(self, name: Name, present: Container[str]) -> Expression | None:
        """What a quantity is made of that a table does not show; None for what it shows, for what is given, and for a
        state of the optimizer, which depends on all steps before."""
        if name.name in present or name.name in self.system.states:
            return None
        if name.name in self.parameters:
            after = Name(naming.after_update(name.name), name.lag + 1, name.batch)
            return after if after.name in present else None
        equation = self.equation(name.name)
        return None if equation is None else shifted(equation, name.lag, name.batch, self.system.hyper)

    def in_terms_of(self, name: str, present: frozenset[str]) -> Expression | None:
        """`nearest`, with everything that is not present replaced by its equation; cached for the next table with the
        same columns."""
        key = (name, present)
        if key not in self._written:
            equation = self.nearest(name, present)
            self._written[key] = None if equation is None else self._inlined(equation, present, 0)
        return self._written[key]

    def _inlined(self, expression: Expression, present: frozenset[str], depth: int) -> Expression:
        made_of = ((name, self.in_place_of(name, present)) for name in set(names(expression)))
        what: dict[Expression, Expression] = {
            name: self._inlined(other, present, depth + 1) for name, other in made_of if other is not None
        }
        return replace(expression, what) if what and depth <= _DEEPEST else expression


_DEEPEST = 40
_FORWARD = (Phase.FORWARD, Phase.LOSS)


def _tidy(expression: Expression) -> Expression:
    """x − (−y) as x + y."""
    match expression:
        case Call(function, (x, Call(inner, _) as y)) if function == SUB and (
            inner == NEG or neg(y) != Call(NEG, (y,))
        ):
            return add(x, neg(y))
    return expression


def shifted(expression: Expression, steps: int, batch: bool = False, fixed: Container[str] = ()) -> Expression:
    """The expression the given number of steps before. batch: for all rows of the batch there. fixed: what holds for
    the whole run."""
    if not steps and not batch:
        return expression
    moving = [n for n in set(names(expression)) if n.name not in fixed]
    return replace(expression, {n: Name(n.name, n.lag + steps, n.batch or batch) for n in moving})


@lru_cache(maxsize=512)
def model_of(shape: Shape) -> Model:
    """The model of a network that was inferred from a table."""
    layers = _layers(shape)
    parameters = [name for layer in layers for name in layer.parameters()]
    biases = frozenset(bias for layer in layers for bias in layer.biases if bias)
    inputs, targets = tuple(naming.inputs(shape.widths[0])), tuple(naming.targets(shape.widths[-1]))
    network = Network(layers, Choice(shape.loss), {})
    experiment = Experiment(
        name="table",
        inputs=inputs,
        targets=targets,
        samples=((0.0,) * (len(targets) + len(inputs)),) * shape.batches.samples,
        batches=shape.batches,
        model=network,
        start=dict.fromkeys(parameters, 0.0),
        frozen=biases if shape.frozen_biases else frozenset(),
    )
    system = assemble(experiment)
    if shape.factored:
        loss, factor = FACTORS[shape.loss]
        plain = forward_equations(changed(network, loss=Choice(loss)), inputs, targets)
        other = {e.quantity: e.expression for e in plain if e.phase is Phase.LOSS}
        other[system.loss] = mul(Number(factor or 1 / len(targets)), other[system.loss])
        equations = (changed(e, expression=other.get(e.quantity, e.expression)) for e in system.equations)
        system = changed(system, equations=tuple(equations))  # the gradients are the same
    return Model(system, shape.negated, shape.step, quantity_of)


FACTORS: Mapping[str, tuple[str, float]] = {
    "half_squared_error": ("squared_error", 0.5),
    "mean_squared_error": ("squared_error", 0.0),
}
"""Loss → the loss without its factor, and the factor; 0 for one by the number of outputs."""


def _layers(shape: Shape) -> tuple[Layer, ...]:
    """The layers, with the parameter names of the table."""
    layers = []
    numbers = count(1)
    for index, rows in enumerate(naming.weights(shape.widths)):
        neurons, kind = shape.neurons(index), shape.biases[index] if shape.biases else "none"
        if shape.by_input and shape.by_input[index]:
            every = [name for row in rows for name in row]
            rows = [every[neuron :: len(rows)] for neuron in range(len(rows))]
        biases: list[str | None] = [None] * len(rows)
        if kind == "shared":
            biases = [naming.shared_bias(index + 1)] * len(rows)
        elif kind == "each":
            biases = [naming.shared_bias(next(numbers)) if shape.numbered else naming.neuron_bias(n) for n in neurons]
        activations = (Choice(shape.activations[index]),) * len(rows)
        layers.append(Layer(shape.layers[index], activations, tuple(neurons), tuple(map(tuple, rows)), tuple(biases)))
    return tuple(layers)
