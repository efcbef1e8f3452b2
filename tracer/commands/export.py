"""The command `backprop-trace export`."""

from __future__ import annotations

import click

from tracer.api import script, walk
from tracer.code.scripts import KINDS
from tracer.commands import CONTEXT
from tracer.commands.options import Asked, of_config
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing


@click.command(
    context_settings=CONTEXT, epilog="Example: backprop-trace export configs/walkthrough.yaml --to pytorch -o -"
)
@of_config
@click.option(
    "--to",
    "kind",
    type=click.Choice(list(KINDS)),
    required=True,
    help=f"What to write: {'; '.join(f'{name}, {kind.description}' for name, kind in KINDS.items())}.",
)
@click.option("--iterations", metavar="N", help="How many iterations the script repeats; those of CONFIG by default.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The script to write, or - for standard output; NAME_KIND.py in the folder for results by default.",
)
def export(
    asked: Asked,
    kind: str,
    iterations: str | None,
    output: str | None,
) -> None:
    """Write a script that reproduces the run of CONFIG.

    It asserts the last loss and the final parameters, and needs nothing of this program.
    """
    experiment = asked.experiment(iterations)
    target = path_of(output) if output else experiment.output / f"{experiment.name}_{kind}.py"
    if output != STANDARD_OUTPUT and (problems := problems_of([target])):
        raise OutputError(problems)
    text = script(walk(experiment), kind)
    if output == STANDARD_OUTPUT:
        click.echo(text, nl=False)
        return
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}")
