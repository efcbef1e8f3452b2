"""The command `backprop-trace explain`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from tracer.commands import CONTEXT
from tracer.commands.options import Asked, of_config
from tracer.documents.kinds import KINDS
from tracer.errors import OutputError
from tracer.explain.templates import DIGITS, MOST_SHOWN
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing

EXIT_DIVERGED = 1


@click.command(
    context_settings=CONTEXT,
    epilog="Examples: backprop-trace explain config.yaml; backprop-trace explain config.yaml dE/dw1 --iteration 3",
)
@of_config
@click.argument("quantity", required=False)
@click.option("--ascii", is_flag=True,
              help="Write text in ASCII: ∂E/∂w1 as dE/dw1, η as eta. Other formats keep their notation.")  # fmt: skip
@click.option("--iteration", metavar="K", type=int,
              help="Which iteration; by default the first one, or the first that takes the sample.")  # fmt: skip
@click.option("--sample", metavar="S", type=int, help="Which sample; by default the first one of the iteration.")
@click.option("--depth", metavar="N", type=int, default=1, show_default=True,
              help="How many levels of the operands of QUANTITY to derive as well.")  # fmt: skip
@click.option("--digits", metavar="N", type=int, default=DIGITS, show_default=True,
              help=f"Significant digits of results, up to {MOST_SHOWN}.")  # fmt: skip
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(KINDS)),
    help=f"What to write: {'; '.join(f'{name}: {kind.title}' for name, kind in KINDS.items())}. By default what the "
    "suffix of FILE says, or text.",
)
@click.option("--standalone", is_flag=True, help="Write LaTeX with its preamble, so that it compiles as it is.")
@click.option("-o", "--output", metavar="FILE", help="Where to write; standard output by default.")
def explain(
    asked: Asked,
    quantity: str | None,
    ascii: bool,
    iteration: int | None,
    sample: int | None,
    depth: int,
    digits: int,
    kind: str | None,
    standalone: bool,
    output: str | None,
) -> None:
    """Derive QUANTITY, or explain a whole step.

    Symbols, the numbers put in, the result. A gradient by the chain rule, factor by factor and path by path, with a
    numeric check; a parameter with its update; any other quantity by its equation. Without QUANTITY, the whole step,
    block by block.
    """
    from tracer.api import explain as explanation_of
    from tracer.commands.screen import can_print, progress

    target = path_of(output) if output and output != STANDARD_OUTPUT else None
    kind = kind or (kind_of(target) if target else "text")
    if standalone and kind != "latex":
        raise OutputError([f"--standalone: goes with --format latex, not {kind}"])
    if target and (problems := problems_of([target])):
        raise OutputError(problems)
    experiment = asked.experiment()
    with progress(iteration or 1, iteration or 1, hidden=False) as done:
        found = explanation_of(experiment, quantity, iteration, sample, digits=digits, depth=depth, progress=done)
    plain = ascii or (target is None and kind == "text" and not can_print("∂η₁−", sys.stdout.encoding))
    written = found.written(kind, standalone=standalone, width=80 if target else screen_width(), ascii=plain)
    if target is None:
        click.echo(written, nl=False)
    else:
        with replacing(target) as part:
            part.write_text(written, encoding="utf-8")
        click.echo(f"wrote {target}")
    if found.divergence:
        sys.exit(EXIT_DIVERGED)


def kind_of(target: Path) -> str:
    """The kind of document that the suffix of a file says. Raises OutputError if it says none."""
    for name, kind in KINDS.items():
        if target.suffix.lower() == kind.suffix:
            return name
    what = f"'{target.suffix}' is not a format of documents" if target.suffix else "the name of the file needs a suffix"
    suffixes = ", ".join(kind.suffix for kind in KINDS.values())
    raise OutputError([f"{target}: {what}; choose from {suffixes}, or give --format"])


def screen_width() -> int:
    """The columns of the terminal, 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns
