"""Quantities: what a name stands for, as a value with fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    """What a quantity is."""

    INPUT = "input"
    TARGET = "target"
    WEIGHT = "weight"
    BIAS = "bias of one neuron"
    SHARED_BIAS = "bias of a layer"
    NET_INPUT = "net input"
    ACTIVATION = "activation"
    ERROR = "error of one output"
    PENALTY = "penalty on the weights"
    LOSS = "loss"
    OWN = "quantity of the user's own equations"
    OWN_PARAMETER = "parameter of the user's own equations"
    GRADIENT = "gradient"
    LOCAL_DERIVATIVE = "local derivative"
    BATCH_LOSS = "loss of a batch"
    CLIPPED = "clipped gradient"
    GRADIENT_NORM = "norm of the gradients"
    STATE = "state of the optimizer"
    LEARNING_RATE = "learning rate"
    SETTING = "setting"
    COUNT = "number of the iteration in formulas"
    ITERATION = "iteration"
    SAMPLE = "sample"
    AFTER_UPDATE = "value after the update of its own row"
    CHANGE = "what the update adds to a parameter"


DATA = frozenset({Role.INPUT, Role.TARGET})
BIASES = frozenset({Role.BIAS, Role.SHARED_BIAS})
PARAMETERS = BIASES | {Role.WEIGHT, Role.OWN_PARAMETER}
"""What is trained."""
LOSSES = frozenset({Role.LOSS, Role.BATCH_LOSS})
DERIVATIVES = frozenset({Role.GRADIENT, Role.LOCAL_DERIVATIVE})
"""A gradient is of a loss, a local derivative of anything else."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named scalar; dimensionless.

    layer: of a neuron, of its activation, of a parameter; "" where there is none, or it is not known.
    indices: its numbers, from 1: of a neuron within its layer, of a weight or an input through the network, of a bias
        its layer's or its neuron's.
    word: the name that a user gave it, where it is not called by its role and place; what a state, a setting or a
        penalty is called by itself.
    of: what is derived, for a gradient the loss; the parameter of a state, of a clipped gradient, of a change; the loss
        of a batch's loss. by: what a derivative is taken by.
    """

    role: Role
    layer: str = ""
    indices: tuple[int, ...] = ()
    word: str = ""
    of: Quantity | None = None
    by: Quantity | None = None

    @property
    def index(self) -> int:
        """The last of its numbers; 0 if it has none."""
        return self.indices[-1] if self.indices else 0

    @property
    def kind(self) -> Quantity:
        """The quantity without its numbers: what all neurons of a layer have in common."""
        of, by = (part and part.kind for part in (self.of, self.by))
        return replace(self, indices=(), of=of, by=by)

    def with_parts(self, instead: Mapping[Quantity, Quantity]) -> Quantity:
        """The quantity with others in place of some of its `parts`."""
        if self.of is None and self.by is None:
            return instead.get(self, self)
        of, by = (part and part.with_parts(instead) for part in (self.of, self.by))
        return replace(self, of=of, by=by)

    def parts(self) -> Iterable[Quantity]:
        """The quantities that are not composed of others, from left to right: a_h1 and h1 of ∂a_h1/∂h1."""
        inner = [part for part in (self.of, self.by) if part]
        for part in inner:
            yield from part.parts()
        if not inner:
            yield self
