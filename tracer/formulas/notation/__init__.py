"""Renderers: an expression as Python, as NumPy, as an Excel formula, as text, in LaTeX, in MathML.

A notation is a table of operators, a rule for functions, and what the functions' rows except from it; there is one walk
for all of them. Brackets come from precedence, never from "wrap everything".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from tracer.formulas.primitives import PRIMITIVES
from tracer.formulas.tree import Call, Expression, Name, Number, fold

ATOM = 100
"""The precedence of expressions that never need brackets: names, positive numbers, function calls."""
ALL = -1
"""The index that stands for all arguments in the pieces of a template."""


LENGTH_OF_NUMBER = 4
"""What a slot counts for, in characters."""


class TooLong(ValueError):
    """A text that would exceed its length limit."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How an operator is written.

    template: with `{}` for the arguments; without, the text that stands between two arguments.
    precedence: how tightly it binds; a call binds as tightly as ATOM.
    arguments: the least precedence that the first and the following arguments need to stand without brackets.
    is_tall: whether it is taller than a line.
    """

    template: str
    precedence: int
    arguments: tuple[int, int]
    is_tall: bool = False

    @property
    def is_infix(self) -> bool:
        """Whether it is written between its arguments, and takes any number of them."""
        return "{" not in self.template

    def takes(self, args: Sequence[Written]) -> bool:
        """Whether it can be written for these arguments: of those that it repeats, none is an operation."""
        if self.is_infix:
            return True
        used = [piece for piece in _pieces(self.template) if isinstance(piece, int)]
        return len({*used}) == len(args) and all(
            isinstance(arg.parts, str) or used.count(index) == 1 for index, arg in enumerate(args)
        )


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to write expressions: how operators, functions and numbers are spelled.

    name: as the rows of functions call it. function: a function's name in it, where the function's row does not except
    it. brackets: around arguments, and around what binds too loosely; around what is taller than a line tall_brackets,
    where it has these. applied: what stands between a function and its arguments. call: around both.
    """

    name: str
    operators: Mapping[str, Operator]
    function: Callable[[str], str]
    number: Callable[[float], str]
    comma: str = ", "
    brackets: tuple[str, str] = ("(", ")")
    tall_brackets: tuple[str, str] | None = None
    applied: str = ""
    call: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a quantity's number in a text. signed: a negative number needs no brackets there. row: of a quantity
    in all rows of a batch, the row that is meant, counted from 0, or `templates.TOTAL`. raised: a power follows."""

    name: Name
    signed: bool = False
    row: int = 0
    raised: bool = False


Parts = str | Slot | tuple["Parts", ...]


class Written(NamedTuple):
    """An expression in a notation: its text in parts, which are joined only once, how tightly it binds, and whether it
    is taller than a line."""

    parts: Parts
    precedence: int
    is_tall: bool = False


def infix(symbol: str, precedence: int, first: int | None = None, following: int | None = None) -> Operator:
    """An operator between its arguments, left-associative unless the arguments' precedences say otherwise."""
    return Operator(
        symbol,
        precedence,
        (precedence if first is None else first, precedence + 1 if following is None else following),
    )


def render(expression: Expression, notation: Notation, spell: Callable[[Name], str], longest: int | None = None) -> str:
    """Write the expression in a notation; `spell` says how a quantity is written there.

    Raises TooLong if the text has more than `longest` characters, without building it.
    """

    def visit(node: Expression, args: list[Written]) -> Written:
        if isinstance(node, Call):
            return compose(notation, node.function.name, args)
        return leaf(notation, node, spell)

    return joined(fold(expression, visit).parts, longest)


def leaf(notation: Notation, node: Expression, spell: Callable[[Name], str]) -> Written:
    """A name or a number in a notation."""
    if isinstance(node, Name):
        return Written(spell(node), ATOM)
    assert isinstance(node, Number)
    text = notation.number(node.value)
    return Written(text, notation.operators["neg"].precedence if text.startswith("-") else ATOM)


def compose(notation: Notation, name: str, args: Sequence[Written]) -> Written:
    """A function or an operator of arguments that are already rendered."""
    operator = notation.operators.get(name)
    is_tall = any(arg.is_tall for arg in args)
    if operator is None or not operator.takes(args):
        row = PRIMITIVES.get(name)
        spelled = row.spelled.get(notation.name) if row else None
        if spelled is None or "{" not in spelled:
            return called(notation, spelled or notation.function(name), args)
        return Written(_filled(spelled, [arg.parts for arg in args], notation.comma), ATOM, is_tall)
    least, following = operator.arguments
    parts: list[Parts] = []
    for arg in args:
        parts.append((arg if arg.precedence >= least else bracketed(notation, arg)).parts)
        least = following
    is_tall = is_tall or operator.is_tall
    if operator.is_infix:
        return Written(_between(operator.template, parts), operator.precedence, is_tall)
    return Written(_filled(operator.template, parts, notation.comma), operator.precedence, is_tall)


def called(notation: Notation, function: str, args: Sequence[Written]) -> Written:
    """A call of a function that is called so."""
    inner = Written(_between(notation.comma, [arg.parts for arg in args]), 0, any(arg.is_tall for arg in args))
    begin, end = notation.call
    return Written((begin, function, notation.applied, bracketed(notation, inner).parts, end), ATOM, inner.is_tall)


def bracketed(notation: Notation, written: Written) -> Written:
    """An expression in brackets."""
    begin, end = (written.is_tall and notation.tall_brackets) or notation.brackets
    return Written((begin, written.parts, end), ATOM, written.is_tall)


def _between(separator: str, parts: Sequence[Parts]) -> Parts:
    found: list[Parts] = [separator] * (2 * len(parts) - 1)
    found[::2] = parts
    return tuple(found)


def _filled(template: str, parts: Sequence[Parts], comma: str) -> Parts:
    return tuple(
        piece if isinstance(piece, str) else _between(comma, parts) if piece == ALL else parts[piece]
        for piece in _pieces(template)
    )


@lru_cache(maxsize=256)
def _pieces(template: str) -> tuple[str | int, ...]:
    """A template as its texts, and the indices of the arguments between them."""
    pieces: list[str | int] = []
    count = 0
    for text, argument, *_ in Formatter().parse(template):
        if text:
            pieces.append(text)
        if argument is not None:
            pieces.append(ALL if argument == "*" else int(argument or count))
            count += 1
    return tuple(pieces)


def joined(parts: Parts, longest: int | None = None) -> str:
    """The text of a written expression without slots. Raises TooLong."""
    return parts if isinstance(parts, str) else "".join(map(str, tokens(parts, longest)))


def tokens(parts: Parts, longest: int | None = None) -> list[str | Slot]:
    """The texts of a written expression, and the slots between them. Raises TooLong if the texts have more than
    `longest` characters."""
    found: list[str | Slot] = []
    length = 0
    pending: list[Parts] = [parts]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            pending += part[::-1]
            continue
        found.append(part)
        if longest is not None:
            length += len(part) if isinstance(part, str) else LENGTH_OF_NUMBER
            if length > longest:
                raise TooLong(f"more than {longest:,} characters")
    return found


def shortest(value: float) -> str:
    """The shortest decimal that reads back as the same double, whole numbers without a point: 0.5, 2, 1e-8."""
    digits, exponent, power = repr(value).partition("e")
    return f"{digits.removesuffix('.0')}{exponent}{power and int(power)}"
