"""Excel formulas as a graph reads them: besides the constructs of `book.formula`, what depends on the cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from tracer.formulas import grammar
from tracer.formulas.grammar import FormulaError, Language
from tracer.formulas.tree import ADD, COMPARISONS, ONE, SUB, Call, Expression, Name, Number, distinct, fold
from tracer.grading.book import formula, worksheet_functions
from tracer.grading.book.blocks import Block, Shown, each, shape, single
from tracer.grading.book.relative import PLACE, UnknownFormula, is_place
from tracer.grading.graph.facts import JOINED, NO_VALUE, OF_FACTS, OVER_NUMBERS, Facts, compared, over_numbers, picked

LONGEST = 8_192
"""Characters of a formula (Microsoft, "Excel specifications and limits")."""
MOST_CELLS = 20_000
"""Cells of a range in a formula."""

ROW, COLUMN = Name("ROW()"), Name("COLUMN()")
"""The row and the column of the formula's own cell."""

_OPEN_RANGE = re.compile(rf"({PLACE.pattern}):({PLACE.pattern})")
_ARRAY = re.compile(r'\{([-+\d.,;eE\s]*)\}|"[^"]*"')


def blocks(text: str, facts: tuple[tuple[str, str], ...] = ()) -> Block:
    """The values of a relative formula over references, row by row. facts: those to cells with a text, or empty ones,
    and the text. Raises UnknownFormula."""
    if len(text) > LONGEST:
        raise UnknownFormula(f"a formula of more than {LONGEST:,} characters")
    try:
        return grammar.read(_ARRAY.sub(_constant, text) if "{" in text else text, _language(facts))
    except FormulaError as error:
        raise UnknownFormula(error.problem) from None


def _constant(match: re.Match[str]) -> str:
    """An array constant as a call."""
    if match[1] is None:
        return match[0]
    rows = [row.split(",") for row in match[1].split(";")]
    return f"ARRAYCONSTANT({len(rows[0])},{','.join(value for row in rows for value in row)})"


def element(block: Block, where: tuple[int, int] | None) -> Expression:
    """The value that a cell shows: of an array formula that of its row and column, which a single one fills; else the
    only one, the first of a function of whole blocks, or the one in the cell's own row or column. Raises
    UnknownFormula."""
    if where is None:
        value = _intersection(block) if intersects(block) else block[0][0]
    else:
        rows, columns = shape(block)
        row, column = (0 if size == 1 else index for index, size in zip(where, (rows, columns), strict=True))
        if row >= rows or column >= columns:
            raise UnknownFormula("an array formula fills more cells than it has values")
        value = block[row][column]
    return fold(value, _without_text) if any(name.name.startswith('"') for name in distinct(value)) else value


def intersects(block: Block) -> bool:
    """Whether a cell shows, of these values, the one in its own row or column."""
    rows, columns = shape(block)
    return rows * columns > 1 and not isinstance(block, Shown)


def _without_text(node: Expression, args: list[Expression]) -> Expression:
    """What a text counts as among numbers."""
    if isinstance(node, Call):
        return NO_VALUE if node.function == JOINED else Call(node.function, tuple(args))
    return NO_VALUE if isinstance(node, Name) and node.name.startswith('"') else node


def _intersection(block: Block) -> Expression:
    """The value of a single row or column in the cell's own column or row. Raises UnknownFormula."""
    rows, columns = shape(block)
    own, letter = (ROW, 1) if columns == 1 else (COLUMN, 3)
    fixed = {*distinct(block[-1][-1])}
    moving = [name for name in distinct(block[0][0]) if is_place(name.name) and name not in fixed]
    starts = {_coordinate_of(name, own, letter) for name in moving}
    if len(starts) != 1 or 1 not in (rows, columns):
        raise UnknownFormula("a range is used where a single value is expected")
    place = Call(ADD, (Call(SUB, (own, *starts)), ONE))
    return picked(block, place, ONE)[0][0] if columns == 1 else picked(block, ONE, place)[0][0]


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


def _coordinate_of(reference: Expression, own: Name, letter: int) -> Expression:
    match = PLACE.fullmatch(reference.name.rpartition("!")[2]) if isinstance(reference, Name) else None
    if match is None:
        raise ValueError("ROW and COLUMN take a reference")
    value = Number(float(match[letter + 1]))
    return Call(ADD, (own, value)) if match[letter] else value


def _coordinate(own: Name, letter: int) -> Callable[[Sequence[Block]], Block]:
    def coordinate(arguments: Sequence[Block]) -> Block:
        if not arguments:
            return single(own)
        (block,) = arguments
        line = block[:1] if own is COLUMN else tuple(row[:1] for row in block)
        return each(lambda cell: _coordinate_of(cell, own, letter), line)

    return coordinate


def _function(facts: Facts, name: str) -> Callable[[Sequence[Block]], Block]:
    wanted = name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
    if wanted in ("ROW", "COLUMN"):
        return _coordinate(ROW, 1) if wanted == "ROW" else _coordinate(COLUMN, 3)
    if wanted == "SINGLE":
        return lambda arguments: single(element(arguments[0], None))
    if wanted in OVER_NUMBERS:
        return over_numbers(wanted, facts)
    if wanted in OF_FACTS:
        return partial(_of_facts, wanted, facts)
    return worksheet_functions.function(wanted)


def _of_facts(name: str, facts: Facts, arguments: Sequence[Block]) -> Block:
    try:
        return OF_FACTS[name](arguments, facts)
    except UnknownFormula:
        raise
    except (TypeError, ValueError, LookupError):
        raise ValueError(f"these arguments of {name} are not supported") from None


def _operation(facts: Facts, symbol: str, first: Block, *sides: Block) -> Block:
    if symbol == "&":
        return each(lambda *texts: Call(JOINED, texts), first, *sides)
    if symbol == ":":
        return formula.cells_between(first, *sides, most=MOST_CELLS)
    if symbol in COMPARISONS:
        return each(lambda x, y: compared(symbol, x, y, facts), first, *sides)
    return formula.EXCEL.operation(symbol, first, *sides)


def _name(name: str) -> Block:
    if name == "#REF!":
        raise ValueError("a reference points to a deleted cell (#REF!)")
    return single(NO_VALUE if name.startswith("#") else Name(name)) if name[0] in '"#' else formula.EXCEL.name(name)


TOKEN = re.compile(
    formula.EXCEL.token.pattern.replace(
        "(?P<name>", r'(?P<name>"(?:[^"]|"")*"|#(?:N/A|REF!|DIV/0!|VALUE!|NUM!|NAME\?|NULL!)|'
    ).replace("<=|>=", "&|<=|>=")
)


@lru_cache(maxsize=256)
def _language(facts: tuple[tuple[str, str], ...]) -> Language[Block]:
    known = dict(facts)
    return replace(
        formula.EXCEL, token=TOKEN, name=_name, function=partial(_function, known),
        operation=partial(_operation, known),
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


def mentioned(text: str) -> list[Name]:
    """The references in a relative formula, those to the cells of its ranges included. Raises UnknownFormula."""
    found: dict[Name, None] = {}
    cells: list[tuple[int, int, Name]] = []
    for match in TOKEN.finditer(text):
        if match["cell"] is not None:
            cells.append((match.start("cell"), match.end("cell"), Name(match["cell"])))
    for index, (start, _, name) in enumerate(cells):
        if index and text[cells[index - 1][1] : start] == ":":
            area = formula.cells_between(single(cells[index - 1][2]), single(name), most=MOST_CELLS)
            found.update((other, None) for row in area for other in row if isinstance(other, Name))
        found[name] = None
    return list(found)
