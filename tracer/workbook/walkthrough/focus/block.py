"""The block of the focus on the Walkthrough: why the chosen quantity moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.explanation import (
    MOST_FACTOR_LINES,
    MOST_PRODUCT_LINES,
    check_in_words,
    difference_in_words,
    is_rounded,
    rounded_in_words,
    sum_in_words,
)
from tracer.formulas.notation.typesetting import LONGEST_SUM
from tracer.model.system import Phase
from tracer.workbook.trace.context import Context
from tracer.workbook.walkthrough.focus.lines import LINE, NUMBER, NUMBERS, RESULT, ROW, FocusLines, size
from tracer.workbook.walkthrough.focus.tables import HEAD, KIND, QUANTITY, TRAINED, WRITTEN, Entry, FocusTables
from tracer.workbook.walkthrough.styles import WalkthroughStyles, by_size
from tracer.workbook.walkthrough.workings import Table, Workings, computed
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.names import letters

LABEL = "focus"
COLUMNS = (46.0, 40.0, 16.0)
"""Least widths of symbols, numbers and results, in characters."""
SENTENCE = 1.25
"""A character of the sentence, in characters of the sheet on average."""
BAND = 20.0
"""Points."""


@dataclass(slots=True)
class Focus:
    """The focus while it is laid out: its tables first, then what is chosen, then the block."""

    context: Context
    workings: Workings
    tables: FocusTables = field(init=False)
    found: Table = field(init=False)
    number: str = field(init=False)
    name: str = field(init=False)
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        self.tables = FocusTables(self.context, self.workings)

    @property
    def names(self) -> str:
        """The cells that list what can be chosen."""
        return self.tables.listed.cells(0)

    @property
    def chosen(self) -> str:
        """The name of what is chosen at first."""
        return self.context.spell(self.tables.default.derivation.quantity)

    def choose(self, asked: str) -> str:
        """Find what the yellow cell asks for; the cell with a sentence where it asks for what cannot be chosen."""
        default = self.tables.default_number
        self.found = self.workings.table("The focus", {"what": 34.0, "value": 14.0})
        first = self.names.partition(":")[0]
        place = f"SUMPRODUCT(EXACT({self.names},{asked})*(ROW({self.names})-ROW({first})+1))"
        _, there = self.found.add("its number in the list, 0 if it is not there", (default, place))
        _, self.number = self.found.add("the number that is shown", (default, f"IF({there}=0,{default},{there})"))
        _, name = self.found.add(QUANTITY, (self.chosen, self.tables.of_list(QUANTITY, self.number)))
        shown = str(self.tables.row(self.tables.default)[WRITTEN])
        _, self.name = self.found.add(WRITTEN, (shown, self.tables.of_list(WRITTEN, self.number)))
        _, self.kind = self.found.add(KIND, (self.tables.default.kind, self.tables.of_list(KIND, self.number)))
        wrong = f'IF({asked}="","Choose a quantity","There is no "&{asked})'
        other = f'{wrong}&" to focus on: "&{name}&" is shown. "'
        return self.found.add("what is said of it", ("", f'IF({there}=0,{other},"")'))[1]

    def _head(self) -> tuple[str, str]:
        row = self.tables.row(self.tables.default)
        return str(row[HEAD]), self.tables.of_list(HEAD, self.number)

    def lay_out(self, sheet: Worksheet, grid: Grid, looks: WalkthroughStyles, row: int) -> int:
        """Lay out the block from a row on; its last row."""
        lines = FocusLines(
            self.context, self.workings, self.tables, self.found, self.number, self.name, self.kind
        )  # fmt: skip
        spans = grid.spans(row, 1, COLUMNS)
        end = spans[-1][1]
        grid.span((row, 1), end, looks.band[Phase.BACKWARD], *self._head())
        grid.height(row, BAND)
        row += 1
        sentence = computed(lines.sentence)
        grid.span((row, 1), end, looks.sentence, *sentence)
        grid.wrap(row, SENTENCE * len(str(sentence[0])) + NUMBER, grid.width(1, end))
        grid.height(row, BAND)
        above = row
        table = self.workings.table("The rows of the block, and the line that each shows", {"row": 9.0, "line": 9.0})
        for number, lengths in enumerate(_lengths(lines), 1):
            row += 1
            shown = lines.shown[number - 1] if number <= len(lines.shown) else None
            place = shown[0] if shown else 0
            _, at = table.add(number, (place, f"IFERROR(MATCH({number},{lines.table.cells(ROW)},0),0)"))
            for index, ((cell, last), style, column) in enumerate(
                zip(grid.spans(row, 1, COLUMNS), looks.focus, (LINE, NUMBERS, RESULT), strict=True), 1
            ):
                value = (shown[index] or 0 if column == RESULT else shown[index]) if shown else ""
                found = f"INDEX({lines.table.cells(column)},{at})"
                # zero may be negative, and an empty cell is not a number
                found = f"IF({found}=0,0,{found})" if column == RESULT else f'{found}&""'
                grid.span(cell, last, style, value, f'IF({at}=0,"",{found})')
                if column != RESULT:
                    grid.wrap(row, lengths[index - 1], grid.width(cell[1], last))
        results = letters(spans[-1][0][1])
        for rule in by_size(f"{results}{above + 1}"):
            sheet.conditional_formatting.add(f"{results}{above + 1}:{results}{row}", rule)
        if self.tables.left_out:
            row += 1
            words = f"{self.tables.left_out:,} more quantities are not in the list of the focus"
            grid.put((row, 1), looks.note, words)
        return row


def _lengths(lines: FocusLines) -> list[tuple[float, float]]:
    """How long the texts of each row of the block are at most, over everything that can be chosen: symbols, and with
    the numbers put in. There are as many rows as the longest derivation needs."""
    most: list[tuple[float, float]] = []
    kinds = {(e.derivation.parting, len(e.derivation.tail), e.kind): e for e in lines.tables.entries}
    for entry in kinds.values():
        pairs = zip_longest(most, _lengths_of(lines, entry), fillvalue=(0, 0))
        most = [(max(a, c), max(b, d)) for (a, b), (c, d) in pairs]
    return most


def _lengths_of(lines: FocusLines, entry: Entry) -> Iterator[tuple[float, float]]:
    system, derivation = lines.context.system, entry.derivation
    factors, paths = derivation.factors, derivation.paths
    if len(factors) <= MOST_FACTOR_LINES:
        yield from (lines.of_factors[factor] for factor in factors)
    if len(paths) != 1 or len(factors) > 1:
        begin = size(derivation.gradient) + 3 if len(paths) == 1 else 0
        for path in paths[:MOST_PRODUCT_LINES]:
            yield begin + sum(size(factor.symbol) + 1 for factor in path), (NUMBER - 1) * len(path)
    if len(paths) != 1:
        yield size(sum_in_words(system, derivation)), NUMBER * min(len(paths), LONGEST_SUM)
    if is_rounded(system, derivation):
        yield size(rounded_in_words(system, derivation.quantity)), 0
    yield size(check_in_words(system, derivation.quantity)) + NUMBER, 3 * NUMBER
    yield size(difference_in_words(system, derivation.quantity)), 0
    if entry.kind == TRAINED:
        yield from lines.of_updates
