"""A trace in a notebook: what it shows of itself, its rows, parameters and gradients as arrays."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH

XOR, RNN, IRIS = (WALKTHROUGH.parent / f"{name}.yaml" for name in ("xor", "rnn", "iris"))


@pytest.mark.parametrize("config", [*CONFIGS, BLOWS_UP], ids=lambda config: getattr(config, "stem", "blows-up"))
def test_a_trace_shows_itself(config: Any) -> None:
    trace = tracer.run(config)
    shown = trace._repr_html_()
    ET.fromstring(f"<div>{shown}</div>")
    assert f"{len(trace):,} rows, {len(trace.columns):,} columns" in shown
    assert all(run.title in shown for run in trace.runs)
    assert shown.count("<tr>") == 2 + len(trace.runs) + min(5, len(trace))


def test_the_first_rows_are_the_traces() -> None:
    shown = tracer.run(WALKTHROUGH, learning_rate=0.5)._repr_html_()
    assert "<td>0.506875</td>" in shown  # a_h1
    assert "<td>0.0128808</td>" in shown  # ∂E/∂w5


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_a_repr_is_one_line(config: Any) -> None:
    trace = tracer.run(config)
    model = trace.experiment.model
    layers = getattr(model, "layers", ())
    for value in (
        trace,
        trace.runs[0],
        trace.system,
        trace.experiment,
        trace.plot(),
        trace.graph("equations"),
        model,
        *layers,
    ):
        assert len(repr(value)) < 200
        assert " at 0x" not in repr(value)


def test_what_is_wrong_with_a_run_is_shown() -> None:
    (sentence,) = tracer.run(WALKTHROUGH, learning_rate=0).diagnoses
    assert f"<p><b>{sentence}</b></p>" in tracer.run(WALKTHROUGH, learning_rate=0)._repr_html_()


def test_the_classic_arrays() -> None:
    trace = tracer.run(WALKTHROUGH, learning_rate=[0.5, 1])
    start = trace.parameters(1)
    assert {name: array.tolist() for name, array in start.items()} == {
        "W_h": [[0.15, 0.2], [0.25, 0.3]],
        "W_o": [[0.4, 0.45], [0.5, 0.55]],
    }
    gradients = trace.gradients(1)
    assert gradients["W_o"][0, 0] == trace["∂E/∂w5"][0]
    for rate in (0.5, 1):
        after = trace.parameters(2, rate)
        assert all(np.allclose(after[name], start[name] - rate * gradients[name], rtol=1e-15) for name in start)


@pytest.mark.parametrize(("config", "iteration"), [(XOR, 3), (IRIS, 16)])
def test_the_gradients_of_a_batch_are_reduced(config: Any, iteration: int) -> None:
    trace = tracer.run(config)
    found, names = trace.gradients(iteration), trace.experiment.model.layers[0].weights  # type: ignore[union-attr]
    batch = trace.row(iteration)
    for row, weights in zip(found["W_h"], names, strict=True):
        for value, weight in zip(row, weights, strict=True):
            assert value == pytest.approx(batch[f"∂E_batch/∂{weight}"], rel=1e-14)
    assert found["b_h"].shape == (len(names),)


def test_biases_that_are_shared_or_frozen() -> None:
    trace = tracer.run(WALKTHROUGH.parent / "biases.yaml", iterations=2)
    assert trace.parameters(2)["b_h"] == 0.35
    assert trace.gradients(1)["b_o"] == trace["∂E/∂b2"][0]


def test_equations_have_a_number_each() -> None:
    trace = tracer.run(RNN)
    assert trace.parameters(1) == {"w": 0.6, "u": -0.4, "b": 0.1}
    assert trace.gradients(4, 0.5)["u"] == trace.run_of(0.5)["∂E/∂u"][3]


def test_rows() -> None:
    trace = tracer.run(XOR)
    assert trace.row(2, 3) == trace.runs[0].step(4 + 2)
    assert trace.row(2) == trace.runs[0].step(4)
    online = tracer.run(XOR.parent / "regression.yaml")
    assert online.row(7) == online.row(7, 2)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"iteration": 0}, "iteration 0 is not one of 1 to 239"),
        ({"iteration": 240}, "iteration 240 is not one of 1 to 239"),
        ({"iteration": 1, "sample": 5}, "iteration 1 does not use sample 5"),
        ({"iteration": 1, "learning_rate": 0.3}, "no run has the learning rate 0.3; there are: η = 0.5, η = 2"),
    ],
)
def test_rows_that_there_are_not(how: dict[str, Any], problem: str) -> None:
    with pytest.raises(KeyError, match=problem):
        tracer.run(XOR).row(**how)


def test_a_plot_shows_itself() -> None:
    plot = tracer.run(WALKTHROUGH).plot("w5", log=True)
    assert plot._repr_svg_() == plot.svg()
    assert ET.fromstring(plot.svg()).tag.endswith("svg")


def test_any_key_of_a_config() -> None:
    trace = tracer.run(WALKTHROUGH, optimizer={"name": "momentum", "momentum": 0.5}, l2=0.01, iterations=3)
    assert "v_w1" in trace
    assert any("l2" in name.lower() for name in trace)
    with pytest.raises(tracer.ConfigError, match=r"optimiser=: .*optimizer"):
        tracer.run(WALKTHROUGH, optimiser="adam")
