"""Names for cells, from the texts around them: the header of a column, the label of a row, the title of a matrix with
row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracer.grading.book.cells import Book, Cell, Fault, Place, Position, Sheet, place_in_words

MOST_BLANK = 1
"""Empty cells that may lie between a block of numbers and its title."""
LONGEST = 40
"""Characters of a text that names something; a longer one is a remark."""
MOST_WORDS = 5
MOST_BETWEEN = 1_000
"""Cells between two steps that are looked at."""
FAR = 40
"""Rows, or columns, in which other headers of a cell's column, or of its line, are looked for."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The names that a workbook's texts give its cells."""

    book: Book
    _sheets: dict[str, Sheet] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sheets", {sheet.name: sheet for sheet in self.book.sheets})

    def of(self, places: Sequence[Place]) -> str | None:
        """The name of a quantity that has these cells, one in each step; None where no text names it.

        What names it is the same in all steps: the header above the column that the steps run down, the label left of
        the row that they run along; elsewhere the nearest text above, then left. A cell of a block with one title is
        named by its row and column in it: W2[1,3].
        """
        (name, first), *others = places
        if name not in self._sheets:
            return None
        there = [place for sheet, place in others if sheet == name]
        around = _Around(self._sheets[name], first)
        down = bool(there) and all(column == first[1] for _, column in there) and around.goes_on(there[0])
        along = bool(there) and all(row == first[0] for row, _ in there) and around.goes_on(there[0])
        return around.name(down, along, along and abs(there[0][1] - first[1]) == 1)

    def of_ends(self, ends: Sequence[Sequence[Place]]) -> str | None:
        """The name of a quantity with these cells, one in each step; or, by those of its first and its last corner, of
        the matrix or the vector that a range shows."""
        if len(ends) == 1:
            return self.of(ends[0])
        titles = {title_of(self.of(places[:1])) for places in ends}
        return titles.pop() if len(titles) == 1 else None

    def called(self, places: Sequence[Place]) -> str:
        """The name with the first cell: w3 (Z33); the cell alone where no text names it."""
        name, cell = self.of(places), place_in_words(places[0], self.book)
        return f"{name} ({cell})" if name else cell


def title_of(name: str | None) -> str | None:
    """The title of the matrix that a name such as W2[1,3] is of; None for another name."""
    title, bracket, _ = (name or "").partition("[")
    return title if title and bracket else None


def _text(cell: Cell | None) -> str:
    """The text of a cell that may name others; "" for a number, an arrow, a remark."""
    if cell is None or not isinstance(cell.value, str) or isinstance(cell.value, Fault):
        return ""
    words = "".join(sign if sign.isprintable() else " " for sign in cell.value[: 4 * LONGEST]).split()
    text = " ".join(words)
    text = (text.partition("=")[0] or text).strip(":= ")
    return text if len(text) <= LONGEST and len(words) <= MOST_WORDS and any(map(str.isalnum, text)) else ""


class _Around:
    """A cell's block of numbers, and the texts beside it: its state is what a look at the sheet has found."""

    def __init__(self, sheet: Sheet, place: Position) -> None:
        self.cells = sheet.cells
        self.row, self.column = place
        self.top, self.left = self.row, self.column
        while self._holds(self.top - 1, self.column):
            self.top -= 1
        while self._holds(self.row, self.left - 1):
            self.left -= 1

    def _holds(self, row: int, column: int) -> bool:
        """Whether a cell holds a number or a formula, not a text."""
        cell = self.cells.get((row, column))
        return cell is not None and (isinstance(cell.value, Fault) or not isinstance(cell.value, str))

    def _at(self, row: int, column: int) -> str:
        return _text(self.cells.get((row, column)))

    def goes_on(self, other: Position) -> bool:
        """Whether no text lies between the cell and another one of its column or its row: both have one header."""
        rows = range(min(self.row, other[0]), max(self.row, other[0]) + 1)
        columns = range(min(self.column, other[1]), max(self.column, other[1]) + 1)
        return not any(self._at(row, column) for row in rows[:MOST_BETWEEN] for column in columns[:MOST_BETWEEN])

    def _above(self, column: int) -> tuple[str, int]:
        """The nearest text above the block in a column, and its row."""
        found = ((self._at(row, column), row) for row in range(self.top - 1, self.top - 2 - MOST_BLANK, -1))
        return next((each for each in found if each[0]), ("", 0))

    def _beside(self, row: int) -> tuple[str, int]:
        """The nearest text left of the block in a row, and its column."""
        columns = range(self.left - 1, self.left - 2 - MOST_BLANK, -1)
        found = ((self._at(row, column), column) for column in columns)
        return next((each for each in found if each[0]), ("", 0))

    def name(self, down: bool, along: bool, next_to: bool) -> str | None:
        """The name; down, along: whether the steps run down the column, or along the row; next_to: cell by cell."""
        (above, line), (beside, column) = self._above(self.column), self._beside(self.row)
        wide = [c for c in (self.column - 1, self.column + 1) if self._holds(self.top, c)]
        high = [r for r in (self.row - 1, self.row + 1) if self._holds(r, self.left)]
        # a header or a label of its own, where its neighbors have theirs
        headed = above and (not wide or any(self._at(line, c) for c in wide))
        labeled = beside and (not high or any(self._at(r, column) for r in high))
        if down and above:
            return self._header(above, line)
        if along and beside:
            return beside
        if next_to and (label := self._far_label()):
            return label
        group, start = self._spanning()
        if group and labeled and high:
            return f"{group}[{beside}, {self.column - start + 1}]"
        if headed and labeled and wide and high:
            title = "" if any(self._holds(r, column) for r in (self.top, *high)) else self._at(line, column)
            return f"{title}[{beside}, {above}]" if title else f"{above}, {beside}"
        if labeled and (high or not headed):
            many = not headed and (self.left < self.column or self._holds(self.row, self.column + 1))
            return f"{beside}[{self.column - self.left + 1}]" if many else beside
        if headed and (wide or not high):
            return self._header(above, line)
        return (group and self._titled()) or self._far_header() or self._titled() or above or beside or None

    def _header(self, text: str, line: int) -> str:
        """A header, with the one above it where its line has the same text twice."""
        around = range(max(self.column - FAR, 1), self.column + FAR)
        if sum(self._at(line, column) == text for column in around) < 2:
            return text
        column = next((c for c in range(self.column, around[0] - 1, -1) if self._at(line - 1, c)), None)
        if column is None or self._holds(line - 1, column + 1):  # the label of a number
            return text
        group = self._at(line - 1, column)
        return f"{group}{'' if group.endswith('/') else ' '}{text}"

    def _spanning(self) -> tuple[str, int]:
        """The header of several columns that this one belongs to, of which only the first has a text, and that column;
        "" where each has its own."""
        columns = range(self.column, self.left - 1, -1)
        title, start = next(((text, c) for c in columns if (text := self._above(c)[0])), ("", self.column))
        several = start < self.column or (self._holds(self.row, start + 1) and not self._above(start + 1)[0])
        return (title, start) if several else ("", self.column)

    def _far_label(self) -> str:
        """The nearest text to the left, whatever stands between."""
        columns = range(self.left - 1, max(self.left - FAR, 0), -1)
        return next((text for column in columns if (text := self._at(self.row, column))), "")

    def _far_header(self) -> str:
        """The header of a column that has gaps: the nearest text above all of them, where its neighbors have one."""
        if self._above(self.column)[0]:
            return ""
        rows = range(self.top - 2 - MOST_BLANK, max(self.top - FAR, 0), -1)
        row = next((row for row in rows if self._at(row, self.column)), 0)
        headed = row and any(self._at(row, self.column + step) for step in (-1, 1))
        return self._header(self._at(row, self.column), row) if headed else ""

    def _titled(self) -> str:
        """The title of the block, with the cell's row and column in what has this title."""
        columns = range(self.column, self.left - 1, -1)
        title, start = next(((text, c) for c in columns if (text := self._above(c)[0])), ("", self.left))
        if start < self.column and start > self.left and self._above(start - 1)[0]:
            return ""  # a line of headers, in which this column has none
        title = title or self._at(self.top - 1, self.left - 1) or self._beside(self.top)[0]
        more = self._holds(self.row, self.column + 1) and not self._above(self.column + 1)[0]
        wide, high = start < self.column or more, self.top < self.row or self._holds(self.row + 1, self.column)
        row, column = self.row - self.top + 1, self.column - start + 1
        index = f"{row},{column}" if wide and high else str(row if high else column)
        return f"{title}[{index}]" if title and (wide or high) else title
