"""The command `backprop-trace sweep`."""

from __future__ import annotations

import sys

import click

from tracer import api
from tracer.commands import CONTEXT, screen
from tracer.commands.options import Asked, as_ascii, of_config, quiet
from tracer.config import prepared
from tracer.config.grid import grid, key_and_values
from tracer.errors import ConfigError, OutputError
from tracer.execution.sweep import KEEP
from tracer.files import STANDARD_OUTPUT, path_of

EXIT_INTERRUPTED, MOST_WORKERS = 130, 1_000


@click.command(
    context_settings=CONTEXT,
    epilog="Example: backprop-trace sweep config.yaml --vary learning_rate=0.01:10:50:log --vary weights.seed=0..999",
)
@of_config
@as_ascii
@click.option("--vary", "varied", metavar="KEY=VALUES", multiple=True,
              help="A key of CONFIG and its values: a,b,c or 0..999 or start:stop:count, with :log for equal ratios. "
              "Repeatable: all combinations are run.")  # fmt: skip
@click.option("--iterations", metavar="N", help="How many iterations of CONFIG to run.")
@click.option("--sample", metavar="N", type=click.IntRange(1), help="Draw N points of the grid instead of all.")
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Random seed of --sample.")
@click.option("--keep", metavar="|".join(KEEP), default=KEEP[0], show_default=True,
              help="What to keep of each run: final, its outcome; loss, also the loss of every iteration; all, also "
              "every parameter of every iteration.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE",
              help="A .csv or .parquet file, or a folder, written with a / at its end, for a dataset of Parquet files "
              "that grows as the sweep runs; out/NAME-sweep.csv by default.")  # fmt: skip
@click.option("--plot", metavar="FILE",
              help="Draw a heat map of the final loss by two keys: a .svg file, or - for the terminal.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with a sweep into a folder that was interrupted.")
@click.option("--scheduler", metavar="ADDRESS", help="Compute on the workers of a Dask scheduler, such as "
              "tcp://10.0.0.1:8786.")  # fmt: skip
@click.option("--workers", metavar="N", type=click.IntRange(1, MOST_WORKERS),
              help="Compute on a Dask cluster of N processes of this machine.")  # fmt: skip
@quiet
def sweep(
    asked: Asked,
    ascii: bool,
    varied: tuple[str, ...],
    iterations: str | None,
    sample: int | None,
    seed: int,
    keep: str,
    output: str | None,
    plot: str | None,
    resume: bool,
    scheduler: str | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Run CONFIG at every point of a grid, one row per run.

    A varied key replaces CONFIG's value, lists included. Runs that differ in numbers alone advance
    together, on all cores.
    """
    from tracer.commands.sweep_screen import show
    from tracer.execution.sweep.cluster import Cluster
    from tracer.execution.sweep.planning import planned
    from tracer.output import sweepfiles, sweepmap
    from tracer.output.dataset import opened

    settings, problems = asked.overrides(iterations)
    keys = [key_and_values(text) for text in varied]
    twice = [key for number, (key, _) in enumerate(keys) if key in dict(keys[:number])]
    problems += [f"--vary {key}: is given twice; give all its values at once" for key in twice]
    if problems:
        raise ConfigError(problems)
    plan = planned(prepared(asked.source), settings, grid(dict(keys)), keep, sample, seed)
    target = path_of(output) if output else plan.experiment.output / f"{plan.experiment.name}-sweep.csv"
    picture = path_of(plot) if plot and plot != STANDARD_OUTPUT else None
    if plot:
        sweepmap.check(plan.plan.grid, picture)
    cluster = None if scheduler is None and workers is None else Cluster(scheduler, workers)
    if cluster:
        cluster.check()
    into_folder, total, dataset = bool(output) and (output or "").endswith(("/", "\\")), len(plan.plan.grid), None
    if into_folder:
        dataset = opened(plan, target, workers or plan.workers, resume, ascii)
    elif resume:
        raise OutputError(["--resume: only a sweep into a folder can go on; give the folder with -o FOLDER/"])
    else:
        sweepfiles.check(plan, target)
    try:
        with screen.progress(total, total, hidden=quiet, what="runs") as progress:
            found = api.swept(plan, progress, dataset, cluster)
            if not dataset:
                sweepfiles.write(plan, found.results, target, ascii)
    except KeyboardInterrupt:
        if not dataset:
            raise
        click.echo(f"interrupted: go on with --resume; {target}/ is not complete", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except OutputError as error:
        if not dataset:
            raise
        raise OutputError([*error.problems, f"{target}/ is not complete; go on with --resume"]) from None
    if picture:
        sweepmap.write(found, picture)
    if not quiet:
        show(found, ascii, drawn=plot == STANDARD_OUTPUT)
        screen.show_paths([target, *([picture] if picture else [])])
