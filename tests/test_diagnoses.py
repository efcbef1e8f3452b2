"""What the numbers say when a run does not learn: each row of the table on its example, none on runs that learn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import tracer
from tests.places import CONFIGS, WALKTHROUGH
from tests.stuck import OR, SPEAKS, Config
from tests.test_cli import command
from tracer.explain.diagnoses import DIAGNOSES, diagnoses
from tracer.model import naming
from tracer.model.experiment import Network


@pytest.mark.parametrize(("name", "config", "sentence"), SPEAKS, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(SPEAKS)])
@pytest.mark.parametrize("columns", ["full", "compact"])
def test_a_row_speaks_on_its_example(name: str, config: Config, sentence: str, columns: str) -> None:
    trace = tracer.run(config, columns=columns)
    found = diagnoses(trace.experiment, trace.system, trace.runs)
    assert [diagnosis.name for diagnosis in found] == [name]
    assert trace.diagnoses[0].startswith(sentence)


def test_every_row_has_an_example() -> None:
    assert {name for name, *_ in SPEAKS} == {row.name for row in DIAGNOSES}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_shipped_configs_learn(config: Path) -> None:
    assert tracer.run(config).diagnoses == []


RELU = ("relu", "leaky_relu", "hard_sigmoid")
SMOOTH = ("sigmoid", "tanh", "softplus", "silu", "elu")


def healthy(seed: int, activations: Sequence[str] = SMOOTH) -> Config:
    """A network of two or three layers that learns: drawn weights of usual size, inputs of either sign, η moderate."""
    draw = random.Random(seed)
    inputs, outputs, samples = draw.randint(2, 4), draw.randint(1, 3), draw.choice([1, 4, 12])
    hidden = [
        {"neurons": draw.randint(2, 5), "activation": draw.choice(activations)} for _ in range(draw.randint(1, 2))
    ]
    batch = draw.choice(["online", "batch", {"batch_size": 4}]) if samples > 1 else "online"
    optimizer, rate = draw.choice([("sgd", 0.2), ("momentum", 0.02), ("adam", 0.02), ("rmsprop", 0.01)])
    last = draw.choice(["identity", "tanh", "sigmoid"])
    return {
        "inputs": [f"x{i}" for i in range(inputs)], "targets": [f"y{i}" for i in range(outputs)],
        "samples": [
            {"inputs": [draw.uniform(-1, 1) for _ in range(inputs)], "targets": [draw.uniform(0.2, 0.8) for _ in range(outputs)]}
            for _ in range(samples)
        ],
        "layers": [*hidden, {"neurons": outputs, "activation": last}], "biases": {"o": 0.1}, "update": batch,
        "order": draw.choice(["sequential", "shuffled"]), "weights": {"init": "xavier_uniform", "seed": seed},
        "optimizer": optimizer, "learning_rate": rate * draw.uniform(0.2, 1), "iterations": draw.randint(1, 150),
    }  # fmt: skip


def learns(seed: int) -> None:
    config = healthy(seed)
    if len(config["samples"]) == 1:  # a single one, as the classic example has
        config |= config.pop("samples")[0]
    assert tracer.run(config).diagnoses == [], config


@settings(max_examples=60)
@given(st.integers(0, 10**9))
@example(314712)  # adam swings around a minimum near the start, each time less
def test_networks_that_learn(seed: int) -> None:
    learns(seed)


def learns_unless_a_layer_is_dead(seed: int) -> None:
    """Some neurons of relu are without a gradient in most runs; where all of a layer are, it is said."""
    config = healthy(seed, RELU)
    if seed % 3 == 0:  # an input that no sample has
        for sample in config["samples"]:
            sample["inputs"][0] = 0.0
    trace = tracer.run(config)
    run, model = trace.runs[0], trace.experiment.model
    assert isinstance(model, Network)
    steps, loss = run.pass_steps(last=True), trace.system.loss
    slopes = [[f"∂{naming.activation(z)}/∂{z}" for z in layer.neurons] for layer in model.layers[:-1]]
    dead = [all(not any(run.over(name, steps)) for name in layer if name in run.columns) for layer in slopes]
    if run.over_pass(loss, last=True) < run.over_pass(loss) / 2 and not any(dead):
        assert trace.diagnoses == [], config


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_networks_of_relu_that_learn(seed: int) -> None:
    learns_unless_a_layer_is_dead(seed)


@pytest.mark.long
@settings(max_examples=1500)
@given(st.integers(0, 10**9))
def test_many_networks_of_relu_that_learn(seed: int) -> None:
    learns_unless_a_layer_is_dead(seed)


@pytest.mark.long
@settings(max_examples=1500)
@given(st.integers(0, 10**9))
def test_many_networks_that_learn(seed: int) -> None:
    learns(seed)


def test_which_runs_a_sentence_is_about() -> None:
    trace = tracer.run(WALKTHROUGH, learning_rate=[1e-9, 0.5, 1e-10], iterations=20)
    assert trace.diagnoses == [
        "The loss does not move, though its gradient is not 0: η is too small (η = 1e-9; η = 1e-10)."
    ]


def test_the_terminal(tmp_path: Path) -> None:
    config = tmp_path / "or.yaml"
    config.write_text(yaml.safe_dump(OR), encoding="utf-8")
    options = ("run", config, "--format", "csv", "-o", tmp_path)
    shown = command(*options).output
    assert "The slope of a_o1 is 0 everywhere: no gradient reaches w1, w2 and w3; the" in shown.splitlines()
    assert all(len(line) <= 80 for line in shown.splitlines() if "wrote" not in line)
    assert "(a_o1 - t1)*o1" in command(*options, "--ascii").output
    assert command(*options, "-q").output == ""


def test_the_summary_sheet(tmp_path: Path) -> None:
    book = tmp_path / "tiny.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=[1e-9, 0.5, 1e-10], iterations=20).to_excel(book)
    sheet = load_workbook(book, data_only=True)["Summary"]
    values = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=7, max_row=7)}
    assert values == {
        "2 of the runs": "The loss does not move, though its gradient is not 0: η is too small (η = 1e-9; η = 1e-10)."
    }


def test_a_loss_that_turns_once_behind_its_minimum_does_not_oscillate() -> None:
    """With momentum: 0.136 at first, 0.018 at the minimum, 0.021 at the end."""
    trace = tracer.run(healthy(17186068, RELU))
    assert min(trace["E_total"]) < trace["E_total"][-1] < trace["E_total"][0] / 5
    assert trace.diagnoses == []


def test_samples_one_by_one_whose_loss_falls_to_a_quarter_do_not_oscillate() -> None:
    """Noisy from sample to sample, with momentum: 0.091 in the first pass, 0.020 in the last one."""
    inputs = [(-0.236, 1.673), (-0.279, 0.655), (1.302, 0.221), (0.408, 0.902), (0.164, 0.032), (1.152, -1.664),
              (0.779, 0.113), (0.421, -1.292), (-0.382, -2.007), (0.021, 2.063), (0.115, -0.404)]  # fmt: skip
    targets = [0.419, -0.112, 0.462, 0.355, -0.202, -0.556, 0.146, -0.736, -1.495, 0.742, -0.445]
    trace = tracer.run({
        "samples": [{"inputs": list(x), "targets": [t]} for x, t in zip(inputs, targets, strict=True)],
        "layers": [{"name": "h", "neurons": 5, "activation": "leaky_relu"}, {"name": "f", "neurons": 3, "activation": "gelu"},
                   {"name": "o", "neurons": 1, "activation": "identity"}],
        "loss": "half_squared_error", "weights": {"init": "xavier_uniform", "seed": 388}, "order": "shuffled",
        "biases": {"h": [0] * 5, "f": [0] * 3, "o": [0]}, "optimizer": "momentum", "learning_rate": 0.03, "iterations": 200,
        "update": "online",
    })  # fmt: skip
    run = trace.runs[0]
    assert run.over_pass("E_total", last=True) < run.over_pass("E_total") / 4
    assert trace.diagnoses == []
