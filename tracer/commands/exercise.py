"""The command `backprop-trace exercise`."""

from __future__ import annotations

from pathlib import Path

import click

from tracer.api import walk
from tracer.commands import CONTEXT
from tracer.commands.options import experiment_of, of_config
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT
from tracer.output import formats as results
from tracer.workbook.exercise.blanks import BLANKS


@click.command(
    context_settings=CONTEXT, epilog="Example: backprop-trace exercise configs/walkthrough.yaml --blank backward --key"
)
@of_config
@click.option(
    "--blank", type=click.Choice(list(BLANKS)), default="all", show_default=True, help="Which cells to leave empty."
)
@click.option("--rows", type=click.IntRange(1), default=3, show_default=True,
              help="How many rows to fill in; of a batch, all of its rows.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
              help="The workbook to write; NAME-exercise.xlsx in the folder for results by default.")  # fmt: skip
@click.option("--key", is_flag=True, help="Write the solved workbook beside it.")
def exercise(
    config: Path,
    learning_rate: tuple[str, ...],
    decimals: str | None,
    columns: str | None,
    settings: tuple[str, ...],
    ascii: bool,
    blank: str,
    rows: int,
    output: Path | None,
    key: bool,
) -> None:
    """Write an exercise of CONFIG: its workbook with empty cells, which turn green when they are correct."""
    if str(output) == STANDARD_OUTPUT:
        raise OutputError(["-o -: an exercise is a workbook, which cannot go to standard output; give a file"])
    experiment = experiment_of(config, learning_rate, decimals, columns, settings)
    trace = walk(results.shortened(experiment, rows))
    for path in results.write_exercise(trace, blank, output, key, ascii):
        click.echo(f"wrote {path}")
