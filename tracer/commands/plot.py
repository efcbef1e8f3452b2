"""The command `backprop-trace plot`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracer import api
from tracer.charts import BY_MATPLOTLIB, DOT, SVG
from tracer.commands import CONTEXT, screen
from tracer.commands.options import Asked, as_ascii, of_config
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing

if TYPE_CHECKING:
    from tracer.output.graphs import GraphPicture

BELOW = 2
"""Lines of the terminal that stay free below a chart."""
CURVES, GRAPHS = (SVG, *BY_MATPLOTLIB), (SVG, DOT)
"""The suffixes of the files that each is drawn to."""
RESULTS = (".xlsx", ".html", ".parquet")
"""Suffixes of other files that `run` writes."""


@click.command(
    context_settings=CONTEXT,
    epilog="Examples: backprop-trace plot config.yaml --log; backprop-trace plot trace.csv -y 'w*' --panels -o w.svg; "
    "backprop-trace plot config.yaml --graph network --iteration 3 -o network.svg",
)
@of_config
@as_ascii
@click.option("--iterations", metavar="N", help="How many iterations of CONFIG to run and plot.")
@click.option("-y", "quantities", metavar="LIST", multiple=True,
              help="What to plot, such as E_total,w5 or 'dE/dw*'; the loss by default. Repeatable.")  # fmt: skip
@click.option("--log", is_flag=True, help="Draw a logarithmic axis.")
@click.option("--panels", is_flag=True, help="Draw a panel for each quantity instead of all in one.")
@click.option("--graph", metavar="network|equations",
              help="Draw the network, or the computation graph of its equations, with the numbers of one step instead "
              "of curves.")  # fmt: skip
@click.option(
    "--iteration",
    metavar="K",
    type=click.IntRange(1),
    help="The iteration of the graph; by default the first one, or the first that takes the sample.",
)
@click.option("--sample", metavar="S", type=click.IntRange(1),
              help="The sample of the graph; by default the first one of the iteration.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE",
              help=f"A file to draw to ({', '.join(CURVES)}; a graph: {', '.join(GRAPHS)}), or - for SVG on standard "
              "output; the terminal by default.")  # fmt: skip
def plot(
    asked: Asked,
    ascii: bool,
    iterations: str | None,
    quantities: tuple[str, ...],
    log: bool,
    panels: bool,
    graph: str | None,
    iteration: int | None,
    sample: int | None,
    output: str | None,
) -> None:
    """Plot the loss of CONFIG, or other quantities, or its graph.

    CONFIG may be a CSV file that `run` wrote.
    """
    target = path_of(output) if output and output != STANDARD_OUTPUT else None
    if target:
        _check(target, GRAPHS if graph else CURVES)
    curves = {"--iterations": iterations, "-y": quantities, "--log": log, "--panels": panels}
    if graph:
        _refuse(curves, "curves; leave out --graph to draw them")
        if asked.config.suffix.lower() == ".csv":
            raise OutputError([f"--graph: {asked.config} has numbers, no equations; draw the graph of a config"])
        picture = api.graph(asked.experiment(), graph, iteration, sample)
        if not output:
            _show(picture, ascii)
            return
        writers: dict[str, Callable[[], str]] = {SVG: picture.svg, DOT: picture.dot}
        _draw(target, writers[target.suffix.lower() if target else SVG])
        return
    _refuse({"--iteration": iteration, "--sample": sample}, "one step; add --graph network to draw it")
    _curves(asked, ascii, iterations, quantities, log, panels, target, bool(output))


def _curves(
    asked: Asked,
    ascii: bool,
    iterations: str | None,
    quantities: Sequence[str],
    log: bool,
    panels: bool,
    target: Path | None,
    printed: bool,
) -> None:
    """Draw quantities over the iterations."""
    from tracer.charts import pyplot, terminal
    from tracer.charts.svg import svg
    from tracer.output import plots

    by_matplotlib = target is not None and target.suffix.lower() in BY_MATPLOTLIB
    wanted = [name.strip() for text in quantities for name in text.split(",") if name.strip()]
    if asked.config.suffix.lower() == ".csv":
        options = {"--learning-rate": asked.learning_rate, "--decimals": asked.decimals, "--columns": asked.columns,
                   "--set": asked.settings, "--iterations": iterations}  # fmt: skip
        if given := [name for name, value in options.items() if value]:
            raise OutputError([f"{', '.join(given)}: {asked.config} is run already; plot a config to change it"])
        figure = plots.of_csv(asked.config, wanted, log, panels, pyplot.load_meanwhile if by_matplotlib else None)
    elif asked.config.suffix.lower() in RESULTS:
        raise OutputError([f"{asked.config}: cannot be plotted; give the CSV file that `run` wrote, or the config"])
    else:
        trace = api.walk(asked.experiment(iterations))
        figure = trace.plot(*wanted, log=log, panels=panels).figure
    if target and by_matplotlib:
        with replacing(target) as part:
            pyplot.save(figure, part, target.suffix.lower())
        click.echo(f"wrote {target}")
    elif target or printed:
        _draw(target, lambda: svg(figure))
    else:
        width, height = shutil.get_terminal_size()
        plain = ascii or not screen.can_print("⣿└", sys.stdout.encoding)
        for line in terminal.drawn(figure, width, height - BELOW, plain, screen.has_colors()):
            click.echo(line)


def _show(picture: GraphPicture, ascii: bool) -> None:
    """Print the picture as text."""
    from rich.console import Console

    console = Console(highlight=False)
    plain = ascii or not screen.can_print(screen.DRAWN, console.encoding)
    screen.show_rows(picture.rows(shutil.get_terminal_size().columns, plain), console)


def _draw(target: Path | None, write: Callable[[], str]) -> None:
    """Write a picture that is text to its file, or to standard output."""
    if target is None:
        click.echo(write(), nl=False)
        return
    text = write()
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}")


def _refuse(options: Mapping[str, object], what: str) -> None:
    """Raise OutputError for options that are given and belong to something else."""
    if given := [name for name, value in options.items() if value]:
        raise OutputError([f"{', '.join(given)}: only for {what}"])


def _check(target: Path, suffixes: Sequence[str]) -> None:
    """Raise OutputError for a file that cannot be drawn to."""
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        what = f"'{suffix}' is not a format of pictures" if suffix else "the name of the file needs a suffix"
        raise OutputError([f"{target}: {what}; choose from {', '.join(suffixes)}"])
    if suffix in BY_MATPLOTLIB and find_spec("matplotlib") is None:
        raise OutputError([f"{target}: {suffix} needs matplotlib: pip install 'backprop-trace[plot]'; .svg does not"])
    if problems := problems_of([target]):
        raise OutputError(problems)
