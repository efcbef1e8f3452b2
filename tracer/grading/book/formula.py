"""An Excel formula → an `Expression` over cells. Nothing is executed; unknown constructs are refused.

Precedence is Excel's own (Microsoft, "Calculation operators and precedence in Excel"): a sign binds tighter than a
power, and powers bind to the left.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial

from tracer.formulas import grammar
from tracer.formulas.grammar import FormulaError, Language
from tracer.formulas.tree import COMPARISONS, DIV, Call, Expression, Name, Number, distinct, fold
from tracer.grading.book.blocks import Block, Shown, each, single
from tracer.grading.book.cells import Formula, Position
from tracer.grading.book.relative import PLACE, UnknownFormula, is_place, place, relative
from tracer.grading.book.worksheet_functions import CONSTANTS, bound, function

LONGEST = 4_000
"""Characters of a formula."""
DEEPEST = 150
"""Levels of operations, such as those of a chain `a - b - c - …`; sums and products of many are one level."""
LARGEST = 20_000
"""Operations of a formula."""
MOST_CELLS = 400
"""Cells of a range in a formula."""

_TOKEN = re.compile(
    r"\s*(?:(?P<cell>(?:(?:'(?:[^']|'')+'|(?:\[[^\[\]]+\])?[^\W\d][\w.]*)!)?R(?:\[-?\d+\]|\d+)C(?:\[-?\d+\]|\d+))"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<symbol><=|>=|<>|[-+*/^%(),;:<>=]))"
)


def references(formula: Formula, cell: Position) -> list[Position]:
    """The cells of the same sheet that a cell's formula refers to. Raises UnknownFormula."""
    found = [n.name for n in distinct(read(relative(formula)))]
    return [place(name, cell)[1] for name in found if is_place(name) and "!" not in name]


@lru_cache(maxsize=20_000)
def read(text: str) -> Expression:
    """Parse a formula in the form of `relative`. Its names are references such as `R[-1]C[2]`, with the prefix `Sheet!`
    if they refer to another sheet, or names that the workbook defines.

    Raises UnknownFormula.
    """
    if len(text) > LONGEST:
        raise UnknownFormula(f"a formula of more than {LONGEST:,} characters")
    try:
        block = grammar.read(text, EXCEL)
    except FormulaError as error:
        raise UnknownFormula(error.problem) from None
    if not isinstance(block, Shown) and len(block) * len(block[0]) != 1:
        raise UnknownFormula("a range is used where a single value is expected")
    if fold(block[0][0], lambda _, depths: 1 + max(depths, default=0)) > DEEPEST:
        raise UnknownFormula(f"operations more than {DEEPEST} levels deep")
    if fold(block[0][0], lambda _, sizes: 1 + sum(sizes)) > LARGEST:
        raise UnknownFormula(f"more than {LARGEST:,} operations, with what LET names written out")
    return block[0][0]


def _operation(symbol: str, *blocks: Block) -> Block:
    return cells_between(*blocks) if symbol == ":" else each(partial(grammar.combined, symbol), *blocks)


def _percent(_sign: str, block: Block) -> Block:
    return each(lambda x: Number(x.value / 100) if isinstance(x, Number) else Call(DIV, (x, Number(100.0))), block)


def _name(name: str) -> Block:
    return single(CONSTANTS.get(name.upper(), Name(name.lower())))


EXCEL: Language[Block] = Language(
    token=_TOKEN, binding=dict.fromkeys(COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": 4, ":": 6}, sign=5,
    signs="-+", right="", postfix="%", commas=",;", deepest=60,
    number=lambda token: single(grammar.number(token)), name=_name, cell=lambda token: single(Name(token)),
    signed=lambda sign, block: each(lambda x: grammar.signed(sign, x), block), operation=_operation, after=_percent,
    function=function, bound=bound,
)  # fmt: skip


def cells_between(first: Block, last: Block, *, most: int = MOST_CELLS) -> Block:
    """The references of a range of that many cells at most. Raises UnknownFormula."""
    corners = [block[0][0] for block in (first, last) if len(block) == len(block[0]) == 1]
    names = [corner.name for corner in corners if isinstance(corner, Name) and is_place(corner.name)]
    if len(names) < 2:
        raise UnknownFormula("a range is incomplete")
    sheet, _, start = names[0].rpartition("!")
    one, two = PLACE.fullmatch(start), PLACE.fullmatch(names[1].rpartition("!")[2])
    if not one or not two or (one[1], one[3]) != (two[1], two[3]):
        raise UnknownFormula("a range with one fixed end is not supported")
    rows = range(min(int(one[2]), int(two[2])), max(int(one[2]), int(two[2])) + 1)
    columns = range(min(int(one[4]), int(two[4])), max(int(one[4]), int(two[4])) + 1)
    if len(rows) * len(columns) > most:
        raise UnknownFormula(f"a range of more than {most:,} cells")
    front = f"{sheet}!" if sheet else ""
    close_row, close_column = ("]" if one[1] else ""), ("]" if one[3] else "")
    return tuple(
        tuple(Name(f"{front}R{one[1]}{row}{close_row}C{one[3]}{column}{close_column}") for column in columns)
        for row in rows
    )
