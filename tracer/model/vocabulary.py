"""What the names of an experiment stand for, before anything is derived: its data, its parameters, what it computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from tracer.model import naming
from tracer.model.experiment import Experiment, Network, OwnEquations
from tracer.model.naming import called
from tracer.model.quantity import Quantity, Role

COMMON: Mapping[str, Quantity] = {
    naming.ETA: Quantity(Role.LEARNING_RATE),
    naming.COUNT: Quantity(Role.COUNT),
    naming.ITERATION: Quantity(Role.ITERATION),
    naming.SAMPLE: Quantity(Role.SAMPLE),
    naming.GRADIENT_NORM: Quantity(Role.GRADIENT_NORM),
}
"""What does not depend on the model; a user's own quantity may take the name of one that a run does not have."""


def vocabulary(experiment: Experiment) -> dict[str, Quantity]:
    """Name → quantity, for everything that the experiment names, and for the loss with its parts."""
    known = dict(COMMON)
    for role, names in ((Role.INPUT, experiment.inputs), (Role.TARGET, experiment.targets)):
        known |= {name: called(Quantity(role, indices=(index,)), name) for index, name in enumerate(names, 1)}
    match experiment.model:
        case Network() as network:
            return known | _of_loss(network) | dict(_of_layers(network))
        case OwnEquations(equations, loss):
            own = {name: Quantity(Role.OWN, word=name) for name in equations}
            own |= {name: Quantity(Role.OWN_PARAMETER, word=name) for name in experiment.start}
            short = naming.above(loss, known | own) != loss
            return known | own | {loss: Quantity(Role.LOSS, word="" if short else loss)}


def _of_loss(network: Network) -> dict[str, Quantity]:
    parts = [Quantity(Role.ERROR, indices=(index,)) for index, _ in enumerate(network.layers[-1].neurons, 1)]
    parts += [Quantity(Role.PENALTY, word=naming.penalty(name)) for name in network.penalties]
    return {naming.spell(part): part for part in (*parts, Quantity(Role.LOSS))}


def _of_layers(network: Network) -> Iterator[tuple[str, Quantity]]:
    """Neurons and parameters; weights are numbered through the network, unless they are called otherwise."""
    numbers = count(1)
    for place, layer in enumerate(network.layers, 1):
        for index, (neuron, row, bias) in enumerate(zip(layer.neurons, layer.weights, layer.biases, strict=True), 1):
            for name, role in ((neuron, Role.NET_INPUT), (naming.activation(neuron), Role.ACTIVATION)):
                yield name, called(Quantity(role, layer.name, (index,)), name)
            for weight in row:
                yield weight, called(Quantity(Role.WEIGHT, layer.name, (next(numbers),)), weight)
            if bias:
                shared = bias == naming.shared_bias(place) and {*layer.biases} == {bias}
                role, number = (Role.SHARED_BIAS, place) if shared else (Role.BIAS, index)
                yield bias, called(Quantity(role, layer.name, (number,)), bias)
