"""A network neuron by neuron, as a diagram: circles for neurons, curves for weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

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
    widest,
    width,
    wrapped,
)
from tracer.explain.picture.graph import TOTAL, Edge, Graph, Node
from tracer.explain.picture.layout import in_bands, listed, of_batch
from tracer.model.system import Phase

BESIDE, MOST_BANDS = 3, 6
"""Layers beside each other, and bands of them below each other; a deeper network is drawn without its middle."""
MARGIN, CURVES, SHORT, JOIN, APART, BELOW_HEAD = 16.0, 76.0, 34.0, 18.0, 20.0, 40.0
"""Around all; between layers, where the curves are; to the errors and the loss; from what comes in to the neuron;
between nodes; below a head."""
RADIUS, GAP, PAD = 24.0, 6.0, 8.0
INSIDE = 2 * RADIUS - 8
"""Of a circle."""
WIDEST_NAME = 110.0
"""Of a quantity beside its number."""
ONE_LOSS = 3
"""Numbers of a parameter where there are no batches."""
FORWARD_AT, BACKWARD_AT = -4.0, 4.0
"""Above and below the middle of a row, or of a circle, where arrows end and begin."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A node where it stands: its middle, where curves leave it, at which height, whether its gradient is shown."""

    node: Node
    y: float
    right: float


def neuron_diagram(graph: Graph, names: Mapping[str, str], title: str, captions: Sequence[str]) -> Diagram:
    """The diagram of the graph of a network. names: how quantities are typeset. captions: over the numbers of the
    parameters: w, its gradients, its change."""
    return _Drawing(graph, names, captions).diagram(title)


class _Drawing:
    """The diagram while it is laid out, band by band."""

    def __init__(self, graph: Graph, names: Mapping[str, str], captions: Sequence[str]) -> None:
        self.graph, self.names, self.captions = graph, names, captions
        self.slots = [max(NUMBER_WIDTH, width(caption, SIZES[Look.CAPTION]) + 10) for caption in captions]
        self.columns = {number: list(nodes) for number, nodes in groupby(graph.nodes, key=lambda node: node.column)}
        self.incoming: dict[str, list[Edge]] = {node.quantity: [] for node in graph.nodes}
        for edge in graph.edges:
            self.incoming[edge.target].append(edge)
        self.shapes: list[Item] = []
        self.curves: list[Item] = []
        self.right = 0.0

    def diagram(self, title: str) -> Diagram:
        layers = len(self.columns) - 3
        bands, left_out = in_bands(layers, layers % BESIDE or min(BESIDE, layers), BESIDE, MOST_BANDS)
        if layers <= BESIDE:
            bands = [range(layers)]
        elif not left_out:
            bands = _even(layers, len(bands))
        y = MARGIN
        for line in wrapped(title, SIZES[Look.TITLE], 900, 2):
            self.shapes.append(Text(Look.TITLE, MARGIN, y + 8, line))
            y += 22
        y += 6
        for band in bands:
            if left_out and band.start == left_out.stop:
                words = listed([self.graph.heads[1 + number][0] for number in left_out], 3)
                self.shapes.append(Text(Look.NOTE, MARGIN, y + 10, f"… {words} are left out …"))
                y += 40
            y = self._band(band, y) + APART
        if len(self.captions) > ONE_LOSS:
            self.shapes.append(Text(Look.NOTE, MARGIN, y, of_batch(self.captions)))
            y += LINE
        forward = [edge for edge in self.graph.edges if edge.numbers and edge.source]
        legend = [Legend.NUMBERS, *([Legend.WEIGHTS] if forward else []), Legend.BACKWARD]
        return Diagram(self.right + MARGIN, y, (*self.curves, *self.shapes), tuple(legend))

    def _band(self, band: range, top: float) -> float:
        """Layers beside each other, after what they get; what is below."""
        is_last = band.stop == len(self.columns) - 3
        columns = [number + 1 for number in band]
        before = band.start
        numbers = [before, *columns, *([len(self.columns) - 2] if is_last else [])]
        heights = [self._height(number, number != before) for number in numbers]
        total = max(heights)
        body = top + BELOW_HEAD
        head = f"from {self.graph.heads[before][0]}" if before else self.graph.heads[before][0]
        placed, x = self._plain(before, head, MARGIN, top, body + (total - heights[0]) / 2)
        for number, height in zip(columns, heights[1:], strict=False):
            placed, x = self._layer(number, x, top, body + (total - height) / 2, placed)
        if is_last:
            placed, x = self._errors(len(self.columns) - 2, x, top, placed)
            x = self._loss(len(self.columns) - 1, x, top, placed)
        self.right = max(self.right, x)
        lowest = max((p.y + self._below(p.node) for p in placed), default=0.0)
        return max(body + total, lowest)

    def _name(self, quantity: str) -> str:
        return self.names.get(quantity, quantity)

    def _labels(self, nodes: Sequence[Node]) -> float:
        texts = [self._name(shown.quantity) for node in nodes for shown in node.numbers if not self._is_told(node)]
        return min(widest(texts, SIZES[Look.LABEL]), WIDEST_NAME)

    def _is_told(self, node: Node) -> bool:
        """Whether the circle says whose number is below it."""
        return node.kind == str(Phase.DATA) and width(self._name(node.quantity), SIZES[Look.NAME]) <= INSIDE

    def _above(self, node: Node, with_rows: bool) -> float:
        rows = len(self._rows(node)) if with_rows else 0
        return max(RADIUS, rows * LINE / 2)

    def _below(self, node: Node, with_rows: bool = False) -> float:
        rows = len(self._rows(node)) if with_rows else 0
        return max(RADIUS + 4 + LINE * len(node.numbers), rows * LINE / 2)

    def _rows(self, node: Node) -> list[Edge]:
        return [edge for edge in self.incoming[node.quantity] if edge.numbers]

    def _height(self, column: int, with_rows: bool) -> float:
        nodes = self.columns[column]
        extents = [self._above(node, with_rows) + self._below(node, with_rows) for node in nodes]
        return sum(extents) + APART * (len(nodes) - 1)

    def _head(self, text: str, left: float, right: float, top: float) -> None:
        short = fitted(text, SIZES[Look.HEAD], right - left + CURVES / 3)
        self.shapes.append(Text(Look.HEAD, (left + right) / 2, top + 8, short, "middle", "", text * (short != text)))

    def _plain(self, column: int, head: str, left: float, top: float, y: float) -> tuple[list[_Placed], float]:
        """Neurons without what comes in: inputs, or those of the band before."""
        nodes = self.columns[column]
        label = self._labels(nodes)
        size = label + GAP * bool(label) + NUMBER_WIDTH
        self._head(head, left, left + size, top)
        placed = []
        for node in nodes:
            y += RADIUS
            placed.append(self._neuron(node, left, size, label, y))
            y += self._below(node) + APART
        return placed, left + size

    def _layer(
        self, column: int, left: float, top: float, y: float, sources: Sequence[_Placed]
    ) -> tuple[list[_Placed], float]:
        """The neurons of a layer, each with its incoming weights; curves come from the sources."""
        nodes = self.columns[column]
        rows = [edge for node in nodes for edge in self._rows(node)]
        names = min(widest([self._name(edge.numbers[0].quantity) for edge in rows], SIZES[Look.LABEL]), WIDEST_NAME)
        port = left + CURVES
        first = port + GAP + names + GAP
        end = first + sum(self.slots)
        label = self._labels(nodes)
        size = label + GAP * bool(label) + NUMBER_WIDTH
        at = end + JOIN
        self._head(": ".join(self.graph.heads[column]), port, at + size, top)
        for place, caption in enumerate(self.captions):
            right = first + sum(self.slots[: place + 1]) - 4
            self.shapes.append(Text(Look.CAPTION, right, top + 27, caption, "end"))
        by_name = {source.node.quantity: source for source in sources}
        placed = []
        for node in nodes:
            y += self._above(node, True)
            edges = self._rows(node)
            for place, edge in enumerate(edges):
                row = y + LINE * (place - (len(edges) - 1) / 2)
                self._parameter(edge, port + GAP, first, names, row)
                if edge.source:
                    self._connect(edge, by_name[edge.source], left, (port, row))
                join = ((end + 2, row), (at + size / 2 - RADIUS, y))
                self.curves.append(Curve("", node.quantity, join, is_faint=True, has_head=False))
            placed.append(self._neuron(node, at, size, label, y))
            y += self._below(node, True) + APART
        return placed, at + size

    def _parameter(self, edge: Edge, left: float, first: float, room: float, y: float) -> None:
        name = edge.numbers[0].quantity
        self._label(name, left + room, y, room)
        for place, shown in enumerate(edge.numbers):
            self.shapes.append(Number(first + sum(self.slots[:place]), y, shown, self.slots[place]))

    def _connect(self, edge: Edge, source: _Placed, left: float, end: Point) -> None:
        """The curve of a weight to its row, and back from it if a gradient comes back."""
        weight, gradient = edge.numbers[0], edge.numbers[1:2]
        begin, (x, y) = source.y, end
        forward = ((source.right, begin + FORWARD_AT), (left + 8, begin + FORWARD_AT), (x, y + FORWARD_AT))
        self.curves.append(Curve(edge.source, edge.target, forward, weight))
        if edge.backward and gradient and not gradient[0].frozen:
            back = ((x, y + BACKWARD_AT), (left + 8, begin + BACKWARD_AT), (source.right, begin + BACKWARD_AT))
            self.curves.append(Curve(edge.target, edge.source, back, gradient[0], backward=True))

    def _neuron(self, node: Node, left: float, size: float, label: float, y: float) -> _Placed:
        """A circle with the name of a node, and its numbers below it."""
        middle = left + size / 2
        fill = node.numbers[-1] if node.kind == str(Phase.DATA) else node.numbers[1]
        circle = Shape(node.quantity, node.kind, middle - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS, True, fill)
        name = self._name(node.quantity)
        self.shapes.append(circle)
        if width(name, SIZES[Look.NAME]) <= INSIDE:
            self.shapes.append(Text(Look.NAME, middle, y, name, "middle", node.quantity))
        self._numbers(
            node, left + (size - label - GAP * bool(label) - NUMBER_WIDTH) / 2, label, y + RADIUS + 4 + LINE / 2
        )
        return _Placed(node, y, middle + RADIUS)

    def _numbers(self, node: Node, left: float, label: float, y: float) -> None:
        is_told = self._is_told(node)
        for shown in node.numbers:
            if not is_told:
                self._label(shown.quantity, left + label, y, label)
            self.shapes.append(Number(left + label + GAP * bool(label), y, shown, centered=is_told))
            y += LINE

    def _label(self, quantity: str, right: float, y: float, room: float) -> None:
        name = self._name(quantity)
        short = fitted(name, SIZES[Look.LABEL], room + 1, NAME_ENDING)
        self.shapes.append(Text(Look.LABEL, right, y, short, "end", quantity, name * (short != name)))

    def _errors(self, column: int, left: float, top: float, outputs: Sequence[_Placed]) -> tuple[list[_Placed], float]:
        """The errors beside the outputs, and below them what else adds to the loss."""
        nodes = self.columns[column]
        label = self._labels(nodes)
        at, size = left + SHORT, label + GAP + NUMBER_WIDTH + 2 * PAD
        self._head(self.graph.heads[column][0], at, at + size, top)
        by_name = {output.node.quantity: output for output in outputs}
        placed = []
        y = 0.0
        for node in nodes:
            edges = self.incoming[node.quantity]
            source = by_name[edges[0].source] if edges else None
            y = source.y if source else y + RADIUS + APART + LINE * len(node.numbers)
            placed.append(self._box(node, at, size, label, y))
            if source:
                forward = ((source.right, y + FORWARD_AT), (at, y + FORWARD_AT))
                self.curves.append(Curve(source.node.quantity, node.quantity, forward))
                if edges[0].backward:
                    back = ((at, y + BACKWARD_AT), (source.right, y + BACKWARD_AT))
                    self.curves.append(Curve(node.quantity, source.node.quantity, back, backward=True))
        return placed, at + size

    def _box(self, node: Node, left: float, size: float, label: float, y: float) -> _Placed:
        height = LINE * len(node.numbers) + PAD
        self.shapes.append(Shape(node.quantity, node.kind, left, y - height / 2, size, height))
        self._numbers(node, left + PAD, label, y - LINE * (len(node.numbers) - 1) / 2)
        return _Placed(node, y, left + size)

    def _loss(self, column: int, left: float, top: float, parts: Sequence[_Placed]) -> float:
        """The loss, in the middle of its parts; how far it reaches."""
        (node,) = self.columns[column]
        names = [fitted(self._name(shown.quantity), SIZES[Look.LABEL], WIDEST_NAME) for shown in node.numbers]
        size = max(widest(names, SIZES[Look.LABEL]), NUMBER_WIDTH) + 2 * PAD
        at = left + SHORT
        self._head(self.graph.heads[column][0], at, at + size, top)
        y = (parts[0].y + parts[-1].y) / 2
        height = 2 * LINE * len(names) + PAD
        self.shapes.append(Shape(node.quantity, TOTAL, at, y - height / 2, size, height))
        line = y - height / 2 + (PAD + LINE) / 2
        for name, shown in zip(names, node.numbers, strict=True):
            self.shapes.append(Text(Look.LABEL, at + size / 2, line, name, "middle", shown.quantity))
            self.shapes.append(Number(at + (size - NUMBER_WIDTH) / 2, line + LINE, shown, centered=True))
            line += 2 * LINE
        for part in parts:
            self.curves.append(Curve(part.node.quantity, node.quantity, ((part.right, part.y), (at, y))))
        return at + size


def _even(count: int, bands: int) -> list[range]:
    """Numbers from 0 in so many bands, as even as they can be."""
    starts = [round(count * band / bands) for band in range(bands + 1)]
    return [range(begin, end) for begin, end in pairwise(starts)]
