"""Every equation as a lecturer writes it: symbols, the numbers put in, the result; in numbered blocks.

The numbers put in are a template: literal text and quantities. Filled with the values of a step it is text; a workbook
turns the same template into a formula that builds the text from its cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from tracer import naming
from tracer.batches import REDUCTIONS
from tracer.expression import Call, Expression, Name, names
from tracer.expression import replace as substitute
from tracer.notation.text import CUT, LONGEST_SUM, text
from tracer.system import Equation, Phase, System

DIGITS = 6
"""Significant digits of a number that is put in."""
PLAIN_FROM, PLAIN_BELOW = -4, 6
"""The powers of ten within which a number is written without one."""
NEXT_POWER = 2.1715e-7
"""Added to the logarithm of a number: one that rounds up to a power of ten counts as it. log10(10 / 9.999995)."""
LEAST = 1e-300
"""Numbers below are written as 0; spreadsheets keep none below 2e-308."""

TOTAL = -1
"""In place of a row of a batch: the sum over all of them."""
BATCH_SIZE = Name("rows of the batch", batch=True)
"""How many rows a batch has."""
_MARK = re.compile("\x01(\\d+)\x02")


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a quantity's number in a text. signed: a negative number needs no brackets there. row: of a quantity
    in all rows of a batch, the row that is meant, counted from 0, or TOTAL."""

    name: Name
    signed: bool
    row: int = 0


Template = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One equation. `is_update`: its result is the quantity's value in the next iteration."""

    quantity: str
    expression: Expression
    is_update: bool = False

    def template(self, batch: int = 1) -> Template:
        """The right-hand side with the numbers put in, for batches of so many rows."""
        return ("= ", *template(self.expression, batch))


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together: those of a layer. left_out: how many more there are of the same kind."""

    layer: str
    lines: tuple[Line, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a step. Phase: which colours it has."""

    title: str
    phase: Phase
    groups: tuple[Group, ...]


def template(expression: Expression, batch: int = 1) -> Template:
    """The expression as text, with a slot for every quantity in it; for one over a batch, a slot for each of so many
    rows, the middle ones left out where they are many. Where that number varies (0), their sum stands for them."""
    match expression:
        case Call(function, (Name(batch=True) as name,)) if not batch:
            total: Template = (Slot(name, True, TOTAL),)
            return (*total, "/", Slot(BATCH_SIZE, True)) if function == REDUCTIONS["mean"] else total
    rows = range(batch) if batch <= LONGEST_SUM else (0, 1, 2, batch - 1)
    slots: list[Slot] = []

    def mark(name: Name) -> str:
        if name.name == CUT:
            return CUT
        marks = []
        for row in rows if name.batch else (0,):
            marks.append(f"\x01{len(slots)}\x02")
            slots.append(Slot(name, False, row))
        return ", ".join(marks if len(marks) == batch or len(marks) == 1 else [*marks[:-1], CUT, marks[-1]])

    parts = _MARK.split(text(expression, mark))
    pieces: list[str | Slot] = []
    for index, part in enumerate(parts):
        if index % 2:
            begins = parts[index - 1] == "" or parts[index - 1].endswith(("(", "|", ", "))
            pieces.append(replace(slots[int(part)], signed=begins and not parts[index + 1].startswith("^")))
        elif part:
            pieces.append(part)
    return tuple(pieces)


def filled(template: Template, value: Callable[[Slot], float]) -> str:
    """The template with the numbers put in; `value` gives the number of a slot."""
    return "".join(piece if isinstance(piece, str) else written(value(piece), piece.signed) for piece in template)


def written(value: float, signed: bool = True) -> str:
    """A number with six significant digits, as a person writes it: 0.15, −0.0275, 1.23457e-7; a negative one in
    brackets where it is not `signed`. It is rounded as spreadsheets do: half up, from its first fifteen digits."""
    size = abs(value)
    if size < LEAST:
        return "0"
    power = exponent(size)
    number = Decimal(f"{size:.15g}")
    if PLAIN_FROM <= power < PLAIN_BELOW:
        digits = _rounded(number, DIGITS - 1 - power)
    else:
        digits = f"{_rounded(number.scaleb(-power), DIGITS - 1)}e{power}"
    if value > 0:
        return digits
    return f"−{digits}" if signed else f"(−{digits})"


def exponent(size: float) -> int:
    """The power of ten of a positive number that is written with six digits."""
    return math.floor(math.log10(size) + NEXT_POWER)


def _rounded(number: Decimal, decimals: int) -> str:
    digits = f"{number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


# ------------------------------------------------------------------------------------------------ the blocks


def blocks(system: System) -> list[Block]:
    """A step's equations in the order in which a lecturer writes them down; blocks without any are left out."""
    gradients = {naming.gradient(parameter.name, system.loss) for parameter in system.parameters}
    backward = [equation for equation in system.equations if equation.phase is Phase.BACKWARD]
    forward = [equation for equation in system.equations if equation.phase is Phase.FORWARD]
    output = forward[-1].layer if len({equation.layer for equation in forward}) > 1 else None
    at_output = [equation for equation in backward if equation.layer == output]
    behind = [equation for equation in backward if equation.layer != output]
    batch = [equation for equation in system.equations if equation.phase is Phase.BATCH]
    optimizer = [equation for equation in system.equations if equation.phase is Phase.OPTIMIZER]
    updates = [Line(name, _of_this_step(update), is_update=True) for name, update in system.updates.items()]
    of_parameters = "Hidden gradients" if output else "Gradients"
    parts = [
        ("Forward", Phase.FORWARD, _groups(forward)),
        ("Loss", Phase.LOSS, _groups([e for e in system.equations if e.phase is Phase.LOSS])),
        ("Output gradients", Phase.BACKWARD, _groups(at_output)),
        ("The error carried back", Phase.BACKWARD, _groups([e for e in behind if e.quantity not in gradients])),
        (of_parameters, Phase.BACKWARD, _groups([e for e in behind if e.quantity in gradients])),
        ("The batch", Phase.BATCH, _groups(batch)),
        ("Updates", Phase.PARAMETER, (Group("", (*map(_line, optimizer), *updates)),) if updates else ()),
    ]
    present = [(title, phase, groups) for title, phase, groups in parts if groups]
    return [Block(f"{number}  {title}", phase, groups) for number, (title, phase, groups) in enumerate(present, 1)]


def _groups(equations: Sequence[Equation]) -> tuple[Group, ...]:
    layers = groupby(equations, key=lambda equation: equation.layer)
    return tuple(Group(layer, tuple(map(_line, group))) for layer, group in layers)


def _of_this_step(update: Expression) -> Expression:
    """An update as it reads in the step that it follows."""
    return substitute(update, {name: replace(name, lag=0) for name in names(update)})


def _line(equation: Equation) -> Line:
    return Line(equation.quantity, equation.expression)


def shortened(blocks: Iterable[Block], most: int, first: int, last: int) -> list[Block]:
    """The blocks with the first and the last lines of each group of more than `most`."""

    def cut(group: Group) -> Group:
        count = len(group.lines)
        if count <= most:
            return group
        return Group(group.layer, group.lines[:first] + group.lines[-last:], count - first - last)

    return [replace(block, groups=tuple(map(cut, block.groups))) for block in blocks]
