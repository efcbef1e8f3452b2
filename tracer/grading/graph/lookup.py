"""Computes the cells that decide where INDEX looks, before there is a graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import numpy as np

from tracer.formulas.tree import Expression, Name, distinct, with_names
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.graph.forms import over_slots, safely, scalar
from tracer.grading.graph.language import references
from tracer.grading.graph.picks import Meaning, chosen, of_place
from tracer.grading.graph.references import Sheets

MOST_LOOKED_UP = 200_000
"""Cells computed to find out where INDEX looks."""

Source = Callable[[int], "tuple[Meaning, int] | float"]
"""A cell → what its formula means and the cell that this is relative to, or its number."""


class Lookup:
    """Computes cells on request, without recursion, and keeps their values; NaN where there is none."""

    def __init__(self, sheets: Sheets, source: Source) -> None:
        self._sheets, self._source = sheets, source
        self._values: dict[int, float] = {}

    def resolved(self, meaning: Meaning, cell: int) -> tuple[Expression, ...]:
        """What the picks in the formula of that cell mean. Raises UnknownFormula."""
        steps = self._picked(meaning, cell)
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
                    path[cell] = self._computed(*source)
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

    def _computed(self, meaning: Meaning, cell: int) -> Generator[int, float, float]:
        picked = yield from self._picked(meaning, cell)
        return (yield from self._number(meaning, meaning.expression, picked, cell))

    def _picked(self, meaning: Meaning, cell: int) -> Generator[int, float, tuple[Expression, ...]]:
        picked: tuple[Expression, ...] = ()
        for pick in meaning.picks:
            row = yield from self._number(meaning, pick.args[0], picked, cell)
            column = yield from self._number(meaning, pick.args[1], picked, cell)
            picked += (with_picks(chosen(pick, row, column), picked),)
        return picked

    def _number(
        self, meaning: Meaning, expression: Expression, picked: tuple[Expression, ...], cell: int
    ) -> Generator[int, float, float]:
        """The value of an expression in the formula of that cell."""
        expression = with_picks(expression, picked)
        values = []
        own = np.array([cell])
        names = references(expression)
        for name in names:
            (needed,), (exists,) = self._sheets.resolved(name, own)
            if not exists:
                return math.nan
            values.append((yield int(needed)))
        named = {name: Name(f"q{index}") for index, name in enumerate(names)}
        form, slots = over_slots(with_names(expression, named))
        return safely(scalar(form), values, slots, of_place(meaning, own)[0].tolist())


def with_picks(expression: Expression, picked: tuple[Expression, ...]) -> Expression:
    """The expression with picks replaced by what they mean."""
    if not any(name.name.startswith("#") for name in distinct(expression)):
        return expression
    return with_names(expression, {Name(f"#{index}"): what for index, what in enumerate(picked)})
