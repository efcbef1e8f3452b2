"""A network as cells: a node a neuron, the weights where their connections end, the inputs left, the errors right."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.model import naming
from tracer.model.experiment import Layer, Network
from tracer.model.system import Phase, System
from tracer.workbook.walkthrough.drawing import GAP, ROW_HEIGHT, VALUE, Canvas, label_width
from tracer.workbook.xlsx.connectors import Connector

MOST_NEURONS = 8
"""In a layer that is drawn neuron by neuron; a wider one is summarized."""
NODE_ROWS = 2
FIRST_LAYER_COLUMN, LAYER_COLUMNS = 3, 5
"""Columns: a label and a value for the inputs; a gap, label and value of the weights, of the node, for each layer."""


@dataclass(frozen=True, slots=True)
class NetworkDrawing:
    """The picture of a network whose layers are all narrow enough."""

    network: Network
    system: System
    inputs: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def widths(self) -> list[float]:
        """The widths of its columns, from the sheet's first on."""
        widths = [label_width(self.inputs), VALUE]
        for layer in self.network.layers:
            neurons = map(naming.activation, layer.neurons)
            widths += [GAP, label_width(layer.parameters()), VALUE, label_width(neurons), VALUE]
        return [*widths, GAP / 2, label_width(self.targets), VALUE]

    def draw(self, canvas: Canvas, top: int) -> int:
        """Draw it from the row `top` on; its last row."""
        layers = self.network.layers
        rows = [len(self.inputs) * 2 - 1, *(_rows(layer) for layer in layers)]
        first, most = top + 2, max(rows)
        column = FIRST_LAYER_COLUMN + LAYER_COLUMNS * len(layers)
        canvas.grid.span((top, 1), 2, canvas.styles.head, "inputs")
        canvas.grid.span((top, column + 1), column + 2, canvas.styles.head, "targets and errors")
        start = first + (most - rows[0]) // 2
        sources = {name: (start + 2 * index, ROW_HEIGHT / 2) for index, name in enumerate(self.inputs)}
        cells = [canvas.pair(row, 1, name) for name, (row, _) in sources.items()]
        canvas.scale(cells, self.inputs)
        for number, layer in enumerate(layers):
            at = FIRST_LAYER_COLUMN + LAYER_COLUMNS * number
            activations = ", ".join(dict.fromkeys(map(str, layer.activations)))
            canvas.grid.span((top, at + 1), at + 4, canvas.styles.head, f"layer {layer.name}: {activations}")
            sources = self._layer(canvas, layer, at, first + (most - rows[number + 1]) // 2, sources)
        last = self._errors(canvas, column + 1, [row for row, _ in sources.values()], first + most)
        canvas.grid.height(top, 2 * ROW_HEIGHT)
        canvas.grid.height(top + 1, ROW_HEIGHT / 2)
        canvas.rows(first, last)
        return last

    def _layer(
        self, canvas: Canvas, layer: Layer, at: int, row: int, sources: dict[str, tuple[int, float]]
    ) -> dict[str, tuple[int, float]]:
        """One layer, its gap in the column `at`; where the lines from its activations begin."""
        outputs: dict[str, tuple[int, float]] = {}
        weights, nodes, activations = [], [], []
        for neuron, incoming, bias in zip(layer.neurons, layer.weights, layer.biases, strict=True):
            ports = _ports(layer, neuron)
            for offset, (weight, source) in enumerate(zip(incoming, sources, strict=True)):
                weights.append(canvas.pair(row + offset, at + 1, weight))
                canvas.lines.append(Connector(at, sources[source], (row + offset, ROW_HEIGHT / 2)))
            if bias:
                weights.append(canvas.pair(row + len(incoming), at + 1, bias))
            node = row + (ports - NODE_ROWS) // 2
            nodes.append(canvas.pair(node, at + 3, neuron))
            activations.append(canvas.pair(node + 1, at + 3, naming.activation(neuron)))
            outputs[naming.activation(neuron)] = (node + 1, 0.0)
            row += ports + 1
        canvas.scale(weights, layer.parameters())
        canvas.scale(nodes, layer.neurons)
        canvas.scale(activations, [naming.activation(neuron) for neuron in layer.neurons])
        return outputs

    def _errors(self, canvas: Canvas, column: int, nodes: list[int], row: int) -> int:
        """The targets and errors beside the output neurons, what else adds to the loss, and the loss; the last row."""
        layer = self.network.layers[-1]
        errors = naming.errors(len(layer.neurons))
        cells = []
        for error, target, node in zip(errors, self.targets, nodes, strict=True):
            canvas.pair(node - 1, column, target)
            cells.append(canvas.pair(node, column, error))
        canvas.scale(cells, errors)
        others = [e.quantity for e in self.system.equations if e.phase is Phase.LOSS and e.quantity not in errors]
        first = max(row, nodes[-1] + 2)
        for number, name in enumerate(others, first):
            canvas.pair(number, column, name, "total" if name == self.system.loss else Phase.LOSS)
        return first + len(others) - 1


def _ports(layer: Layer, neuron: str) -> int:
    """The rows that a neuron takes: one a connection, one for its bias."""
    index = layer.neurons.index(neuron)
    return max(NODE_ROWS, len(layer.weights[index]) + bool(layer.biases[index]))


def _rows(layer: Layer) -> int:
    """The rows that a layer takes, with one between neurons."""
    return sum(_ports(layer, neuron) + 1 for neuron in layer.neurons) - 1
