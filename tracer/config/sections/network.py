"""The sections of a config that describe a network: layers, weights, biases, loss and penalties."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.config.sections.reading import Names, Reader
from tracer.config.sections.samples import Data
from tracer.config.yamlfile import Place
from tracer.model import naming
from tracer.model.experiment import Choice, Layer, Network
from tracer.tables.activations import SOFTMAX
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES, PENALTIES, Domain

DEFAULT = Choice("identity")
"""Stands in where a choice could not be read, so that reading can go on."""

DEFAULT_SEED = 0
MAX_SOFTMAX = 40
A_LAYER = "a layer of this network"
MOST_NAMED = 20
"""How many wrong names, or samples with wrong targets, are reported one by one."""

MAX_LAYERS, MAX_PARAMETERS = 500, 200_000


@dataclass(slots=True)
class NetworkReader(Reader):
    """Reads the network of a document."""

    def network(self, data: Data) -> tuple[Network, dict[str, float]]:
        """The network, and the initial value of every parameter."""
        inputs, targets = data.inputs, data.targets
        layers = self.layers(inputs)
        start = {**(self.weights(layers) if layers and inputs and data.rows else {}), **self.bias_values(layers)}
        given: list[Names] = [(("inputs",), "an input", inputs), (("targets",), "a target", targets)]
        self.unique_names([*given, *self.names(layers, targets)])
        if layers and targets:
            what = f"one per neuron of the output layer '{layers[-1].name}'"
            self.check_count(("targets",), targets, len(layers[-1].neurons), what)
        penalties = {key: self.config[key] for key in PENALTIES if self.config[key]}
        return Network(layers, self.loss(data) or DEFAULT, penalties), start

    def names(self, layers: tuple[Layer, ...], targets: Sequence[str]) -> list[Names]:
        """The names that the network defines, with what they are and where they come from."""
        sections: list[Names] = []
        for index, layer in enumerate(layers):
            activations = [naming.activation(neuron) for neuron in layer.neurons]
            place: Place = ("layers", index)
            sections.append((place, f"a quantity of layer '{layer.name}'", [*layer.neurons, *activations]))
            sections.append((place, f"a parameter of layer '{layer.name}'", layer.parameters()))
        penalties = [naming.penalty(key) for key in PENALTIES if self.config[key]]
        return [*sections, (("targets",), "an error", [*naming.errors(len(targets)), *penalties, naming.TOTAL])]

    def layers(self, inputs: Sequence[str]) -> tuple[Layer, ...]:
        """The layers; empty if they are invalid."""
        entries = self.config["layers"] or []
        if len(entries) > MAX_LAYERS:
            what = f"{len(entries):,} layers, more than {MAX_LAYERS:,}; this is a tool for small networks"
            self.problem(("layers",), what)
            self.document.check()
        counts: list[Any] = [entry["neurons"] if entry else None for entry in entries]
        names = self.layer_names(entries) if entries else []
        if not names or not all(isinstance(count, int) for count in counts):
            return ()  # what depends on the shape cannot be judged
        widths = [max(len(inputs), 1), *counts]
        if sum(fan_in * width for fan_in, width in zip(widths, counts, strict=False)) > MAX_PARAMETERS:
            self.problem(("layers",), f"more than {MAX_PARAMETERS:,} weights; this is a tool for small networks")
            self.document.check()
        activations = [self.activations(e["activation"], ("layers", i), counts[i]) for i, e in enumerate(entries)]
        neurons = [tuple(naming.neurons(name, count)) for name, count in zip(names, counts, strict=True)]
        biases = self.biases(names, neurons)
        return tuple(
            Layer(name, activations[index], neurons[index], tuple(map(tuple, table)), tuple(biases[index]))
            for index, (name, table) in enumerate(zip(names, naming.weights(widths), strict=True))
        )

    def layer_names(self, entries: list[dict[str, Any] | None]) -> list[str]:
        names: list[str] = []
        for index, (entry, default) in enumerate(zip(entries, naming.layers(len(entries)), strict=True)):
            name = (entry and entry["name"]) or default
            if name in names:
                self.problem(("layers", index, "name"), f"'{name}' is duplicated; every layer needs its own name")
            names.append(name)
        return names

    def activations(self, value: Any, place: Place, count: int) -> tuple[Choice, ...]:
        """The activation of every neuron of a layer; as many as the layer has."""
        one_each = isinstance(value, list)
        chosen = tuple(choice or DEFAULT for choice in (value if one_each else [value] * count))
        self.check_count((*place, "activation"), chosen, count, "one per neuron, or one for all")
        kinds = {choice.name for choice in chosen}
        if {SOFTMAX} < kinds:
            self.problem(
                (*place, "activation"), f"{SOFTMAX} applies to a whole layer, and cannot be combined with others"
            )
        elif SOFTMAX in kinds and count > MAX_SOFTMAX:  # nobody could read its formulas; its Jacobian has n² columns
            self.problem(place, f"{SOFTMAX} supports up to {MAX_SOFTMAX} neurons, not {count}")
        return (chosen * count)[:count]

    def biases(self, layers: list[str], neurons: list[tuple[str, ...]]) -> list[list[str | None]]:
        """The bias of every neuron of every layer, by name."""
        result: list[list[str | None]] = [[None] * len(names) for names in neurons]
        table = self.config["biases"] or {}
        self.check_known(("biases",), table, dict.fromkeys(layers), A_LAYER)
        for index, (layer, names) in enumerate(zip(layers, neurons, strict=True)):
            value = table.get(layer)
            if isinstance(value, list):
                self.check_count(("biases", layer), value, len(names), "one per neuron, or one number for all")
            if layer in table:
                shared = naming.shared_bias(index + 1)
                result[index] = [naming.neuron_bias(name) if isinstance(value, list) else shared for name in names]
        return result

    def bias_values(self, layers: tuple[Layer, ...]) -> dict[str, float]:
        """The initial value of every bias."""
        table, start = self.config["biases"] or {}, dict[str, float]()
        for layer in layers:
            if layer.name in table:
                value = table[layer.name]
                values = value if isinstance(value, list) else [value] * len(layer.biases)
                start |= zip(map(str, layer.biases), values, strict=False)
        return start

    def weights(self, layers: tuple[Layer, ...]) -> dict[str, float]:
        """The initial value of every weight."""
        names = [weight for layer in layers for row in layer.weights for weight in row]
        value = self.config["weights"]
        every = f"{names[0]}…{names[-1]}" if len(names) > 1 else names[0]
        if isinstance(value, Choice):
            return {} if self.document.problems else _drawn(value, layers)
        if isinstance(value, list):
            self.check_count(("weights",), value, len(names), every)
            return dict(zip(names, value, strict=False))
        if value and any(isinstance(item, (list, type(None))) for item in value.values()):
            return self.weights_by_layer(value, layers)
        return self.weights_by_name(value, names, every) if value else {}

    def weights_by_name(self, value: dict[str, float], names: list[str], every: str) -> dict[str, float]:
        known = dict.fromkeys(names)
        unknown = [name for name in value if name not in known]
        if len(unknown) > MOST_NAMED:
            what = f"{_list(unknown)} are not weights of this network ({every})"
            self.problem(("weights",), what, ("weights", unknown[0]), key=True)
        else:
            self.check_known(("weights",), unknown, known, f"a weight of this network ({every})")
        missing = [name for name in names if name not in value]
        if missing:
            self.problem(("weights",), f"missing {_list(missing)}; give every weight an initial value")
        return {name: value[name] for name in names if name in value}

    def weights_by_layer(self, value: dict[str, Any], layers: tuple[Layer, ...]) -> dict[str, float]:
        start: dict[str, float] = {}
        self.check_known(("weights",), value, {layer.name: layer for layer in layers}, A_LAYER)
        for layer in layers:
            place: Place = ("weights", layer.name)
            rows = value.get(layer.name)
            if layer.name not in value:
                self.problem(("weights",), f"the weights of layer '{layer.name}' are missing")
            elif rows is not None:
                self.check_count(place, rows, len(layer.weights), "one row per neuron")
            for index, (row, names) in enumerate(zip(rows or [], layer.weights, strict=False)):
                if row is not None:
                    self.check_count((*place, index), row, len(names), "one number per input of the neuron")
                start |= zip(names, row or [], strict=False)
        return start

    def loss(self, data: Data) -> Choice | None:
        """The loss, checked against the targets."""
        choice: Choice | None = self.config["loss"]
        if choice and not choice.is_formula and LOSSES[choice.name].domain is not Domain.ANY:
            noted = len(self.document.problems)
            for index, complain in enumerate(data.complain):
                self.in_domain(choice.name, data.rows[index][: len(data.targets)], complain)
                if len(self.document.problems) - noted == MOST_NAMED:
                    break
        return choice

    def in_domain(self, loss: str, targets: Sequence[float], complain: Callable[[str], None]) -> None:
        """Whether the targets of a sample are in the domain of the loss."""
        domain, values = LOSSES[loss].domain, [value for value in targets if value == value]
        fits = {
            Domain.UNIT: all(0 <= value <= 1 for value in values),
            Domain.SIGN: all(value in (-1, 1) for value in values),
            Domain.DISTRIBUTION: all(0 <= value <= 1 for value in values) and abs(sum(values) - 1) < 1e-9,
        }
        if values and len(values) == len(targets) and not fits[domain]:
            shown = ", ".join(f"{value:g}" for value in values[:6])
            complain(f"{loss} takes {domain} as targets, not {shown}")


def _drawn(choice: Choice, layers: tuple[Layer, ...]) -> dict[str, float]:
    """Weights drawn by an initializer, layer by layer, from a single sequence of random numbers."""
    settings = dict(choice.settings)
    sequence = random.Random(int(settings.pop("seed", DEFAULT_SEED)))
    start: dict[str, float] = {}
    for layer in layers:
        drawn = INITIALIZERS[choice.name].draw(len(layer.weights[0]), len(layer.weights), settings, sequence)
        for names, row in zip(layer.weights, drawn, strict=True):
            start.update(zip(names, row, strict=True))
    return start


def _list(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
