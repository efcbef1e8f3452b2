"""The references of a formula, relative to its own cell: `R[-1]C[2]`, `R31C7`. In this form, a formula copied down
a column is one text."""

from __future__ import annotations

import re
from functools import lru_cache

from tracer.grading.book.cells import MAX_COLUMN, MAX_ROW, Formula, Position, column_number, letters


class UnknownFormula(ValueError):
    """A formula with an unsupported construct, which the message names."""


_A1 = re.compile(
    r"(?<![A-Za-z0-9_.$\[\\])(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d{0,6})(?![A-Za-z0-9_.(\[!])|\"[^\"]*\"|'[^']*'"
)
_RELATIVE = re.compile(r"(?<![\w.])R(\[?)(-?\d+)\]?C(\[?)(-?\d+)\]?(?![\w.(])")
PLACE = re.compile(r"R(\[?)(-?\d+)\]?C(\[?)(-?\d+)\]?")


def relative(formula: Formula) -> str:
    """The formula's text with its references written relative to its cell."""

    def written(match: re.Match[str]) -> str:
        if match[2] is None:
            return match[0]
        row, column = int(match[4]), column_number(match[2])
        down = f"R{row}" if match[3] else f"R[{row - formula.row}]"
        return down + (f"C{column}" if match[1] else f"C[{column - formula.column}]")

    return _A1.sub(written, formula.text.lstrip("=+ "))


def absolute(text: str, cell: Position) -> str:
    """A relative formula as it is written in that cell."""

    def written(match: re.Match[str]) -> str:
        row, column = int(match[2]) + cell[0] * (match[1] != ""), int(match[4]) + cell[1] * (match[3] != "")
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
            return "#REF!"
        return f"{'' if match[3] else '$'}{letters(column)}{'' if match[1] else '$'}{row}"

    return _RELATIVE.sub(written, text)


def copied_down(formula: Formula) -> tuple[str, tuple[int, ...]]:
    """The text that a formula has in its column where it is copied to: %d for every row that moves along, and how far
    these rows lie from the formula's own."""
    distances = []

    def written(match: re.Match[str]) -> str:
        if match[2] is None or match[3]:
            return match[0]
        distances.append(int(match[4]) - formula.row)
        return f"{match[1]}{match[2]}%d"

    return _A1.sub(written, formula.text.replace("%", "%%")), tuple(distances)


def text_at(formula: Formula, cell: Position) -> str:
    """The formula's text as shown in a cell that it was copied to."""
    down, along = cell[0] - formula.row, cell[1] - formula.column

    def written(match: re.Match[str]) -> str:
        if match[2] is None:
            return match[0]
        column = match[2] if match[1] or not along else letters(column_number(match[2]) + along)
        return f"{match[1]}{column}{match[3]}{int(match[4]) + (0 if match[3] else down)}"

    return _A1.sub(written, formula.text)


@lru_cache(maxsize=20_000)
def parts(name: str) -> tuple[str, int, bool, int, bool] | None:
    """The sheet of a reference, its row and its column, each with whether it moves along with the cell; None for a name
    that is no reference."""
    sheet, _, where = name.rpartition("!")
    match = PLACE.fullmatch(where)
    if match is None:
        return None
    return sheet.strip("'").replace("''", "'"), int(match[2]), bool(match[1]), int(match[4]), bool(match[3])


def is_place(name: str) -> bool:
    """Whether a name of `read` refers to a cell, not to a name that the workbook defines."""
    return parts(name) is not None


def moves_down(name: str) -> bool:
    """Whether a name of `read` refers to a different row in every row that the formula is copied to."""
    found = parts(name)
    return found is not None and found[2]


def place(name: str, cell: Position) -> tuple[str, Position]:
    """The sheet ("" for the formula's own) and the cell that a name of `read` means, in the formula of that cell.

    Raises UnknownFormula if it is outside the sheet.
    """
    found = parts(name)
    assert found, name
    sheet, row, row_moves, column, column_moves = found
    row += cell[0] if row_moves else 0
    column += cell[1] if column_moves else 0
    if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
        raise UnknownFormula("a reference points outside the sheet")
    return sheet, (row, column)
