"""An Excel formula → an `Expression` over cells. Nothing is executed; what the reader does not know, it refuses.

The formula is first written relative to its own cell (`R[-1]C[2]`, `R31C7`), so that a formula copied down a column is
one text, parsed once. Precedence is Excel's own: a sign binds tighter than a power, and powers bind to the left.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tracer.expression import (
    ADD,
    COMPARISONS,
    DIV,
    MUL,
    NEG,
    ONE,
    POW,
    SUB,
    Call,
    Expression,
    Function,
    Name,
    Number,
)
from tracer.functions import FUNCTIONS
from tracer.grading.cells import MAX_COLUMN, MAX_ROW, Formula, Position, column_number

ROUND = Function("round", ("x", "digits"))
"""ROUND(x; digits), which the expression language does not have: a sheet may round on its way."""

LONGEST = 4_000
"""Characters of a formula."""
MOST_CELLS = 400
"""Cells of a range in a formula."""
_DEEPEST = 60


class UnknownFormula(ValueError):
    """A formula that this reader does not understand; the message says what of it."""


_A1 = re.compile(
    r"(?<![A-Za-z0-9_.$\[\\])(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d{0,6})(?![A-Za-z0-9_.(\[!])|\"[^\"]*\"|'[^']*'"
)
_TOKEN = re.compile(
    r"\s*(?:(?P<cell>(?:(?P<sheet>'(?:[^']|'')+'|[^\W\d][\w.]*)!)?(?P<place>R(?:\[-?\d+\]|\d+)C(?:\[-?\d+\]|\d+)))"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<symbol><=|>=|<>|[-+*/^%(),;:<>=]))"
)
_PLACE = re.compile(r"R(\[?)(-?\d+)\]?C(\[?)(-?\d+)\]?")


def relative(formula: Formula) -> str:
    """The formula's text with its references written relative to its cell."""

    def written(match: re.Match[str]) -> str:
        if match[2] is None:
            return match[0]
        row, column = int(match[4]), column_number(match[2])
        down = f"R{row}" if match[3] else f"R[{row - formula.row}]"
        return down + (f"C{column}" if match[1] else f"C[{column - formula.column}]")

    return _A1.sub(written, formula.text.lstrip("=+ "))


def is_place(name: str) -> bool:
    """Whether a name of `read` means a cell, and not a name that the workbook defines."""
    return bool(_PLACE.fullmatch(name.rpartition("!")[2]))


def place(name: str, cell: Position) -> tuple[str, Position]:
    """The sheet ("" for the formula's own) and the cell that a name of `read` means, in the formula of that cell.

    Raises UnknownFormula where it lies outside of the sheet.
    """
    sheet, rows, down, columns, along = _parts(name)
    row, column = rows + (cell[0] if down else 0), columns + (cell[1] if along else 0)
    if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
        raise UnknownFormula("a reference leaves the sheet")
    return sheet, (row, column)


@lru_cache(maxsize=20_000)
def _parts(name: str) -> tuple[str, int, bool, int, bool]:
    """The sheet of a reference, its rows and columns, and whether each of them counts from the formula's cell."""
    sheet, _, where = name.rpartition("!")
    match = _PLACE.fullmatch(where)
    assert match, name
    return sheet.strip("'").replace("''", "'"), int(match[2]), bool(match[1]), int(match[4]), bool(match[3])


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
        expression = self.operation(0)
        if self.kind != "end":
            raise UnknownFormula(f"'{self.token}' is not understood")
        return expression

    def operation(self, weakest: int) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnknownFormula("nested too deep")
        left = self.operand()
        while self.kind == "symbol" and _BINDING.get(self.token, 0) > weakest:
            symbol = self.token
            self.advance()
            left = combined(symbol, left, self.operation(_BINDING[symbol]))
        self.depth -= 1
        return left

    def operand(self) -> Expression:
        if self.take("-"):
            inner = self.operation(_SIGN)
            return Number(-inner.value) if isinstance(inner, Number) else Call(NEG, (inner,))
        if self.take("+"):
            return self.operation(_SIGN)
        if self.take("("):
            inner = self.operation(0)
            self.expect(")")
            return self.percent(inner)
        kind, token = self.kind, self.token
        if kind in ("cell", "number", "name"):
            self.advance()
            if kind == "number":
                return self.percent(Number(float(token)))
            if kind == "name" and self.take("("):
                return self.percent(self.call(token))
            if self.kind == "symbol" and self.token == ":":
                raise UnknownFormula("a range stands where one value belongs")
            return self.percent(Name(token if kind == "cell" else token.lower()))
        raise UnknownFormula(f"'{token}' stands where a value belongs" if token else "it breaks off")

    def percent(self, value: Expression) -> Expression:
        while self.take("%"):
            value = Number(value.value / 100) if isinstance(value, Number) else Call(DIV, (value, Number(100.0)))
        return value

    def call(self, name: str) -> Expression:
        wanted = name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
        rule = _CALLS.get(wanted)
        if rule is None:
            raise UnknownFormula(f"the function {wanted} is not understood")
        arguments: list[list[Expression]] = []
        if not self.take(")"):
            arguments.append(self.argument())
            while self.take(",") or self.take(";"):
                arguments.append(self.argument())
            self.expect(")")
        try:
            return rule(arguments)
        except (TypeError, ValueError, IndexError):
            raise UnknownFormula(f"the arguments of {wanted} are not understood") from None

    def argument(self) -> list[Expression]:
        """One argument: the cells of a range, or one value."""
        if self.kind == "cell":
            at, first = self.end, self.token
            self.advance()
            if self.take(":"):
                last = self.token
                if self.kind != "cell":
                    raise UnknownFormula("a range breaks off")
                self.advance()
                return cells_between(first, last)
            self.end = at - len(first)  # back to the reference, which begins an operation
            self.advance()
        return [self.operation(0)]


_BINDING = dict.fromkeys(COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": 4}
_SIGN = 5


def combined(symbol: str, left: Expression, right: Expression) -> Expression:
    """The operation as it was written; a chain of + or of * is one call of all its arguments."""
    function = COMPARISONS.get(symbol) or {"+": ADD, "-": SUB, "*": MUL, "/": DIV, "^": POW}[symbol]
    if function in (ADD, MUL) and isinstance(left, Call) and left.function == function:
        return Call(function, (*left.args, right))
    return Call(function, (left, right))


def cells_between(first: str, last: str) -> list[Expression]:
    """The references of a range, row by row."""
    sheet, _, start = first.rpartition("!")
    end = last.rpartition("!")[2]
    one, two = _PLACE.fullmatch(start), _PLACE.fullmatch(end)
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


Arguments = list[list[Expression]]


def _flat(arguments: Arguments) -> list[Expression]:
    return [value for argument in arguments for value in argument]


def _one(arguments: Arguments, index: int = 0) -> Expression:
    (value,) = arguments[index]
    return value


def _chain(function: Function, values: list[Expression]) -> Expression:
    if not values:
        raise ValueError
    return values[0] if len(values) == 1 else Call(function, tuple(values))


def _call(name: str) -> Callable[[Arguments], Expression]:
    function = FUNCTIONS[name]

    def rule(arguments: Arguments) -> Expression:
        if len(arguments) != len(function.parameters):
            raise ValueError
        return Call(function, tuple(_one(arguments, index) for index in range(len(arguments))))

    return rule


def _nested(name: str) -> Callable[[Arguments], Expression]:
    def rule(arguments: Arguments) -> Expression:
        first, *rest = _flat(arguments)
        for value in rest:
            first = Call(FUNCTIONS[name], (first, value))
        return first

    return rule


def _sum_of_products(arguments: Arguments) -> Expression:
    columns = zip(*arguments, strict=True)
    return _chain(ADD, [_chain(MUL, list(factors)) for factors in columns])


def _logarithm(arguments: Arguments) -> Expression:
    log = FUNCTIONS["log"]
    base = _one(arguments, 1) if len(arguments) > 1 else Number(10.0)
    return Call(DIV, (Call(log, (_one(arguments),)), Call(log, (base,))))


def _square(value: Expression) -> Expression:
    return Call(POW, (value, Number(2.0)))


_PI = Number(3.141592653589793)

_CALLS: dict[str, Callable[[Arguments], Expression]] = {
    **{excel: _call(ours) for excel, ours in {
        "EXP": "exp", "LN": "log", "SQRT": "sqrt", "ABS": "abs", "SIGN": "sign", "SIN": "sin", "COS": "cos",
        "TANH": "tanh", "NORMSDIST": "normal_cdf", "IF": "if",
    }.items()},
    "MIN": _nested("min"),
    "MAX": _nested("max"),
    "LOG": _logarithm,
    "LOG10": _logarithm,
    "NORM.S.DIST": lambda arguments: Call(FUNCTIONS["normal_cdf"], (_one(arguments),)),
    "SUM": lambda arguments: _chain(ADD, _flat(arguments)),
    "PRODUCT": lambda arguments: _chain(MUL, _flat(arguments)),
    "SUMPRODUCT": _sum_of_products,
    "SUMSQ": lambda arguments: _chain(ADD, [_square(value) for value in _flat(arguments)]),
    "SUMXMY2": lambda arguments: _chain(
        ADD, [_square(Call(SUB, (x, y))) for x, y in zip(arguments[0], arguments[1], strict=True)]
    ),
    "AVERAGE": lambda arguments: Call(
        DIV, (_chain(ADD, _flat(arguments)), Number(float(len(_flat(arguments)))))
    ),
    "POWER": lambda arguments: Call(POW, (_one(arguments), _one(arguments, 1))),
    "PI": lambda arguments: _PI,
    "ROUND": lambda arguments: Call(ROUND, (_one(arguments), _one(arguments, 1))),
    "IFERROR": lambda arguments: _one(arguments),
    "N": lambda arguments: _one(arguments),
    "VALUE": lambda arguments: _one(arguments),
    "TRUE": lambda arguments: ONE,
}  # fmt: skip
"""Excel's functions, as expressions of ours; an argument is the list of its cells."""

__all__ = ["ROUND", "UnknownFormula", "combined", "place", "read", "relative"]
