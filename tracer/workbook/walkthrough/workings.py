"""The numbers of a step as text, built by formulas: what a sheet needs to put numbers into equations.

A row a quantity: its value, the power of ten of its first digit, the text, the text with a negative number in brackets.
The digits come from ROUND and not from TEXT, whose patterns mean other things where a comma parts the decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tracer.explain.templates import (
    BATCH_SIZE,
    DIGITS,
    LEAST,
    NEXT_POWER,
    PLAIN_BELOW,
    PLAIN_FROM,
    TOTAL,
    Slot,
    Template,
    exponent,
    filled,
    written,
)
from tracer.formulas.notation import shortest
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.workbook.walkthrough.chosen_step import ChosenStep
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.limits import MAX_LITERAL

HEADS = ("quantity", "value", "power of ten", "as text", "in brackets")
WIDTHS = (14.0, 14.0, 12.0, 14.0, 14.0)

Key = tuple[Name, int]
"""A quantity, and which row of a batch is meant, counted from 0."""


@dataclass(frozen=True, slots=True)
class _Cells:
    value: str
    text: str
    bracketed: str


@dataclass(slots=True)
class Workings:
    """The workings of a sheet, laid out in its columns from `column` on, a row each from the row `top` on."""

    grid: Grid
    step: ChosenStep
    spell: Callable[[str], str]
    style: int
    top: int
    column: int
    cells: dict[Key, _Cells] = field(default_factory=dict)

    def lay_out(self, quantities: Iterable[Key]) -> None:
        """Give each of these quantities its row."""
        for place, head in enumerate(HEADS):
            self.grid.put((self.top, self.column + place), self.style, head)
        for row, key in enumerate(quantities, self.top + 1):
            self.cells[key] = self._row(row, *key)

    def _row(self, row: int, name: Name, of_batch: int) -> _Cells:
        value = self.step.value(name, of_batch)
        label = naming.label(name.name) + (" before" if name.lag else "")
        if name.batch and name != BATCH_SIZE:
            label += ", sum over the batch" if of_batch == TOTAL else f", row {of_batch + 1} of the batch"
        self._put(row, 0, self.spell(label))
        number = self._put(row, 1, value, self.step.formula(name, of_batch))
        small = f"ABS({number})<{shortest(LEAST).upper()}"
        power = self._put(
            row, 2, 0 if abs(value) < LEAST else exponent(abs(value)),
            f"IF({small},0,INT(LOG10(ABS({number}))+{shortest(NEXT_POWER).upper()}))",
        )  # fmt: skip
        plain = f'ROUND(ABS({number}),{DIGITS - 1}-{power})&""'
        powers = f'ROUND(ABS({number})/10^{power},{DIGITS - 1})&"e"&{power}'
        minus = self.spell("−")
        text = self._put(
            row, 3, self.spell(written(value)),
            f'IF({small},"0",IF({number}<0,"{minus}","")'
            f"&IF(AND({power}>={PLAIN_FROM},{power}<{PLAIN_BELOW}),{plain},{powers}))",
        )  # fmt: skip
        bracketed = self._put(
            row, 4, self.spell(written(value, signed=False)), f'IF(LEFT({text})="{minus}","("&{text}&")",{text})'
        )
        return _Cells(number, text, bracketed)

    def _put(self, row: int, place: int, value: float | str, formula: str | None = None) -> str:
        return self.grid.put((row, self.column + place), self.style, value, formula)

    def value(self, name: Name) -> str:
        """The cell that holds the quantity's value."""
        return self.cells[name, 0].value

    def text(self, template: Template) -> tuple[str, str]:
        """The template with the numbers put in: the text in the step first shown, and the formula that builds it."""
        parts = [self._cell(piece) if isinstance(piece, Slot) else _literal(self.spell(piece)) for piece in template]
        return self.spell(filled(template, lambda slot: self.step.value(slot.name, slot.row))), "&".join(parts)

    def _cell(self, slot: Slot) -> str:
        cells = self.cells[slot.name, slot.row]
        return cells.text if slot.signed else cells.bracketed


def _literal(text: str) -> str:
    parts = [text[first : first + MAX_LITERAL] for first in range(0, len(text), MAX_LITERAL)]
    return "&".join('"{}"'.format(part.replace('"', '""')) for part in parts)
