"""The public functions: a config in, a Trace out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tracer.config import Override, load
from tracer.errors import ConfigError, required
from tracer.execution.engine import Engine
from tracer.execution.outcome import Outcome
from tracer.execution.progress import Progress, Stop
from tracer.execution.runs import Run
from tracer.explain.templates import DIGITS
from tracer.model.assembly import assemble, shown
from tracer.model.experiment import Experiment
from tracer.model.system import Phase, System
from tracer.output.blocks import layout_of
from tracer.output.formats import opened, problems_of_size, shortened
from tracer.output.streaming import kept_run, streamed
from tracer.output.trace import Trace
from tracer.workbook.exercise.task import BLANKS

if TYPE_CHECKING:
    from tracer.charts.screen.session import Session
    from tracer.documents.explanation import Explanation
    from tracer.execution.sweep.cluster import Cluster
    from tracer.execution.sweep.planning import Planned
    from tracer.output.dataset import Dataset
    from tracer.output.graphs import GraphPicture
    from tracer.output.sweeps import Sweep

MOST_KEPT = 2_000_000
"""Values of the rows up to the one that is explained; more are not kept, and not looked at for what they say."""


def run(source: str | Path | Mapping[str, Any], *, overrides: Iterable[Override] = (), **settings: Any) -> Trace:
    """Run a config and return every intermediate value of every step.

    source: a config file, or a mapping of the same form. settings: any key of the config, such as learning_rate,
    iterations, optimizer or columns, in place of the config's own value, as are the overrides, which may lead to a
    value inside others.

    Raises ConfigError when the config cannot be used. A run that meets a non-finite number ends there; its
    `divergence` says where.
    """
    required(overrides, Iterable, "overrides")
    arguments = [Override((key,), value, f"{key}=") for key, value in settings.items() if value is not None]
    return walk(load(source, [*overrides, *arguments]))


def walk(
    experiment: Experiment,
    system: System | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Trace:
    """Run an experiment: all its learning rates, each from the same start. Only the rows that it keeps are held.

    system: its equations, if already assembled. progress: called regularly with the number
    of steps done since the last call. stop: asked regularly; where it says so, the run ends there, and those after it
    are left out. Raises ConfigError when the trace would not fit in memory.
    """
    required(experiment, Experiment, "an experiment")
    system = system or assemble(experiment)
    engine = Engine(system)
    problems = problems_of_size(experiment, len(engine.columns))
    if problems:
        raise ConfigError(problems)
    runs, outcomes = list[Run](), list[Outcome]()
    for hyper in experiment.runs:
        if experiment.keep.all:
            runs.append(engine.run(hyper, experiment.iterations, progress, stop))
        else:
            layout, keep = layout_of(system, {*hyper, *engine.columns}), experiment.keep
            run, outcome = kept_run(engine, hyper, experiment.iterations, layout, keep, progress, stop)
            runs.append(run)
            outcomes.append(outcome)
        if runs[-1].stopped:
            break
    return Trace(experiment, shown(experiment, system), tuple(runs), tuple(outcomes))


def stream(
    experiment: Experiment,
    system: System,
    targets: Mapping[str, Path | TextIO],
    ascii: bool = False,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> list[Outcome]:
    """Run an experiment, all its learning rates, and write the rows that it keeps as they are computed.

    targets: formats of `formats.FORMATS` that take rows, each with its file. system: its equations. progress: called
    regularly with the number of steps done since the last call. stop: asked regularly; where it says so, the files end
    there, complete. Raises OutputError; older files then stay as they were.
    """
    engine = Engine(system)
    layout = layout_of(shown(experiment, system), {*experiment.runs[0], *engine.columns})
    outcomes: list[Outcome] = []
    with opened(experiment, layout, targets, ascii) as writers:
        for hyper in experiment.runs:
            outcomes.append(
                streamed(engine, hyper, experiment.iterations, layout, writers, experiment.keep, progress, stop)
            )
            if outcomes[-1].end.stopped:
                break
    return outcomes


def sweep(
    source: str | Path | Mapping[str, Any],
    vary: Mapping[str, Any],
    *,
    keep: str = "final",
    sample: int | None = None,
    seed: int = 0,
    overrides: Iterable[Override] = (),
    **settings: Any,
) -> Sweep:
    """Run a config at every point of a grid, all runs of one shape in lock-step, on all cores.

    source, overrides, settings: as in `run`. vary: key of the config, such as "weights.seed" → the values that it
    takes in place of the config's: a sequence, or text as the command's --vary takes it, such as "0.1:10:20:log".
    keep: of every run "final", what it came to, "loss", its loss in every iteration too, or "all", its parameters too.
    sample: how many points of the grid are drawn, with this seed; all by default.

    Raises ConfigError when the config cannot be used, or a key cannot be varied.
    """
    from tracer.config import prepared
    from tracer.config.grid import grid
    from tracer.execution.sweep.planning import planned

    given = [*overrides, *(Override((key,), value, f"{key}=") for key, value in settings.items() if value is not None)]
    return swept(planned(prepared(source), given, grid(vary), keep, sample, seed))


def swept(
    planned: Planned, progress: Progress | None = None, dataset: Dataset | None = None, cluster: Cluster | None = None
) -> Sweep:
    """Run a sweep that is planned, and hold what its runs came to. progress: called regularly with the number of runs
    done since the last call. dataset: where the runs are written, block by block; their curves are then not held.
    cluster: where they are computed, instead of on the cores of this machine.

    Raises ConfigError for a point of the grid that is no config, OutputError for what cannot be written or reached.
    """
    from tracer.execution.sweep.results import joined
    from tracer.execution.sweep.sharing import Task, here, shared, unchanged
    from tracer.output.sweeps import Sweep

    workers = planned.workers
    task = Task(planned.plan, dataset.part if dataset else unchanged)
    blocks = dataset.remaining if dataset else planned.blocks((cluster and cluster.workers) or workers)
    parts = dict(dataset.done) if dataset else {}
    if progress and parts:
        progress(sum(map(len, parts.values())))
    if cluster and blocks:
        found = cluster.run(task, blocks)
    else:
        found = shared(task, blocks, workers) if min(workers, len(blocks)) > 1 else here(task, blocks)
    with closing(found), closing(dataset.lock) if dataset else nullcontext():
        for block, results in found:
            parts[block[0]] = results
            if progress:
                progress(len(results))
        if dataset:
            dataset.complete()
    return Sweep(planned, joined(parts, len(planned.plan.grid)))


def exercise(experiment: Experiment, blank: str = "all", rows: int = 3) -> Trace:
    """Run an experiment up to the iteration of this row, as an exercise takes it; an iteration more where the first one
    has nothing that `blank`, one of BLANKS, leaves to be filled in. Raises as `walk` does."""
    trace = walk(shortened(experiment, rows))
    phases = BLANKS[blank] - {Phase.PARAMETER}
    if trace.runs[0].iterations == 1 and not phases & {*trace.system.columns().values()}:
        return walk(shortened(experiment, experiment.batches.first_row(1) + 1))
    return trace


def graph(
    experiment: Experiment, kind: str = "network", iteration: int | None = None, sample: int | None = None
) -> GraphPicture:
    """The network of an experiment with the numbers of one step, or its computation graph ("equations"), as
    `Trace.graph`, of the first learning rate; the run is computed up to there, without keeping its rows.

    Raises OutputError for what the model does not have, or a step that the run does not have.
    """
    from tracer.output import graphs

    required(experiment, Experiment, "an experiment")
    return graphs.of_step(experiment, experiment.runs[0], kind, iteration, sample)


def script(trace: Trace, to: str) -> str:
    """A Python script that reproduces the runs of a trace, and asserts the last loss and the parameters.

    to: the kind of script, one of python, numpy and pytorch. Raises OutputError if there is no such kind, a run has not
    one whole iteration, or the kind cannot do what the config asks for.
    """
    from tracer.code import scripts  # it needs NumPy, which a run does not

    required(trace, Trace, "a trace")
    return scripts.script(trace, to)


def explain(
    experiment: Experiment,
    quantity: str | None = None,
    iteration: int | None = None,
    sample: int | None = None,
    *,
    digits: int = DIGITS,
    depth: int = 1,
    progress: Progress | None = None,
) -> Explanation:
    """Derive a quantity of a step, such as ∂E/∂w1; without one, explain the whole step. Only the first learning rate
    is run; of a long run the beginning, and up to there.

    iteration: from 1; by default the first one that takes the sample. sample: from 1; by default the first one of the
    iteration. digits: significant digits of results. depth: how many levels of what a quantity is made of are derived
    in turn. progress: called regularly with the number of rows, or iterations, done since the last call. Raises
    OutputError for what is not there.
    """
    from tracer.documents.explanation import Explanation, of_run, remarks  # a run does not need them
    from tracer.execution.replay import Replay
    from tracer.explain.lesson import asked
    from tracer.explain.lesson.explained import explained

    required(experiment, Experiment, "an experiment")
    number = asked.iteration_for(experiment.batches, iteration, sample)
    asked.check_iteration(number, experiment.iterations)
    system = assemble(experiment)
    engine, hyper, batches = Engine(system), experiment.runs[0], experiment.batches
    begin = min(experiment.iterations, max(1, MOST_KEPT // (batches.size * len(engine.columns))))
    if batches.first_row(number) * len(engine.columns) <= MOST_KEPT:
        run = engine.run(hyper, max(begin, number))
        return of_run(experiment, system, run, quantity, number, sample, digits, depth)
    found = Replay(engine, hyper, experiment.iterations).iteration(number, progress)
    asked.check_iteration(number, found.number, found.divergence, until_met=found.divergence is None)
    said = remarks(experiment, system, engine.run(hyper, begin))
    document = explained(experiment, system, found, quantity, sample, digits=digits, depth=depth, remarks=said)
    return Explanation(document, found.divergence)


def steps(experiment: Experiment, ascii: bool = False) -> Session:
    """A walk through the runs of an experiment, an equation at a time; it computes what it is asked for."""
    from tracer.charts.screen.session import Session
    from tracer.execution.replay import Replay
    from tracer.explain.walk import Walk

    system = assemble(experiment)
    engine = Engine(system)
    runs = tuple(Replay(engine, hyper, experiment.iterations) for hyper in experiment.runs)
    return Session(experiment, Walk(shown(experiment, system), runs), ascii=ascii)
