"""The command `backprop-trace run`."""

from __future__ import annotations

import sys

import click

from tracer.api import walk
from tracer.commands import CONTEXT, screen
from tracer.commands.loading import load_openpyxl
from tracer.commands.options import Asked, as_ascii, of_config, quiet
from tracer.config import Override
from tracer.config.schema import CSV_STYLES, FIELDS
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT
from tracer.model.assembly import assemble, shown
from tracer.output import formats as results
from tracer.output.formats import FORMATS

EXIT_DIVERGED = 1


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
@click.option("--final", is_flag=True, help="Print the final parameters too.")
@quiet
def run(
    asked: Asked,
    output: str | None,
    iterations: str | None,
    formats: tuple[str, ...],
    csv: str | None,
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
    further = [Override(("output",), output, "--output")] * (output is not None and not printed)
    if "openpyxl" in {need for form in formats for need in FORMATS[form].needs}:
        load_openpyxl()
    experiment = asked.experiment(iterations, csv, further)
    system = assemble(experiment)
    paths = {} if printed else results.paths(experiment, formats)
    results.check(experiment, shown(experiment, system), paths)

    steps = experiment.most_rows * len(experiment.runs)
    with screen.progress(steps * (1 + len(paths)), hidden=quiet) as progress:
        trace = walk(experiment, system, progress)
        results.write(trace, paths, ascii, progress)
    if printed:
        results.write_text(trace, formats[0], ascii)
    elif not quiet:
        screen.show(trace, list(paths.values()), ascii, final)
    stopped = [run for run in trace.runs if run.divergence]
    for run in stopped:
        click.echo(screen.divergence_line(run, ascii), err=True)
    if stopped:
        sys.exit(EXIT_DIVERGED)
