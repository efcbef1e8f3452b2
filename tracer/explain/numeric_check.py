"""The numeric check of a gradient: (E(q + ε) − E(q − ε))/(2ε), by two more forward passes.

The central difference is exact but for ε²·E‴/6 and for the digits that the difference of two nearly equal numbers loses
(Nocedal and Wright, Numerical Optimization, 2006, section 8.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tracer.execution.interpreter import formula_of
from tracer.formulas.primitives import unrounded
from tracer.formulas.tree import Expression
from tracer.model.system import FORWARD_PASS, System

EPSILON = 1e-5
"""How far a quantity is moved, times its magnitude where that is above 1."""
ROUNDINGS = 16
"""Units in the last place by which a loss may be off: each of its operations rounds."""
CLOSE = 1e-4
"""A relative difference below which the check needs no further word."""
JUMP = 1e-3
"""Of slopes on two sides, relative to the larger one: a smooth loss changes its slope by about ε·E″."""


def epsilon(value: float) -> float:
    """ε for a quantity of this value."""
    return EPSILON * max(1.0, abs(value))


@dataclass(frozen=True, slots=True)
class NumericCheck:
    """The losses at q + ε and q − ε."""

    epsilon: float
    above: float
    below: float

    @property
    def slope(self) -> float:
        """The central difference, close to ∂E/∂q."""
        return (self.above - self.below) / (2 * self.epsilon)

    @property
    def noise(self) -> float:
        """How much of the slope may be due to the rounding of the two losses."""
        return ROUNDINGS * math.ulp(max(abs(self.above), abs(self.below))) / (2 * self.epsilon)

    def is_within_noise(self, gradient: float) -> bool:
        """Whether a gradient differs from the slope only in what the losses lose by rounding."""
        return self.difference(gradient) > CLOSE and abs(self.slope - gradient) <= self.noise

    def spans_a_kink(self, gradient: float, loss: float) -> bool:
        """Whether it differs because the slope jumps between q − ε and q + ε, as that of |x| at 0. loss: at q."""
        above, below = (self.above - loss) / self.epsilon, (loss - self.below) / self.epsilon
        jump, difference = abs(above - below), abs(self.slope - gradient)
        return (
            self.difference(gradient) > CLOSE
            and jump > max(JUMP * max(abs(above), abs(below)), 2 * self.noise)
            and difference > JUMP * jump
        )

    def difference(self, gradient: float) -> float:
        """The relative difference to a gradient; 0 if both are 0."""
        largest = max(abs(self.slope), abs(gradient))
        return abs(self.slope - gradient) / largest if largest else 0.0


def forward_pass(system: System) -> dict[str, Expression]:
    """The equations that lead to the loss, in the order of computation, none of them rounded."""
    return {e.quantity: unrounded(e.expression) for e in system.equations if e.phase in FORWARD_PASS}


def numeric_check(system: System, step: Mapping[str, float], quantity: str) -> NumericCheck:
    """The check of a quantity that has a gradient, in a step (name → value). Of a quantity that is computed the result
    of its equation is moved. Raises one of NO_NUMBER if a loss has no value."""
    size = epsilon(step[quantity])
    above, below = (moved(system, step, quantity, by)[system.loss] for by in (size, -size))
    return NumericCheck(size, above, below)


def moved(system: System, step: Mapping[str, float], quantity: str, by: float) -> dict[str, float]:
    """The values of a step, its forward pass computed anew with a quantity moved. Raises one of NO_NUMBER if something
    has no value."""
    return forward(system, {**step, quantity: step[quantity] + by}, given=quantity)


def forward(system: System, values: Mapping[str, float], given: str | None = None) -> dict[str, float]:
    """The values with the forward pass computed from them, without rounding. given: a quantity that keeps its value.
    Raises one of NO_NUMBER if something has no value."""
    found = dict(values)
    for name, expression in forward_pass(system).items():
        if name != given:
            needed, value = formula_of(expression)
            found[name] = float(value(*(found[of.name] for of in needed)))
    return found
