"""A diagram as data: shapes and texts with their positions in pixels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracer.explain.picture.graph import Shown
from tracer.explain.picture.layout import Statistic

Point = tuple[float, float]
CUT, NAME_ENDING = "…", 2
"""In place of what is cut; how many characters of the end of a name stay, which often tell it from others."""


class Look(StrEnum):
    """What a text is."""

    TITLE = "title"
    HEAD = "head"
    CAPTION = "caption"
    NAME = "name"
    LABEL = "label"
    EQUATION = "equation"
    NOTE = "note"


SIZES = {
    Look.TITLE: 15.0, Look.HEAD: 13.0, Look.CAPTION: 11.0, Look.NAME: 14.0, Look.LABEL: 11.5, Look.EQUATION: 11.5,
    Look.NOTE: 12.0,
}  # fmt: skip
"""Of the letters."""
NUMBER_SIZE, NUMBER_WIDTH = 11.0, 68.0
"""Of the letters of a number, and of its box: wide enough for −0.001235."""
LINE = 17.0
"""From one line of text to the next."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. x, y: of the end that `anchor` says (start, middle, end), and of its middle. quantity: whose name
    or equation it is. whole: the text, where only its beginning is shown."""

    look: Look
    x: float
    y: float
    text: str
    anchor: str = "start"
    quantity: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a quantity, or of several, in a box, which is colored by its sign and size. y: of its middle.
    centered: in its box, where nothing is below it that it has to line up with."""

    x: float
    y: float
    shown: Shown | Statistic
    width: float = NUMBER_WIDTH
    centered: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What a node is drawn in; round, or with corners. fill: the quantity that colors it."""

    quantity: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    is_round: bool = False
    fill: Shown | None = None


@dataclass(frozen=True, slots=True)
class Tiles:
    """Quantities in rows of so many tiles, colored by their sign and size, without their numbers.

    title: of all of them. merged: how many rows and columns of quantities a tile stands for, by the largest of them.
    alone: whether each can be pointed at.
    """

    title: str
    x: float
    y: float
    size: float
    columns: int
    quantities: tuple[str, ...]
    scale: str
    merged: int = 1
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """An arrow from the first point to the last, level where it leaves and where it arrives. shown: the quantity that
    gives it its width and its sign; without, it is thin. backward: of a gradient, drawn against the direction of the
    computation. is_faint: of what is only given. has_head: whether it ends in an arrowhead."""

    source: str
    target: str
    points: tuple[Point, ...]
    shown: Shown | None = None
    backward: bool = False
    is_faint: bool = False
    has_head: bool = True


class Legend(StrEnum):
    """What has to be explained below a diagram."""

    NUMBERS = "numbers"
    WEIGHTS = "weights"
    BACKWARD = "backward"
    TILES = "tiles"
    GIVEN = "given"


Item = Text | Number | Shape | Tiles | Curve


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is drawn, from the back to the front, and how large it is; the legend has room below."""

    width: float
    height: float
    items: tuple[Item, ...]
    legend: tuple[Legend, ...] = ()


def width(text: str, size: float) -> float:
    """How wide a text is at most, in a usual font of this size."""
    return size * sum(map(_wide, text))


def _wide(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in "ijl.,:;'|!()[] ·₁₂₃₄₅₆₇₈₉₀":
        return 0.43
    return 0.9 if character in "mwMW—…" or character.isupper() else 0.65


def fitted(text: str, size: float, room: float, ending: int = 0) -> str:
    """The text, or as much of it as there is room for; so many of its last characters stay."""
    if width(text, size) <= room:
        return text
    last = text[len(text) - ending :]
    end = len(text) - ending
    while end > 0 and width(text[:end] + CUT + last, size) > room:
        end -= 1
    return text[:end] + CUT + last


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in up to so many lines that fit, broken at spaces where there are any; what has no place is cut."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
        lines[-1] = fitted(lines[-1] + CUT, size, room)
    return [fitted(line, size, room) for line in lines]


def widest(texts: Iterable[str], size: float, least: float = 0.0) -> float:
    """The width of the widest of some texts."""
    return max([least, *(width(text, size) for text in texts)])


def centered(heights: Sequence[float], gap: float, total: float) -> list[float]:
    """The tops of boxes below each other, in the middle of a total height."""
    top = (total - sum(heights) - gap * (len(heights) - 1)) / 2
    tops = []
    for height in heights:
        tops.append(top)
        top += height + gap
    return tops
