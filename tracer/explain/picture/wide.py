"""A wide network layer by layer, as a diagram: neurons and matrices as tiles, with their norms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.explain.picture.diagram import (
    LINE,
    NUMBER_WIDTH,
    SIZES,
    Curve,
    Diagram,
    Item,
    Legend,
    Look,
    Number,
    Shape,
    Text,
    Tiles,
    fitted,
    widest,
    wrapped,
)
from tracer.explain.picture.graph import TOTAL, Shown, losses_of, norm
from tracer.explain.picture.layout import Sketch, listed
from tracer.model import naming
from tracer.model.experiment import Layer, Network
from tracer.model.system import Phase

MOST_WIDTH, MOST_BANDS = 1500.0, 6
"""Pixels of a band of layers, if more than one has room there; bands below each other, of more only the first and the
last."""
MARGIN, ARROWS, APART = 16.0, 52.0, 18.0
"""Around all; between what follows on each other; between blocks below each other."""
TILE, LEAST_TILE, SMALLEST, MATRIX = 15.0, 4.0, 2.5, 200.0
"""The side of a tile; the least of a neuron's, and of a weight's; the widest matrix."""
MOST_TILES = 80
"""Of a matrix beside each other or below each other; of a larger one a tile stands for several weights."""
MOST_ALONE = 400
"""Tiles of a block that can be pointed at; of more, neighbors of about the same strength are drawn together."""
MOST_ROWS = 10
"""Of the tiles of a layer below each other."""
LABEL, NORM = 20.0, 46.0
"""The room above the tiles of a block for their norm; that of the number."""


def wide_diagram(
    sketch: Sketch,
    network: Network,
    inputs: Sequence[str],
    targets: Sequence[str],
    names: Mapping[str, str],
    title: str,
) -> Diagram:
    """The diagram of a network whose layers are too wide to be drawn neuron by neuron."""
    return _Drawing(sketch, names).diagram(network, inputs, targets, title)


class _Drawing:
    """The diagram while it is laid out, from left to right."""

    def __init__(self, sketch: Sketch, names: Mapping[str, str]) -> None:
        self.sketch, self.names = sketch, names
        self.columns: list[_Column] = []
        self.errors: list[str] = []
        self.items: list[Item] = []
        self.right = 0.0

    def diagram(self, network: Network, inputs: Sequence[str], targets: Sequence[str], title: str) -> Diagram:
        self.columns.append(_Column("inputs", f"{len(inputs):,}", [_vector("i", inputs, "input")]))
        for layer in network.layers:
            self._layer(layer)
        self.errors = naming.errors(len(targets))
        ends = [_vector("t", targets, "target"), _vector("E", self.errors, "loss")]
        self.columns.append(_Column("targets", "and errors", ends))
        top = MARGIN
        for line in wrapped(title, SIZES[Look.TITLE], 900, 2):
            self.items.append(Text(Look.TITLE, MARGIN, top + 8, line))
            top += 22
        bands = self._bands()
        left_out = range(0)
        if len(bands) > MOST_BANDS:
            left_out = range(bands[MOST_BANDS - 1].start, bands[-1].start)
            bands = [*bands[: MOST_BANDS - 1], bands[-1]]
        for band in bands:
            if left_out and band.start == left_out.stop:
                words = listed([self.columns[number].head for number in left_out if number % 2 == 0], 3)
                self.items.append(Text(Look.NOTE, MARGIN, top + 24, f"… {words} are left out …"))
                top += 32
            top = self._band(band, top + 48) + APART
        return Diagram(self.right + MARGIN, top, tuple(self.items), (Legend.TILES,))

    def _bands(self) -> list[range]:
        """The columns beside each other, as many as there is room for; a layer stays beside its matrix."""
        bands, x = [range(1)], MARGIN + self.columns[0].width
        for first in range(1, len(self.columns), 2):
            pair = range(first, min(first + 2, len(self.columns)))
            needed = sum(ARROWS + self.columns[number].width for number in pair)
            if x + needed > MOST_WIDTH and len(bands[-1]) > 1:
                bands.append(range(first, first))
                x = MARGIN
            bands[-1] = range(bands[-1].start, pair.stop)
            x += needed
        return bands

    def _band(self, band: range, top: float) -> float:
        """Columns beside each other; what is below."""
        total = max(_height(self.columns[number].blocks) for number in band)
        x, middle = MARGIN, top + total / 2
        for number in band:
            column = self.columns[number]
            if number:
                is_matrix = number % 2 == 1 and number < len(self.columns) - 1
                self._arrows(column.head, x, middle, number > 2 or not is_matrix)
                x += ARROWS
            for look, text, above in ((Look.HEAD, column.head, 32), (Look.CAPTION, column.caption, 14)):
                short = fitted(text, SIZES[look], column.width + 2 * MARGIN - 4)
                place = x + column.width / 2
                self.items.append(Text(look, place, top - above, short, "middle", "", text * (short != text)))
            y = middle - _height(column.blocks) / 2
            for block in column.blocks:
                self.items += block.items(x + (column.width - block.width) / 2, y)
                y += block.height + APART
            x += column.width
        if band.stop == len(self.columns):
            x = self._loss(x, top, middle)
        self.right = max(self.right, x)
        return top + total

    def _loss(self, x: float, top: float, middle: float) -> float:
        """The loss, what adds to it besides the errors, and that of the batch; how far they reach."""
        system = self.sketch.system
        losses = [e.quantity for e in system.equations if e.phase is Phase.LOSS and e.quantity not in self.errors]
        losses += [system.batch_loss] if system.batch_loss else []
        label = widest([self.names.get(name, name) for name in losses], SIZES[Look.LABEL])
        size = label + NUMBER_WIDTH + 22
        self.items.append(Curve("", system.loss, ((x + 6, middle), (x + ARROWS - 4, middle))))
        x += ARROWS
        high = LINE * len(losses) + 8
        self.items.append(Text(Look.HEAD, x + size / 2, top - 32, "loss", "middle"))
        self.items.append(Shape(system.loss, TOTAL, x, middle - high / 2, size, high))
        for place, name in enumerate(losses):
            y = middle + LINE * (place - (len(losses) - 1) / 2)
            self.items.append(Text(Look.LABEL, x + 8 + label, y, self.names.get(name, name), "end", name))
            self.items.append(Number(x + 14 + label, y, Shown(name)))
        return x + size

    def _layer(self, layer: Layer) -> None:
        """The matrices of a layer, then its neurons."""
        sketch, system = self.sketch, self.sketch.system
        incoming = len(layer.weights[0])
        biases = [bias for bias in layer.biases if bias] if len(set(layer.biases)) == len(layer.neurons) else []
        rows = [[*row, *biases[place : place + 1]] for place, row in enumerate(layer.weights)]
        blocks = [_matrix(f"W_{layer.name}", rows, "parameter")]
        for loss in losses_of(sketch):
            gradients = [[sketch.gradient(name, loss) for name in row] for row in rows]
            if all(all(row) for row in gradients):
                blocks.append(_matrix(system.gradient(f"W_{layer.name}", loss), gradients, f"gradient {loss}"))
        merged = f", {blocks[0].merged} × {blocks[0].merged} a tile" if blocks[0].merged > 1 else ""
        size = f"{len(layer.neurons):,} × {incoming:,}{' + biases' * bool(biases)}{merged}"
        self.columns.append(_Column(f"W_{layer.name}", size, blocks))
        kinds = ", ".join(dict.fromkeys(map(str, layer.activations)))
        parts = [_vector("a", list(map(naming.activation, layer.neurons)), "activation")]
        errors = [gradient for gradient in map(sketch.gradient, layer.neurons) if gradient]
        if errors:
            parts.append(_vector(system.gradient("z"), errors, "error"))
        caption = f"{_counted(len(layer.neurons), 'neuron')}, {kinds}"
        self.columns.append(_Column(f"layer {layer.name}", caption, parts))

    def _arrows(self, target: str, left: float, middle: float, comes_back: bool) -> None:
        ends = left + 8, left + ARROWS - 8
        self.items.append(Curve("", target, ((ends[0], middle - 5), (ends[1], middle - 5))))
        if comes_back:
            back = ((ends[1], middle + 5), (ends[0], middle + 5))
            self.items.append(Curve(target, "", back, backward=True))


@dataclass(frozen=True, slots=True)
class _Column:
    """Blocks below each other, and what stands above them."""

    head: str
    caption: str
    blocks: Sequence[_Block]

    @property
    def width(self) -> float:
        return max(block.width for block in self.blocks)


class _Block:
    """Tiles with a label above them."""

    def __init__(self, title: str, names: Sequence[str], columns: int, scale: str, least: float, merged: int) -> None:
        self.title, self.names, self.columns, self.scale, self.merged = title, tuple(names), columns, scale, merged
        across, down = math.ceil(columns / merged), math.ceil(math.ceil(len(names) / columns) / merged)
        self.size = max(least, min(TILE, MATRIX / max(across, down)))
        self.tiles = across * self.size
        self.norm = norm(title, names)
        self.label = f"{self.norm.title} ="
        label = widest([self.label], SIZES[Look.LABEL]) + NORM
        self.width = max(self.tiles, label)
        self.height = LABEL + self.size * down

    def items(self, x: float, y: float) -> list[Item]:
        label = widest([self.label], SIZES[Look.LABEL])
        begin = x + (self.width - label - NORM) / 2
        left, top = x + (self.width - self.tiles) / 2, y + LABEL
        alone = len(self.names) <= MOST_ALONE
        return [
            Text(Look.LABEL, begin + label, y + 8, self.label, "end"),
            Number(begin + label, y + 8, self.norm.statistic, NORM),
            Tiles(self.title, left, top, self.size, self.columns, self.names, self.scale, self.merged, alone),
        ]


def _vector(title: str, names: Sequence[str], scale: str) -> _Block:
    """The neurons of a layer, as square a block as their number allows."""
    columns = next((n for n in range(math.isqrt(len(names)), 1, -1) if len(names) % n == 0 and len(names) / n <= 2 * n),
                   math.isqrt(len(names) - 1) + 1)  # fmt: skip
    columns = 1 if len(names) <= MOST_ROWS else max(columns, -(-len(names) // columns))
    return _Block(title, names, columns, scale, LEAST_TILE, 1)


def _matrix(title: str, rows: Sequence[Sequence[str]], scale: str) -> _Block:
    """A matrix, a row a neuron."""
    merged = -(-max(len(rows), len(rows[0])) // MOST_TILES)
    return _Block(title, [name for row in rows for name in row], len(rows[0]), scale, SMALLEST, merged)


def _height(blocks: Sequence[_Block]) -> float:
    return sum(block.height for block in blocks) + APART * (len(blocks) - 1)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + "s" * (count != 1)
