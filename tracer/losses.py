"""The losses: the error of one output neuron as a formula of its target `t` and its activation `a`.

All dimensionless. Their sum is E_total; the derivative follows from the entry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """The error of one output. formula: in `t` and `a`; source: where it stands."""

    formula: str
    source: str


LOSSES: dict[str, Loss] = {
    "half_squared_error": Loss(
        "0.5 * (t - a)^2", "Rumelhart, Hinton and Williams, Nature 323 (1986), equation 3, for one output"
    ),
}
