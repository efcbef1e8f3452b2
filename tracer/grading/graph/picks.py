"""What a formula depends on besides its references: the place of its cell, and where INDEX looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tracer.formulas.notation.numpy import value
from tracer.formulas.tree import Call, Expression, Name, Number, distinct, fold, with_names
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.graph import references
from tracer.grading.graph.facts import PICK
from tracer.grading.graph.forms import calls, number, over_slots, safely, scalar
from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.graph.language import COLUMN, ROW, blocks, element, intersects
from tracer.grading.graph.language import references as referred


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means: an expression over references, the names @0, @1, … of numbers that follow from the cell's
    place, and the names #0, #1, … of picks, innermost first."""

    expression: Expression
    numbers: tuple[Expression, ...]
    picks: tuple[Call, ...]


@lru_cache(maxsize=20_000)
def meaning(text: str, where: tuple[int, int] | None, facts: tuple[tuple[str, str], ...] = ()) -> Meaning:
    """The meaning of a relative formula; `facts` as `language.blocks` takes them. Raises UnknownFormula."""
    expression, numbers = _without_places(element(_blocks(text, facts), where))
    picks: list[Call] = []

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        call = Call(node.function, tuple(args))
        if node.function.name != PICK:
            return call
        picks.append(call)
        return Name(f"#{len(picks) - 1}")

    found = fold(expression, visit) if any(_is_pick(node) for node in calls(expression)) else expression
    return Meaning(found, numbers, tuple(picks))


def depends_on_row(text: str, where: tuple[int, int] | None, facts: tuple[tuple[str, str], ...] = ()) -> bool:
    """Whether the meaning of a formula depends on the cell's own row or column, of which it takes one value of a
    range."""
    return where is None and intersects(_blocks(text, facts))


_blocks = lru_cache(maxsize=64)(blocks)
"""The elements of an array formula are read one after the other."""


def _is_pick(node: Call) -> bool:
    return node.function.name == PICK


def _without_places(expression: Expression) -> tuple[Expression, tuple[Expression, ...]]:
    """The expression with what follows from the cell's place alone replaced by names, and what these stand for."""
    if not any(name in (ROW, COLUMN) for name in distinct(expression)):
        return expression, ()
    numbers: dict[Expression, Name] = {}

    def placed(node: Expression) -> bool:
        return any(isinstance(name, Name) for name in distinct(node))

    def named(node: Expression) -> Expression:
        return numbers.setdefault(node, number(len(numbers))) if placed(node) else node

    def visit(node: Expression, args: list[tuple[Expression, bool]]) -> tuple[Expression, bool]:
        """The node, and whether it follows from the place."""
        if not isinstance(node, Call):
            return node, isinstance(node, Number) or node in (ROW, COLUMN)
        if all(fixed for _, fixed in args) and not _is_pick(node):
            return Call(node.function, tuple(arg for arg, _ in args)), True
        return Call(node.function, tuple(named(arg) if fixed else arg for arg, fixed in args)), False

    found, fixed = fold(expression, visit)
    return (named(found) if fixed else found), tuple(numbers)


def of_place(what: Meaning, cells: IntArray) -> Array:
    """The numbers that follow from the places of cells: a row for each."""
    if not what.numbers:
        return np.empty((len(cells), 0))
    places = {ROW: references.rows(cells).astype(float), COLUMN: references.columns(cells).astype(float)}
    return np.stack([np.broadcast_to(value(n, places), (len(cells),)) for n in what.numbers], 1)


def chosen(pick: Call, row: float, column: float) -> Expression:
    """The argument that a pick at that place means. Raises UnknownFormula."""
    rows, columns = (int(size) for _, size in pick.function.settings)
    if not (math.isfinite(row) and math.isfinite(column)):
        raise UnknownFormula("INDEX looks at a place that cannot be computed")
    where = [int(row), int(column)]
    for axis, size in enumerate((rows, columns)):
        if where[axis] == 0 and size == 1:
            where[axis] = 1
    if not (1 <= where[0] <= rows and 1 <= where[1] <= columns):
        raise UnknownFormula("INDEX looks outside its range")
    return pick.args[2 + (where[0] - 1) * columns + where[1] - 1]


# ------------------------------------------------------------------------------------------ where INDEX looks

MOST_LOOKED_UP = 200_000
"""Cells computed to find out where INDEX looks."""

Source = Callable[[int], "tuple[Meaning, references.Cells, int] | float"]
"""A cell → what its formula means, the cells with this meaning, and its index among them; or its number."""


class Lookup:
    """Computes cells on request, without recursion, and keeps their values; NaN where there is none."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._values: dict[int, float] = {}

    def resolved(self, meaning: Meaning, cells: references.Cells, index: int) -> tuple[Expression, ...]:
        """What the picks in the formula of one of these cells mean. Raises UnknownFormula."""
        steps = self._picked(meaning, cells.among(np.array([index])))
        try:
            needed = next(steps)
            while True:
                needed = steps.send(self._value(needed))
        except StopIteration as stop:
            found: tuple[Expression, ...] = stop.value
            return found

    def _value(self, first: int) -> float:
        values = self._values
        path: dict[int, Generator[int, float, float]] = {}
        cell = first
        while True:
            if cell not in values:
                source = self._source(cell)
                if isinstance(source, float):
                    values[cell] = source
                elif cell in path or len(values) > MOST_LOOKED_UP:
                    return math.nan  # a circle
                else:
                    what, cells, index = source
                    path[cell] = self._computed(what, cells.among(np.array([index])))
            given = values.get(cell)
            while path:
                last, steps = next(reversed(path.items()))
                try:
                    cell = next(steps) if given is None else steps.send(given)
                    break
                except StopIteration as stop:
                    given = values[last] = stop.value
                except UnknownFormula:
                    given = values[last] = math.nan
                del path[last]
            else:
                return values[first]

    def _computed(self, meaning: Meaning, cell: references.Cells) -> Generator[int, float, float]:
        picked = yield from self._picked(meaning, cell)
        return (yield from self._number(meaning, meaning.expression, picked, cell))

    def _picked(self, meaning: Meaning, cell: references.Cells) -> Generator[int, float, tuple[Expression, ...]]:
        picked: tuple[Expression, ...] = ()
        for pick in meaning.picks:
            row = yield from self._number(meaning, pick.args[0], picked, cell)
            column = yield from self._number(meaning, pick.args[1], picked, cell)
            picked += (with_picks(chosen(pick, row, column), picked),)
        return picked

    def _number(
        self, meaning: Meaning, expression: Expression, picked: tuple[Expression, ...], cell: references.Cells
    ) -> Generator[int, float, float]:
        """The value of an expression in the formula of that cell."""
        expression = with_picks(expression, picked)
        names = referred(expression)
        (needed,), (exist,) = cell.resolved(names)
        if not exist.all():
            return math.nan
        values = []
        for operand in needed.tolist():
            values.append((yield operand))
        named = {name: Name(f"q{index}") for index, name in enumerate(names)}
        form, slots = over_slots(with_names(expression, named))
        return safely(scalar(form), values, slots, of_place(meaning, cell.written)[0].tolist())


def with_picks(expression: Expression, picked: tuple[Expression, ...]) -> Expression:
    """The expression with picks replaced by what they mean."""
    if not any(name.name.startswith("#") for name in distinct(expression)):
        return expression
    return with_names(expression, {Name(f"#{index}"): what for index, what in enumerate(picked)})
