"""The optimizers: the update rule of a parameter, as formulas, with PyTorch's names and defaults.

`p` is the parameter, `g` its gradient and `k` the number of the iteration, counted from 1; `eta` is the learning rate.
All are dimensionless. The states of each parameter are computed in order. The name of a
state means its value after that, once it is computed; in the formulas up to its own it means its value before, as
`v_before` does for a state `v` everywhere. A gradient may be clipped on its way to the optimizer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.formulas.tree import names
from tracer.tables.activations import read_formula
from tracer.tables.settings import Setting, Settings, fraction, nonnegative


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An update rule.

    update: the parameter's next value, in `p`, `g`, `k`, `eta`, the states and the settings. source: a reference.
    states: what is computed for each parameter, name → formula, in their order. settings: the numbers of the rule, with
    PyTorch's defaults and their ranges; one that is 0 is dropped from the formulas. start: initial
    values of states that do not start at 0. title: how it is written in a sentence, where that is not its name with a
    capital.
    """

    update: str
    source: str
    states: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=dict)
    title: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The states, and a copy of each state before the iteration that the update refers to."""
        used = {name.name for name in names(read_formula(self.update))}
        copies = {state + BEFORE: state for state in self.states if state + BEFORE in used}
        return {**copies, **self.states}


VARIABLES = ("p", "g", "k", "eta")
"""The variables of every rule's formulas."""
BEFORE = "_before"
"""The suffix by which a formula refers to a state before the iteration."""

_G = "(g + weight_decay * p)"
_NO_DECAY, _EPS = {"weight_decay": nonnegative(0.0)}, {"eps": nonnegative(1e-8)}
_BETAS = {"beta1": fraction(0.9), "beta2": fraction(0.999)}
_MOMENTS = {"m": f"beta1 * m + (1 - beta1) * {_G}", "v": f"beta2 * v + (1 - beta2) * {_G}^2"}
_CORRECTED = {"m_hat": "m / (1 - beta1^k)", "v_hat": "v / (1 - beta2^k)"}
_STEP = "eta * m_hat / (sqrt(v_hat) + eps)"
_MU = "beta1 * (1 - 0.5 * 0.96^({} * momentum_decay))"

OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(
        "p - eta * (g + weight_decay * p)", "Rumelhart, Hinton and Williams, Nature 323 (1986), equation 8",
        settings=_NO_DECAY,
        title="SGD",
    ),
    "momentum": Optimizer(
        "p - eta * v", "Polyak (1964), in PyTorch's form: torch.optim.SGD with momentum",
        {"v": f"momentum * v + (1 - if(k = 1, 0, dampening)) * {_G}"},
        {"momentum": nonnegative(0.9), "dampening": nonnegative(0.0), **_NO_DECAY},
    ),
    "momentum_ema": Optimizer(
        "p - eta * v", "an average of the gradients, from 0: Kingma and Ba, ICLR (2015), m_t without its correction",
        {"v": f"momentum * v + (1 - momentum) * {_G}"}, {"momentum": fraction(0.9), **_NO_DECAY},
        title="Momentum (EMA)",
    ),
    "nesterov": Optimizer(
        "p - eta * (g + weight_decay * p + momentum * v)",
        "Nesterov (1983); Sutskever and others, ICML (2013), in PyTorch's form: torch.optim.SGD with nesterov",
        {"v": "momentum * v + g + weight_decay * p"}, {"momentum": nonnegative(0.9), **_NO_DECAY},
    ),
    "adagrad": Optimizer(
        f"p - eta / (1 + (k - 1) * lr_decay) * {_G} / (sqrt(s) + eps)",
        "Duchi, Hazan and Singer, JMLR 12 (2011)", {"s": f"s + {_G}^2"},
        {"lr_decay": nonnegative(0.0), **_NO_DECAY, "eps": nonnegative(1e-10)},
        title="AdaGrad",
    ),
    "adadelta": Optimizer(
        "p - eta * d", "Zeiler, arXiv:1212.5701 (2012), algorithm 1, with PyTorch's learning rate",
        {
            "s": f"rho * s + (1 - rho) * {_G}^2", "d": f"sqrt(u + eps) / sqrt(s + eps) * {_G}",
            "u": "rho * u + (1 - rho) * d^2",
        },
        {"rho": fraction(0.9), "eps": nonnegative(1e-6), **_NO_DECAY},
        title="AdaDelta",
    ),
    "rmsprop": Optimizer(
        f"p - eta * {_G} / (sqrt(s) + eps)", "Tieleman and Hinton, Coursera lecture 6.5 (2012)",
        {"s": f"alpha * s + (1 - alpha) * {_G}^2"}, {"alpha": fraction(0.99), **_EPS, **_NO_DECAY},
        title="RMSprop",
    ),
    "adam": Optimizer(
        f"p - {_STEP}", "Kingma and Ba, ICLR (2015), algorithm 1", _MOMENTS | _CORRECTED,
        {**_BETAS, **_EPS, **_NO_DECAY},
    ),
    "adamw": Optimizer(
        f"p * (1 - eta * weight_decay) - {_STEP}", "Loshchilov and Hutter, ICLR (2019)",
        {name: formula.replace(_G, "g") for name, formula in _MOMENTS.items()} | _CORRECTED,
        {**_BETAS, **_EPS, "weight_decay": nonnegative(0.01)},
        title="AdamW",
    ),
    "amsgrad": Optimizer(
        f"p - {_STEP}", "Reddi, Kale and Kumar, ICLR (2018), in PyTorch's form: torch.optim.Adam with amsgrad",
        _MOMENTS | {"v_max": "max(v_max, v)"} | _CORRECTED | {"v_hat": "v_max / (1 - beta2^k)"},
        {**_BETAS, **_EPS, **_NO_DECAY},
        title="AMSGrad",
    ),
    "adamax": Optimizer(
        "p - eta * m_hat / u", "Kingma and Ba, ICLR (2015), algorithm 2, with PyTorch's eps",
        {"m": _MOMENTS["m"], "u": f"max(beta2 * u, abs({_G}) + eps)", "m_hat": _CORRECTED["m_hat"]},
        {**_BETAS, **_EPS, **_NO_DECAY},
        title="AdaMax",
    ),
    "nadam": Optimizer(
        f"p - {_STEP}", "Dozat, ICLR workshop (2016), in PyTorch's form: torch.optim.NAdam",
        {
            "mu": _MU.format("k"), "mu_next": _MU.format("(k + 1)"), "mu_product": "mu_product * mu", **_MOMENTS,
            "m_hat": f"mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * {_G} / (1 - mu_product)",
            "v_hat": _CORRECTED["v_hat"],
        },
        {**_BETAS, **_EPS, **_NO_DECAY, "momentum_decay": nonnegative(0.004)},
        {"mu_product": 1.0},
        title="NAdam",
    ),
    "lion": Optimizer(
        "p - eta * (sign(c) + weight_decay * p)", "Chen and others, NeurIPS (2023), arXiv:2302.06675, algorithm 2",
        {"c": "beta1 * m + (1 - beta1) * g", "m": "beta2 * m + (1 - beta2) * g"},
        {"beta1": fraction(0.9), "beta2": fraction(0.99), **_NO_DECAY},
    ),
}  # fmt: skip


def title(name: str) -> str:
    """An optimizer's name as a sentence begins with it."""
    known = OPTIMIZERS.get(name)
    return (known and known.title) or f"{name[:1].upper()}{name[1:]}".replace("_", " ")


@dataclass(frozen=True, slots=True)
class Clipping:
    """How gradients that are too large are limited.

    formula: in the gradient `g`, the `limit`, and the 2-norm `n` of all gradients of the iteration. source: where it
    stands. limit: its default and range.
    """

    formula: str
    source: str
    limit: Setting


CLIPPINGS: dict[str, Clipping] = {
    "value": Clipping(
        "max(-limit, min(limit, g))", "each gradient separately: torch.nn.utils.clip_grad_value_", Setting(1.0, above=0)
    ),
    "norm": Clipping(
        "g * min(1, limit / (n + 1e-6))",
        "n is the norm of all gradients: Pascanu, Mikolov and Bengio, ICML (2013), as torch.nn.utils.clip_grad_norm_",
        Setting(1.0, above=0),
    ),
}
