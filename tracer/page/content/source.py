"""The config as text, with the places of the numbers in it that a reader of the page may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml
from yaml import Node

from tracer.config.editing import Section, Span, Text, one_line
from tracer.model import naming
from tracer.model.experiment import Experiment, Network
from tracer.model.system import System
from tracer.page.content.shapes import Data
from tracer.tables.optimizers import OPTIMIZERS
from tracer.tables.settings import defaults

ALL_SAMPLES = "samples"


def source_of(experiment: Experiment, system: System) -> Data:
    """The text, with what options have put in place of its values, the places of its numbers, and its sections.

    places: by the name of the quantity, of a sample's by the name, @ and the number of the sample. A number that stands
    in the text in another form, or not at all because it is drawn or read from a table, has no place, but a section.
    sections: parts of the text that are written anew where a number in them has no place and is changed: where one
    stands, its key, and its value, with {"number": NAME} for a quantity, {"numbers": NAMES} for a mapping of them, and
    {"rows": {KEY: NAMES}} for the samples; names: which quantities are in it.
    """
    source = experiment.source
    if not source.text:
        return {"text": "", "places": {}, "sections": []}
    text = Text(source.text).with_values(source.overridden)
    places = dict(_places(text, experiment, system))
    sections = []
    for key, (value, names) in _values(text, experiment, system).items():
        section = text.sections.get(key)
        if section and not all(name in places for name in names):
            sections.append(_section(section, value, names))
    return {"text": text.text, "places": places, "sections": sections}


def _section(section: Section, value: Any, names: Iterable[str]) -> Data:
    is_samples = isinstance(value, dict) and "rows" in value
    listed = [name for of in value["rows"].values() for name in of] if is_samples else list(names)
    return {"span": section.span, "key": section.key, "value": value, "names": listed}


def _values(text: Text, experiment: Experiment, system: System) -> dict[str, tuple[Any, Iterable[str]]]:
    """What can be written under each key, and the quantities in it, as they are called among the places."""
    found: dict[str, tuple[Any, Iterable[str]]] = {}
    layers = experiment.model.layers if isinstance(experiment.model, Network) else ()
    weights = [name for layer in layers for row in layer.weights for name in row]
    biases = [name for name in experiment.start if name not in {*weights}]
    found["weights"] = {"numbers": weights}, weights
    found["biases"] = (
        {"entries": [[layer.name, _biases(layer.biases)] for layer in layers if any(layer.biases)]},
        biases,
    )
    found["parameters"] = {"numbers": biases}, biases
    rows = {"inputs": experiment.inputs, "targets": experiment.targets}
    rows = {key: names for key, names in rows.items() if names}
    if ALL_SAMPLES in text.sections:
        places = (f"{name}@{n}" for n in range(1, len(system.samples) + 1) for of in rows.values() for name in of)
        found[ALL_SAMPLES] = {"rows": rows}, places
    else:
        for key, names in rows.items():
            found[key] = {"numbers": names}, [f"{name}@1" for name in names]
    found |= _settings(experiment, system)
    if experiment.schedule and isinstance(text.nodes["learning_rate"], yaml.SequenceNode):
        found["learning_rate"] = _phases(text.value["learning_rate"]), list(experiment.schedule.rates)
    elif experiment.learning_rates:
        found["learning_rate"] = {"number": naming.ETA}, [naming.ETA]
    return found


def _biases(names: Sequence[str | None]) -> Any:
    """The biases of a layer: one for all, or a list."""
    first = names[0]
    own = [{"number": name} for name in names]
    is_shared = len(names) > 1 and len({*names}) == 1
    is_single = len(names) == 1 and first is not None and not first.startswith("b_")
    return own[0] if is_shared or is_single else own


def _settings(experiment: Experiment, system: System) -> dict[str, tuple[Any, list[str]]]:
    """The optimizer and the clipping, with their settings; a setting of 0 that no formula has is written as it is."""
    rule, chosen = experiment.rule, dict(experiment.optimizer.settings)
    settings = {**defaults(rule.settings), **chosen}
    numbers = [[name, _setting(name, value, system)] for name, value in settings.items()]
    names = [naming.setting(name) for name in settings if naming.setting(name) in system.hyper]
    if experiment.optimizer.name in OPTIMIZERS:
        value = {"entries": [["name", experiment.optimizer.name], *numbers]}
    else:
        parts = {"states": rule.states, "update": rule.update, "start": rule.start}
        entries = [[key, one_line(part)] for key, part in parts.items() if part]
        value = {"entries": [*entries, *([["settings", {"entries": numbers}]] if numbers else [])]}
    found: dict[str, tuple[Any, list[str]]] = {"optimizer": (value, names)}
    for name, _ in experiment.clip.settings if experiment.clip else ():
        assert experiment.clip
        quantity = naming.setting(name)
        found["clip"] = {"entries": [[experiment.clip.name, {"number": quantity}]]}, [quantity]
    return found


def _setting(name: str, value: float, system: System) -> Any:
    quantity = naming.setting(name)
    return {"number": quantity} if quantity in system.hyper else one_line(value)


def _phases(phases: Sequence[Mapping[str, Any]]) -> Any:
    """The phases of the learning rate, with the rates that are numbers as quantities."""
    found = []
    for number, phase in enumerate(phases, 1):
        entries = [
            [
                key,
                one_line(value)
                if key == "iterations" or isinstance(value, str)
                else {"number": naming.phase_rate(number)},
            ]
            for key, value in phase.items()
        ]
        found.append({"entries": entries})
    return found


def _places(text: Text, experiment: Experiment, system: System) -> Iterator[tuple[str, Span]]:
    nodes = text.nodes
    for key in ("weights", "biases", "parameters"):
        if key in nodes:
            yield from _equal(text, _named(nodes[key], _in_order(experiment, system, key)), experiment.start)
    samples = nodes.get(ALL_SAMPLES)
    listed = (
        [nodes]
        if samples is None
        else list(map(_mapping, samples.value))
        if isinstance(samples, yaml.SequenceNode)
        else []
    )
    for number, (parts, values) in enumerate(zip(listed, system.samples, strict=False), 1):
        of_sample = dict(zip(system.data, values, strict=True))
        for key, names in (("inputs", experiment.inputs), ("targets", experiment.targets)):
            if key in parts:
                found = _equal(text, _named(parts[key], {"": names}), of_sample)
                yield from ((f"{name}@{number}", place) for name, place in found)
    for key in ("optimizer", "clip"):
        if key in nodes:
            named = (
                (naming.setting(f"clip_{name}" if key == "clip" else name), node) for name, node in _scalars(nodes[key])
            )
            yield from _equal(text, named, system.hyper)


def _scalars(node: Node) -> Iterator[tuple[str, Node]]:
    """The settings in a mapping, and in the mapping of settings in it."""
    for key, value in _mapping(node).items():
        if key == "settings":
            yield from _scalars(value)
        elif isinstance(value, yaml.ScalarNode):
            yield key, value


def _in_order(experiment: Experiment, system: System, key: str) -> Mapping[str, Sequence[str]]:
    """The names of the parameters under a key in their order, by layer, and all of them under ""."""
    if not isinstance(experiment.model, Network) or key == "parameters":
        return {"": list(experiment.start)}
    found: dict[str, Sequence[str]] = {}
    for layer in experiment.model.layers:
        weights = [name for row in layer.weights for name in row]
        biases = list(dict.fromkeys(name for name in layer.biases if name))
        found[layer.name] = weights if key == "weights" else biases
    return {**found, "": [name for names in found.values() for name in names]}


def _named(node: Node, order: Mapping[str, Sequence[str]], layer: str = "") -> Iterator[tuple[str, Node]]:
    """The numbers below a node with the names that they belong to: by their keys, or in the order of a list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in _mapping(node).items():
            if isinstance(value, yaml.ScalarNode) and key not in order:
                yield key, value
            else:
                yield from _named(value, order, key)
        return
    leaves = list(_leaves(node))
    if len(leaves) == len(order.get(layer, ())):
        yield from zip(order[layer], leaves, strict=True)


def _leaves(node: Node) -> Iterator[Node]:
    if isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _leaves(inner)
    else:
        yield node


def _mapping(node: Node | None) -> dict[str, Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _equal(text: Text, found: Iterable[tuple[str, Node]], values: Mapping[str, float]) -> Iterator[tuple[str, Span]]:
    """The places of those nodes that are the numbers which the config was read with."""
    for name, node in found:
        number = text.number(node)
        if number is not None and number[0] == values.get(name):
            yield name, number[1]
