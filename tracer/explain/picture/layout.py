"""A picture as data: contents by row and column of a grid, both counted from 0, and the arrows between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tracer.explain.blocks import of_this_step
from tracer.explain.update import change_of
from tracer.formulas.tree import ZERO, Expression, Name, names
from tracer.formulas.tree import replace as substitute
from tracer.model import naming
from tracer.model.system import Phase, System

MOST_NAMES = 500
"""In the formula of a gradient that has no column of its own; one with more is not shown."""
LEAST_LABEL, WIDEST_LABEL = 4.5, 22.0
"""The width of a column of names, in characters."""
SCALES = "Color: blue below 0, orange above, stronger the larger it is among the numbers of its kind in this step"


class Look(StrEnum):
    """What an item of a picture is. FROZEN: the change of a parameter that is not trained, always 0."""

    HEAD = "head"
    CAPTION = "caption"
    LABEL = "label"
    VALUE = "value"
    TILE = "tile"
    FROZEN = "frozen"
    WORDS = "words"
    NOTE = "note"


class Of(StrEnum):
    """One number that describes many; the norm is the root of the sum of their squares."""

    SMALLEST = "smallest"
    MEAN = "mean"
    LARGEST = "largest"
    NORM = "norm"


STATISTICS: Mapping[Of, Callable[[Sequence[float]], float]] = {
    Of.SMALLEST: min,
    Of.MEAN: lambda values: math.fsum(values) / len(values),
    Of.LARGEST: max,
    Of.NORM: lambda values: math.hypot(*values),
}
"""How each is computed."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number that describes several quantities."""

    of: Of
    quantities: tuple[str, ...]

    def value(self, values: Mapping[str, float]) -> float:
        """The number, given those that it describes; NaN where one of them is."""
        numbers = [values[name] for name in self.quantities]
        return math.nan if any(map(math.isnan, numbers)) else STATISTICS[self.of](numbers)


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a place of the grid.

    text: as shown; of a label the quantity's name, of WORDS that of the quantity whose equation it is. number: the
    quantity, or the statistic, whose number is shown instead. kind: of the quantity, for its color: a phase, or "total"
    for the loss. scale: numbers of the same scale are colored by their sign and size.
    columns, rows: how many of the grid it takes.
    """

    look: Look
    row: int
    column: int
    text: str = ""
    number: str | Statistic = ""
    kind: str = ""
    scale: str = ""
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow through a column of the grid: from its left edge to its right, or back. left, right: the row, and where
    in it the arrow begins or ends, from 0 at the top to 1."""

    column: int
    left: tuple[int, float]
    right: tuple[int, float]
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a step.

    widths: of the columns, in characters. derived: what is shown but has no column in the trace (quantity → expression
    in terms of columns and of those before it).
    """

    widths: tuple[float, ...]
    items: tuple[Item, ...]
    arrows: tuple[Arrow, ...]
    derived: Mapping[str, Expression]

    @property
    def rows(self) -> int:
        """How many rows it takes."""
        return max(item.row + item.rows for item in self.items)

    def needed(self) -> list[str]:
        """What the derived quantities are computed from, besides each other."""
        found = dict.fromkeys(name.name for expression in self.derived.values() for name in names(expression))
        return [name for name in found if name not in self.derived]


@dataclass(slots=True)
class Sketch:
    """A picture while it is laid out.

    full: the system with every factor of the chain rule, where that of the trace is compact. nodes: the quantities
    whose gradients are shown.
    """

    system: System
    full: System
    nodes: Iterable[str]
    widths: list[float] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    phases: dict[str, Phase] = field(init=False)
    gradients: dict[str, Expression] = field(init=False)
    changes: dict[str, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.phases = self.system.columns()
        self.gradients = _without_columns(self.phases, self.full, self.nodes)

    def put(self, item: Item) -> None:
        self.items.append(item)

    def pair(self, row: int, column: int, name: str, scale: str = "", look: Look = Look.VALUE) -> None:
        """A quantity's name and its number."""
        kind = "total" if name == self.system.loss else str(self.phases.get(name, Phase.BACKWARD))
        self.put(Item(Look.LABEL, row, column, name, kind=kind))
        self.put(Item(look, row, column + 1, number=name, scale=scale))

    def gradient(self, name: str, loss: str | None = None) -> str:
        """The name of a quantity's gradient, "" if it has none. loss: of a batch, in place of a sample's."""
        gradient = self.system.gradient(name, loss)
        return gradient if gradient in self.phases or gradient in self.gradients else ""

    def change(self, parameter: str) -> Item:
        """What the update adds to a parameter, to be placed."""
        name = naming.change(parameter)
        update = self.system.updates.get(parameter)
        self.changes[name] = change_of(of_this_step(update), parameter) if update else ZERO
        return Item(Look.VALUE if update else Look.FROZEN, 0, 0, number=name, scale="change" if update else "")

    def done(self) -> Picture:
        return Picture(tuple(self.widths), tuple(self.items), tuple(self.arrows), self.gradients | self.changes)


def _without_columns(columns: Container[str], full: System, nodes: Iterable[str]) -> dict[str, Expression]:
    """The gradients that a compact trace has no column for, each in terms of its columns and of the gradients before;
    as far as their formulas are short enough."""
    gradients = set(map(full.gradient, nodes))
    inlined: dict[Expression, Expression] = {}
    found: dict[str, Expression] = {}
    for equation in full.equations:
        if equation.phase is not Phase.BACKWARD or equation.quantity in columns:
            continue
        expression = substitute(equation.expression, inlined)
        if sum(1 for _ in names(expression)) > MOST_NAMES:
            break
        if equation.quantity in gradients:
            found[equation.quantity] = expression
        else:
            inlined[Name(equation.quantity)] = expression
    return found


def label_width(labels: Iterable[str]) -> float:
    """How wide a column of names is, in characters."""
    return min(max(LEAST_LABEL, 0.9 * max(map(len, labels), default=0) + 2), WIDEST_LABEL)


def in_bands(count: int, first: int, beside: int, most: int) -> tuple[list[range], range]:
    """Numbers from 0 in bands of up to `beside`, of `first` in the first one; of more than `most` bands the ones at the
    start and the last, and the numbers that are left out."""
    starts = [0, *range(first, count, beside)]
    bands = [range(start, stop) for start, stop in zip(starts, [*starts[1:], count], strict=True)]
    if len(bands) <= most:
        return bands, range(0)
    kept = [*bands[: most - 1], bands[-1]]
    return kept, range(kept[-2].stop, kept[-1].start)


def listed(names: Sequence[str], least: int) -> str:
    """Names from the first to the last one."""
    return ", ".join(names) if len(names) <= least else f"{names[0]} to {names[-1]}"


def of_batch(captions: Sequence[str]) -> str:
    """What tells the gradients of a sample and of its batch apart. captions: over the numbers of a parameter."""
    sample, batch, change = captions[1:]
    return f"{sample} is that of the chosen sample; {change} follows from {batch}, that of the whole batch"
