"""The explanation of a whole step, block by block, as parts of a document."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress

from tracer.explain.blocks import Block, Line, Shorten, blocks
from tracer.explain.document import Heading, Inline, Paragraph, Part, Table
from tracer.explain.facts import facts_of
from tracer.explain.lesson.equations import of_line
from tracer.explain.lesson.quantity import stopped_parts, where
from tracer.explain.lesson.subject import Subject
from tracer.explain.numeric_check import forward
from tracer.explain.picture.picture import is_wide
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.tree import Name, distinct
from tracer.model.experiment import Choice, Network
from tracer.model.quantity import Role

MOST_LINES, WIDE_LINES, FIRST_LINES, LAST_LINES = 80, 20, 6, 2
"""Equations of a group that are shown, and those of a wide network; of a longer group, how many at each end."""
MOST_PARAMETERS = 40
"""That the table lists."""
PLAIN = Choice("sgd")
"""The optimizer that goes without saying."""


def parts(subject: Subject) -> Iterator[Part]:
    """All equations of a step in the order in which a lecturer writes them down; the parameters before and after."""
    yield Heading((f"{subject.experiment.name}: ", *where(subject)), 1)
    yield from _model(subject)
    yield from _given(subject)
    most = WIDE_LINES if is_wide(subject.experiment) else MOST_LINES
    for block in blocks(subject.system, Shorten(most, FIRST_LINES, LAST_LINES)):
        yield from _block(subject, block)
    if subject.step.iteration.divergence:
        yield from stopped_parts(subject)
    if subject.is_finite(subject.step.iteration.after.values()):
        yield from _before_and_after(subject)
        yield from _next_loss(subject)


def _model(subject: Subject) -> Iterator[Part]:
    """What is trained, in a sentence."""
    experiment, facts = subject.experiment, facts_of(subject.experiment)
    said = []
    if isinstance(experiment.model, Network):
        loss = experiment.model.loss
        said += [f"network: {facts['network']}", f"loss: {loss if loss.is_formula else str(loss).replace('_', ' ')}"]
    if experiment.optimizer != PLAIN:
        said.append(f"optimizer: {experiment.optimizer}")
    if "update" in facts:
        said.append(f"update {facts['update']}")
    if said:
        yield Paragraph((f"{said[0][:1].upper()}{'; '.join(said)[1:]}.",))


def _given(subject: Subject) -> Iterator[Part]:
    """The inputs and the targets."""
    data, count = subject.system.data, len(subject.step.iteration.samples)
    if count > 1:
        yield Paragraph((f"Sample {subject.step.sample:,} is one of {count:,} in the batch of this iteration.",))
    roles = {name: subject.full.quantities[name].role for name in data}
    for role, label in ((Role.INPUT, "inputs"), (Role.TARGET, "targets")):
        names = [name for name in data if roles[name] is role]
        shown = names if len(names) <= MOST_LINES // 4 else [*names[:FIRST_LINES], *names[-LAST_LINES:]]
        found: Inline = ()
        for name in shown:
            found = (*found, ", " if found else "", Name(name), " = ", subject.number(subject.step.now[name]))
        cut = len(names) - len(shown)
        if names:
            yield Paragraph((f"The {label}: ", *found, f" ({cut:,} are left out)." if cut else "."))


def _block(subject: Subject, block: Block) -> Iterator[Part]:
    known = [[line for line in group.lines if _is_known(subject, line)] for group in block.groups]
    if not any(known):
        return
    yield Heading((block.title,), 2)
    yield Paragraph((block.why,))
    for group, lines in zip(block.groups, known, strict=True):
        if len(block.groups) > 1 and lines:
            yield Heading((f"Layer {group.layer}",), 3)
        for line in lines:
            yield of_line(subject.step, line, subject.digits)
        if group.left_out:
            yield Paragraph((f"… and {group.left_out:,} more equations of the same kind.",))


def _is_known(subject: Subject, line: Line) -> bool:
    """Whether a line has numbers: in a step in which the run stopped, only what comes before has."""
    step = subject.step
    if not step.iteration.divergence:
        return True
    names = [name for name in distinct(line.expression) if not name.batch]
    values = [(step.iteration.before if name.lag else step.now).get(name.name, math.nan) for name in names]
    result = 0.0 if line.is_update else step.now.get(line.quantity, math.nan)
    return all(map(math.isfinite, [*values, result])) and (not line.is_update or bool(step.iteration.after))


def _before_and_after(subject: Subject) -> Iterator[Part]:
    """The parameters before the update and after it, with their gradients."""
    system, step, number = subject.system, subject.step, subject.number
    columns = system.columns()
    parameters = [p.name for p in system.parameters]
    shown = parameters
    if len(parameters) > MOST_PARAMETERS:
        shown = [*parameters[:FIRST_LINES], *parameters[-LAST_LINES:]]
    rows: list[tuple[Inline, ...]] = []
    for name in shown:
        gradient = system.gradient(name, system.batch_loss)
        slope = step.now[gradient] if gradient in columns else step.now.get(system.gradient(name), math.nan)
        rows.append(((Name(name),), (number(step.now[name]),), (number(slope),), (number(step.iteration.after[name]),)))
    yield Heading(("The parameters before and after",), 2)
    yield Table((("parameter",), ("before",), ("gradient",), ("after",)), tuple(rows), frozenset({1, 2, 3}))
    if len(shown) < len(parameters):
        yield Paragraph((f"{len(parameters) - len(shown):,} of the {len(parameters):,} parameters are left out.",))


def _next_loss(subject: Subject) -> Iterator[Part]:
    """The loss of the same sample with the new parameters."""
    system, step, loss = subject.system, subject.step, Name(subject.full.loss)
    if is_wide(subject.experiment) or system.decimals is not None:
        return  # it would take long, or be another one than the run has
    with suppress(*NO_NUMBER):
        after = forward(system, {**step.now, **step.iteration.after})[loss.name]
        numbers = subject.number(step.now[loss.name]), subject.number(after)
        yield Paragraph(("With the new parameters ", loss, " of this sample is ", numbers[1], ", where it was ",
                         numbers[0], "."))  # fmt: skip
