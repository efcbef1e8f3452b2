"""The settings for all tables of a workbook, and how its formulas may contradict a reading of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from tracer.grading.book.cells import Position, Sheet
from tracer.grading.network.inference import Effort
from tracer.grading.slips.search import Budget
from tracer.model.system import System


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reading of a sheet in which formulas seem wrong. wrong: their cells. uncomputed: cells of the reading without a
    value that could not be computed. covered: all its cells. last: the last row of the steps that are to be looked
    at."""

    sheet: Sheet
    wrong: frozenset[Position]
    uncomputed: frozenset[Position]
    covered: frozenset[Position]
    last: int


class Contradiction(Enum):
    """How the formulas of a sheet contradict a reading of it: in gradients and updates (full), or only in the forward
    pass, which counts if no slip explains what seems wrong."""

    NONE = "none"
    FORWARD = "forward"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings for all tables of a workbook.

    tolerance: relative. system: the network of a config, with its inputs, targets and first weights. rate: the only
    learning rate of the config. given: whether the inputs, targets and first weights of a table have to be those of the
    config. veto: compares a reading of a sheet with its formulas. budget, effort: how much may still be
    tried for the workbook, of edits of formulas and of networks.
    """

    tolerance: float
    system: System | None = None
    rate: float | None = None
    given: bool = True
    veto: Callable[[Doubt], Contradiction] | None = None
    budget: Budget = field(default_factory=Budget)
    effort: Effort = field(default_factory=Effort)
