"""The formula that a cell should have, from the slip found in its values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.paths import nodes
from tracer.formulas.tree import POW, Call, Expression, Function, Name, Number, with_names
from tracer.grading.book.cells import Place
from tracer.grading.book.relative import UnknownFormula, absolute, parts, place
from tracer.grading.culprits.nearby import Reference
from tracer.grading.graph.graph import Graph
from tracer.grading.wording.sentences import home_of
from tracer.grading.wording.syntax import Signed, factors, product, terms, total, written

Rewrite = Callable[["Own"], Expression | None]
"""Makes the right formula of a cell from the one that it has; None where it cannot be written."""

NEARLY = 1e-6
"""Relative difference of numbers that count as the same."""
Operands = Callable[[int], Sequence[Place]]
"""Cells that a formula refers to, by its node."""


@dataclass(frozen=True, slots=True)
class Own:
    """A cell's formula.

    node: the cell. tree: its formula as it is written. base: of an update, the node of its parameter, which is right in
    any case; None for other formulas.
    """

    graph: Graph
    node: int
    tree: Expression
    base: int | None

    @property
    def home(self) -> Place:
        """The cell that the formula is written for."""
        return home_of(self.graph, self.node)

    def last(self) -> tuple[int, int]:
        """The row and the column of the last value of an array formula in its result."""
        texts = (text for text in self.graph.texts if text.element is not None)
        own = self.graph.texts[self.graph.text[self.node]].relative
        return max(text.element for text in texts if text.relative == own and text.element is not None)

    def node_of(self, name: Expression) -> int | None:
        """The node that a reference means; None for a range, or anything else."""
        if not isinstance(name, Name) or parts(name.name) is None:
            return None
        sheet, where = place(name.name, self.home[1])
        return self.graph.number.get((sheet or self.home[0], where))

    def is_base(self, term: Expression) -> bool:
        """Whether a term is the parameter of an update, or in an array formula the matrix with it."""
        if self.base is None or not isinstance(term, Name):
            return False
        corners, where = _corners(self, term), self.graph.places[self.base]
        return corners is not None and _contains(corners, where, where)

    def changed(self, change: Callable[[list[Signed]], list[Signed]]) -> Expression | None:
        """The formula with its factors changed; in an update, those of all terms but the parameter."""
        if self.base is None:
            minus, own = factors(self.tree)
            return total([(minus, product(change(own)))])
        own_terms = terms(self.tree)
        rest = [term for term in own_terms if not self.is_base(term[1])]
        if len(rest) != len(own_terms) - 1:
            return None
        return total(
            [(minus, term if self.is_base(term) else product(change(factors(term)[1]))) for minus, term in own_terms]
        )


def right_formula(graph: Graph, node: int, base: int | None, rewrite: Rewrite) -> str | None:
    """The right formula of a cell, as it is written there."""
    try:
        own = Own(graph, node, written(graph.texts[graph.text[node]].relative), base)
        found = rewrite(own)
    except UnknownFormula:
        return None
    return None if found is None else absolute(render(found, EXCEL, attrgetter("name")), own.home[1])


def negated(own: Own) -> Expression | None:
    """The opposite of the formula; of an update, of its change."""
    return total([(minus == own.is_base(term), term) for minus, term in terms(own.tree)])


def times(number: int) -> Rewrite:
    """The formula times a number."""
    return lambda own: own.changed(lambda parts: _scaled(parts, number, under=True))


def divided(number: int) -> Rewrite:
    """The formula divided by a number."""
    return lambda own: own.changed(lambda parts: _scaled(parts, number, under=False))


def _scaled(parts: list[Signed], number: int, under: bool) -> list[Signed]:
    """Without an extra factor or divisor, or else with one more."""
    extra = (under, Number(float(number)))
    inverse = (not under, Number(1.0 / number))
    for surplus in (extra, inverse):
        if surplus in parts:
            place_ = parts.index(surplus)
            return [*parts[:place_], *parts[place_ + 1 :]]
    one = (False, Number(1.0))
    if under and one in parts:
        return [(False, Number(float(number))) if part == one else part for part in parts]
    new = (not under, Number(float(number)))
    return [new, *parts] if under else [*parts, new]


def with_factor(cell: Place) -> Rewrite:
    """The formula times one more cell, which it refers to as fixed."""

    def rewrite(own: Own) -> Expression | None:
        name = _fixed(cell, own.home[0])
        return own.changed(lambda parts: [(False, name), *parts])

    return rewrite


def with_cell_for(number: float, cell: Place, otherwise: Rewrite | None) -> Rewrite:
    """The formula with a fixed cell in place of a number that is typed as a factor; otherwise, where there is none."""

    def rewrite(own: Own) -> Expression | None:
        def is_typed(part: Expression) -> bool:
            return isinstance(part, Number) and abs(part.value - number) <= NEARLY * abs(number)

        name = _fixed(cell, own.home[0])
        found = own.changed(lambda parts: [(under, name if is_typed(part) else part) for under, part in parts])
        if found is not None and found != own.changed(list):
            return found
        return None if otherwise is None else otherwise(own)

    return rewrite


def _fixed(cell: Place, home: str) -> Name:
    """A reference to a cell, fixed, in a formula of that sheet."""
    sheet, (row, column) = cell
    front = "" if sheet == home else sheet if sheet.isalnum() else "'{}'".format(sheet.replace("'", "''"))
    return Name(f"{front}!R{row}C{column}" if front else f"R{row}C{column}")


def without_factor(node: int) -> Rewrite:
    """The formula without one of the factors that are this cell: one less of two, or of an exponent."""

    def rewrite(own: Own) -> Expression | None:
        def exponent_of(part: Expression) -> int:
            if own.node_of(part) == node:
                return 1
            match part:
                case Call(function, (base, Number(exponent))) if function == POW and own.node_of(base) == node:
                    return int(exponent)
            return 0

        def change(parts: list[Signed]) -> list[Signed]:
            places = [index for index, (_, part) in enumerate(parts) if exponent_of(part)]
            above = [index for index in places if not parts[index][0]]
            if len(above) > 1:
                return [part for index, part in enumerate(parts) if index != above[1]]
            if not places:
                return parts
            under, part = parts[places[0]]
            exponent = exponent_of(part) + (1 if under else -1)
            base = part.args[0] if isinstance(part, Call) else part
            raised = base if exponent == 1 else Call(POW, (base, Number(float(exponent))))
            return [*parts[: places[0]], *([(under, raised)] if exponent else []), *parts[places[0] + 1 :]]

        found = own.changed(change)
        return None if found is None or found == own.tree else found

    return rewrite


def made_of(form: str) -> Callable[[Name], list[Signed]]:
    """The factors that a text such as `{0}·(1 − {0})` makes of a cell."""
    return lambda name: factors(written(form.replace("·", "*").replace("−", "-").format(name.name)))[1]


def with_parts(made: Callable[[Name], list[Signed]], reference: Reference) -> Rewrite:
    """The formula times what is made of one more cell; in an array formula, of the cells that lie so from each."""

    def rewrite(own: Own) -> Expression | None:
        if any(reference.offset[:1]):
            return None
        text = own.graph.texts[own.graph.text[own.node]]
        corners = [(0, 0)] if text.element is None else [(0, 0), own.last()]
        ends = []
        for down, along in dict.fromkeys(corners):
            row, column = (
                f"{to}" if fixed else f"[{offset + more}]"
                for to, offset, fixed, more in zip(
                    reference.to[1:], reference.offset[1:], reference.fixed[1:], (down, along), strict=True
                )
            )
            ends.append(f"R{row}C{column}")
        name = Name(":".join(dict.fromkeys(ends)))
        return own.changed(lambda parts: [*parts, *made(name)])

    return rewrite


def summed(first: Operands, by: tuple[int, int, int], count: int) -> Rewrite:
    """The formula with the sum of several cells in one direction in place of the first of them."""

    def rewrite(own: Own) -> Expression | None:
        node = own.graph.number[first(own.node)[0]]
        found = [part for _, part in nodes(own.tree) if isinstance(part, Name) and own.node_of(part) == node]
        if not found:
            return None
        last = _moved(found[0].name, (by[1] * (count - 1), by[2] * (count - 1)))
        area = Name(f"{found[0].name}:{last.rpartition('!')[2]}")
        return with_names(own.tree, {found[0]: Call(Function("SUM"), (area,))})

    return rewrite


def moved_by(area: Operands, by: tuple[int, int, int], everywhere: bool) -> Rewrite:
    """The formula with the reference to these cells moved by a number of sheets, rows and columns, `everywhere` in it.

    In an array formula, the reference to a range with them.
    """

    def rewrite(own: Own) -> Expression | None:
        shown = area(own.node)
        first, last = min(shown), max(shown)
        is_array = own.graph.texts[own.graph.text[own.node]].element is not None
        found = []
        for _, part in nodes(own.tree):
            corners = _corners(own, part) if isinstance(part, Name) else None
            if corners is None or not isinstance(part, Name):
                continue
            if corners == (first, last) or (is_array and _contains(corners, first, last)):
                found.append(part)
        if len(set(found)) != 1 or by[0] or not (everywhere or len(found) == 1):
            return None
        name = found[0]
        return with_names(own.tree, {name: Name(":".join(_moved(end, by[1:]) for end in name.name.split(":")))})

    return rewrite


def _contains(corners: tuple[Place, Place], first: Place, last: Place) -> bool:
    """Whether a range has all cells between two places of its sheet."""
    (sheet, (top, left)), (_, (bottom, right)) = corners
    return all(
        where == sheet and top <= row <= bottom and left <= column <= right for where, (row, column) in (first, last)
    )


def _corners(own: Own, name: Name) -> tuple[Place, Place] | None:
    first, _, last = name.name.partition(":")
    if parts(first) is None or parts(last or first) is None:
        return None
    sheet, start = place(first, own.home[1])
    _, end = place(last or first, own.home[1])
    return (sheet or own.home[0], start), (sheet or own.home[0], end)


def _moved(reference: str, by: tuple[int, int]) -> str:
    """A relative reference, moved."""
    found = parts(reference)
    assert found is not None
    front = reference.rpartition("!")[0]
    _, row, down, column, along = found
    row, column = row + by[0], column + by[1]
    text = (f"R[{row}]" if down else f"R{row}") + (f"C[{column}]" if along else f"C{column}")
    return f"{front}!{text}" if front else text
