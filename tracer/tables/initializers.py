"""The initializers: the distributions of a layer's initial weights, with their source.

`fan_in` is the number of a layer's inputs, `fan_out` that of its neurons; all dimensionless.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import NormalDist

from tracer.formulas.evaluation import evaluate
from tracer.tables.activations import read_formula
from tracer.tables.settings import Setting, Settings, defaults, nonnegative


class Distribution(StrEnum):
    """The meaning of the two numbers of an initializer."""

    UNIFORM = "uniform, from and to"
    NORMAL = "normal, mean and standard deviation"


@dataclass(frozen=True, slots=True)
class Initializer:
    """A distribution and its two numbers, as formulas of `fan_in`, `fan_out` and the settings; source: where they
    stand. settings: its numbers, with PyTorch's defaults and their ranges."""

    distribution: Distribution
    numbers: tuple[str, str]
    source: str
    settings: Settings = field(default_factory=dict)

    def draw(
        self, fan_in: int, fan_out: int, settings: Mapping[str, float], source: random.Random
    ) -> list[list[float]]:
        """The weights of a layer, a row per neuron. Only `random()` of the source is used, whose sequence for a seed is
        the same in every version of Python."""
        values = {**defaults(self.settings), **settings, "fan_in": float(fan_in), "fan_out": float(fan_out)}
        first, second = (evaluate(read_formula(formula), values) for formula in self.numbers)
        return [[self._at(source.random(), first, second) for _ in range(fan_in)] for _ in range(fan_out)]

    def _at(self, share: float, first: float, second: float) -> float:
        if self.distribution is Distribution.UNIFORM:
            return first + (second - first) * share
        return NormalDist(first, second).inv_cdf(max(share, 2.0**-60)) if second else first


GLOROT = "Glorot and Bengio, AISTATS (2010)"
HE = "He, Zhang, Ren and Sun, ICCV (2015)"

INITIALIZERS: dict[str, Initializer] = {
    "xavier_uniform": Initializer(
        Distribution.UNIFORM, ("-sqrt(6 / (fan_in + fan_out))", "sqrt(6 / (fan_in + fan_out))"), GLOROT
    ),
    "xavier_normal": Initializer(Distribution.NORMAL, ("0", "sqrt(2 / (fan_in + fan_out))"), GLOROT),
    "he_uniform": Initializer(Distribution.UNIFORM, ("-sqrt(6 / fan_in)", "sqrt(6 / fan_in)"), HE),
    "he_normal": Initializer(Distribution.NORMAL, ("0", "sqrt(2 / fan_in)"), HE),
    "uniform": Initializer(
        Distribution.UNIFORM, ("low", "high"), "torch.nn.init.uniform_",
        {"low": Setting(0.0), "high": Setting(1.0)},
    ),
    "normal": Initializer(
        Distribution.NORMAL, ("mean", "std"), "torch.nn.init.normal_", {"mean": Setting(0.0), "std": nonnegative(1.0)},
    ),
    "constant": Initializer(
        Distribution.UNIFORM, ("value", "value"), "torch.nn.init.constant_", {"value": Setting(0.1)}
    ),
    "zeros": Initializer(Distribution.UNIFORM, ("0", "0"), "torch.nn.init.zeros_"),
}  # fmt: skip
