"""The engine against published and independently computed figures.

walkthrough.json: the classic 2-2-2 network, computed in double precision by straight-line arithmetic.
published.json: worked examples of books and pages, with the digits that they print.
biases.json: the worked example of Matt Mazur, "A Step by Step Backpropagation Example" (2015), computed likewise.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

import tracer
from tests.places import FIGURES, ROOT, agree

REFERENCE: dict[str, Any] = json.loads((FIGURES / "walkthrough.json").read_text(encoding="utf-8"))
PUBLISHED: list[dict[str, Any]] = json.loads((FIGURES / "published.json").read_text(encoding="utf-8"))
BIASES: dict[str, Any] = json.loads((FIGURES / "biases.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def walkthrough() -> tracer.Trace:
    return tracer.run(ROOT / "configs" / "walkthrough.yaml")


@pytest.fixture(scope="module")
def biases() -> tracer.Trace:
    return tracer.run(ROOT / "configs" / "biases.yaml")


def check_row(run: tracer.Run, iteration: str, row: dict[str, float]) -> None:
    assert run.learning_rate
    step = run.step(int(iteration) - 1) | {"iteration": int(iteration), "eta": run.learning_rate}
    wrong = {name: (step[name], value) for name, value in row.items() if not agree(step[name], value)}
    assert not wrong
    assert len(row) >= 41  # every quantity of the classic network


@pytest.mark.parametrize("eta", REFERENCE["runs"])
def test_every_quantity_of_the_classic_walkthrough(walkthrough: tracer.Trace, eta: str) -> None:
    run = next(run for run in walkthrough.runs if run.learning_rate == float(eta))
    for iteration, row in REFERENCE["runs"][eta]["rows"].items():
        check_row(run, iteration, row)
    for value, expected in zip(run.final.values(), REFERENCE["runs"][eta]["weights_after_100_updates"], strict=True):
        assert agree(value, expected)


def test_every_quantity_of_the_example_with_biases(biases: tracer.Trace) -> None:
    (run,) = biases.runs
    for iteration, row in BIASES["rows"].items():
        check_row(run, iteration, row)
    weights = [run.final[f"w{number}"] for number in range(1, 9)]
    assert all(map(agree, weights, BIASES["weights_after_10000_updates"]))
    assert [run[f"w{number}"][1] for number in range(1, 9)] == BIASES["weights_after_1_update"]


@pytest.mark.parametrize(
    ("quantity", "printed"),
    [
        ("h1", "0.377500000"), ("a_h1", "0.593269992"), ("a_h2", "0.596884378"), ("a_o1", "0.751365070"),
        ("a_o2", "0.772928465"), ("E_total", "0.298371109"), ("∂E/∂w5", "0.082167041"),
    ],
)  # fmt: skip
def test_the_figures_printed_in_the_article(biases: tracer.Trace, quantity: str, printed: str) -> None:
    assert f"{biases[quantity][0]:.9f}" == printed


def test_the_loss_printed_in_the_article_after_10000_updates(biases: tracer.Trace) -> None:
    assert f"{biases['E_total'][-1]:.10f}" == "0.0000351085"


def test_frozen_biases_stay_and_are_traced(biases: tracer.Trace) -> None:
    assert set(biases["b1"]) == {0.35}
    assert set(biases["b2"]) == {0.60}
    assert biases["∂E/∂b2"][0] != 0


def test_the_famous_slip_is_not_ours(walkthrough: tracer.Trace) -> None:
    """∂E/∂w3 takes a_h2·(1 − a_h2); most hand-made copies take a_h1·(1 − a_h1), which differs from the 4th digit on."""
    step = walkthrough.runs[0].step(0)
    carried = step["∂E/∂o1"] * step["w6"] + step["∂E/∂o2"] * step["w8"]
    right = carried * step["a_h2"] * (1 - step["a_h2"]) * step["i1"]
    slip = carried * step["a_h1"] * (1 - step["a_h1"]) * step["i1"]
    assert agree(step["∂E/∂w3"], right)
    assert not agree(step["∂E/∂w3"], slip)


@pytest.mark.parametrize("example", PUBLISHED, ids=lambda example: example["name"])
def test_published_examples(example: dict[str, Any]) -> None:
    """Every printed digit, to half a unit of the last one."""
    (run,) = tracer.run(yaml.safe_load(example["config"])).runs
    for iteration, printed in example["expect"].items():
        step = run.step(int(iteration) - 1)
        for quantity, digits in printed.items():
            unit = 0.5001 * 10.0 ** -len(digits.partition(".")[2])
            assert step[quantity] == pytest.approx(float(digits), abs=unit), f"{quantity} in iteration {iteration}"
