"""Excel's functions as expressions: those of the primitives' rows, those that a formula stands for,
and those of whole blocks of cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import chain
from typing import NamedTuple

from tracer.formulas.grammar import parse
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.primitives import FUNCTIONS, PRIMITIVES, ROUND
from tracer.formulas.tree import (
    ADD,
    COMPARISONS,
    DIV,
    MUL,
    ONE,
    POW,
    SUB,
    ZERO,
    Call,
    Expression,
    Function,
    Name,
    Number,
    with_names,
)
from tracer.grading.book.blocks import Block, Shown, each, flat, only, shape, single, transposed
from tracer.grading.book.relative import is_place

CONSTANTS: dict[str, Expression] = {"TRUE": ONE, "FALSE": ZERO}

FORMULAS = {
    "POWER(x,y)": "x^y",
    "LOG(x,y)": "log(x) / log(y)",
    "NORM.S.DIST(x,0)": "exp(-x^2 / 2) / sqrt(2 * 3.141592653589793)",
    "PI()": "3.141592653589793",
    "TRUE()": "1",
    "FALSE()": "0",
    "IFERROR(x,y)": "x",
    "IFNA(x,y)": "x",
    "SINH(x)": "(exp(x) - exp(-x)) / 2",
    "COSH(x)": "(exp(x) + exp(-x)) / 2",
    "TAN(x)": "sin(x) / cos(x)",
    "ERFC(x)": "1 - erf(x)",
    "MOD(x,y)": "x - y * floor(x / y)",
    "TRUNC(x)": "if(x < 0, -floor(-x), floor(x))",
    "TRUNC(x,0)": "if(x < 0, -floor(-x), floor(x))",
    "ROUNDDOWN(x,0)": "if(x < 0, -floor(-x), floor(x))",
    "ROUNDUP(x,0)": "if(x < 0, floor(x), -floor(-x))",
    "CEILING(x,1)": "-floor(-x)",
    "CEILING.MATH(x)": "-floor(-x)",
    "QUOTIENT(x,y)": "if(x / y < 0, -floor(-(x / y)), floor(x / y))",
    "N(x)": "x",
    "VALUE(x)": "x",
}
"""A call in Excel, in which a number stands for itself → the equivalent formula."""


class _Form(NamedTuple):
    """A way to call a function: a name for every argument, or the number that it has to be, and what it means."""

    arguments: tuple[str, ...]
    meaning: Expression

    def takes(self, blocks: Sequence[Block]) -> bool:
        """Whether these arguments fit."""
        return len(blocks) == len(self.arguments) and all(
            word.isalpha() or block == single(Number(float(word)))
            for word, block in zip(self.arguments, blocks, strict=True)
        )

    def value(self, blocks: Sequence[Block]) -> Block:
        """The value for these arguments; of ranges, that of each of their cells."""
        named = {Name(word): block for word, block in zip(self.arguments, blocks, strict=True) if word.isalpha()}
        return each(lambda *values: with_names(self.meaning, dict(zip(named, values, strict=True))), *named.values())


@cache
def _forms() -> dict[str, list[_Form]]:
    """The functions of single values by name, each with the ways to call it; those with a fixed number first."""
    found: dict[str, list[_Form]] = {}
    for call, meaning in _calls():
        name, *arguments = re.findall(r"[\w.]+", call)
        found.setdefault(name, []).append(_Form(tuple(arguments), meaning))
    return found


def _calls() -> Iterator[tuple[str, Expression]]:
    for name, row in PRIMITIVES.items():
        meaning = Call(FUNCTIONS.get(name, ROUND), tuple(map(Name, row.parameters)))
        yield from ((call, meaning) for call in (*row.excel, f"{_excel(name)}({','.join(row.parameters)})"))
    yield from ((call, parse(formula, FUNCTIONS)) for call, formula in FORMULAS.items())


def function_names() -> set[str]:
    """The worksheet functions that are read, as Excel spells them."""
    return {*_forms(), *_OF_BLOCKS}


def _excel(name: str) -> str:
    return PRIMITIVES[name].spelled.get(EXCEL.name, EXCEL.function(name))


# ------------------------------------------------------------------------------------------------ of whole blocks


def _chain(function: Function, values: Sequence[Expression]) -> Expression:
    if not values:
        raise ValueError
    return values[0] if len(values) == 1 else Call(function, tuple(values))


def _of_all(function: Function) -> Callable[[Sequence[Block]], Block]:
    return lambda blocks: single(_chain(function, flat(blocks)))


def _median(blocks: Sequence[Block]) -> Block:
    """The median of up to three values; of three, it clips one to an interval."""
    least, greatest = FUNCTIONS["min"], FUNCTIONS["max"]
    match flat(blocks):
        case [x]:
            return single(x)
        case [x, y]:
            return _average(blocks)
        case [x, y, z]:
            upper = Call(least, (Call(greatest, (x, y)), z))
            return single(Call(greatest, (Call(least, (x, y)), upper)))
    raise ValueError


def _extreme(function: Function) -> Callable[[Sequence[Block]], Block]:
    """LARGE or SMALL, the first of them."""

    def extreme(blocks: Sequence[Block]) -> Block:
        cells, place = blocks
        if _number(place) != 1.0:
            raise ValueError
        return single(_chain(function, flat([cells])))

    return extreme


def _square(value: Expression) -> Expression:
    return Call(POW, (value, Number(2.0)))


def _sum_of_squares(blocks: Sequence[Block]) -> Block:
    return single(_chain(ADD, [_square(value) for value in flat(blocks)]))


def _sum_of_squared_differences(blocks: Sequence[Block]) -> Block:
    x, y = blocks
    pairs = zip(flat([x]), flat([y]), strict=True)
    return single(_chain(ADD, [_square(Call(SUB, pair)) for pair in pairs]))


def _average(blocks: Sequence[Block]) -> Block:
    values = flat(blocks)
    return single(Call(DIV, (_chain(ADD, values), Number(float(len(values))))))


def _dot(*rows: Sequence[Expression]) -> Expression:
    return _chain(ADD, [_chain(MUL, factors) for factors in zip(*rows, strict=True)])


def _sum_of_products(blocks: Sequence[Block]) -> Block:
    if len(set(map(shape, blocks))) != 1:
        raise ValueError
    return single(_dot(*(flat([block]) for block in blocks)))


def _matrix_product(blocks: Sequence[Block]) -> Block:
    x, y = blocks
    return Shown(tuple(tuple(_dot(row, column) for column in transposed(y)) for row in x))


def _item(blocks: Sequence[Block]) -> Block:
    """INDEX: a cell by its row and column, or a whole one of these where the other is 0; of a single row or column, the
    place in it will do."""
    cells, *numbers = blocks
    places = [int(_number(block)) for block in numbers]
    if len(places) == 1 and 1 in shape(cells):
        places.insert(0 if len(cells) == 1 else 1, 1)
    row, column = places
    if min(row, column) < 0 or row == column == 0:
        raise ValueError
    rows = cells if not row else (cells[row - 1],)
    return rows if not column else tuple((line[column - 1],) for line in rows)


def _choice(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    if isinstance(condition, Number):
        return then if condition.value else otherwise
    return Call(FUNCTIONS["if"], (condition, then, otherwise))


def _first_true(conditions: Sequence[Expression], values: Sequence[Expression], otherwise: Expression) -> Block:
    """The value of the first condition that holds."""
    for condition, then in reversed(list(zip(conditions, values, strict=True))):
        otherwise = _choice(condition, then, otherwise)
    return single(otherwise)


def _ifs(blocks: Sequence[Block]) -> Block:
    values = [only(block) for block in blocks]
    return _first_true(values[::2], values[1::2], _NO_VALUE)


def _case(blocks: Sequence[Block]) -> Block:
    """SWITCH: the value behind the one that equals the first, or the last of all."""
    looked_for, *values = map(only, blocks)
    otherwise = values.pop() if len(values) % 2 else _NO_VALUE
    return _first_true([Call(COMPARISONS["="], (looked_for, value)) for value in values[::2]], values[1::2], otherwise)


def _numbered(blocks: Sequence[Block]) -> Block:
    """CHOOSE: the value of that number."""
    number, *values = blocks
    if isinstance(only(number), Number):
        return dict(enumerate(values, 1))[int(_number(number))]
    return _case([number, *chain.from_iterable((single(Number(float(n))), x) for n, x in enumerate(values, 1))])


def _all(blocks: Sequence[Block]) -> Block:
    result: Expression = ONE
    for condition in reversed(flat(blocks)):
        result = _choice(condition, result, ZERO)
    return single(result)


def _squares_about_the_mean(blocks: Sequence[Block]) -> Block:
    mean = only(_average(blocks))
    return single(_chain(ADD, [_square(Call(SUB, (value, mean))) for value in flat(blocks)]))


def _spread(missing: int, function: str = "") -> Callable[[Sequence[Block]], Block]:
    """The variance, with the count less `missing` below; or a function of it."""

    def spread(blocks: Sequence[Block]) -> Block:
        count = Number(float(len(flat(blocks)) - missing))
        variance = Call(DIV, (only(_squares_about_the_mean(blocks)), count))
        return single(Call(FUNCTIONS[function], (variance,)) if function else variance)

    return spread


def _sum_of_squares_less(blocks: Sequence[Block]) -> Block:
    x, y = blocks
    return single(Call(SUB, (only(_sum_of_squares([x])), only(_sum_of_squares([y])))))


def _beside(blocks: Sequence[Block]) -> Block:
    return tuple(tuple(chain.from_iterable(rows)) for rows in zip(*blocks, strict=True))


def _with_names(blocks: Sequence[Block]) -> Block:
    """LET: its last argument; the names in it have been replaced as it was read."""
    if len(blocks) < 3 or not len(blocks) % 2:
        raise ValueError
    return blocks[-1]


def _constrained(blocks: Sequence[Block]) -> Block:
    """ARRAY_CONSTRAIN, of Google Sheets: a block cut to a number of rows and columns."""
    cells, rows, columns = blocks
    return Shown(row[: int(_number(columns))] for row in cells[: int(_number(rows))])


def _number(block: Block) -> float:
    value = only(block)
    if not isinstance(value, Number):
        raise ValueError
    return value.value


_OF_BLOCKS: dict[str, Callable[[Sequence[Block]], Block]] = {
    **{_excel(name): _of_all(FUNCTIONS[name]) for name, row in PRIMITIVES.items() if row.further},
    "SUM": _of_all(ADD),
    "PRODUCT": _of_all(MUL),
    "AVERAGE": _average,
    "MEDIAN": _median,
    "LARGE": _extreme(FUNCTIONS["max"]),
    "SMALL": _extreme(FUNCTIONS["min"]),
    "SUMSQ": _sum_of_squares,
    "SUMXMY2": _sum_of_squared_differences,
    "SUMPRODUCT": _sum_of_products,
    "MMULT": _matrix_product,
    "TRANSPOSE": lambda blocks: transposed(*blocks),
    "INDEX": _item,
    "IFS": _ifs,
    "SWITCH": _case,
    "CHOOSE": _numbered,
    "AND": _all,
    "OR": lambda blocks: _first_true(flat(blocks), [ONE] * len(flat(blocks)), ZERO),
    "NOT": lambda blocks: single(_choice(only(*blocks), ZERO, ONE)),
    "SUMX2PY2": _sum_of_squares,
    "DEVSQ": _squares_about_the_mean,
    **dict.fromkeys(("VAR.P", "VARP"), _spread(0)),
    **dict.fromkeys(("VAR.S", "VAR"), _spread(1)),
    **dict.fromkeys(("STDEV.P", "STDEVP"), _spread(0, "sqrt")),
    **dict.fromkeys(("STDEV.S", "STDEV"), _spread(1, "sqrt")),
    "SUMX2MY2": _sum_of_squares_less,
    "HSTACK": _beside,
    "VSTACK": lambda blocks: transposed(_beside([transposed(block) for block in blocks])),
    "COUNT": lambda blocks: single(Number(float(len(flat(blocks))))),
    "ROWS": lambda blocks: single(Number(float(shape(*blocks)[0]))),
    "COLUMNS": lambda blocks: single(Number(float(shape(*blocks)[1]))),
    "LET": _with_names,
    "ARRAYFORMULA": lambda blocks: Shown(*blocks),
    "ARRAY_CONSTRAIN": _constrained,
}
"""A sum and a mean read as the terms that they are made of."""


_NO_VALUE = Call(DIV, (ZERO, ZERO))
"""What no case gives."""


def bound(make: Callable[..., Block], arguments: Sequence[Block]) -> tuple[str, Block] | None:
    """The name that LET has just bound, and its value. Raises ValueError if it is not a valid name."""
    if not isinstance(make, partial) or make.args != ("LET",) or len(arguments) % 2:
        return None
    name = only(arguments[-2])
    if not isinstance(name, Name) or is_place(name.name):
        raise ValueError("LET needs a name before each value")
    return name.name, arguments[-1]


def function(name: str) -> Callable[[Sequence[Block]], Block]:
    """The Excel function of that name. Raises ValueError for an unknown one."""
    wanted = name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
    if wanted not in function_names():
        raise ValueError(f"the function {wanted} is not supported")
    return partial(_called, wanted)


def _called(name: str, blocks: Sequence[Block]) -> Block:
    try:
        if name in _OF_BLOCKS:
            return _OF_BLOCKS[name](blocks)
        return next(form for form in _forms()[name] if form.takes(blocks)).value(blocks)
    except (TypeError, ValueError, LookupError, StopIteration):
        raise ValueError(f"these arguments of {name} are not supported") from None
