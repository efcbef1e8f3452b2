"""Figures in the terminal: Braille dots, 2 × 4 per character, or ASCII characters."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

import click
import numpy as np

from tracer.charts.figure import Array, Axis, Figure, Line, Panel, axis, labels, segments
from tracer.model import naming

COLORS = ("bright_blue", "bright_magenta", "green", "yellow", "cyan", "red", "blue", "magenta")
SIGNS = "*+ox#@%&"
"""Of the lines, in ASCII."""
LETTERS = ascii_lowercase + ascii_uppercase
"""Of lines that nothing else tells apart: more of them than signs, or dots without colors."""
BETWEEN_LETTERS = 12
"""Characters from a letter on a line of dots to the next."""
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a Braille pattern, by row and column."""
BLANK = 0x2800
LEAST_WIDTH, LEAST_HEIGHT = 30, 6
"""Characters below which a chart says nothing."""


def drawn(figure: Figure, width: int, height: int, ascii: bool = False, colored: bool = True) -> list[str]:
    """The lines of the figure, each panel at most so wide and all of them about so high. colored: with colors as ANSI
    codes; without, letters on the curves tell them apart."""
    figure = _in_ascii(figure) if ascii else figure
    each, room = max(LEAST_HEIGHT, height // len(figure.panels)), max(width, LEAST_WIDTH)
    lines = [line for panel in figure.panels for line in _panel(panel, figure, room, each, ascii, colored)]
    return lines if colored else [click.unstyle(line) for line in lines]


def _in_ascii(figure: Figure) -> Figure:
    """The figure with labels in ASCII."""
    panels = [
        Panel(
            naming.to_ascii(panel.y_label),
            tuple(Line(naming.to_ascii(line.label), line.x, line.y) for line in panel.lines),
        )
        for panel in figure.panels
    ]
    return Figure(tuple(panels), naming.to_ascii(figure.x_label), figure.log)


def _panel(panel: Panel, figure: Figure, width: int, height: int, ascii: bool, colored: bool) -> list[str]:
    count = len(panel.lines)
    signs = LETTERS if count > len(SIGNS) or not ascii else SIGNS
    legend = _legend(panel, width, "" if colored and not ascii else signs)
    rows = max(3, height - 3 - len(legend))
    up = axis([line.y for line in panel.lines], figure.log, max(2, rows // 3))
    numbers = labels(up)
    margin = max(map(len, numbers))
    columns = max(10, width - margin - 2)
    across = axis([line.x for line in panel.lines], most_ticks=max(2, columns // 12))
    canvas = _Canvas(columns, rows, signs if ascii else "")
    for number, line in enumerate(panel.lines):
        thin = line.thinned(columns * canvas.across)
        canvas.draw(number, across.place(thin.x), up.place(thin.y))
    if count > 1 and not (ascii or colored):
        canvas.put_letters(count)
    lines = canvas.lines()
    marks = {round((1 - place) * (rows - 1)): text for place, text in zip(_places(up), numbers, strict=True)}
    corner, rule, bar = ("+", "-", "|") if ascii else ("└", "─", "│")
    tick = "+" if ascii else "┤"
    found = [click.style(f"{panel.y_label} by {figure.x_label}", bold=True)]
    found += [f"{marks.get(row, ''):>{margin}} {tick if row in marks else bar}{text}" for row, text in enumerate(lines)]
    found.append(f"{'':>{margin}} {corner}{rule * columns}")
    below = [" "] * (columns + margin + 2)
    for place, text in zip(_places(across), labels(across), strict=True):
        first = margin + 2 + round(place * (columns - 1)) - len(text) // 2
        first = min(first, len(below) - len(text))
        if all(sign == " " for sign in below[max(first - 1, 0) : first + len(text) + 1]):
            below[first : first + len(text)] = text
    return [*found, "".join(below).rstrip(), *legend]


def _places(axis: Axis) -> list[float]:
    return [float(place) for place in axis.place(np.array(axis.ticks))]


def _legend(panel: Panel, width: int, signs: str) -> list[str]:
    """The labels of the lines, as many to a line as fit. signs: of the lines, empty where colors tell them apart."""
    if len(panel.lines) < 2:
        return []
    rows: list[list[str]] = [[]]
    used = 0
    for number, line in enumerate(panel.lines):
        sign = signs[number % len(signs)] if signs else "━━"
        length = len(sign) + len(line.label) + 3
        if used and used + length > width:
            rows.append([])
            used = 0
        rows[-1].append(f"{click.style(sign, fg=COLORS[number % len(COLORS)])} {line.label}")
        used += length
    return ["  ".join(row) for row in rows]


class _Canvas:
    """The characters of a chart, and the line that each belongs to: the last one that was drawn there."""

    def __init__(self, columns: int, rows: int, signs: str = "") -> None:
        """signs: of the lines; empty for dots."""
        self.columns, self.rows, self.signs = columns, rows, signs
        self.across, self.down = (1, 1) if signs else (2, 4)
        self.letters: dict[tuple[int, int], str] = {}
        self.dots = np.zeros((rows, columns), int)
        self.owner = np.full((rows, columns), -1)

    def draw(self, number: int, x: Array, y: Array) -> None:
        """Draw a line through points given by their places from 0 to 1, gaps as NaN."""
        wide, high = self.columns * self.across - 1, self.rows * self.down - 1
        for xs, ys in segments(x * wide, (1 - y) * high):
            points = [(round(float(a)), round(float(b))) for a, b in zip(xs, ys, strict=True)]
            for start, end in zip(points, points[1:] or points, strict=False):
                steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
                for step in range(steps + 1):
                    across = round(start[0] + (end[0] - start[0]) * step / steps)
                    self._dot(number, across, round(start[1] + (end[1] - start[1]) * step / steps))

    def _dot(self, number: int, x: int, y: int) -> None:
        if 0 <= x < self.columns * self.across and 0 <= y < self.rows * self.down:
            row, column = y // self.down, x // self.across
            self.owner[row, column] = number
            self.dots[row, column] |= 1 if self.signs else DOTS[y % 4][x % 2]

    def put_letters(self, lines: int) -> None:
        """Put a letter on each of so many lines, again and again; the lines take turns at it."""
        for number in range(lines):
            places = [
                (int(row), int(column)) for column, row in zip(*np.nonzero((self.owner == number).T), strict=True)
            ]
            turn = (number * BETWEEN_LETTERS) // lines
            chosen = [place for place in places if place[1] % BETWEEN_LETTERS == turn]
            once = {column: (row, column) for row, column in chosen or places[-1:]}
            self.letters |= dict.fromkeys(once.values(), LETTERS[number % len(LETTERS)])

    def lines(self) -> list[str]:
        """The rows of the chart."""
        return ["".join(self._sign(row, column) for column in range(self.columns)).rstrip() for row in range(self.rows)]

    def _sign(self, row: int, column: int) -> str:
        owner = int(self.owner[row, column])
        if owner < 0:
            return " "
        sign = self.signs[owner % len(self.signs)] if self.signs else chr(BLANK + int(self.dots[row, column]))
        return click.style(self.letters.get((row, column), sign), fg=COLORS[owner % len(COLORS)])
