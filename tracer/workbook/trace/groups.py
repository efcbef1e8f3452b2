"""The columns of a trace under their headings: the data, a layer, the loss, the backward pass of a layer, …"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tracer.model.assembly import OWN_LAYER
from tracer.model.system import Phase
from tracer.workbook.trace.formulas import TraceFormulas

CONTINUED = " (continued)"


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns side by side, from 1, under one heading, in the colors of a phase. starts_page: whether a printed page
    begins with them."""

    title: str
    phase: Phase
    first: int
    last: int
    starts_page: bool = False


def column_groups(trace: TraceFormulas, first: int) -> list[ColumnGroup]:
    """The groups of all columns, the first of which has this number."""
    system = trace.system
    layers = {equation.quantity: equation.layer for equation in system.equations}
    layers |= {parameter.name: parameter.layer for parameter in system.parameters}

    def heading(item: tuple[str, Phase]) -> tuple[str, Phase]:
        name, phase = item
        layer = layers.get(name)
        if layer not in (None, OWN_LAYER):
            if phase is Phase.BACKWARD:
                return f"backward of layer {layer}", phase
            if phase in (Phase.PARAMETER, Phase.FORWARD):
                return f"layer {layer}", Phase.FORWARD
        return ("equations" if phase is Phase.FORWARD else str(phase)), phase

    groups = []
    for (title, phase), columns in groupby(trace.columns.items(), key=heading):
        count = len(list(columns))
        groups.append(ColumnGroup(title, phase, first, first + count - 1))
        first += count
    return groups


def paged(groups: Sequence[ColumnGroup], widths: Sequence[float], room: float) -> Iterator[ColumnGroup]:
    """The groups, split where a page ends: pages begin with a group as far as it fits into `room`, in the unit of
    `widths`, which are those of all columns, from 1."""
    left = room
    for group in groups:
        of_group = [widths[column - 1] for column in range(group.first, group.last + 1)]
        starts = left < room and (left < sum(of_group) <= room or left < of_group[0])
        left, first, title = room if starts else left, group.first, group.title
        for column, width in enumerate(of_group, group.first):
            if width > left and column > first:
                yield ColumnGroup(title, group.phase, first, column - 1, starts)
                left, first, starts, title = room, column, True, group.title + CONTINUED
            left -= width
        yield ColumnGroup(title, group.phase, first, group.last, starts)
