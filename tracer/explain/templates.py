"""The right-hand side of an equation with the numbers substituted, as a template: literal text and quantities.

Filled with the values of a step it is text; a workbook turns the same template into a formula that builds the text from
its cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal

from tracer.formulas.notation import Parts, tokens
from tracer.formulas.notation import Slot as Slot
from tracer.formulas.notation.text import TYPESET
from tracer.formulas.notation.typesetting import LONGEST_SUM, Typesetting, lines, parts_of
from tracer.formulas.tree import Call, Expression, Name, distinct, div
from tracer.formulas.tree import replace as substitute
from tracer.model.batches import REDUCTIONS

DIGITS, MOST_DIGITS = 6, 17
"""Significant digits of a substituted number; with so many every double has its own."""
MOST_SHOWN = 12
"""Significant digits that the numbers put in give of a result; doubles keep 15, and what they compute has fewer."""
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

Template = tuple[str | Slot, ...]


def template(expression: Expression, batch: int = 1, setting: Typesetting = TYPESET) -> Template:
    """The expression as it is typeset, with a slot for every quantity in it; for one over a batch, a slot for each of
    so many rows, the middle ones left out where they are many. Where that number varies (0), their sum stands for
    them."""
    return _merged(piece for line in template_lines(expression, batch, setting) for piece in line)


def template_lines(expression: Expression, batch: int = 1, setting: Typesetting = TYPESET) -> list[Template]:
    """The template in pieces, between which a line may end."""
    rows: Sequence[int] = range(batch) if batch <= LONGEST_SUM else (0, 1, 2, batch - 1)
    if not batch:
        rows = (TOTAL,)
        expression = of_sums(expression)

    def slots(name: Name) -> Parts:
        places: list[Parts] = [Slot(name, row=row) for row in (rows if name.batch and name != BATCH_SIZE else (0,))]
        if len(places) not in (batch, 1):
            places.insert(-1, setting.cut)
        separated: list[Parts] = [setting.notation.comma] * (2 * len(places) - 1)
        separated[::2] = places
        return tuple(separated)

    found: list[Template] = []
    before = ""
    for parts in lines(parts_of(expression, setting, slots), setting):
        pieces = _merged(tokens(parts))
        placed: list[str | Slot] = []
        for index, piece in enumerate(pieces):
            if isinstance(piece, Slot):
                after = "".join(part for part in pieces[index + 1 : index + 2] if isinstance(part, str))
                raised = before.endswith(setting.raising) or after.startswith(setting.raised)
                signed = not raised and (not before or before.endswith(setting.opening))
                piece = replace(piece, signed=signed, raised=raised)
            before = piece if isinstance(piece, str) else " "
            placed.append(piece)
        found.append(tuple(placed))
    return found


def _merged(tokens: Iterable[str | Slot]) -> Template:
    """The slots, and what stands between two of them as one text."""
    pieces: list[str | Slot] = [""]
    for token in tokens:
        last = pieces[-1]
        if isinstance(token, str) and isinstance(last, str):
            pieces[-1] = last + token
        else:
            pieces.append(token)
    return tuple(pieces if pieces[0] else pieces[1:])


def of_sums(expression: Expression) -> Expression:
    """The expression with the sums over a batch, and the number of its rows, in place of what is reduced over it."""
    of_batch = [name for name in distinct(expression) if name.batch]
    sums: dict[Expression, Expression] = {Call(REDUCTIONS["sum"], (name,)): name for name in of_batch}
    return substitute(expression, sums | {Call(REDUCTIONS["mean"], (n,)): div(n, BATCH_SIZE) for n in of_batch})


def filled(
    template: Template, value: Callable[[Slot], float], digits: int = DIGITS, setting: Typesetting = TYPESET
) -> str:
    """The template with the numbers substituted, each with so many significant digits; `value` gives the number of a
    slot."""
    return "".join(
        piece if isinstance(piece, str) else written(value(piece), piece.signed, digits, setting, piece.raised)
        for piece in template
    )


UNKNOWN = "?"
"""Stands for a number that is missing, NaN, such as one of an iteration that is not kept."""


def written(
    value: float, signed: bool = True, digits: int = DIGITS, setting: Typesetting = TYPESET, raised: bool = False
) -> str:
    """A number with so many significant digits, as a person writes it: 0.15, −0.0275, 1.23457e-7; a negative one in
    brackets where it is not `signed`, one with a power of ten where it is itself `raised` to a power."""
    if value != value:
        return UNKNOWN
    if abs(value) < LEAST:
        return setting.number("0")
    if not math.isfinite(value):
        return setting.number(str(abs(value)), 0, value < 0, value < 0 and not signed)
    number = rounded(abs(value), digits)
    power = number.adjusted()
    if PLAIN_FROM <= power < max(min(digits, PLAIN_BELOW), len(number.normalize().as_tuple().digits)):
        power = 0
    text = f"{number.scaleb(-power):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    in_brackets = (value < 0 and not signed) or (power != 0 and raised and setting.two_dimensional)
    return setting.number(text, power, value < 0, in_brackets)


def rounded(value: float, digits: int) -> Decimal:
    """A number with so many significant digits, rounded as spreadsheets do: half up, from its first fifteen digits."""
    number = Decimal(repr(value) if digits > RELIABLE else f"{value:.15g}")
    return Context(digits, ROUND_HALF_UP).plus(number)


def exponent(size: float) -> int:
    """The power of ten of a positive number that is written with six digits."""
    return math.floor(math.log10(size) + NEXT_POWER)
