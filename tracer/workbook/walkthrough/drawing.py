"""What all pictures of a model have in common: cells that show a quantity of the chosen step, and what they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tracer.model.system import Phase
from tracer.workbook.walkthrough.chosen_step import ChosenStep
from tracer.workbook.walkthrough.styles import SHORT, SHORT_SCIENTIFIC, WalkthroughStyles
from tracer.workbook.xlsx.connectors import Connector
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.scales import Scale
from tracer.workbook.xlsx.styles import LARGE, PLAIN, SMALL

ROW_HEIGHT = 18.0
"""Points."""
GAP, LABEL, VALUE = 6.0, 9.0, 11.0
"""Widths of the picture's columns, in characters; labels may need more."""
WIDEST_LABEL = 24.0


def label_width(names: Iterable[str]) -> float:
    """How wide a column of labels is, in characters."""
    return min(max(LABEL, 1.1 * max(map(len, names), default=0) + 2.5), WIDEST_LABEL)


@dataclass(slots=True)
class Canvas:
    """A sheet on which a picture is drawn.

    largest: the largest magnitude of every quantity over all runs. lines, scales: what the picture needs beside cells.
    """

    grid: Grid
    step: ChosenStep
    styles: WalkthroughStyles
    spell: Callable[[str], str]
    largest: Mapping[str, float]
    phases: Mapping[str, Phase]
    lines: list[Connector] = field(default_factory=list)
    scales: list[Scale] = field(default_factory=list)

    def pair(self, row: int, column: int, name: str, key: str | None = None) -> str:
        """A label and beside it the quantity's value; the value's cell."""
        self.grid.put((row, column), self.styles.label[key or str(self.phases[name])], self.spell(name))
        return self.value(row, column + 1, name)

    def value(self, row: int, column: int, name: str, form: str | None = None) -> str:
        """The quantity's value in the chosen step."""
        style = self.styles.value[form or self.form(name)]
        return self.grid.put((row, column), style, self.step.value(name), self.step.formula(name))

    def form(self, name: str) -> str:
        """The number format of a quantity."""
        if self.phases[name] is Phase.DATA:
            return PLAIN
        largest = self.largest[name]
        return SHORT if largest == 0 or SMALL <= largest < LARGE else SHORT_SCIENTIFIC

    def scale(self, cells: Sequence[str], names: Sequence[str]) -> None:
        """Color these cells of these quantities by sign and size."""
        if cells:
            self.scales.append(Scale(tuple(cells), max(self.largest[name] for name in names)))

    def rows(self, first: int, last: int) -> None:
        """Give these rows the picture's height."""
        for number in range(first, last + 1):
            self.grid.height(number, ROW_HEIGHT)


class Drawing(Protocol):
    """A picture of a model."""

    @property
    def widths(self) -> list[float]:
        """The widths of its columns, from the sheet's first on."""

    def draw(self, canvas: Canvas, top: int) -> int:
        """Draw it from the row `top` on; its last row."""
