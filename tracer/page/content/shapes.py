"""Expressions alike but for their quantities, told once: a shape, and for each expression the quantities in its places.

A wide network has thousands of equations of a dozen shapes; a page that holds each shape once stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tracer.explain.templates import Slot, Template
from tracer.formulas.expansion import expand
from tracer.formulas.tree import Expression, Name, distinct, with_names

Data = dict[str, Any]
"""What becomes an object of JSON."""
Reference = list[int]
"""An expression: the number of its shape, then the slots of the quantities in its places."""
Pieces = list[str | list[int]]
"""A template: markup, and [place, signed, row] where a quantity stands; see `templates.Slot`."""
Writer = Callable[[Expression, int], Template]
"""An expression as markup with slots, for a batch of so many rows."""


@dataclass(slots=True)
class Shapes:
    """The shapes while they are collected.

    slots: the numbers of the quantities. write: how a shape is shown. batch: the rows of a batch, as for
    `templates.template`. expressions: one for each shape, of primitive functions only; its names are its places, "0",
    "1", …, in this order.
    """

    slots: Mapping[Name, int]
    write: Writer
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
        places = {name: replace(name, name=str(place), lag=0) for place, name in enumerate(names)}
        shape = shown and with_names(shown, places), with_names(expanded, places)
        if shape not in self._numbers:
            self._numbers[shape] = len(self.expressions)
            self._shown.append(shape[0])
            self.expressions.append(shape[1])
        return self._numbers[shape]

    def written(self) -> list[Data]:
        """How each shape is shown: in symbols, and, where some of its places stand for all rows of a batch, which these
        are, and how it is shown with its numbers put in. hidden: places that only the computation far out needs."""
        return [self._written(*shapes) if shapes[0] else {} for shapes in zip(self._shown, self.expressions, strict=True)]

    def _written(self, shape: Expression, expanded: Expression) -> Data:
        found: Data = {"symbols": _pieces(self.write(shape, 1))}
        shown = set(distinct(shape))
        if hidden := [int(name.name) for name in distinct(expanded) if name not in shown]:
            found["hidden"] = hidden
        if of_batch := [int(name.name) for name in distinct(shape) if name.batch]:
            found |= {"batch": of_batch, "numbers": _pieces(self.write(shape, self.batch))}
        return found


def _pieces(template: Template) -> Pieces:
    return [piece if isinstance(piece, str) else _place(piece) for piece in template]


def _place(slot: Slot) -> list[int]:
    name = slot.name.name
    return [int(name) if name.isdigit() else -1, int(slot.signed), slot.row]
