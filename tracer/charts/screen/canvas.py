"""Rows of styled text, and a canvas on which they are combined."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from tracer.columns import characters, cut
from tracer.formulas.notation import shortest
from tracer.model import naming


class Span(NamedTuple):
    """A text and its style: words of STYLES, separated by spaces; "" for none."""

    text: str
    style: str = ""


Row = tuple[Span, ...]
STYLES = {
    "title": "bold reverse", "head": "bold", "dim": "dim", "result": "bold",
    "given": "", "parameters": "", "forward": "color(33)", "loss": "color(163)", "backward": "color(166)",
    "batch": "color(35)", "optimizer": "color(35)", "update": "color(35)",
    "wire": "dim", "lit": "bold",
    "operand": "bold underline", "current": "bold reverse", "problem": "bold color(160)",
}  # fmt: skip
"""What a style looks like, in rich's words. The phases have a color each, readable on black and on white; what matters
is bold, underlined or reversed besides, so that it shows without colors."""

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
CORNERS = " ───│┘└┴│┐┌┬│┤├┼"
"""The line that goes in these directions, by the sum of their numbers."""
ASCII_CORNERS = " ---|+++|+++|+++"


def fitted(value: float, width: int) -> str:
    """A number with as many digits as so many characters have room for, at most five."""
    text = "0"
    for digits in range(5 if value else 0, 0, -1):
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        scientific = f"{shortest(float(mantissa))}e{int(power or 0)}"
        for text in (shortest(float(f"{value:.{digits}g}")), scientific):
            if len(text) <= width:
                return text.replace("-", "−", 1) if value < 0 else text
    return cut(text, width)


def to_ascii(rows: Sequence[Row], width: int) -> list[Row]:
    """The rows in ASCII, cut at this width; a character that has no spelling there is a question mark."""
    found = []
    for row in rows:
        room, spans = width, list[Span]()
        for span in row:
            text = naming.to_ascii(span.text).encode("ascii", "replace").decode()[:room]
            spans.append(Span(text, span.style))
            room -= len(text)
        found.append(tuple(spans))
    return found


class Canvas:
    """Cells to draw on: each holds a character, or nothing where a wider one covers it, and a style. It is stateful,
    as a picture that is being drawn."""

    def __init__(self, width: int, height: int, ascii: bool = False) -> None:
        self.width, self.height = width, height
        self._corners = ASCII_CORNERS if ascii else CORNERS
        self._cells: list[list[tuple[str, str]]] = [[(" ", "")] * width for _ in range(height)]
        self._lines: dict[tuple[int, int], tuple[int, str]] = {}

    def put(self, row: int, column: int, text: str, style: str = "") -> None:
        """Write a text; what does not fit in is left out."""
        if not 0 <= row < self.height:
            return
        for character, size in characters(text):
            if column >= 0 and column + size <= self.width:
                self._cells[row][column] = character, style
                for covered in range(column + 1, column + size):
                    self._cells[row][covered] = "", style
            column += size

    def across(self, row: int, first: int, last: int, style: str) -> None:
        """A line from the middle of one column to that of another."""
        for column in range(first, last + 1):
            self._line(row, column, (LEFT if column > first else 0) + (RIGHT if column < last else 0), style)

    def down(self, column: int, first: int, last: int, style: str) -> None:
        """A line from the middle of one row to that of another."""
        for row in range(first, last + 1):
            self._line(row, column, (UP if row > first else 0) + (DOWN if row < last else 0), style)

    def _line(self, row: int, column: int, ways: int, style: str) -> None:
        """Lines in the same cell join; the last one that is drawn gives the style."""
        if 0 <= row < self.height and 0 <= column < self.width:
            ways |= self._lines.get((row, column), (0, ""))[0]
            self._lines[row, column] = ways, style
            self._cells[row][column] = self._corners[ways], style

    def marked_rows(self, style: str) -> list[int]:
        """The rows with something in this style."""
        return [row for row, line in enumerate(self._cells) if any(style in used.split() for _, used in line)]

    def rows(self, first: int = 0, last: int | None = None) -> list[Row]:
        """The rows from one to before another."""
        return [
            tuple(
                Span("".join(character for character, _ in group), style)
                for style, group in groupby(row, key=lambda cell: cell[1])
            )
            for row in self._cells[first:last]
        ]
