"""The system of equations: what every later stage works on, as plain data.

A network, or a user's own equations, is turned into a `System` once. Numbers, spreadsheet formulas and text are
renderings of its equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracer.expression import Expression


class Phase(StrEnum):
    """Which part of a step a quantity belongs to."""

    DATA = "data"
    PARAMETER = "parameters"
    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    OPTIMIZER = "optimizer"


@dataclass(frozen=True, slots=True)
class Equation:
    """quantity = expression. `layer` groups the equations as a person would: by layer, the loss by itself."""

    quantity: str
    expression: Expression
    phase: Phase
    layer: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A weight or a bias: its value before the first step, the layer it belongs to, and whether it is updated."""

    name: str
    start: float
    layer: str
    trained: bool = True


@dataclass(frozen=True, slots=True)
class System:
    """An ordered list of equations and what they start from; every value is dimensionless.

    data: targets and inputs with their values, in the order of the columns.
    parameters: in the order of their numbers.
    equations: forward, loss, backward and the optimizer's states, in the order in which they are computed. A state
        refers to its own value in the step before (lag 1), which is 0 in the first step.
    updates: parameter → its value in the next step; the expression refers to the step before (lag 1) only.
    hyper: the numbers that hold for a whole run, such as the momentum; η is another, a run has its own.
    loss: the quantity that is minimised.
    """

    data: Mapping[str, float]
    parameters: tuple[Parameter, ...]
    equations: tuple[Equation, ...]
    updates: Mapping[str, Expression]
    hyper: Mapping[str, float]
    loss: str

    @property
    def states(self) -> list[str]:
        """What the optimizer remembers."""
        return [equation.quantity for equation in self.equations if equation.phase is Phase.OPTIMIZER]

    def columns(self) -> dict[str, Phase]:
        """Every quantity of a step with its phase, in the walkthrough's order: data, then layer by layer the
        parameters and what is computed from them, the loss, the backward pass, the optimizer's states."""
        columns = dict.fromkeys(self.data, Phase.DATA)
        placed: set[str] = set()
        for equation in self.equations:
            if equation.layer not in placed and equation.phase in (Phase.FORWARD, Phase.LOSS):
                placed.add(equation.layer)
                columns |= {p.name: Phase.PARAMETER for p in self.parameters if p.layer == equation.layer}
            columns[equation.quantity] = equation.phase
        return columns
