"""Every gradient of random networks against the complex-step derivative of the loss.

The loss is written out here once more, with complex numbers and nothing of `tracer` but the config: Im f(w + ih)/h is
the derivative to the last digit, as no difference is taken (Squire and Trapp, SIAM Review 40, 1998).
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer import activations

ACTIVATIONS: dict[str, Callable[[complex], complex]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + cmath.exp(-z)),
    "tanh": cmath.tanh,
    "relu": lambda z: z if z.real > 0 else 0j,
}
STEP = 1e-30
numbers = st.floats(-2, 2).map(lambda value: round(value, 6))


def test_every_activation_has_a_second_opinion() -> None:
    assert set(ACTIVATIONS) == set(activations.ACTIVATIONS)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """A config of 1 to 4 layers of 1 to 6 neurons, any activations, biases of every kind."""
    widths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))

    def some(count: int) -> list[float]:
        return draw(st.lists(numbers, min_size=count, max_size=count))

    names = "cdfg"[: len(widths) - 1]
    biases: dict[str, Any] = {}
    for name, width in zip(names, widths[1:], strict=True):
        kind = draw(st.sampled_from(["none", "shared", "own"]))
        if kind != "none":
            biases[name] = draw(numbers) if kind == "shared" else some(width)
    return {
        "inputs": some(widths[0]),
        "targets": some(widths[-1]),
        "layers": [
            {"name": name, "neurons": width, "activation": draw(st.sampled_from(sorted(ACTIVATIONS)))}
            for name, width in zip(names, widths[1:], strict=True)
        ],
        "weights": {
            name: [some(fan_in) for _ in range(width)]
            for name, fan_in, width in zip(names, widths, widths[1:], strict=False)
        },
        "biases": biases,
        "learning_rate": draw(st.floats(0.01, 0.5)),
        "iterations": 1,
    }


def loss(config: dict[str, Any], parameters: dict[str, complex]) -> complex:
    """The half squared error of the config's network, for parameters in the order of their names."""
    signal: list[complex] = [complex(value) for value in config["inputs"]]
    number = 0
    for position, layer in enumerate(config["layers"], 1):
        outputs = []
        for neuron in range(1, layer["neurons"] + 1):
            net_input = 0j
            for value in signal:
                number += 1
                net_input += parameters[f"w{number}"] * value
            for bias in (f"b{position}", f"b_{layer['name']}{neuron}"):
                net_input += parameters.get(bias, 0)
            outputs.append(complex(ACTIVATIONS[layer["activation"]](net_input)))
        signal = outputs
    return sum((0.5 * (t - a) ** 2 for t, a in zip(config["targets"], signal, strict=True)), 0j)


@settings(max_examples=300)
@given(networks())
def test_gradients_equal_the_complex_step(config: dict[str, Any]) -> None:
    trace = tracer.run(config)
    step = trace.runs[0].step(0)
    start: dict[str, complex] = {name: complex(value) for name, value in trace.experiment.start.items()}
    assert abs(step["E_total"] - loss(config, start).real) <= 1e-12 * max(1, step["E_total"])
    for name in start:
        nudged = start | {name: start[name] + 1j * STEP}
        expected = loss(config, nudged).imag / STEP
        assert abs(step[f"∂E/∂{name}"] - expected) <= 1e-7 * abs(expected) + 1e-14, name


@settings(max_examples=50)
@given(networks())
def test_the_update_goes_down_the_gradient(config: dict[str, Any]) -> None:
    (run,) = tracer.run(config).runs
    step = run.step(0)
    for name, after in run.final.items():
        assert after == step[name] - run.learning_rate * step[f"∂E/∂{name}"]
