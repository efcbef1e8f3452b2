"""The report of a run: its config, the network, the losses, the derivation of the first step, with pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tracer.execution.runs import Run, reached
from tracer.explain.diagnoses import said
from tracer.explain.document import Code, Document, Heading, Inline, Paragraph, Part, Picture, Table
from tracer.explain.facts import command_of, facts_of
from tracer.explain.lesson.explained import explained
from tracer.explain.step import iteration_of
from tracer.explain.templates import written
from tracer.explain.words import stopped
from tracer.files import replacing
from tracer.formulas.notation import shortest
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment, Network
from tracer.model.system import System
from tracer.output.graphs import EQUATIONS, MOST_NODES, NETWORK, of_run

MARKDOWN = ".md"
FRACTION = 0.01
"""Of the first loss; the table says after how many iterations it is reached."""
MOST_RUNS = 24
"""Learning rates in the table and in the chart."""
MOST_LINES = 200
"""Of the config."""
DECADES = 100
"""A loss that falls to less than such a part is drawn on a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a report is about: an experiment, its equations with the columns that it shows, its runs."""

    experiment: Experiment
    system: System
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of the report, in a file beside it. ending: of the file's name. caption: for who cannot see it."""

    ending: str
    caption: str
    draw: Callable[[Ran], str]


def pictures(experiment: Experiment) -> list[Drawn]:
    """The pictures of a report; that of equations of one's own as far as they are not too many."""
    model = experiment.model
    found = [Drawn("-loss.svg", "The loss over the iterations", _losses)]
    if isinstance(model, Network):
        return [Drawn("-network.svg", "The network in the first step", _graph(NETWORK)), *found]
    parts = (experiment.inputs, experiment.targets, experiment.start, model.equations)
    if sum(map(len, parts)) <= MOST_NODES:
        return [Drawn("-equations.svg", "The equations in the first step", _graph(EQUATIONS)), *found]
    return found


def _graph(kind: str) -> Callable[[Ran], str]:
    return lambda ran: of_run(ran.experiment, ran.system, ran.runs[0], kind, 1, None).svg()


def _losses(ran: Ran) -> str:
    """The losses of the runs as SVG."""
    from tracer.charts.svg import svg
    from tracer.output.plots import of_runs

    runs, loss = ran.runs[:MOST_RUNS], ran.system.curve
    curves = [run.over_iterations(loss) for run in runs]
    log = any(0 < min(values) * DECADES <= max(values) for values in curves if values)
    return svg(of_runs(runs, ran.system.columns(), [loss], log))


def report(ran: Ran, name: str | None) -> Document:
    """The report as a document. name: of its file, without the suffix, for the pictures beside it; without one there
    are none."""
    derivation = _derivation(ran)
    return Document(tuple(_parts(ran, derivation, name)), derivation.quantities)


def _derivation(ran: Ran) -> Document:
    """The equations of the first step, with their numbers."""
    full = assemble(ran.experiment) if ran.experiment.columns == "compact" else ran.system
    return explained(ran.experiment, full, iteration_of(full, ran.runs[0], 1))


def _parts(ran: Ran, derivation: Document, name: str | None) -> Iterator[Part]:
    experiment = ran.experiment
    *graphs, loss = [_picture(drawn, ran, name) for drawn in pictures(experiment)]
    yield Heading((experiment.name,), 1)
    if experiment.description:
        yield Paragraph((experiment.description,))
    yield from graphs
    yield Heading(("The config",), 2)
    lines = experiment.source.text.splitlines()
    if lines:
        yield Code("\n".join(lines[:MOST_LINES]), "yaml")
        if len(lines) > MOST_LINES:
            yield Paragraph((f"… and {len(lines) - MOST_LINES:,} more lines.",))
    else:
        yield Table((("",), ("",)), tuple(((label,), (fact,)) for label, fact in facts_of(experiment).items()))
    yield Code(command_of(experiment), "sh")
    yield Heading(("The loss",), 2)
    yield loss
    yield _table(ran)
    if len(ran.runs) > MOST_RUNS:
        yield Paragraph((f"… and {len(ran.runs) - MOST_RUNS:,} more learning rates.",))
    fall: Inline = (
        f"Iterations to {100 * FRACTION:g} %: until ",
        Name(ran.system.curve),
        " is at most that part of its first value",
    )
    one = ", of the one sample of each iteration" * (ran.system.several_samples and not ran.system.batches.several)
    yield Paragraph((*fall, f"{one}."))
    sentences = said(experiment, ran.system, ran.runs)
    yield from map(Paragraph, sentences)
    for part in derivation.parts:
        yield replace(part, level=part.level + 1) if isinstance(part, Heading) else part


def _picture(drawn: Drawn, ran: Ran, name: str | None) -> Part:
    """A picture, or what it would show."""
    if name is None:
        return Paragraph((f"({drawn.caption}: a picture in a file of its own.)",))
    return Picture(drawn.draw(ran), drawn.caption, name + drawn.ending)


def _table(ran: Ran) -> Table:
    """A row for each run: its losses, how they fell, whether it diverged."""
    experiment, runs, loss = ran.experiment, ran.runs[:MOST_RUNS], Name(ran.system.loss)
    first, last = ("first pass: ", "last pass: ") if experiment.batches.samples > 1 else ("first ", "last ")
    diverged = any(run.divergence for run in runs)
    head: list[Inline] = [(naming.ETA,), (first, loss), (last, loss), (loss, " after the last update")]
    head.append((f"iterations to {100 * FRACTION:g} %",))
    head += [("diverged",)] if diverged else []
    head += [("iterations",), ("until met",)] if experiment.until else []
    rows = [tuple(_row(ran, run, diverged)) for run in runs]
    return Table(tuple(head), tuple(rows), frozenset(range(5)))


def _row(ran: Ran, run: Run, diverged: bool) -> Iterator[Inline]:
    loss, curve = ran.system.loss, ran.system.curve
    yield (", ".join(map(shortest, run.hyper.values())) or run.title,)
    for value in (run.over_pass(loss), run.over_pass(loss, last=True), run.final_loss):
        yield (written(value) if value == value else "—",)
    found = reached(run.over_iterations(curve), FRACTION)
    yield (f"{found:,}" if found else "not reached",)
    if diverged:
        yield (stopped(run.divergence) if run.divergence else "no",)
    if ran.experiment.until:
        yield (f"{run.iterations:,}",)
        yield ("yes" if run.until_met else "no",)


def markdown(ran: Ran, name: str | None) -> dict[str, str]:
    """The report in Markdown and the pictures beside it, each by the ending of its file. name: see `report`."""
    from tracer.documents.markdown import markdown as in_markdown

    document = report(ran, name)
    shown = {part.file.removeprefix(name or ""): part.svg for part in document.parts if isinstance(part, Picture)}
    return {MARKDOWN: in_markdown(document), **shown}


def write_markdown(ran: Ran, path: Path) -> list[Path]:
    """Write the report and its pictures, all or none; returns the files. Raises OutputError."""
    texts = markdown(ran, path.stem)
    targets = {ending: path if ending == MARKDOWN else path.with_name(path.stem + ending) for ending in texts}
    with ExitStack() as stack:
        for ending, target in targets.items():
            stack.enter_context(replacing(target)).write_text(texts[ending], encoding="utf-8")
    return list(targets.values())
