"""Every optimizer, loss, activation, update mode and clipping against PyTorch 2.13.0, in double precision, over 20
iterations.

The network is built there from PyTorch's own modules and functions; nothing of `tracer` but the config is shared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

import tracer
from tests.places import pytorch
from tracer.tables.activations import ACTIVATIONS
from tracer.tables.losses import LOSSES, Domain
from tracer.tables.optimizers import OPTIMIZERS

torch: Any = pytorch()

F = torch.nn.functional
ITERATIONS, CASES = 20, 300


@pytest.fixture(autouse=True)
def doubles() -> Iterator[None]:
    """NAdam keeps its product of momenta in the default precision, whatever that of the weights is."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


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
    "adamw": torch.optim.AdamW, "adadelta": torch.optim.Adadelta, "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam, "amsgrad": lambda w, **settings: torch.optim.Adam(w, amsgrad=True, **settings),
}  # fmt: skip
BY_LOOP = {"lion", "momentum_ema"}
"""PyTorch has no counterpart of these; `test_rules` has."""
STATE_BY_TORCH = {
    "v": {
        "momentum": "momentum_buffer", "nesterov": "momentum_buffer",
        **dict.fromkeys(("adam", "adamw", "amsgrad", "nadam"), "exp_avg_sq"),
    },
    "m": dict.fromkeys(("adam", "adamw", "amsgrad", "nadam", "adamax"), "exp_avg"),
    "s": {"adagrad": "sum", "rmsprop": "square_avg", "adadelta": "square_avg"},
    "u": {"adadelta": "acc_delta", "adamax": "exp_inf"},
    "v_max": {"amsgrad": "max_exp_avg_sq"},
}  # fmt: skip
SOME_SETTINGS: dict[str, list[dict[str, Any]]] = {
    "sgd": [{}, {"weight_decay": 0.1}],
    "momentum": [{}, {"momentum": 0.5, "dampening": 0.3}, {"weight_decay": 0.1}],
    "nesterov": [{}, {"momentum": 0.7, "weight_decay": 0.05}],
    "adagrad": [{}, {"lr_decay": 0.1, "weight_decay": 0.05, "eps": 1e-6}],
    "rmsprop": [{}, {"alpha": 0.9, "weight_decay": 0.05, "eps": 1e-5}],
    "adam": [{}, {"betas": [0.8, 0.9], "eps": 1e-5, "weight_decay": 0.05}],
    "adamw": [{}, {"betas": [0.8, 0.9], "weight_decay": 0.2}],
    "adadelta": [{}, {"rho": 0.7, "eps": 1e-4, "weight_decay": 0.05}],
    "adamax": [{}, {"betas": [0.8, 0.9], "eps": 1e-5, "weight_decay": 0.05}],
    "nadam": [{}, {"betas": [0.8, 0.9], "eps": 1e-5, "weight_decay": 0.05, "momentum_decay": 0.1}],
    "amsgrad": [{}, {"betas": [0.8, 0.5], "eps": 1e-5, "weight_decay": 0.05}],
}


def test_every_entry_has_its_counterpart() -> None:
    assert torch.__version__.startswith("2.13.0")
    assert set(BY_TORCH) == {*ACTIVATIONS, "softmax"}
    assert set(LOSS_BY_TORCH) == set(LOSSES)
    assert set(OPTIMIZER_BY_TORCH) == set(SOME_SETTINGS) == set(OPTIMIZERS) - BY_LOOP


UPDATES: list[dict[str, Any]] = [
    {}, {"update": "batch"}, {"update": {"batch_size": 2}}, {"update": "batch", "reduction": "sum"},
    {"update": "online", "order": "shuffled", "seed": 5}, {"update": {"batch_size": 3}, "order": "shuffled"},
]  # fmt: skip
CLIPS: list[dict[str, Any]] = [{}, {"clip": {"norm": 0.3}}, {}, {"clip": {"value": 0.1}}, {"clip": {"norm": 50}}]
RATES: list[Any] = [
    0.003,
    0.01,
    0.05,
    "0.02 * 0.9^k",
    [{"iterations": 8, "learning_rate": 0.05}, {"iterations": 12, "learning_rate": "0.1/k"}],
]


def rate(learning_rate: Any, k: int) -> float:
    """The learning rate of iteration k, by hand."""
    if isinstance(learning_rate, str):
        return 0.02 * 0.9**k
    if isinstance(learning_rate, list):
        return 0.05 if k <= 8 else 0.1 / k
    return float(learning_rate)


def random_targets(draw: random.Random, loss: str, count: int) -> list[float]:
    """Targets of a sample that the loss takes."""
    targets = [draw.uniform(-1, 1) for _ in range(count)]
    domain = LOSSES[loss].domain
    if domain is Domain.UNIT:
        return [abs(value) for value in targets]
    if domain is Domain.DISTRIBUTION:
        total = sum(abs(value) + 0.1 for value in targets)
        return [(abs(value) + 0.1) / total for value in targets]
    return [1.0 if value > 0 else -1.0 for value in targets] if domain is Domain.SIGN else targets


def random_config(number: int) -> dict[str, Any]:
    """The number-th config; every activation, loss, optimizer, update mode and clipping comes round in turn."""
    draw = random.Random(number)
    loss, optimizer = list(LOSSES)[number % len(LOSSES)], list(SOME_SETTINGS)[number % len(SOME_SETTINGS)]
    widths = [draw.randint(1, 4) for _ in range(draw.randint(2, 4))]
    activations = [[*ACTIVATIONS, "softmax"][(number + 4 * depth) % 15] for depth in range(len(widths) - 1)]
    output = {Domain.UNIT: "sigmoid", Domain.DISTRIBUTION: "softmax"}
    activations[-1] = output.get(LOSSES[loss].domain, activations[-1])
    names = "cdfg"[: len(widths) - 1]
    update = UPDATES[number // 2 % len(UPDATES)]
    return {
        "samples": [
            {"inputs": [draw.uniform(-2, 2) for _ in range(widths[0])], "targets": random_targets(draw, loss, widths[-1])}
            for _ in range(draw.randint(3, 5) if update else 1)
        ],
        "loss": loss,
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
        "learning_rate": draw.choice(RATES), "iterations": ITERATIONS, **update, **CLIPS[number // 3 % len(CLIPS)],
    }  # fmt: skip


def agree(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= max(1e-9 * abs(theirs), 1e-12)


@pytest.mark.parametrize("block", [*range(4), *(pytest.param(block, marks=pytest.mark.long) for block in range(4, 10))])
def test_losses_gradients_states_and_weights(block: int) -> None:
    for number in range(block, CASES, 10):
        compare(random_config(number))


def test_everything_is_in_it() -> None:
    configs = [random_config(number) for number in range(CASES)]
    assert {str(config.get("update")) + str(config.get("reduction")) for config in configs} == {
        str(update.get("update")) + str(update.get("reduction")) for update in UPDATES
    }
    for kind in SOME_SETTINGS:
        with_it = [config for config in configs if config["optimizer"]["name"] == kind]
        assert {str(config.get("clip")) for config in with_it} == {str(clip.get("clip")) for clip in CLIPS}
        assert {str(config.get("update")) for config in with_it} == {str(update.get("update")) for update in UPDATES}
    assert sum(config["layers"][-1]["activation"] == "softmax" for config in configs) > 60
    assert sum(isinstance(config["learning_rate"], (str, list)) for config in configs) > 60


def compare(config: dict[str, Any]) -> None:
    (run,) = tracer.run(config).runs
    assert run.divergence is None
    weights: dict[str, Any] = {
        name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in config["weights"].items()
    }
    biases = {
        name: torch.tensor(row, dtype=torch.float64, requires_grad=True) for name, row in config["biases"].items()
    }
    settings = {key: value for key, value in config["optimizer"].items() if key != "name"}
    kind = config["optimizer"]["name"]
    optimizer = OPTIMIZER_BY_TORCH[kind]([*weights.values(), *biases.values()], lr=1, **settings)
    numbered = [
        (name, row, column) for name, w in weights.items() for row in range(w.shape[0]) for column in range(w.shape[1])
    ]

    def loss_of(sample: dict[str, list[float]]) -> Any:
        signal = torch.tensor(sample["inputs"], dtype=torch.float64)
        for layer in config["layers"]:
            signal = BY_TORCH[layer["activation"]](weights[layer["name"]] @ signal + biases[layer["name"]])
        loss = LOSS_BY_TORCH[config["loss"]](signal, torch.tensor(sample["targets"], dtype=torch.float64))
        loss = loss + config["l1"] * sum(w.abs().sum() for w in weights.values())
        return loss + config["l2"] * sum((w**2).sum() for w in weights.values())

    steps = [(place, run.step(index)) for index, place in enumerate(run.places())]
    for k in range(1, ITERATIONS + 1):
        batch = [(sample, step) for (iteration, sample), step in steps if iteration == k]
        losses: Any = torch.stack([loss_of(config["samples"][sample - 1]) for sample, _ in batch])
        optimizer.param_groups[0]["lr"] = rate(config["learning_rate"], k)
        optimizer.zero_grad()
        (losses.sum() if config.get("reduction") == "sum" else losses.mean()).backward()
        step = batch[0][1]
        before = {key: w.detach().clone() for key, w in weights.items()}
        gradients = {key: w.grad.clone() for key, w in weights.items()}
        tensors = [*weights.values(), *biases.values()]
        match config.get("clip"):
            case {"norm": limit}:
                norm = torch.nn.utils.clip_grad_norm_(tensors, limit)
                assert agree(step["norm_g"], norm.item()), (config, k)
            case {"value": limit}:
                torch.nn.utils.clip_grad_value_(tensors, limit)
        optimizer.step()
        for (_, own), loss in zip(batch, losses, strict=True):
            assert agree(own["E_total"], loss.item()), (config, k)
        reduced = "∂E_batch/∂" if "E_batch" in step else "∂E/∂"
        for number, (name, row, column) in enumerate(numbered, 1):
            assert agree(step[f"w{number}"], float(before[name][row, column])), (config, k, number)
            assert agree(step[f"{reduced}w{number}"], gradients[name][row, column].item()), (config, k, number)
            if "clip" in config:
                assert agree(step[f"g_w{number}"], weights[name].grad[row, column].item()), (config, k, number)
            for state, keys in STATE_BY_TORCH.items():
                if kind in keys:
                    theirs = optimizer.state[weights[name]][keys[kind]][row, column]
                    assert agree(step[f"{state}_w{number}"], float(theirs)), (config, k, state, number)
    for number, (name, row, column) in enumerate(numbered, 1):
        assert agree(run.final[f"w{number}"], float(weights[name][row, column].detach())), (config, number)
