"""Slips inside a formula as patterns: what is matched, and what replaces it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import Call, Expression, Function, Name, Number, with_names
from tracer.grading.slips.slip import Edits, Parts, Setting
from tracer.tables.activations import read_formula

Found = dict[Name, Expression]
"""The bindings of a pattern's names."""


def instead(pattern: str, other: str | None, whole: str = "") -> Edits:
    """The edits that put another formula in place of a pattern, or leave it out (None).

    The names of a pattern stand for any part of a formula, and are the parts of the slip's sentence. A sum or a product
    is also found within a longer one. whole: the name of the part that is all that the pattern fits.
    """
    looked_for, new = read_formula(pattern), None if other is None else read_formula(other)

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for path, node in nodes(right):
            for fitted, found, before, after in _fits(looked_for, node):
                parts = {name.name: part for name, part in found.items()} | ({whole: fitted} if whole else {})
                wrong = None if new is None else with_names(new, found)
                put_in: tuple[Expression, ...] = () if wrong is None else (wrong,)
                if isinstance(wrong, Call) and wrong.function == fitted.function and (before or after):
                    put_in = wrong.args
                yield put(right, path, _with_args(fitted.function, *before, *put_in, *after)), parts

    return edits


def left_out(function: Function, only: Callable[[Expression], bool] = lambda _: True) -> Edits:
    """The edits that leave out a term of a sum (ADD) or a factor of a product (MUL), as far as `only` agrees."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for path, node in nodes(right):
            if isinstance(node, Call) and node.function == function:
                for index, arg in enumerate(node.args):
                    if only(arg):
                        yield put(right, (*path, index), None), {"missing": arg}

    return edits


def duplicated(function: Function) -> Edits:
    """The edits that duplicate a term or a factor."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for path, node in nodes(right):
            if isinstance(node, Call) and node.function == function:
                for arg in node.args:
                    yield put(right, path, Call(function, (*node.args, arg))), {"duplicated": arg}

    return edits


def operator(function: Function, other: Function, most: int | None = None) -> Edits:
    """The edits that take one operator for another between all arguments of a sum or a product. most: arguments."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for path, node in nodes(right):
            if isinstance(node, Call) and node.function == function and len(node.args) <= (most or len(node.args)):
                yield put(right, path, Call(other, node.args)), {"whole": node}

    return edits


def _with_args(function: Function, *args: Expression) -> Expression:
    """The sum or product of these arguments: of one, that one; of none, 1. Nothing else has more than a new formula."""
    return Number(1.0) if not args else args[0] if len(args) == 1 else Call(function, args)


def any_of(*several: Edits) -> Edits:
    """The edits of several forms of one slip."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        return (edit for each in several for edit in each(right, setting))

    return edits


def _fits(
    pattern: Expression, node: Expression
) -> Iterator[tuple[Call, Found, tuple[Expression, ...], tuple[Expression, ...]]]:
    """(what is matched, the bindings of the names, the arguments before it, those after it)."""
    if isinstance(pattern, Call) and isinstance(node, Call) and pattern.function == node.function:
        args, size = node.args, len(pattern.args)
        for first in range(len(args) - size + 1):
            found: Found = {}
            fitted = Call(node.function, args[first : first + size])
            if _binds(pattern, fitted, found):
                yield fitted, found, args[:first], args[first + size :]


def _binds(pattern: Expression, node: Expression, found: Found) -> bool:
    """Whether a node matches the pattern; binds its names."""
    if isinstance(pattern, Name):
        return found.setdefault(pattern, node) == node
    if isinstance(pattern, Call) and isinstance(node, Call):
        same = pattern.function == node.function and len(pattern.args) == len(node.args)
        return same and all(_binds(part, arg, found) for part, arg in zip(pattern.args, node.args, strict=True))
    return pattern == node
