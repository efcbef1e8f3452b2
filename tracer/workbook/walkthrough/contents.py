"""Links on the Walkthrough: from the top to its blocks, and a table of contents on long sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.blocks import Block
from tracer.workbook.walkthrough.lines import BAND, COLUMNS, Section
from tracer.workbook.walkthrough.styles import WalkthroughStyles
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.names import reference

LINK_ROW, LINK_HEIGHT = 4, 16.0
LONG = 100
"""Equations from which on a sheet has a table of contents."""
LAYER, PLACE = 16.0, 22.0
"""Widths in characters: of a layer, and of a link to a block of it."""


def link(sheet: Worksheet, cell: str, first: int, last: int) -> None:
    """Let a click on a cell lead to these rows."""
    location = reference(sheet.title, f"A{first}:A{last}")
    sheet._hyperlinks.append(Hyperlink(ref=cell.replace("$", ""), location=location))


def link_at_top(sheet: Worksheet, grid: Grid, looks: WalkthroughStyles, places: Iterable[tuple[str, int, int]]) -> None:
    """The row of links, which stays where it is: what each is called, and the rows it leads to."""
    grid.height(LINK_ROW, LINK_HEIGHT)
    column = 1
    for title, first, last in places:
        words = " ".join(title.split())
        ((at, end),) = grid.spans(LINK_ROW, column, (len(words) + 2.0,))
        link(sheet, grid.span(at, end, looks.link, words), first, last)
        column = end + 1


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents of a long sheet; a short one has none."""

    blocks: Sequence[Block]

    @property
    def rows(self) -> int:
        """How many rows it takes, with the one below it."""
        if sum(len(group.lines) for block in self.blocks for group in block.groups) < LONG:
            return 0
        return 2 + len(self.blocks) + len(self._layers())

    def _layers(self) -> list[str]:
        return list(dict.fromkeys(g.layer for block in self.blocks if len(block.groups) > 1 for g in block.groups))

    def put(
        self, sheet: Worksheet, grid: Grid, looks: WalkthroughStyles, row: int, sections: Sequence[Section]
    ) -> None:
        """Fill its rows from this one on."""
        if not self.rows:
            return
        first, end = row, grid.spans(1, 1, COLUMNS)[-1][1]
        grid.span((row, 1), end, looks.picture_band, "Contents")
        grid.height(row, BAND)
        for section in sections:
            row += 1
            (at, last), (beside, _) = grid.spans(row, 1, COLUMNS[:2])
            link(sheet, grid.span(at, last, looks.link_left, section.title), section.first, section.last)
            grid.put(beside, looks.beside, f"rows {section.first} to {section.last}")
        for layer in self._layers():
            row += 1
            there = [section for section in sections if layer in section.layers]
            (head, *places) = grid.spans(row, 1, (LAYER, *(PLACE for _ in there)))
            grid.span(*head, looks.layer_head, f"layer {layer}")
            for section, (at, last) in zip(there, places, strict=True):
                place = section.layers[layer]
                words = f"{section.title.partition('  ')[2]}: {place}"
                link(sheet, grid.span(at, last, looks.link_left, words), place, place)
        grid.fold(range(first + 1, row + 1))
