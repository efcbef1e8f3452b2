"""The tables of the focus on the Workings sheet: the available quantities, and the factors of each gradient.

They hold no numbers of a step, so that they are the same whatever is chosen: places in other tables, and texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from tracer.explain.derivation import Derivation, Derivations, Factor, Path
from tracer.explain.explanation import counted_paths, loss_of, sum_in_words
from tracer.formulas.notation.typesetting import CUT
from tracer.model import naming
from tracer.model.quantity import Quantity, Role
from tracer.model.system import System
from tracer.workbook.trace.context import Context
from tracer.workbook.walkthrough.workings import Table, Workings, here

MOST_QUANTITIES, MOST_PRODUCTS = 3_000, 400
"""That can be chosen; and those of which a gradient is the sum. What has more cannot be chosen."""
TRAINED, FROZEN, COMPUTED = 1, 2, 3
KIND = "1 trained, 2 frozen, 3 computed"
QUANTITY, WRITTEN, COLUMN, GRADIENT, HEAD, SUM, COMMON = (
    "quantity",
    "as written",
    "column",
    "column of its gradient",
    "head",
    "sum",
    "further factors",
)
FIRST_PRODUCT, PRODUCTS, FIRST_FACTOR, SHARED, FURTHER = (
    "first product",
    "products",
    "first factor",
    "factors before the paths part",
    "factors after",
)
"""The columns of the table of what can be chosen."""
SELF = "#"
"""Stands for the name of the chosen quantity; no name has it."""
MOST_STEPS = 10
"""Of a longer way from the loss to a quantity the head leaves out the middle."""
NEUTRAL = 1
"""The place of a factor that is none: 1, without a text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A quantity that can be chosen. first_product, first_factor: where its products, and the factors in these, begin
    in their tables."""

    derivation: Derivation
    kind: int
    first_product: int
    first_factor: int
    shared: int


@dataclass(slots=True)
class FocusTables:
    """The tables, and what they leave out.

    own: what there is of every trained parameter, as it is called with SELF for the parameter → its quantity.
    """

    context: Context
    workings: Workings
    derivations: Derivations = field(init=False)
    own: dict[str, Quantity] = field(init=False, default_factory=dict)
    entries: list[Entry] = field(init=False, default_factory=list)
    factors: dict[Factor, int] = field(init=False, default_factory=dict)
    left_out: int = field(init=False, default=0)
    listed: Table = field(init=False)
    columns: dict[str, int] = field(init=False)
    places: dict[str, int] = field(init=False)
    tails: int = field(init=False)
    longest: int = field(init=False)
    products: Table = field(init=False)
    shared: Table = field(init=False)

    def __post_init__(self) -> None:
        system = self.context.system
        self.derivations = Derivations(system, self.context.names)
        trained = next(iter(system.updates), None)
        if trained:
            self.own = dict(own_quantities(system, trained))
        self._collect()
        self.longest = max((len(term) for entry in self.entries for term in entry.derivation.terms), default=0)
        self.tails = max(len(entry.derivation.tail) for entry in self.entries)
        self.places = {name: place for place, name in enumerate(self.context.traces[0].columns, 1)}
        heads = list(self.row(self.default))
        self.columns = {head: place for place, head in enumerate(heads)}
        further = [f"factor {number}" for number in range(1, self.tails + 1)]
        further += [f"column of {self.context.spell(name)}" for name in self.own]
        widths = dict.fromkeys([*heads, *further], 12.0)
        self.listed = self.workings.table(f"What can be chosen in the focus; {SELF} stands for its name", widths)
        self.products = self.workings.table(
            "Products of factors, each by its place in the factors of the focus",
            {"product": 30.0, **{f"factor {number}": 9.0 for number in range(1, self.longest + 1)}},
        )
        self.products.add("", *([NEUTRAL] * self.longest))
        self.shared = self.workings.table("The factors in these", {"factor": 9.0})
        self._fill()

    @property
    def default(self) -> Entry:
        """What is chosen at first: the first trained parameter nearest to the loss."""
        system = self.context.system
        last = [p.name for p in reversed(system.parameters) if p.trained]
        layers = {p.name: p.layer for p in system.parameters}
        chosen = [entry for entry in self.entries if last and layers.get(entry.derivation.quantity) == layers[last[0]]]
        return next((entry for entry in chosen if entry.kind == TRAINED), self.entries[0])

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each quantity in the list."""
        return {entry.derivation.quantity: number for number, entry in enumerate(self.entries, 1)}

    @property
    def default_number(self) -> int:
        """The number of what is chosen at first."""
        return self.entries.index(self.default) + 1

    @property
    def most_factors(self) -> int:
        """How many factors a derivation has at most."""
        return max(entry.shared for entry in self.entries) + self.tails

    def row(self, entry: Entry) -> dict[str, int | str]:
        """What the table of what can be chosen has of a quantity, by the heads of its columns."""
        spell, system, derivation = self.context.spell, self.context.system, entry.derivation
        symbols = [factor.symbol for factor in derivation.tail]
        return {
            QUANTITY: spell(derivation.quantity),
            WRITTEN: self.context.names[derivation.quantity],
            KIND: entry.kind,
            COLUMN: self.places[derivation.quantity],
            GRADIENT: self.places.get(derivation.gradient, 0),
            HEAD: spell(title(entry, system, self.context.names)),
            SUM: spell(sum_in_words(system, derivation, self.context.names)),
            COMMON: spell("·".join(["", *symbols] if derivation.terms else symbols)),
            FIRST_PRODUCT: entry.first_product,
            PRODUCTS: len(derivation.paths),
            FIRST_FACTOR: entry.first_factor,
            SHARED: entry.shared,
            FURTHER: len(derivation.tail),
        }

    def of_list(self, head: str, number: str) -> str:
        """What the table has in a column of the quantity with a number; of an empty cell, no text."""
        empty = '&""' if head == COMMON else ""
        return f"INDEX({self.listed.cells(self.columns[head])},{number}){empty}"

    def tail(self, number: str, place: str) -> str:
        """The number of a factor that follows where the paths part."""
        first = len(self.columns)
        end = self.listed.cell(self.listed.rows, first + self.tails - 1)
        return f"INDEX({self.listed.cell(1, first)}:{here(end)},{number},{place})"

    def own_column(self, name: str, number: str) -> str:
        """The column of what there is of the trained parameter with a number, called as in `own`."""
        place = len(self.columns) + self.tails + list(self.own).index(name)
        return f"INDEX({self.listed.cells(place)},{number})"

    def own_name(self, name: str, parameter: str) -> str:
        """What that is called of a parameter."""
        return naming.spell(self.own[name].with_parts({_SELF: self.context.system.quantities[parameter]}))

    def id_of(self, factor: Factor) -> int:
        """The row of a factor in the table of all factors."""
        return self.factors.setdefault(factor, len(self.factors) + 1)

    def _collect(self) -> None:
        """Find what can be chosen."""
        system = self.context.system
        trained = {parameter.name: parameter.trained for parameter in system.parameters}
        placed: dict[str, tuple[int, int, int]] = {}
        next_product, next_factor = 2, 1
        names = self.derivations.quantities
        for name in islice(names, MOST_QUANTITIES):
            derivation = self.derivations.of(name)
            if len(derivation.terms) > MOST_PRODUCTS:
                continue
            if not derivation.terms:
                placed[derivation.parting] = (1, 1, 0)
            elif derivation.parting not in placed:
                shared = len(factors_of(derivation.terms))
                placed[derivation.parting] = (next_product, next_factor, shared)
                next_product, next_factor = next_product + len(derivation.terms), next_factor + shared
            kind = COMPUTED if name not in trained else TRAINED if trained[name] else FROZEN
            self.entries.append(Entry(derivation, kind, *placed[derivation.parting]))
        self.left_out = len(names) - len(self.entries)

    def _fill(self) -> None:
        """Fill the tables."""
        spell = self.context.spell
        done: set[str] = set()
        for entry in self.entries:
            derivation = entry.derivation
            tail = [self.id_of(factor) for factor in derivation.tail]
            own = [self.places.get(self.own_name(name, derivation.quantity), 1) for name in self.own]
            self.listed.add(*self.row(entry).values(), *tail, *([0] * (self.tails - len(tail))), *own)
            if derivation.terms and derivation.parting not in done:
                done.add(derivation.parting)
                shared = {factor: place for place, factor in enumerate(factors_of(derivation.terms), NEUTRAL + 1)}
                for factor in shared:
                    self.shared.add(self.id_of(factor))
                for term in derivation.terms:
                    at = [shared[factor] for factor in term]
                    of_term = "·".join(factor.symbol for factor in term)
                    self.products.add(spell(of_term), *at, *([NEUTRAL] * (self.longest - len(at))))
        if not self.shared.rows:
            self.shared.add(0)


_SELF = Quantity(Role.OWN_PARAMETER, word=SELF)


def own_quantities(system: System, parameter: str) -> Iterator[tuple[str, Quantity]]:
    """What there is of a parameter in a step (name, with SELF for it → quantity): its value, its gradients, what the
    optimizer keeps of it."""
    of = system.quantities[parameter]
    for name in system.columns():
        quantity = system.quantities[name]
        if quantity == of or of in (quantity.of, quantity.by):
            generic = quantity.with_parts({of: _SELF})
            if quantity.role is not Role.LOCAL_DERIVATIVE:
                yield naming.spell(generic), generic


def factors_of(terms: tuple[Path, ...]) -> list[Factor]:
    """The distinct factors of some paths, in order."""
    return list(dict.fromkeys(factor for term in terms for factor in term))


def title(entry: Entry, system: System, names: Mapping[str, str]) -> str:
    """The head of the block: which way leads from the loss to the quantity."""
    derivation, loss, name = entry.derivation, loss_of(system), names[entry.derivation.quantity]
    begin = f"Why {name} moves" if entry.kind == TRAINED else f"How {loss} depends on {name}"
    if derivation.count == 1 and not derivation.by_layer:
        way = [loss, *(names[factor.by] for factor in derivation.tail)]
        return f"{begin}: {' → '.join(way if len(way) <= MOST_STEPS else [*way[:4], CUT, *way[-4:]])}"
    return f"{begin}: {loss} → {name}, {counted_paths(derivation.count)}"
