"""Equations in words, as a person writes them: names, operators, functions spelled out."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.execution.runs import Divergence
from tracer.formulas.notation.text import TYPESET, text
from tracer.formulas.notation.typesetting import typeset
from tracer.formulas.tree import Expression, Name, distinct
from tracer.model import naming
from tracer.model.system import System

STOPPED = "Stopped in iteration {iteration}: {quantity} is not a finite number."
"""Where a run stopped, and why."""


def spelled(name: Name) -> str:
    """A name as a person would write it."""
    return f"{naming.label(name.name)} over the batch" if name.batch else naming.label(name.name)


def words(expression: Expression, names: Mapping[str, str] | None = None) -> str:
    """The expression as a person would write it, functions spelled out, long sums cut short. names: how quantities are
    typeset (see `typography.typeset`); without, they keep their names, and all is plain text."""
    if names is None:
        return text(expression, spelled)
    return typeset(expression, TYPESET, lambda name: names.get(name.name, name.name) + " over the batch" * name.batch)


def called(name: str, names: Mapping[str, str] | None = None) -> str:
    """A quantity as it is typeset; without names, by its name."""
    return names.get(name, name) if names else name


def stopped(divergence: Divergence) -> str:
    """A sentence that says where a run stopped, and why."""
    return STOPPED.format(iteration=divergence.iteration, quantity=divergence.quantity)


def stopping(divergence: Divergence) -> tuple[str | Expression, ...]:
    """The same sentence with the quantity by its name."""
    before, _, after = STOPPED.partition("{quantity}")
    return before.format(iteration=divergence.iteration), Name(divergence.quantity), after


def equation(quantity: str, expression: Expression, is_update: bool, names: Mapping[str, str] | None = None) -> str:
    """An equation as a person would write it."""
    sign = "←" if is_update or uses_itself(quantity, expression) else "="
    return f"{called(quantity, names)} {sign} {words(expression, names)}"


def uses_itself(quantity: str, expression: Expression) -> bool:
    """Whether a quantity's own equation uses it: it is overwritten then, as by an update."""
    return any(name.name == quantity for name in distinct(expression))


def in_words(system: System, names: Mapping[str, str]) -> dict[str, str]:
    """A description of every column of the system, in order: an equation, an update, or the value's origin. names: how
    quantities are written, see `typography.typeset`."""
    given = {name: f"{names[name]} is given" for name in system.data}
    fixed = {p.name: f"{names[p.name]} does not change" for p in system.parameters}
    updates = {name: equation(name, update, True, names) for name, update in system.updates.items()}
    equations = {e.quantity: equation(e.quantity, e.expression, False, names) for e in system.equations}
    described = given | fixed | updates | equations
    return {name: described[name] for name in system.columns()}
