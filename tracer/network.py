"""Layers → forward equations: the net input and the activation of every neuron, the errors, their sum."""

from __future__ import annotations

from tracer import naming
from tracer.activations import ACTIVATIONS
from tracer.experiment import Experiment
from tracer.expression import Call, Expression, Name, add, mul, replace
from tracer.losses import LOSSES
from tracer.parser import parse
from tracer.system import Equation, Parameter, Phase

LOSS_LAYER = "loss"


def parameters(experiment: Experiment) -> tuple[Parameter, ...]:
    """Every weight and bias, layer by layer; a frozen one is not trained."""
    return tuple(
        Parameter(name, experiment.start[name], layer.name, name not in experiment.frozen)
        for layer in experiment.layers
        for name in layer.parameters()
    )


def forward_equations(experiment: Experiment) -> tuple[Equation, ...]:
    """The forward pass and the loss of one sample, in the order of computation (Rumelhart, Hinton and Williams,
    Nature 323, 1986, equations 1 to 3)."""
    equations = []
    incoming = list(experiment.inputs)
    for layer in experiment.layers:
        activation = ACTIVATIONS[layer.activation].function(layer.activation)
        for neuron, weights, bias in zip(layer.neurons, layer.weights, layer.biases, strict=True):
            terms: list[Expression] = [mul(Name(w), Name(x)) for w, x in zip(weights, incoming, strict=True)]
            net_input = add(*terms, *([Name(bias)] if bias else []))
            equations.append(Equation(neuron, net_input, Phase.FORWARD, layer.name))
            output = Call(activation, (Name(neuron),))
            equations.append(Equation(naming.activation(neuron), output, Phase.FORWARD, layer.name))
        incoming = [naming.activation(neuron) for neuron in layer.neurons]
    return (*equations, *_loss_equations(experiment, incoming))


def _loss_equations(experiment: Experiment, outputs: list[str]) -> list[Equation]:
    formula = parse(LOSSES[experiment.loss].formula)
    errors = naming.errors(len(outputs))
    equations = [
        Equation(error, replace(formula, {Name("t"): Name(t), Name("a"): Name(a)}), Phase.LOSS, LOSS_LAYER)
        for error, t, a in zip(errors, experiment.targets, outputs, strict=True)
    ]
    total = add(*(Name(error) for error in errors))
    return [*equations, Equation(naming.TOTAL, total, Phase.LOSS, LOSS_LAYER)]
