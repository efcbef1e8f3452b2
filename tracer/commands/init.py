"""The command `backprop-trace init`."""

from __future__ import annotations

import click

from tracer.commands import CONTEXT
from tracer.config.shipped import shipped
from tracer.errors import ConfigError, OutputError, nearest
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing


@click.command(context_settings=CONTEXT, epilog="Example: backprop-trace init xor && backprop-trace run xor.yaml")
@click.argument("name", required=False)
@click.option("-o", "--output", metavar="DIR", default=".", help="The folder to write to; the current one by default.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def init(name: str | None, output: str, force: bool) -> None:
    """Write the shipped config NAME to start from.

    The files that it needs come with it. Without NAME, list the shipped configs.
    """
    configs = {config.name: config for config in shipped()}
    if name is None:
        width = max(map(len, configs))
        for config in configs.values():
            click.echo(f"{config.name:<{width}}  {config.description}")
        return
    chosen = configs.get(name.removesuffix(".yaml"))
    if chosen is None:
        hint = nearest(name, configs) or f" Choose from {', '.join(configs)}."
        raise ConfigError([f"'{name}' is not a shipped config.{hint}"])
    if output == STANDARD_OUTPUT:
        raise OutputError(["-o -: a config and its files go to a folder; give one"])
    contents = {path_of(output) / file.name: file.read_bytes() for file in chosen.files}
    new = {target: data for target, data in contents.items() if not (target.is_file() and target.read_bytes() == data)}
    there = [f"{target}: exists already; choose another folder with -o, or replace it with --force" for target in new
             if target.exists() and not force]  # fmt: skip
    if problems := there or problems_of(list(new)):
        raise OutputError(problems)
    for target in contents:
        if target in new:
            with replacing(target) as part:
                part.write_bytes(new[target])
        click.echo(f"wrote {target}" if target in new else f"{target} is there already")
