"""Brackets that are missing: those that a formula needs, and those of a sum among factors that a person grouped."""

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
from tracer.grading.slips.setting import Edit, Setting


def brackets(right: Expression, setting: Setting) -> Iterator[Edit]:
    """One or two pairs of brackets missing."""
    if any(name.batch for name in distinct(right)):
        return
    for form in dict.fromkeys((right, _turned(right))):
        yield from _shown(form, setting)
        yield from _grouped(form, setting)


def _turned(right: Expression) -> Expression:
    """The formula without negative numbers before a difference: −2·(t − a) as 2·(a − t)."""
    if not isinstance(right, Call):
        return right
    match right:
        case Call(function, (Number(number), Call(inner, (first, second)), *rest)) if (
            function == MUL and inner == SUB and number < 0
        ):
            return Call(MUL, (Number(-number), Call(SUB, (second, first)), *map(_turned, rest)))
    return Call(right.function, tuple(map(_turned, right.args)))


def _grouped(right: Expression, setting: Setting) -> Iterator[Edit]:
    """The brackets of a sum missing, among those factors that other brackets hold together: (x − y)·r·s as
    (x − y·r)·s."""
    for path, node in nodes(right):
        if not isinstance(node, Call) or node.function != MUL:
            continue
        for at, part in enumerate(node.args):
            if not isinstance(part, Call) or part.function not in (ADD, SUB):
                continue
            cause = f"brackets are missing around {setting.text(part)}"
            for first in range(at + 1):
                for end in range(at + 1, len(node.args) + 1):
                    before, after = node.args[first:at], node.args[at + 1 : end]
                    if before or after:
                        opened = Call(
                            part.function,
                            (_product(*before, part.args[0]), *part.args[1:-1], _product(part.args[-1], *after)),
                        )
                        yield Edit(put(right, path, _product(*node.args[:first], opened, *node.args[end:])), cause)


def _product(*factors: Expression) -> Expression:
    return factors[0] if len(factors) == 1 else Call(MUL, factors)


def _shown(right: Expression, setting: Setting) -> Iterator[Edit]:
    """One or two pairs of the brackets missing that the formula needs."""
    spelt: dict[str, Name] = {}

    def spell(name: Name) -> str:
        key = f"q{len(spelt)}x"
        known = next((k for k, n in spelt.items() if n == name), None)
        spelt.setdefault(known or key, name)
        return known or key

    text = render(expand(right), EXCEL, spell)
    pairs = _pairs(text)
    back: dict[Name, Expression] = {Name(key): name for key, name in spelt.items()}
    for gone in [(pair,) for pair in pairs] + list(combinations(pairs, 2)):
        out = {position for pair in gone for position in pair}
        try:
            expression = read("".join(c for i, c in enumerate(text) if i not in out))
        except UnknownFormula:
            continue
        named = with_names(expression, back)
        inside = [with_names(read(text[first + 1 : last]), back) for first, last in gone]
        yield Edit(named, "brackets are missing around " + " and ".join(map(setting.text, inside)))


def _pairs(text: str) -> list[tuple[int, int]]:
    """The brackets of a formula that are no function's."""
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
