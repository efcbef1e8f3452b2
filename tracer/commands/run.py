"""The command `backprop-trace run`."""

from __future__ import annotations

import sys
from dataclasses import replace

import click
from click.core import ParameterSource

from tracer.api import stream, walk
from tracer.commands import CONTEXT, screen
from tracer.commands.loading import load_openpyxl
from tracer.commands.options import Asked, as_ascii, of_config, quiet
from tracer.config import Override
from tracer.config.schema import CSV_STYLES, FIELDS
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT
from tracer.model.assembly import assemble, shown
from tracer.model.batches import Keep
from tracer.output import formats as results
from tracer.output.formats import FORMATS

EXIT_DIVERGED, EXIT_INTERRUPTED = 1, 130
NOT_DIAGNOSED = "not diagnosed: the rows of these runs are not all held"


def _formats(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in FORMATS]
    if unknown or not chosen:
        raise click.BadParameter(f"'{', '.join(unknown) or value}' is unknown; choose from {', '.join(FORMATS)}")
    return chosen


@click.command(
    context_settings=CONTEXT, epilog="Example: backprop-trace run configs/walkthrough.yaml --iterations 10 -o out"
)
@of_config
@as_ascii
@click.option("-o", "--output", metavar="DIR",
              help=FIELDS["output"].help + " With - and one --format that is text, to standard output.")  # fmt: skip
@click.option("--iterations", metavar="N", help=FIELDS["iterations"].help)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    default=",".join(name for name, form in FORMATS.items() if form.default),
    show_default=True,
    callback=_formats,
    help=f"The files to write: {'; '.join(f'{name}, {form.description}' for name, form in FORMATS.items())}.",
)
@click.option("--csv", "csv", metavar="|".join(CSV_STYLES), help=FIELDS["csv"].help)
@click.option("--every", metavar="K", type=click.IntRange(1),
              help="Keep only each K-th iteration, the first and the last, with all their rows.")  # fmt: skip
@click.option("--tail", metavar="N", type=click.IntRange(1), help="Keep only the last N iterations.")
@click.option("--final", is_flag=True, help="Print the final parameters too.")
@quiet
def run(
    asked: Asked,
    output: str | None,
    iterations: str | None,
    formats: tuple[str, ...],
    csv: str | None,
    every: int | None,
    tail: int | None,
    ascii: bool,
    final: bool,
    quiet: bool,
) -> None:
    """Run CONFIG, and write every number of every iteration.

    Every intermediate of every forward and backward pass goes to a CSV file and an Excel workbook. CONFIG may be -,
    for standard input.
    """
    printed = output == STANDARD_OUTPUT
    if printed and (len(formats) > 1 or not FORMATS[formats[0]].text):
        textual = " or ".join(f"--format {name}" for name, form in FORMATS.items() if form.text)
        raise OutputError([f"-o -: standard output takes one format that is text; write {textual} beside it"])
    if "openpyxl" in {need for form in formats for need in FORMATS[form].needs}:
        load_openpyxl()
    further = [Override(("output",), output, "--output")] * (output is not None and not printed)
    experiment = replace(asked.experiment(iterations, csv, further), keep=Keep(every, tail))
    system = assemble(experiment)
    visible = shown(experiment, system)
    asked_for = click.get_current_context().get_parameter_source("formats") is not ParameterSource.DEFAULT
    left_out = {} if asked_for else results.left_out(experiment, visible, formats)
    formats = tuple(form for form in formats if form not in left_out)
    paths = {} if printed else results.paths(experiment, formats)
    streamed = results.streamed(experiment, visible, formats)
    results.check(experiment, visible, paths, streamed)

    steps, kept = (rows * len(experiment.runs) for rows in (experiment.most_rows, experiment.kept_rows))
    trace, written = None, 0 if streamed else kept * len(paths)
    with screen.progress(steps + written, steps, hidden=quiet) as progress:
        if streamed:
            targets = {formats[0]: results.standard_output()} if printed else paths
            with screen.interruptible(progress) as stop:
                outcomes = stream(experiment, system, targets, ascii, progress, stop)
        else:
            with screen.interruptible(progress) as stop:
                trace = walk(experiment, system, progress, stop)
            outcomes = trace.outcomes
            results.write(trace, paths, ascii, progress)
    if trace and printed:
        results.write_text(trace, formats[0], ascii)
    if not printed and not quiet:
        screen.show(experiment, visible, outcomes, ascii, final)
        if trace and experiment.keep.all:
            screen.show_remarks(trace, ascii)
        else:
            click.echo(NOT_DIAGNOSED)
        screen.show_paths(results.files(experiment, paths))
    for form, problems in left_out.items():
        click.echo(f"no .{form}: {'; '.join(problems)}", err=True)
    for outcome in outcomes:
        if outcome.divergence:
            click.echo(screen.divergence_line(outcome.title, outcome.divergence, ascii), err=True)
    if any(outcome.end.stopped for outcome in outcomes):
        click.echo(f"interrupted: the files end with iteration {outcomes[-1].iterations:,}", err=True)
        sys.exit(EXIT_INTERRUPTED)
    if any(outcome.divergence for outcome in outcomes):
        sys.exit(EXIT_DIVERGED)
