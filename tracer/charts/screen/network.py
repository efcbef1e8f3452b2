"""A network drawn in text: each neuron with its incoming weights and its output.

A weight stands on the wire that it belongs to; the wires of a neuron's weights meet where the neuron stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tracer.charts.screen.canvas import Canvas, Row
from tracer.charts.screen.numbers import SHORT_NUMBER, Numbers
from tracer.columns import cut
from tracer.model import naming
from tracer.model.experiment import Experiment, Layer, Network
from tracer.model.system import Phase

FAN = 5
"""Columns between the weights and their neuron."""
MORE = "⋮"


@dataclass(frozen=True, slots=True)
class _Neuron:
    """A neuron in its column: its first row, how many it takes, its parameters, and what stands in its rows."""

    top: int
    height: int
    weights: tuple[str, ...]
    bias: str | None
    shown: tuple[str, ...]

    @property
    def port(self) -> int:
        """The row of its first weight."""
        return self.top + (self.height - len(self.parameters)) // 2

    @property
    def node(self) -> int:
        """The row of its net input."""
        return self.top + (self.height - len(self.shown)) // 2

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.weights, self.bias) if self.bias else self.weights


def drawn(
    experiment: Experiment, network: Network, numbers: Numbers, width: int, height: int, ascii: bool
) -> list[Row]:
    """The drawing in so many columns and rows: where these are not enough, the part around what is pointed out.
    Gradients stand beside the numbers where there is room for that."""
    ways = replace(numbers, beside=True), numbers, replace(numbers, number=SHORT_NUMBER), numbers
    drawings = (_Drawing(experiment, network, way, width, height, ascii) for way in ways)
    drawing = next(drawings)
    for other in drawings:
        if not drawing.is_whole:
            drawing = other
    return drawing.rows()


class _Drawing:
    """The drawing while it is made. Its state: where the columns of a layer are, and where its neurons stand."""

    def __init__(
        self, experiment: Experiment, network: Network, numbers: Numbers, width: int, height: int, ascii: bool
    ) -> None:
        self.numbers, self.layers, self.width, self.height, self.ascii = numbers, network.layers, width, height, ascii
        self.sources = [experiment.inputs, *([naming.activation(n) for n in layer.neurons] for layer in self.layers)]
        self.errors = naming.errors(len(self.layers[-1].neurons))
        self.targets = experiment.targets
        losses = [name for name, phase in numbers.phases.items() if phase is Phase.LOSS and name not in self.errors]
        batch_loss = numbers.system.batch_loss
        self.losses = [*losses, batch_loss] if batch_loss else losses
        self.shown = self._window()

    def _shown(self, number: int) -> list[tuple[str, ...]]:
        """What stands in the rows of each neuron of a layer."""
        neurons = [(neuron, naming.activation(neuron)) for neuron in self.layers[number].neurons]
        if number < len(self.layers) - 1:
            return [*neurons]
        return [(*n, t, e) for n, t, e in zip(neurons, self.targets, self.errors, strict=True)]

    # ---------------------------------------------------------------------------------------------------------- across

    def _labels(self, number: int) -> tuple[int, int]:
        """The widths of the labels of a layer: of its parameters, of its neurons."""
        of_nodes = [name for shown in self._shown(number) for name in shown]
        width = self.numbers.label_width
        return width(self.layers[number].parameters()), width(of_nodes)

    def _gap(self, number: int) -> int:
        """The columns of the wires into a layer, and of what stands between these and its weights."""
        return len(self.sources[number]) + 3

    def _layer_width(self, number: int) -> int:
        of_parameters, of_nodes = self._labels(number)
        width = self.numbers.width
        return self._gap(number) + width(of_parameters) + FAN + width(of_nodes)

    def _sources_width(self, number: int) -> int:
        return self.numbers.width(self.numbers.label_width(self.sources[number]))

    def _window(self) -> range:
        """The layers that have room beside each other, with most of what is pointed out; a single one in any case."""
        count = len(self.layers)
        windows = [range(first, last) for first in range(count) for last in range(first + 1, count + 1)]
        fitting = [window for window in windows if len(window) == 1 or self._columns(window) <= self.width]
        return max(fitting, key=lambda window: (self._marked(window), len(window), -window.start))

    def _columns(self, window: range) -> int:
        return self._sources_width(window.start) + sum(map(self._layer_width, window))

    def _marked(self, window: range) -> int:
        """How much of what is pointed out these layers show."""
        shown = {*self.sources[window.start], *(name for number in window for name in self.layers[number].parameters())}
        shown.update(name for number in window for names in self._shown(number) for name in names)
        marks = self.numbers.marks
        return 2 * len(shown.intersection(marks.current)) + len(shown.intersection(marks.operands))

    @property
    def used(self) -> int:
        """The columns that it takes."""
        return self._columns(self.shown)

    @property
    def is_whole(self) -> bool:
        """Whether all layers are in it, within the width."""
        return len(self.shown) == len(self.layers) and self.used <= self.width

    # ------------------------------------------------------------------------------------------------------------ down

    def _column(self, number: int) -> list[_Neuron]:
        """The neurons of a layer, the first one in row 0."""
        layer, found, row = self.layers[number], list[_Neuron](), 0
        for weights, bias, shown in zip(layer.weights, layer.biases, self._shown(number), strict=True):
            parameters = len(weights) + bool(bias)
            height = max(parameters, len(shown))
            found.append(_Neuron(row, height, weights, bias, shown))
            row += height + (parameters == height)
        return found

    # ------------------------------------------------------------------------------------------------------- all of it

    def rows(self) -> list[Row]:
        columns = {number: self._column(number) for number in self.shown}
        ends = {number: neurons[-1].top + neurons[-1].height for number, neurons in columns.items()}
        last = len(self.layers) - 1
        below = len(self.losses) if last in columns else 0
        first = self.sources[self.shown.start]
        most = max(*ends.values(), (ends.get(last, 0) + below), 2 * len(first) - 1)
        canvas = Canvas(self.width, most, self.ascii)
        heads = Canvas(self.width, 1, self.ascii)
        spread = max(1, (most - 1) // max(1, len(first) - 1)) if len(first) > 1 else 0
        spread = min(spread, 4)
        top = (most - 1 - spread * (len(first) - 1)) // 2
        edge = max(0, (self.width - self.used) // 2)
        from_rows = {name: (top + spread * place, edge) for place, name in enumerate(first)}
        labels = self.numbers.label_width(first)
        for name, (row, column) in from_rows.items():
            from_rows[name] = row, self.numbers.put(canvas, row, column, name, labels)
        heads.put(0, edge, f"layer {self.layers[self.shown.start - 1].name}" if self.shown.start else "inputs", "head")
        if last not in columns:
            heads.put(0, self.width - 2, "…", "head")
        at = edge + self._sources_width(self.shown.start)
        for number in self.shown:
            moved = (most - ends[number] - (below if number == last else 0)) // 2
            neurons = [_Neuron(n.top + moved, n.height, n.weights, n.bias, n.shown) for n in columns[number]]
            from_rows = self._layer(canvas, heads, number, neurons, at, from_rows)
            if number == last:
                labels = self.numbers.label_width([*self.losses, *self.errors])
                place = at + self._layer_width(number) - self.numbers.width(labels)
                for row, name in enumerate(self.losses, moved + ends[number]):
                    self.numbers.put(canvas, row, place, name, labels)
            at += self._layer_width(number)
        return [*heads.rows(), *self._part(canvas, most)]

    def _part(self, canvas: Canvas, most: int) -> list[Row]:
        """As many rows as fit, always with those of the current quantity."""
        room = self.height - 1
        if most <= room:
            return canvas.rows()
        marked = canvas.marked_rows("current") or canvas.marked_rows("operand") or [0]
        middle = (marked[0] + marked[-1]) // 2
        first = max(0, min(middle - room // 2, most - room))
        if first:
            canvas.put(first, 0, MORE, "dim")
        if first + room < most:
            canvas.put(first + room - 1, 0, MORE, "dim")
        return canvas.rows(first, first + room)

    def _layer(
        self,
        canvas: Canvas,
        heads: Canvas,
        number: int,
        neurons: Sequence[_Neuron],
        at: int,
        sources: Mapping[str, tuple[int, int]],
    ) -> dict[str, tuple[int, int]]:
        """Draw a layer from the column `at` on. sources: the row of each of its inputs, and the column behind it; the
        same of its outputs is returned."""
        layer, numbers, marks = self.layers[number], self.numbers, self.numbers.marks
        of_parameters, of_nodes = self._labels(number)
        weights_at = at + self._gap(number)
        fan = weights_at + numbers.width(of_parameters) + 2
        nodes_at = at + self._layer_width(number) - numbers.width(of_nodes)
        heads.put(
            0,
            weights_at,
            cut(_head(layer, number == len(self.layers) - 1), at + self._layer_width(number) - weights_at - 1),
            "head",
        )
        names = [*self.sources[number]]
        taps = {name: [n.port + place for n in neurons] for place, name in enumerate(names)}
        buses = _buses({name: sources[name][0] for name in names}, taps)
        wires = []
        for neuron in neurons:
            for place, weight in enumerate(neuron.weights):
                wires.append((weight in marks, names[place], neuron.port + place))
        for lit, name, row in sorted(wires):  # what is lit is drawn last
            style = "lit" if lit else "wire"
            begin, column = sources[name]
            bus = at + 1 + buses[name]
            canvas.across(begin, column + 1, bus, style)
            canvas.down(bus, min(begin, row), max(begin, row), style)
            canvas.across(row, bus, weights_at - 2, style)
        outputs = {}
        for neuron in neurons:
            ends = [
                (
                    weight in marks and neuron.shown[0] in marks,
                    row,
                    numbers.put(canvas, row, weights_at, weight, of_parameters),
                )
                for row, weight in enumerate(neuron.parameters, neuron.port)
            ]
            for lit, row, end in sorted(ends):
                style = "lit" if lit else "wire"
                canvas.across(row, end + 1, fan, style)
                canvas.down(fan, min(row, neuron.node), max(row, neuron.node), style)
                canvas.across(neuron.node, fan, nodes_at - 2, style)
            for row, name in enumerate(neuron.shown, neuron.node):
                outputs[name] = row, numbers.put(canvas, row, nodes_at, name, of_nodes)
        return outputs


def _head(layer: Layer, is_last: bool) -> str:
    kinds = ", ".join(dict.fromkeys(map(str, layer.activations)))
    return f"layer {layer.name}: {kinds}"


def _buses(begins: Mapping[str, int], taps: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Which vertical wire each source gets, from the left: so that no wire that comes in from the left meets one that
    goes out to the right in its row, as far as that can be had."""
    owner = {row: name for name, rows in taps.items() for row in rows}
    before = {name: owner.get(row) for name, row in begins.items()}  # it must come before that one
    order: list[str] = []

    def place(name: str, pending: tuple[str, ...]) -> None:
        following = before[name]
        if following and following not in order and following not in (*pending, name):
            place(following, (*pending, name))
        if name not in order:
            order.append(name)

    for name in [*begins][::-1]:
        place(name, ())
    return {name: len(order) - 1 - index for index, name in enumerate(order)}
