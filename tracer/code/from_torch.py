"""A PyTorch module → an experiment: the layers of an nn.Sequential, its weights, a loss and an optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tracer.code.modules import layers_of
from tracer.code.pytorch import OPTIMIZERS
from tracer.config import load
from tracer.errors import ConfigError
from tracer.model.experiment import Experiment
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import OPTIMIZERS as RULES

Settings = Mapping[str, Any]


MEANS = {"MSELoss": "mean_squared_error", "L1Loss": "mean_absolute_error"}
"""Losses that are the mean over the outputs, too."""
SUMS = {"MSELoss": "squared_error", "BCELoss": "binary_cross_entropy", "HuberLoss": "huber"}
"""Losses that are summed over the outputs."""


def from_torch(
    module: Any, inputs: Any, targets: Any, *, loss: Any, optimizer: Any = "sgd", **settings: Any
) -> Experiment:
    """The experiment of a PyTorch module, with its weights as they are.

    module: an nn.Sequential of nn.Linear and activations. inputs, targets: tensors or nested lists, a row a sample; of
    nn.CrossEntropyLoss, targets may be the numbers of classes. loss: the name of one of ours, or a module such as
    nn.MSELoss(). optimizer: the name of one of ours, or an optimizer of torch.optim. settings: further keys of
    a config, such as iterations=10, learning_rate=0.1.

    Raises ConfigError, with every problem.
    """
    problems: list[str] = []
    parts = list(_parts(module))
    network = layers_of(parts, "module", problems)
    if problems:
        raise ConfigError(problems)
    layers, wide = network["layers"], next(part.in_features for kind, part in parts if kind == "Linear")
    rows = _rows(inputs)
    if any(len(row) != wide for row in rows):
        raise ConfigError([f"inputs: {len(rows[0])} given, but nn.Linear takes {wide}"])
    wanted = targets
    chosen = _loss(loss, layers, problems)
    if type(loss).__name__ == "CrossEntropyLoss" and not isinstance(_listed(targets)[0], list):
        wanted = [[float(number == place) for place in range(layers[-1]["neurons"])] for number in _listed(targets)]
    rule, rate = _optimizer(optimizer, problems)
    if problems:
        raise ConfigError(problems)
    samples = [{"inputs": x, "targets": t} for x, t in zip(rows, _rows(wanted), strict=True)]
    several = {"update": "batch", "reduction": getattr(loss, "reduction", "mean")} if len(samples) > 1 else {}
    config: dict[str, Any] = {
        "name": "from-torch", "samples": samples, **network, "loss": chosen, "optimizer": rule, **several,
        **({"learning_rate": rate} if rate is not None else {}),
    }  # fmt: skip
    return load(config | settings)


def _parts(module: Any) -> Iterator[tuple[str, Any]]:
    """The modules of a sequence, those of inner sequences among them, by the names of their classes."""
    kind = type(module).__name__
    if kind == "Sequential":
        for part in module:
            yield from _parts(part)
    else:
        yield kind, module


def _listed(values: Any) -> Any:
    return values.detach().tolist() if hasattr(values, "detach") else [*values]


def _rows(values: Any) -> list[list[float]]:
    listed = _listed(values)
    return listed if isinstance(listed[0], list) else [listed]


def _loss(loss: Any, layers: list[dict[str, Any]], problems: list[str]) -> Any:
    """The loss as a config has it."""
    if isinstance(loss, str):
        return loss
    kind, outputs = type(loss).__name__, layers[-1]["neurons"]
    summed = loss.reduction == "sum"
    if getattr(loss, "weight", None) is not None or bool(getattr(loss, "label_smoothing", False)):
        problems.append(f"loss: {kind} with weights or label smoothing is not supported")
    if kind == "CrossEntropyLoss":
        if layers[-1]["activation"] != "identity":
            problems.append("loss: CrossEntropyLoss takes what nn.Linear gives, without an activation")
        layers[-1]["activation"] = "softmax"
        return "cross_entropy"
    if kind in MEANS and not summed:
        return MEANS[kind]
    if kind in SUMS and (summed or outputs == 1):
        return {"name": SUMS[kind], "delta": loss.delta} if kind == "HuberLoss" else SUMS[kind]
    if kind in SUMS:
        problems.append(f"loss: {kind} of several outputs needs reduction='sum'; a config sums over the outputs")
    else:
        problems.append(f"loss: {kind} is not supported; give the name of one of ours: {', '.join(LOSSES)}")
    return None


def _optimizer(optimizer: Any, problems: list[str]) -> tuple[Any, float | None]:
    """The optimizer as a config has it, and its learning rate, if it brings one."""
    if isinstance(optimizer, str):
        return optimizer, None
    kind, groups = type(optimizer).__name__, optimizer.param_groups
    given = groups[0]
    settings = {name: value for name, value in given.items() if name not in ("params", "lr", "betas")}
    if "betas" in given:
        settings |= dict(zip(("beta1", "beta2"), given["betas"], strict=True))
    ours = next((name for name, (theirs, _) in OPTIMIZERS.items() if theirs == kind and _is(name, given)), None)
    if ours is None or len(groups) > 1:
        problems.append(f"optimizer: {kind} with these settings is not supported; give the name of one of ours")
        return None, None
    return {"name": ours, **{name: settings[name] for name in RULES[ours].settings}}, float(given["lr"])


def _is(ours: str, given: Settings) -> bool:
    """Whether an optimizer of PyTorch with these settings is ours of this name, among those of one class."""
    momentum, nesterov, amsgrad = (bool(given.get(name)) for name in ("momentum", "nesterov", "amsgrad"))
    if given.get("maximize") or given.get("centered") or (given.get("momentum") and "alpha" in given):
        return False
    variants = {
        "sgd": not momentum, "momentum": momentum and not nesterov, "nesterov": momentum and nesterov,
        "adam": not amsgrad, "amsgrad": amsgrad, "adamw": not amsgrad,
    }  # fmt: skip
    return variants.get(ours, True)
