"""The screen of a step: the position, the picture, the equation in three forms, its operands and users, the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracer.charts.screen.canvas import Row, Span
from tracer.columns import ELLIPSIS, columns, cut, wrapped
from tracer.explain.stop import Stop
from tracer.model.system import Phase

LEAST_WIDTH, LEAST_HEIGHT = 60, 15
"""Of a terminal, in characters."""
BELOW = 9
"""Lines below the picture where no equation takes more than one: a rule, three forms, what it uses, what uses it, two
lines on the block, the keys."""
MOST_LINES = 4
"""Of one form of an equation."""
SUMS = (" + ", " − ", " - ", " = ")
"""Signs before which an equation rather breaks."""
LEAST_PICTURE, ROOMY_PICTURE = 4, 10
"""Rows; with fewer than the latter, what a block is for is said only where it begins."""
WIDEST = 110
"""Characters of a line of text; longer ones are hard to read."""
SHORTEST_BAR, LONGEST_BAR = 5, 24
"""Characters of the bar that shows how far an iteration has come."""
BELOW_LEFT = 8
"""Columns before the right side of an equation where that begins below a long left one."""
LEAD = " used by  "
"""The longest of what begins a line below an equation."""
SAID_OF_GRADIENTS = "∂ before a name or a number: ∂E/∂ of that quantity"


@dataclass(frozen=True, slots=True)
class Heading:
    """Where one is, in words: the config, then the rest. titles: of all blocks; block: the number of the current one,
    from 0."""

    where: tuple[str, ...]
    titles: tuple[str, ...]
    block: int


def style_of(phase: Phase) -> str:
    """The style of a phase's equations."""
    return "update" if phase is Phase.PARAMETER else str(phase)


def laid_out(
    heading: Heading,
    stop: Stop,
    picture: Callable[[int, int], list[Row]],
    foot: Row,
    width: int,
    height: int,
) -> list[Row]:
    """The rows of a screen. picture: of so many columns and rows at most. foot: the last line."""
    below = [
        (Span("─" * width, "dim"),),
        *equation(stop, width),
        *_relations(stop, width),
    ]
    room = height - 3 - len(below)
    spare = room - (LEAST_PICTURE if stop.begins or stop.remark else ROOMY_PICTURE)
    below += _said(stop, width, min(spare, room - (height - 3 - BELOW)))
    room = height - 3 - len(below)
    drawn = picture(width, min(max(room, 1), height - 3 - BELOW) if height - 3 - BELOW > LEAST_PICTURE else room)
    blank = max(0, min(height - 3 - BELOW, room) - len(drawn))
    above = (blank + 1) // 2
    rows = [*_heading(heading, stop, width), *[()] * above, *drawn, *[()] * (blank - above), *below]
    rows = rows[: height - 1]
    return [*rows, *[()] * (height - 1 - len(rows)), foot]


def _said(stop: Stop, width: int, room: int) -> list[Row]:
    """What is said of the result, and what the block is for, each if it has room; the latter first where it begins."""
    parts = [(stop.remark, ""), (stop.why, "" if stop.begins else "dim")]
    rows: list[Row] = []
    for text, style in reversed(parts) if stop.begins else parts:
        lines = wrapped(text, min(width, WIDEST) - 2) if text else []
        if len(rows) + len(lines) <= room:
            rows += [(Span(f" {line}", style),) for line in lines]
    return rows


def _heading(heading: Heading, stop: Stop, width: int) -> list[Row]:
    """Where one is: config, η, iteration and sample; the blocks, the equation and how far that is."""
    where = "   ".join(heading.where)
    title = cut(f" {where}", width)
    counted = f"equation {stop.number} of {stop.count}"
    room = width - len(counted) - 2
    blocks = _blocks(heading, stop)
    if (used := sum(columns(span.text) for span in blocks)) > room:
        blocks = [
            Span(cut(f" {' '.join(heading.titles[heading.block].split())}", room), f"{style_of(stop.phase)} result")
        ]
        used = columns(blocks[0].text)
    length = min(LONGEST_BAR, width - used - len(counted) - 3)
    done = max(1, round(length * stop.number / stop.count))
    bar = [Span("━" * done, style_of(stop.phase)), Span("─" * (length - done), "dim")] if length > SHORTEST_BAR else []
    right = len(counted) + (length + 2 if bar else 1)
    blocks += [Span(" " * max(1, width - used - right)), Span(f"{counted} "), *bar]
    return [(Span(title + " " * (width - columns(title)), "title"),), tuple(blocks)]


def _blocks(heading: Heading, stop: Stop) -> list[Span]:
    """The numbers of all blocks, with the title of the current one."""
    blocks = [Span(" ")]
    for number, text in enumerate(heading.titles):
        numeral, _, rest = text.partition("  ")
        if number == heading.block:
            blocks += [Span(f"{numeral} {rest}", f"{style_of(stop.phase)} result"), Span("  ")]
        else:
            blocks += [Span(numeral, "dim"), Span("  ")]
    return blocks


def equation(stop: Stop, width: int) -> list[Row]:
    """The three forms of an equation, below each other."""
    style, lead = style_of(stop.phase), f" {stop.left} "
    indent = columns(lead)
    rows: list[Row] = []
    if indent > width // 2:
        rows.append((Span(cut(lead.rstrip(), width), style),))
        lead, indent = " " * BELOW_LEFT, BELOW_LEFT
    for number, text in enumerate(filter(None, (stop.symbols, stop.numbers, stop.result))):
        begin = lead if not number else " " * (indent - 2) + "= "
        last = number and text == stop.result
        for place, line in enumerate(_lines(text, min(width, WIDEST) - indent - 1, MOST_LINES)):
            shown = "problem" if stop.stopped and last else f"{style} result" if last else style if not number else ""
            rows.append((Span(begin if not place else " " * indent, style if not number else "dim"), Span(line, shown)))
    if stop.stopped:
        rows.append((Span(f" {stop.stopped}", "problem"),))
    return rows


def _relations(stop: Stop, width: int) -> list[Row]:
    """What the equation uses, and what uses its result."""
    operands = [(operand.text, _numbers(operand.numbers)) for operand in stop.operands]
    uses: list[Span] = [Span(" uses".ljust(len(LEAD)), "dim")]
    used = len(LEAD)
    for number, (text, value) in enumerate(operands):
        more = f"{ELLIPSIS} {len(operands) - number} more"
        size = columns(text) + columns(value) + 4
        if used + size + (len(more) if number + 1 < len(operands) else 0) > width and number:
            uses.append(Span(more, "dim"))
            break
        uses += [Span(text, "operand"), Span(cut(f" {value}   ", width - used - columns(text)))]
        used += size
    lead = LEAD if stop.users else " " * len(LEAD)
    users = f"{', '.join(stop.users)} {stop.end}".strip()
    return [tuple(uses), (Span(lead, "dim"), Span(cut(users, width - len(LEAD))))]


def _numbers(numbers: Sequence[str]) -> str:
    return ", ".join(numbers[:3]) + (f", {ELLIPSIS}" if len(numbers) > 3 else "")


def _lines(text: str, width: int, most: int) -> list[str]:
    """A text in so many lines at most; what is beyond the last one is cut."""
    lines = wrapped(text, max(width, 1), SUMS)
    if len(lines) > most:
        lines[most - 1 :] = [" ".join(lines[most - 1 :])]
    return [cut(line, width) for line in lines]


def too_small(width: int, height: int) -> str:
    """A sentence for a terminal that is too small for a screen; empty for any other."""
    if width >= LEAST_WIDTH and height >= LEAST_HEIGHT:
        return ""
    return f"The terminal has {width} × {height} characters; {LEAST_WIDTH} × {LEAST_HEIGHT} are needed."


def printed(stop: Stop, heading: Heading, width: int) -> list[Row]:
    """The lines of a step where there is no screen; those on the block where it begins."""
    rows: list[Row] = []
    if stop.begins:
        place = "   ".join(heading.where) if stop.number == 1 or heading.block == 0 else ""
        rows += [(Span(place, "head"),)] if place else []
        rows += [(), (Span(stop.title, "head"),), *((Span(line),) for line in wrapped(stop.why, width))]
    rows.append(())
    count = f"{stop.number}"
    rows += [
        (Span((count if not number else "").rjust(4)), *row) for number, row in enumerate(equation(stop, width - 4))
    ]
    return rows
