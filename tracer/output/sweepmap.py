"""The heat map of a sweep over two keys: the final loss of each run, and where runs diverge."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tracer.charts import SVG
from tracer.charts.heatmap import HeatMap, svg
from tracer.config import yamlfile
from tracer.config.grid import Grid
from tracer.errors import OutputError
from tracer.files import problems_of, replacing
from tracer.output.sweeps import Sweep, points_of

GROWN = 10
"""A loss of so many times the largest first one has the color of the end of the scale."""


def check(grid: Grid, target: Path | None) -> None:
    """Raise OutputError, before the runs begin, where there is no map of the grid, or it cannot be written. target:
    None for the terminal."""
    keys = _keys(grid)
    if len(keys) != 2:
        names = ", ".join(grid.varied[place].key for place in keys)
        what = f"a heat map has two keys with several values, not {len(keys)} ({names})"
        raise OutputError([f"--plot: {what}; {_advice(grid, len(keys))}"])
    if target is not None:
        if target.suffix.lower() != SVG:
            raise OutputError([f"--plot {target}: write a file that ends in {SVG}, or - for the terminal"])
        if problems := problems_of([target]):
            raise OutputError(problems)


def _advice(grid: Grid, keys: int) -> str:
    """What to do for a grid of another number of keys."""
    if keys < 2:
        return "vary another key with --vary"
    for varied in grid.varied:
        if varied.listed:
            count, first = len(varied.values), yamlfile.written(varied.values[0])
            return f"the config lists {count:,} learning rates: choose one, such as --set {varied.key}={first}"
    return "give one value to the others"


def _keys(grid: Grid) -> list[int]:
    return [place for place, varied in enumerate(grid.varied) if len(varied.values) > 1]


def heat_map(sweep: Sweep) -> HeatMap:
    """The map of a sweep over two keys. Raises OutputError for other sweeps."""
    check(sweep.grid, None)
    down, across = _keys(sweep.grid)
    y, x = sweep.grid.varied[down], sweep.grid.varied[across]
    numbers = np.full((len(y.values), len(x.values)), math.nan)
    points = points_of(sweep.grid, 0, len(sweep))
    losses = np.where(sweep.results.diverged > 0, np.inf, sweep.results.final_loss)
    numbers[points[:, down], points[:, across]] = losses
    texts = [[_text(value) for value in varied.values] for varied in (x, y)]
    first = sweep.results.first_loss
    most = GROWN * float(np.nanmax(first)) if np.isfinite(first).any() else math.inf
    return HeatMap(x.key, y.key, texts[0], texts[1], numbers, f"final {sweep.planned.loss}", most)


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else value if isinstance(value, str) else yamlfile.written(value)


def write(sweep: Sweep, target: Path) -> None:
    """Write the map as SVG. Raises OutputError."""
    text = svg(heat_map(sweep))
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")
