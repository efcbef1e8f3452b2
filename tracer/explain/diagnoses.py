"""Why a run does not learn: one row per diagnosis, with its condition and its sentence.

The conditions are in `symptoms/`. A new diagnosis is a row here; it is silent on every run that learns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from string import Formatter

from tracer.execution.runs import Run
from tracer.explain.document import Inline
from tracer.explain.symptoms import layers, losses, neurons, training
from tracer.explain.symptoms.evidence import Evidence, Found, subject_of
from tracer.explain.words import words
from tracer.formulas.tree import Expression
from tracer.model.experiment import Experiment
from tracer.model.system import System

MOST_RUNS = 100
"""Of more learning rates the others are not looked at."""
MOST_TITLES = 4
"""Of runs that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    name: of the diagnosis. condition: what it finds in a run, a sentence for each; it gets the names of what was found
    before. sentence: with the names of what is put in. alone: whether nothing else needs to be said then. always:
    whether it speaks of runs that learned, too.
    """

    name: str
    condition: Callable[[Evidence, Collection[str]], list[Found]]
    sentence: str
    alone: bool = False
    always: bool = False


DIAGNOSES = (
    Row("all_frozen", training.all_frozen, "Every parameter is frozen: nothing is learned.", alone=True),
    Row("rate_is_zero", training.rate_is_zero, "η is 0: no parameter moves.", alone=True),
    Row("softmax_of_one", neurons.softmax_of_one,
        "{activation}, the softmax of a single neuron, is always 1: use sigmoid.", alone=True),
    Row("reached", training.reached,
        "{loss} and its gradient are 0 from the start: there is nothing to learn.", alone=True),
    Row("no_slope", neurons.no_slope,
        "The slope of {results} is 0 everywhere: no gradient reaches {parameters}; {way_out}."),
    Row("input_is_zero", neurons.input_is_zero, "{inputs} {are} 0 in every sample: no gradient reaches {weights}."),
    Row("dead", neurons.dead, "{quantities} {are} 0 for every sample{when}: no gradient reaches {parameters}{why}."),
    Row("saturated", neurons.saturated,
        "{slopes} {are} nearly 0 for every sample{when} (saturated): {way_out}."),
    Row("equal", neurons.equal, "{groups} are equal in every step{why}."),
    Row("vanishing", layers.vanishing,
        "Gradients shrink {fold}-fold a layer on their way back: the first layers hardly learn."),
    Row("exploding", layers.exploding,
        "Gradients grow {fold}-fold a layer on their way back: start with smaller weights."),
    Row("oscillates", losses.oscillates, "The loss oscillates: {cause}."),
    Row("grows", losses.grows, "The loss grows: {cause}."),
    Row("rounded_to_zero", training.rounded_to_zero, "{sentence}", always=True),
    Row("rate_is_tiny", losses.rate_is_tiny, "The loss does not move, though its gradient is not 0: {cause}."),
    Row("without_gradient", training.without_gradient, "{gradients} {are} 0 in every step: {parameters} never {move}."),
)  # fmt: skip
"""In this order; what stands further up explains what is further down."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is said, and of which runs, by their places. name: of the row."""

    name: str
    sentence: Inline
    runs: tuple[int, ...]

    def told(self, runs: Sequence[Run]) -> Inline:
        """The sentence, with the runs that it is about where these are not all."""
        if len(self.runs) == min(len(runs), MOST_RUNS):
            return self.sentence
        more = len(self.runs) - MOST_TITLES
        titles = "; ".join(runs[number].title for number in self.runs[:MOST_TITLES])
        which = f" ({titles}{f' and {more:,} more' if more > 0 else ''})."
        *begin, end = self.sentence
        assert isinstance(end, str)
        return (*begin, end.removesuffix(".") + which)


def diagnoses(experiment: Experiment, system: System, runs: Sequence[Run]) -> tuple[Diagnosis, ...]:
    """What the numbers of these runs say, in the order of the table; empty where they learn, or not all iterations are
    kept. Equal sentences of several runs are one."""
    if not experiment.keep.all:
        return ()
    subject = subject_of(experiment, system)
    found: dict[tuple[str, Inline], list[int]] = {}
    for number, run in enumerate(runs[:MOST_RUNS]):
        for name, sentence in _of_run(Evidence(subject, run)):
            found.setdefault((name, sentence), []).append(number)
    places = {row.name: place for place, row in enumerate(DIAGNOSES)}
    ordered = sorted(found.items(), key=lambda item: places[item[0][0]])
    return tuple(Diagnosis(name, sentence, tuple(numbers)) for (name, sentence), numbers in ordered)


def said(experiment: Experiment, system: System, runs: Sequence[Run]) -> list[Inline]:
    """The sentences of `diagnoses`, with the runs that they are about where these are not all."""
    return [diagnosis.told(runs) for diagnosis in diagnoses(experiment, system, runs)]


def in_words(sentence: Inline) -> str:
    """A sentence as plain text."""
    return "".join(part if isinstance(part, str) else words(part) for part in sentence)


def _of_run(evidence: Evidence) -> Iterator[tuple[str, Inline]]:
    earlier: list[str] = []
    learned = losses.learned(evidence)
    for row in DIAGNOSES:
        if learned and not row.always:
            continue
        for found in row.condition(evidence, earlier):
            yield row.name, tuple(_filled(row.sentence, found))
            earlier.append(row.name)
        if row.alone and row.name in earlier:
            return


def _filled(sentence: str, found: Found) -> Iterator[str | Expression]:
    for text, place, _, _ in Formatter().parse(sentence):
        if text:
            yield text
        if place:
            yield from found[place]
