"""The command `backprop-trace schema`."""

from __future__ import annotations

import json

import click

from tracer.commands import CONTEXT
from tracer.config.schema import json_schema


@click.command(context_settings=CONTEXT, epilog="Example: backprop-trace schema > configs/schema.json")
def schema() -> None:
    """Print the JSON Schema of a config.

    With it, editors complete and check configs.
    """
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
