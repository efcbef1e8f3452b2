"""The command `backprop-trace list`."""

from __future__ import annotations

import click

from tracer.commands import CONTEXT
from tracer.errors import ConfigError, nearest


@click.command("list", context_settings=CONTEXT, epilog="Example: backprop-trace list sigmoid cross_entropy")
@click.argument("names", nargs=-1)
@click.option("--ascii", "ascii", is_flag=True, help="Spell ∂ as d.")
def list_(names: tuple[str, ...], ascii: bool) -> None:
    """Show every activation, loss, penalty, initializer, clipping and optimizer, or those of these NAMES."""
    from tracer.commands import screen
    from tracer.tables.catalogue import catalogue

    entries = list(catalogue())
    known = [entry.name for entry in entries]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError([f"'{name}' is not known.{nearest(name, known)}" for name in unknown])
    screen.show_catalogue([entry for entry in entries if not names or entry.name in names], ascii)
