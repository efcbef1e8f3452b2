"""The command `backprop-trace exercise`."""

from __future__ import annotations

from pathlib import Path

import click

from tracer import api
from tracer.commands import CONTEXT
from tracer.commands.loading import load_openpyxl
from tracer.commands.options import Asked, as_ascii, of_config, strict
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT, path_of
from tracer.output import formats as results
from tracer.workbook.exercise.task import BLANKS, MOST_DECIMALS


@click.command(
    context_settings=CONTEXT, epilog="Example: backprop-trace exercise configs/walkthrough.yaml --blank backward --key"
)
@of_config
@as_ascii
@click.option(
    "--blank", type=click.Choice(list(BLANKS)), default="all", show_default=True, help="Which cells to leave empty."
)
@click.option("--rows", type=click.IntRange(1), default=3, show_default=True,
              help="How many rows to fill in; of a batch, all of its rows.")  # fmt: skip
@click.option("--answer-decimals", metavar="N", type=click.IntRange(1, MOST_DECIMALS),
              help="How many decimals of an answer must be right; those of `decimals` by default.")  # fmt: skip
@strict
@click.option("--no-marks", is_flag=True, help="Write no marks and no answers into the file; `check` grades it.")
@click.option("--keep-equations", is_flag=True, help="Leave the formulas in words above the cells, as a hint.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
              help="The workbook to write; NAME-exercise.xlsx in the folder for results by default.")  # fmt: skip
@click.option("--key", is_flag=True, help="Write the solved workbook beside it.")
def exercise(
    asked: Asked,
    ascii: bool,
    blank: str,
    rows: int,
    answer_decimals: int | None,
    strict: bool,
    no_marks: bool,
    keep_equations: bool,
    output: Path | None,
    key: bool,
) -> None:
    """Write an exercise of CONFIG: a workbook to fill in.

    Its empty cells turn green when they are correct.
    """
    if str(output) == STANDARD_OUTPUT:
        raise OutputError(["-o -: an exercise is a workbook, which cannot go to standard output; give a file"])
    load_openpyxl()
    experiment = asked.experiment()
    trace = api.exercise(experiment, blank, rows)
    for path in results.write_exercise(
        trace, blank, path_of(output) if output else None, key, ascii,
        answer_decimals=answer_decimals, strict=strict, marks=not no_marks, keep_equations=keep_equations,
    ):  # fmt: skip
        click.echo(f"wrote {path}")
