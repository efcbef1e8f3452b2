"""Excel formulas as a graph reads them: besides the constructs of `book.formula`, what depends on the cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from tracer.formulas import grammar
from tracer.formulas.grammar import FormulaError
from tracer.formulas.tree import ADD, DIV, ZERO, Call, Expression, Function, Name, Number, distinct
from tracer.grading.book import formula, worksheet_functions
from tracer.grading.book.blocks import Block, Shown, flat, only, shape, single
from tracer.grading.book.relative import PLACE, UnknownFormula, is_place

LONGEST = 8_192
"""Characters of a formula (Microsoft, "Excel specifications and limits")."""
MOST_CELLS = 20_000
"""Cells of a range in a formula."""

ROW, COLUMN = Name("ROW()"), Name("COLUMN()")
"""The row and the column of the formula's own cell."""
PICK = "INDEX"
"""The name of the function that picks one of its arguments: the row, the column, and the values row by row."""
NO_VALUE = Call(DIV, (ZERO, ZERO))
"""A text, which is not a number."""

_OPEN_RANGE = re.compile(rf"({PLACE.pattern}):({PLACE.pattern})")


@lru_cache(maxsize=20_000)
def blocks(text: str) -> Block:
    """The values of a relative formula over references, row by row. Raises UnknownFormula."""
    if len(text) > LONGEST:
        raise UnknownFormula(f"a formula of more than {LONGEST:,} characters")
    try:
        return grammar.read(text, LANGUAGE)
    except FormulaError as error:
        raise UnknownFormula(error.problem) from None


def element(block: Block, where: tuple[int, int] | None) -> Expression:
    """The value that a cell shows: of an array formula that of its row and column, which a single one fills; else the
    only one, or the first of a function of whole blocks. Raises UnknownFormula."""
    rows, columns = shape(block)
    if where is None:
        if not isinstance(block, Shown) and rows * columns != 1:
            raise UnknownFormula("a range is used where a single value is expected")
        return block[0][0]
    row, column = (0 if size == 1 else index for index, size in zip(where, (rows, columns), strict=True))
    if row >= rows or column >= columns:
        raise UnknownFormula("an array formula fills more cells than it has values")
    return block[row][column]


def closed(text: str, row: int, column: int) -> str:
    """The formula with ranges of one fixed end, such as `$A$1:A5`, written relative to the cell at both ends."""

    def written(match: re.Match[str]) -> str:
        first, last = match.groups()[1:5], match.groups()[6:10]
        ends = []
        for letter, here, index in (("R", row, 0), ("C", column, 2)):
            moves = [bool(end[index]) for end in (first, last)]
            values = [int(end[index + 1]) for end in (first, last)]
            if moves[0] != moves[1]:
                values = [value if move else value - here for value, move in zip(values, moves, strict=True)]
            ends.append([f"{letter}[{value}]" if any(moves) else f"{letter}{value}" for value in values])
        return ":".join(a + b for a, b in zip(*ends, strict=True))

    return _OPEN_RANGE.sub(written, text)


def is_open(text: str) -> bool:
    """Whether the formula has a range of one fixed end."""
    return any((m[2], m[4]) != (m[7], m[9]) for m in _OPEN_RANGE.finditer(text))


def _index(arguments: Sequence[Block]) -> Block:
    """INDEX; one at a computed place becomes a PICK."""
    cells, *places = arguments
    if all(isinstance(value, Number) for value in flat(places)):
        return worksheet_functions.function(PICK)(arguments)
    numbers = [only(place) for place in places]
    if len(numbers) == 1:
        numbers.insert(0 if len(cells) == 1 else 1, Number(1.0))
    if len(numbers) != 2:
        raise ValueError("these arguments of INDEX are not supported")
    rows, columns = shape(cells)
    return single(Call(picker(rows, columns), (*numbers, *flat([cells]))))


def picker(rows: int, columns: int) -> Function:
    """The function that picks a value of a block of that shape."""
    return Function(PICK, settings=(("rows", float(rows)), ("columns", float(columns))))


def _coordinate(own: Name, letter: int) -> Callable[[Sequence[Block]], Block]:
    def coordinate(arguments: Sequence[Block]) -> Block:
        if not arguments:
            return single(own)
        (block,) = arguments
        first = block[0][0]
        match = PLACE.fullmatch(first.name.rpartition("!")[2]) if isinstance(first, Name) else None
        if match is None:
            raise ValueError("ROW and COLUMN take a reference")
        value = Number(float(match[letter + 1]))
        return single(Call(ADD, (own, value)) if match[letter] else value)

    return coordinate


_OF_GRAPHS: dict[str, Callable[[Sequence[Block]], Block]] = {
    PICK: _index,
    "ROW": _coordinate(ROW, 1),
    "COLUMN": _coordinate(COLUMN, 3),
}
"""The functions whose value depends on the formula's own cell or on where it looks."""


def _function(name: str) -> Callable[[Sequence[Block]], Block]:
    return _OF_GRAPHS.get(name.upper()) or worksheet_functions.function(name)


def _operation(symbol: str, first: Block, *sides: Block) -> Block:
    if symbol == "&":
        raise ValueError("it makes a text")
    if symbol == ":":
        return formula.cells_between(first, *sides, most=MOST_CELLS)
    return formula.EXCEL.operation(symbol, first, *sides)


def _name(name: str) -> Block:
    return single(NO_VALUE) if name.startswith('"') else formula.EXCEL.name(name)


_TOKEN = re.compile(
    formula.EXCEL.token.pattern.replace("(?P<name>", '(?P<name>"(?:[^"]|"")*"|').replace("<=|>=", "&|<=|>=")
)
LANGUAGE = replace(
    formula.EXCEL, token=_TOKEN, name=_name, function=_function, operation=_operation,
    binding={symbol: 2 * strength for symbol, strength in formula.EXCEL.binding.items()} | {"&": 3},
    sign=2 * formula.EXCEL.sign,
)  # fmt: skip


def references(expression: Expression) -> list[Name]:
    """The references in an expression, each once. Raises UnknownFormula for another name."""
    names = [name for name in distinct(expression) if name not in (ROW, COLUMN) and name.name[0] not in "#@"]
    for name in names:
        if not is_place(name.name):
            raise UnknownFormula(f"the name '{name.name}' is not defined as a cell")
    return names
