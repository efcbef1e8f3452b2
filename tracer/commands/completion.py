"""The command `backprop-trace completion`."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from tracer.commands import CONTEXT, PROGRAM

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(context_settings=CONTEXT, epilog=f'Example, for ~/.bashrc: eval "$({PROGRAM} completion bash)"')
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash and zsh, add eval "$(backprop-trace completion SHELL)" to ~/.bashrc or ~/.zshrc; for fish, write the output
    to ~/.config/fish/completions/backprop-trace.fish.
    """
    source = SHELLS[shell](click.Group(), {}, PROGRAM, f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE")
    click.echo(source.source_template % source.source_vars())
