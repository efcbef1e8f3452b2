"""Slips of copied references: one that should be fixed moves down with the rows, or vice versa."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.formulas.tree import Expression, Name, distinct, names, with_names
from tracer.grading.book.cells import Cell, Position, letters
from tracer.grading.book.relative import UnknownFormula, text_at
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.judge import Judge, Wrong
from tracer.grading.slips.search import Explanation
from tracer.model import naming


def fixed(place: Position) -> str:
    """A cell as a fixed reference: $E$6."""
    return f"${letters(place[1])}${place[0]}"


def slides(rate: Position, where: str) -> Explanation:
    """The slip of a rate's reference that was not fixed. where: what a formula takes in its place."""
    return Explanation(cause_of("rate_reference_slides", fixed=fixed(rate), where=where))


def sliding(judge: Judge, wrong: Wrong, right: Expression) -> Explanation | None:
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
    return slides(scalar.position, f"={text_at(formula, place)} uses {taken} as {naming.ETA}")


def _named(judge: Judge, place: Position, step: int) -> str:
    """What a cell is: a quantity of some row, a number, empty."""
    name, of = judge.translator.quantity(place)
    if name is not None:
        before = 0 if of is None else step - of
        return f"{naming.label(name)} ({before} rows before)" if before > 1 else naming.label(name)
    cell = judge.sheet.cells.get(place, Cell(None))
    return "an empty cell" if cell.value is None else f"{cell.number:g}" if cell.number is not None else "a text cell"


def frozen(judge: Judge, wrong: Wrong) -> Explanation | None:
    """The slip where references stay in one row in all cells, and the formula is right once they move along; with the
    formula, each fixed cell in it by its place."""
    first, last = wrong.steps[0], wrong.steps[-1]
    if first == last:
        return None
    places = judge.table.series[wrong.quantity]
    try:
        one, other = (judge.translator.read(places[step], step) for step in (first, last))
    except UnknownFormula:
        return None
    expected = {n.name: n for form in judge.demand.forms(wrong.quantity) for n in names(form)}
    pairs = zip(distinct(one), distinct(other), strict=False)
    stuck = [before for before, after in pairs if (before.name, before.lag + last - first) == (after.name, after.lag)]
    if not stuck or any(name.name not in expected for name in stuck):
        return None
    if not judge.is_right(wrong.quantity, with_names(one, {name: expected[name.name] for name in stuck})):
        return None
    home = judge.home(wrong.quantity)
    cells = {name: judge.table.series[name.name][first - name.lag] for name in stuck}
    labels = _listed([naming.label(name.name) for name in stuck])
    rows = _listed(sorted({str(row) for row, _ in cells.values()}))
    whose = f"the first row's {labels}" if {n.lag for n in stuck} == {first} else f"{labels} of row {rows}"
    slip = "references_frozen" if len(stuck) > 1 else "reference_frozen"
    why = cause_of(slip, whose=whose, references=_listed([fixed(cell) for cell in cells.values()]))
    return Explanation(why, None, with_names(one, {name: Name(fixed(cell), home) for name, cell in cells.items()}))


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
