"""The command `backprop-trace plot`."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from tracer.api import walk
from tracer.charts import BY_MATPLOTLIB, SVG
from tracer.commands import CONTEXT
from tracer.commands.options import Asked, as_ascii, of_config
from tracer.commands.screen import can_print
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing

SUFFIXES = (SVG, *BY_MATPLOTLIB)
BELOW = 2
"""Lines of the terminal that stay free below a chart."""


@click.command(
    context_settings=CONTEXT,
    epilog="Examples: backprop-trace plot config.yaml --log; backprop-trace plot trace.csv -y 'w*' --panels -o w.svg",
)
@of_config
@as_ascii
@click.option("--iterations", metavar="N", help="How many iterations of CONFIG to run and plot.")
@click.option("-y", "quantities", metavar="LIST", multiple=True,
              help="What to plot, such as E_total,w5 or 'dE/dw*'; the loss by default. Repeatable.")  # fmt: skip
@click.option("--log", is_flag=True, help="Draw a logarithmic axis.")
@click.option("--panels", is_flag=True, help="Draw a panel for each quantity instead of all in one.")
@click.option("-o", "--output", metavar="FILE",
              help=f"A file ({', '.join(SUFFIXES)}) to draw to, or - for SVG on standard output; the terminal by "
              "default.")  # fmt: skip
def plot(
    asked: Asked,
    ascii: bool,
    iterations: str | None,
    quantities: tuple[str, ...],
    log: bool,
    panels: bool,
    output: str | None,
) -> None:
    """Plot the loss of CONFIG, or other quantities.

    CONFIG may be a CSV file that `run` wrote.
    """
    from tracer.charts import pyplot, terminal
    from tracer.charts.svg import svg
    from tracer.output import plots

    target = path_of(output) if output and output != STANDARD_OUTPUT else None
    if target:
        _check(target)
    wanted = [name.strip() for text in quantities for name in text.split(",") if name.strip()]
    if asked.config.suffix.lower() == ".csv":
        options = {"--learning-rate": asked.learning_rate, "--decimals": asked.decimals, "--columns": asked.columns,
                   "--set": asked.settings, "--iterations": iterations}  # fmt: skip
        if given := [name for name, value in options.items() if value]:
            raise OutputError([f"{', '.join(given)}: {asked.config} is run already; plot a config to change it"])
        figure = plots.of_csv(asked.config, wanted, log, panels)
    else:
        trace = walk(asked.experiment(iterations))
        figure = trace.plot(*wanted, log=log, panels=panels).figure
    if target is None:
        if output:
            click.echo(svg(figure), nl=False)
            return
        width, height = shutil.get_terminal_size()
        plain = ascii or not can_print("⣿└", sys.stdout.encoding)
        for line in terminal.drawn(figure, width, height - BELOW, plain):
            click.echo(line)
        return
    with replacing(target) as part:
        if target.suffix.lower() == SVG:
            part.write_text(svg(figure), encoding="utf-8")
        else:
            pyplot.save(figure, part, target.suffix.lower())
    click.echo(f"wrote {target}")


def _check(target: Path) -> None:
    """Raise OutputError for a file that cannot be drawn to."""
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError([f"{target}: '{suffix}' is no picture; choose from {', '.join(SUFFIXES)}"])
    if suffix in BY_MATPLOTLIB and find_spec("matplotlib") is None:
        raise OutputError([f"{target}: {suffix} needs matplotlib: pip install 'backprop-trace[plot]'; .svg does not"])
    if problems := problems_of([target]):
        raise OutputError(problems)
