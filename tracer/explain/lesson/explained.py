"""A request → an explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.errors import OutputError
from tracer.execution.replay import Iteration
from tracer.explain.document import Document, Equation, Paragraph, Part
from tracer.explain.lesson import quantity as one
from tracer.explain.lesson import whole
from tracer.explain.lesson.asked import quantity_called, row_of
from tracer.explain.lesson.subject import Subject
from tracer.explain.step import Step
from tracer.explain.templates import DIGITS, MOST_SHOWN
from tracer.model.assembly import shown
from tracer.model.experiment import Experiment
from tracer.model.system import System

MOST_DEPTH = 1_000
FEW = 3
"""Equations that need no word on their digits."""


def explained(
    experiment: Experiment,
    full: System,
    iteration: Iteration,
    quantity: str | None = None,
    sample: int | None = None,
    *,
    digits: int = DIGITS,
    depth: int = 1,
    remarks: Sequence[Part] = (),
) -> Document:
    """Explain a quantity of a step; without one, the whole step.

    full: the system with an equation for every factor. iteration: with its values. quantity: however it is spelled.
    sample: of a batch, its first one by default. digits: significant digits of results. depth: how many levels of what
    a quantity is made of are derived in turn. remarks: what the numbers of
    the run say, for the end. Raises OutputError for what is not there.
    """
    if not 1 <= digits <= MOST_SHOWN:
        why = "; a CSV file has every digit" if digits > MOST_SHOWN else ""
        raise OutputError([f"digits {digits}: choose from 1 to {MOST_SHOWN}{why}"])
    if not 0 <= depth <= MOST_DEPTH:
        raise OutputError([f"depth {depth}: choose from 0 to {MOST_DEPTH:,}"])
    row = row_of(iteration, full.batches, sample, experiment.iterations)
    subject = Subject(experiment, full, Step(shown(experiment, full), iteration, row), digits, depth)
    parts = whole.parts(subject) if quantity is None else one.parts(subject, quantity_called(subject, quantity))
    return subject.document((*_with_digits(tuple(parts), digits), *remarks))


def _with_digits(parts: Sequence[Part], digits: int) -> Iterator[Part]:
    """The parts, with a sentence below the first heading where numbers put in have more digits than results."""
    first, *others = parts
    yield first
    equations = [part for part in others if isinstance(part, Equation)]
    if len(equations) > FEW and any(part.put_in and part.digits_put_in > digits for part in equations):
        counted = f"{digits} significant digit{'s' * (digits != 1)}"
        yield Paragraph((f"Results have {counted}; a number that is put in has more where its result needs them.",))
    yield from others
