"""The activations: one entry each, and everything else follows from it.

`z` is the neuron's net input and `a` its activation, both dimensionless. The derivative, the Excel formula, the text
and the gradient check are derived from the entry.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracer.expression import Function


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function a = f(z).

    formula: f, in `z`.
    slope: da/dz, in `z` and `a`, where textbooks state one; otherwise the formula is differentiated.
    source: where the formula and its slope stand.
    far: (condition, formula) where `formula` overflows although its value exists.
    """

    formula: str
    slope: str | None
    source: str
    far: tuple[str, str] | None = None

    def function(self, name: str) -> Function:
        """The activation as a function of the expression language."""
        return Function(name, ("z",), (self.slope,) if self.slope else (), formula=self.formula, far=self.far)


GOODFELLOW = "Goodfellow, Bengio and Courville, Deep Learning (2016), section"

ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("z", "1", f"{GOODFELLOW} 6.2.2.1"),
    "sigmoid": Activation(
        "1 / (1 + exp(-z))", "a * (1 - a)", f"{GOODFELLOW} 3.10",
        far=("z < -700", "exp(z)"),  # exp(-z) ends at z = -709; from -37 on, 1 + exp(-z) rounds to exp(-z)
    ),
    "tanh": Activation("tanh(z)", "1 - a^2", f"{GOODFELLOW} 6.3.2"),
    "relu": Activation("max(0, z)", "if(z > 0, 1, 0)", f"{GOODFELLOW} 6.3.1; the slope at 0 is 0, as in PyTorch"),
}  # fmt: skip
