"""The functions of Excel that treat texts and empty cells in a way of their own, or look something up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tracer.formulas.grammar import combined
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import ADD, COMPARISONS, DIV, ONE, ZERO, Call, Expression, Function, Name, Number
from tracer.grading.book import worksheet_functions
from tracer.grading.book.blocks import Block, each, flat, only, shape, single, transposed
from tracer.grading.book.relative import UnknownFormula

Facts = Mapping[str, str]
"""The references to cells that hold no number and no formula → their text, "" for an empty cell."""
Blocks = Sequence[Block]

IF = FUNCTIONS["if"]
MISSING = Function("missing", ("x",), slopes=(ZERO,))
"""1 for an error or a text, 0 for a number."""
FIRST = Function("first", slopes=(lambda _: ZERO,), more=True)
"""The number of the first of its conditions that holds; no value where none does."""
NO_VALUE = Call(DIV, (ZERO, ZERO))
"""An undefined value."""
TEXT = Name('"…"')
"""A text that does not matter."""
JOINED = Function("&", ("x", "y"))
"""Texts joined; what they are matters in a criterion such as `">"&A1` alone."""
PICK = "INDEX"
"""The name of the function that picks one of its arguments: the row, the column, and the values row by row."""

MOST_PRODUCTS = 200_000
"""Multiplications in a product of matrices."""
OVER_NUMBERS = {
    "MEDIAN": NO_VALUE, "LARGE": NO_VALUE, "SMALL": NO_VALUE,
    "SUM": ZERO, "PRODUCT": ZERO, "SUMSQ": ZERO, "MAX": ZERO, "MIN": ZERO, "COUNT": ZERO, "AVERAGE": NO_VALUE,
    "DEVSQ": NO_VALUE, "VAR.P": NO_VALUE, "VARP": NO_VALUE, "VAR.S": NO_VALUE, "VAR": NO_VALUE, "STDEV.P": NO_VALUE,
    "STDEVP": NO_VALUE, "STDEV.S": NO_VALUE, "STDEV": NO_VALUE,
}  # fmt: skip
"""The functions that leave out texts and empty cells, and what they give where nothing is left."""
MAKE_TEXTS = (
    "TEXT",
    "CONCATENATE",
    "CONCAT",
    "LEFT",
    "RIGHT",
    "MID",
    "REPT",
    "CHAR",
    "FIXED",
    "TRIM",
    "UPPER",
    "LOWER",
)
SENSITIVE = re.compile(
    r"[\"#]|\b(?:" + "|".join([*(re.escape(name) for name in OVER_NUMBERS), r"SUM\w+", r"COUNT\w*", r"AVERAGE\w*",
    r"IS\w+", r"\w?LOOKUP", "X?MATCH"]) + r")\(", re.IGNORECASE,
)  # fmt: skip
"""Found in the formulas whose meaning changes with texts and empty cells."""


def text_of(value: Expression, facts: Facts) -> str | None:
    """The text that a value is; None for a number, or what may be one."""
    if not isinstance(value, Name):
        return None
    return value.name[1:-1].replace('""', '"') if value.name.startswith('"') else facts.get(value.name)


def compared(symbol: str, x: Expression, y: Expression, facts: Facts) -> Expression:
    """A comparison, also of texts."""
    texts = [text_of(x, facts), text_of(y, facts)]
    if symbol not in ("=", "<>") or texts == [None, None]:
        return combined(symbol, x, y)
    holds: Expression
    if None not in texts:
        holds = ONE if texts[0].lower() == texts[1].lower() else ZERO  # type: ignore[union-attr]
    else:
        known, text = (y, texts[0]) if texts[0] is not None else (x, texts[1])
        other = x if known is y else y
        if text == "" and not (isinstance(other, Name) and other.name.startswith('"')):
            return combined(symbol, x, y)  # an empty cell counts as 0
        holds = Call(MISSING, (known,)) if text == "" else ZERO
    return holds if symbol == "=" else negated(holds)


def negated(condition: Expression) -> Expression:
    """1 where the condition does not hold."""
    if isinstance(condition, Number):
        return ZERO if condition.value else ONE
    return Call(IF, (condition, ZERO, ONE))


def over_numbers(name: str, facts: Facts) -> Callable[[Blocks], Block]:
    """A function that leaves out texts and empty cells."""

    def function(blocks: Blocks) -> Block:
        kept = [[value for value in flat([block]) if text_of(value, facts) is None] for block in blocks]
        rows: list[Block] = [(tuple(values),) for values in kept if values]
        return worksheet_functions.function(name)(rows) if rows else single(OVER_NUMBERS[name])

    return function


def _products(blocks: Blocks, facts: Facts) -> Block:
    numbers = [each(lambda x: ZERO if text_of(x, facts) is not None else x, block) for block in blocks]
    return worksheet_functions.function("SUMPRODUCT")(numbers)


def _matrix_product(blocks: Blocks, _facts: Facts) -> Block:
    (rows, inner), (_, columns) = map(shape, blocks)
    if rows * inner * columns > MOST_PRODUCTS:
        raise UnknownFormula(f"a product of matrices with more than {MOST_PRODUCTS:,} multiplications")
    return worksheet_functions.function("MMULT")(blocks)


def _counted(blocks: Blocks, facts: Facts, empty: bool) -> Block:
    texts = [text_of(value, facts) for value in flat(blocks)]
    return single(Number(float(sum((text == "") == empty for text in texts))))


def _meets(criterion: Expression, facts: Facts) -> Callable[[Expression], Expression]:
    """The condition that a criterion of SUMIF makes: a value, or a text such as `>0`."""
    text = text_of(criterion, facts)
    symbol, wanted = "=", criterion
    if isinstance(criterion, Call) and criterion.function == JOINED:
        symbol, wanted = text_of(criterion.args[0], facts) or "", criterion.args[1]
        if symbol not in COMPARISONS:
            raise ValueError("a criterion is a comparison and a value")
    if text is not None:
        match = re.fullmatch(r"\s*(<=|>=|<>|<|>|=)?(.*)", text)
        assert match
        symbol = match[1] or "="
        try:
            wanted = Number(float(match[2]))
        except ValueError:
            if re.search(r"[*?]", match[2]):
                raise ValueError("patterns in a criterion are not supported") from None
            wanted = Name(f'"{match[2]}"')

    def meets(value: Expression) -> Expression:
        if isinstance(wanted, Number) and text_of(value, facts) is not None:
            return ONE if symbol == "<>" else ZERO
        return compared(symbol, value, wanted, facts)

    return meets


def _if(blocks: Blocks, facts: Facts) -> list[Expression]:
    """The conditions of SUMIF and its like, for each cell of the first range."""
    cells, criterion = blocks[:2]
    return list(map(_meets(only(criterion), facts), flat([cells])))


def _all_met(pairs: Blocks, facts: Facts) -> list[Expression]:
    met = [_if(pairs[index : index + 2], facts) for index in range(0, len(pairs), 2)]
    return [worksheet_functions.function("AND")([single(c) for c in row])[0][0] for row in zip(*met, strict=True)]


def _conditional(how: str, conditions: list[Expression], values: Sequence[Expression], facts: Facts) -> Block:
    kept = [(c, ZERO if text_of(v, facts) is not None else v) for c, v in zip(conditions, values, strict=True)]
    count = _sum([Call(IF, (c, ONE, ZERO)) for c, _ in kept])
    total = _sum([Call(IF, (c, v, ZERO)) for c, v in kept])
    return single({"COUNT": count, "SUM": total}.get(how, Call(DIV, (total, count))))


def _sum(terms: list[Expression]) -> Expression:
    return terms[0] if len(terms) == 1 else Call(ADD, tuple(terms))


def _single_condition(how: str) -> Callable[[Blocks, Facts], Block]:

    def function(blocks: Blocks, facts: Facts) -> Block:
        values = blocks[2] if len(blocks) > 2 else blocks[0]
        return _conditional(how, _if(blocks, facts), flat([values]), facts)

    return function


def _several_conditions(how: str) -> Callable[[Blocks, Facts], Block]:
    def function(blocks: Blocks, facts: Facts) -> Block:
        values, pairs = (blocks[0], blocks) if how == "COUNT" else (blocks[0], blocks[1:])
        return _conditional(how, _all_met(pairs, facts), flat([values]), facts)

    return function


# ---------------------------------------------------------------------------------------------------- looking up


def picker(rows: int, columns: int) -> Function:
    """The function that picks a value of a block of that shape."""
    return Function(PICK, settings=(("rows", float(rows)), ("columns", float(columns))))


def picked(cells: Block, row: Expression, column: Expression) -> Block:
    """The value at a computed place."""
    return single(Call(picker(*shape(cells)), (row, column, *flat([cells]))))


def index(blocks: Blocks, _facts: Facts) -> Block:
    """INDEX."""
    cells, *places = blocks
    if all(isinstance(value, Number) for value in flat(places)):
        return worksheet_functions.function(PICK)(blocks)
    numbers = [only(place) for place in places]
    if len(numbers) == 1:
        numbers.insert(0 if len(cells) == 1 else 1, ONE)
    row, column = numbers
    return picked(cells, row, column)


def _place(looked_for: Expression, values: Sequence[Expression], how: float, facts: Facts) -> Expression:
    """MATCH: the place of the first equal value, of the last that is not larger, or of the last that is not smaller."""
    if how == 0:
        conditions = [compared("=", looked_for, value, facts) for value in values]
        if ONE in conditions:
            del conditions[conditions.index(ONE) + 1 :]
        if all(condition == ZERO for condition in conditions):
            return NO_VALUE
        last = len(conditions) - 1
        certain = conditions[last] == ONE and all(condition == ZERO for condition in conditions[:last])
        return Number(last + 1.0) if certain else Call(FIRST, tuple(conditions))
    symbol = "<=" if how > 0 else ">="
    count = _sum([Call(IF, (Call(COMPARISONS[symbol], (value, looked_for)), ONE, ZERO)) for value in values])
    return Call(IF, (Call(COMPARISONS["="], (count, ZERO)), NO_VALUE, count))


def _number(blocks: Blocks, index: int, default: float) -> float:
    if len(blocks) <= index:
        return default
    value = only(blocks[index])
    if not isinstance(value, Number):
        raise ValueError("a number is expected")
    return value.value


def _match(blocks: Blocks, facts: Facts) -> Block:
    return single(_place(only(blocks[0]), flat([blocks[1]]), _number(blocks, 2, 1.0), facts))


def _exact_match(blocks: Blocks, facts: Facts) -> Block:
    if _number(blocks, 2, 0.0) != 0.0 or len(blocks) > 3:
        raise ValueError("only exact places are supported")
    return single(_place(only(blocks[0]), flat([blocks[1]]), 0.0, facts))


def _vertical(blocks: Blocks, facts: Facts) -> Block:
    table = blocks[1]
    first = [row[0] for row in table]
    return picked(table, _place(only(blocks[0]), first, _number(blocks, 3, 1.0), facts), only(blocks[2]))


def _horizontal(blocks: Blocks, facts: Facts) -> Block:
    return _vertical([blocks[0], transposed(blocks[1]), *blocks[2:]], facts)


def _lookup(how: float) -> Callable[[Blocks, Facts], Block]:
    def function(blocks: Blocks, facts: Facts) -> Block:
        looked_for, among, *values = blocks
        cells = flat(values[:1] or [among])
        return picked((tuple(cells),), ONE, _place(only(looked_for), flat([among]), how, facts))

    return function


def _otherwise(blocks: Blocks, _facts: Facts) -> Block:
    return each(lambda x, y: Call(IF, (Call(MISSING, (x,)), y, x)), *blocks)


def _missing(blocks: Blocks, facts: Facts) -> Block:
    return each(lambda x: ZERO if text_of(x, facts) is not None else Call(MISSING, (x,)), *blocks)


def _is(kind: Callable[[str | None, Expression], Expression]) -> Callable[[Blocks, Facts], Block]:
    return lambda blocks, facts: each(lambda x: kind(text_of(x, facts), x), *blocks)


def _constant(blocks: Blocks, _facts: Facts) -> Block:
    """An array constant: the number of its columns, and its values row by row."""
    width, values = int(_number(blocks, 0, 1)), flat(blocks[1:])
    return tuple(tuple(values[start : start + width]) for start in range(0, len(values), width))


OF_FACTS: dict[str, Callable[[Blocks, Facts], Block]] = {
    PICK: index,
    "SUMPRODUCT": _products,
    "MMULT": _matrix_product,
    "COUNTA": lambda blocks, facts: _counted(blocks, facts, empty=False),
    "COUNTBLANK": lambda blocks, facts: _counted(blocks, facts, empty=True),
    **{f"{how}IF": _single_condition(how) for how in ("SUM", "COUNT", "AVERAGE")},
    **{f"{how}IFS": _several_conditions(how) for how in ("SUM", "COUNT", "AVERAGE")},
    "MATCH": _match,
    "XMATCH": _exact_match,
    "VLOOKUP": _vertical,
    "HLOOKUP": _horizontal,
    "LOOKUP": _lookup(1.0),
    "XLOOKUP": _lookup(0.0),
    "IFERROR": _otherwise,
    "IFNA": _otherwise,
    "ISERROR": _missing,
    "ISERR": _missing,
    "ISNA": _missing,
    "ISBLANK": _is(lambda text, _: ONE if text == "" else ZERO),
    "ISTEXT": _is(lambda text, x: ONE if text else ZERO),
    "ISNUMBER": _is(lambda text, x: ZERO if text is not None else negated(Call(MISSING, (x,)))),
    "ARRAYCONSTANT": _constant,
    **dict.fromkeys(MAKE_TEXTS, lambda _blocks, _facts: single(TEXT)),
}
"""`ARRAYCONSTANT(2,1,2,3,4)` is how `{1,2;3,4}` is read."""
