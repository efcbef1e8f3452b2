"""Slips of copied references: one that should stay where it is slides down with the rows, or the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.formulas.tree import Expression, Name, distinct, names, with_names
from tracer.grading.book.cells import Cell, Position, letters
from tracer.grading.book.relative import UnknownFormula, text_at
from tracer.grading.judging.judge import Judge, Wrong
from tracer.model import naming


@dataclass(frozen=True, slots=True)
class Frozen:
    """A reference that does not move: the slip in words, and the formula with the fixed cell in it by its place."""

    text: str
    shown: Expression


def fixed(place: Position) -> str:
    """A cell as a fixed reference: $E$6."""
    return f"${letters(place[1])}${place[0]}"


def slides(rate: Position) -> str:
    """The slip of a rate's reference that was not fixed."""
    return f"the reference to {naming.ETA} slides down with the rows, it is not fixed as {fixed(rate)}"


def sliding(judge: Judge, wrong: Wrong, right: Expression) -> str | None:
    """The slip where the reference to η has moved as far from η as the cell is from the first one with a formula."""
    scalar = judge.table.scalars.get(naming.ETA)
    places = judge.table.series[wrong.quantity]
    place = places[wrong.steps[0]]
    formula = judge.sheet.cells[place].formula
    if scalar is None or formula is None or not any(n.name == naming.ETA for n in names(right)):
        return None
    start = places[judge.demand.first_step(wrong.quantity)]
    at = (scalar.position[0] + place[0] - start[0], scalar.position[1] + place[1] - start[1])
    if place == start or at not in judge.translator.references(place, formula):
        return None
    taken = _named(judge, at, wrong.steps[0])
    return f"{slides(scalar.position)}: ={text_at(formula, place)} takes {taken} for {naming.ETA}"


def _named(judge: Judge, place: Position, step: int) -> str:
    """What a cell is: a quantity of some row, a number, empty."""
    name, of = judge.translator.quantity(place)
    if name is not None:
        before = 0 if of is None else step - of
        return f"{naming.label(name)} ({before} rows before)" if before > 1 else naming.label(name)
    cell = judge.sheet.cells.get(place, Cell(None))
    return "an empty cell" if cell.value is None else f"{cell.number:g}" if cell.number is not None else "a text"


def frozen(judge: Judge, wrong: Wrong) -> Frozen | None:
    """The slip where references stay in one row in all cells, and the formula is right once they move along."""
    first, last = wrong.steps[0], wrong.steps[-1]
    places = judge.table.series[wrong.quantity]
    if first == last:
        return None
    try:
        one, other = (judge.translator.read(places[step], step) for step in (first, last))
    except UnknownFormula:
        return None
    meant = {n.name: n for form in judge.demand.forms(wrong.quantity) for n in names(form)}
    pairs = zip(distinct(one), distinct(other), strict=False)
    stuck = [before for before, after in pairs if (before.name, before.lag + last - first) == (after.name, after.lag)]
    if not stuck or any(name.name not in meant for name in stuck):
        return None
    if not judge.is_right(wrong.quantity, with_names(one, {name: meant[name.name] for name in stuck})):
        return None
    home = judge.home(wrong.quantity)
    cells = {name: judge.table.series[name.name][first - name.lag] for name in stuck}
    shown = with_names(one, {name: Name(fixed(cell), home) for name, cell in cells.items()})
    labels = _listed([naming.label(name.name) for name in stuck])
    rows = {name.lag for name in stuck}
    whose = (
        f"the first row's {labels}"
        if rows == {first}
        else f"{labels} of row {_listed(sorted({str(c[0]) for c in cells.values()}))}"
    )
    several = len(stuck) > 1
    references = f"reference{'s' if several else ''} {_listed([fixed(cell) for cell in cells.values()])}"
    return Frozen(f"always {whose}: the {references} {'do' if several else 'does'} not move down with the rows", shown)


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


__all__ = ["Frozen", "frozen", "slides", "sliding"]
