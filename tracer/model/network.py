"""Layers → forward equations: the net input and the activation of every neuron, the errors, their sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Call, Expression, Form, Function, Name, Number, add, mul, sub
from tracer.formulas.tree import replace as substitute
from tracer.model import naming
from tracer.model.experiment import Choice, Layer, Network
from tracer.model.system import Equation, Phase
from tracer.tables.activations import ACTIVATIONS, SOFTMAX, read_formula, softmax
from tracer.tables.losses import LOSSES, PENALTIES, SIGMOID_WITHIN

LOSS_LAYER = "loss"


def forward_equations(network: Network, inputs: Iterable[str], targets: Iterable[str]) -> tuple[Equation, ...]:
    """The forward pass and the loss of one sample, in the order of computation (Rumelhart, Hinton and Williams,
    Nature 323, 1986, equations 1 to 3)."""
    equations: list[Equation] = []
    incoming = list(inputs)
    for layer in network.layers:
        net_inputs = [_net_input(layer, index, incoming) for index in range(len(layer.neurons))]
        outputs = [_activation(network, layer, index) for index in range(len(layer.neurons))]
        if any(choice.name == SOFTMAX for choice in layer.activations):
            equations += net_inputs + outputs  # an activation of the whole layer needs all of its net inputs
        else:
            equations += [equation for neuron in zip(net_inputs, outputs, strict=True) for equation in neuron]
        incoming = [output.quantity for output in outputs]
    return (*equations, *_loss_equations(network, targets))


def _net_input(layer: Layer, index: int, incoming: list[str]) -> Equation:
    """The weighted sum of the inputs, plus the bias."""
    weights, bias = layer.weights[index], layer.biases[index]
    terms = [mul(Name(weight), Name(value)) for weight, value in zip(weights, incoming, strict=True)]
    return Equation(layer.neurons[index], add(*terms, *([Name(bias)] if bias else [])), Phase.FORWARD, layer.name)


def _activation(network: Network, layer: Layer, index: int) -> Equation:
    """The activation of a neuron, as a function of its net input, or of all net inputs of its layer."""
    choice, neuron = layer.activations[index], layer.neurons[index]
    if choice.name == SOFTMAX:
        call = Call(softmax(index, len(layer.neurons)), tuple(map(Name, layer.neurons)))
    elif choice.is_formula:
        call = Call(Function(choice.name, ("z",), formula=read_formula(choice.name)), (Name(neuron),))
    else:
        function = ACTIVATIONS[choice.name].function(choice.name, dict(choice.settings))
        if layer is network.layers[-1] and _pairs_with(network, "sigmoid", choice):
            function = replace(function, far=(read_formula(SIGMOID_WITHIN[0]), read_formula(SIGMOID_WITHIN[1])))
        call = Call(function, (Name(neuron),))
    return Equation(naming.activation(neuron), call, Phase.FORWARD, layer.name)


def _pairs_with(network: Network, activation: str, choice: Choice) -> bool:
    """Whether the loss is stated from the net inputs of this activation, and the activation is it."""
    loss = None if network.loss.is_formula else LOSSES[network.loss.name]
    return bool(loss and loss.from_net_input and loss.from_net_input[0] == activation == choice.name)


def _loss_equations(network: Network, targets: Iterable[str]) -> list[Equation]:
    layer = network.layers[-1]
    errors = naming.errors(len(layer.neurons))
    outputs = enumerate(zip(errors, targets, strict=True))
    sums = {error: _error(network, layer, index, target) for index, (error, target) in outputs}
    weights = [Name(weight) for layer in network.layers for row in layer.weights for weight in row]
    for penalty, strength in network.penalties.items():
        of_weights = add(*(substitute(read_formula(PENALTIES[penalty].formula), {Name("w"): w}) for w in weights))
        sums[naming.penalty(penalty)] = mul(Number(strength), of_weights)
    total = add(*map(Name, sums))
    equations = [Equation(name, expression, Phase.LOSS, LOSS_LAYER) for name, expression in sums.items()]
    return [*equations, Equation(naming.TOTAL, total, Phase.LOSS, LOSS_LAYER)]


def _error(network: Network, layer: Layer, index: int, target: str) -> Expression:
    """The error of one output neuron."""
    choice, neuron = network.loss, layer.neurons[index]
    outputs = (Name(target), Name(naming.activation(neuron)))
    count = ("n", float(len(layer.neurons)))
    if choice.is_formula:
        return Call(Function(choice.name, ("t", "a"), formula=read_formula(choice.name), settings=(count,)), outputs)
    loss = LOSSES[choice.name]
    error = loss.function(choice.name, len(layer.neurons), dict(choice.settings))
    if not (loss.from_net_input and _pairs_with(network, loss.from_net_input[0], layer.activations[index])):
        return Call(error, outputs)
    net_inputs = [Name(name) for name in layer.neurons]
    largest = Call(FUNCTIONS["max"], tuple(net_inputs)) if len(net_inputs) > 1 else net_inputs[0]
    powers = add(*(Call(FUNCTIONS["exp"], (sub(z, largest),)) for z in net_inputs))
    known: dict[Expression, Expression] = {Name("z"): Name(neuron), Name("m"): largest, Name("s"): powers}

    def of(formula: str) -> Form:
        template = read_formula(formula)
        return lambda call: substitute(template, known | {Name("t"): call.args[0], Name("a"): call.args[1]})

    condition, formula = loss.from_net_input[1]
    return Call(replace(error, far=(of(condition), of(formula))), outputs)
