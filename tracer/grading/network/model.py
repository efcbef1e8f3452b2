"""What a right sheet would hold: every quantity's equation, in the names of the person's own table.

A `Shape` is the network that a table shows: its widths, activations, loss, and the conventions that people differ in
(how weights are numbered, whether a gradient is written with its sign turned). A `Model` is its equations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from functools import cached_property, lru_cache
from itertools import pairwise

from tracer.config import load
from tracer.formulas.derivative import partials
from tracer.formulas.tree import NEG, ONE, SUB, ZERO, Call, Expression, Name, Number, add, mul, names, neg, replace
from tracer.grading.sheet.spelling import NEXT, STEP
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.system import Equation, Phase, System

LAYERS = (naming.HIDDEN_LAYER, naming.OUTPUT_LAYER)


@dataclass(frozen=True, slots=True)
class Shape:
    """A network and its conventions, as far as they can be told from a table.

    widths: inputs, then every layer's neurons. activations: one a layer. biases: one a layer: "none", "shared" (b1, b2)
    or "each" (b_h1, …); numbered: the biases of single neurons are called b1, b2, … through the network. by_input: the
    layer's weights are numbered input by input instead of neuron by neuron. turned: families of quantities that are
    written with the other sign. step: the sign of a step Δw as it is written, −η·∂E/∂w for −1. frozen_biases: biases
    stay as they are. factored: the factor of the loss stands at the total, ½·(E1 + E2) with E1 = (t1 − a_o1)^2.
    """

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str = "half_squared_error"
    biases: tuple[str, ...] = ()
    numbered: bool = False
    by_input: tuple[bool, ...] = ()
    turned: frozenset[str] = frozenset()
    step: int = -1
    frozen_biases: bool = False
    factored: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        return LAYERS[-len(self.activations) :]


@dataclass(frozen=True)
class Model:
    """The equations of a network, and of whatever else a table may show of it.

    system: the network's. turned: families (see `family`) that are written with the other sign. step: see `Shape`.
    """

    system: System
    turned: frozenset[str] = frozenset()
    step: int = -1
    _derived: dict[tuple[str, str], Expression] = field(default_factory=dict)
    _written: dict[tuple[str, frozenset[str]], Expression | None] = field(default_factory=dict)

    def with_turned(self, families: frozenset[str]) -> Model:
        """The model with these families written with the other sign too."""
        return Model(self.system, self.turned | families, self.step) if families else self

    @cached_property
    def forward(self) -> Mapping[str, Expression]:
        phases = (Phase.FORWARD, Phase.LOSS)
        return {e.quantity: e.expression for e in self.system.equations if e.phase in phases}

    @cached_property
    def forward_or_backward(self) -> Mapping[str, Expression]:
        return {e.quantity: e.expression for e in self.system.equations}

    @cached_property
    def reductions(self) -> list[Equation]:
        """What is made of all rows of a batch."""
        return [equation for equation in self.system.equations if equation.phase is Phase.BATCH]

    @cached_property
    def parameters(self) -> frozenset[str]:
        return frozenset(p.name for p in self.system.parameters)

    @cached_property
    def known(self) -> frozenset[str]:
        """What can stand in a table of this network without being derived."""
        system = self.system
        leading = (naming.ITERATION, naming.SAMPLE)[: 1 + (len(system.samples) > 1)]
        return frozenset((*system.data, *self.parameters, *self.forward_or_backward, naming.ETA, *leading))

    @cached_property
    def shared(self) -> frozenset[str]:
        """What has one value for all rows of a batch; nothing, where every row is a batch of its own."""
        system = self.system
        if not system.batches.several:
            return frozenset()
        stepped = (form.format(name) for name in self.parameters for form in ("{}", f"{{}}{NEXT}", f"{STEP}{{}}"))
        common = (e.quantity for e in system.equations if system.once_an_iteration(e.phase))
        return frozenset((*stepped, *common, naming.ETA, naming.ITERATION, naming.COUNT))

    def first_step(self, name: str) -> int:
        """The first step in which a quantity is judged: a parameter's first value is given, a state's stems from 0."""
        return int(name in self.parameters or name in self.system.states)

    def knows(self, name: str) -> bool:
        """Whether the name is a quantity of this network."""
        return name in self.known or self.equation(name) is not None

    def equation(self, name: str) -> Expression | None:
        """What the quantity is to be, from others of the same step, or (a parameter) of the step before; None for
        what is given, and for names that are no quantity of this network."""
        plain = self._plain_equation(name)
        if plain is None or not self.turned:
            return plain
        turn: dict[Expression, Expression] = {n: neg(n) for n in names(plain) if family(n.name) in self.turned}
        turned = _tidy(replace(plain, turn)) if turn else plain
        return neg(turned) if family(name) in self.turned else turned

    def _plain_equation(self, name: str) -> Expression | None:
        if name in self.forward_or_backward:
            return self.forward_or_backward[name]
        if name in self.system.updates:
            return self.system.updates[name]
        if name.endswith(NEXT) and name[:-1] in self.parameters:
            return self.next_value(name[:-1])
        if name.startswith(STEP) and name[1:] in self.parameters:
            change = mul(Name(naming.ETA), Name(self.system.gradient(name[1:], self.system.curve)))
            return neg(change) if self.step < 0 else change
        if name.startswith("∂"):
            above, slash, below = name[1:].partition("/∂")
            if slash:
                of = self.system.loss if above == "E" else above
                known = below in self.parameters or below in self.forward or below in self.system.data
                if of in self.forward and known:
                    return self.derived(of, below)
        return None

    def next_value(self, parameter: str) -> Expression:
        """The parameter after this step's update."""
        update = self.system.updates.get(parameter)
        if update is None:
            return Name(parameter)
        return replace(update, {n: Name(n.name, n.lag - 1) for n in names(update) if n.lag})

    def after_step(self, parameter: str) -> Expression:
        """The parameter as the value before it and its step Δw."""
        before, step = Name(parameter, 1), Name(STEP + parameter, 1)
        return add(before, step if self.step < 0 else neg(step))

    def derived(self, of: str, by: str) -> Expression:
        """∂of/∂by, by the chain rule through the forward equations, as a formula of forward quantities."""
        if of == by:
            return ONE
        if (of, by) not in self._derived:
            expression = self.forward.get(of)
            terms: list[Expression] = []
            if expression is not None:
                values: dict[Expression, Expression] = {
                    e: Name(q) for q, e in self.forward.items() if isinstance(e, Call) and e.function.parameters
                }
                for through, slope in partials(expression, values).items():
                    terms.append(mul(slope, self.derived(through.name, by)))
            self._derived[of, by] = add(*terms) if terms else ZERO
        return self._derived[of, by]

    def in_terms_of(self, name: str, present: frozenset[str]) -> Expression | None:
        """`written` for what stands in a table, kept for the next table with the same columns."""
        key = (name, present)
        if key not in self._written:
            self._written[key] = self.written(name, present.__contains__)
        return self._written[key]

    def written(self, name: str, present: Callable[[str], bool]) -> Expression | None:
        """The equation of a quantity, with everything that is not present put in by its own equation."""
        equation = self.equation(name)
        if equation is None:
            return None
        if name in self.parameters and present(name + NEXT):
            return Name(name + NEXT, 1)
        return self._inlined(equation, present, 0)

    def extent(self, quantities: Iterable[str], present: frozenset[str]) -> int:
        """How many names the equations of quantities have, with everything that is not present put in."""
        known: dict[str, int] = {}

        def of(name: str) -> int:
            if name not in known:
                known[name] = 1
                equation = self.equation(name)
                known[name] = sum(1 if n.name in ends else of(n.name) for n in names(equation)) if equation else 1
            return known[name]

        ends = present | self.parameters
        return sum(map(of, quantities))

    def _inlined(self, expression: Expression, present: Callable[[str], bool], depth: int) -> Expression:
        if depth > _DEEPEST:
            return expression
        what: dict[Expression, Expression] = {}
        for name in set(names(expression)):
            if present(name.name):
                continue
            if name.name in self.parameters:
                if present(name.name + NEXT):
                    what[name] = Name(name.name + NEXT, name.lag + 1, name.batch)
                continue
            equation = self.equation(name.name)
            if equation is not None:
                what[name] = self._inlined(shifted(equation, name.lag, name.batch), present, depth + 1)
        return replace(expression, what) if what else expression


_DEEPEST = 40


def _tidy(expression: Expression) -> Expression:
    """x − (−y) as x + y."""
    match expression:
        case Call(function, (x, Call(inner, _) as y)) if function == SUB and (
            inner == NEG or neg(y) != Call(NEG, (y,))
        ):
            return add(x, neg(y))
    return expression


def shifted(expression: Expression, steps: int, batch: bool = False) -> Expression:
    """The expression as it reads that many steps before. batch: for all rows of the batch there."""
    if not steps and not batch:
        return expression
    return replace(expression, {n: Name(n.name, n.lag + steps, n.batch or batch) for n in set(names(expression))})


def family(name: str) -> str:
    """What kind of quantity a name is: w3 → w, ∂E/∂w3 → ∂E/∂w."""
    return name.rstrip("0123456789")


def renamed(system: System, by: Mapping[str, str]) -> System:
    """The system with its parameters called otherwise, and all that is named after them."""

    def new(name: str) -> str:
        above, slash, below = name.rpartition("/∂")
        return f"{above}{slash}{by.get(below, below)}"

    def rewritten(expression: Expression) -> Expression:
        return replace(
            expression, {n: Name(new(n.name), n.lag) for n in set(names(expression)) if new(n.name) != n.name}
        )

    return changed(
        system,
        parameters=tuple(changed(p, name=new(p.name)) for p in system.parameters),
        equations=tuple(
            changed(e, quantity=new(e.quantity), expression=rewritten(e.expression)) for e in system.equations
        ),
        updates={new(name): rewritten(update) for name, update in system.updates.items()},
    )


@lru_cache(maxsize=512)
def model_of(shape: Shape) -> Model:
    """The model of a network that was told from a table."""
    outputs = shape.widths[-1]
    biases = {
        layer: 0.1 if kind == "shared" else [0.1] * width
        for layer, kind, width in zip(shape.layers, shape.biases, shape.widths[1:], strict=False)
        if kind != "none"
    }
    config: dict[str, object] = {
        "inputs": [0.5] * shape.widths[0],
        "targets": [1.0 / outputs] * outputs,
        "layers": [
            {"name": name, "neurons": width, "activation": activation}
            for name, width, activation in zip(shape.layers, shape.widths[1:], shape.activations, strict=True)
        ],
        "weights": [0.1] * sum(m * n for m, n in _pairs(shape.widths)),
        "loss": shape.loss,
        "learning_rate": 0.5,
        "iterations": 1,
    }
    if biases:
        config["biases"] = biases
        if shape.frozen_biases:
            config["frozen"] = ["b*"]
    system = assemble(load(config))
    by = _numbering(shape)
    if shape.numbered:
        own = [p.name for p in system.parameters if p.name.startswith("b_")]
        by |= {name: f"b{index}" for index, name in enumerate(own, 1)}
    if by:
        system = renamed(system, by)
    if shape.factored:
        system = _factored(system, model_of(changed(shape, loss=FACTORS[shape.loss][0], factored=False)).system, shape)
    return Model(system, shape.turned, shape.step)


FACTORS: Mapping[str, tuple[str, Callable[[int], Expression]]] = {
    "half_squared_error": ("squared_error", lambda outputs: Number(0.5)),
    "mean_squared_error": ("squared_error", lambda outputs: Number(1 / outputs)),
}
"""Loss → the loss without its factor, and the factor, for a number of outputs."""


def _factored(system: System, plain: System, shape: Shape) -> System:
    """The system with the errors of single outputs as a loss without its factor has them."""
    errors = {e.quantity: e.expression for e in plain.equations if re.fullmatch(r"E\d+", e.quantity)}
    total = mul(FACTORS[shape.loss][1](shape.widths[-1]), add(*map(Name, errors)))
    new = {**errors, system.loss: total}
    return changed(
        system, equations=tuple(changed(e, expression=new.get(e.quantity, e.expression)) for e in system.equations)
    )


def _pairs(widths: Iterable[int]) -> list[tuple[int, int]]:
    return list(pairwise(widths))


def _numbering(shape: Shape) -> dict[str, str]:
    """The names of the weights where they are numbered input by input."""
    by: dict[str, str] = {}
    before = 0
    for index, (inputs, width) in enumerate(_pairs(shape.widths)):
        if index < len(shape.by_input) and shape.by_input[index]:
            for neuron in range(width):
                for source in range(inputs):
                    by[f"w{before + neuron * inputs + source + 1}"] = f"w{before + source * width + neuron + 1}"
        before += inputs * width
    return by
