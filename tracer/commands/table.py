"""Tables of the terminal, of numbers that are never cut: heads wrap where the columns would not fit beside each other.

rich draws such tables too, and takes a twentieth of a short run to load.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

import click

GAP, ASCII_GAP = "   ", " | "


def lines(heads: Sequence[str], rows: Iterable[Sequence[str]], width: int, ascii: bool) -> list[str]:
    """The lines of a table that fits the width if it can: names in the first column, numbers in the others, to the
    right. Heads and names are bold."""
    cells = [*rows]
    columns = [*zip(heads, *cells, strict=True)]
    least = [max(map(len, [*head.split(), *column])) for head, *column in columns]
    widths = [max(len(head), narrow) for (head, *_), narrow in zip(columns, least, strict=True)]
    for number in sorted(range(len(widths)), key=lambda number: least[number] - widths[number]):
        if sum(widths) + len(GAP) * (len(widths) - 1) + 2 > width:
            widths[number] = least[number]
    wrapped = [textwrap.wrap(head, wide) for head, wide in zip(heads, widths, strict=True)]
    top = [*zip_longest(*(part[::-1] for part in wrapped), fillvalue="")][::-1]
    gap, left, right = (ASCII_GAP, "|", "|") if ascii else (GAP, " ", "")

    def line(row: Sequence[str], bold: int) -> str:
        placed = [cell.rjust(wide) if index else cell.ljust(wide)
                  for index, (cell, wide) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        return (
            left + gap.join(click.style(cell, bold=True) if n < bold else cell for n, cell in enumerate(placed)) + right
        )

    if ascii:
        rule = "|" + "-+-".join("-" * wide for wide in widths) + "|"
        edge = ["+" + "-" * (len(rule) - 2) + "+"]
    else:
        rule, edge = " " + "─" * (sum(widths) + len(GAP) * (len(widths) - 1)), [""]
    return [*edge, *(line(row, len(heads)) for row in top), rule, *(line(row, 1) for row in cells), *edge]
