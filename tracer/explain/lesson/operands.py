"""The operands of quantities, level by level."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.explain.blocks import Line
from tracer.explain.document import Equation, Heading, Part
from tracer.explain.lesson.equations import of_line
from tracer.explain.lesson.subject import Subject
from tracer.formulas.tree import Expression, distinct


def numbered(subject: Subject, quantity: str) -> Equation:
    """The equation of a quantity that has one, with its numbers."""
    equation = subject.equation(quantity)
    assert equation is not None
    return of_line(subject.step, Line(quantity, equation.expression), subject.digits)


def operands(expression: Expression) -> list[str]:
    """The names in an expression, each once."""
    return [name.name for name in distinct(expression)]


def operands_of(subject: Subject, quantity: str) -> list[str]:
    """The names in the equation of a quantity; none if it has no equation."""
    equation = subject.equation(quantity)
    return operands(equation.expression) if equation else []


def deeper(subject: Subject, wanted: list[str], shown: set[str], level: int, place: str = "") -> Iterator[Part]:
    """What quantities are computed from, level by level. place: what the heading over the first numbers of
    one sample ends with."""
    heads = iter((["What it is computed from"] if level == 1 else []) + ["What these are computed from"])
    head = next(heads)
    for _ in range(level, subject.depth + 1):
        lines = [name for name in dict.fromkeys(wanted) if name not in shown and subject.equation(name)]
        if not lines:
            break
        of_sample = any(_is_of_a_sample(subject, name) for name in lines)
        yield Heading((head + place * of_sample,), 2)
        head, place = next(heads, "And these in turn"), "" if of_sample else place
        for name in lines:
            yield numbered(subject, name)
        shown |= {*lines}
        wanted = [operand for name in lines for operand in operands_of(subject, name)]


def _is_of_a_sample(subject: Subject, quantity: str) -> bool:
    """Whether a quantity has a value of its own for each sample of a batch."""
    equation = subject.equation(quantity)
    return equation is not None and not subject.system.once_an_iteration(equation.phase)
