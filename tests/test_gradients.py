"""Every gradient of random networks against the complex-step derivative of the loss.

The loss is written out here once more, with complex numbers and nothing of `tracer` but the config: Im f(w + ih)/h is
the derivative to the last digit, as no difference is taken (Squire and Trapp, SIAM Review 40, 1998).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.tables import activations, losses


def normal_cdf(z: complex) -> complex:
    """Φ for arguments a tiny step off the real line."""
    x = z.real
    return complex(0.5 * math.erfc(-x / math.sqrt(2)), z.imag * math.exp(-x * x / 2) / math.sqrt(2 * math.pi))


def magnitude(z: complex) -> complex:
    """|x| continued off the real line; 0 and slope 0 at the kink."""
    return z if positive(z) else -z if positive(-z) else 0j


def positive(z: complex) -> bool:
    """Above a kink at 0: products of two tiny steps are no step off it."""
    return z.real > 1e-40


ACTIVATIONS: dict[str, Callable[[complex], complex]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + cmath.exp(-z)),
    "tanh": cmath.tanh,
    "relu": lambda z: z if positive(z) else 0j,
    "leaky_relu": lambda z: z if positive(z) else 0.01 * z,
    "elu": lambda z: z if positive(z) else cmath.exp(z) - 1,
    "selu": lambda z: 1.0507009873554805 * (z if positive(z) else 1.6732632423543772 * (cmath.exp(z) - 1)),
    "softplus": lambda z: cmath.log(1 + cmath.exp(z)),
    "softsign": lambda z: z / (1 + magnitude(z)),
    "silu": lambda z: z / (1 + cmath.exp(-z)),
    "gelu": lambda z: z * normal_cdf(z),
    "gelu_tanh": lambda z: 0.5 * z * (1 + cmath.tanh(cmath.sqrt(2 / cmath.pi) * (z + 0.044715 * z**3))),
    "hard_sigmoid": lambda z: 0j if not positive(z + 3) else 1 + 0j if not positive(3 - z) else z / 6 + 0.5,
    "sin": cmath.sin,
    "z / (2 + cos(z))": lambda z: z / (2 + cmath.cos(z)),
}
LOSSES: dict[str, Callable[[float, complex, int], complex]] = {
    "half_squared_error": lambda t, a, n: 0.5 * (t - a) ** 2,
    "squared_error": lambda t, a, n: (t - a) ** 2,
    "mean_squared_error": lambda t, a, n: (t - a) ** 2 / n,
    "mean_absolute_error": lambda t, a, n: magnitude(t - a) / n,
    "huber": lambda t, a, n: 0.5 * (t - a) ** 2 if abs(t - a) < 1 else magnitude(t - a) - 0.5,
    "log_cosh": lambda t, a, n: cmath.log(cmath.cosh(t - a)),
    "binary_cross_entropy": lambda t, a, n: -(t * cmath.log(a) + (1 - t) * cmath.log(1 - a)),
    "cross_entropy": lambda t, a, n: -t * cmath.log(a),
    "hinge": lambda t, a, n: 1 - t * a if positive(1 - t * a) else 0j,
    "kl_divergence": lambda t, a, n: t * cmath.log(t / a) if t else 0j,
    "abs(t - a)^3 + a": lambda t, a, n: magnitude(t - a) ** 3 + a,
}
WITH_TARGETS = {
    "binary_cross_entropy": ("sigmoid", st.floats(0, 1)),
    "hinge": ("tanh", st.sampled_from([-1.0, 1.0])),
    "cross_entropy": ("softmax", None),
    "kl_divergence": ("softmax", None),
}
"""Losses that need a certain output layer, and the targets that they take; None: a distribution."""
STEP = 1e-30
numbers = st.floats(-2, 2).map(lambda value: round(value, 6))


def test_every_activation_and_loss_has_a_second_opinion() -> None:
    assert set(activations.ACTIVATIONS) < set(ACTIVATIONS)
    assert set(losses.LOSSES) < set(LOSSES)


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
    loss = draw(st.sampled_from(sorted(LOSSES)))
    layers: list[dict[str, Any]] = [
        {"name": name, "neurons": width, "activation": draw(st.sampled_from([*sorted(ACTIVATIONS), "softmax"]))}
        for name, width in zip(names, widths[1:], strict=True)
    ]
    targets = some(widths[-1])
    if loss in WITH_TARGETS:
        layers[-1]["activation"], values = WITH_TARGETS[loss]
        if values is not None:
            targets = draw(st.lists(values, min_size=widths[-1], max_size=widths[-1]))
        else:
            shares = [abs(value) + 0.1 for value in targets]
            targets = [share / sum(shares) for share in shares]
    return {
        "inputs": some(widths[0]),
        "targets": targets,
        "layers": layers,
        "loss": loss,
        "l1": draw(st.sampled_from([0, 0.01])),
        "l2": draw(st.sampled_from([0, 0.1])),
        "weights": {
            name: [some(fan_in) for _ in range(width)]
            for name, fan_in, width in zip(names, widths, widths[1:], strict=False)
        },
        "biases": biases,
        "learning_rate": draw(st.floats(0.01, 0.5)),
        "iterations": 1,
    }


def loss(config: dict[str, Any], parameters: dict[str, complex]) -> complex:
    """The loss of the config's network, penalties included, for parameters by their names."""
    signal: list[complex] = [complex(value) for value in config["inputs"]]
    number = 0
    for position, layer in enumerate(config["layers"], 1):
        net_inputs = []
        for neuron in range(1, layer["neurons"] + 1):
            net_input = 0j
            for value in signal:
                number += 1
                net_input += parameters[f"w{number}"] * value
            for bias in (f"b{position}", f"b_{layer['name']}{neuron}"):
                net_input += parameters.get(bias, 0)
            net_inputs.append(net_input)
        if layer["activation"] == "softmax":
            powers = [cmath.exp(z) for z in net_inputs]
            signal = [power / sum(powers) for power in powers]
        else:
            signal = [complex(ACTIVATIONS[layer["activation"]](z)) for z in net_inputs]
    weights = [value for name, value in parameters.items() if name.startswith("w")]
    total = sum((LOSSES[config["loss"]](t, a, len(signal)) for t, a in zip(config["targets"], signal, strict=True)), 0j)
    total += config["l1"] * sum(map(magnitude, weights)) + config["l2"] * sum(weight**2 for weight in weights)
    return complex(total)


@settings(max_examples=300)
@given(networks())
def test_gradients_equal_the_complex_step(config: dict[str, Any]) -> None:
    trace = tracer.run(config)
    step = trace.runs[0].step(0)
    start: dict[str, complex] = {name: complex(value) for name, value in trace.experiment.start.items()}
    assert abs(step["E_total"] - loss(config, start).real) <= 1e-12 * max(1, abs(step["E_total"]))
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
        assert after == step[name] - config["learning_rate"] * step[f"∂E/∂{name}"]
