"""The config as text, with the places of the numbers in it that a reader of the page may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import yaml

from tracer.model.experiment import Experiment, Network
from tracer.model.naming import ETA
from tracer.model.system import System
from tracer.page.content.shapes import Data

Place = tuple[int, int]
"""Where a number begins and ends, in characters."""


def source_of(experiment: Experiment, system: System) -> Data:
    """The text, the places of its numbers, and what overrides it.

    places: by the name of the quantity, of a sample's by the name, @ and the number of the sample. A number that stands
    in the text in another form, or not at all because it is drawn or read from a table, has no place.
    """
    source = experiment.source
    return {
        "text": source.text,
        "settings": list(source.settings),
        "places": dict(_places(experiment, system)) if source.text and not source.settings else {},
    }


def _places(experiment: Experiment, system: System) -> Iterator[tuple[str, Place]]:
    try:
        root = yaml.compose(experiment.source.text, yaml.SafeLoader)
    except yaml.YAMLError:
        return
    keys = _mapping(root)
    for key in ("weights", "biases", "parameters"):
        if key in keys:
            yield from _equal(_named(keys[key], _in_order(experiment, system, key)), experiment.start)
    samples = keys.get("samples", root)
    listed = samples.value if isinstance(samples, yaml.SequenceNode) else [samples]
    for number, (node, values) in enumerate(zip(listed, system.samples, strict=False), 1):
        of_sample = dict(zip(system.data, values, strict=True))
        parts = _mapping(node)
        for key, names in (("inputs", experiment.inputs), ("targets", experiment.targets)):
            if key in parts:
                found = _equal(_named(parts[key], {"": names}), of_sample)
                yield from ((f"{name}@{number}", place) for name, place in found)
    rate = keys.get("learning_rate")
    if rate is not None and experiment.learning_rates:
        yield ETA, (rate.start_mark.index, rate.end_mark.index)


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


def _named(node: yaml.Node, order: Mapping[str, Sequence[str]], layer: str = "") -> Iterator[tuple[str, yaml.Node]]:
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


def _leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _leaves(inner)
    else:
        yield node


def _mapping(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _equal(found: Iterator[tuple[str, yaml.Node]], values: Mapping[str, float]) -> Iterator[tuple[str, Place]]:
    """The places of those nodes that are the numbers which the config was read with."""
    for name, node in found:
        try:
            value = float(node.value) if isinstance(node, yaml.ScalarNode) else None
        except ValueError:
            continue
        if value is not None and value == values.get(name):
            yield name, (node.start_mark.index, node.end_mark.index)
