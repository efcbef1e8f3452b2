"""Configs of runs that do not learn, each with what is said of it."""

from __future__ import annotations

from typing import Any

from tests.places import BLOWS_UP

Config = dict[str, Any]
CLASSIC: Config = {
    "inputs": [0.05, 0.1], "targets": [0.01, 0.99], "layers": [{"name": "h", "neurons": 2}, {"name": "o", "neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], "learning_rate": 0.5, "iterations": 20,
}  # fmt: skip
XOR: Config = {
    "samples": [{"inputs": [x, y], "targets": [float(x != y)]} for x in (0, 1) for y in (0, 1)], "update": "batch",
    "layers": [{"name": "h", "neurons": 2}, {"name": "o", "neurons": 1}], "weights": [0.9, -0.7, -0.5, 0.8, 0.6, 0.7],
    "biases": {"h": [0.1, -0.2], "o": [0.1]}, "learning_rate": 0.5, "iterations": 200,
}  # fmt: skip
OR: Config = {
    "samples": [{"inputs": [x, y, -1], "targets": [float(x or y)]} for x in (0, 1) for y in (0, 1)],
    "layers": [{"name": "o", "neurons": 1, "activation": "if(z >= 0, 1, 0)"}],
    "weights": [0, 0, 0], "learning_rate": 0.5, "iterations": 8,
}  # fmt: skip
LINE: Config = {
    "inputs": [1], "targets": [2], "layers": [{"name": "o", "neurons": 1, "activation": "identity"}], "weights": [1],
    "learning_rate": 0.1, "iterations": 50,
}  # fmt: skip
OWN: Config = {
    "inputs": {"x": 1}, "targets": {"t": 2}, "parameters": {"w": 1, "v": 3}, "equations": "y = w*x\nE = (t - y)^2",
    "minimize": "E", "learning_rate": 0.01, "iterations": 10,
}  # fmt: skip
RELU = [{"name": "h", "neurons": 2, "activation": "relu"}, {"name": "o", "neurons": 1}]
CHAIN = [{"name": name, "neurons": 1, "activation": "sigmoid"} for name in "abcdo"]

SPEAKS: list[tuple[str, Config, str]] = [
    ("all_frozen", CLASSIC | {"frozen": ["w*"]}, "Every parameter is frozen: nothing is learned."),
    ("rate_is_zero", CLASSIC | {"learning_rate": 0}, "η is 0: no parameter moves."),
    ("rate_is_zero", CLASSIC | {"learning_rate": "0*k"}, "η is 0: no parameter moves."),
    ("softmax_of_one", CLASSIC | {
        "targets": [1], "layers": [{"neurons": 2}, {"neurons": 1, "activation": "softmax"}], "loss": "cross_entropy",
        "weights": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    }, "a_o1, the softmax of a single neuron, is always 1: use sigmoid."),
    ("reached", LINE | {"weights": [2]}, "E_total and its gradient are 0 from the start: there is nothing to learn."),
    ("no_slope", OR, "The slope of a_o1 is 0 everywhere: no gradient reaches w1, w2 and w3; the perceptron rule is the "
                     "gradient of (a_o1 − t1)·o1, minimized by own equations."),
    ("no_slope", XOR | {"layers": [{"name": "h", "neurons": 2, "activation": "if(z > 0, 1, 0)"}, {"neurons": 1}]},
     "The slope of a_h1 and a_h2 is 0 everywhere: no gradient reaches w1, w2, w3, w4, b_h1 and b_h2; choose one with a "
     "slope, such as sigmoid."),
    ("no_slope", OWN | {"equations": "z = w*x\ny = floor(z)\nE = (t - y)^2 + (v - 1)^2"},
     "The slope of y is 0 everywhere: no gradient reaches w; choose one with a slope, such as sigmoid."),
    ("input_is_zero", XOR | {"samples": [{"inputs": [0, y], "targets": [float(x != y)]} for x in (0, 1) for y in (0, 1)]},
     "i1 is 0 in every sample: no gradient reaches w1 and w3."),
    ("dead", XOR | {"layers": RELU, "weights": [-0.5, -0.5, -0.3, -0.4, 0.2, 0.3], "biases": {"h": [0, 0], "o": [0]}},
     "a_h1 and a_h2 are 0 for every sample: no gradient reaches w1, w2, w3, w4, b_h1 and b_h2 (dead relu)."),
    ("dead", XOR | {"layers": RELU, "weights": [0.3, 0.4, -0.5, -0.5, 0.2, 0.3], "biases": {"h": [0, 0], "o": [0]}},
     "a_h2 is 0 for every sample: no gradient reaches w3, w4 and b_h2 (dead relu)."),
    ("dead", LINE | {"layers": [RELU[0], LINE["layers"][0]], "targets": [0.1], "weights": [2, 4, 1, 1],
                     "learning_rate": 0.5},
     "a_h1 and a_h2 are 0 for every sample in the last pass: no gradient reaches w1 and w2 (dead relu)."),
    ("dead", LINE | {"layers": [{"name": "o", "neurons": 1, "activation": "hard_sigmoid"}], "weights": [5]},
     "∂a_o1/∂o1 is 0 for every sample: no gradient reaches w1 (dead hard_sigmoid)."),
    ("dead", OWN | {"parameters": {"w": -0.5, "v": 0.5}, "equations": "z = w*x\na = max(0, z)\nE = (t - a - v)^2"},
     "a is 0 for every sample: no gradient reaches w."),
    ("dead", XOR | {"layers": RELU, "weights": [-0.5, -0.5, -0.3, -0.4, 0.2, 0.3], "biases": {"h": -0.1}, "l2": 0.001},
     "a_h1 and a_h2 are 0 for every sample: no gradient reaches w1, w2, w3, w4 and b1 (dead relu)."),
    ("saturated", CLASSIC | {"inputs": [50, 100]},
     "∂a_h1/∂h1 and ∂a_h2/∂h2 are nearly 0 for every sample (saturated): start with smaller weights, or scale the "
     "inputs."),
    ("saturated", CLASSIC | {"weights": [0.15, 0.2, 0.25, 0.3, 40, 45, 0.5, 0.55]},
     "∂a_o1/∂o1 is nearly 0 for every sample (saturated): start with smaller weights, or scale the inputs."),
    ("saturated", XOR | {"learning_rate": 500},
     "∂a_o1/∂o1 is nearly 0 for every sample in the last pass (saturated): try a smaller η."),
    ("equal", XOR | {"weights": {"init": "zeros"}, "biases": {"h": [0, 0], "o": [0]}},
     "h1 and h2 are equal in every step (equal initial weights)."),
    ("equal", CLASSIC | {"weights": [0.15, 0.2, 0.15, 0.2, 0.4, 0.4, 0.5, 0.5]},
     "h1 and h2 are equal in every step (equal initial weights)."),
    ("equal", OWN | {"parameters": {"w": 0.5, "v": 0.5}, "iterations": 3,
                     "equations": "p = tanh(w*x)\nq = tanh(v*x)\nE = (t - p - q)^2"},
     "p and q are equal in every step (equal initial weights)."),
    ("vanishing", LINE | {"targets": [1], "layers": CHAIN, "weights": [0.1] * 5},
     "Gradients shrink 40-fold a layer on their way back: the first layers hardly learn."),
    ("exploding", LINE | {"layers": [{"neurons": 1, "activation": "identity"}] * 4, "weights": [1e-4, 20, 20, 20], "learning_rate": 1e-11},
     "Gradients grow 20-fold a layer on their way back: start with smaller weights."),
    ("grows", LINE | {"learning_rate": 2.1}, "The loss grows: η is too large."),
    ("grows", BLOWS_UP, "The loss grows: η is too large."),
    ("grows", LINE | {"optimizer": {"update": "p + eta*g"}}, "The loss grows: η is too large, or the update goes uphill."),
    ("oscillates", LINE | {"learning_rate": 2}, "The loss oscillates: η is too large."),
    ("oscillates", OWN | {"equations": "E = abs(t - w*x) + (v - 3)^2", "learning_rate": 0.7, "iterations": 100},
     "The loss oscillates: η is too large."),
    ("rounded_to_zero", CLASSIC | {"decimals": 2}, "Rounded to 0 in every step: ∂E/∂w1, ∂E/∂w2, ∂E/∂w3, ∂E/∂w4; more decimals would show them."),
    ("rate_is_tiny", CLASSIC | {"learning_rate": 1e-9},
     "The loss does not move, though its gradient is not 0: η is too small."),
    ("without_gradient", OWN, "∂E/∂v is 0 in every step: v never moves."),
    ("without_gradient", OWN | {"parameters": {"w": 0, "v": 0}, "equations": "E = (t - w*v*x)^2"},
     "∂E/∂w and ∂E/∂v are 0 in every step: w and v never move."),
]  # fmt: skip
"""The row of a diagnosis, a config on which it speaks, and what it says."""
