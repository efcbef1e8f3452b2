"""Names of what an optimizer computes: `m` for the m_theta of a single parameter, `g2` for the gradient of w2; and how
a sheet shows that it has an optimizer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tracer.grading.sheet.spelling import LONGEST, normalize
from tracer.model import naming
from tracer.model.quantity import Quantity, Role
from tracer.model.system import System
from tracer.tables.optimizers import OPTIMIZERS

_GRADIENT = ("g", "grad", "gradient")
_COUNT = ("t", "timestep")
"""What papers call the number of the iteration."""


_SETTINGS = {normalize(name) for rule in OPTIMIZERS.values() for name in rule.settings} - {"alpha", "eps"}
"""Those that only an optimizer has."""


def has_optimizer(headers: Iterable[str], texts: Iterable[str], parameters: Iterable[str]) -> bool:
    """Whether headers that mean nothing else name states of an optimizer, or a text one of its settings."""
    words = dict.fromkeys(word for rule in OPTIMIZERS.values() for word in rule.columns)
    states = {normalize(naming.state(word, parameter)) for parameter in parameters for word in words}
    named = any(normalize(header) in states for header in headers)
    return named or any(normalize(text) in _SETTINGS for text in texts if len(text) <= LONGEST)


def short_names(system: System) -> Mapping[str, tuple[Quantity, ...]]:
    """Spelling, as `normalize` gives it → what it may stand for, where the optimizer has states."""
    found: dict[str, list[Quantity]] = {}
    for spelling, quantity in _named(system):
        found.setdefault(spelling, []).append(quantity)
    return {spelling: tuple(quantities) for spelling, quantities in found.items()}


def _named(system: System) -> Iterator[tuple[str, Quantity]]:
    trained = {p.name: system.quantities[p.name] for p in system.parameters if p.trained}
    states = [quantity for quantity in system.quantities.values() if quantity.role is Role.STATE]
    if not states:
        return
    numbers = [name[len(name.rstrip("0123456789")) :] for name in trained]
    for number, (name, parameter) in zip(numbers, trained.items(), strict=True):
        if len(trained) > 1 and (not number or numbers.count(number) > 1):
            continue
        words = [(state.word, state) for state in states if state.of == parameter]
        words += [(word, system.quantities[system.gradient(name, system.curve)]) for word in _GRADIENT]
        ends = {number} if len(trained) > 1 else {"", "t", number}
        yield from ((normalize(word + end), quantity) for word, quantity in words for end in ends)
    yield from ((word, Quantity(Role.ITERATION)) for word in _COUNT)
