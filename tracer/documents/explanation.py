"""An explanation that displays itself in a terminal and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.documents.kinds import Look, written
from tracer.execution.runs import Divergence, Run
from tracer.explain.diagnoses import said as diagnosed
from tracer.explain.document import Document, Heading, Paragraph
from tracer.explain.lesson import asked
from tracer.explain.lesson.explained import explained
from tracer.explain.step import iteration_of
from tracer.model.experiment import Experiment
from tracer.model.system import System

MOST_LINES = 24
"""Of its repr."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The derivation of a quantity, or of the whole step.

    document: its parts, as data. divergence: where the run stopped, if it did in this iteration.
    """

    document: Document
    divergence: Divergence | None = None

    def written(self, kind: str = "text", *, standalone: bool = False, width: int = 80, ascii: bool = False) -> str:
        """The explanation as text, md, latex or html. standalone: LaTeX with its preamble. width: of lines of text;
        ascii: text in ASCII. Raises OutputError if there is no such kind."""
        return written(self.document, kind, Look(standalone, width, ascii))

    def __str__(self) -> str:
        return self.written()

    def _repr_html_(self) -> str:
        """What a notebook shows: formulas in MathML."""
        from tracer.documents.html import fragment

        return fragment(self.document)

    def _repr_markdown_(self) -> str:
        """What a notebook shows that takes no HTML."""
        return self.written("md")

    def __repr__(self) -> str:
        """At most one screen of the text."""
        lines = str(self).rstrip().split("\n")
        if len(lines) <= MOST_LINES:
            return "\n".join(lines)
        more = len(lines) - MOST_LINES + 1
        return "\n".join([*lines[: MOST_LINES - 1], f"… {more:,} more lines: print it"])


def of_run(
    experiment: Experiment,
    full: System,
    run: Run,
    quantity: str | None,
    iteration: int | None,
    sample: int | None,
    digits: int,
    depth: int,
) -> Explanation:
    """An explanation of a step of a run that is kept whole; see `lesson.explained`. full: the system with an equation
    for every factor. Raises OutputError."""
    number = asked.iteration_for(run.batches, iteration, sample)
    asked.check_iteration(number, run.iterations, run.divergence, run.until_met)
    found = iteration_of(full, run, number)
    said = remarks(experiment, full, run)
    document = explained(experiment, full, found, quantity, sample, digits=digits, depth=depth, remarks=said)
    return Explanation(document, found.divergence)


def remarks(experiment: Experiment, full: System, run: Run) -> list[Paragraph | Heading]:
    """What the numbers of a run say where it does not learn, under a heading; nothing of less than a pass."""
    said = diagnosed(experiment, full, [run]) if run.complete >= run.batches.samples else []
    is_whole = run.iterations == experiment.iterations or run.divergence or run.until_met
    title = "What the run says" if is_whole else f"What the first {run.iterations:,} iterations say"
    return [Heading((title,), 2), *map(Paragraph, said)] if said else []
