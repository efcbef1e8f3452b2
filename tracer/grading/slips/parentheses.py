"""Missing parentheses: those that a formula needs, and those of a sum among factors that a person grouped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from tracer.formulas.expansion import expand
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import ADD, MUL, SUB, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.book.formula import read
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.slips.slip import Parts, Setting


def without_parentheses(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """One or two pairs of parentheses missing."""
    if any(name.batch for name in distinct(right)):
        return
    for form in dict.fromkeys((right, _without_negative_factors(right))):
        yield from _needed(form, setting)
        yield from _among_factors(form, setting)


def _without_negative_factors(right: Expression) -> Expression:
    """The formula without negative numbers before a difference: −2·(t − a) as 2·(a − t)."""
    match right:
        case Call(function, (Number(number), Call(inner, (first, second)), *rest)) if (
            function == MUL and inner == SUB and number < 0
        ):
            others = map(_without_negative_factors, rest)
            return Call(MUL, (Number(-number), Call(SUB, (second, first)), *others))
        case Call(function, args):
            return Call(function, tuple(map(_without_negative_factors, args)))
    return right


def _needed(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """One or two pairs missing of those that the formula needs."""
    expanded = expand(right)
    keys = {name: f"q{index}x" for index, name in enumerate(distinct(expanded))}
    originals: dict[Name, Expression] = {Name(key): name for name, key in keys.items()}
    text = render(expanded, EXCEL, keys.__getitem__)
    pairs = _pairs(text)
    for gone in [(pair,) for pair in pairs] + list(combinations(pairs, 2)):
        out = {position for pair in gone for position in pair}
        try:
            expression = read("".join(c for i, c in enumerate(text) if i not in out))
        except UnknownFormula:
            continue
        inside = (with_names(read(text[first + 1 : last]), originals) for first, last in gone)
        yield with_names(expression, originals), {"around": " and ".join(map(setting.text, inside))}


def _pairs(text: str) -> list[tuple[int, int]]:
    """The parentheses of a formula, except those of function calls."""
    opened: list[int] = []
    pairs = []
    for index, character in enumerate(text):
        if character == "(":
            opened.append(index)
        elif character == ")":
            first = opened.pop()
            if not (first and text[first - 1].isalpha()):
                pairs.append((first, index))
    return sorted(pairs)


def _among_factors(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """Those of a sum missing, among factors that other parentheses hold together: (x − y)·r·s as (x − y·r)·s."""
    for path, node in nodes(right):
        if not isinstance(node, Call) or node.function != MUL:
            continue
        for at, total in enumerate(node.args):
            if not isinstance(total, Call) or total.function not in (ADD, SUB):
                continue
            for first in range(at + 1):
                for end in range(at + 1, len(node.args) + 1):
                    before, after = node.args[first:at], node.args[at + 1 : end]
                    if before or after:
                        start, *middle, last = total.args
                        opened = Call(total.function, (_product(*before, start), *middle, _product(last, *after)))
                        wrong = _product(*node.args[:first], opened, *node.args[end:])
                        yield put(right, path, wrong), {"around": total}


def _product(*factors: Expression) -> Expression:
    return factors[0] if len(factors) == 1 else Call(MUL, factors)
