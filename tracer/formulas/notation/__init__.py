"""Renderers: an expression as Python, as an Excel formula, as text.

A notation is a table; there is one walk for all of them. Brackets come from precedence, never from "wrap everything".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tracer.formulas.tree import Call, Expression, Name, Number

ATOM = 100
"""The precedence of what never needs brackets: names, positive numbers, function calls."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How an operator is written.

    template: with `{}` for the arguments; without, the text that stands between two arguments.
    precedence: how tightly it binds; a call binds as tightly as ATOM.
    arguments: the least precedence that the first and the following arguments need to stand without brackets.
    """

    template: str
    precedence: int
    arguments: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to write expressions: how operators, functions and numbers are spelt.

    A function is a template with `{}` for its arguments, or a name before any number of them in brackets.
    """

    operators: Mapping[str, Operator]
    functions: Mapping[str, str]
    number: Callable[[float], str]
    comma: str = ", "


def infix(symbol: str, precedence: int, first: int | None = None, following: int | None = None) -> Operator:
    """An operator between its arguments, left-associative unless the arguments' precedences say otherwise."""
    return Operator(
        symbol,
        precedence,
        (precedence if first is None else first, precedence + 1 if following is None else following),
    )


def render(expression: Expression, notation: Notation, spell: Callable[[Name], str]) -> str:
    """Write the expression in a notation; `spell` says how a quantity is written there."""
    return _render(expression, notation, spell)[0]


def _render(expression: Expression, notation: Notation, spell: Callable[[Name], str]) -> tuple[str, int]:
    if isinstance(expression, Name):
        return spell(expression), ATOM
    if isinstance(expression, Number):
        text = notation.number(expression.value)
        return text, notation.operators["neg"].precedence if text.startswith("-") else ATOM
    assert isinstance(expression, Call)
    name = expression.function.name
    rendered = [_render(arg, notation, spell) for arg in expression.args]
    operator = notation.operators.get(name)
    if operator is None or (len(rendered) > 2 and name in notation.functions):
        return _function(notation, name, [text for text, _ in rendered]), ATOM
    first, following = operator.arguments
    texts = [
        text if precedence >= (following if index else first) else f"({text})"
        for index, (text, precedence) in enumerate(rendered)
    ]
    if "{" in operator.template:
        return operator.template.format(*texts), operator.precedence
    return operator.template.join(texts), operator.precedence


def _function(notation: Notation, name: str, arguments: list[str]) -> str:
    template = notation.functions[name]
    return template.format(*arguments) if "{" in template else f"{template}({notation.comma.join(arguments)})"


def shortest(value: float) -> str:
    """The shortest decimal that reads back as the same double, whole numbers without a point: 0.5, 2, 1e-08."""
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text
