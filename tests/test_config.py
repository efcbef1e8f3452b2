"""Configs as people write them, and as people get them wrong: where, what, what to do, all at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import CONFIGS, ROOT, WALKTHROUGH
from tracer.config import yamlfile
from tracer.config.records import Model
from tracer.config.schema import FIELDS, json_schema
from tracer.model.experiment import Network
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import OPTIMIZERS

BASE: dict[str, Any] = {
    "inputs": {"i1": 0.05, "i2": 0.1},
    "targets": {"t1": 0.5, "t2": 0.5},
    "layers": [{"name": "h", "neurons": 2, "activation": "sigmoid"}, {"name": "o", "neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55],
    "learning_rate": 0.5,
    "iterations": 3,
}


def problems(config: dict[str, Any]) -> list[str]:
    with pytest.raises(tracer.ConfigError) as caught:
        tracer.load(config)
    return list(caught.value.problems)


def problems_of_text(text: str, folder: Path) -> list[str]:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tracer.ConfigError) as caught:
        tracer.load(path)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def network(experiment: tracer.Experiment) -> Network:
    assert isinstance(experiment.model, Network)
    return experiment.model


# ------------------------------------------------------------------------------------------ what is understood


def test_the_classic_config() -> None:
    experiment = tracer.load(WALKTHROUGH)
    assert experiment.name == "walkthrough"
    assert experiment.start == dict(zip([f"w{n}" for n in range(1, 9)], BASE["weights"], strict=True))
    assert experiment.learning_rates == (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
    assert (str(network(experiment).loss), experiment.columns, experiment.output) == (
        "half_squared_error",
        "full",
        Path("out"),
    )


@pytest.mark.parametrize(
    "weights",
    [
        BASE["weights"],
        {f"w{n}": value for n, value in enumerate(BASE["weights"], 1)},
        {"h": [[0.15, 0.2], [0.25, 0.3]], "o": [[0.4, 0.45], [0.5, 0.55]]},
    ],
    ids=["list", "by name", "by layer"],
)
def test_weights_in_every_form(weights: Any) -> None:
    assert tracer.load(BASE | {"weights": weights}).start == tracer.load(WALKTHROUGH).start


@pytest.mark.parametrize("key", ["learning_rate", "eta", "η"])
def test_every_spelling_of_the_learning_rate(key: str) -> None:
    config = {k: v for k, v in BASE.items() if k != "learning_rate"} | {key: [0.1, 2]}
    assert tracer.load(config).learning_rates == (0.1, 2.0)


def test_names_are_given_where_the_user_gives_none() -> None:
    config = BASE | {
        "inputs": [1, 2, 3], "targets": [1],
        "layers": [{"neurons": 2}, {"neurons": 1}, {"neurons": 1}],
        "weights": [0.1] * 9, "biases": {"h1": 0.5, "o": [0.25]},
    }  # fmt: skip
    experiment = tracer.load(config)
    assert list(experiment.inputs) == ["i1", "i2", "i3"]
    assert [layer.neurons for layer in network(experiment).layers] == [("h1_1", "h1_2"), ("h2_1",), ("o1",)]
    assert network(experiment).layers[0].biases == ("b1", "b1")
    assert network(experiment).layers[2].biases == ("b_o1",)
    assert list(experiment.start)[-2:] == ["b1", "b_o1"]


def test_the_bias_of_the_second_layer_is_b2() -> None:
    assert tracer.load(BASE | {"biases": {"o": 0.6}}).start["b2"] == 0.6


def test_frozen_patterns() -> None:
    config = BASE | {"biases": {"h": 0.1}, "frozen": ["w*"]}
    assert tracer.load(config).frozen == {f"w{n}" for n in range(1, 9)}
    (run,) = tracer.run(config).runs
    assert set(run["w1"]) == {0.15}
    assert len(set(run["b1"])) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("5.", 5.0), ("+1", 1), ("012", 12), ("0x1F", 31), ("0o17", 15),
        ("1_000", "1_000"), ("12:30", "12:30"), ("no", "no"), ("y", "y"), ("on", "on"), ("true", True), ("~", None),
        ("-.inf", float("-inf")), ("'1'", "1"), ("1.5.2", "1.5.2"), ("2024-01-01", "2024-01-01"),
    ],
)  # fmt: skip
def test_scalars_are_read_as_people_mean_them(text: str, value: Any) -> None:
    """YAML 1.2, core schema."""
    assert yamlfile.scalar(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_reads_back(value: float) -> None:
    assert yamlfile.scalar(repr(value)) == value


def test_files_as_editors_save_them(tmp_path: Path) -> None:
    text = WALKTHROUGH.read_text(encoding="utf-8")
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "x.yaml").write_bytes(text.replace("\n", "\r\n").encode(encoding))
        assert tracer.load(tmp_path / "x.yaml").start == tracer.load(WALKTHROUGH).start


# --------------------------------------------------------------------------------------------- what is refused


def test_every_problem_at_once_where_it_stands(tmp_path: Path) -> None:
    text = """\
inputs:  {i1: 0.05, i2: abc}
targets: {t1: 0.5, t2: .nan}
layer: 3
layers:
  - {name: h, neurons: 2, activation: sigmoyd}
  - {name: o, neurons: 2, actvation: sigmoid}
weights: {w1: 0.15, w2: 0.2, w3: 0.25, w4: 0.3, w5: 0.4, w6: 0.45, w7: 0.5,
  w9: 0.55}
learning_rate: [0.1, -1, "0,5", 0.1]
iterations: 0
columns: ful
name: a/b
"""
    assert problems_of_text(text, tmp_path) == [
        "x.yaml:1:25: inputs.i2: 'abc' is not a number",
        "x.yaml:2:24: targets.t2: nan is not a finite number",
        "x.yaml:3:1: unknown key 'layer'. Did you mean 'layers'?",
        "x.yaml:5:39: layers.0.activation: 'sigmoyd' is not known. Did you mean 'sigmoid'?",
        "x.yaml:6:27: layers.1: unknown key 'actvation'. Did you mean 'activation'?",
        "x.yaml:7:10: weights: missing w8; give every weight an initial value",
        "x.yaml:8:3: weights: 'w9' is not a weight of this network (w1…w8). Did you mean 'w8'?",
        "x.yaml:9:22: learning_rate.1: -1 is out of range; must be at least 0, because a negative one would increase the loss",
        "x.yaml:9:26: learning_rate.2: '0,5' is not a number; write 0.5: decimals take a point, thousands no mark",
        "x.yaml:9:33: learning_rate.3: 0.1 is duplicated; each learning rate is a separate run",
        "x.yaml:10:13: iterations: 0 is out of range; must be at least 1",
        "x.yaml:11:10: columns: 'ful' is not one of full, compact. Did you mean 'full'?",
        "x.yaml:12:7: name: 'a/b' is not a valid file name; do not use / \\ : * ? \" < > | or begin or end with a dot or space",
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"weights": [1, 2]}, "weights: 2 given, 8 needed: w1…w8"),
        ({"weights": [1] * 9}, "weights: 9 given, 8 needed: w1…w8"),
        ({"weights": 5}, "weights: 5: give the weights by name, in a list, or by layer"),
        ({"weights": {"h": [[1, 2]], "o": [[1, 2], [3]]}}, "weights.h: 1 given, 2 needed: one row per neuron"),
        ({"weights": {"h": [[1, 2], [3, 4]]}}, "weights: the weights of layer 'o' are missing"),
        ({"weights": [True, *[1] * 7]}, "weights.0: true is not a number"),
        ({"weights": [10**400, *[1] * 7]}, "weights.0: this is not a finite number"),
        ({"targets": [1]}, "targets: 1 given, 2 needed: one per neuron of the output layer 'o'"),
        ({"targets": []}, "targets: an empty list: give numbers by name {name: 0.5, …} or in a list [0.5, …]"),
        ({"inputs": {"i-1": 1, "i2": 2}}, "inputs: 'i-1' is not a valid name; use up to 60 letters, digits and _, "
                                         "not a digit first"),
        ({"inputs": {"w1": 1, "i2": 2}}, "layers.0: 'w1' would be both an input and a parameter of layer 'h'; "
                                        "rename one of them"),
        ({"inputs": {"eta": 1, "i2": 2}}, "inputs: 'eta' is a reserved name; choose another one"),
        ({"layers": []}, "layers: an empty list: give a list of layers, such as - {name: h, neurons: 2, "
                         "activation: sigmoid}"),
        ({"layers": [3]}, "layers.0: 3 is not a layer; write {name: h, neurons: 2}"),
        ({"layers": [{"name": "h"}]}, "layers.0: 'neurons' is missing; write {name: h, neurons: 2}"),
        ({"layers": [{"neurons": 10**9}]}, "layers: more than 200,000 weights; this is a tool for small networks"),
        ({"layers": [{"name": "h", "neurons": 2}] * 2}, "layers.1.name: 'h' is duplicated; every layer needs its own name"),
        ({"biases": {"g": 1}}, "biases: 'g' is not a layer of this network."),
        ({"biases": {"h": [1]}}, "biases.h: 1 given, 2 needed: one per neuron, or one number for all"),
        ({"biases": [1]}, "biases: a list of 1: give them by layer, such as {h: 0.35, o: 0.60}"),
        ({"frozen": ["b1"]}, "frozen.0: no parameter of this network is named 'b1'."),
        ({"frozen": ["w9"]}, "frozen.0: no parameter of this network is named 'w9'. Did you mean 'w8'?"),
        ({"frozen": "w1"}, "frozen: 'w1': give a list of parameters, such as [b1, b2]"),
        ({"iterations": 1.5}, "iterations: 1.5 is not a whole number"),
        ({"iterations": -4}, "iterations: -4 is out of range; must be at least 1"),
        ({"iterations": "ten"}, "iterations: 'ten' is not a whole number"),
        ({"iterations": float("inf")}, "iterations: inf is not a finite number"),
        ({"iterations": None}, "iterations: nothing is not a whole number"),
        ({"learning_rate": []}, "learning_rate: an empty list: give one learning rate, or a list"),
        ({"eta": 0.1}, "'eta' and 'learning_rate' mean the same; keep one"),
        ({"loss": "mse"}, "loss: 'mse' is not known. It is called 'mean_squared_error' here; half_squared_error has the factor ½ instead of "
                          "the mean."),
        ({"loss": "xyz"}, f"loss: 'xyz' is not known. Choose from {', '.join(LOSSES)}, or write a formula in t and a."),
        ({"output": 3}, "output: 3 is not text; put it in quotes"),
        ({"name": ""}, "name: is empty; omit the key to use the default"),
        ({"name": "x" * 300}, "name: is too long for a file name; use at most 200 bytes"),
        ({"description": "a\x00b"}, "description: contains control characters or other characters that are not text; remove them"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(change: dict[str, Any], problem: str) -> None:
    assert f"config: {problem}" in problems(BASE | change)


def test_one_mistake_is_one_problem() -> None:
    """A wrong shape must not be reported once more by everything that depends on it."""
    assert len(problems(BASE | {"layers": [{"name": "h", "neurons": 2.5}, {"name": "o", "neurons": 2}]})) == 1
    assert len(problems(BASE | {"inputs": {"i1": "x", "i2": 1}})) == 1


def test_missing_keys_are_explained() -> None:
    assert problems({}) == [
        f"config: {' or '.join(repr(name) for name in (key, *field.aliases))} is missing. {field.help}"
        for key, field in FIELDS.items()
        if field.needed_by(Model.NETWORK)
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "x.yaml:1:1: is empty; a config has at least inputs, targets, layers and weights"),
        ("# only a comment\n", "x.yaml:1:1: is empty; a config has at least inputs, targets, layers and weights"),
        ("- 1\n- 2\n", "x.yaml:1:1: is not a mapping; a config consists of lines like 'iterations: 100'"),
        ("inputs: [1, 2\n", "x.yaml:2:1: not valid YAML while parsing a flow sequence: did not find expected ',' or ']'"),
        ("inputs: [1]\ninputs: [2]\n", "x.yaml:2:1: 'inputs' is duplicated (first in line 1); keep one"),
        ("weights: {w1: 1, w1: 2}\n", "x.yaml:1:18: weights: 'w1' is duplicated (first in line 1); keep one"),
        ("inputs: " + "[" * 60 + "]" * 60, "x.yaml:1:58: not valid YAML: values are nested more than 50 levels deep"),
        ("inputs: &a [*a]\n", "x.yaml:1:9: an alias contains itself"),
        ("name: !!python/name:os.system x\n", "x.yaml:1:7: name: the tag tag:yaml.org,2002:python/name:os.system is not "
                                             "allowed; a config contains plain values only"),
        ("{[1, 2]: 3}\n", "x.yaml:1:2: ?: a key must be a name"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2:1: not valid YAML expected a single document in the stream: but found another "
                            "document"),
    ],
)  # fmt: skip
def test_files_that_are_no_config(text: str, problem: str, tmp_path: Path) -> None:
    assert problem in problems_of_text(text, tmp_path)


def test_aliases_cannot_expand_without_end(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert problems_of_text("\n".join(lines), tmp_path) == ["x.yaml:1:34: contains more than 500,000 values"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe\x00", "is not UTF-8 text; is it a YAML config, saved as UTF-8?"),
        (b"inputs: [1]\x00\n", "is a binary file; a YAML config is a text file"),
        (b"#" * 16_000_001, "is larger than 16 MB, too large for a config"),
    ],
)
def test_binary_and_huge_files(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(tracer.ConfigError, match=problem.replace("?", r"\?")):
        tracer.load(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(tracer.ConfigError, match="there is no such file"):
        tracer.load(tmp_path / "nothing.yaml")
    with pytest.raises(tracer.ConfigError, match="is a folder"):
        tracer.load(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_config_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    with pytest.raises(tracer.ConfigError):
        tracer.load(path)


# ------------------------------------------------------------------------------------------------- the schema


def test_the_published_schema_is_the_programs() -> None:
    assert json.loads((ROOT / "configs" / "schema.json").read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_shipped_configs_obey_the_schema(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    jsonschema.validate(yaml.safe_load(text), json_schema())


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(-1, 1), st.sampled_from(["", "h", "relu", "compact", "full"]),
    st.just([]), st.just({}), st.lists(st.floats(0, 1), min_size=8, max_size=8, unique=True), st.just([[1.0]]),
)  # fmt: skip


@given(st.sampled_from(sorted(FIELDS)), VALUES)
def test_the_schema_refuses_nothing_that_the_program_takes(key: str, value: Any) -> None:
    """An editor must not underline a config that runs."""
    config = BASE | {key: value}
    try:
        tracer.load(config)
    except tracer.ConfigError:
        return
    jsonschema.validate(config, json_schema())


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1}, {"iterations": 0}, {"iterations": "ten"}, {"loss": "mse"}, {"columns": "all"}, {"layers": []},
        {"layers": [{"neurons": 2, "activation": "sigmoyd"}]}, {"layers": [{}]}, {"inputs": []}, {"targets": {"t1": "x"}},
        {"learning_rate": -1}, {"learning_rate": [0.1, 0.1]}, {"eta": 0.1}, {"biases": [1]}, {"frozen": "w1"}, {"name": ""},
        {"optimizer": {"name": "adam", "beta1": 1.5}}, {"optimizer": {"name": "adam", "betas": [0.9, 1]}},
        {"optimizer": {"name": "adam", "betas": [0.9, 0.9], "beta1": 0.5}}, {"optimizer": {"name": "sgd", "eps": 1}},
        {"loss": {"name": "huber", "delta": -1}}, {"layers": [{"neurons": 2, "activation": {"name": "tanh", "alpha": 1}}]},
        {"weights": {"init": "normal", "std": -1}}, {"weights": {"init": "zeros", "std": 1}}, {"clip": {"norm": 0}},
    ],
)  # fmt: skip
def test_the_schema_and_the_program_refuse_the_same(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(BASE | change, json_schema())
    assert problems(BASE | change)


# ---------------------------------------------------------------------------------------------- hostile values


@pytest.mark.parametrize("text", ["!!int abc", "!!float abc", "!!int 1.5", "0o" + "9" * 5, "!!bool 7"])
def test_scalars_under_a_false_tag(text: str, tmp_path: Path) -> None:
    assert problems_of_text(f"weights: [{text}, 1]", tmp_path)


def test_numbers_too_long_for_a_double(tmp_path: Path) -> None:
    for text in ("0x" + "f" * 310, "0o" + "7" * 400, "9" * 400, "1e999"):
        found = problems_of_text(f"inputs: [{text}]", tmp_path)
        assert any("is not a finite number" in line for line in found), text


@pytest.mark.parametrize("name", ["a\ufffeb", "a\ud800b", "a\x1bb", "a\x7fb"])
def test_names_that_are_no_text(name: str) -> None:
    assert any("characters that are not text" in line for line in problems(BASE | {"name": name}))


def test_messages_hold_no_control_characters(tmp_path: Path) -> None:
    found = problems_of_text('"\\e[31mred": 1\nloss: "a\\nb"\n', tmp_path)
    assert all(character.isprintable() for line in found for character in line.split("\n    ")[0])


def test_numbers_are_checked_whatever_the_shape() -> None:
    found = problems(BASE | {"layers": [{"neurons": "two"}], "weights": {"w1": "xyz"}, "biases": {"h": ["foo"]}})
    assert {"config: weights.w1: 'xyz' is not a number", "config: biases.h.0: 'foo' is not a number"} < set(found)


def test_values_from_numpy_and_tuples() -> None:
    numpy = pytest.importorskip("numpy", reason="pandas brings NumPy along")
    trace = tracer.run(
        BASE | {"inputs": numpy.array([0.05, 0.1]), "weights": tuple(BASE["weights"])},
        learning_rate=(numpy.float32(0.5), 0.25),
        iterations=numpy.int64(4),
    )
    assert len(trace) == 8


def test_what_is_neither_a_file_nor_a_mapping() -> None:
    for source in (None, 5, [1]):
        with pytest.raises(tracer.ConfigError, match="neither a file nor a mapping"):
            tracer.load(source)  # type: ignore[arg-type]


def test_names_that_are_one_in_ascii() -> None:
    found = problems(BASE | {"inputs": {"η1": 1, "eta1": 2}})
    assert found == ["config: inputs: 'eta1' would be both an input and an input; rename one of them"]


def test_very_many_wrong_names_are_summed_up() -> None:
    found = problems(BASE | {"weights": {f"v{n}": 1 for n in range(2000)}})
    assert len(found) == 2


@pytest.mark.parametrize(
    ("optimizer", "problem"),
    [
        ("adm", "optimizer: 'adm' is not known. Did you mean 'adam'?"),
        (3, f"optimizer: 3 is not one of {', '.join(OPTIMIZERS)}; write its name, or {{name: …}}"),
        ({"name": "adam", "betta1": 1}, "optimizer: adam has no setting 'betta1'. Did you mean 'beta1'? "
                                      "It has beta1, beta2, eps, weight_decay, betas."),
        ({"name": "adam", "betas": 0.9}, "optimizer.betas: 0.9: give two numbers, such as [0.9, 0.999]"),
        ({"name": "adam", "betas": [0.9, 1]}, "optimizer.betas.1: 1 is out of range; must be at least 0 and less than 1"),
        ({"name": "rmsprop", "eps": -1}, "optimizer.eps: -1 is out of range; must be at least 0"),
        ({"name": "sgd", "weight_decay": "x"}, "optimizer.weight_decay: 'x' is not a number"),
    ],
)  # fmt: skip
def test_optimizers_that_cannot_be_used(optimizer: Any, problem: str) -> None:
    assert f"config: {problem}" in problems(BASE | {"optimizer": optimizer})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"loss": {"name": "huber", "delta": 0}}, "loss.delta: 0 is out of range; must be greater than 0"),
        ({"loss": {"delta": 2}}, f"loss: 'name' is missing; it is one of {', '.join(LOSSES)}"),
        ({"loss": {"name": "(t - a)^4", "delta": 2}}, "loss: a formula has no setting 'delta'."),
        ({"loss": "cross_entropy", "targets": [0.5, 0.6]}, "targets: cross_entropy takes numbers from 0 to 1 that add up to 1 "
                                                           "as targets, not 0.5, 0.6"),
        ({"optimizer": {"name": "adam", "betas": [0.9, 0.99], "beta1": 0.3}}, "optimizer: 'betas' and 'beta1', 'beta2' mean "
                                                                              "the same; keep one"),
        ({"layers": [{"neurons": 2, "activation": ["relu"]}, {"neurons": 2}]}, "layers.0.activation: 1 given, 2 needed: one per "
                                                                               "neuron, or one for all"),
        ({"layers": [{"neurons": 2, "activation": ["relu", "softmax"]}, {"neurons": 2}]},
         "layers.0.activation: softmax applies to a whole layer, and cannot be combined with others"),
        ({"layers": [{"neurons": 2, "activation": "z +"}, {"neurons": 2}]},
         "layers.0.activation: a value is missing at the end\n    z +\n       ^"),
        ({"layers": [{"neurons": 2, "activation": "2 * t"}, {"neurons": 2}]},
         "layers.0.activation: the formula has an unknown 't'; it may use z\n    2 * t\n        ^"),
        ({"layers": [{"neurons": 2, "activation": "tanh(z) + t"}, {"neurons": 2}]},
         "layers.0.activation: the formula has an unknown 't'; it may use z\n    tanh(z) + t\n              ^"),
        ({"layers": [{"neurons": 2}, {"neurons": 50, "activation": "softmax"}]},
         "layers.1: softmax supports up to 40 neurons, not 50"),
        ({"l2": -1}, "l2: -1 is out of range; must be at least 0"),
    ],
)  # fmt: skip
def test_choices_that_cannot_be_used(change: dict[str, Any], problem: str) -> None:
    assert f"config: {problem}" in problems(BASE | change)


def test_settings_of_what_was_given_by_its_name() -> None:
    override = tracer.Override(("optimizer", "eps"), 1e-4, "test")
    assert tracer.load(BASE | {"optimizer": "adam"}, [override]).optimizer.settings == (("eps", 1e-4),)


def test_a_misspelt_name_with_settings_is_one_problem() -> None:
    layers = [{"neurons": 2, "activation": {"name": "leaky_rulu", "alpha": 0.2}}, {"neurons": 2}]
    assert problems(BASE | {"layers": layers}) == [
        "config: layers.0.activation: 'leaky_rulu' is not known. Did you mean 'leaky_relu'?"
    ]
