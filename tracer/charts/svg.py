"""Figures as self-contained SVG for light and dark backgrounds."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from tracer.charts.figure import Figure, Panel, axis, labels, segments
from tracer.charts.theme import BASE, FONTS, LINES, begin, colored, sheet

COLORS = tuple(light for light, _ in LINES)
DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""Colors and, where these begin again, dashes of the lines."""
WIDTH, HEIGHT = 640, 320
"""Of a panel, in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 78, 16, 16, 54
LEGEND_LINE, CHARACTER, BELOW_LEGEND = 18, 6.8, 4
"""Pixels of a line of the legend, and of a character; below all."""
THEME = BASE | {f"line{number}": pair for number, pair in enumerate(LINES)}
RULES = {
    "text": f"font-family:{FONTS};font-size:12px;{colored('faint', THEME)}",
    ".ground": colored("ground", THEME),
    ".axis": f"fill:none;{colored('faint', THEME, 'stroke')}",
    ".grid": f"stroke-opacity:.35;{colored('line', THEME, 'stroke')}",
    ".curve": "fill:none;stroke-width:1.8;stroke-linejoin:round",
    **{f".line{number}": colored(f"line{number}", THEME, "stroke") for number in range(len(LINES))},
}


def svg(figure: Figure) -> str:
    """The figure as an SVG document."""
    tops, height = [], 0.0
    for panel in figure.panels:
        tops.append(height)
        height += HEIGHT + LEGEND_LINE * len(_legend_rows(panel))
    title = escape(", ".join(panel.y_label for panel in figure.panels))
    parts = begin(WIDTH, height + BELOW_LEGEND, title, sheet(THEME, RULES))
    for top, panel in zip(tops, figure.panels, strict=True):
        parts += [f'<g transform="translate(0 {top:g})">', *_panel(panel, figure), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, figure: Figure) -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    lines = [line.thinned(right - LEFT) for line in panel.lines]
    across, up = axis([line.x for line in lines]), axis([line.y for line in lines], figure.log)
    for tick, label in zip(across.place(np.array(across.ticks)), labels(across), strict=True):
        x = LEFT + tick * (right - LEFT)
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{label}</text>'
    for tick, label in zip(up.place(np.array(up.ticks)), labels(up), strict=True):
        y = bottom - tick * (bottom - TOP)
        yield f'<path d="M{LEFT} {y:.1f}H{right}" class="grid"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" class="axis"/>'
    middle = (LEFT + right) / 2
    yield f'<text x="{middle:g}" y="{bottom + 36}" text-anchor="middle">{escape(figure.x_label)}</text>'
    yield (
        f'<text transform="translate(14 {(TOP + bottom) / 2:g}) rotate(-90)" text-anchor="middle">'
        f"{escape(panel.y_label)}</text>"
    )
    for number, line in enumerate(lines):
        x, y = LEFT + across.place(line.x) * (right - LEFT), bottom - up.place(line.y) * (bottom - TOP)
        path = "".join(
            "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(*part, strict=True)) for part in segments(x, y)
        )
        yield f'<path d="{path}" {_stroke(number, "curve ")}/>'
    number = 0
    for row, names in enumerate(_legend_rows(panel)):
        at = float(LEFT)
        for name in names:
            y = HEIGHT + LEGEND_LINE * row
            yield f'<path d="M{at:g} {y}h22" stroke-width="2.4" {_stroke(number)}/>'
            yield f'<text x="{at + 28:g}" y="{y + 4}">{escape(name)}</text>'
            at += _width(name)
            number += 1


def _stroke(number: int, kind: str = "") -> str:
    dash = DASHES[number // len(COLORS) % len(DASHES)]
    return f'class="{kind}line{number % len(COLORS)}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _legend_rows(panel: Panel) -> list[list[str]]:
    """The labels of the lines in rows that fit; none where a single line is the panel's."""
    if len(panel.lines) < 2:
        return []
    rows: list[list[str]] = [[]]
    for line in panel.lines:
        if rows[-1] and LEFT + sum(map(_width, [*rows[-1], line.label])) > WIDTH - RIGHT:
            rows.append([])
        rows[-1].append(line.label)
    return rows


def _width(label: str) -> float:
    return 42 + CHARACTER * len(label)
