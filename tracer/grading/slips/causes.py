"""The likely cause of a wrong value: the small edit of the right formula that gives the person's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.formulas.expansion import expand
from tracer.formulas.paths import nodes
from tracer.formulas.tree import ADD, MUL, Call, Expression, Name, Number
from tracer.grading.book.numbers import Array, value
from tracer.grading.network.writing import likeness
from tracer.grading.slips.edits import double, single
from tracer.grading.slips.setting import Setting

MOST_DOUBLE = 4_000
"""Pairs of edits that are tried where no single one explains the values."""
MOST_FRUITLESS = 3
"""Formulas of a table for which pairs of edits are tried in vain."""

TELLING = 1e-3
"""Relative: a number by which a value is off in all rows tells of a slip where it is no smaller than this."""


ATTEMPT = 15
"""Nodes that weigh as much as making an edit and comparing its values."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A slip in words, and the formula that it makes of the right one (None where that is not known). shown: the
    person's formula, where it is to be shown otherwise than it was read."""

    text: str
    expression: Expression | None = None
    shown: Expression | None = None


@dataclass(slots=True)
class Budget:
    """How much may still be tried for one workbook, in nodes of expressions; where everything is wrong there is no end.
    The slips of a usual workbook take some thousands, two slips at once in one cell some hundred thousand.

    fruitless: searches for pairs of edits that found nothing; after MOST_FRUITLESS of them a table is taken to be
    something else than two slips in a formula.
    """

    left: int = 1_200_000
    fruitless: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The person's values at some points, the quantities there, and which results count as the same."""

    quantities: Mapping[Name, Array]
    theirs: Array
    same: Callable[[Array, Array], bool]
    budget: Budget

    def explains(self, expression: Expression) -> bool:
        """Whether an expression gives the person's values."""
        self.budget.left -= _size(expression) + ATTEMPT
        try:
            return self.same(np.broadcast_to(value(expression, self.quantities), self.theirs.shape), self.theirs)
        except KeyError:
            return False


def find_cause(
    forms: Sequence[Expression],
    evidence: Evidence,
    setting: Setting,
    theirs: Expression | None = None,
    pairs: bool = True,
    rather: Cause | None = None,
) -> Cause | None:
    """The slip that leads from a right formula, in any of its forms, to the person's values; None where none is found.

    theirs: the person's formula, where there is one: of several slips with the same result, the one that reads most
    like it is named. pairs: whether two slips at once are tried too. rather: what is likelier than two slips at once.
    """
    said = None if theirs is None else setting.text(theirs)
    for right in forms:
        best: tuple[float, Cause] | None = None
        for edit in (e for form in dict.fromkeys((expand(right), right)) for e in single(form, setting)):
            if evidence.budget.left <= 0:
                break
            if evidence.explains(edit.expression):
                found = Cause(edit.cause, edit.expression)
                if said is None:
                    return found
                alike = likeness(setting.text(edit.expression), said)
                if best is None or alike > best[0]:
                    best = (alike, found)
                if alike == 1.0:
                    break
        if best:
            return best[1]
    simple = _constant(evidence) or _scaled(forms[0], evidence) or rather
    if simple:
        return simple
    if pairs and evidence.budget.fruitless < MOST_FRUITLESS:
        return _pair(forms[:2], evidence, setting)
    return None


def _pair(forms: Sequence[Expression], evidence: Evidence, setting: Setting) -> Cause | None:
    """Two slips at once; the order in which they are made does not matter, so none is tried twice."""
    tried: set[Expression] = set()
    for right in forms:
        for edit in double(right, setting, MOST_DOUBLE):
            if evidence.budget.left <= 0:
                return None
            if edit.expression in tried:
                continue
            tried.add(edit.expression)
            if evidence.explains(edit.expression):
                return Cause(edit.cause, edit.expression)
    evidence.budget.fruitless += 1
    return None


def _size(expression: Expression) -> int:
    return 1 + sum(map(_size, expression.args)) if isinstance(expression, Call) else 1


def _constant(evidence: Evidence) -> Cause | None:
    """One number everywhere."""
    theirs = evidence.theirs
    if len(theirs) > 1 and np.ptp(theirs) == 0:
        return one_number(float(theirs[0]))
    return None


def one_number(number: float) -> Cause:
    """A constant where a formula belongs."""
    return Cause(f"a constant, {number:g}, stands where a formula belongs", Number(number))


def _scaled(right: Expression, evidence: Evidence) -> Cause | None:
    """The right value times, or plus, one number."""
    try:
        ours = np.broadcast_to(value(right, evidence.quantities), evidence.theirs.shape)
    except KeyError:
        return None
    if len(ours) < 3 or np.ptp(ours) == 0:
        return None
    with np.errstate(all="ignore"):
        ratio = evidence.theirs / ours
    if np.isfinite(ratio).all():
        factor = float(np.median(ratio))
        scaled = Call(MUL, (Number(factor), right))
        if abs(factor - 1) > TELLING and evidence.same(ours * factor, evidence.theirs):
            return Cause(f"the right value times {factor:.6g}", scaled)
    offset = float(np.median(evidence.theirs - ours))
    if abs(offset) > TELLING * np.abs(ours).max() and evidence.same(ours + offset, evidence.theirs):
        return Cause(f"the right value plus {offset:.6g}", Call(ADD, (right, Number(offset))))
    return None


def typed_numbers(expression: Expression) -> list[float]:
    """The numbers in a formula, each once."""
    return list(dict.fromkeys(node.value for _, node in nodes(expression) if isinstance(node, Number)))
