"""Expressions alike but for their quantities, told once: a shape, and for each expression the quantities in its places.

A wide network has thousands of equations of a dozen shapes; a page that holds each shape once stays small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tracer.explain.templates import Slot, Template, template_lines
from tracer.formulas.expansion import expand
from tracer.formulas.notation.mathml import MATHML
from tracer.formulas.notation.typesetting import as_it_stands, forms
from tracer.formulas.tree import Expression, Name, distinct, with_names
from tracer.page.content import named

Data = dict[str, Any]
"""What becomes an object of JSON."""
Reference = list[int]
"""An expression: the number of its shape, then the slots of the quantities in its places."""
Pieces = list[str | int | list[int]]
"""MathML, and where a quantity stands its place, or [place, signed, raised, row]; see `templates.Slot`."""


@dataclass(slots=True)
class Shapes:
    """The shapes while they are collected.

    slots: the numbers of the quantities. batch: the rows of a batch, as for `templates.template`. expressions: one for
    each shape, of primitive functions only; its names are its places, "0", "1", …, in this order.
    """

    slots: Mapping[Name, int]
    batch: int = 1
    expressions: list[Expression] = field(default_factory=list)
    _shown: list[Expression | None] = field(default_factory=list)
    _numbers: dict[tuple[Expression | None, Expression], int] = field(default_factory=dict)

    def of(self, expression: Expression) -> Reference:
        """An expression by its shape and its quantities. Raises KeyError for a quantity without a slot."""
        expanded = expand(expression, far=True)
        needed = distinct(expanded)
        names = [*needed, *(name for name in distinct(expression) if name not in needed)]
        number = self._number(expression, expanded, names)
        return [number, *(self.slots[replace(name, batch=False)] for name in names)]

    def computed(self, expression: Expression, places: Mapping[Name, int]) -> Reference:
        """An expression that is computed, but never shown: its shape, and the places of its quantities. Raises KeyError
        for a quantity without a place."""
        expanded = expand(expression, far=True)
        names = distinct(expanded)
        return [self._number(None, expanded, names), *(places[name] for name in names)]

    def _number(self, shown: Expression | None, expanded: Expression, names: Sequence[Name]) -> int:
        places = {name: _place_of(place, name.batch) for place, name in enumerate(names)}
        computed = with_names(expanded, places)
        shape = computed if shown is expanded else shown and with_names(shown, places), computed
        if shape not in self._numbers:
            self._numbers[shape] = len(self.expressions)
            self._shown.append(shape[0])
            self.expressions.append(shape[1])
        return self._numbers[shape]

    def written(self) -> list[Data]:
        """How each shape is shown, in lines that stand one behind the other where there is room.

        called: with its functions by their symbols, where they are written out otherwise. numbers: with the numbers put
        in, where some of its places, `batch`, stand for all rows of a batch; otherwise like `symbols`. hidden: places
        that only the computation far out needs.
        """
        both = zip(self._shown, self.expressions, strict=True)
        return [self._written(shown, expanded) if shown else {} for shown, expanded in both]

    def _written(self, shape: Expression, expanded: Expression) -> Data:
        found: Data = {"symbols": _lines(template_lines(shape, 1, MATHML))}
        shown = distinct(shape)
        if len(both := forms(shape)) > 1:
            found["called"] = named.parts(as_it_stands(both[0], MATHML, lambda name: named.mark(int(name.name))))
        if hidden := [int(name.name) for name in distinct(expanded) if name not in shown]:
            found["hidden"] = hidden
        if of_batch := [int(name.name) for name in shown if name.batch]:
            found |= {"batch": of_batch, "numbers": _lines(template_lines(shape, self.batch, MATHML))}
        return found


@cache
def _place_of(number: int, batch: bool) -> Name:
    return Name(str(number), batch=batch)


def _lines(lines: Sequence[Template]) -> list[Pieces]:
    return [[piece if isinstance(piece, str) else _place(piece) for piece in line] for line in lines]


def _place(slot: Slot) -> list[int]:
    """The number of the rows of a batch has the place −1."""
    name = slot.name.name
    return [int(name) if name.isdigit() else -1, int(slot.signed), int(slot.raised), slot.row]
