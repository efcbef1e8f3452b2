"""What a grader says of a mistake: its sentence and the right formula, which is put into the sheet to see if it mends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.walkthroughs.evaluator import FormulaError, Place
from tests.walkthroughs.mistakes import copied
from tests.walkthroughs.plan import Cells, Plan


@dataclass(frozen=True)
class Said:
    """What is said of some cells. cause: a sentence. right: the formula that the first of them should have."""

    cells: tuple[Place, ...]
    cause: str | None
    right: str | None


def mended(plan: Plan, said: Sequence[Said]) -> Plan | None:
    """The plan with the right formulas in the cells that they are said to belong in, copied from the first one on; None
    where one lacks, or where the sheet then has no values."""
    changes: Cells = {}
    for each in said:
        if each.right is None:
            return None
        changes |= dict(_filled(plan, each.cells, "=" + each.right.removeprefix("=")))
    try:
        right = plan.with_cells(changes)
        errors = any(isinstance(value, FormulaError) for value in right.values.values.values())
    except (FormulaError, ArithmeticError, ValueError, LookupError, RecursionError):
        return None
    return None if errors else right


def _filled(plan: Plan, cells: Iterable[Place], formula: str) -> Iterator[tuple[Place, str]]:
    owners = list(dict.fromkeys(plan.values.owner.get(place, place) for place in cells))
    for place in owners:
        yield place, copied(formula, place[1] - owners[0][1], place[2] - owners[0][2])
