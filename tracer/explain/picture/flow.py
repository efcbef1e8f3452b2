"""Equations as a diagram: one box per quantity with its equation, value and gradient, and arrows to its users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracer.explain.picture.diagram import (
    LINE,
    NAME_ENDING,
    NUMBER_WIDTH,
    SIZES,
    Curve,
    Diagram,
    Item,
    Legend,
    Look,
    Number,
    Point,
    Shape,
    Text,
    fitted,
    width,
    wrapped,
)
from tracer.explain.picture.graph import Graph, Node
from tracer.explain.picture.layered import layered
from tracer.explain.words import words

MARGIN, ARROWS, GAP, CHANNEL, PAD = 16.0, 56.0, 16.0, 10.0, 7.0
"""Around all; between layers; between boxes below each other; for an arrow that passes a layer; within a box."""
WIDEST, MOST_LINES = 250.0, 3
"""Of an equation in a box: pixels, and lines."""


def flow_diagram(graph: Graph, names: Mapping[str, str], title: str) -> Diagram:
    """The diagram of the graph of equations. names: how quantities are typeset."""
    boxes = [_Box(node, names) for node in graph.nodes]
    number = {node.quantity: place for place, node in enumerate(graph.nodes)}
    edges = [(number[edge.source], number[edge.target]) for edge in graph.edges]
    found = layered([box.height for box in boxes], edges, GAP, CHANNEL)
    widths = [0.0] * (max(found.layer) + 1)
    for box, layer in zip(boxes, found.layer, strict=True):
        widths[layer] = max(widths[layer], box.width)
    items: list[Item] = []
    top = MARGIN
    for line in wrapped(title, SIZES[Look.TITLE], 900, 2):
        items.append(Text(Look.TITLE, MARGIN, top + 8, line))
        top += 22
    top += 12
    lefts = [MARGIN + sum(widths[:layer]) + ARROWS * layer for layer in range(len(widths))]
    curves: list[Item] = []
    last = [(*passing[-1:], found.y[begin])[0] for (begin, _), passing in zip(edges, found.through, strict=True)]
    first = [(*passing[:1], found.y[end])[0] for (_, end), passing in zip(edges, found.through, strict=True)]
    arriving = _spread([end for _, end in edges], last, boxes)
    leaving = _spread([begin for begin, _ in edges], first, boxes)
    for place, (begin, end) in enumerate(edges):
        source, target = found.layer[begin], found.layer[end]
        right = lefts[source] + (widths[source] + boxes[begin].width) / 2
        y = top + found.y[begin] + leaving[place]
        points: list[Point] = [(right, y), (lefts[source] + widths[source], y)]
        for layer, passing in zip(range(source + 1, target), found.through[place], strict=True):
            points += [(lefts[layer], top + passing), (lefts[layer] + widths[layer], top + passing)]
        y = top + found.y[end] + arriving[place]
        left = lefts[target] + (widths[target] - boxes[end].width) / 2
        points += [(lefts[target], y), (left, y)] if left > lefts[target] + 8 else [(left, y)]
        edge = graph.edges[place]
        curves.append(Curve(edge.source, edge.target, tuple(points), is_faint=graph.nodes[begin].equation is None))
    for box, layer, middle in zip(boxes, found.layer, found.y, strict=True):
        items += box.items(lefts[layer] + (widths[layer] - box.width) / 2, top + middle - box.height / 2)
    right = lefts[-1] + widths[-1] + MARGIN
    lowest = [y + box.height / 2 for y, box in zip(found.y, boxes, strict=True)]
    height = top + max([*lowest, *(y + CHANNEL for passing in found.through for y in passing)]) + MARGIN
    return Diagram(right, height, (*curves, *items), (Legend.NUMBERS, Legend.GIVEN))


def _spread(ends: Sequence[int], others: Sequence[float], boxes: Sequence[_Box]) -> list[float]:
    """Where edges meet the side of a box, from its middle, in the order of where they come from or go to; those that go
    the same way meet it in one point."""
    offsets = [0.0] * len(ends)
    at: dict[int, dict[float, list[int]]] = {}
    for edge, box in enumerate(ends):
        at.setdefault(box, {}).setdefault(others[edge], []).append(edge)
    for box, ways in at.items():
        apart = min(8.0, (boxes[box].height - 16) / max(1, len(ways) - 1))
        for place, way in enumerate(sorted(ways)):
            for edge in ways[way]:
                offsets[edge] = apart * (place - (len(ways) - 1) / 2)
    return offsets


class _Box:
    """A quantity with what stands in its box."""

    def __init__(self, node: Node, names: Mapping[str, str]) -> None:
        self.node = node
        name = names.get(node.quantity, node.quantity)
        self.lines: list[str] = []
        self.whole = ""
        if node.equation is not None:
            self.whole = f"{name} = {words(node.equation, names)}"
            self.lines = wrapped(self.whole, SIZES[Look.EQUATION], WIDEST, MOST_LINES)
        labels = [names.get(shown.quantity, shown.quantity) for shown in node.numbers]
        self.labels = [fitted(label, SIZES[Look.LABEL], 110, NAME_ENDING) for label in labels]
        self.label = max(width(label, SIZES[Look.LABEL]) for label in self.labels)
        inner = max([self.label + 6 + NUMBER_WIDTH, *(width(line, SIZES[Look.EQUATION]) for line in self.lines)])
        self.width = inner + 2 * PAD
        self.height = LINE * (len(self.lines) + len(labels)) + PAD

    def items(self, x: float, y: float) -> list[Item]:
        node, middle = self.node, x + self.width / 2
        found: list[Item] = [Shape(node.quantity, node.kind, x, y, self.width, self.height)]
        y += (PAD + LINE) / 2
        is_cut = "".join(self.lines).replace(" ", "") != self.whole.replace(" ", "")
        for line in self.lines:
            found.append(Text(Look.EQUATION, middle, y, line, "middle", node.quantity, self.whole * is_cut))
            y += LINE
        left = middle - (self.label + 6 + NUMBER_WIDTH) / 2
        for label, shown in zip(self.labels, node.numbers, strict=True):
            found.append(Text(Look.LABEL, left + self.label, y, label, "end", shown.quantity))
            found.append(Number(left + self.label + 6, y, shown))
            y += LINE
        return found
