"""Equations of the user's own: the given quantities, then what follows level by level, with values and gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tracer.explain.picture.layout import SCALES, Item, Look, Sketch, in_bands, label_width
from tracer.explain.words import words
from tracer.formulas.tree import names
from tracer.model.system import FORWARD_PASS, Equation, Phase, System

NODES, MOST_NODES = 6, 24
"""In a column, twice as many that are given; of a level. The others stand in the blocks below the picture."""
BESIDE, MOST_BANDS = 7, 4
"""Columns beside each other, and bands of them below each other."""
COLUMNS = 3
"""A label, a value and a gap for each column of the picture."""
LEAST_LABEL, VALUE, GAP = 8.5, 10.0, 1.5
"""Widths, in characters."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the picture: its head, and the quantities in it with the equations that give them, if any."""

    head: str
    nodes: tuple[tuple[str, Equation | None], ...]


def draw(sketch: Sketch) -> None:
    """Lay out the equations: columns beside each other, more of them in bands."""
    columns = _columns(sketch)
    bands, left_out = in_bands(len(columns), BESIDE, BESIDE, MOST_BANDS)
    labels = [sketch.gradient(name) for column in columns for name, _ in column.nodes]
    label = max(LEAST_LABEL, label_width(labels))
    sketch.widths = [label, VALUE, GAP] * max(map(len, bands))
    characters = int(label + VALUE) + 2
    row = 0
    for band in bands:
        if left_out and band.start == left_out.stop:
            note = f"… {len(left_out)} more columns have no place in the picture; their equations follow below …"
            sketch.put(Item(Look.NOTE, row, 0, note))
            row += 2
        ends = [_column(sketch, columns[number], row, COLUMNS * place, characters) for place, number in enumerate(band)]
        row = max(ends) + 1
    sketch.put(Item(Look.NOTE, row - 1, 0, SCALES))


def levels(system: System) -> list[list[Equation]]:
    """The equations of the forward pass, each one level after what it needs."""
    depth: dict[str, int] = {}
    found: dict[int, list[Equation]] = {}
    for equation in system.equations:
        if equation.phase in FORWARD_PASS:
            level = 1 + max((depth.get(name.name, 0) for name in names(equation.expression)), default=0)
            depth[equation.quantity] = level
            found.setdefault(level, []).append(equation)
    return [equations for _, equations in sorted(found.items())]


def _columns(sketch: Sketch) -> list[_Column]:
    """What is given, the parameters, then the equations, each one level after what it needs."""
    system = sketch.system
    data: list[tuple[str, Equation | None]] = [(name, None) for name in system.data]
    parameters: list[tuple[str, Equation | None]] = [(parameter.name, None) for parameter in system.parameters]
    groups = [("given", data, 2 * NODES), ("parameters", parameters, NODES)]
    groups += [
        (f"step {level}", [(equation.quantity, equation) for equation in equations], NODES)
        for level, equations in enumerate(levels(system), 1)
    ]
    return [
        _Column(_titled(title, len(nodes), first, most), tuple(nodes[first : first + most]))
        for title, nodes, most in groups
        for first in range(0, min(len(nodes), MOST_NODES), most)
    ]


def _column(sketch: Sketch, column: _Column, top: int, at: int, characters: int) -> int:
    """A column of quantities; the row below. characters: of an equation in a row."""
    sketch.put(Item(Look.HEAD, top, at, column.head, columns=2))
    row = top + 1
    for name, equation in column.nodes:
        if equation:
            kind = "total" if name == sketch.system.loss else str(equation.phase)
            text = f"{name} = {words(equation.expression)}"
            rows = 1 + len(text) // characters
            sketch.put(Item(Look.WORDS, row, at, name, kind=kind, columns=2, rows=rows))
            row += rows
        row = _numbers(sketch, row, at, name) + bool(equation or sketch.phases[name] is Phase.PARAMETER)
    return row


def _numbers(sketch: Sketch, row: int, at: int, name: str) -> int:
    """The value of a quantity, its gradients and its change, where it has them; the row below."""
    system, is_parameter = sketch.system, sketch.phases[name] is Phase.PARAMETER
    sketch.pair(row, at, name, "" if sketch.phases[name] is Phase.DATA else "parameter" if is_parameter else "value")
    for loss in (None, system.batch_loss) if system.batch_loss and is_parameter else (None,):
        if gradient := sketch.gradient(name, loss):
            row += 1
            sketch.pair(row, at, gradient, "gradient" if is_parameter else "error")
    if is_parameter:
        row += 1
        change = sketch.change(name)
        sketch.put(Item(Look.LABEL, row, at, str(change.number), kind=str(Phase.PARAMETER)))
        sketch.put(replace(change, row=row, column=at + 1))
    return row + 1


def _titled(title: str, count: int, first: int, most: int) -> str:
    """The head of a column; where a level takes several, or has no room, it says which of it are there."""
    if count <= most:
        return title
    return f"{title}: {first + 1} to {min(first + most, count)} of {count}"
