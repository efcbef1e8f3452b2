"""The command `backprop-trace step`."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from tracer.api import steps
from tracer.commands import CONTEXT, screen
from tracer.commands.options import Asked, as_ascii, of_config
from tracer.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console

    from tracer.charts.screen.session import Session

REDRAWN = 0.2
"""Seconds between two notes on how far a long computation has come."""


@click.command(context_settings=CONTEXT, epilog="Example: backprop-trace step configs/walkthrough.yaml --iteration 10")
@of_config
@as_ascii
@click.option("--iterations", metavar="N", help="How many iterations there are; those of CONFIG by default.")
@click.option("--iteration", type=int, metavar="K",
              help="Which iteration to begin with; by default the first one, or that of the sample.")  # fmt: skip
@click.option("--sample", type=int, metavar="S",
              help="The sample to begin with; by default the first one of the iteration.")  # fmt: skip
@click.option("--auto", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              help="Go on by itself, an equation every so many seconds; any key pauses.")  # fmt: skip
def step(
    asked: Asked, ascii: bool, iterations: str | None, iteration: int | None, sample: int | None, auto: float | None
) -> None:
    """Walk through CONFIG in the terminal, one equation at a time.

    Shows the network with the numbers known so far, the equation in symbols, with the numbers put in and with its
    result, what it uses and what uses it. Space goes on, ? shows the keys. Without a terminal, the steps of the
    iteration are printed one after another.
    """
    from rich.console import Console

    from tracer.charts.screen.layout import too_small

    console = Console(highlight=False)
    session = steps(asked.experiment(iterations), ascii or not screen.can_print(screen.DRAWN, console.encoding))
    number = iteration or 1
    with screen.progress(number, session.walk.system.batches.first_row(number), hidden=False) as session.progress:
        session.begin(iteration, sample)
    if not (console.is_terminal and sys.stdin.isatty()) or console.is_dumb_terminal:
        _print(session, console)
        return
    if problem := too_small(*console.size):
        raise OutputError([problem])
    if auto:
        session.automatic, session.seconds = True, auto
    _walk(session, console)


def _print(session: Session, console: Console) -> None:
    """The steps of an iteration, one after another."""
    width = shutil.get_terminal_size().columns
    for rows in session.printed(width):
        screen.show_rows(rows, console)


def _walk(session: Session, console: Console) -> None:
    """Show where the reader is, and do what each key says, to the end."""
    from tracer.charts.screen.session import Interrupted
    from tracer.commands.terminal import RESIZED, Terminal

    with suppress(KeyboardInterrupt), Terminal(console) as terminal:
        done, shown = 0, time.monotonic()

        def progress(iterations: int) -> None:
            nonlocal done, shown
            done += iterations
            if time.monotonic() - shown > REDRAWN:
                shown = time.monotonic()
                session.said = f"Computing, {done:,} iterations so far; any key stops."
                terminal.draw(session.rows(*console.size))
                if terminal.key(0) not in (None, RESIZED):
                    raise Interrupted

        session.progress = progress
        while not session.ended:
            terminal.draw(session.rows(*console.size))
            key = terminal.key(session.seconds if session.automatic else None)
            done, shown = 0, time.monotonic()
            if key is None:
                session.pass_time()
            elif key != RESIZED:
                session.press(key)
