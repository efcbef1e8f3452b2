"""A wide network as cells: a panel a layer, its neurons as colored tiles, its weights by their range and mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracer.model import naming
from tracer.model.experiment import Layer, Network
from tracer.model.system import Phase, System
from tracer.workbook.walkthrough.drawing import Canvas
from tracer.workbook.walkthrough.styles import TINY

TILES, TILE, GAP = 8, 7.5, 3.0
"""Tiles in a row, and their width and that of the gap between panels, in characters."""
MOST_TILES = 128
"""Of a layer; the others stand in its sheet."""


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """The picture of a network with a layer too wide to be drawn neuron by neuron."""

    network: Network
    system: System
    inputs: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def widths(self) -> list[float]:
        """The widths of its columns, from the sheet's first on."""
        return [*([TILE] * TILES + [GAP]) * (len(self.network.layers) + 1), *[TILE] * TILES]

    def draw(self, canvas: Canvas, top: int) -> int:
        """Draw it from the row `top` on; its last row."""
        lasts = [self._panel(canvas, top, 1, f"{len(self.inputs)} inputs", [("inputs", self.inputs)])]
        for number, layer in enumerate(self.network.layers, 1):
            lasts.append(self._layer(canvas, top, 1 + number * (TILES + 1), layer))
        column = 1 + (len(self.network.layers) + 1) * (TILES + 1)
        count = len(self.targets)
        tiles = [("targets", self.targets), ("errors", naming.errors(count))]
        last = self._panel(canvas, top, column, "targets and errors", tiles)
        others = [e.quantity for e in self.system.equations if e.phase is Phase.LOSS][count:]
        for number, name in enumerate(others, last + 2):
            self._label(canvas, number, column, canvas.spell(name))
            value = (canvas.step.value(name), canvas.step.formula(name))
            canvas.grid.span((number, column + 4), column + 7, canvas.styles.value[canvas.form(name)], *value)
        last = max(*lasts, last + 1 + len(others))
        canvas.rows(top, last)
        return last

    def _layer(self, canvas: Canvas, top: int, column: int, layer: Layer) -> int:
        activations = [naming.activation(neuron) for neuron in layer.neurons]
        kinds = ", ".join(dict.fromkeys(map(str, layer.activations)))
        parts = [("net inputs", layer.neurons), ("activations", activations)]
        last = self._panel(canvas, top, column, f"layer {layer.name}: {len(layer.neurons)} neurons, {kinds}", parts)
        parameters = layer.parameters()
        gradients = [self.system.gradient(name) for name in parameters]
        for label, names in ((f"{len(parameters):,} parameters", parameters), ("their gradients", gradients)):
            cells = canvas.step.formula_of_columns([name for name in names if name in canvas.phases])
            if cells:
                self._statistics(canvas, last + 2, column, label, names, cells)
                last += 4
        return last

    def _panel(
        self, canvas: Canvas, top: int, column: int, title: str, parts: Sequence[tuple[str, Sequence[str]]]
    ) -> int:
        """A title and the tiles of each part, in rows of eight; the last row."""
        canvas.grid.span((top, column), column + TILES - 1, canvas.styles.head, title)
        row = top + 1
        for label, names in parts:
            more = f", the first {MOST_TILES} of {len(names):,}" if len(names) > MOST_TILES else ""
            canvas.grid.put((row, column), canvas.styles.column_head, label + more)
            shown = names[:MOST_TILES]
            cells = []
            for index, name in enumerate(shown):
                cells.append(canvas.value(row + 1 + index // TILES, column + index % TILES, name, TINY))
            canvas.scale(cells, shown)
            row += 2 + (len(shown) - 1) // TILES
        return row - 1

    def _statistics(self, canvas: Canvas, row: int, column: int, label: str, names: Sequence[str], cells: str) -> None:
        """The smallest, the mean and the largest of many quantities, beside each other."""
        self._label(canvas, row, column, label)
        row += 1
        for place, (function, words, value) in enumerate(self._of(canvas, names)):
            at = column + 1 + 2 * place
            canvas.grid.span((row, at), at + 1, canvas.styles.column_head, words)
            form = canvas.form(names[0])
            canvas.grid.span((row + 1, at), at + 1, canvas.styles.value[form], value, f"{function}({cells})")

    def _of(self, canvas: Canvas, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
        values = [canvas.step.value(name) for name in names]
        yield "MIN", "smallest", min(values)
        yield "AVERAGE", "mean", sum(values) / len(values)
        yield "MAX", "largest", max(values)

    def _label(self, canvas: Canvas, row: int, column: int, text: str) -> None:
        canvas.grid.put((row, column), canvas.styles.layer_head, text)
