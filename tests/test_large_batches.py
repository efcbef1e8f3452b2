"""Large batches, which are computed as arrays: the numbers of one sample after the other, to their last digits."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

import tracer
from tests.places import ROOT
from tracer.execution import engine
from tracer.tables.activations import ACTIVATIONS
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import OPTIMIZERS

SAMPLES = 40


def config(scale: float = 1.0, no: float = 0.0, **changes: Any) -> dict[str, Any]:
    draw = random.Random(3)
    numbers = [[scale * draw.uniform(-1, 1) for _ in range(3)] for _ in range(SAMPLES)]
    samples = [{"inputs": row, "targets": [1.0, no] if row[0] > 0 else [no, 1.0]} for row in numbers]
    layers = [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 2, "activation": "sigmoid"}]
    return {
        "samples": samples, "layers": layers, "weights": {"init": "xavier_uniform", "seed": 5},
        "biases": {"h": [0.1, 0.0, -0.1], "o": [0.2, -0.2]}, "learning_rate": 0.5, "iterations": 2, "update": "batch",
        **changes,
    }  # fmt: skip


def both(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[tracer.Run, tracer.Run]:
    """The run by arrays, and one sample after the other."""
    arrays = tracer.run(given).runs[0]
    monkeypatch.setattr(engine, "LARGE", math.inf)
    return arrays, tracer.run(given).runs[0]


def assert_same(arrays: tracer.Run, one_by_one: tracer.Run, relative: float = 1e-12, absolute: float = 1e-15) -> None:
    assert arrays.divergence == one_by_one.divergence
    assert arrays.until_met == one_by_one.until_met
    assert len(arrays) == len(one_by_one)
    far = [
        (name, a, b)
        for name in arrays.columns
        for a, b in zip(arrays[name], one_by_one[name], strict=True)
        if not (a == b or (a != a and b != b) or abs(a - b) <= max(relative * abs(b), absolute))
    ]
    assert far == []


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "softmax"])
def test_activations(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"name": "h", "neurons": 3, "activation": activation}, {"name": "o", "neurons": 2}]
    assert_same(*both(config(layers=layers, iterations=1), monkeypatch), absolute=1e-15)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last = "softmax" if loss == "cross_entropy" else "sigmoid"
    layers = [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 2, "activation": last}]
    assert_same(*both(config(no=-1.0 if loss == "hinge" else 0.0, layers=layers, loss=loss, iterations=1), monkeypatch))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_optimizers(optimizer: str, reduction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = config(optimizer=optimizer, reduction=reduction, clip={"norm": 0.5}, l2=0.01)
    assert_same(*both(given, monkeypatch), relative=1e-9, absolute=1e-13)


def test_batches_of_unequal_size_in_a_shuffled_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LARGE", 4)
    given = config(update={"batch_size": 7}, order="shuffled", iterations=14)
    assert_same(*both(given, monkeypatch), relative=1e-9, absolute=1e-13)


def test_where_a_branch_that_is_not_taken_has_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """exp(1000) overflows; an ELU takes it for no sample. The iteration is computed one sample after the other."""
    layers = [{"name": "h", "neurons": 3, "activation": "elu"}, {"name": "o", "neurons": 2, "activation": "identity"}]
    arrays, one_by_one = both(config(5_000.0, layers=layers, learning_rate=1e-9), monkeypatch)
    assert max(map(abs, one_by_one["h1"])) > 1_000
    assert_same(arrays, one_by_one, relative=0, absolute=0)


@pytest.mark.parametrize("rate", [1e30, 1e200])
def test_a_run_that_diverges(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"name": "h", "neurons": 3, "activation": "relu"}, {"name": "o", "neurons": 2, "activation": "identity"}]
    arrays, one_by_one = both(config(layers=layers, learning_rate=rate, iterations=50), monkeypatch)
    assert one_by_one.divergence
    assert_same(arrays, one_by_one, relative=1e-9)


def test_a_condition_that_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, one_by_one = both(config(learning_rate=2.0, iterations=400, until="E_total < 0.2"), monkeypatch)
    assert one_by_one.until_met
    assert_same(arrays, one_by_one, relative=1e-6, absolute=1e-9)


def test_rounded_by_hand_they_are_computed_one_by_one() -> None:
    """A last digit could decide how a number is rounded."""
    work = tracer.Engine(tracer.assemble(tracer.load(config(decimals=4))))
    assert work._walk_arrays is None
    assert tracer.Engine(tracer.assemble(tracer.load(config())))._walk_arrays
    assert tracer.Engine(tracer.assemble(tracer.load(ROOT / "configs" / "iris.yaml")))._walk_arrays is None
