"""Slips with quantities: another one, two swapped, a number in place of one, those of another row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import MUL, ONE, SUB, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.network.model import family
from tracer.grading.slips.slip import Edits, Parts, Setting


def another(neighbor: bool) -> Edits:
    """Another quantity in place of one, everywhere or in one place: of the same family (a_h1 for a_h2), or not."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for name, other in _others(right, setting, neighbor):
            parts = {"found": other, "expected": name}
            yield with_names(right, {name: other}), {**parts, "where": ""}
            places = [path for path, node in nodes(right) if node == name]
            for path in places if len(places) > 1 else ():
                yield put(right, path, other), {**parts, "where": " in one place"}

    return edits


def _others(right: Expression, setting: Setting, neighbor: bool = True) -> Iterator[tuple[Name, Name]]:
    """(a name of the formula, another quantity in its place)."""
    for name in distinct(right):
        for other in setting.quantities:
            if other != name.name and (family(other) == family(name.name)) == neighbor:
                yield name, replace(name, name=other)


def slope_of_another(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """a_h1·(1 − a_h1) for a_h2·(1 − a_h2)."""
    for name, other in _others(right, setting):
        slope, wrong = (Call(MUL, (a, Call(SUB, (ONE, a)))) for a in (name, other))
        for path, node in nodes(right):
            if isinstance(node, Call) and node.function == MUL:
                for index in range(len(node.args) - 1):
                    if node.args[index : index + 2] == slope.args:
                        args = (*node.args[:index], *wrong.args, *node.args[index + 2 :])
                        yield put(right, path, Call(MUL, args)), {"found": other, "expected": name}


def swapped(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """Two quantities swapped: w5 and w7, or t1 and a_o1."""
    for one, other in combinations(distinct(right), 2):
        if one.batch == other.batch:
            yield with_names(right, {one: other, other: one}), {"one": one, "other": other}


def two_neighbors(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """Two neighbors at once, as when a formula is copied to the wrong neuron: w5, w7 for w6, w8."""
    for (one, first), (two, second) in combinations(_others(right, setting), 2):
        if one != two and first != second:
            parts = {"found": first, "also_found": second, "expected": one, "also_expected": two}
            yield with_names(right, {one: first, two: second}), parts


def typed(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """A typed number in place of a quantity."""
    for name in distinct(right):
        for number in map(Number, (*setting.numbers, 1.0)):
            yield with_names(right, {name: number}), {"found": number, "expected": name}


def from_row(lag: int) -> Edits:
    """Quantities of a row so many rows above: one alone, one family, all, all but one. What is the same in all rows is
    not taken from another one."""

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
        families.setdefault(family(name.name), []).append(name)
        yield setting.text(name), [name]
    for kind, group in families.items():
        if len(group) > 1:
            listed = ", ".join(map(setting.text, group))
            yield f"the weights ({listed})" if kind == "w" else listed, group
    if len(every) > 1:
        yield "everything", every
    for name in every if len(every) > 2 else ():
        yield f"everything but {setting.text(name)}", [other for other in every if other != name]
