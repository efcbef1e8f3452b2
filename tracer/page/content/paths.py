"""Where a gradient comes from: the paths of the chain rule as data, with what they have in common told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tracer.explain.derivation import Derivations, Factor, Path
from tracer.explain.explanation import sum_in_words
from tracer.formulas.tree import Name
from tracer.model.quantity import Quantity, Role
from tracer.model.system import System
from tracer.model.typography import typeset
from tracer.page.content.shapes import Data, Shapes

MOST = 4000
"""Quantities whose derivations a page holds. One whose gradient has no column, in a compact trace, has none."""


@dataclass(slots=True)
class _Paths:
    """The factors and the terms while they are collected."""

    system: System
    shapes: Shapes
    factors: list[Data] = field(default_factory=list)
    terms: list[list[list[int]]] = field(default_factory=list)
    _numbers: dict[Factor, int] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)

    def path(self, path: Path) -> list[int]:
        return [self.factor(factor) for factor in path]

    def factor(self, factor: Factor) -> int:
        """The number of a factor."""
        if factor not in self._numbers:
            self._numbers[factor] = len(self.factors)
            slots = self.shapes.slots
            symbol = typeset({"": _symbol(factor, self.system)}, "mathml")[""]
            found: Data = {"of": slots[Name(factor.of)], "by": slots[Name(factor.by)], "symbol": symbol}
            if factor.column is not None:
                found["quantity"] = slots[Name(factor.column)]
            found["expression"] = self.shapes.of(factor.expression)
            self.factors.append(found)
        return self._numbers[factor]

    def terms_of(self, parting: str, terms: Iterable[Path]) -> int:
        """The number of the terms up to the quantity where paths part."""
        if parting not in self._places:
            self._places[parting] = len(self.terms)
            self.terms.append([self.path(term) for term in terms])
        return self._places[parting]


def paths_of(system: System, shapes: Shapes, texts: Mapping[str, str]) -> Data:
    """The derivations by the slots of their quantities; the factors and the terms that they refer to by number, and
    what the gradients are sums of, in words. texts: how quantities are typeset."""
    derivations, paths = Derivations(system), _Paths(system, shapes)
    found: dict[int, Data] = {}
    sums: dict[str, int] = {}
    shown = [name for name in derivations.quantities if Name(system.gradient(name)) in shapes.slots]
    for name in shown[:MOST]:
        derivation = derivations.of(name)
        said = sum_in_words(system, derivation, {**texts, derivation.gradient: ""}).removeprefix(" = ")
        found[shapes.slots[Name(name)]] = {
            "gradient": shapes.slots[Name(derivation.gradient)],
            "terms": paths.terms_of(derivation.parting, derivation.terms),
            "tail": paths.path(derivation.tail),
            "sum": sums.setdefault(said, len(sums)),
        }
    return {"derivations": found, "factors": paths.factors, "terms": paths.terms, "sums": list(sums)}


def _symbol(factor: Factor, system: System) -> Quantity:
    """What a factor is, as a quantity that can be typeset."""
    of, by = system.quantities[factor.of], system.quantities[factor.by]
    return Quantity(Role.GRADIENT if factor.of == system.loss else Role.LOCAL_DERIVATIVE, of=of, by=by)
