"""A network in arrays: a matrix of weights and a vector of biases for each layer, samples as rows of `x` and `t`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracer.code.source import Writer
from tracer.formulas.derivative import partials
from tracer.formulas.notation import shortest
from tracer.formulas.tree import ONE, Call, Expression, Function, Name, add
from tracer.formulas.tree import replace as substitute
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.batches import Batches
from tracer.model.experiment import Choice, Experiment, Layer, Network, OwnEquations
from tracer.model.system import System
from tracer.tables.activations import ACTIVATIONS, SOFTMAX, read_formula
from tracer.tables.losses import LOSSES, PENALTIES

INPUTS, TARGETS = Name("x"), Name("t")
LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Arrays:
    """The arrays of a layer, by their names."""

    layer: Layer

    @property
    def weights(self) -> Name:
        """A row a neuron, a column an input."""
        return Name(f"W_{self.layer.name}")

    @property
    def biases(self) -> Name | None:
        """One a neuron, or a number that all neurons share; None without."""
        return Name(f"b_{self.layer.name}") if any(self.layer.biases) else None

    @property
    def net_inputs(self) -> Name:
        """A row a sample, a column a neuron; as the activations."""
        return Name(f"z_{self.layer.name}")

    @property
    def activations(self) -> Name:
        """The outputs of the layer."""
        return Name(f"a_{self.layer.name}")

    @property
    def is_softmax(self) -> bool:
        """Whether an activation depends on all net inputs of the layer."""
        return self.layer.activations[0].name == SOFTMAX

    @property
    def activation(self) -> Expression:
        """The activations as a formula of the net inputs, except for softmax."""
        choice = self.layer.activations[0]
        if choice.is_formula:
            function = Function(choice.name, ("z",), formula=read_formula(choice.name))
        else:
            function = ACTIVATIONS[choice.name].function(choice.name, dict(choice.settings))
        return Call(function, (self.net_inputs,))

    def parameters(self, of: Mapping[str, Any]) -> dict[Name, Any]:
        """What `of` has for each parameter, as arrays."""
        return {Name(name): values for name, values in self.layer.arrays(of).items()}


def in_arrays(experiment: Experiment) -> list[Arrays]:
    """The layers of a network; none where it has no such form: equations of one's own, several activations in a layer,
    parameters of an array that are frozen in part, biases of some neurons only, rounded quantities."""
    model = experiment.model
    if not isinstance(model, Network) or experiment.decimals is not None:
        return []
    for layer in model.layers:
        biases = {bias for bias in layer.biases if bias}
        for group in ({weight for row in layer.weights for weight in row}, biases):
            if 0 < len(group & experiment.frozen) < len(group):
                return []
        if len({*layer.activations}) > 1 or len(biases) not in (0, 1, len(layer.biases)):
            return []
        if biases and not all(layer.biases):
            return []
    return [Arrays(layer) for layer in model.layers]


def rule_of(experiment: Experiment, layers: list[Arrays]) -> System:
    """A system whose parameters are the arrays: what becomes of their gradients, and how they are updated."""
    names = dict.fromkeys(experiment.start, "")
    start, frozen = {}, set()
    for arrays in layers:
        for name, of in arrays.parameters({name: name for name in names}).items():
            start[name.name] = 0.0
            first = of if isinstance(of, str) else of[0] if isinstance(of[0], str) else of[0][0]
            frozen |= {name.name} if first in experiment.frozen else set()
    model = OwnEquations({naming.TOTAL: add(*map(Name, start))}, naming.TOTAL)
    return assemble(
        replace(
            experiment, inputs=(), targets=(), samples=((),), batches=Batches(), model=model, start=start,
            frozen=frozenset(frozen), until=None,
        )
    )  # fmt: skip


def error(choice: Choice, outputs: int) -> Expression:
    """The errors of the outputs in the targets and the activations `a`."""
    if choice.is_formula:
        settings = (("n", float(outputs)),)
        function = Function(choice.name, ("t", "a"), formula=read_formula(choice.name), settings=settings)
    else:
        function = LOSSES[choice.name].function(choice.name, outputs, dict(choice.settings))
    return Call(function, (TARGETS, Name("a")))


def forward(experiment: Experiment, layers: list[Arrays], writer: Writer, module: str) -> Iterator[str]:
    """The lines of the forward pass and of the loss of the samples, reduced."""
    spell, network = writer.identifiers, experiment.model
    assert isinstance(network, Network)
    incoming = INPUTS
    for arrays in layers:
        bias = f" + {spell(arrays.biases)}" if arrays.biases else ""
        yield f"{spell(arrays.net_inputs)} = {spell(incoming)} @ {spell(arrays.weights)}.T{bias}"
        if arrays.is_softmax:
            yield f"{spell(arrays.activations)} = softmax({spell(arrays.net_inputs)})"
        else:
            yield from writer.assignment(spell(arrays.activations), arrays.activation)
        incoming = arrays.activations
    errors = substitute(error(network.loss, len(layers[-1].layer.neurons)), {Name("a"): incoming})
    penalties = [
        f" + {_often(experiment)}{shortest(strength)} * {module}.sum({_of_weights(name, arrays, writer)})"
        for name, strength in network.penalties.items()
        for arrays in layers
    ]
    yield f"{LOSS} = {module}.sum({writer.formula(errors)}){_mean(experiment)}{''.join(penalties)}"


def backward(experiment: Experiment, layers: list[Arrays], writer: Writer) -> Iterator[str]:
    """The lines of the backward pass in NumPy: the gradients of all parameters that are updated."""
    spell, network = writer.identifiers, experiment.model
    assert isinstance(network, Network)
    a = Name("a")
    errors = partials(error(network.loss, len(layers[-1].layer.neurons)))[a]
    yield from writer.assignment(
        spell(_gradient(layers[-1].activations)), substitute(errors, {a: layers[-1].activations})
    )
    for number, arrays in reversed([*enumerate(layers)]):
        above, here = spell(_gradient(arrays.activations)), spell(_gradient(arrays.net_inputs))
        if arrays.is_softmax:
            outputs = spell(arrays.activations)
            yield f"{here} = {outputs} * ({above} - np.sum({above} * {outputs}, axis=1, keepdims=True))"
        else:
            slope = partials(arrays.activation, {arrays.activation: arrays.activations})[arrays.net_inputs]
            written = _bracketed(writer.formula(slope))
            yield f"{here} = {above}" + ("" if slope == ONE else f" * {written}")
        incoming = layers[number - 1].activations if number else INPUTS
        further = "".join(
            f" + {_often(experiment)}{shortest(strength)} * {_bracketed(_slope_of_weights(name, arrays, writer))}"
            for name, strength in network.penalties.items()
        )
        yield f"{spell(_gradient(arrays.weights))} = {here}.T @ {spell(incoming)}{_mean(experiment)}{further}"
        if arrays.biases:
            axis = "" if arrays.layer.shares_bias else ", axis=0"
            yield f"{spell(_gradient(arrays.biases))} = np.sum({here}{axis}){_mean(experiment)}"
        if number:
            yield f"{spell(_gradient(incoming))} = {here} @ {spell(arrays.weights)}"


def _gradient(of: Name) -> Name:
    return Name(naming.derivative(naming.SHORT_TOTAL, of.name))


def _mean(experiment: Experiment) -> str:
    """What makes the mean of a sum over the samples, where it is to be one."""
    return " / len(x)" if experiment.batches.several and experiment.batches.reduction == "mean" else ""


def _often(experiment: Experiment) -> str:
    """How often a penalty counts: with every sample, where these are summed."""
    return "len(x) * " if experiment.batches.several and experiment.batches.reduction == "sum" else ""


def _of_weights(penalty: str, arrays: Arrays, writer: Writer) -> str:
    return writer.formula(substitute(read_formula(PENALTIES[penalty].formula), {Name("w"): arrays.weights}))


def _slope_of_weights(penalty: str, arrays: Arrays, writer: Writer) -> str:
    slope = partials(read_formula(PENALTIES[penalty].formula))[Name("w")]
    return writer.formula(substitute(slope, {Name("w"): arrays.weights}))


def _bracketed(text: str) -> str:
    return text if text.isidentifier() else f"({text})"
