"""The command `backprop-trace verify`."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from tracer.api import walk
from tracer.code import verification
from tracer.commands import CONTEXT
from tracer.commands.options import Asked, as_ascii, of_config
from tracer.commands.screen import can_print
from tracer.model import naming

EXIT_DIFFERS = 1


@click.command(context_settings=CONTEXT, epilog="Example: backprop-trace verify configs/walkthrough.yaml")
@of_config
@as_ascii
@click.option("--iterations", metavar="N", help="How many iterations to run; those of CONFIG by default.")
def verify(
    asked: Asked,
    ascii: bool,
    iterations: str | None,
) -> None:
    """Compare the gradients of CONFIG with other programs.

    In the first, a middle and the last step of every run, the chain rule is compared with central differences, and with
    PyTorch where it is installed; every number of the workbook with what LibreOffice computes, where that is installed.
    Exit code 1 where something differs.
    """
    experiment = asked.experiment(iterations)
    if experiment.decimals is not None:
        click.echo("decimals are left out: rounded numbers have no gradients", err=True)
    trace = walk(replace(experiment, decimals=None))
    plain = ascii or not can_print("∂η", sys.stdout.encoding)
    differs = False
    for against, why in verification.missing().items():
        click.echo(f"not compared with {against}: {why}", err=True)
    heads = f"{'quantity':<20}{'ours':>16}{'theirs':>16}{'relative':>12}  compared with"
    for found in verification.verify(trace):
        if heads:
            click.echo(heads)
            heads = ""
        name = naming.to_ascii(found.quantity) if plain else found.quantity
        differs |= not found.agrees
        mark = "" if found.agrees else "  DIFFERS"
        numbers = f"{found.ours:>16.9g}{found.theirs:>16.9g}{found.relative:>12.1e}"
        click.echo(f"{name:<20}{numbers}  {found.against}{mark}")
    click.echo("something differs" if differs else "everything agrees")
    if differs:
        sys.exit(EXIT_DIFFERS)
