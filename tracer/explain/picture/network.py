"""A network neuron by neuron: z, a and ∂E/∂z of each, and each weight with its gradient and its change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from tracer.explain.picture.layout import SCALES, Arrow, Item, Look, Sketch, in_bands, label_width, listed, of_batch
from tracer.model import naming
from tracer.model.experiment import Layer, Network
from tracer.model.system import Phase

BESIDE, MOST_BANDS = 2, 4
"""Layers beside each other, and bands of them below each other; a deeper network is drawn without its middle."""
GAP, ERRORS_GAP, VALUE = 5.0, 3.0, 8.8
"""Widths of columns, in characters."""
NODE_ROWS, BODY = 3, 2
"""Rows of a neuron; where those of a band begin, below its heads."""
FORWARD_AT, BACKWARD_AT = 0.35, 0.65
"""Where arrows end and begin in the row of a weight."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where arrows into a layer come from: the row of the activation, and that of its gradient, if it has one."""

    forward: int
    backward: int | None = None


def draw(sketch: Sketch, network: Network, inputs: Sequence[str], targets: Sequence[str]) -> None:
    """Lay out the network: two layers beside each other, a deeper one in bands."""
    _Drawing(sketch, network, inputs, targets).draw()


class _Drawing:
    """The picture while it is laid out, band by band."""

    def __init__(self, sketch: Sketch, network: Network, inputs: Sequence[str], targets: Sequence[str]) -> None:
        self.sketch, self.layers, self.inputs, self.targets = sketch, network.layers, inputs, targets
        system = sketch.system
        self.losses = [None, system.batch_loss] if system.batch_loss else [None]
        self.captions = ["w", *(system.gradient("w", loss) for loss in self.losses), naming.change("w")]
        self.slot = 4 + len(self.captions)  # the gap, the names, the numbers at the weights, the neurons
        self.beside = min(BESIDE, len(self.layers))
        self.errors_column = 2 + self.slot * self.beside + 1

    def draw(self) -> None:
        sketch, layers = self.sketch, self.layers
        activations = [naming.activation(neuron) for layer in layers for neuron in layer.neurons]
        nodes = [*activations, *(sketch.gradient(neuron) for layer in layers for neuron in layer.neurons)]
        parameters = list(chain.from_iterable(layer.parameters() for layer in layers))
        slot = [GAP, label_width(parameters), *[VALUE] * len(self.captions), label_width(nodes), VALUE]
        errors = [ERRORS_GAP, label_width([*self.targets, sketch.system.curve, sketch.system.loss]), VALUE]
        sources = label_width([*self.inputs, *(nodes if len(layers) > self.beside else ())])
        sketch.widths = [sources, VALUE, *slot * self.beside, *errors]
        bands, left_out = in_bands(len(layers), len(layers) % self.beside or self.beside, self.beside, MOST_BANDS)
        row = 0
        for band in bands:
            if left_out and band.start == left_out.stop:
                words = listed([layers[number].name for number in left_out], 3)
                note = f"… the layers {words} have no place in the picture; their equations follow below …"
                sketch.put(Item(Look.NOTE, row, 0, note))
                row += 2
            row = self._band(band, row) + 1
        row -= 1
        sketch.put(Item(Look.LABEL, row, 0, "forward →", kind=str(Phase.FORWARD), columns=2))
        sketch.put(Item(Look.LABEL, row, 2, "← backward", kind=str(Phase.BACKWARD), columns=2))
        sketch.put(Item(Look.NOTE, row, 4, SCALES))
        if sketch.system.batch_loss:
            sketch.put(Item(Look.NOTE, row + 1, 4, of_batch(self.captions)))

    def _band(self, band: range, top: int) -> int:
        """Layers beside each other, after what they get; the row below."""
        sketch = self.sketch
        heights = [_height(self.layers[number]) for number in band]
        before = self.layers[band.start - 1] if band.start else None
        heights.append(3 * len(before.neurons) - 1 if before else 2 * len(self.inputs) - 1)
        first, most = top + BODY, max(heights)
        head = f"from layer {before.name}" if before else "inputs"
        sketch.put(Item(Look.HEAD, top, 0, head, columns=2))
        row = first + (most - heights[-1]) // 2
        sources = []
        for name, gradient in self._given(before):
            sketch.pair(row, 0, name, "activation" if before else "input")
            if gradient:
                sketch.pair(row + 1, 0, gradient, "error")
            sources.append(_Source(row, row + 1 if gradient else None))
            row += 3 if before else 2
        for place, number in enumerate(band):
            row = first + (most - heights[place]) // 2
            sources = self._layer(self.layers[number], top, 2 + self.slot * place, row, sources)
        if band.stop == len(self.layers):
            return self._errors(top, sources, first + most)
        return first + most

    def _given(self, before: Layer | None) -> list[tuple[str, str]]:
        """What the first layer of a band gets, each with its gradient, if it has one."""
        if before is None:
            return [(name, "") for name in self.inputs]
        return [(naming.activation(neuron), self.sketch.gradient(neuron)) for neuron in before.neurons]

    def _layer(self, layer: Layer, top: int, at: int, row: int, sources: Sequence[_Source]) -> list[_Source]:
        """One layer, its gap in the column `at`; where the arrows from its neurons begin."""
        sketch = self.sketch
        activations = ", ".join(dict.fromkeys(map(str, layer.activations)))
        sketch.put(Item(Look.HEAD, top, at + 1, f"layer {layer.name}: {activations}", columns=self.slot - 1))
        for place, caption in enumerate(self.captions):
            sketch.put(Item(Look.CAPTION, top + 1, at + 2 + place, caption))
        node_column = at + 2 + len(self.captions)
        outputs = []
        for neuron, incoming, bias in zip(layer.neurons, layer.weights, layer.biases, strict=True):
            rows = _rows(incoming, bias)
            port = row + (rows - len(incoming) - bool(bias)) // 2
            node = row + (rows - NODE_ROWS) // 2
            for offset, (parameter, source) in enumerate(zip([*incoming, bias], [*sources, None], strict=True), port):
                if parameter:
                    self._parameter(offset, at + 1, parameter)
                if source:
                    sketch.arrows.append(Arrow(at, (source.forward, 0.5), (offset, FORWARD_AT)))
                if source and source.backward is not None:
                    sketch.arrows.append(Arrow(at, (source.backward, 0.5), (offset, BACKWARD_AT), backward=True))
            sketch.pair(node, node_column, neuron, "net input")
            sketch.pair(node + 1, node_column, naming.activation(neuron), "activation")
            if gradient := sketch.gradient(neuron):
                sketch.pair(node + 2, node_column, gradient, "error")
            outputs.append(_Source(node + 1, node + 2 if gradient else None))
            row += rows + 1
        return outputs

    def _parameter(self, row: int, column: int, parameter: str) -> None:
        """A weight or a bias: its value, its gradient, its change."""
        sketch = self.sketch
        sketch.pair(row, column, parameter, "parameter")
        for place, loss in enumerate(self.losses, column + 2):
            if gradient := sketch.gradient(parameter, loss):
                sketch.put(Item(Look.VALUE, row, place, number=gradient, scale="gradient"))
        sketch.put(replace(sketch.change(parameter), row=row, column=column + 2 + len(self.losses)))

    def _errors(self, top: int, outputs: Sequence[_Source], row: int) -> int:
        """The targets and errors beside the output neurons, and below what else adds to the loss, and the loss; the
        last row, which has room at the left."""
        sketch, column, system = self.sketch, self.errors_column, self.sketch.system
        sketch.put(Item(Look.HEAD, top, column, "targets and errors", columns=2))
        errors = naming.errors(len(outputs))
        for error, target, output in zip(errors, self.targets, outputs, strict=True):
            sketch.pair(output.forward - 1, column, target)
            sketch.pair(output.forward, column, error, "loss")
            sketch.arrows.append(Arrow(column - 1, (output.forward, FORWARD_AT), (output.forward, FORWARD_AT)))
            if output.backward is not None:
                ends = (output.backward, 0.5), (output.forward, BACKWARD_AT)
                sketch.arrows.append(Arrow(column - 1, *ends, backward=True))
        others = [e.quantity for e in system.equations if e.phase is Phase.LOSS and e.quantity not in errors]
        others += [system.batch_loss] if system.batch_loss else []
        for number, name in enumerate(others, row):
            sketch.pair(number, column, name)
        return row + len(others) - 1


def _rows(incoming: Sequence[str], bias: str | None) -> int:
    """The rows that a neuron takes: one for each connection and for its bias."""
    return max(NODE_ROWS, len(incoming) + bool(bias))


def _height(layer: Layer) -> int:
    """The rows that a layer takes, with one between neurons."""
    return sum(_rows(*of_neuron) + 1 for of_neuron in zip(layer.weights, layer.biases, strict=True)) - 1
