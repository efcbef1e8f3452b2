"""What an edit of a formula is, and what the rules that make edits may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tracer.formulas.tree import Expression
from tracer.grading.network.plan import ALONE, Place
from tracer.grading.network.writing import written


@dataclass(frozen=True, slots=True)
class Edit:
    """An edited formula, and the slip in words."""

    expression: Expression
    cause: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a rule may use: the table's quantities, the lag that needs no mention, numbers of the person's formula, the
    quantities that are the same in all rows.

    place: where its row stands in its batch. shared: what there is once a batch.
    """

    quantities: Sequence[str]
    home: int
    numbers: Sequence[float] = ()
    constant: frozenset[str] = frozenset()
    place: Place = ALONE
    shared: frozenset[str] = frozenset()

    def text(self, expression: Expression) -> str:
        return written(expression, self.home)


Rule = Callable[[Expression, Setting], Iterator[Edit]]
