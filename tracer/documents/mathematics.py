"""The equations of a document in a two-dimensional notation, in pieces between which a line may break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from tracer.explain.document import Document, Equation, Inline, Part
from tracer.explain.templates import MOST_DIGITS, filled, template_lines, written
from tracer.formulas.notation.typesetting import as_it_stands, lines_as_it_stands
from tracer.formulas.tree import Expression, Name, Number
from tracer.model import naming
from tracer.model.typography import Typeface, typeface, typeset


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula within a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """What follows a sign in an equation, in pieces."""

    sign: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """An equation: what is computed, and what it is equal to, each form behind its sign."""

    left: str
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Mathematics:
    """Writes formulas. names: how quantities are written; one that is missing is written by its name."""

    face: Typeface
    names: Mapping[str, str]

    def inline(self, content: Inline) -> list[str | Formula]:
        """A text with formulas in it; most numbers are text."""
        return [part if isinstance(part, str) else _number(part) or Formula(self.expression(part)) for part in content]

    def expression(self, expression: Expression) -> str:
        """An expression as it stands."""
        if isinstance(expression, Number):
            return written(expression.value, digits=MOST_DIGITS, setting=self.face.setting)
        return as_it_stands(expression, self.face.setting, self._name)

    def equation(self, equation: Equation) -> Written:
        """An equation with its forms: symbols, the numbers put in, the result."""
        setting = self.face.setting
        pieces: list[list[str]] = [
            [setting.plain(symbols)]
            if isinstance(symbols, str)
            else lines_as_it_stands(symbols, setting, self._name)
            for symbols in equation.symbols
        ]  # fmt: skip
        if equation.put_in is not None and equation.value is not None:
            templates = template_lines(equation.put_in, equation.batch, setting)
            pieces.append([filled(line, equation.value, equation.digits_put_in, setting) for line in templates])
        if equation.result is not None:
            result = [written(equation.result, digits=equation.digits, setting=setting)]
            pieces += [result] if not pieces or pieces[-1] != result else []
        signs = [setting.assigned if equation.is_update else setting.equal, *[setting.equal] * len(pieces)]
        forms = tuple(Form(sign, tuple(form)) for sign, form in zip(signs, pieces, strict=False))
        return Written(self.expression(equation.left), forms)

    def _name(self, name: Name) -> str:
        shown = self.names.get(name.name) or self.face.word(naming.label(name.name))
        return shown + self.face.setting.plain(" over the batch") if name.batch else shown


def _number(expression: Expression) -> str:
    """A number as text, if it needs no power of ten."""
    text = written(expression.value, digits=MOST_DIGITS) if isinstance(expression, Number) else "e"
    return "" if "e" in text else text


def mathematics(document: Document, notation: str) -> Mathematics:
    """What writes the formulas of a document in one of `typography.NOTATIONS`."""
    return Mathematics(typeface(notation), typeset(document.quantities, notation))


def blocks(parts: Iterable[Part], most: int) -> Iterator[Part | list[Equation]]:
    """The parts, with equations that follow each other in blocks of about the same size, of at most so many."""
    for is_equation, group in groupby(parts, lambda part: isinstance(part, Equation)):
        if not is_equation:
            yield from group
            continue
        equations = [part for part in group if isinstance(part, Equation)]
        size = ceil(len(equations) / ceil(len(equations) / most))
        for first in range(0, len(equations), size):
            yield equations[first : first + size]
