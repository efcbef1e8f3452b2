"""The formulas of a workbook by their relative texts, and the cells that each was copied to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tracer.grading.book import relative
from tracer.grading.book.cells import Book, Formula, letters
from tracer.grading.graph.graph import TooLarge
from tracer.grading.graph.language import closed, is_open
from tracer.grading.graph.references import key, position_of

Element = tuple[int, int] | None
"""Of an array formula, the row and the column of its result; None for other formulas."""

_RANDOM = re.compile(r"\bRAND(?:BETWEEN|ARRAY)?\(")
"""In formulas whose values are drawn: these count as typed in."""
_COLUMNS = re.compile(r"(?<![\w.$:])(\$?[A-Za-z]{1,3}):(\$?[A-Za-z]{1,3})(?![\w.(:])|'(?:[^']|'')*'|\"[^\"]*\"")
_LONG = re.compile(r"(\$?\b[A-Z]{1,3}\$?(\d{1,7}):\$?[A-Z]{1,3})\$?(\d{5,7})\b")
_ROWS = re.compile(r"(?<![\w.$:])(\$?\d{1,7}):(\$?\d{1,7})(?![\w.(:])|'(?:[^']|'')*'|\"[^\"]*\"")
_WORD = re.compile(r"'(?:[^']|'')*'!?|\"[^\"]*\"|[^\W\d][\w.]*[(!]?")


def copied(book: Book, most: int) -> dict[tuple[str, Element], list[int]]:
    """The formulas of a workbook, each with the cells that it was copied to; an array formula is in its first cell.
    Raises TooLarge if these are more."""
    found: dict[tuple[str, Element], list[int]] = {}
    count = 0
    used = [place for sheet in book.sheets for place in sheet.cells]
    last = max((row for row, _ in used), default=1), max((column for _, column in used), default=1)
    for formula, elements, cells in _formulas(book):
        count += len(cells) * len(elements)
        if count > most:
            raise TooLarge(f"there are more than {most:,} formulas")
        text = with_names(relative.relative(_within(formula, last)), book.names)
        if ":" in text and is_open(text):
            for cell in cells:
                found.setdefault((closed(text, *position_of(cell)), elements[0]), []).append(cell)
        else:
            for element in elements:
                found.setdefault((text, element), []).extend(cells)
    return found


def _formulas(book: Book) -> Iterator[tuple[Formula, list[Element], list[int]]]:
    """Every formula, the elements of its result that are shown, and the cells that it was copied to."""
    for number, sheet in enumerate(book.sheets):
        shared: dict[int, tuple[Formula, list[int]]] = {}
        arrays = sheet.arrays
        for position, cell in sheet.cells.items():
            formula = cell.formula
            if formula is None:
                continue
            if "RAND" in formula.text and isinstance(cell.value, float) and _RANDOM.search(formula.text):
                continue
            if position in arrays:
                rows, columns = (last - first + 1 for last, first in zip(arrays[position], position, strict=True))
                elements: list[Element] = [(i, j) for i in range(rows) for j in range(columns)]
                yield formula, elements, [key(number, position)]
                continue
            entry = shared.get(id(formula))
            if entry is None:
                entry = shared[id(formula)] = (formula, [])
            entry[1].append(key(number, position))
        for formula, cells in shared.values():
            yield formula, [None], cells


def _within(formula: Formula, last: tuple[int, int]) -> Formula:
    """The formula with whole columns and rows, such as `B:B`, and what leads beyond the last row, such as `B4:B99999`,
    written as their cells up to the last row and column."""
    if ":" not in formula.text:
        return formula
    text = _COLUMNS.sub(lambda m: f"{m[1]}$1:{m[2]}${last[0]}" if m[1] else m[0], formula.text)
    text = _LONG.sub(lambda m: f"{m[1]}${last[0]}" if int(m[2]) <= last[0] < int(m[3]) else m[0], text)
    text = _ROWS.sub(lambda m: f"$A{m[1]}:${letters(last[1])}{m[2]}" if m[1] else m[0], text)
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
