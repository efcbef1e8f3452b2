"""Finds given quantities without a header in the formulas that use them: a typed number, a cell of another sheet, a
column whose header says nothing. What stands where i1 belongs, and makes the formula right, is i1."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from tracer.formulas.paths import nodes
from tracer.formulas.tree import Expression, Name, Number, distinct, names, with_names
from tracer.grading.network.model import Model
from tracer.grading.network.oracle import View, same

MOST_WANTED = 4
"""Maximum quantities of one formula that are searched at once."""
MOST_LEAVES = 7
"""Maximum numbers and unknown columns of a formula among which they are searched."""

Leaf = Name | Number
"""A column without a known name (its lag is 0), or a number."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search for given quantities in formulas: at most 840 trials a formula, MOST_WANTED of MOST_LEAVES in any order.

    model: the right equations. present: the quantities that the table shows. unnamed: the names that stand for
    columns without a known one; constant: those of them that hold the same number in every row."""

    model: Model
    oracle: View
    present: frozenset[str]
    unnamed: Collection[str]
    constant: Collection[str]

    def found(self, readings: Mapping[str, Expression]) -> dict[Leaf, str]:
        """Number or column → the given quantity that it is.

        readings: the formulas of known quantities, as they are written.
        """
        found: dict[Leaf, str] = {}
        progress = True
        while progress:
            progress = False
            for quantity, reading in readings.items():
                more = self._in_formula(quantity, with_leaves(reading, found), set(found.values()))
                found.update(more)
                progress |= bool(more)
        return found

    def _in_formula(self, quantity: str, reading: Expression, known: Collection[str]) -> dict[Leaf, str]:
        form = self.model.in_terms_of(quantity, self.present)
        right = self.oracle.value(Name(quantity))
        if form is None or right is None:
            return {}
        missing = {*self.model.system.data, *self.model.parameters} - {*self.present, *known}
        wanted = list(dict.fromkeys(n.name for n in names(form) if n.name in missing))
        own = {node.value for _, node in nodes(form) if isinstance(node, Number)}
        leaves = [
            leaf for leaf in _leaves(reading, self.unnamed) if not (isinstance(leaf, Number) and leaf.value in own)
        ]
        if not wanted or len(wanted) > MOST_WANTED or not len(wanted) <= len(leaves) <= MOST_LEAVES:
            return {}
        for choice in permutations(leaves, len(wanted)):
            assigned: dict[Leaf, str] = dict(zip(choice, wanted, strict=True))
            if all(self._may_be(leaf, name) for leaf, name in assigned.items()):
                value = self.oracle.value(with_leaves(reading, assigned))
                if value is not None and same(value, right):
                    return assigned
        return {}

    def _may_be(self, leaf: Leaf, name: str) -> bool:
        """Whether a leaf may be a quantity: constant numbers are inputs or targets; trained weights change."""
        stays = isinstance(leaf, Number) or leaf.name in self.constant
        return stays or name in self.model.parameters


def _leaves(reading: Expression, unnamed: Collection[str]) -> Iterator[Leaf]:
    """The distinct numbers and unnamed columns in a formula, in order."""
    found: dict[Leaf, None] = {}
    for _, node in nodes(reading):
        if isinstance(node, Number):
            found.setdefault(node)
        elif isinstance(node, Name) and node.name in unnamed:
            found.setdefault(Name(node.name))
    yield from found


def with_leaves(expression: Expression, assigned: Mapping[Leaf, str]) -> Expression:
    """The expression with its numbers and columns replaced by quantities; each keeps its lag."""
    columns = {n: Name(assigned[Name(n.name)], n.lag) for n in distinct(expression) if Name(n.name) in assigned}
    numbers = {leaf: Name(name) for leaf, name in assigned.items() if isinstance(leaf, Number)}
    return with_names(with_names(expression, columns), numbers)
