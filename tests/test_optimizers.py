"""Every optimizer, loss and activation against PyTorch 2.13.0, in double precision, over 20 iterations.

The network is built there from PyTorch's own modules and functions; nothing of `tracer` but the config is shared.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

import tracer
from tracer.activations import ACTIVATIONS
from tracer.losses import LOSSES, Domain
from tracer.optimizers import OPTIMIZERS

REQUIRE_TORCH = "BACKPROP_TRACE_REQUIRE_TORCH"
if os.environ.get(REQUIRE_TORCH):
    import torch
else:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0")

F = torch.nn.functional
ITERATIONS, CASES = 20, 300


def hard_sigmoid(z: Any) -> Any:
    """F.hardsigmoid multiplies by 1/6 in single precision, whatever its argument."""
    return torch.clamp(z / 6 + 0.5, 0, 1)


BY_TORCH: dict[str, Any] = {
    "identity": lambda z: z, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
    "leaky_relu": F.leaky_relu, "elu": F.elu, "selu": F.selu, "softplus": lambda z: F.softplus(z, threshold=1000),
    "softsign": F.softsign, "silu": F.silu, "gelu": F.gelu, "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "hard_sigmoid": hard_sigmoid, "sin": torch.sin, "softmax": lambda z: torch.softmax(z, 0),
}  # fmt: skip
LOSS_BY_TORCH: dict[str, Any] = {
    "half_squared_error": lambda a, t: 0.5 * F.mse_loss(a, t, reduction="sum"),
    "squared_error": lambda a, t: F.mse_loss(a, t, reduction="sum"),
    "mean_squared_error": F.mse_loss,
    "mean_absolute_error": F.l1_loss,
    "huber": lambda a, t: F.huber_loss(a, t, reduction="sum"),
    "log_cosh": lambda a, t: torch.log(torch.cosh(t - a)).sum(),
    "binary_cross_entropy": lambda a, t: F.binary_cross_entropy(a, t, reduction="sum"),
    "cross_entropy": lambda a, t: -(t * torch.log(a)).sum(),
    "hinge": lambda a, t: torch.relu(1 - t * a).sum(),
    "kl_divergence": lambda a, t: F.kl_div(torch.log(a), t, reduction="sum"),
}
OPTIMIZER_BY_TORCH: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda w, **settings: torch.optim.SGD(w, **{"momentum": 0.9, **settings}),
    "nesterov": lambda w, **settings: torch.optim.SGD(w, nesterov=True, **{"momentum": 0.9, **settings}),
    "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}  # fmt: skip
STATE_BY_TORCH = {
    "v": {"momentum": "momentum_buffer", "nesterov": "momentum_buffer", "adam": "exp_avg_sq", "adamw": "exp_avg_sq"},
    "m": {"adam": "exp_avg", "adamw": "exp_avg"},
    "s": {"adagrad": "sum", "rmsprop": "square_avg"},
}
SOME_SETTINGS: dict[str, list[dict[str, Any]]] = {
    "sgd": [{}, {"weight_decay": 0.1}],
    "momentum": [{}, {"momentum": 0.5, "dampening": 0.3}, {"weight_decay": 0.1}],
    "nesterov": [{}, {"momentum": 0.7, "weight_decay": 0.05}],
    "adagrad": [{}, {"lr_decay": 0.1, "weight_decay": 0.05, "eps": 1e-6}],
    "rmsprop": [{}, {"alpha": 0.9, "weight_decay": 0.05, "eps": 1e-5}],
    "adam": [{}, {"betas": [0.8, 0.9], "eps": 1e-5, "weight_decay": 0.05}],
    "adamw": [{}, {"betas": [0.8, 0.9], "weight_decay": 0.2}],
}


def test_every_entry_has_its_counterpart() -> None:
    assert torch.__version__.startswith("2.13.0")
    assert set(BY_TORCH) == {*ACTIVATIONS, "softmax"}
    assert set(LOSS_BY_TORCH) == set(LOSSES)
    assert set(OPTIMIZER_BY_TORCH) == set(SOME_SETTINGS) == set(OPTIMIZERS)


def random_config(number: int) -> dict[str, Any]:
    """The number-th config; every activation, loss and optimizer comes round in turn."""
    draw = random.Random(number)
    loss, optimizer = list(LOSSES)[number % len(LOSSES)], list(OPTIMIZERS)[number % len(OPTIMIZERS)]
    widths = [draw.randint(1, 4) for _ in range(draw.randint(2, 4))]
    activations = [[*ACTIVATIONS, "softmax"][(number + 4 * depth) % 15] for depth in range(len(widths) - 1)]
    targets = [draw.uniform(-1, 1) for _ in range(widths[-1])]
    domain = LOSSES[loss].domain
    if domain is Domain.UNIT:
        activations[-1], targets = "sigmoid", [abs(value) for value in targets]
    elif domain is Domain.DISTRIBUTION:
        total = sum(abs(value) + 0.1 for value in targets)
        activations[-1], targets = "softmax", [(abs(value) + 0.1) / total for value in targets]
    elif domain is Domain.SIGN:
        targets = [1.0 if value > 0 else -1.0 for value in targets]
    names = "cdfg"[: len(widths) - 1]
    return {
        "inputs": [draw.uniform(-2, 2) for _ in range(widths[0])], "targets": targets, "loss": loss,
        "layers": [
            {"name": name, "neurons": width, "activation": activation}
            for name, width, activation in zip(names, widths[1:], activations, strict=True)
        ],
        "weights": {
            name: [[draw.uniform(-1, 1) for _ in range(fan_in)] for _ in range(width)]
            for name, fan_in, width in zip(names, widths, widths[1:], strict=False)
        },
        "biases": {name: [draw.uniform(-1, 1) for _ in range(width)] for name, width in zip(names, widths[1:], strict=True)},
        "l1": draw.choice([0, 0.01]), "l2": draw.choice([0, 0.02]),
        "optimizer": {"name": optimizer, **draw.choice(SOME_SETTINGS[optimizer])},
        "learning_rate": draw.choice([0.003, 0.01, 0.05]), "iterations": ITERATIONS,
    }  # fmt: skip


def agree(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= max(1e-9 * abs(theirs), 1e-12)


@pytest.mark.parametrize("block", range(10))
def test_losses_gradients_states_and_weights(block: int) -> None:
    for number in range(block, CASES, 10):
        compare(random_config(number))


def compare(config: dict[str, Any]) -> None:
    (run,) = tracer.run(config).runs
    assert run.divergence is None
    weights = {
        name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in config["weights"].items()
    }
    biases = {
        name: torch.tensor(row, dtype=torch.float64, requires_grad=True) for name, row in config["biases"].items()
    }
    settings = {key: value for key, value in config["optimizer"].items() if key != "name"}
    kind = config["optimizer"]["name"]
    optimizer = OPTIMIZER_BY_TORCH[kind]([*weights.values(), *biases.values()], lr=config["learning_rate"], **settings)
    targets = torch.tensor(config["targets"], dtype=torch.float64)
    numbered = [
        (name, row, column) for name, w in weights.items() for row in range(w.shape[0]) for column in range(w.shape[1])
    ]
    for index in range(ITERATIONS):
        signal = torch.tensor(config["inputs"], dtype=torch.float64)
        for layer in config["layers"]:
            signal = BY_TORCH[layer["activation"]](weights[layer["name"]] @ signal + biases[layer["name"]])
        loss = LOSS_BY_TORCH[config["loss"]](signal, targets)
        loss = loss + config["l1"] * sum(w.abs().sum() for w in weights.values())
        loss = loss + config["l2"] * sum((w**2).sum() for w in weights.values())
        optimizer.zero_grad()
        loss.backward()
        step = run.step(index)
        before = {key: w.detach().clone() for key, w in weights.items()}
        gradients: dict[str, Any] = {key: w.grad for key, w in weights.items()}
        optimizer.step()
        assert agree(step["E_total"], loss.item()), (config, index)
        for number, (name, row, column) in enumerate(numbered, 1):
            assert agree(step[f"w{number}"], float(before[name][row, column])), (config, index, number)
            assert agree(step[f"∂E/∂w{number}"], gradients[name][row, column].item()), (config, index, number)
            for state, keys in STATE_BY_TORCH.items():
                if kind in keys:
                    theirs = optimizer.state[weights[name]][keys[kind]][row, column]
                    assert agree(step[f"{state}_w{number}"], float(theirs)), (config, index, state, number)
    for number, (name, row, column) in enumerate(numbered, 1):
        assert agree(run.final[f"w{number}"], float(weights[name][row, column].detach())), (config, number)
