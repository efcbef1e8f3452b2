"""The formulas of a workbook by their relative texts, and the cells that each was copied to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from tracer.grading.book import relative
from tracer.grading.book.cells import Book, Formula
from tracer.grading.graph.graph import IntArray, TooLarge
from tracer.grading.graph.language import closed, is_open
from tracer.grading.graph.references import key, position_of

Copied = tuple[str, tuple[int, int] | None]
"""A relative text and, of an array formula, the row and the column of its result."""

_RANDOM = re.compile(r"\bRAND(?:BETWEEN|ARRAY)?\(")
"""In formulas whose values are drawn: these count as typed in."""
_COLUMNS = re.compile(r"(?<![\w.$:])(\$?[A-Za-z]{1,3}):(\$?[A-Za-z]{1,3})(?![\w.(:])|'(?:[^']|'')*'|\"[^\"]*\"")
_WORD = re.compile(r"'(?:[^']|'')*'!?|\"[^\"]*\"|[^\W\d][\w.]*[(!]?")


def copied(book: Book, most: int) -> dict[Copied, IntArray]:
    """The formulas of a workbook, each with the cells that it was copied to; an array formula is in its first cell.
    Raises TooLarge if these are more."""
    found: dict[Copied, list[int]] = {}
    count = 0
    rows = max((row for sheet in book.sheets for row, _ in sheet.cells), default=1)
    for formula, element, cells in _formulas(book):
        count += len(cells)
        if count > most:
            raise TooLarge(f"there are more than {most:,} formulas")
        text = with_names(relative.relative(_within(formula, rows)), book.names)
        if ":" in text and is_open(text):
            for cell in cells:
                found.setdefault((closed(text, *position_of(cell)), element), []).append(cell)
        else:
            found.setdefault((text, element), []).extend(cells)
    return {text: np.array(cells, int) for text, cells in found.items()}


def _formulas(book: Book) -> Iterator[tuple[Formula, tuple[int, int] | None, list[int]]]:
    """Every formula, the element of its result that is meant, and the cells that it is written for or was copied to."""
    for number, sheet in enumerate(book.sheets):
        shared: dict[int, tuple[Formula, list[int]]] = {}
        arrays = sheet.arrays
        for position, cell in sheet.cells.items():
            formula = cell.formula
            if formula is None or (isinstance(cell.value, float) and _RANDOM.search(formula.text)):
                continue
            if position in arrays:
                (row, column), (last_row, last_column) = position, arrays[position]
                for i in range(last_row - row + 1):
                    for j in range(last_column - column + 1):
                        yield formula, (i, j), [key(number, position)]
                continue
            entry = shared.get(id(formula))
            if entry is None:
                entry = shared[id(formula)] = (formula, [])
            entry[1].append(key(number, position))
        for formula, cells in shared.values():
            yield formula, None, cells


def _within(formula: Formula, rows: int) -> Formula:
    """The formula with whole columns, such as `B:B`, written as their first rows."""
    if ":" not in formula.text:
        return formula
    text = _COLUMNS.sub(lambda m: f"{m[1]}$1:{m[2]}${rows}" if m[1] else m[0], formula.text)
    return formula._replace(text=text)


def with_names(text: str, names: Mapping[str, str]) -> str:
    """A relative formula with the names that the workbook defines replaced by what they stand for."""
    if not names:
        return text

    def written(match: re.Match[str]) -> str:
        meaning = names.get(match[0].lower())
        if meaning is None:
            return match[0]
        fixed = relative.relative(Formula(meaning, 0, 0))
        return fixed if re.fullmatch(r"[^+*/^()<>=&]*", fixed) else f"({fixed})"

    return _WORD.sub(written, text)
