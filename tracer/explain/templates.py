"""The right-hand side of an equation with the numbers substituted, as a template: literal text and quantities.

Filled with the values of a step it is text; a workbook turns the same template into a formula that builds the text from
its cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal

from tracer.formulas.notation.text import CUT, LONGEST_SUM, typeset
from tracer.formulas.symbols import SUPERSCRIPT_DIGITS
from tracer.formulas.tree import Call, Expression, Name, distinct, div
from tracer.formulas.tree import replace as substitute
from tracer.model.batches import REDUCTIONS

DIGITS, MOST_DIGITS = 6, 17
"""Significant digits of a substituted number; with so many every double has its own."""
RELIABLE = 15
"""Significant digits that every double keeps; spreadsheets show no more."""
PLAIN_FROM, PLAIN_BELOW = -4, 6
"""The range of powers of ten within which a number is written without an exponent."""
NEXT_POWER = 2.1715e-7
"""Added to the logarithm of a number: one that rounds up to a power of ten counts as it. log10(10 / 9.999995)."""
LEAST = 1e-300
"""Numbers below are written as 0; spreadsheets keep none below 2e-308."""

TOTAL = -1
"""In place of a row of a batch: the sum over all of them."""
BATCH_SIZE = Name("rows of the batch", batch=True)
"""The number of rows of a batch."""
POWER_SIGNS = ("^", *SUPERSCRIPT_DIGITS)
"""What may follow the base of a power."""
_MARK = re.compile("\x01(\\d+)\x02")


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a quantity's number in a text. signed: a negative number needs no brackets there. row: of a quantity
    in all rows of a batch, the row that is meant, counted from 0, or TOTAL."""

    name: Name
    signed: bool
    row: int = 0


Template = tuple[str | Slot, ...]


def template(expression: Expression, batch: int = 1) -> Template:
    """The expression as text, with a slot for every quantity in it; for one over a batch, a slot for each of so many
    rows, the middle ones left out where they are many. Where that number varies (0), their sum stands for them."""
    rows: Sequence[int] = range(batch) if batch <= LONGEST_SUM else (0, 1, 2, batch - 1)
    if not batch:
        rows = (TOTAL,)
        expression = of_sums(expression)
    slots: list[Slot] = []

    def mark(name: Name) -> str:
        if name.name == CUT:
            return CUT
        marks = []
        for row in rows if name.batch and name != BATCH_SIZE else (0,):
            marks.append(f"\x01{len(slots)}\x02")
            slots.append(Slot(name, False, row))
        return ", ".join(marks if len(marks) == batch or len(marks) == 1 else [*marks[:-1], CUT, marks[-1]])

    parts = _MARK.split(typeset(expression, mark))
    pieces: list[str | Slot] = []
    for index, part in enumerate(parts):
        if index % 2:
            begins = parts[index - 1] == "" or parts[index - 1].endswith(("(", "|", ", "))
            pieces.append(replace(slots[int(part)], signed=begins and not parts[index + 1].startswith(POWER_SIGNS)))
        elif part:
            pieces.append(part)
    return tuple(pieces)


def of_sums(expression: Expression) -> Expression:
    """The expression with the sums over a batch, and the number of its rows, in place of what is reduced over it."""
    of_batch = [name for name in distinct(expression) if name.batch]
    sums: dict[Expression, Expression] = {Call(REDUCTIONS["sum"], (name,)): name for name in of_batch}
    return substitute(expression, sums | {Call(REDUCTIONS["mean"], (n,)): div(n, BATCH_SIZE) for n in of_batch})


def filled(template: Template, value: Callable[[Slot], float], digits: int = DIGITS) -> str:
    """The template with the numbers substituted, each with so many significant digits; `value` gives the number of a
    slot."""
    return "".join(
        piece if isinstance(piece, str) else written(value(piece), piece.signed, digits) for piece in template
    )


def written(value: float, signed: bool = True, digits: int = DIGITS) -> str:
    """A number with so many significant digits, as a person writes it: 0.15, −0.0275, 1.23457e-7; a negative one in
    brackets where it is not `signed`."""
    if abs(value) < LEAST:
        return "0"
    number = rounded(abs(value), digits)
    power = number.adjusted()
    plain = PLAIN_FROM <= power < digits
    text = f"{number if plain else number.scaleb(-power):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = text if plain else f"{text}e{power}"
    if value > 0:
        return text
    return f"−{text}" if signed else f"(−{text})"


def rounded(value: float, digits: int) -> Decimal:
    """A number with so many significant digits, rounded as spreadsheets do: half up, from its first fifteen digits."""
    number = Decimal(repr(value) if digits > RELIABLE else f"{value:.15g}")
    return Context(digits, ROUND_HALF_UP).plus(number)


def exponent(size: float) -> int:
    """The power of ten of a positive number that is written with six digits."""
    return math.floor(math.log10(size) + NEXT_POWER)
