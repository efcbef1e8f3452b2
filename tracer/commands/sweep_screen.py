"""What the terminal shows of a sweep: the best runs and the worst, and which diverged."""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

from tracer.charts import heatmap
from tracer.commands.screen import can_print
from tracer.commands.table import lines
from tracer.config import yamlfile
from tracer.model import naming
from tracer.output.sweepmap import heat_map
from tracer.output.sweeps import Sweep, number

HEIGHT = 20
"""Lines of a heat map."""
BEST = 3
"""How many of the best runs are shown."""
MOST_KEYS = 4
"""How many varied keys the table has."""


def show(sweep: Sweep, ascii: bool, drawn: bool = False) -> None:
    """Print what the runs came to. drawn: with a heat map."""
    ascii = ascii or not can_print("—×∂─", sys.stdout.encoding)
    width = shutil.get_terminal_size().columns
    if len(sweep.ranked):
        for line in lines(*ranking(sweep), width, ascii):
            click.echo(naming.to_ascii(line).replace("—", "-") if ascii else line)
    if drawn:
        plain = ascii or not can_print("░×└", sys.stdout.encoding)
        for line in heatmap.drawn(heat_map(sweep), width, HEIGHT, plain):
            click.echo(naming.to_ascii(line) if plain else line)
        click.echo()
    for sentence in sentences(sweep):
        line = naming.to_ascii(sentence).replace("×", "x") if ascii else sentence
        click.echo(textwrap.fill(line, width, break_long_words=False))


def ranking(sweep: Sweep) -> tuple[list[str], list[list[str]]]:
    """A table of the best runs, the one in the middle, and the worst: its heads and its rows."""
    results, ranked = sweep.results, sweep.ranked
    keys = [varied.key for varied in sweep.grid.varied][:MOST_KEYS]
    titles = {place: f"{place + 1}." if place else "best" for place in range(min(BEST, len(ranked)))}
    if len(ranked) > BEST:
        titles |= {len(ranked) // 2: "median", len(ranked) - 1: "worst"}
    rows = []
    for place, title in titles.items():
        run = int(ranked[place])
        values = [_shown(value) for value in list(sweep.setting(run).values())[:MOST_KEYS]]
        reached = int(results.to_fraction[run])
        loss = number(float(results.final_loss[run]))
        rows.append([title, f"{run + 1:,}", *values, loss, f"{reached:,}" if reached else "—"])
    return ["", "run", *keys, f"final {sweep.planned.loss}", "to 1 %"], rows


def sentences(sweep: Sweep) -> list[str]:
    """What is to be said of the runs: how many there were, and which did not end well."""
    total, diverged = len(sweep), sweep.diverged
    sizes = " × ".join(f"{varied.key} ({len(varied.values):,})" for varied in sweep.grid.varied)
    drawn = f", drawn from {sweep.grid.total:,}" if sweep.grid.drawn is not None else ""
    found = [f"{total:,} {'run' if total == 1 else 'runs'}: {sizes}{drawn}"]
    if diverged:
        found.append(f"{diverged:,} diverged ({diverged / total:.1%})")
        found += sweep.edges()
    else:
        found.append("none diverged")
    if sweep.planned.experiment.until is not None:
        met = int((sweep.results.until_met > 0).sum())
        found.append(f"{met:,} met their condition ({met / total:.1%})")
    return found


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else yamlfile.written(value)
