"""A wide network layer by layer: its neurons as tiles, its parameters and gradients by their range, mean and norm."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.explain.picture.layout import SCALES, Item, Look, Of, Sketch, Statistic
from tracer.model import naming
from tracer.model.experiment import Layer, Network
from tracer.model.system import Phase

TILES, TILE, LABEL = 16, 7.0, 16.0
"""Tiles in a row, their width and that of the names before them, in characters."""
MOST_TILES = 128
"""Of a layer; the others stand in the sheet of the run."""
PAIR = 4
"""Tiles that a name and its number take together."""


def draw(sketch: Sketch, network: Network, inputs: Sequence[str], targets: Sequence[str]) -> None:
    """Lay out the network, a layer below the other."""
    sketch.widths = [LABEL, *[TILE] * TILES]
    row = _tiles(sketch, 0, _counted(len(inputs), "input"), [("inputs", "input", inputs)])
    for layer in network.layers:
        row = _layer(sketch, row + 1, layer)
    errors = naming.errors(len(targets))
    row = _tiles(sketch, row + 1, "targets and errors", [("targets", "", targets), ("errors", "loss", errors)])
    system = sketch.system
    others = [e.quantity for e in system.equations if e.phase is Phase.LOSS and e.quantity not in errors]
    for place, name in enumerate([*others, *([system.batch_loss] if system.batch_loss else [])]):
        _number(sketch, row, place, name, name)
    sketch.put(Item(Look.NOTE, row + 1, 0, SCALES))


def _layer(sketch: Sketch, row: int, layer: Layer) -> int:
    """The neurons of a layer and what describes it; the row below."""
    system, parameters = sketch.system, layer.parameters()
    activations = list(map(naming.activation, layer.neurons))
    errors = [gradient for gradient in map(sketch.gradient, layer.neurons) if gradient]
    kinds = ", ".join(dict.fromkeys(map(str, layer.activations)))
    size = _counted(len(layer.neurons), "neuron")
    head = f"layer {layer.name}: {size}, {kinds}; {_counted(len(parameters), 'parameter')}"
    error, gradient_of_all = system.gradient("z"), system.gradient("W")
    parts = [("net inputs z", "net input", layer.neurons), ("activations a", "activation", activations)]
    row = _tiles(sketch, row, head, [*parts, (f"gradients {error}", "error", errors)] if errors else parts)
    gradients = [gradient for gradient in map(sketch.gradient, parameters) if gradient]
    norms = {"a": activations, error: errors, "W": parameters, gradient_of_all: gradients}
    sketch.put(Item(Look.CAPTION, row, 0, "norms"))
    for place, (label, names) in enumerate((label, names) for label, names in norms.items() if names):
        _number(sketch, row, place, f"‖{label}‖", Statistic(Of.NORM, tuple(names)))
    for words, names in (("parameters W", parameters), (f"gradients {gradient_of_all}", gradients)):
        row += 1
        sketch.put(Item(Look.CAPTION, row, 0, words))
        for place, of in enumerate((Of.SMALLEST, Of.MEAN, Of.LARGEST)):
            _number(sketch, row, place, str(of), Statistic(of, tuple(names)))
    return row + 1


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + "s" * (count != 1)


def _tiles(sketch: Sketch, row: int, head: str, parts: Sequence[tuple[str, str, Sequence[str]]]) -> int:
    """A head and the tiles of each part, given with its caption and its scale; the row below."""
    sketch.put(Item(Look.HEAD, row, 0, head, columns=TILES + 1))
    row += 1
    for caption, scale, names in parts:
        sketch.put(Item(Look.CAPTION, row, 0, caption))
        for index, name in enumerate(names[:MOST_TILES]):
            place = divmod(index, TILES)
            sketch.put(Item(Look.TILE, row + place[0], 1 + place[1], number=name, scale=scale))
        row += -(-min(len(names), MOST_TILES) // TILES)
        if len(names) > MOST_TILES:
            sketch.put(Item(Look.NOTE, row, 1, f"… the first {MOST_TILES} of {len(names):,}"))
            row += 1
    return row


def _number(sketch: Sketch, row: int, place: int, label: str, number: str | Statistic) -> None:
    """A name and its number, the `place`th pair of its row."""
    column = 1 + PAIR * place
    sketch.put(Item(Look.CAPTION, row, column, label, columns=PAIR // 2))
    sketch.put(Item(Look.VALUE, row, column + PAIR // 2, number=number, columns=PAIR // 2))
