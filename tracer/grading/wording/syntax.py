"""A formula as it is written: a tree in which ranges, function calls and texts stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from tracer.formulas import grammar
from tracer.formulas.grammar import FormulaError, Language
from tracer.formulas.notation import render
from tracer.formulas.notation.text import TEXT
from tracer.formulas.tree import ADD, DIV, MUL, NEG, SUB, Call, Expression, Function, Name, Number
from tracer.grading.book.cells import Position
from tracer.grading.book.formula import EXCEL
from tracer.grading.book.relative import UnknownFormula, absolute
from tracer.grading.graph.language import TOKEN

Signed = tuple[bool, Expression]
"""A term and whether it is subtracted, or a factor and whether it is a divisor."""
_NOTATION = replace(TEXT, function=str.upper)


@lru_cache(maxsize=4_096)
def written(text: str) -> Expression:
    """The tree of a relative formula; a range is one name. Raises UnknownFormula."""
    try:
        return grammar.read(text, _LANGUAGE)
    except FormulaError as error:
        raise UnknownFormula(error.problem) from None


def in_cells(expression: Expression, home: Position) -> str:
    """A part of a formula as text, with its references as the formula of that cell has them, without `$`."""
    return render(expression, _NOTATION, lambda name: absolute(name.name, home).replace("$", ""))


def _operation(symbol: str, *values: Expression) -> Expression:
    if symbol == ":":
        names = [value.name for value in values if isinstance(value, Name)]
        if len(names) < len(values):
            raise ValueError("a range is incomplete")
        return Name(":".join(names))
    return Call(Function(symbol), values) if symbol == "&" else grammar.combined(symbol, *values)


def _call(name: str) -> Callable[[Sequence[Expression]], Expression]:
    function = Function(name.upper().removeprefix("_XLFN.").removeprefix("_XLWS."))
    return lambda args: Call(function, tuple(args))


_LANGUAGE: Language[Expression] = Language(
    token=TOKEN, binding={symbol: 2 * strength for symbol, strength in EXCEL.binding.items()} | {"&": 3},
    sign=2 * EXCEL.sign, signs=EXCEL.signs, right=EXCEL.right, postfix=EXCEL.postfix, commas=EXCEL.commas,
    deepest=EXCEL.deepest, number=grammar.number, name=Name, cell=Name, signed=grammar.signed, operation=_operation,
    after=lambda _sign, value: Call(DIV, (value, Number(100.0))), function=_call,
)  # fmt: skip


def terms(expression: Expression) -> list[Signed]:
    """The terms of a sum, each with whether it is subtracted; one of anything else."""
    match expression:
        case Call(function, args) if function == ADD:
            return [term for arg in args for term in terms(arg)]
        case Call(function, (first, second)) if function == SUB:
            return [*terms(first), *((not minus, term) for minus, term in terms(second))]
        case Call(function, (inner,)) if function == NEG:
            return [(not minus, term) for minus, term in terms(inner)]
        case _:
            minus, parts = factors(expression)
            return [(minus, product(parts))]


def factors(expression: Expression) -> tuple[bool, list[Signed]]:
    """Whether a product is negative, and its factors, each with whether it is a divisor; one of anything else."""
    match expression:
        case Number(value) if value < 0:
            return True, [(False, Number(-value))]
        case Call(function, (inner,)) if function == NEG:
            minus, parts = factors(inner)
            return not minus, parts
        case Call(function, args) if function == MUL:
            several = [factors(arg) for arg in args]
            return sum(minus for minus, _ in several) % 2 == 1, [part for _, parts in several for part in parts]
        case Call(function, (first, second)) if function == DIV:
            above, below = factors(first), factors(second)
            return above[0] != below[0], [*above[1], *((not under, part) for under, part in below[1])]
        case _:
            return False, [(False, expression)]


def product(parts: Sequence[Signed]) -> Expression:
    """The product of factors and divisors."""
    above = [part for under, part in parts if not under]
    found = Number(1.0) if not above else above[0] if len(above) == 1 else Call(MUL, tuple(above))
    for under, part in parts:
        found = Call(DIV, (found, part)) if under else found
    return found


def total(parts: Sequence[Signed]) -> Expression:
    """The sum of terms, of which some are subtracted."""
    if not parts:
        return Number(0.0)
    (minus, first), *others = parts
    found = Call(NEG, (first,)) if minus else first
    for minus, term in others:
        found = Call(SUB if minus else ADD, (found, term))
    return found


def only(these: Sequence[Signed], others: Sequence[Signed]) -> list[Signed]:
    """Those of the terms or factors that the others lack, in their order."""
    left = Counter(others)
    found = []
    for part in these:
        left[part] -= 1
        if left[part] < 0:
            found.append(part)
    return found


def leaves(theirs: Expression, right: Expression) -> list[tuple[Expression, Expression]] | None:
    """The names and numbers that differ between two formulas of one form; None for those of different forms."""
    pairs, pending = [], [(theirs, right)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, Call) and isinstance(other, Call):
            if one.function != other.function or len(one.args) != len(other.args):
                return None
            pending += reversed(list(zip_longest(one.args, other.args)))
        elif isinstance(one, Call) or isinstance(other, Call):
            return None
        elif one != other:
            pairs.append((one, other))
    return pairs
