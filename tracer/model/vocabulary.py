"""What the names of an experiment stand for before differentiation: data, parameters, computed quantities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
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
"""Quantities of any model; a user's quantity may take the name of one that a run does not have."""


def vocabulary(experiment: Experiment) -> dict[str, Quantity]:
    """Name → quantity, for everything that the experiment names, and for the loss with its parts."""
    known = dict(COMMON)
    for role, names in ((Role.INPUT, experiment.inputs), (Role.TARGET, experiment.targets)):
        known |= {name: _numbered(role, "", index, name) for index, name in enumerate(names, 1)}
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
        shared = {*layer.biases} == {naming.shared_bias(place)}
        for index, (neuron, row, bias) in enumerate(zip(layer.neurons, layer.weights, layer.biases, strict=True), 1):
            for name, role in ((neuron, Role.NET_INPUT), (naming.activation(neuron), Role.ACTIVATION)):
                yield name, _numbered(role, layer.name, index, name)
            for weight in row:
                yield weight, _numbered(Role.WEIGHT, layer.name, next(numbers), weight)
            if bias and shared:
                yield bias, _numbered(Role.SHARED_BIAS, layer.name, place, bias)
            elif bias:
                yield bias, _numbered(Role.BIAS, layer.name, index, bias)


@lru_cache(maxsize=10_000)
def _numbered(role: Role, layer: str, number: int, name: str) -> Quantity:
    """The quantity of a role, layer and number, under its name; many networks of one table have the same ones."""
    return called(Quantity(role, layer, (number,)), name)
