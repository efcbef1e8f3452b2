"""The optimizers: how a parameter moves from one iteration to the next, as formulas, with PyTorch's names and defaults.

`p` is the parameter, `g` its gradient and `k` the number of the iteration, counted from 1; `eta` is the learning rate.
All are dimensionless. A state starts from 0; in its own formula its name stands for its value before. A gradient may
be clipped on its way to the optimizer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.tables.settings import Setting, Settings, fraction, nonnegative


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An update rule.

    update: the parameter's next value, in `p`, `g`, `k`, `eta`, the states and the settings. source: where it stands.
    states: what is remembered for each parameter, name → formula, in their order. settings: the numbers of the rule,
    with PyTorch's defaults and their ranges; one that is 0 leaves the formulas.
    """

    update: str
    source: str
    states: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)


ADAM_STATES = {
    "m": "beta1 * m + (1 - beta1) * (g + weight_decay * p)",
    "v": "beta2 * v + (1 - beta2) * (g + weight_decay * p)^2",
}
ADAM_STEP = "eta / (1 - beta1^k) * m / (sqrt(v) / sqrt(1 - beta2^k) + eps)"
ADAM_SETTINGS = {"beta1": fraction(0.9), "beta2": fraction(0.999), "eps": nonnegative(1e-8)}

OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(
        "p - eta * (g + weight_decay * p)", "Rumelhart, Hinton and Williams, Nature 323 (1986), equation 8",
        settings={"weight_decay": nonnegative(0.0)},
    ),
    "momentum": Optimizer(
        "p - eta * v", "Polyak (1964), in PyTorch's form: torch.optim.SGD with momentum",
        {"v": "momentum * v + (1 - if(k = 1, 0, dampening)) * (g + weight_decay * p)"},
        {"momentum": nonnegative(0.9), "dampening": nonnegative(0.0), "weight_decay": nonnegative(0.0)},
    ),
    "nesterov": Optimizer(
        "p - eta * (g + weight_decay * p + momentum * v)",
        "Nesterov (1983); Sutskever and others, ICML (2013), in PyTorch's form: torch.optim.SGD with nesterov",
        {"v": "momentum * v + g + weight_decay * p"}, {"momentum": nonnegative(0.9), "weight_decay": nonnegative(0.0)},
    ),
    "adagrad": Optimizer(
        "p - eta / (1 + (k - 1) * lr_decay) * (g + weight_decay * p) / (sqrt(s) + eps)",
        "Duchi, Hazan and Singer, JMLR 12 (2011)", {"s": "s + (g + weight_decay * p)^2"},
        {"lr_decay": nonnegative(0.0), "weight_decay": nonnegative(0.0), "eps": nonnegative(1e-10)},
    ),
    "rmsprop": Optimizer(
        "p - eta * (g + weight_decay * p) / (sqrt(s) + eps)", "Tieleman and Hinton, Coursera lecture 6.5 (2012)",
        {"s": "alpha * s + (1 - alpha) * (g + weight_decay * p)^2"},
        {"alpha": fraction(0.99), "eps": nonnegative(1e-8), "weight_decay": nonnegative(0.0)},
    ),
    "adam": Optimizer(
        f"p - {ADAM_STEP}", "Kingma and Ba, ICLR (2015)", ADAM_STATES,
        {**ADAM_SETTINGS, "weight_decay": nonnegative(0.0)},
    ),
    "adamw": Optimizer(
        f"p * (1 - eta * weight_decay) - {ADAM_STEP}", "Loshchilov and Hutter, ICLR (2019)",
        {name: formula.replace("(g + weight_decay * p)", "g") for name, formula in ADAM_STATES.items()},
        {**ADAM_SETTINGS, "weight_decay": nonnegative(0.01)},
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clipping:
    """What is done to a gradient that is too large.

    formula: in the gradient `g`, the `limit`, and the 2-norm `n` of all gradients of the iteration. source: where it
    stands. limit: what a config sets, and its range.
    """

    formula: str
    source: str
    limit: Setting


CLIPPINGS: dict[str, Clipping] = {
    "value": Clipping(
        "max(-limit, min(limit, g))", "each gradient by itself: torch.nn.utils.clip_grad_value_", Setting(1.0, above=0)
    ),
    "norm": Clipping(
        "g * min(1, limit / (n + 1e-6))",
        "n is the norm of all gradients: Pascanu, Mikolov and Bengio, ICML (2013), as torch.nn.utils.clip_grad_norm_",
        Setting(1.0, above=0),
    ),
}
