"""The losses: the error of one output neuron as a formula of its target `t` and its activation `a`.

All dimensionless. Their sum over the outputs, with the penalties, is E_total; the derivative follows from the entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tracer.formulas.tree import Function
from tracer.tables.activations import GOODFELLOW, LOG_TAIL, TAIL, read_formula
from tracer.tables.settings import Setting, Settings, defaults


class Domain(StrEnum):
    """The targets that a loss accepts."""

    ANY = "any numbers"
    UNIT = "numbers from 0 to 1"
    SIGN = "-1 or 1"
    DISTRIBUTION = "numbers from 0 to 1 that add up to 1"


@dataclass(frozen=True, slots=True)
class Loss:
    """The error of one output.

    formula: in the target `t`, the activation `a`, the number of outputs `n` and the settings. source: where it
    stands. slope: ∂E/∂a, where one is stated. domain: of its targets. settings: its numbers, with
    their defaults and ranges.
    from_net_input: an activation, and (condition, formula) in `t`, `a` and the net input `z` for where a comes near 0
        or 1 and the formula loses the value: the sum of e^z over the outputs is `s`, their largest z is `m`.
    """

    formula: str
    source: str
    slope: str | None = None
    domain: Domain = Domain.ANY
    settings: Settings = field(default_factory=dict)
    from_net_input: tuple[str, tuple[str, str]] | None = None

    def function(self, name: str, outputs: int, settings: Mapping[str, float] | None = None) -> Function:
        """The error of one of several outputs as a function of the expression language, with settings in place of the
        defaults."""
        values = {**defaults(self.settings), **(settings or {}), "n": float(outputs)}
        slope = read_formula(self.slope) if self.slope else None
        return Function(name, ("t", "a"), (None, slope), read_formula(self.formula), settings=tuple(values.items()))


LOSSES: dict[str, Loss] = {
    "half_squared_error": Loss(
        "0.5 * (t - a)^2", "Rumelhart, Hinton and Williams, Nature 323 (1986), equation 3, for one output"
    ),
    "squared_error": Loss("(t - a)^2", f"{GOODFELLOW} 5.1.4, without the mean"),
    "mean_squared_error": Loss("(t - a)^2 / n", f"{GOODFELLOW} 5.1.4"),
    "mean_absolute_error": Loss("abs(t - a) / n", f"{GOODFELLOW} 6.2.1.2; slope 0 at t = a"),
    "huber": Loss(
        "if(abs(t - a) < delta, 0.5 * (t - a)^2, delta * (abs(t - a) - 0.5 * delta))",
        "Huber, Annals of Mathematical Statistics 35 (1964)", settings={"delta": Setting(1.0, above=0)},
    ),
    "log_cosh": Loss(
        "abs(t - a) + log(1 + exp(-2 * abs(t - a))) - 0.6931471805599453",
        "log(cosh(t - a)), written so that it cannot overflow; 0.693… is log(2)", "-tanh(t - a)",
    ),
    "binary_cross_entropy": Loss(
        "-(t * log(a) + (1 - t) * log(1 - a))", f"{GOODFELLOW} 6.2.2.2", "(a - t) / (a * (1 - a))", Domain.UNIT,
        from_net_input=("sigmoid", (f"abs(z) > {TAIL}", f"max(z, 0) - t * z + {LOG_TAIL}")),
    ),
    "cross_entropy": Loss(
        "-t * log(a)", f"{GOODFELLOW} 6.2.2.3", "-t / a", Domain.DISTRIBUTION,
        from_net_input=("softmax", ("a < 1e-290", "t * (m + log(s) - z)")),
    ),
    "hinge": Loss("max(0, 1 - t * a)", "Cortes and Vapnik, Machine Learning 20 (1995); slope 0 at t·a = 1",
                  "if(t * a < 1, -t, 0)", Domain.SIGN),
    "kl_divergence": Loss(
        "if(t > 0, t * log(t / a), 0)", f"{GOODFELLOW} 3.13", "-t / a", Domain.DISTRIBUTION,
        from_net_input=("softmax", ("a < 1e-290", "if(t > 0, t * (log(t) + m + log(s) - z), 0)")),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Penalty:
    """The contribution of a weight `w` to the loss, times the penalty's strength; source: a reference."""

    formula: str
    source: str


PENALTIES: dict[str, Penalty] = {
    "l1": Penalty("abs(w)", f"{GOODFELLOW} 7.1.2; slope 0 at w = 0"),
    "l2": Penalty("w^2", f"{GOODFELLOW} 7.1.1, without the factor ½"),
}

SIGMOID_WITHIN = ("abs(z) > 32", "if(z > 0, 1 - 1e-14, max(exp(z), 1e-300))")
"""The sigmoid below a cross entropy: far out it stays inside (0, 1), by 1e-14 or less, so that ∂E/∂a and ∂a/∂z exist
and their product is a − t. A spreadsheet takes 1 − a for 0 from 4e-15 on."""
