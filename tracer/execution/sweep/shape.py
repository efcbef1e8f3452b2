"""What runs that advance together share, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer.execution.engine import Engine
from tracer.execution.numpy_emitter import Emitted, emitted
from tracer.execution.sweep.results import LOSS
from tracer.formulas.tree import Name
from tracer.model.batches import Batches

CELLS = 4096
"""Elements of an array: so many that a call of NumPy costs little next to them, and all arrays stay in the cache."""
LEAST = 24
"""Fewer runs than these advance one after the other, which is faster."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the runs of a block have in common: compiled equations, and how long they run."""

    engine: Engine
    functions: Emitted
    iterations: int

    @property
    def block(self) -> int:
        """Runs that advance together."""
        return max(LEAST, CELLS // self.engine.system.batches.size)


def shape_of(engine: Engine, iterations: int, keep: str) -> Shape:
    """Compile the equations of an engine for many runs. keep: one of KEEP."""
    system = engine.system
    watched = (system.curve, *curves_of(engine, keep).values())
    return Shape(engine, emitted(engine.program, watched), iterations)


def curves_of(engine: Engine, keep: str) -> dict[str, str]:
    """What is kept of every iteration: the names of the curves → quantities."""
    loss, parameters = {LOSS: engine.system.curve}, {p.name: p.name for p in engine.system.parameters}
    return {"final": {}, "loss": loss, "all": loss | parameters}[keep]


@dataclass(frozen=True, slots=True)
class Member:
    """A run of a block: where it starts from besides what the shape does, its samples, and their order."""

    start: Mapping[Name, float]
    samples: tuple[tuple[float, ...], ...]
    batches: Batches
