"""The search for the slip behind a wrong value: the edit of the right formula that gives the person's values.

Single slips come first, in the order of the table, in every right form of the formula; then one number everywhere and a
common factor or offset; then two slips at once. The effort is bounded by the constants below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from tracer.formulas.expansion import expand
from tracer.formulas.notation.numpy import Array, value_from_parts
from tracer.formulas.paths import nodes
from tracer.formulas.tree import ADD, MUL, Call, Expression, Name, Number
from tracer.grading.judging.causes import Cause, cause_of
from tracer.grading.network.writing import likeness
from tracer.grading.slips.slip import Edit, Setting
from tracer.grading.slips.table import IN_PAIRS, SLIPS

MOST_SINGLES = 20_000
"""Single slips that are tried of one form of a formula. In the compact table of the classic 2-2-2 network h1 has 265,
an update 188, the longest formula, ∂E/∂w1, 858; they grow with the square of the names in a formula."""
MOST_PAIRS = 4_000
"""Pairs of slips that are tried of one form of a formula, of at most two forms, where no single slip explains the
values. In the same table a_h1 has 178, an update 2,967, h1 5,031, ∂E/∂w1 53,482: all pairs are tried in short formulas,
in long ones those whose first slip is among the likeliest."""
MOST_FRUITLESS = 3
"""Formulas of a table for which pairs of slips are tried in vain; then the table is taken to be something else than two
slips in a formula."""
MOST_NODES = 1_200_000
"""Nodes of expressions that are computed for a whole workbook; where everything is wrong there is no end. The slips of
a usual workbook take some thousands, two slips at once in one cell some hundred thousand."""
ATTEMPT = 15
"""Nodes that weigh as much as making an edit and comparing its values."""
TELLING = 1e-3
"""Relative: a number by which a value is off in all rows tells of a slip where it is no smaller than this."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause, and the formula that it makes of the right one (None where that is not known). shown: the person's
    formula, if it is to be shown differently from how it was read."""

    cause: Cause
    expression: Expression | None = None
    shown: Expression | None = None


@dataclass(slots=True)
class Budget:
    """The remaining budget of a workbook, in nodes, and the number of unsuccessful searches for pairs. It is
    shared by all tables of a workbook, and spent as the search goes on."""

    left: int = MOST_NODES
    fruitless: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The person's values at some points, the quantities there, and a criterion of equality.

    known: what the parts of some expressions are there, which are kept alive in `learned`.
    """

    quantities: Mapping[Name, Array]
    theirs: Array
    same: Callable[[Array, Array], bool]
    budget: Budget
    known: dict[int, Any] = field(default_factory=dict)
    learned: list[Expression] = field(default_factory=list)

    def learn(self, expression: Expression) -> None:
        """Keep the values of an expression's parts, for those that differ from it in a few nodes."""
        with suppress(KeyError):
            self.learned.append(expression)
            value_from_parts(expression, self.quantities, self.known)

    def value(self, expression: Expression) -> Array:
        """An expression at these points. Raises KeyError where a quantity is not known there."""
        ours = value_from_parts(expression, self.quantities, self.known.copy())
        return np.broadcast_to(ours, self.theirs.shape)

    def explains(self, expression: Expression) -> bool:
        """Whether an expression gives the person's values."""
        self.budget.left -= _size(expression) + ATTEMPT
        try:
            return self.same(self.value(expression), self.theirs)
        except KeyError:
            return False


def single_slips(right: Expression, setting: Setting) -> Iterator[Edit]:
    """The wrong formulas that a single slip makes of a right one, at most MOST_SINGLES; the likeliest first."""
    edits = (Edit(wrong, ((slip, parts),)) for slip in SLIPS for wrong, parts in slip.edits(right, setting))
    return islice(edits, MOST_SINGLES)


def pairs_of_slips(right: Expression, setting: Setting) -> Iterator[Edit]:
    """The wrong formulas that two slips, one after the other, make of a right one, at most MOST_PAIRS."""
    pairs = (
        Edit(wrong, ((first, of_first), (second, of_second)))
        for first in IN_PAIRS
        for once, of_first in first.edits(right, setting)
        for second in IN_PAIRS
        for wrong, of_second in second.edits(once, setting)
    )
    return islice(pairs, MOST_PAIRS)


def find_slip(
    forms: Sequence[Expression],
    evidence: Evidence,
    setting: Setting,
    theirs: Expression | None = None,
    pairs: bool = True,
    likelier: Explanation | None = None,
) -> Explanation | None:
    """The slip that leads from a right formula, in any of its forms, to the person's values; None if not found.

    theirs: the person's formula, where there is one: of several slips with the same result, the one that reads most
    like it is named. pairs: whether two slips at once are tried too. likelier: an explanation that is
    preferred to two slips at once.
    """
    for right in forms:
        single = _single(right, evidence, setting, theirs)
        if single:
            return Explanation(single.cause(setting), single.expression)
    simple = _constant(evidence) or _scaled(forms[0], evidence) or likelier
    if simple or not pairs or evidence.budget.fruitless >= MOST_FRUITLESS:
        return simple
    pair = _pair(forms[:2], evidence, setting)
    return Explanation(pair.cause(setting), pair.expression) if pair else None


def _single(right: Expression, evidence: Evidence, setting: Setting, theirs: Expression | None) -> Edit | None:
    said = None if theirs is None else setting.text(theirs)
    best, closest = None, -1.0
    for form in dict.fromkeys((expand(right), right)):
        evidence.learn(form)
        for edit in single_slips(form, setting):
            if evidence.budget.left <= 0:
                return best
            if not evidence.explains(edit.expression):
                continue
            alike = 1.0 if said is None else likeness(setting.text(edit.expression), said)
            if alike > closest:
                best, closest = edit, alike
            if alike == 1.0:
                return edit
    return best


def _pair(forms: Sequence[Expression], evidence: Evidence, setting: Setting) -> Edit | None:
    """Two slips at once; their order does not matter, so no pair is tried twice."""
    tried: set[Expression] = set()
    for right in forms:
        evidence.learn(right)
        for edit in pairs_of_slips(right, setting):
            if evidence.budget.left <= 0:
                return None
            if edit.expression in tried:
                continue
            tried.add(edit.expression)
            if evidence.explains(edit.expression):
                return edit
    evidence.budget.fruitless += 1
    return None


def _size(expression: Expression) -> int:
    return 1 + sum(map(_size, expression.args)) if isinstance(expression, Call) else 1


def _constant(evidence: Evidence) -> Explanation | None:
    """A constant value."""
    theirs = evidence.theirs
    return one_number(float(theirs[0])) if len(theirs) > 1 and np.ptp(theirs) == 0 else None


def one_number(number: float) -> Explanation:
    """A constant where a formula belongs."""
    return Explanation(cause_of("constant_for_formula", found=number), Number(number))


def _scaled(right: Expression, evidence: Evidence) -> Explanation | None:
    """The right value times, or plus, a constant."""
    try:
        ours = evidence.value(right)
    except KeyError:
        return None
    theirs = evidence.theirs
    if len(ours) < 3 or np.ptp(ours) == 0:
        return None
    with np.errstate(all="ignore"):
        factor = float(np.median(theirs / ours))
    offset = float(np.median(theirs - ours))
    if abs(factor - 1) > TELLING and evidence.same(ours * factor, theirs):
        return Explanation(cause_of("multiplied", factor=factor), Call(MUL, (Number(factor), right)))
    if abs(offset) > TELLING * np.abs(ours).max() and evidence.same(ours + offset, theirs):
        return Explanation(cause_of("offset", offset=offset), Call(ADD, (right, Number(offset))))
    return None


def typed_numbers(expression: Expression) -> list[float]:
    """The numbers in a formula, each once."""
    return list(dict.fromkeys(node.value for _, node in nodes(expression) if isinstance(node, Number)))
