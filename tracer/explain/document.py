"""An explanation as data: headings, paragraphs, equations, tables and pictures, independent of any notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from tracer.explain.templates import DIGITS, Slot
from tracer.formulas.tree import Expression, distinct
from tracer.model.quantity import Quantity

Inline = tuple[str | Expression, ...]
"""A text with expressions in it: a quantity by its name, a number, or more."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. level: 1 for the title, 2 for a part of it, 3 for a part of that."""

    text: Inline
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: Inline


@dataclass(frozen=True, slots=True)
class Equation:
    """left = symbols = the numbers put in = result; each part but `left` may be missing.

    left: the quantity, or what else is computed. symbols: its expression, several where one is rewritten step by step,
    each written as it stands; or words where these are shorter. put_in: the expression whose names the numbers stand
    for; without, there are none. value: of a slot of it. batch: the rows of a batch, for `templates.template`.
    digits: significant digits of the result. digits_put_in: those of the numbers put in, as many as it takes for them
    to give the result. is_update: the result is the quantity's next value, written with ←.
    """

    left: Expression
    symbols: tuple[Expression | str, ...] = ()
    put_in: Expression | None = None
    value: Callable[[Slot], float] | None = None
    result: float | None = None
    batch: int = 1
    digits: int = DIGITS
    digits_put_in: int = DIGITS
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, by rows. numeric: the columns of numbers, which are aligned at the right."""

    head: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture. svg: its source. caption: what it shows, for who cannot see it. file: its name where it is written
    beside the document; without, it is part of the document as far as that can hold it."""

    svg: str
    caption: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A text as it stands in a file. language: what it is written in, such as yaml."""

    text: str
    language: str


Part = Heading | Paragraph | Equation | Table | Picture | Code


@dataclass(frozen=True, slots=True)
class Document:
    """Parts in their order. quantities: what every name in them stands for."""

    parts: tuple[Part, ...]
    quantities: Mapping[str, Quantity]


def named(parts: Iterable[Part]) -> set[str]:
    """The names in the parts of a document."""
    return {name.name for part in parts for expression in _expressions(part) for name in distinct(expression)}


def _expressions(part: Part) -> Iterator[Expression]:
    match part:
        case Heading(text) | Paragraph(text):
            yield from _symbols(text)
        case Equation():
            yield part.left
            yield from _symbols(part.symbols)
        case Table(head, rows):
            for cell in chain(head, *rows):
                yield from _symbols(cell)


def _symbols(content: Inline) -> Iterator[Expression]:
    return (part for part in content if isinstance(part, Expression))
