"""The system of equations: what every later stage works on, as plain data.

A network, or a user's own equations, is turned into a `System` once. Numbers, spreadsheet formulas and text are
renderings of its equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from tracer.formulas.primitives import ROUND, rounded, unrounded
from tracer.formulas.tree import Call, Expression, Number
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.quantity import Quantity


class Phase(StrEnum):
    """Which part of a step a quantity belongs to."""

    DATA = "data"
    PARAMETER = "parameters"
    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    BATCH = "batch"
    OPTIMIZER = "optimizer"


FORWARD_PASS, OF_A_BATCH = (Phase.FORWARD, Phase.LOSS), (Phase.BATCH, Phase.OPTIMIZER)
"""The phases that belong together: what leads to the loss; what a batch has once."""


@dataclass(frozen=True, slots=True)
class Equation:
    """quantity = expression. `layer` groups the equations by layer, with the loss as a group of its own."""

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
    """An ordered list of equations and their initial values; every value is dimensionless.

    data: targets and inputs, in the order of the columns. samples: their values, a row per sample.
    batches: which samples an iteration takes.
    parameters: in the order of their numbers.
    equations: forward, loss, backward, what is reduced over a batch, and the optimizer's, in the order in which they
        are computed. A state of the optimizer refers to its own value in the iteration before (lag 1).
    updates: parameter → its value in the next iteration; the expression refers to the one before (lag 1) only.
    hyper: the numbers that hold for a whole run, such as the momentum; a constant η is another, a run has its own.
    states: what an iteration remembers of the one before, besides the parameters; with its value before the first one.
    loss: the quantity to minimize, of one sample. batch_loss: the same of a batch, reduced, where there are any.
    until: a condition that ends a run, as soon as it held for every sample of a pass.
    quantities: name → what it stands for, for everything that has a name here, η and the counters included.
    """

    data: tuple[str, ...]
    samples: tuple[tuple[float, ...], ...]
    batches: Batches
    parameters: tuple[Parameter, ...]
    equations: tuple[Equation, ...]
    updates: Mapping[str, Expression]
    hyper: Mapping[str, float]
    quantities: Mapping[str, Quantity]
    states: Mapping[str, float]
    loss: str
    batch_loss: str | None = None
    until: Expression | None = None

    def __repr__(self) -> str:
        counts = f"{len(self.equations):,} equations, {len(self.parameters):,} parameters"
        return f"<System of {counts}, minimizes {self.loss}>"

    def rounded(self, decimals: int | None) -> System:
        """The system in which every computed quantity is rounded to so many decimals as it is computed, as by hand, or
        none is. η is given, also where it is a formula."""

        def of(expression: Expression) -> Expression:
            return unrounded(expression) if decimals is None else rounded(expression, decimals)

        equations = (e if e.quantity == naming.ETA else replace(e, expression=of(e.expression)) for e in self.equations)
        return replace(self, equations=tuple(equations), updates={name: of(e) for name, e in self.updates.items()})

    @property
    def decimals(self) -> int | None:
        """To how many decimals every computed quantity is rounded; None where none is."""
        formulas = (e.expression for e in self.equations if e.quantity != naming.ETA)
        for expression in chain(formulas, self.updates.values()):
            match expression:
                case Call(function, (_, Number(decimals))) if function == ROUND:
                    return int(decimals)
                case Call():
                    return None
        return None

    def gradient(self, name: str, loss: str | None = None) -> str:
        """The name of the gradient of a quantity: `∂E/∂w1`. loss: of a batch, in place of a sample's."""
        return naming.derivative(naming.within(self.quantities[loss or self.loss]), name)

    @property
    def several_samples(self) -> bool:
        """Whether the run uses several samples."""
        return len(self.samples) > 1

    @property
    def curve(self) -> str:
        """The loss that a chart shows: that of the batch, if there are batches."""
        return self.batch_loss or self.loss

    def once_an_iteration(self, phase: Phase) -> bool:
        """Whether quantities of this phase have one value for all rows of a batch."""
        return self.batches.several and phase in OF_A_BATCH

    def columns(self) -> dict[str, Phase]:
        """Every quantity of a step with its phase, in the walkthrough's order: data, then layer by layer the
        parameters and what is computed from them, the loss, the backward pass, the batch, the optimizer."""
        columns = dict.fromkeys(self.data, Phase.DATA)
        placed: set[str] = set()
        for equation in self.equations:
            if equation.layer not in placed and equation.phase in FORWARD_PASS:
                placed.add(equation.layer)
                columns |= {p.name: Phase.PARAMETER for p in self.parameters if p.layer == equation.layer}
            columns[equation.quantity] = equation.phase
        return columns
