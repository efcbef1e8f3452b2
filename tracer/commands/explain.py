"""The command `backprop-trace explain`."""

from __future__ import annotations

import shutil
import sys

import click

from tracer.commands import CONTEXT
from tracer.commands.options import Asked, as_ascii, of_config
from tracer.explain.templates import DIGITS, MOST_DIGITS

EXIT_DIVERGED = 1


@click.command(
    context_settings=CONTEXT,
    epilog="Examples: backprop-trace explain config.yaml; backprop-trace explain config.yaml dE/dw1 --iteration 3",
)
@of_config
@click.argument("quantity", required=False)
@as_ascii
@click.option("--iteration", metavar="K", type=int,
              help="Which iteration; by default the first one, or the first that takes the sample.")  # fmt: skip
@click.option("--sample", metavar="S", type=int, help="Which sample; by default the first one of the iteration.")
@click.option("--depth", metavar="N", type=int, default=1, show_default=True,
              help="How many levels of what QUANTITY is made of are derived in turn.")  # fmt: skip
@click.option("--digits", metavar="N", type=int, default=DIGITS, show_default=True,
              help=f"Significant digits of results, up to {MOST_DIGITS}.")  # fmt: skip
def explain(
    asked: Asked,
    quantity: str | None,
    ascii: bool,
    iteration: int | None,
    sample: int | None,
    depth: int,
    digits: int,
) -> None:
    """Explain how QUANTITY comes about: symbols, numbers put in, result.

    A gradient by the chain rule, factor by factor and path by path, with a numeric check; a parameter with its update;
    any other quantity by its equation. Without QUANTITY, the whole step, block by block.
    """
    from tracer.api import explain as explanation_of
    from tracer.documents.text import text

    found = explanation_of(asked.experiment(), quantity, iteration, sample, digits=digits, depth=depth)
    click.echo(text(found.document, shutil.get_terminal_size((80, 24)).columns, ascii), nl=False)
    if found.divergence:
        sys.exit(EXIT_DIVERGED)
