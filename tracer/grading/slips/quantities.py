"""Slips with quantities: a different one, two swapped, a number in place of one, another row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from tracer.formulas.paths import Path, nodes, put
from tracer.formulas.tree import MUL, ONE, SUB, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.slips.slip import Edits, Parts, Setting
from tracer.model import naming
from tracer.model.quantity import Role


def another(neighbor: bool) -> Edits:
    """Another quantity in place of one, everywhere or in one place: of the same family (a_h1 for a_h2), or not."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for name, paths in _places(right).items():
            for other in _others(name, setting, neighbor):
                parts: Parts = {"found": other, "expected": name}
                yield _with(right, paths, other), {**parts, "where": ""}
                for path in paths if len(paths) > 1 else ():
                    yield put(right, path, other), {**parts, "where": " in one place"}

    return edits


def slope_of_another(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """a_h1·(1 − a_h1) for a_h2·(1 − a_h2)."""
    for path, node in nodes(right):
        if isinstance(node, Call) and node.function == MUL:
            for index, (a, rest) in enumerate(pairwise(node.args)):
                if isinstance(a, Name) and rest == Call(SUB, (ONE, a)):
                    for other in _others(a, setting):
                        args = (*node.args[:index], other, Call(SUB, (ONE, other)), *node.args[index + 2 :])
                        yield put(right, path, Call(MUL, args)), {"found": other, "expected": a}


def _places(right: Expression) -> dict[Name, list[Path]]:
    """Every name of a formula, with its path."""
    found: dict[Name, list[Path]] = {}
    for path, node in nodes(right):
        if isinstance(node, Name):
            found.setdefault(node, []).append(path)
    return found


def _with(right: Expression, paths: Sequence[Path], other: Expression) -> Expression:
    """The formula with another one in all these places; what lies apart from them is shared with it."""
    for path in paths:
        right = put(right, path, other)
    return right


def _others(name: Name, setting: Setting, neighbor: bool = True) -> Iterator[Name]:
    """The quantities of the same family, or of another one, with the lag of a name."""
    kind = naming.family(name.name)
    for other in setting.quantities:
        if other != name.name and (naming.family(other) == kind) == neighbor:
            yield replace(name, name=other)


def swapped(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """Two quantities swapped: w5 and w7, or t1 and a_o1."""
    for one, other in combinations(distinct(right), 2):
        if one.batch == other.batch:
            yield with_names(right, {one: other, other: one}), {"one": one, "other": other}


def two_neighbors(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """Two neighbors at once, as when a formula is copied to the wrong neuron: w5, w7 for w6, w8."""
    pairs = [(name, other) for name in distinct(right) for other in _others(name, setting)]
    for (one, first), (two, second) in combinations(pairs, 2):
        if one != two and first != second:
            parts = {"found": first, "also_found": second, "expected": one, "also_expected": two}
            yield with_names(right, {one: first, two: second}), parts


def typed(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """A typed number in place of a quantity."""
    for name, paths in _places(right).items():
        for number in map(Number, (*setting.numbers, 1.0)):
            yield _with(right, paths, number), {"found": number, "expected": name}


def from_row(lag: int) -> Edits:
    """Quantities of a row the given number of rows above: one alone, one family, all, all but one. What is the same in
    all rows is not taken from another one."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for words, group in _groups(right, setting):
            in_batches = all(name.batch or name.name in setting.shared for name in group)
            parts = {"quantities": words, "unit": "batch" if in_batches else "row"}
            yield with_names(right, {name: replace(name, lag=name.lag + lag) for name in group}), parts

    return edits


def _groups(right: Expression, setting: Setting) -> Iterator[tuple[str, list[Name]]]:
    """(in words, quantities that may come from another row together)."""
    every = [name for name in distinct(right) if name.name not in setting.constant]
    families: dict[str, list[Name]] = {}
    for name in every:
        families.setdefault(naming.family(name.name), []).append(name)
        yield setting.text(name), [name]
    for group in families.values():
        if len(group) > 1:
            listed = ", ".join(map(setting.text, group))
            yield f"the weights ({listed})" if naming.number(group[0].name, Role.WEIGHT) is not None else listed, group
    if len(every) > 1:
        yield "everything", every
    for name in every if len(every) > 2 else ():
        yield f"everything but {setting.text(name)}", [other for other in every if other != name]
