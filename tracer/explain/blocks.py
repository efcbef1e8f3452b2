"""The equations of a step in numbered blocks, in the order in which a lecturer writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tracer.explain.templates import Template, template
from tracer.formulas.tree import Expression, names
from tracer.formulas.tree import replace as substitute
from tracer.model.system import Equation, Phase, System


@dataclass(frozen=True, slots=True)
class Line:
    """One equation. `is_update`: its result is the quantity's value in the next iteration."""

    quantity: str
    expression: Expression
    is_update: bool = False

    def template(self, batch: int = 1) -> Template:
        """The right-hand side with the numbers substituted, for batches of the given number of rows."""
        return ("= ", *template(self.expression, batch))


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together: those of a layer. left_out: how many more there are of the same kind."""

    layer: str
    lines: tuple[Line, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a step. phase: determines its colors. why: a sentence on what it is for."""

    title: str
    phase: Phase
    groups: tuple[Group, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Shorten:
    """Of a group of more than `most` lines the first and the last ones are kept."""

    most: int
    first: int
    last: int

    def cut(self, group: Group) -> Group:
        """The group, or what is kept of it."""
        count = len(group.lines)
        if count <= self.most:
            return group
        return Group(group.layer, group.lines[: self.first] + group.lines[-self.last :], count - self.first - self.last)


REASONS = {
    "Forward": "From the inputs to the outputs: each quantity from those before it, in a network layer by layer.",
    "Loss": "One number says how far the outputs are from the targets. Training makes it smaller.",
    "Output gradients": "Backward now, by the chain rule: how the loss changes with each output, with the net input "
    "behind it, and so with each weight of the last layer.",
    "Backpropagated error": "Only outputs have targets. The error of everything before them comes back along the paths "
    "that the values took forward, times the slope of each step.",
    "Hidden gradients": "Once a neuron's error is known, the gradient of a weight is that error times the input that "
    "came in through the weight.",
    "Gradients": "How the loss changes with each parameter: where this is positive, more of it means more loss.",
    "Batch": "Each sample asks for a different change. The update takes them together.",
    "Updates": "A gradient points uphill, so each parameter moves against it; the learning rate says how far.",
}
"""What each block is for, by its title."""
NUMBERS = ("I", "II", "III", "IV", "V", "VI", "VII")
"""Of the blocks. LibreOffice would complete a typed 3 to a title that begins with it."""


def blocks(system: System, shorten: Shorten | None = None) -> list[Block]:
    """A step's equations in the order in which a lecturer writes them down; empty blocks are omitted. shorten: how long
    groups are cut; without, all lines are there."""
    gradients = {system.gradient(parameter.name) for parameter in system.parameters}
    backward = [equation for equation in system.equations if equation.phase is Phase.BACKWARD]
    forward = [equation for equation in system.equations if equation.phase is Phase.FORWARD]
    output = forward[-1].layer if len({equation.layer for equation in forward}) > 1 else None
    at_output = [equation for equation in backward if equation.layer == output]
    behind = [equation for equation in backward if equation.layer != output]
    batch = [equation for equation in system.equations if equation.phase is Phase.BATCH]
    optimizer = [equation for equation in system.equations if equation.phase is Phase.OPTIMIZER]
    updates = [*map(_line, optimizer), *(Line(name, update, True) for name, update in system.updates.items())]
    cut = shorten.cut if shorten else lambda group: group
    last = cut(Group("", tuple(updates)))  # before they are rewritten, which takes long where they are many
    last = replace(last, lines=tuple(map(_of_this_step, last.lines)))
    of_parameters = "Hidden gradients" if output else "Gradients"
    parts = [
        ("Forward", Phase.FORWARD, _groups(forward)),
        ("Loss", Phase.LOSS, _groups([e for e in system.equations if e.phase is Phase.LOSS])),
        ("Output gradients", Phase.BACKWARD, _groups(at_output)),
        ("Backpropagated error", Phase.BACKWARD, _groups([e for e in behind if e.quantity not in gradients])),
        (of_parameters, Phase.BACKWARD, _groups([e for e in behind if e.quantity in gradients])),
        ("Batch", Phase.BATCH, _groups(batch)),
        ("Updates", Phase.PARAMETER, (last,) if system.updates else ()),
    ]
    present = [(title, phase, groups) for title, phase, groups in parts if groups]
    return [
        Block(f"{number}  {title}", phase, tuple(map(cut, groups)), REASONS[title])
        for number, (title, phase, groups) in zip(NUMBERS, present, strict=False)
    ]


def _groups(equations: Sequence[Equation]) -> tuple[Group, ...]:
    layers = groupby(equations, key=lambda equation: equation.layer)
    return tuple(Group(layer, tuple(map(_line, group))) for layer, group in layers)


def _of_this_step(line: Line) -> Line:
    return replace(line, expression=of_this_step(line.expression)) if line.is_update else line


def of_this_step(update: Expression) -> Expression:
    """An update in terms of the step that it follows."""
    return substitute(update, {name: replace(name, lag=0) for name in names(update)})


def _line(equation: Equation) -> Line:
    return Line(equation.quantity, equation.expression)
