"""The optimizers: how a parameter moves from one step to the next, as formulas.

`p` is the parameter and `g` its gradient, both of the step before; `eta` is the learning rate (all dimensionless).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An update rule. update: the parameter's next value, in `p`, `g` and `eta`; source: where it stands."""

    update: str
    source: str


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("p - eta * g", "Rumelhart, Hinton and Williams, Nature 323 (1986), equation 8"),
}
