"""The explanation of one quantity, as parts of a document."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress

from tracer.explain.document import Heading, Inline, Paragraph, Part, Table
from tracer.explain.lesson.equations import of_line
from tracer.explain.lesson.gradient import gradient_parts
from tracer.explain.lesson.operands import deeper, numbered, operands, operands_of
from tracer.explain.lesson.subject import Subject, listed
from tracer.explain.update import update_of
from tracer.explain.words import stopping
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.tree import Expression, Name, distinct
from tracer.model import naming
from tracer.model.quantity import DATA, PARAMETERS, Role

MOST_NAMES = 12
"""Quantities that a sentence lists, and rows that a table shows."""


def where(subject: Subject, quantity: str = "", of_sample: bool = True) -> Inline:
    """The step, as the heading over a quantity says it. of_sample: whether it is about one sample."""
    step, found = subject.step, list[str | Expression]()
    found.append(f"iteration {step.iteration.number:,}")
    if of_sample and subject.system.several_samples:
        found.append(f", sample {step.sample:,}")
    if naming.ETA in step.now and quantity != naming.ETA:
        found += [", ", Name(naming.ETA), " = ", subject.number(step.now[naming.ETA])]
    return tuple(found)


def parts(subject: Subject, quantity: str) -> Iterator[Part]:
    """The explanation of a quantity of the trace, by its name."""
    role, step = subject.quantity(quantity).role, subject.step
    is_parameter = role in PARAMETERS
    equation = subject.equation(quantity)
    of_sample = equation is None or not subject.system.once_an_iteration(equation.phase)
    yield Heading(
        (Name(quantity), " and its update in " if is_parameter else " in ", *where(subject, quantity, of_sample)), 1
    )
    derived = quantity if is_parameter else subject.derived_by(quantity)
    shown = subject.full.gradient(derived) if derived else quantity
    if step.iteration.divergence and not math.isfinite(step.now.get(shown, 0.0)):
        yield from stopped_parts(subject, shown)
        return
    if derived:
        if is_parameter and step.iteration.divergence is None:
            yield _moves(subject, quantity)
        yield from gradient_parts(subject, derived)
        yield from _update(subject, derived)
    elif equation:
        yield numbered(subject, quantity)
        yield from _batch(subject, quantity)
        yield from _used(subject, quantity)
        place = "" if of_sample else f", in sample {step.sample:,}"
        yield from deeper(subject, operands_of(subject, quantity), {quantity}, 1, place)
    else:
        yield _given(subject, quantity)
        yield from _used(subject, quantity)


def stopped_parts(subject: Subject, quantity: str | None = None) -> Iterator[Part]:
    """Where a run stopped, with the equation that has no number. quantity: one that has none because of that."""
    divergence = subject.step.iteration.divergence
    assert divergence is not None
    if quantity and quantity != divergence.quantity:
        yield Paragraph((Name(quantity), " has no number here:"))
    yield Paragraph(stopping(divergence))
    if subject.equation(divergence.quantity) and divergence.iteration == subject.step.iteration.number:
        yield numbered(subject, divergence.quantity)


# ------------------------------------------------------------------------------------------------ parameters


def _moves(subject: Subject, parameter: str) -> Paragraph:
    """Where an update moves a parameter."""
    before, after = subject.step.now[parameter], subject.step.iteration.after.get(parameter)
    name, number = Name(parameter), subject.number
    if after is None:
        return Paragraph((name, " is ", number(before), "."))
    return Paragraph((name, " is ", number(before), " before the update, and ", number(after), " after it."))


def _update(subject: Subject, quantity: str) -> Iterator[Part]:
    """How the update moves a parameter, or what the gradient says of any other quantity."""
    update = update_of(subject.system, quantity, subject.experiment.optimizer.name)
    if update.lines:
        yield Heading(("The update",), 2)
    for line in update.lines:
        yield of_line(subject.step, line, subject.digits)
    if update.change is None or subject.is_finite(subject.step.iteration.after.values()):
        with suppress(*NO_NUMBER):
            yield Paragraph(subject.sentence(update.sentence))
    if subject.step.iteration.divergence and update.lines:
        yield from stopped_parts(subject)


# ------------------------------------------------------------------------------------------------ any equation


def _batch(subject: Subject, quantity: str) -> Iterator[Part]:
    """The samples of a batch, with what an equation reduces of each."""
    equation = subject.equation(quantity)
    names = [name.name for name in distinct(equation.expression) if name.batch] if equation else []
    rows = subject.step.iteration.rows
    if not names or len(rows) == 1:
        return
    lines: list[tuple[Inline, ...]] = [
        ((str(sample),), *((subject.number(row[name]),) for name in names))
        for sample, row in zip(subject.step.iteration.samples, rows, strict=False)
    ]
    cut = len(lines) - MOST_NAMES
    if cut > 0:
        lines = lines[: MOST_NAMES - 1] + lines[-1:]
    head: tuple[Inline, ...] = (("sample",), *((Name(name),) for name in names))
    yield Table(head, tuple(lines), frozenset(range(len(head))))
    if cut > 0:
        yield Paragraph((f"{cut:,} of the {len(rows):,} samples of the batch are left out.",))


def _given(subject: Subject, quantity: str) -> Paragraph:
    """A number that is not computed."""
    role = subject.quantity(quantity).role
    value = subject.number(subject.step.now[quantity])
    if role in DATA:
        return Paragraph((Name(quantity), f" is given, {role} of sample {subject.step.sample:,}: ", value, "."))
    what = "counts the iterations" if role is Role.COUNT else "is given, for the whole run"
    return Paragraph((Name(quantity), f" {what}: ", value, "."))


def _used(subject: Subject, quantity: str) -> Iterator[Part]:
    """Which equations use a quantity."""
    lines = [(e.quantity, e.expression) for e in subject.system.equations] + list(subject.system.updates.items())
    users = [user for user, expression in lines if user != quantity and quantity in operands(expression)]
    if users:
        more = len(users) - MOST_NAMES
        yield Paragraph(
            ("Used for ", *listed(users[:MOST_NAMES], last=", " if more > 0 else " and "),
             f" and {more:,} more." if more > 0 else ".")
        )  # fmt: skip
