"""How a quantity appears in a picture: its label, its number and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from tracer.charts.screen.canvas import Canvas, fitted
from tracer.columns import columns
from tracer.model import naming
from tracer.model.system import Phase, System

NUMBER, SHORT_NUMBER = 7, 6
"""Characters of a number, and where there is less room."""
UNKNOWN = "·"
PARTIAL = "∂"
"""Before the name of a quantity whose gradient takes its place."""

Value = Callable[[str], float | None]
"""The number of a quantity by its name; None where it is not known yet."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is pointed out: the quantities whose places are current, and those that it is computed from. exact: the
    quantities themselves, where a place has several numbers."""

    current: Collection[str] = ()
    operands: Collection[str] = ()
    exact: Collection[str] = ()

    def style(self, name: str, otherwise: str) -> str:
        """The style of a quantity's place."""
        mark = " current" if name in self.current else " operand" if name in self.operands else ""
        return f"{otherwise}{mark}".strip()

    def __contains__(self, name: object) -> bool:
        return name in self.current or name in self.operands


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a picture.

    names: how quantities are typeset. beside: whether gradients stand beside the numbers; else they take their places.
    marks: what is pointed out. number: how many characters a number takes.
    """

    system: System
    value: Value
    names: Mapping[str, str]
    marks: Marks
    beside: bool = False
    number: int = NUMBER
    phases: Mapping[str, Phase] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "phases", self.system.columns())

    def label(self, name: str) -> str:
        """How a quantity is called."""
        return self.names.get(name, name)

    def label_width(self, names: Collection[str]) -> int:
        """How many characters the labels of these quantities take."""
        longest = max((columns(self.label(name)) for name in names), default=0)
        return longest + (not self.beside)

    def width(self, labels: int) -> int:
        """How many characters a place takes with labels of this width."""
        return labels + 1 + self.number + (2 + self.number) * self.beside

    def gradient(self, name: str) -> tuple[str, float] | None:
        """The gradient of a quantity, as far as it is known: that of the batch before that of a sample."""
        for loss in filter(None, (self.system.batch_loss, self.system.loss)):
            gradient = self.system.gradient(name, loss)
            if (value := self.value(gradient)) is not None:
                return gradient, value
        return None

    def put(self, canvas: Canvas, row: int, column: int, name: str, labels: int) -> int:
        """Write a quantity in its place; the column after it."""
        label, value, style = self.label(name), self.value(name), str(self.phases.get(name, ""))
        gradient, updated = self.gradient(name), self.value(naming.after_update(name))
        if updated is not None:
            value, style = updated, "update"
        elif gradient is not None and not self.beside:
            label, value, style = PARTIAL + label, gradient[1], "backward"
        number = UNKNOWN if value is None else fitted(value, self.number)
        if value is None:
            style = "dim"
        beside = gradient if self.beside else None
        exact = self.marks.exact
        if not beside or name in exact or beside[0] not in exact:
            style = self.marks.style(name, style)
        text = label + " " * (labels - columns(label) + 1) + number
        canvas.put(row, column, text, style)
        end = column + columns(text)
        if beside:
            text = PARTIAL + fitted(beside[1], self.number)
            style = self.marks.style(name, "backward") if beside[0] in exact else "backward"
            canvas.put(row, column + labels + self.number + 2, text, style)
            end = column + labels + self.number + 2 + len(text)
        return end
