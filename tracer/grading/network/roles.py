"""Identifies columns with unknown headers by their formulas and by the formulas that use them.

A column that holds what a quantity should be is that quantity. One that holds something else is the quantity that makes
the formulas right which use it: so a slip in it is found there, once, and not in everything that depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.notation.numpy import Array
from tracer.formulas.tree import NEG, Call, Expression, Name, Number, names, with_names
from tracer.grading.network.givens import Search, with_leaves
from tracer.grading.network.model import Model
from tracer.grading.network.oracle import made_up, same
from tracer.grading.network.series import Found
from tracer.grading.network.translate import Translator
from tracer.grading.sheet.tables import Column, Table
from tracer.model import naming
from tracer.model.quantity import DERIVATIVES

MOST = 60
"""Maximum columns that are examined."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The table with its recognized columns. negated: families (see `naming.family`) of them
    that are written with the opposite sign. numbers: given quantities that stand in the formulas as numbers."""

    table: Table
    negated: frozenset[str] = frozenset()
    numbers: Mapping[str, float] = field(default_factory=dict)


def recognized(found: Found, model: Model, constant: frozenset[str]) -> Roles:
    """The roles of a table's unknown columns."""
    table = found.table
    if model.shared:  # rows of a batch say less of each other
        return Roles(table)
    keyed = {f"?{n}": column for n, column in enumerate(table.unknown[:MOST])}
    shown = {*table.series, *table.scalars}
    if not keyed and (model.parameters | set(model.system.data)) <= shown:
        return Roles(table)
    search = _Search(found, model, constant, keyed)
    numbers = search.given(frozenset(shown))
    roles = search.roles()
    names = {keyed[key].header_cell: quantity for key, (quantity, _) in roles.items()}
    negated = {naming.family(quantity) for quantity, sign in roles.values() if sign < 0}
    return Roles(table.called(names) if names else table, frozenset(negated), numbers)


class _Search:
    """The state of the search: the columns identified so far.

    keyed: the columns, by the names that stand for them in formulas. constant: the given quantities that are the same
    in all rows. Every column is compared with all candidates, and once more whenever another one has been recognized.
    """

    def __init__(self, found: Found, model: Model, constant: frozenset[str], keyed: Mapping[str, Column]) -> None:
        table = found.table
        self.keyed = keyed
        self.model, self.oracle = model, made_up(model, constant).at()
        numbers = {key: [cell.number for cell in found.cells(column.places) if cell] for key, column in keyed.items()}
        self.constant = [key for key, values in numbers.items() if len(set(values)) == 1]
        series = {**table.series, **{key: column.places for key, column in keyed.items()}}
        translator = Translator(replace(found, table=replace(table, series=series)), constant)
        self.readings = {name: reading for name, places in series.items() if (reading := translator.last(places))}
        used = {n.name for reading in self.readings.values() for n in names(reading)}
        self.pending = [key for key in keyed if key in self.readings or key in used]
        self.found: dict[str, tuple[str, int]] = {}
        self.signs = {naming.family(n): 1 for n in table.series if (q := model.read(n)) and q.role in DERIVATIVES}
        self.candidates: dict[str, Array] = {}
        if self.pending:
            self.candidates = {
                q: x for q in _candidates(model) if q not in table.series and (x := self._value(q)) is not None
            }

    def _value(self, quantity: str) -> Array | None:
        found = self.oracle.value(Name(quantity))
        return found if found is not None and np.isfinite(found).all() and np.ptp(found) > 0 else None

    def given(self, shown: frozenset[str]) -> dict[str, float]:
        """The given quantities typed into formulas as numbers; columns that hold one get its role."""
        missing = (self.model.parameters | set(self.model.system.data)) - shown
        if not missing:
            return {}
        known = {name: reading for name, reading in self.readings.items() if name not in self.keyed}
        given = Search(self.model, self.oracle, shown, self.pending, self.constant).found(known)
        self.readings = {name: with_leaves(reading, given) for name, reading in self.readings.items()}
        for leaf, quantity in given.items():
            if isinstance(leaf, Name):
                self.found[leaf.name] = quantity, 1
                self.pending.remove(leaf.name)
        return {quantity: leaf.value for leaf, quantity in given.items() if isinstance(leaf, Number)}

    def roles(self) -> dict[str, tuple[str, int]]:
        """Unknown column → (its quantity, its sign)."""
        while any(self._settle(key, way) for way in (self._by_formula, self._by_users) for key in list(self.pending)):
            pass
        return self.found

    def _settle(self, key: str, way: Callable[[str], tuple[str, int] | None]) -> bool:
        role = way(key)
        if role is None or self.signs.setdefault(naming.family(role[0]), role[1]) != role[1]:
            return False
        self.found[key] = role
        self.candidates.pop(role[0])
        self.pending.remove(key)
        return True

    def _known(self, reading: Expression) -> Expression | None:
        """A reading with its unknown columns replaced by their roles; None if one has none yet."""
        unknown = [n for n in set(names(reading)) if n.name in self.keyed]
        if any(n.name not in self.found for n in unknown):
            return None
        by = {n: _signed(Name(self.found[n.name][0], n.lag), self.found[n.name][1]) for n in unknown}
        return with_names(reading, by)

    def _by_formula(self, key: str) -> tuple[str, int] | None:
        """The quantity that a column's own formula gives; a bare reference to another column gives none."""
        reading = self.readings.get(key)
        if reading is None or isinstance(reading, Name):
            return None
        known = self._known(reading)
        theirs = self.oracle.value(known) if known is not None else None
        if theirs is None:
            return None
        for sign in (1, -1):
            for quantity, ours in self.candidates.items():
                if same(theirs, sign * ours):
                    return quantity, sign
        return None

    def _by_users(self, key: str) -> tuple[str, int] | None:
        """The quantity that makes most of the formulas right that use a column."""
        users = {
            name: reading
            for name, reading in self.readings.items()
            if name not in self.keyed and any(n.name == key for n in names(reading))
        }
        best: tuple[int, str, int] | None = None
        for quantity in self.candidates:
            for sign in (1, -1):
                right = sum(self._is_right(name, reading, key, quantity, sign) for name, reading in users.items())
                if 2 * right > len(users) and (best is None or right > best[0]):
                    best = right, quantity, sign
        return best[1:] if best else None

    def _is_right(self, name: str, reading: Expression, key: str, quantity: str, sign: int) -> bool:
        by = {n: _signed(Name(quantity, n.lag), sign) for n in set(names(reading)) if n.name == key}
        known = self._known(with_names(reading, by))
        ours, theirs = self.oracle.value(Name(name)), self.oracle.value(known) if known is not None else None
        return ours is not None and theirs is not None and same(theirs, ours)


def _signed(name: Name, sign: int) -> Expression:
    return name if sign > 0 else Call(NEG, (name,))


def _candidates(model: Model) -> Iterator[str]:
    """Every quantity that a column may show, the likeliest first."""
    loss = model.system.loss
    errors = [q for q in model.forward if q != loss and Name(q) in set(names(model.forward[loss]))]
    yield from model.forward
    yield from (model.system.gradient(q) for q in (*model.forward, *sorted(model.parameters)))
    for quantity, equation in model.forward.items():
        if quantity != loss:
            yield from (naming.derivative(quantity, name) for name in dict.fromkeys(n.name for n in names(equation)))
    yield from (naming.derivative(error, name) for error in errors for name in model.forward if name != error)
    updated = sorted(model.parameters & model.system.updates.keys())
    yield from (form(name) for form in (naming.change, naming.after_update) for name in updated)
