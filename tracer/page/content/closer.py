"""A diagram with less room between its columns, and none above: in a page it has to fit beside other things."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from tracer.explain.picture.diagram import LINE, SIZES, Curve, Diagram, Item, Look, Number, Shape, Text, Tiles, width

WIDE, SHARE = 8.0, 0.2
"""A gap that is wider keeps so much, and this share of the rest."""
ABOVE = 6.0
"""What is left above a diagram."""


def closer(diagram: Diagram) -> Diagram:
    """The diagram with its wide vertical gaps, in which only curves are, made narrower."""
    shown = [item for item in diagram.items if not (isinstance(item, Text) and not item.text)]
    taken = sorted(chain.from_iterable(map(_taken, shown)))
    gaps: list[tuple[float, float]] = []
    right = 0.0
    for left, end in (*taken, (diagram.width, diagram.width)):
        if left - right > WIDE:
            gaps.append((right, left))
        right = max(right, end)
    ends = [left for left, _ in gaps]

    def moved(x: float) -> float:
        less = 0.0
        for left, end in gaps[: bisect_right(ends, x)]:
            room = min(x, end) - left
            less += room - min(room, (WIDE + SHARE * (end - left - WIDE)) * room / (end - left))
        return x - less

    above = min((_top(item) for item in shown), default=ABOVE) - ABOVE
    items = tuple(_moved(item, moved, above) for item in shown)
    return replace(diagram, width=moved(diagram.width), height=diagram.height - above, items=items)


def _taken(item: Item) -> Iterator[tuple[float, float]]:
    """From where to where an item keeps others away. What stands above a column may stand over a gap."""
    match item:
        case Text(look, x, _, text, anchor) if look not in (Look.HEAD, Look.TITLE, Look.NOTE):
            size = width(text, SIZES[look])
            left = x - {"start": 0.0, "middle": size / 2, "end": size}[anchor]
            yield left, left + size
        case Number():
            yield item.x, item.x + item.width
        case Shape():
            yield item.x, item.x + item.width
        case Tiles():
            yield item.x, item.x + item.size * -(-item.columns // item.merged)


def _top(item: Item) -> float:
    match item:
        case Curve():
            return min(y for _, y in item.points)
        case Text() | Number():
            return item.y - LINE / 2
    return item.y


def _moved(item: Item, moved: Callable[[float], float], up: float) -> Item:
    if isinstance(item, Curve):
        return replace(item, points=tuple((moved(x), y - up) for x, y in item.points))
    return replace(item, x=moved(item.x), y=item.y - up)
