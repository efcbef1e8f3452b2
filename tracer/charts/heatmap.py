"""Heat maps: one number per pair of values, as colors in SVG and as shades in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import click
import numpy as np

from tracer.charts.figure import Array
from tracer.charts.theme import BASE, FONTS, begin, colored, sheet

RAMP = (
    "#fde725", "#c2df23", "#86d549", "#52c569", "#2ab07f", "#1e9b8a", "#25858e", "#2d708e", "#38588c", "#433e85",
    "#482173", "#440154",
)  # fmt: skip
"""The colors from the smallest number to the largest: viridis (https://bids.github.io/colormap/), light to dark."""
SHADES, ASCII_SHADES = " ░▒▓█", " .:-=+*#%@"
NONE, ASCII_NONE = "×", "x"
"""What stands in the terminal for a pair without a number."""
WIDTH, LEFT, RIGHT, TOP, BELOW = 640, 96, 20, 16, 96
MOST_HEIGHT, CELL = 400, 28
"""Of the map in pixels, and of a cell where there are few."""
MOST_CELLS = 240
"""Cells beside each other in a picture; of more, several are drawn as one."""
TICKS = 9
COVERED = 0.95
"""The part of the numbers that the scale covers; the others have the color of its end."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Numbers by two values. x_values, y_values: as they are written; numbers: a row for each y, NaN for pairs that
    have none; infinite for those that diverged. label: what the numbers are, most: where their scale ends at the
    latest, none: what is said of the infinite ones."""

    x_label: str
    y_label: str
    x_values: Sequence[str]
    y_values: Sequence[str]
    numbers: Array
    label: str
    most: float = math.inf
    none: str = "diverged"

    def at_most(self, across: int, down: int) -> HeatMap:
        """The map with at most so many cells: the median of those that become one."""
        columns, rows = (_parts(len(v), most) for v, most in ((self.x_values, across), (self.y_values, down)))
        numbers = np.array([[_median(self.numbers[r.start : r.stop, c.start : c.stop]) for c in columns] for r in rows])
        x, y = [self.x_values[part[0]] for part in columns], [self.y_values[part[0]] for part in rows]
        return HeatMap(self.x_label, self.y_label, x, y, numbers, self.label, self.most, self.none)

    def levels(self, count: int) -> tuple[Array, tuple[float, float]]:
        """For each number one of so many levels, evenly spaced, by its logarithm where all are positive and lie far
        apart; −1 without a number, −2 for what diverged. And the ends of the scale, the smallest number and the largest
        but for a few, which would hide all others."""
        finite = self.numbers[np.isfinite(self.numbers)]
        if not len(finite):
            return np.where(np.isinf(self.numbers), -2.0, -1.0), (0.0, 0.0)
        low = float(finite.min())
        ends = (low, max(low, min(float(np.quantile(finite, COVERED, method="lower")), self.most)))
        values, (low, high) = self.numbers, ends
        if high > 0 and low < high / 30:
            least = max(low, high * 1e-16)  # below this, a loss is 0 in all its digits
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log(np.maximum(values, least))
            low, high = math.log(least), math.log(high)
        with np.errstate(invalid="ignore"):
            found = np.floor((values - low) / ((high - low) or 1.0) * count)
        found = np.where(np.isfinite(self.numbers), np.clip(found, 0, count - 1), -1)
        return np.where(np.isinf(self.numbers), -2, found), ends


def _parts(count: int, most: int) -> list[range]:
    size = math.ceil(count / most)
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


def _median(numbers: Array) -> float:
    known = np.sort(numbers[~np.isnan(numbers)], axis=None)
    return float(known[len(known) // 2]) if len(known) else math.nan


def svg(heat: HeatMap) -> str:
    """The map as an SVG document; the smallest y is at the bottom."""
    heat = heat.at_most(MOST_CELLS, MOST_CELLS)
    rows, columns = heat.numbers.shape
    across = (WIDTH - LEFT - RIGHT) / columns
    down = min(max(across, CELL / 2), CELL, MOST_HEIGHT / rows)
    bottom = TOP + down * rows
    theme = BASE
    rules = {
        "text": f"font-family:{FONTS};font-size:12px;{colored('faint', theme)}",
        ".ground": colored("ground", theme),
        ".axis": f"fill:none;{colored('faint', theme, 'stroke')}",
        ".hatch": f"stroke-width:1;{colored('faint', theme, 'stroke')}",
        ".gone": "fill:url(#hatch)",
    }
    title = escape(f"{heat.label} by {heat.x_label} and {heat.y_label}")
    parts = begin(WIDTH, bottom + BELOW, title, sheet(theme, rules))
    parts.append(
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M0 0V6" class="hatch"/></pattern></defs>'
    )
    levels, ends = heat.levels(len(RAMP))
    for row in range(rows):
        parts += _cells(levels[row], bottom - (row + 1) * down, across, down)
    parts.append(f'<path d="M{LEFT} {TOP}V{bottom:.1f}H{WIDTH - RIGHT}V{TOP}Z" class="axis"/>')
    for place in _ticks(columns):
        x = LEFT + (place + 0.5) * across
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 17:.1f}" text-anchor="middle">{escape(heat.x_values[place])}</text>'
        )
    for place in _ticks(rows, max(2, int(down * rows / 24))):
        y = bottom - (place + 0.5) * down + 4
        parts.append(f'<text x="{LEFT - 8}" y="{y:.1f}" text-anchor="end">{escape(heat.y_values[place])}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:g}" y="{bottom + 37:.1f}" text-anchor="middle">{escape(heat.x_label)}</text>')
    parts.append(
        f'<text transform="translate(16 {(TOP + bottom) / 2:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(heat.y_label)}</text>"
    )
    return "\n".join([*parts, *_legend(heat, ends, bottom + 60), "</svg>", ""])


def _cells(levels: Array, top: float, across: float, down: float) -> Iterator[str]:
    """The rectangles of a row; cells of one color beside each other are one."""
    edges = [0, *(np.flatnonzero(np.diff(levels)) + 1).tolist(), len(levels)]
    for first, end in pairwise(edges):
        level = int(levels[first])
        if level != -1:
            fill = 'class="gone"' if level == -2 else f'fill="{RAMP[level]}"'
            x, wide = LEFT + first * across, (end - first) * across
            yield f'<rect x="{x:.2f}" y="{top:.2f}" width="{wide:.2f}" height="{down:.2f}" {fill}/>'


def _legend(heat: HeatMap, ends: tuple[float, float], top: float) -> Iterator[str]:
    wide = 14
    low, high = _ends(heat, ends)
    yield f'<text x="{LEFT}" y="{top + 11:.1f}">{escape(heat.label)}: {low}</text>'
    first = LEFT + 7 * (len(heat.label) + len(low) + 3)
    for number, color in enumerate(RAMP):
        yield f'<rect x="{first + number * wide}" y="{top:.1f}" width="{wide}" height="14" fill="{color}"/>'
    after = first + wide * len(RAMP) + 8
    yield f'<text x="{after}" y="{top + 11:.1f}">{high}</text>'
    if np.isinf(heat.numbers).any():
        at = after + 8 * len(high) + 20
        yield f'<rect x="{at}" y="{top:.1f}" width="20" height="14" class="gone"/>'
        yield f'<text x="{at + 26}" y="{top + 11:.1f}">{escape(heat.none)}</text>'


def _ends(heat: HeatMap, ends: tuple[float, float]) -> tuple[str, str]:
    """The ends of the scale, as they are written."""
    with np.errstate(invalid="ignore"):
        above = bool(((heat.numbers > ends[1]) & np.isfinite(heat.numbers)).any())
    return f"{ends[0]:.3g}", f"{ends[1]:.3g}{' and more' * above}"


def _ticks(count: int, most: int = TICKS) -> list[int]:
    """Places of labels, evenly among so many."""
    return [*range(0, count, max(1, math.ceil((count - 1) / (max(most, 2) - 1))))]


def drawn(heat: HeatMap, width: int, height: int, ascii: bool = False) -> list[str]:
    """The lines of the map in the terminal, with colors as ANSI codes; the largest number has the darkest shade."""
    shades, none = (ASCII_SHADES, ASCII_NONE) if ascii else (SHADES, NONE)
    margin = min(max(map(len, heat.y_values)), 14)
    heat = heat.at_most(max(2, width - margin - 3), max(2, height - 6))
    rows, columns = heat.numbers.shape
    wide = max(1, min(6, (width - margin - 3) // columns))
    levels, ends = heat.levels(len(RAMP))
    bar, corner, rule = ("|", "+", "-") if ascii else ("│", "└", "─")
    found = [click.style(f"{heat.label} by {heat.x_label} (across) and {heat.y_label}", bold=True)]
    marked = {*_ticks(rows, rows if rows <= TICKS else rows // 2 + 1)}
    for row in reversed(range(rows)):
        cells = "".join(_shade(int(level), shades, none, wide) for level in levels[row])
        found.append(f"{heat.y_values[row][:margin] if row in marked else '':>{margin}} {bar}{cells}")
    found.append(f"{'':>{margin}} {corner}{rule * (wide * columns)}")
    below = [" "] * (margin + 2 + wide * columns)
    for place in _ticks(columns, max(2, wide * columns // 12)):
        text = heat.x_values[place]
        first = min(max(margin + 2 + place * wide, 0), max(len(below) - len(text), 0))
        if all(sign == " " for sign in below[max(first - 1, 0) : first + len(text) + 1]):
            below[first : first + len(text)] = text
    scale = "".join(_shade(level, shades, none, 1) for level in range(len(RAMP)))
    low, high = _ends(heat, ends)
    legend = f"{low} {scale} {high}"
    if np.isinf(heat.numbers).any():
        legend += f"   {none} {heat.none}"
    return [*found, "".join(below).rstrip(), f"{'':>{margin}}  {legend}"]


def _shade(level: int, shades: str, none: str, wide: int) -> str:
    if level < 0:
        return (none if level == -2 else " ") * wide
    sign = shades[1:][level * (len(shades) - 1) // len(RAMP)]
    red, green, blue = (int(RAMP[level][place : place + 2], 16) for place in (1, 3, 5))
    return click.style(sign * wide, fg=(red, green, blue))
