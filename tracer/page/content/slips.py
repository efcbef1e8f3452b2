"""The likely slips of each equation, from the table by which workbooks are graded, for the page's quiz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from tracer.explain.blocks import Line, blocks
from tracer.formulas.expansion import expand
from tracer.formulas.tree import Expression, Name, distinct, with_names
from tracer.grading.slips.slip import Setting, Slip
from tracer.grading.slips.table import FUNCTIONS, INDICES, MISSING, NUMBERS, PARENTHESES, SIGNS, SWAPPED, TWICE
from tracer.model.system import System
from tracer.page.content import named
from tracer.page.content.shapes import Data, Shapes

LIKELY: tuple[Slip, ...] = (*MISSING, *SIGNS, *PARENTHESES, *SWAPPED, *TWICE, *NUMBERS, *FUNCTIONS)
"""Those that take no quantity from elsewhere, in the order of the table. A wrong quantity of the same kind is put in by
the page, as many times as there are such quantities."""
MOST = 24
"""Of an equation."""
LONGEST = 6
"""Quantities in an equation whose slips are listed; a longer one is asked for without them."""
WRONG_INDEX = next(slip.sentence for slip in INDICES if slip.name == "wrong_index")


@dataclass(frozen=True, slots=True)
class Marking(Setting):
    """A setting whose texts have marks in place of the quantities, see `named`, so that lines of one shape share them.

    marks: what stands for each quantity.
    """

    marks: Mapping[Name, Expression] = field(default_factory=dict)

    def text(self, expression: Expression) -> str:
        """The expression as it stands in a sentence. Raises KeyError for a quantity without a mark."""
        return Setting.text(self, with_names(expression, {name: self.marks[name] for name in distinct(expression)}))


def slips_of(system: System, lines: Sequence[Data], shapes: Shapes) -> list[list[list[Any]]]:
    """The lists of slips; each line is told the number of its list, which it shares with the lines of its shape whose
    quantities have the same roles. A slip is the shape of the wrong formula, of the quantities of the line, and a
    sentence in which numbers are places of these."""
    lists: list[list[list[Any]]] = []
    known: dict[tuple[object, ...], int] = {}
    of_blocks = chain.from_iterable(group.lines for block in blocks(system) for group in block.groups)
    for line, data in zip(of_blocks, lines, strict=True):
        shape, *slots = data["expression"]
        roles = tuple(system.quantities[name.name].role for name in distinct(line.expression))
        if len(slots) > LONGEST or any(name.batch for name in distinct(line.expression)):
            continue
        if (shape, roles) not in known:
            known[shape, roles] = len(lists)
            lists.append(list(islice(_slips(line, slots, shapes), MOST)))
        data["slips"] = known[shape, roles]
    return lists


def _slips(line: Line, slots: Sequence[int], shapes: Shapes) -> Iterator[list[Any]]:
    """Each with a formula that no likelier one has."""
    order = {slot: place for place, slot in enumerate(slots)}
    both = dict.fromkeys((*distinct(expand(line.expression, far=True)), *distinct(line.expression)))
    places = {name: order[shapes.slots[name]] for name in both}
    setting = Marking((), 0, marks={name: Name(named.mark(place)) for name, place in places.items()})
    seen = {line.expression}
    for form in dict.fromkeys((expand(line.expression), line.expression)):
        for slip in LIKELY:
            for wrong, parts in slip.edits(form, setting):
                if wrong not in seen and all(name in places for name in distinct(wrong)):
                    seen.add(wrong)
                    yield [shapes.computed(wrong, places), named.parts(slip.cause(parts, setting).sentence)]
