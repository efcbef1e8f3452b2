"""The command `backprop-trace`: the group of all commands, and how it ends when something fails.

Exit codes: 0 done; 1 a run met a non-finite number (the trace up to there is written); 2 the config, an option or the
place to write to cannot be used; 130 interrupted; 129 or 143 ended, as by closing the terminal (with each of these
nothing is written); 141 the reader of the output went away. `check` has its own, see `tracer.commands.check`.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

import click

from tracer.commands import CONTEXT
from tracer.errors import EXIT_BROKEN_PIPE, TraceError, nearest
from tracer.version import VERSION

EXIT_UNUSABLE, EXIT_INTERRUPTED = 2, 130

COMMANDS = {
    "run": "run", "sweep": "sweep", "step": "step", "explain": "explain", "plot": "plot", "exercise": "exercise",
    "check": "check", "verify": "verify", "export": "export", "import": "import_", "list": "list_", "init": "init",
    "schema": "schema", "completion": "completion",
}  # fmt: skip
"""Each command with its function, in the file of the same name, which is loaded only when the command is asked for."""


class _Main(click.Group):
    """Turns every expected failure into lines on stderr and an exit code; nobody sees a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"tracer.commands.{cmd_name}"), COMMANDS[cmd_name])
        if ctx.obj is not None:  # what to do once it is loaded
            ctx.obj()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0].startswith("-"):  # click knows the options, but not these commands
                raise
            raise click.UsageError(f"{error.message}{nearest(args[0], COMMANDS)}", ctx) from None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal that cannot show η shows ? and goes on
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            _discard_output()
            click.echo(f"cannot print ({error.strerror or error})", err=True)
            sys.exit(EXIT_UNUSABLE)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TraceError as error:
            click.echo(str(error), err=True)
            ctx.exit(EXIT_UNUSABLE)
        except BrokenPipeError:
            _discard_output()
            ctx.exit(EXIT_BROKEN_PIPE)
        except KeyboardInterrupt:
            click.echo("interrupted: nothing was written", err=True)
            ctx.exit(EXIT_INTERRUPTED)
        except MemoryError:
            click.echo("not enough memory for this trace; use fewer iterations or --columns compact", err=True)
            ctx.exit(EXIT_UNUSABLE)


def _discard_output() -> None:
    """Give what is still to be printed to nobody; Python would try once more while it ends, and complain."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Main, context_settings=CONTEXT, epilog="Example: backprop-trace run configs/walkthrough.yaml")
@click.version_option(VERSION, prog_name="backprop-trace")
def main() -> None:
    """Walk through backpropagation by hand, number by number."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP; nohup ignores it
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _ended)


def _ended(number: int, _frame: object) -> NoReturn:
    """End as an error does, which removes what is half written."""
    sys.exit(128 + number)
