"""Reads a request: which quantity is meant, and which row of the run."""

from __future__ import annotations

from itertools import islice

from tracer.errors import OutputError, nearest
from tracer.execution.replay import Iteration
from tracer.execution.runs import Divergence
from tracer.explain.lesson.subject import Subject
from tracer.explain.words import stopped
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.quantity import DERIVATIVES, Role
from tracer.model.system import System
from tracer.model.typography import typeset

LONGEST = 60
"""Characters of what was asked for that a message repeats."""
PLACES = (naming.ITERATION, naming.SAMPLE)
"""Columns that are no quantities."""
MOST_LISTED = 4
"""Iterations or samples that a message lists."""


def iteration_for(batches: Batches, number: int | None, sample: int | None) -> int:
    """The iteration that is asked for, from 1: by its number, or the first one that takes a sample, from 1."""
    if number is not None:
        return number
    if sample is None or not 1 <= sample <= batches.samples:
        return 1
    return next(number for number, samples in enumerate(batches.taken(), 1) if sample - 1 in samples)


def check_iteration(number: int, last: int, divergence: Divergence | None = None, until_met: bool = False) -> None:
    """Raise OutputError for an iteration that a run does not have. last: the last one that it has."""
    if not 1 <= number <= last:
        why = f". {stopped(divergence)}" if divergence else "."
        why = ", where `until` is met." if until_met else why
        has = f"the iterations 1 to {last:,}" if last > 1 else "only iteration 1"
        raise OutputError([f"iteration {number:,}: the run has {has}{why}"])


def row_of(iteration: Iteration, batches: Batches, sample: int | None, last: int) -> int:
    """The place of a sample in an iteration, from 0; the first one by default. last: the last iteration of the run.
    Raises OutputError if the sample is not there."""
    samples = list(iteration.samples)
    row = 0 if sample is None else samples.index(sample) if sample in samples else None
    if row is not None and row < len(iteration.rows):
        return row
    if row is not None:
        assert iteration.divergence
        raise OutputError([f"sample {sample}: it has no numbers. {stopped(iteration.divergence)}"])
    if sample is None or not 1 <= sample <= batches.samples:
        has = f"the samples 1 to {batches.samples:,}" if batches.samples > 1 else "only sample 1"
        raise OutputError([f"sample {sample}: the run has {has}."])
    window = islice(enumerate(batches.taken(), 1), last)
    others = list(islice((str(number) for number, taken in window if sample - 1 in taken), MOST_LISTED + 1))
    more = ", …" if len(others) > MOST_LISTED else ""
    known = f"; sample {sample} is in iteration {', '.join(others[:MOST_LISTED])}{more}" if others else ""
    which = f"sample {samples[0]}" if len(samples) == 1 else f"the samples {', '.join(map(str, samples[:MOST_LISTED]))}"
    which += ", …" if len(samples) > MOST_LISTED else ""
    raise OutputError([f"sample {sample}: iteration {iteration.number} takes {which}{known}."])


def spellings(system: System) -> dict[str, str]:
    """All ways to write a quantity → its name: also as it is typeset, in ASCII, and with the loss by its full name."""
    known, names = system.quantities, typeset(system.quantities)
    found: dict[str, str] = {}
    for name, quantity in known.items():
        of_loss = quantity.role is Role.GRADIENT and quantity.of == known[system.loss] and quantity.by
        longer = naming.derivative(system.loss, naming.spell(quantity.by)) if of_loss and quantity.by else name
        for spelling in (name, names[name], longer, naming.label(name)):
            found.setdefault(spelling, name)
            found.setdefault(naming.to_ascii(spelling), name)
    found.setdefault(naming.within(known[system.loss]), system.loss)
    return found


def quantity_called(subject: Subject, text: str) -> str:
    """The name of the quantity that is asked for, however it is spelled. Raises OutputError if there is none."""
    asked = text.strip()
    known = {name: quantity for name, quantity in subject.full.quantities.items() if subject.has(name)}
    if asked in known:
        return asked
    spelled = {spelling: name for spelling, name in spellings(subject.full).items() if name in known}
    if asked in spelled:
        return spelled[asked]
    quantity = naming.read(asked, known)
    if quantity and quantity.role in (Role.AFTER_UPDATE, Role.CHANGE):
        return next(name for name, other in known.items() if other == quantity.of)
    if quantity and (derived := subject.derive(quantity)):
        return derived
    if quantity and quantity.role in DERIVATIVES:
        of, by = (naming.spell(part) if part else "" for part in (quantity.of, quantity.by))
        raise OutputError([f"{asked}: {of} has no derivative by {by} in this trace: it has those of the chain rule"])
    if asked in PLACES:
        raise OutputError([f"'{asked}' says which row it is, and has no equation; --iteration and --sample choose one"])
    shown = asked if len(asked) <= LONGEST else f"{asked[:LONGEST]}…"
    alike = dict.fromkeys(spelling for name in known for spelling in (name, naming.to_ascii(name)))
    raise OutputError([f"{shown!r} is not a quantity of this trace.{nearest(asked[:LONGEST], alike)}"])
