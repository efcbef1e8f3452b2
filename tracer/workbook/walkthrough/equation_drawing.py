"""Equations of one's own as cells: each in the column of its depth, its value below it, and its gradient below that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracer.explain.words import words
from tracer.formulas.tree import names
from tracer.model.system import FORWARD_PASS, Equation, Phase, System
from tracer.workbook.walkthrough.drawing import GAP, LABEL, ROW_HEIGHT, VALUE, Canvas, label_width

NODES, MOST_NODES, MOST_COLUMNS = 6, 24, 24
"""In a column; of a level; columns. What finds no place in the picture stands in the blocks below it."""
COLUMNS = 3
"""A label, a value and a gap for each column of the picture."""
CHARACTERS_PER_ROW = 21
"""Of an equation in words above its value; it takes as many rows as it needs."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A quantity of the picture, and the equation that gives it; None where it is given."""

    quantity: str
    equation: Equation | None = None


@dataclass(slots=True)
class EquationDrawing:
    """The picture of a system of equations: what is given in the first column, then level by level what follows."""

    system: System
    columns: list[tuple[str, list[_Node]]] = field(init=False)

    def __post_init__(self) -> None:
        system = self.system
        equations = [equation for equation in system.equations if equation.phase in FORWARD_PASS]
        depth: dict[str, int] = {}
        levels: dict[int, list[_Node]] = {}
        for equation in equations:
            level = 1 + max((depth.get(name.name, 0) for name in names(equation.expression)), default=0)
            depth[equation.quantity] = level
            levels.setdefault(level, []).append(_Node(equation.quantity, equation))
        data = [_Node(name) for name in system.data]
        parameters = [_Node(parameter.name) for parameter in system.parameters]
        groups = [("given", data, 2 * NODES), ("parameters", parameters, NODES)]
        groups += [(f"step {level}", nodes, NODES) for level, nodes in sorted(levels.items())]
        self.columns = [
            (_titled(title, len(nodes), first, most), nodes[first : first + most])
            for title, nodes, most in groups
            for first in range(0, min(len(nodes), MOST_NODES), most)
        ][:MOST_COLUMNS]

    @property
    def widths(self) -> list[float]:
        """The widths of its columns, from the sheet's first on."""
        widths = []
        for _, nodes in self.columns:
            labels = [self.system.gradient(node.quantity) for node in nodes]
            widths += [max(label_width(labels), LABEL + 2), VALUE + 2, GAP / 2]
        return widths

    def draw(self, canvas: Canvas, top: int) -> int:
        """Draw it from the row `top` on; its last row."""
        canvas.grid.height(top, 2 * ROW_HEIGHT)
        canvas.grid.height(top + 1, ROW_HEIGHT / 2)
        cells: dict[str, list[str]] = {"value": [], "gradient": []}
        last = top + 2
        for number, (title, nodes) in enumerate(self.columns):
            column, row = 1 + COLUMNS * number, top + 2
            canvas.grid.span((top, column), column + 1, canvas.styles.head, title)
            for node in nodes:
                row = self._node(canvas, row, column, node, cells)
            last = max(last, row)
        values = [name for name, phase in canvas.phases.items() if phase in (Phase.PARAMETER, Phase.FORWARD)]
        canvas.scale(cells["value"], values)
        canvas.scale(cells["gradient"], [name for name, phase in canvas.phases.items() if phase is Phase.BACKWARD])
        canvas.rows(top + 2, last)
        return last

    def _node(self, canvas: Canvas, row: int, column: int, node: _Node, cells: Mapping[str, list[str]]) -> int:
        """A quantity: its equation, its value, its gradient, where it has them; the row of the next one."""
        name, key = node.quantity, None
        if node.equation:
            key = "total" if name == self.system.loss else str(node.equation.phase)
            equation = canvas.spell(f"{name} = {words(node.equation.expression)}")
            rows = 1 + len(equation) // CHARACTERS_PER_ROW
            canvas.grid.span((row, column), column + 1, canvas.styles.words[key], equation, rows=rows)
            row += rows
        value = canvas.pair(row, column, name, key)
        if canvas.phases[name] is Phase.DATA:
            return row + 1
        cells["value"].append(value)
        gradient = self.system.gradient(name)
        if gradient in canvas.phases:
            row += 1
            cells["gradient"].append(canvas.pair(row, column, gradient))
        return row + 2


def _titled(title: str, count: int, first: int, most: int) -> str:
    """The head of a column; where a level takes several, or has no room, it says which of it are there."""
    if count <= most:
        return title
    return f"{title}: {first + 1} to {min(first + most, count)} of {count}"
