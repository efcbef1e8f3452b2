"""A document as plain text for a terminal: equations aligned at their signs, no line wider than the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tracer.columns import columns, padded, wrapped
from tracer.explain.document import Code, Document, Equation, Heading, Inline, Paragraph, Part, Picture, Table
from tracer.explain.templates import MOST_DIGITS, filled, template, written
from tracer.formulas.notation.text import TYPESET
from tracer.formulas.notation.typesetting import as_it_stands
from tracer.formulas.tree import Expression, Name, Number
from tracer.model import naming
from tracer.model.typography import typeset

PLAIN = replace(TYPESET, word=lambda symbol: {"σ": "sigmoid"}.get(symbol, symbol))
"""Functions by names in ASCII."""
UNDERLINES = {1: "=", 2: "-"}
"""Of headings, by their level."""
LONG_LEFT = 24
"""Columns of what is computed, above which the signs that follow stand below it."""
GLUE = "\N{NO-BREAK SPACE}"
GAP = 2
"""Blanks between the columns of a table."""
SUMS = (" + ", " − ", " - ")
"""Signs before which a long equation rather breaks."""


def text(document: Document, width: int = 80, ascii: bool = False) -> str:
    """The document as text of lines that are at most so wide, as far as its words and numbers are. ascii: in ASCII
    characters, ∂E/∂w1 as dE/dw1."""
    writer = _Writer({} if ascii else typeset(document.quantities), width, ascii)
    return "\n".join(writer.lines(document.parts)) + "\n"


@dataclass(frozen=True, slots=True)
class _Forms:
    """An equation as text: what is computed, with its sign; symbols; numbers; the result. Missing ones are empty."""

    left: str
    sign: str
    symbols: str
    numbers: str
    result: str


@dataclass(frozen=True, slots=True)
class _Writer:
    """names: how quantities are written; those that are missing by their own name. ascii: whether all is ASCII."""

    names: Mapping[str, str]
    width: int
    ascii: bool

    def lines(self, parts: Iterable[Part]) -> Iterator[str]:
        """The lines of all parts, a blank one between two, but not below a heading."""
        before: Part | None = None
        for is_equation, group in groupby(parts, key=lambda part: isinstance(part, Equation)):
            for block in [list(group)] if is_equation else ([part] for part in group):
                if before is not None and not (isinstance(before, Heading) and not isinstance(block[0], Heading)):
                    yield ""
                before = block[-1]
                yield from self._block(block)

    def _block(self, parts: Sequence[Part]) -> Iterator[str]:
        match parts[0]:
            case Heading(content, level):
                line = self._inline(content)
                yield from wrapped(line, self.width)
                if level in UNDERLINES:
                    yield UNDERLINES[level] * min(columns(line), self.width)
            case Paragraph(content):
                kept = self._inline(content).replace(" = ", f"{GLUE}={GLUE}")  # a number stays beside its name
                yield from (line.replace(GLUE, " ") for line in wrapped(kept, self.width))
            case Table():
                yield from self._table(parts[0])
            case Code(source):
                yield from (f"    {line}" for line in source.splitlines())
            case Picture(_, caption):
                yield from wrapped(f"[{caption}]", self.width)
            case _:
                yield from self._equations([self._forms(part) for part in parts if isinstance(part, Equation)])

    # ------------------------------------------------------------------------------------ equations

    def _forms(self, equation: Equation) -> _Forms:
        symbols = " = ".join(part if isinstance(part, str) else self._expression(part) for part in equation.symbols)
        numbers = ""
        if equation.put_in is not None and equation.value is not None:
            pieces = template(equation.put_in, equation.batch)
            numbers = filled(pieces, equation.value, equation.digits_put_in)
        result = "" if equation.result is None else written(equation.result, digits=equation.digits)
        sign = "←" if equation.is_update else "="
        forms = (self._expression(equation.left), sign, symbols, numbers, result)
        return _Forms(*map(self._spelled, forms))

    def _equations(self, equations: Sequence[_Forms]) -> Iterator[str]:
        """Equations one below the other: in columns where these are narrow enough, else each on several lines."""
        widths = [max(columns(cell) for cell in cells) for cells in zip(*map(_cells, equations), strict=True)]
        gaps = len(" = ") * (sum(map(bool, widths)) - 1) + self.ascii * len("<")
        if sum(widths) + gaps <= self.width:
            for equation in equations:
                yield self._in_columns(equation, widths)
            return
        was_long = True
        for number, equation in enumerate(equations):
            lines = list(self._on_lines(equation, widths[0]))
            if number and (was_long or len(lines) > 1):
                yield ""
            yield from lines
            was_long = len(lines) > 1

    def _in_columns(self, equation: _Forms, widths: Sequence[int]) -> str:
        line = padded(equation.left, widths[0])
        sign = equation.sign
        for cell, width in zip(_cells(equation)[1:], widths[1:], strict=True):
            if width:
                line += f" {sign if cell else ' ' * len(sign)} {padded(cell, width)}"
                sign = "=" if cell else sign
        return line.rstrip()

    def _on_lines(self, equation: _Forms, left: int) -> Iterator[str]:
        """An equation on one line, or on several: what follows from each sign begins below the one before."""
        forms = [form for form in _cells(equation)[1:] if form]
        begin, indent = padded(equation.left, left), left + len(f" {equation.sign} ")
        room = max(self.width - indent, 1)
        if columns(" = ".join(forms)) <= room:
            forms = [" = ".join(forms)]
        elif len(forms) > 1 and columns(" = ".join(forms[-2:])) <= room and equation.result:
            forms[-2:] = [" = ".join(forms[-2:])]
        sign = equation.sign
        if len(forms) > 1 and left > LONG_LEFT:
            yield equation.left
            begin, indent = " ", len(" ") + len(f" {sign} ")
            room = self.width - indent
        for form in forms:
            first, *more = wrapped(form, room, SUMS)
            yield f"{begin} {sign} {first}"
            yield from (f"{' ' * indent}{line}" for line in more)
            begin, sign = " " * (indent - len(" = ")), "="

    # ------------------------------------------------------------------------------------ tables and sentences

    def _table(self, table: Table) -> Iterator[str]:
        rows = [[self._inline(cell) for cell in row] for row in (table.head, *table.rows)]
        widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
        for number, row in enumerate(rows):
            cells = [
                padded(cell, width, right=index in table.numeric)
                for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            yield (" " * GAP).join(cells).rstrip()
            if not number:
                yield (" " * GAP).join("-" * width for width in widths)

    def _inline(self, content: Inline) -> str:
        return self._spelled("".join(part if isinstance(part, str) else self._expression(part) for part in content))

    def _spelled(self, line: str) -> str:
        return naming.to_ascii(line) if self.ascii else line

    def _expression(self, expression: Expression) -> str:
        if isinstance(expression, Number):
            return written(expression.value, digits=MOST_DIGITS)
        return as_it_stands(expression, PLAIN if self.ascii else TYPESET, self._name)

    def _name(self, name: Name) -> str:
        shown = self.names.get(name.name, naming.label(name.name))
        return f"{shown} over the batch" if name.batch else shown


def _cells(equation: _Forms) -> tuple[str, str, str, str]:
    return equation.left, equation.symbols, equation.numbers, equation.result
