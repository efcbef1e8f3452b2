"""Equations of one's own as cells: each in the column of its depth, its value below it, and its gradient below that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer import naming
from tracer.expression import names
from tracer.notation.text import text
from tracer.system import Equation, Phase, System
from tracer.workbook.drawing import GAP, LABEL, ROW_HEIGHT, VALUE, Canvas

MOST_NODES, MOST_LEVELS = 12, 24
"""Of a level that are drawn, and levels; the others stand in the blocks below."""
COLUMNS = 3
"""A label, a value and a gap for each level."""
CHARACTERS_PER_ROW = 21
"""Of an equation in words above its value; it takes as many rows as it needs."""


@dataclass(slots=True)
class EquationDrawing:
    """The picture of a system of equations: what is given in the first column, then level by level what follows."""

    system: System
    levels: list[list[Equation]] = field(init=False)

    def __post_init__(self) -> None:
        depth: dict[str, int] = {}
        self.levels = []
        for equation in self.system.equations:
            if equation.phase not in (Phase.FORWARD, Phase.LOSS):
                continue
            level = max((depth.get(name.name, 0) for name in names(equation.expression)), default=0)
            depth[equation.quantity] = level + 1
            self.levels += [[] for _ in range(level + 1 - len(self.levels))]
            self.levels[level].append(equation)

    @property
    def widths(self) -> list[float]:
        """The widths of its columns, from the sheet's first on."""
        return [LABEL + 2, VALUE + 2, GAP / 2] * (1 + min(len(self.levels), MOST_LEVELS))

    def draw(self, canvas: Canvas, top: int) -> int:
        """Draw it from the row `top` on; its last row."""
        canvas.grid.height(top, 2 * ROW_HEIGHT)
        canvas.grid.span((top, 1), 2, canvas.styles.head, "given")
        parameters = [parameter.name for parameter in self.system.parameters]
        row = top + 2
        cells: dict[str, list[str]] = {"value": [], "gradient": []}
        for name in [name for name, phase in canvas.phases.items() if phase is Phase.DATA][:MOST_NODES]:
            canvas.pair(row, 1, name)
            row += 1
        row += 1
        for name in parameters[:MOST_NODES]:
            row = self._node(canvas, row, 1, name, cells) + 1
        last = row
        for number, level in enumerate(self.levels[:MOST_LEVELS], 1):
            column, row = 1 + COLUMNS * number, top + 2
            canvas.grid.span((top, column), column + 1, canvas.styles.head, f"step {number}")
            for equation in level[:MOST_NODES]:
                phase = "total" if equation.quantity == self.system.loss else equation.phase
                words = canvas.spell(f"{equation.quantity} = {text(equation.expression)}")
                rows = 1 + len(words) // CHARACTERS_PER_ROW
                canvas.grid.span((row, column), column + 1, canvas.styles.words[phase], words, rows=rows)
                row = self._node(canvas, row + rows, column, equation.quantity, cells, phase) + 1
            row = self._more(canvas, row, column, len(level))
            last = max(last, row)
        if len(self.levels) > MOST_LEVELS:
            canvas.grid.put((top, COLUMNS * (MOST_LEVELS + 1)), canvas.styles.note, f"… {len(self.levels)} steps")
        shown = [name for name in canvas.largest if name in canvas.phases]
        values = [name for name in shown if canvas.phases[name] in (Phase.DATA, Phase.PARAMETER, Phase.FORWARD)]
        canvas.scale(cells["value"], values)
        canvas.scale(cells["gradient"], [name for name in shown if canvas.phases[name] is Phase.BACKWARD])
        canvas.rows(top + 2, last)
        canvas.grid.height(top + 1, ROW_HEIGHT / 2)
        return last

    def _node(
        self,
        canvas: Canvas,
        row: int,
        column: int,
        name: str,
        cells: Mapping[str, list[str]],
        key: Phase | str | None = None,
    ) -> int:
        """A quantity's value and gradient; the row below."""
        cells["value"].append(canvas.pair(row, column, name, key))
        gradient = naming.gradient(name, self.system.loss)
        if gradient not in canvas.phases:
            return row + 1
        cells["gradient"].append(canvas.pair(row + 1, column, gradient))
        return row + 2

    def _more(self, canvas: Canvas, row: int, column: int, count: int) -> int:
        if count <= MOST_NODES:
            return row
        canvas.grid.put((row, column), canvas.styles.note, f"… {count - MOST_NODES} more")
        return row + 1
