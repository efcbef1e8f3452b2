"""The Workings sheet: intermediate results for the Walkthrough, as tables side by side.

The first table has the numbers of a step as text, a row a quantity: its value, the power of ten of its first digit, the
text, the text with a negative number in brackets. The digits come from ROUND and not from TEXT, whose patterns mean
other things where a comma parts the decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.templates import (
    BATCH_SIZE,
    DIGITS,
    LEAST,
    NEXT_POWER,
    PLAIN_BELOW,
    PLAIN_FROM,
    TOTAL,
    UNKNOWN,
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
from tracer.workbook.walkthrough.titles import WORKINGS
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.limits import MAX_LITERAL
from tracer.workbook.xlsx.names import letters
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE, Value
from tracer.workbook.xlsx.styles import PLAIN, SLATE, WHITE, Styles, fill, font

HINT = "What is computed for the Walkthrough besides the numbers that it shows. Nothing here needs to be changed."
TITLE_ROW, HINT_ROW, TABLE_ROW, HEAD_ROW = 1, 2, 3, 4
TITLE_HEIGHT = 26.0
"""Points."""
NUMBERS = {"quantity": 26.0, "value": 16.0, "power of ten": 13.0, "as text": 14.0, "in brackets": 14.0}
GAP = 3.0

Key = tuple[Name, int]
"""A quantity, and which row of a batch is meant, counted from 0, or TOTAL."""
Computed = Value | tuple[Value, str]
"""What a cell shows: a number or a text, with the formula that computes it if there is one."""


def computed(cell: Computed) -> tuple[Value, str | None]:
    """What a cell shows, and its formula if there is one."""
    return cell if isinstance(cell, tuple) else (cell, None)


@dataclass(slots=True)
class Table:
    """A table of the sheet, from `column` on, with so many rows so far. References are those of other sheets."""

    grid: Grid
    style: int
    column: int
    rows: int = 0

    def add(self, *cells: Computed) -> list[str]:
        """A further row; its cells."""
        self.rows += 1
        return [self.put(place, cell) for place, cell in enumerate(cells)]

    def put(self, place: int, cell: Computed) -> str:
        """Fill a cell of the last row, `place` columns from the table's first; the cell."""
        at = (HEAD_ROW + self.rows, self.column + place)
        return f"{WORKINGS}!{self.grid.put(at, self.style, *computed(cell))}"

    def cell(self, number: int, place: int) -> str:
        """The cell in a row, counted from 1, `place` columns from the table's first."""
        return f"{WORKINGS}!${letters(self.column + place)}${HEAD_ROW + number}"

    def cells(self, place: int, rows: int | None = None) -> str:
        """The cells of a column, in so many rows or in those so far."""
        return f"{self.cell(1, place)}:{self.cell(rows or self.rows, place).removeprefix(f'{WORKINGS}!')}"


@dataclass(frozen=True, slots=True)
class Written:
    """The cells of a number: its value, its text, and the text with a negative number in brackets; and the value in the
    step first shown."""

    value: str
    text: str
    bracketed: str
    first: float


@dataclass(slots=True)
class Workings:
    """The sheet while the Walkthrough is laid out: a quantity gets its row when it is first asked for.

    step: set as soon as the cells that find it have their places. shown: what the Walkthrough itself shows, as cells of
    it for other sheets; such a quantity is taken from there.
    """

    styles: Styles
    spell: Callable[[str], str]
    grid: Grid = field(init=False, default_factory=lambda: Grid([]))
    step: ChosenStep = field(init=False)
    shown: Mapping[str, str] = field(init=False, default_factory=dict)
    _numbers: Table = field(init=False)
    _cells: dict[Key, Written] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = self.table("Numbers, and how they are written in equations", NUMBERS)
        self.grid.put((TITLE_ROW, 1), self.styles.title, WORKINGS)
        self.grid.height(TITLE_ROW, TITLE_HEIGHT)
        self.grid.put((HINT_ROW, 1), self.styles.subtitle, HINT)

    def table(self, title: str, heads: Mapping[str, float]) -> Table:
        """A new table at the right of the others; `heads` are its columns with their widths in characters."""
        if self.grid.widths:
            self.grid.widths.append(GAP)
        first = len(self.grid.widths) + 1
        self.grid.widths.extend(heads.values())
        self.grid.put((TABLE_ROW, first), self.styles.label, title)
        style = self.styles.look(
            font=font(bold=True, color=WHITE), fill=fill(SLATE),
            alignment=Alignment(horizontal="center", vertical="center", wrap_text=True),
        )  # fmt: skip
        for column, head in enumerate(heads, first):
            self.grid.put((HEAD_ROW, column), style, head)
            self.grid.wrap(HEAD_ROW, len(head), self.grid.widths[column - 1])
        return Table(self.grid, self.styles.number[PLAIN], first)

    def content(self, sheet: Worksheet) -> SheetCells:
        """Close the sheet: its settings, and its cells for the package."""
        sheet.sheet_view.showGridLines = False
        sheet.freeze_panes = f"A{HEAD_ROW + 1}"
        set_up_page(sheet, title_rows=f"{TABLE_ROW}:{HEAD_ROW}")
        for (name, _), number in self._cells.items():
            if name.name in self.shown and not name.lag and not name.batch:
                self.grid.compute(number.value.removeprefix(f"{WORKINGS}!"), self.shown[name.name])
        return self.grid.content(sheet)

    # ------------------------------------------------------------------------------------ the numbers of the step

    def value(self, name: Name, of_batch: int = 0) -> str:
        """The cell that holds the quantity's value."""
        return self.quantity(name, of_batch).value

    def text(self, template: Template, number: Callable[[Slot], Written] | None = None) -> tuple[str, str]:
        """The template with the numbers put in: the text in the step first shown, and the formula that builds it.
        number: the cells of a slot, where it is not a quantity of the step."""
        found = number or (lambda slot: self.quantity(slot.name, slot.row))
        parts = [
            literal(self.spell(piece)) if isinstance(piece, str)
            else found(piece).text if piece.signed else found(piece).bracketed
            for piece in template
        ]  # fmt: skip
        return self.spell(filled(template, lambda slot: found(slot).first)), "&".join(parts)

    def quantity(self, name: Name, of_batch: int = 0) -> Written:
        """A quantity of the step, and how it is written."""
        if (name, of_batch) not in self._cells:
            self._cells[name, of_batch] = self._row(name, of_batch)
        return self._cells[name, of_batch]

    def _row(self, name: Name, of_batch: int) -> Written:
        value = self.step.value(name, of_batch)
        label = naming.label(name.name) + (" before" if name.lag else "")
        if name.batch and name != BATCH_SIZE:
            label += ", sum over the batch" if of_batch == TOTAL else f", row {of_batch + 1} of the batch"
        return self.number(self.spell(label), value, self.step.formula(name, of_batch))

    def number(self, label: str, value: float, formula: str) -> Written:
        """A row of the table of numbers: a value, its formula, and how it is written."""
        table, known = self._numbers, value == value
        _, number = table.add(label, (value if known else NOT_AVAILABLE, formula))
        cell = here(number)
        small = f"ABS({cell})<{shortest(LEAST).upper()}"
        found = f"IF({small},0,INT(LOG10(ABS({cell}))+{shortest(NEXT_POWER).upper()}))"
        size = 0 if abs(value) < LEAST else exponent(abs(value)) if known else NOT_AVAILABLE
        power = here(table.put(2, (size, found)))
        plain = f'ROUND(ABS({cell}),{DIGITS - 1}-{power})&""'
        powers = f'ROUND(ABS({cell})/10^{power},{DIGITS - 1})&"e"&{power}'
        minus = self.spell("−")
        digits = f"IF(AND({power}>={PLAIN_FROM},{power}<{PLAIN_BELOW}),{plain},{powers})"
        as_text = f'IF({small},"0",IF({cell}<0,"{minus}","")&{digits})'
        if self.step.gaps:
            as_text = f'IFERROR({as_text},"{UNKNOWN}")'
        shown, unsigned = (self.spell(written(value, signed)) for signed in (True, False))
        text = table.put(3, (shown, as_text))
        signed = f'IF(LEFT({here(text)})="{minus}","("&{here(text)}&")",{here(text)})'
        return Written(number, text, table.put(4, (unsigned, signed)), value)


def here(reference: str) -> str:
    """A cell of this sheet as the sheet itself refers to it."""
    return reference.removeprefix(f"{WORKINGS}!").replace("$", "")


def literal(text: str) -> str:
    """A text in a formula."""
    parts = [text[first : first + MAX_LITERAL] for first in range(0, len(text), MAX_LITERAL)]
    return "&".join('"{}"'.format(part.replace('"', '""')) for part in parts)
