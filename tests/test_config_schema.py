"""The JSON Schema and the reader refuse the same values: both come from the same forms."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.places import CONFIGS
from tracer.config.records import Model, canonical
from tracer.config.schema import ACTIVATION, BEYOND_SCHEMA, FIELDS, INITIALIZER, LOSS, OPTIMIZER, json_schema
from tracer.config.sections.reading import read_fields
from tracer.config.yamlfile import Document

SCHEMA = jsonschema.Draft7Validator(json_schema())
CHOICES = {"activation": ACTIVATION, "loss": LOSS, "optimizer": OPTIMIZER, "init": INITIALIZER}

NETWORK: dict[str, Any] = {
    "name": "test", "description": "a network", "inputs": {"i1": 0.05, "i2": 0.1}, "targets": [0.5, 0.5],
    "layers": [
        {"name": "h", "neurons": 2, "activation": [{"name": "leaky_relu", "alpha": 0.1}, "tanh(z) + z"]},
        {"name": "o", "neurons": 2, "activation": {"name": "elu", "alpha": 0.5}},
    ],
    "weights": {f"w{n}": n / 10 for n in range(1, 9)}, "biases": {"h": 0.35, "o": [0.1, 0.2]}, "frozen": ["w1", "b*"],
    "loss": {"name": "huber", "delta": 0.5}, "l1": 0.1, "l2": 0, "clip": {"norm": 1},
    "optimizer": {"name": "adam", "betas": [0.9, 0.99], "eps": 1e-8}, "learning_rate": [0.1, 0.5], "iterations": 3,
    "until": "E_total < 1e-6", "update": "online", "order": "shuffled", "seed": 3, "columns": "compact", "output": "out",
    "csv": {"separator": ";", "decimal": ",", "bom": True},
}  # fmt: skip
SAMPLES = NETWORK | {
    "inputs": ["a", "b"], "targets": ["t1", "t2"], "weights": {"init": "normal", "std": 0.5, "seed": 7},
    "samples": [{"inputs": [0.1, 0.2], "targets": {"t1": 0, "t2": 1}}, {"inputs": [1, 0], "targets": [1, 0]}],
    "update": {"batch_size": 2}, "reduction": "sum", "loss": "(t - a)^4", "clip": {"value": 0.5},
    "learning_rate": [{"iterations": 2, "learning_rate": 0.1}, {"iterations": 1, "learning_rate": "0.1 / k"}],
    "optimizer": {"name": "adamw", "beta1": 0.5, "weight_decay": 0},
}  # fmt: skip
ROWS = NETWORK | {
    "weights": {"h": [[0.1, 0.2], [0.3, 0.4]], "o": [[0.5, 0.6], [0.7, 0.8]]}, "learning_rate": "0.5 * 0.9^k",
    "optimizer": "momentum", "loss": {"name": "(t - a)^2"},
}  # fmt: skip
EQUATIONS: dict[str, Any] = {
    "inputs": {"x": 2}, "targets": {"t": 1}, "parameters": {"w": 1, "b": 0.5}, "equations": "y = w*x + b\nE = (t - y)^2",
    "minimize": "E", "eta": 0.1, "iterations": 2, "optimizer": {"name": "rmsprop", "alpha": 0.9}, "frozen": [],
}  # fmt: skip
VALID = [NETWORK, SAMPLES, ROWS, EQUATIONS, *(yaml.safe_load(path.read_text(encoding="utf-8")) for path in CONFIGS)]

VALUES: list[Any] = [
    None, True, False, -1, -0.5, 0, 0.5, 1, 1.0, 1.5, 2, 100, "", " ", "x", "relu", "batch", "1", "0,5", "x/y", "i-1",
    "eta", "z", "k", "sigmoid", "adam", [], {}, [1], [1, 1], ["a"], ["a", "a"], [[1.0]], {"a": 1}, {"name": "tanh"},
    {"name": "tanh", "alpha": 1}, {"init": "zeros"}, {"init": 3}, {"name": "sgd", "betas": [0.9, 0.9]}, {"norm": 1, "value": 1},
    {"batch_size": 2}, [{"iterations": 3, "learning_rate": 0.1}],
]  # fmt: skip


def form_problems(config: dict[str, Any]) -> list[str]:
    """What the forms of the fields refuse, before any rule between fields."""
    document = Document("config", copy.deepcopy(config))
    canonical(document, document.value, (), FIELDS)
    read_fields(document, Model.EQUATIONS if "equations" in config else Model.NETWORK)
    return [text for _, text in document.problems]


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The places of a config: of every value in every mapping and list."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield (key,)
        yield from ((key, *rest) for rest in places(item))


def changed(config: dict[str, Any], place: tuple[Any, ...], change: str, value: Any) -> dict[str, Any]:
    """The config with one thing changed at a place: another value, no value, or another key."""
    result = copy.deepcopy(config)
    container: Any = result
    for part in place[:-1]:
        container = container[part]
    if change == "value":
        container[place[-1]] = value
    elif change == "missing":
        del container[place[-1]]
    elif isinstance(container, dict):
        container[{"unknown": "unknown", "renamed": f"{place[-1]}_"}[change]] = container[place[-1]]
        if change == "renamed":
            del container[place[-1]]
    else:
        container.insert(0, container[place[-1]])
    return result


def is_refused(config: dict[str, Any]) -> bool:
    return next(SCHEMA.iter_errors(config), None) is not None


@pytest.mark.parametrize("config", VALID)
def test_valid_configs(config: dict[str, Any]) -> None:
    assert not is_refused(config)
    assert form_problems(config) == []


def refuse_the_same(data: st.DataObject) -> None:
    config = data.draw(st.sampled_from(VALID[:4]))
    place = data.draw(st.sampled_from(list(places(config))))
    change = data.draw(st.sampled_from(["value", "value", "missing", "unknown", "renamed"]))
    mutant = changed(config, place, change, data.draw(st.sampled_from(VALUES)))
    assert bool(form_problems(mutant)) == is_refused(mutant), form_problems(mutant)


@settings(max_examples=300)
@given(st.data())
def test_the_reader_and_the_schema_refuse_the_same(data: st.DataObject) -> None:
    refuse_the_same(data)


@pytest.mark.long
@settings(max_examples=3000)
@given(st.data())
def test_the_reader_and_the_schema_refuse_the_same_of_many(data: st.DataObject) -> None:
    refuse_the_same(data)


@pytest.mark.parametrize("key", FIELDS)
def test_every_value_of_every_key(key: str) -> None:
    """Every value in the place of every key, so that no field depends on the draw of the test above."""
    config = EQUATIONS if FIELDS[key].model is Model.EQUATIONS else NETWORK
    for value in VALUES:
        mutant = config | {key: value}
        assert bool(form_problems(mutant)) == is_refused(mutant), (value, form_problems(mutant))


ENTRIES = [(key, name) for key, entry in CHOICES.items() for name in entry.table]


def with_choice(key: str, choice: dict[str, Any]) -> dict[str, Any]:
    """The network with a choice of an activation, a loss, an optimizer, an initializer."""
    if key == "activation":
        return NETWORK | {"layers": [{"neurons": 2, "activation": choice}, {"neurons": 2}], "biases": {}}
    return NETWORK | {"weights" if key == "init" else key: choice}


@pytest.mark.parametrize(("key", "name"), ENTRIES)
def test_every_setting_of_every_entry(key: str, name: str) -> None:
    """Within its range, at its ends and just beyond them, of a wrong type, and where it is not one of the entry's."""
    entry = CHOICES[key]
    assert not is_refused(with_choice(key, {entry.key: name}))
    every = {setting for table in entry.table.values() for setting in table}
    for setting in every:
        row = entry.table[name].get(setting)
        ends = row.ends().values() if row else ()
        near = [math.nextafter(end, to) for end in ends for to in (-math.inf, math.inf)]
        for value in (row.default if row else 0.5, *ends, *near, -1e300, 1e300, "x", None, True, [0.5]):
            config = with_choice(key, {entry.key: name, setting: value})
            assert bool(form_problems(config)) == is_refused(config), (setting, value)
            assert row or is_refused(config)
        if row:
            assert form_problems(with_choice(key, {entry.key: name, setting: row.default})) == []


@pytest.mark.parametrize(
    ("key", "choice"),
    [
        ("optimizer", {"name": "adam", "beta1": 1.5}), ("loss", {"name": "huber", "delta": -1}),
        ("activation", {"name": "tanh", "alpha": 1}), ("init", {"init": "normal", "std": -1}),
        ("clip", {"value": 0}), ("optimizer", {"name": "adam", "betas": [0.9, 1]}),
        ("optimizer", {"name": "adam", "betas": [0.9, 0.9], "beta1": 0.5}),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused_by_both(key: str, choice: dict[str, Any]) -> None:
    config = with_choice(key, choice)
    assert is_refused(config)
    assert form_problems(config)


XOR = {"inputs": [0, 1], "targets": [1]}
CHANGES: list[dict[str, Any]] = [
    {"l1": math.inf}, {"inputs": {"i→1": 1, "i2": 2}}, {"name": "ü" * 150}, {"until": "E_total < "},
    {"inputs": {"w1": 1, "i2": 2}}, {"optimizer": {"states": {"v": "g"}, "update": "p - eta*v", "start": {"u": 1}}},
    {"targets": [0.5]}, {"frozen": ["w99"]}, {"loss": "hinge"},
    {"samples": [XOR, {"inputs": [1], "targets": [1]}]}, {"samples": "missing.csv"}, {"update": {"batch_size": 3}},
    {"iterations": 7}, {"csv": {"separator": ",", "decimal": ","}}, {"learning_rate": "1 - k"},
    {"layers": [{"neurons": 2}, {"neurons": 50, "activation": "softmax"}]}, {"layers": [{"neurons": 10**6}]},
    {"equations": "p = q\nq = p\nE = p*w*b*x*t"},
]  # fmt: skip
BEYOND = {
    sentence: (config, change)
    for sentence, config, change in zip(
        BEYOND_SCHEMA,
        [NETWORK] * 9 + [SAMPLES] * 4 + [NETWORK] * 4 + [EQUATIONS], CHANGES,
        strict=True,
    )
}  # fmt: skip


@pytest.mark.parametrize("sentence", BEYOND_SCHEMA)
def test_what_only_the_reader_refuses(sentence: str) -> None:
    """The schema says so itself, in its comment."""
    config, change = BEYOND[sentence]
    assert not is_refused(config | change)
    with pytest.raises(tracer.ConfigError):
        tracer.load(config | change)
    assert sentence in json_schema()["$comment"]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(json.dumps(json_schema())))
