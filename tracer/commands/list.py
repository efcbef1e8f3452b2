"""The command `backprop-trace list`."""

from __future__ import annotations

import click

from tracer.commands import CONTEXT
from tracer.errors import ConfigError, nearest


@click.command("list", context_settings=CONTEXT, epilog="Example: backprop-trace list sigmoid cross_entropy")
@click.argument("names", nargs=-1)
@click.option("--ascii", "ascii", is_flag=True, help="Spell ∂ as d.")
def list_(names: tuple[str, ...], ascii: bool) -> None:
    """Show the choices for a config, with formulas and sources.

    That is every activation, loss, penalty, initializer, clipping, optimizer and function, or those of these NAMES.
    """
    from tracer.commands import screen
    from tracer.tables.catalogue import catalogue
    from tracer.tables.synonyms import SAME, called

    entries = list(catalogue())
    known = [entry.name for entry in entries]
    meant = {same.get(name, name) for same in SAME.values() for name in names}
    unknown = [name for name in names if not any(same.get(name, name) in known for same in SAME.values())]
    if unknown:
        hints = {name: next(filter(None, (called(kind, name, known) for kind in SAME)), "") for name in unknown}
        raise ConfigError([f"'{name}' is not known.{hints[name] or nearest(name, known)}" for name in unknown])
    screen.show_catalogue([entry for entry in entries if not names or entry.name in meant], ascii)
