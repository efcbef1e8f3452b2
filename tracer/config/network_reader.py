"""The sections of a config that describe a network: layers, weights, biases, loss and penalties."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.config.choices import Choices
from tracer.config.overrides import canonical
from tracer.config.samples_reader import Data
from tracer.config.schema import ACTIVATION_SETTINGS, FIELDS, INITIALIZER_SETTINGS, LAYER_FIELDS, LOSS_SETTINGS
from tracer.config.values import Names, show
from tracer.config.yamlfile import Place
from tracer.errors import nearest
from tracer.model import naming
from tracer.model.experiment import Choice, Layer, Network
from tracer.tables.activations import SOFTMAX
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES, PENALTIES, Domain

DEFAULT = "identity"
"""Stands in where a choice could not be read, so that reading can go on."""

DEFAULT_SEED = 0
MAX_SOFTMAX = 40
MOST_NAMED = 20
"""How many wrong names, or samples with wrong targets, are reported one by one."""

MAX_PARAMETERS = 200_000


@dataclass(slots=True)
class NetworkReader(Choices):
    """Reads the network of a document."""

    def network(self, data: Data) -> tuple[Network, dict[str, float]]:
        """The network, and the initial value of every parameter."""
        inputs, targets = data.inputs, data.targets
        layers = self.layers(inputs)
        if not layers:
            for key in ("weights", "biases"):
                self.numbers_in(key)
        start = self.start(layers, inputs if data.rows else ())
        given: list[Names] = [(("inputs",), "an input", inputs), (("targets",), "a target", targets)]
        self.unique_names([*given, *self.names(layers, targets)])
        if layers and targets and len(targets) != len(layers[-1].neurons):
            self.document.problem(
                ("targets",),
                f"{len(targets)} targets for {len(layers[-1].neurons)} neurons in the output layer "
                f"'{layers[-1].name}'; give one target a neuron",
            )
        return Network(layers, self.loss(data) or Choice(DEFAULT), self.penalties()), start

    def names(self, layers: tuple[Layer, ...], targets: Sequence[str]) -> list[Names]:
        """The names that the network gives, with what they are and where they come from."""
        sections: list[Names] = []
        for index, layer in enumerate(layers):
            activations = [naming.activation(neuron) for neuron in layer.neurons]
            place: Place = ("layers", index)
            sections.append((place, f"a quantity of layer '{layer.name}'", [*layer.neurons, *activations]))
            sections.append((place, f"a parameter of layer '{layer.name}'", layer.parameters()))
        penalties = [naming.penalty(key) for key in PENALTIES if self.document.value.get(key)]
        return [*sections, (("targets",), "an error", [*naming.errors(len(targets)), *penalties, naming.TOTAL])]

    def layers(self, inputs: Sequence[str]) -> tuple[Layer, ...]:
        value = self.document.value.get("layers")
        if "layers" not in self.document.value:
            return ()
        if not isinstance(value, list) or not value:
            what = "give a list of layers, such as - {name: h, neurons: 2, activation: sigmoid}"
            self.document.problem(("layers",), f"{show(value)}: {what}")
            return ()
        entries: list[dict[str, Any]] = []
        for index, entry in enumerate(value):
            place: Place = ("layers", index)
            if not isinstance(entry, dict):
                self.document.problem(place, f"{show(entry)} is no layer; write {{name: h, neurons: 2}}")
                entry = {"neurons": 1}
            canonical(self.document, entry, place, LAYER_FIELDS)
            if "neurons" not in entry:
                self.document.problem(place, f"'neurons' is missing. {LAYER_FIELDS['neurons'].help}")
            entries.append(entry)
        names = self.layer_names(entries)
        noted = len(self.document.problems)
        counts = [self.count("neurons", LAYER_FIELDS, e, ("layers", i)) for i, e in enumerate(entries)]
        widths = [max(len(inputs), 1), *counts]
        if sum(fan_in * width for fan_in, width in zip(widths, counts, strict=False)) > MAX_PARAMETERS:
            self.document.problem(
                ("layers",), f"more than {MAX_PARAMETERS:,} weights; this is a tool for small networks"
            )
            self.document.check()
        shaped = len(self.document.problems) == noted
        activations = [self.activations(entry, ("layers", i), counts[i]) for i, entry in enumerate(entries)]
        for index, choices in enumerate(activations):
            self.check_softmax(("layers", index), choices)
        if not shaped:
            return ()  # what depends on the shape cannot be judged
        neurons = [tuple(naming.neurons(name, count)) for name, count in zip(names, counts, strict=True)]
        biases = self.biases(names, neurons)
        return tuple(
            Layer(name, activations[index], neurons[index], tuple(map(tuple, table)), tuple(biases[index]))
            for index, (name, table) in enumerate(zip(names, naming.weights(widths), strict=True))
        )

    def activations(self, entry: Mapping[str, Any], place: Place, count: int) -> tuple[Choice, ...]:
        """The activation of every neuron of a layer; as many as the layer has."""
        place = (*place, "activation")
        value = entry.get("activation", LAYER_FIELDS["activation"].default)
        if not isinstance(value, list):
            return (self.choose(value, place, ACTIVATION_SETTINGS, ("z",)) or Choice(DEFAULT),) * count
        if len(value) != count:
            self.document.problem(place, f"{len(value)} activations for {count} neurons; give one a neuron, or one")
        each = [self.choose(item, (*place, i), ACTIVATION_SETTINGS, ("z",)) for i, item in enumerate(value)]
        chosen = tuple(choice or Choice(DEFAULT) for choice in each)
        if {SOFTMAX} < {choice.name for choice in chosen}:
            self.document.problem(place, f"{SOFTMAX} is one for the whole layer; it cannot stand beside others")
        return (chosen * count)[:count]

    def check_softmax(self, place: Place, choices: tuple[Choice, ...]) -> None:
        """A wide softmax would be written as formulas that nobody could read; its Jacobian has n² columns."""
        if len(choices) > MAX_SOFTMAX and any(choice.name == SOFTMAX for choice in choices):
            self.document.problem(place, f"{SOFTMAX} is traced for up to {MAX_SOFTMAX} neurons, not {len(choices)}")

    def loss(self, data: Data) -> Choice | None:
        """The loss, with targets that it takes."""
        value = self.document.value.get("loss", FIELDS["loss"].default)
        choice = self.choose(value, ("loss",), LOSS_SETTINGS, ("t", "a"))
        if choice and not choice.is_formula:
            noted = len(self.document.problems)
            for index, complain in enumerate(data.complain):
                self.in_domain(choice.name, data.targets_of(index), complain)
                if len(self.document.problems) - noted == MOST_NAMED:
                    break
        return choice

    def in_domain(self, loss: str, targets: Sequence[float], complain: Callable[[str], None]) -> None:
        """Whether the targets of a sample are such that the loss has a meaning."""
        domain, values = LOSSES[loss].domain, [value for value in targets if value == value]
        fits = {
            Domain.ANY: True,
            Domain.UNIT: all(0 <= value <= 1 for value in values),
            Domain.SIGN: all(value in (-1, 1) for value in values),
            Domain.DISTRIBUTION: all(0 <= value <= 1 for value in values) and abs(sum(values) - 1) < 1e-9,
        }
        if values and len(values) == len(targets) and not fits[domain]:
            shown = ", ".join(f"{value:g}" for value in values[:6])
            complain(f"{loss} takes {domain} as targets, not {shown}")

    def penalties(self) -> dict[str, float]:
        """The strengths of the penalties that are not 0."""
        strengths = {}
        for key in PENALTIES:
            strength = self.number(self.document.value.get(key, FIELDS[key].default), (key,), FIELDS[key].schema)
            if strength:
                strengths[key] = strength
        return strengths

    def layer_names(self, entries: list[dict[str, Any]]) -> list[str]:
        names: list[str] = []
        for index, (entry, default) in enumerate(zip(entries, naming.layers(len(entries)), strict=True)):
            place = ("layers", index, "name")
            name = entry.get("name", default)
            if not isinstance(name, str):
                self.document.problem(place, f"{show(name)} is not text; quote it if it is a name")
                name = default
            self.identifier(name, place)
            if name in names:
                self.document.problem(place, f"the name '{name}' stands twice; every layer needs its own")
            names.append(name)
        return names

    def biases(self, layers: list[str], neurons: list[tuple[str, ...]]) -> list[list[str | None]]:
        """The bias of every neuron of every layer, by name."""
        result: list[list[str | None]] = [[None] * len(names) for names in neurons]
        for layer, value in self.bias_table().items():
            if layer not in layers:
                hint = nearest(layer, layers)
                known = ", ".join(layers)
                self.document.problem(
                    ("biases",), f"'{layer}' is not a layer of this network ({known}).{hint}", ("biases", layer), True
                )
                continue
            index = layers.index(layer)
            if isinstance(value, list):
                if len(value) != len(neurons[index]):
                    what = f"{len(value)} biases for {len(neurons[index])} neurons; give one a neuron, or one number"
                    self.document.problem(("biases", layer), what)
                result[index] = [naming.neuron_bias(neuron) for neuron in neurons[index]]
            else:
                result[index] = [naming.shared_bias(index + 1)] * len(neurons[index])
        return result

    def bias_table(self) -> dict[str, Any]:
        value = self.document.value.get("biases", FIELDS["biases"].default)
        if not isinstance(value, dict):
            self.document.problem(("biases",), f"{show(value)}: give them by layer, such as {{h: 0.35, o: 0.60}}")
            return {}
        return value

    def start(self, layers: tuple[Layer, ...], inputs: Sequence[str]) -> dict[str, float]:
        """The initial value of every parameter."""
        start = self.weights(layers) if layers and inputs else {}
        table = self.bias_table()
        for layer in layers:
            value = table.get(layer.name)
            if isinstance(value, list):
                for index, (bias, item) in enumerate(zip(layer.biases, value, strict=False)):
                    start[str(bias)] = self.number(item, ("biases", layer.name, index))
            elif layer.name in table:
                start[str(layer.biases[0])] = self.number(value, ("biases", layer.name))
        return start

    def weights(self, layers: tuple[Layer, ...]) -> dict[str, float]:
        names = [weight for layer in layers for row in layer.weights for weight in row]
        value = self.document.value.get("weights")
        if "weights" not in self.document.value:
            return {}
        every = f"{names[0]}…{names[-1]}" if len(names) > 1 else names[0]
        if isinstance(value, list) and value:
            if len(value) != len(names):
                what = f"{len(value)} weights for a network with {len(names)} ({every})"
                self.document.problem(("weights",), f"{what}; {_difference(len(names) - len(value))}")
            return {n: self.number(v, ("weights", i)) for i, (n, v) in enumerate(zip(names, value, strict=False))}
        if isinstance(value, dict) and "init" in value:
            return self.drawn_weights(value, layers)
        if isinstance(value, dict) and value:
            by_layer = any(isinstance(item, list) for item in value.values())
            return self.weights_by_layer(value, layers) if by_layer else self.weights_by_name(value, names, every)
        self.document.problem(("weights",), f"{show(value)}: give the weights by name, in a list, or by layer")
        return {}

    def drawn_weights(self, value: dict[str, Any], layers: tuple[Layer, ...]) -> dict[str, float]:
        """Weights drawn by an initializer, layer by layer, from one sequence of random numbers."""
        place: Place = ("weights",)
        settings = {key: item for key, item in value.items() if key not in ("init", "seed")}
        chosen = self.choose({"name": value["init"], **settings}, place, INITIALIZER_SETTINGS)
        seed = self.whole_number(value.get("seed", DEFAULT_SEED), (*place, "seed"))
        if chosen is None or self.document.problems:
            return {}
        sequence = random.Random(seed)
        start: dict[str, float] = {}
        for layer in layers:
            drawn = INITIALIZERS[chosen.name].draw(
                len(layer.weights[0]), len(layer.weights), dict(chosen.settings), sequence
            )
            for names, row in zip(layer.weights, drawn, strict=True):
                start.update(zip(names, row, strict=True))
        return start

    def weights_by_name(self, value: dict[str, Any], names: list[str], every: str) -> dict[str, float]:
        known = set(names)
        strangers = [name for name in value if name not in known]
        if len(strangers) > MOST_NAMED:
            what = f"{_list(strangers)} are not weights of this network ({every})"
            self.document.problem(("weights",), what, ("weights", strangers[0]), key=True)
        else:
            for name in strangers:
                what = f"'{name}' is not a weight of this network ({every}).{nearest(name, names)}"
                self.document.problem(("weights",), what, ("weights", name), key=True)
        missing = [name for name in names if name not in value]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            self.document.problem(("weights",), f"{_list(missing)} {verb} missing; give every weight a start")
        return {name: self.number(value[name], ("weights", name)) for name in names if name in value}

    def weights_by_layer(self, value: dict[str, Any], layers: tuple[Layer, ...]) -> dict[str, float]:
        start: dict[str, float] = {}
        known = [layer.name for layer in layers]
        for name in value:
            if name not in known:
                what = f"'{name}' is not a layer of this network ({', '.join(known)}).{nearest(name, known)}"
                self.document.problem(("weights",), what, ("weights", name), key=True)
        for layer in layers:
            place: Place = ("weights", layer.name)
            rows = value.get(layer.name)
            if layer.name not in value:
                self.document.problem(("weights",), f"the weights of layer '{layer.name}' are missing")
                continue
            if not isinstance(rows, list) or len(rows) != len(layer.weights):
                what = f"give a list of {len(layer.weights)} rows, one a neuron"
                self.document.problem(place, f"{show(rows)}: {what}")
                continue
            for index, (row, names) in enumerate(zip(rows, layer.weights, strict=True)):
                if not isinstance(row, list) or len(row) != len(names):
                    what = f"give a row of {len(names)} numbers, one an input of the neuron"
                    self.document.problem((*place, index), f"{show(row)}: {what}")
                    continue
                for column, (weight, item) in enumerate(zip(names, row, strict=True)):
                    start[weight] = self.number(item, (*place, index, column))
        return start


def _list(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


def _difference(missing: int) -> str:
    return f"{missing} more are needed" if missing > 0 else f"{-missing} are too many"
