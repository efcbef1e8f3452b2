"""An Excel formula → an `Expression` over cells. Nothing is executed; what the reader does not know, it refuses.

Precedence is Excel's own: a sign binds tighter than a power, and powers bind to the left.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tracer.formulas.tree import (
    ADD,
    COMPARISONS,
    DIV,
    MUL,
    NEG,
    POW,
    SUB,
    Call,
    Expression,
    Name,
    Number,
    names,
)
from tracer.grading.book.cells import Formula, Position
from tracer.grading.book.relative import PLACE, UnknownFormula, is_place, place, relative
from tracer.grading.book.worksheet_functions import CALLS, Values

LONGEST = 4_000
"""Characters of a formula."""
MOST_CELLS = 400
"""Cells of a range in a formula."""
_DEEPEST = 60


_TOKEN = re.compile(
    r"\s*(?:(?P<cell>(?:(?P<sheet>'(?:[^']|'')+'|(?:\[[^\[\]]+\])?[^\W\d][\w.]*)!)?(?P<place>R(?:\[-?\d+\]|\d+)C(?:\[-?\d+\]|\d+)))"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<symbol><=|>=|<>|[-+*/^%(),;:<>=]))"
)


def references(formula: Formula, cell: Position) -> list[Position]:
    """The cells of its own sheet that a cell's formula names. Raises UnknownFormula."""
    found = dict.fromkeys(n.name for n in names(read(relative(formula))))
    return [place(name, cell)[1] for name in found if is_place(name) and "!" not in name]


@lru_cache(maxsize=20_000)
def read(text: str) -> Expression:
    """A formula, as `relative` writes it, as an expression. Its names are references such as `R[-1]C[2]`, with
    `Sheet!` in front where they lead to another sheet, or names that the workbook defines.

    Raises UnknownFormula.
    """
    if len(text) > LONGEST:
        raise UnknownFormula("a formula of more than 4,000 characters")
    try:
        return _Reader(text).whole()
    except RecursionError:
        raise UnknownFormula("nested too deep") from None


class _Reader:
    """A precedence-climbing reader; its state is the token it stands on."""

    def __init__(self, text: str) -> None:
        self.text, self.end, self.depth = text, 0, 0
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            rest = self.text[self.end :].strip()
            if rest:
                raise UnknownFormula(f"'{rest[:12]}' is not understood")
            self.kind, self.token = "end", ""
            return
        self.kind = next(kind for kind in ("cell", "number", "name", "symbol") if match[kind])
        self.token, self.end = match[self.kind], match.end()

    def take(self, symbol: str) -> bool:
        if self.kind == "symbol" and self.token == symbol:
            self.advance()
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.take(symbol):
            raise UnknownFormula(f"'{symbol}' is missing")

    def whole(self) -> Expression:
        values = self.operation(0)
        if self.kind != "end":
            raise UnknownFormula(f"'{self.token}' is not understood")
        return _only(values)

    def operation(self, weakest: int) -> Values:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnknownFormula("nested too deep")
        left = self.operand()
        while self.kind == "symbol" and _BINDING.get(self.token, 0) > weakest:
            symbol = self.token
            self.advance()
            left = _each(symbol, left, self.operation(_BINDING[symbol]))
        self.depth -= 1
        return left

    def operand(self) -> Values:
        if self.take("-"):
            return [_negative(value) for value in self.operation(_SIGN)]
        if self.take("+"):
            return self.operation(_SIGN)
        if self.take("("):
            inner = self.operation(0)
            self.expect(")")
            return self.percent(inner)
        kind, token = self.kind, self.token
        if kind not in ("cell", "number", "name"):
            raise UnknownFormula(f"'{token}' stands where a value belongs" if token else "it breaks off")
        self.advance()
        if kind == "number":
            return self.percent([Number(float(token))])
        if kind == "name" and (self.kind, self.token) == ("symbol", "("):
            return self.percent(self.call(token))
        if kind == "cell" and self.take(":"):
            last = self.token
            if self.kind != "cell":
                raise UnknownFormula("a range breaks off")
            self.advance()
            return cells_between(token, last)
        return self.percent([Name(token if kind == "cell" else token.lower())])

    def percent(self, values: Values) -> Values:
        while self.take("%"):
            values = [
                Number(value.value / 100) if isinstance(value, Number) else Call(DIV, (value, Number(100.0)))
                for value in values
            ]
        return values

    def call(self, name: str) -> Values:
        wanted = name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
        rule = CALLS.get(wanted)
        if rule is None:
            raise UnknownFormula(f"the function {wanted} is not understood")
        self.expect("(")
        arguments: list[Values] = []
        if not self.take(")"):
            arguments.append(self.operation(0))
            while self.take(",") or self.take(";"):
                arguments.append(self.operation(0))
            self.expect(")")
        try:
            return rule(arguments)
        except (TypeError, ValueError, IndexError):
            raise UnknownFormula(f"the arguments of {wanted} are not understood") from None


def _only(values: Values) -> Expression:
    if len(values) != 1:
        raise UnknownFormula("a range stands where one value belongs")
    return values[0]


def _each(symbol: str, left: Values, right: Values) -> Values:
    """The operation on every cell of a range, or of two as long as each other."""
    count = max(len(left), len(right))
    if len(left) != len(right) and 1 not in (len(left), len(right)):
        raise UnknownFormula("ranges of different lengths stand together")
    pairs = zip(left * (count // len(left)), right * (count // len(right)), strict=True)
    return [combined(symbol, x, y) for x, y in pairs]


def _negative(value: Expression) -> Expression:
    return Number(-value.value) if isinstance(value, Number) else Call(NEG, (value,))


_BINDING = dict.fromkeys(COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": 4}
_SIGN = 5


def combined(symbol: str, left: Expression, right: Expression) -> Expression:
    """The operation as it was written; a chain of + or of * is one call of all its arguments."""
    function = COMPARISONS.get(symbol) or {"+": ADD, "-": SUB, "*": MUL, "/": DIV, "^": POW}[symbol]
    if function in (ADD, MUL) and isinstance(left, Call) and left.function == function:
        return Call(function, (*left.args, right))
    return Call(function, (left, right))


def cells_between(first: str, last: str) -> Values:
    """The references of a range, row by row."""
    sheet, _, start = first.rpartition("!")
    end = last.rpartition("!")[2]
    one, two = PLACE.fullmatch(start), PLACE.fullmatch(end)
    if not one or not two or (one[1], one[3]) != (two[1], two[3]):
        raise UnknownFormula("a range with one fixed end is not understood")
    rows = range(min(int(one[2]), int(two[2])), max(int(one[2]), int(two[2])) + 1)
    columns = range(min(int(one[4]), int(two[4])), max(int(one[4]), int(two[4])) + 1)
    if len(rows) * len(columns) > MOST_CELLS:
        raise UnknownFormula(f"a range of more than {MOST_CELLS} cells")
    front = f"{sheet}!" if sheet else ""
    close_row, close_column = ("]" if one[1] else ""), ("]" if one[3] else "")
    return [
        Name(f"{front}R{one[1]}{row}{close_row}C{one[3]}{column}{close_column}") for row in rows for column in columns
    ]


__all__ = ["UnknownFormula", "combined", "read", "references"]
