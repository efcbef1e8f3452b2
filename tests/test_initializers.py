"""Drawn weights: the distribution that was asked for, the same for the same seed, and shown."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tracer.tables.initializers import INITIALIZERS

FAN_IN, FAN_OUT = 60, 40


def drawn(**weights: Any) -> list[float]:
    config = {
        "inputs": [0.1] * FAN_IN, "targets": [0] * FAN_OUT, "layers": [{"neurons": FAN_OUT}],
        "weights": {"seed": 42, **weights}, "learning_rate": 0.1, "iterations": 1,
    }  # fmt: skip
    return list(tracer.load(config).start.values())


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("xavier_uniform", -math.sqrt(6 / 100), math.sqrt(6 / 100)),
        ("he_uniform", -math.sqrt(6 / 60), math.sqrt(6 / 60)),
        ("uniform", 0, 1),
    ],
)
def test_uniform_ones(name: str, low: float, high: float) -> None:
    weights = drawn(init=name)
    assert len(weights) == 2400
    assert low <= min(weights) < low + 0.01 * (high - low)
    assert high - 0.01 * (high - low) < max(weights) <= high
    assert statistics.mean(weights) == pytest.approx((low + high) / 2, abs=0.02 * (high - low))


@pytest.mark.parametrize(
    ("name", "deviation"), [("xavier_normal", math.sqrt(2 / 100)), ("he_normal", math.sqrt(2 / 60)), ("normal", 1)]
)
def test_normal_ones(name: str, deviation: float) -> None:
    weights = drawn(init=name)
    assert statistics.pstdev(weights) == pytest.approx(deviation, rel=0.05)
    assert statistics.mean(weights) == pytest.approx(0, abs=0.08 * deviation)
    within = sum(abs(weight) < deviation for weight in weights) / len(weights)
    assert within == pytest.approx(0.6827, abs=0.03)


def test_settings() -> None:
    assert set(drawn(init="constant", value=0.3)) == {0.3}
    assert set(drawn(init="zeros")) == {0}
    assert all(2 <= weight <= 3 for weight in drawn(init="uniform", low=2, high=3))
    assert statistics.mean(drawn(init="normal", mean=5, std=0.1)) == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name not in ("constant", "zeros")])
def test_a_seed_says_which_weights(name: str) -> None:
    assert drawn(init=name) == drawn(init=name)
    assert drawn(init=name) != drawn(init=name, seed=43)


def test_the_numbers_of_a_seed_stay() -> None:
    """Random(42).random() is 0.6394267984578837 in every version of Python."""
    assert drawn(init="uniform")[0] == 0.6394267984578837


def test_the_drawn_weights_stand_in_the_summary(tmp_path: Path) -> None:
    config = {
        "inputs": [1, 2], "targets": [1], "layers": [{"neurons": 2}, {"neurons": 1}],
        "weights": {"init": "he_normal", "seed": 7}, "learning_rate": 0.1, "iterations": 1,
    }  # fmt: skip
    trace = tracer.run(config)
    trace.to_excel(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Summary"]
    made_with = {row[at].value: row[at + 2].value for row in sheet.iter_rows(min_row=8) for at in (0, 3)}
    assert trace.experiment.start.items() <= made_with.items()


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ({"init": "xavier"}, "weights: 'xavier' is not known. Write xavier_uniform or xavier_normal."),
        ({"init": "zeros", "seed": 1.5}, "weights.seed: 1.5 is not a whole number"),
        (
            {"init": "uniform", "hight": 2},
            "weights: uniform has no setting 'hight'. Did you mean 'high'? It has low, high, seed.",
        ),
        ({"init": "normal", "std": "x"}, "weights.std: 'x' is not a number"),
        ({"init": "normal", "std": -1}, "weights.std: -1 is out of range; must be at least 0"),
    ],
)
def test_what_is_wrong_is_said(weights: dict[str, Any], problem: str) -> None:
    with pytest.raises(tracer.ConfigError) as caught:
        drawn(**weights)
    assert f"config: {problem}" in caught.value.problems
