"""Equations in words, as a person writes them: names, operators, functions spelled out."""

from __future__ import annotations

from tracer.execution.runs import Divergence
from tracer.formulas.notation.text import text
from tracer.formulas.tree import Expression, Name
from tracer.model import naming
from tracer.model.system import System


def spelled(name: Name) -> str:
    """A name as a person would write it."""
    return f"{naming.label(name.name)} over the batch" if name.batch else naming.label(name.name)


def words(expression: Expression) -> str:
    """The expression as a person would write it, functions spelled out, long sums cut short."""
    return text(expression, spelled)


def stopped(divergence: Divergence) -> str:
    """A sentence that says where a run stopped, and why."""
    return f"Stopped in iteration {divergence.iteration}: {divergence.quantity} is not a finite number."


def in_words(system: System) -> dict[str, str]:
    """A description of every column of the system, in order: an equation, an update, or the value's origin."""
    given = {name: f"{name} is given" for name in system.data}
    fixed = {p.name: f"{p.name} does not change" for p in system.parameters}
    updates = {name: f"{name} ← {words(update)}" for name, update in system.updates.items()}
    equations = {e.quantity: f"{e.quantity} = {words(e.expression)}" for e in system.equations}
    described = given | fixed | updates | equations
    return {name: described[name] for name in system.columns()}
