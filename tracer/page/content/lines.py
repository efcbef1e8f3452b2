"""The equations of a step as the page shows them: numbered blocks of lines."""

from __future__ import annotations

from tracer.explain.blocks import Block, Group, Line, blocks
from tracer.formulas.tree import Name, distinct
from tracer.model.system import System
from tracer.page.content.shapes import Data, Shapes

MOST_LINES, FIRST, LAST = 40, 6, 2
"""Of a group with more lines than that, a block shows the first and the last; each can be looked at by itself."""


def lines_of(system: System, shapes: Shapes) -> tuple[list[Data], list[Data]]:
    """The blocks, whose groups refer to the lines by their numbers, and the lines."""
    lines: list[Data] = []
    return [_block(block, lines, shapes) for block in blocks(system)], lines


def _block(block: Block, lines: list[Data], shapes: Shapes) -> Data:
    groups = [_group(group, lines, shapes) for group in block.groups]
    return {"title": block.title, "phase": str(block.phase), "why": block.why, "groups": groups}


def _group(group: Group, lines: list[Data], shapes: Shapes) -> Data:
    """A group: its first line, how many there are, and how many of them are shown at its beginning and its end."""
    first, count = len(lines), len(group.lines)
    lines += [_line(line, shapes) for line in group.lines]
    shown = [FIRST, LAST] if count > MOST_LINES else [count, 0]
    return {"layer": group.layer, "first": first, "count": count, "shown": shown}


def _line(line: Line, shapes: Shapes) -> Data:
    """A line; `overwrites` where its result is the quantity's next value, or its own equation uses it."""
    found: Data = {"quantity": shapes.slots[Name(line.quantity)], "expression": shapes.of(line.expression)}
    if line.is_update:
        found["update"] = True
    if line.is_update or any(name.name == line.quantity for name in distinct(line.expression)):
        found["overwrites"] = True
    return found
