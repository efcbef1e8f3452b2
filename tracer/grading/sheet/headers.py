"""The headers of a sheet: texts that name quantities, alone or together with the line above them.

Under `net` in one line, `h1` and `h2` in the next are net h1 and net h2; under `w`, which may be a merged cell, 1, 2, 3
are w1, w2, w3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tracer.grading.book.cells import Cell, Position
from tracer.grading.sheet.conventions import Settling, Spelling
from tracer.grading.sheet.spelling import LONGEST, normalize

FEWEST_NUMBERED = 2
"""Numbers in a row, from 1 on, that make a group of headers under a text."""
MOST_NUMBERED = 200

_STEM_ONLY = re.compile(r".*[^\d\s)\]]\W*$")
"""A text that does not end in a number, to which one may be added."""

Headers = Mapping[Position, str]
"""The cells of headers, and the whole text of each."""


def headers(cells: Mapping[Position, Cell], settle: Settling) -> tuple[Headers, Spelling]:
    """The headers of a sheet in lines, and the spelling that knows what they mean beside each other.

    cells: with rows and columns exchanged for a sheet whose headers stand below each other.
    """
    texts: dict[int, dict[int, str]] = {}
    for (row, column), cell in sorted(cells.items()):
        if type(cell.value) is str and len(cell.value) <= LONGEST:
            texts.setdefault(row, {})[column] = cell.value
    joined = {row + 1: dict(_joined(cells, row + 1, above, texts.get(row + 1, {}))) for row, above in texts.items()}
    every = [text for line in (*texts.values(), *joined.values()) for text in line.values()]
    spelling = settle(every)
    found: dict[Position, str] = {}
    for row in sorted({*texts, *joined}):
        own, both = texts.get(row, {}), joined.get(row, {})
        counts = Counter(normalize(text) for text in own.values() if spelling(text))
        for column in sorted({*own, *both}):
            text, whole = own.get(column, ""), both.get(column, "")
            alone = bool(text) and bool(spelling(text))
            if alone and (counts[normalize(text)] == 1 or not (whole and spelling(whole))):
                found[row, column] = text
            elif whole and spelling(whole):
                found[row, column] = whole
    return found, spelling


def _joined(
    cells: Mapping[Position, Cell], row: int, above: Mapping[int, str], own: Mapping[int, str]
) -> Iterator[tuple[int, str]]:
    """(column, text) for the cells of a row that a text in the row above goes with: it reaches to the right, to another
    text or an empty cell below it."""
    for text, group in _groups(cells, row, above):
        numbers = [cells[row, column].value for column in group]
        if own.keys() & set(group):
            yield from ((column, _together(text, own[column])) for column in group if column in own)
        elif (
            _STEM_ONLY.match(text)
            and len(group) >= FEWEST_NUMBERED
            and numbers == [float(n) for n in range(1, len(group) + 1)]
        ):
            yield from ((column, f"{text.strip()} {n}") for n, column in enumerate(group, 1))


def _groups(cells: Mapping[Position, Cell], row: int, above: Mapping[int, str]) -> Iterator[tuple[str, list[int]]]:
    """The texts of the row above, each with the columns that it reaches over."""
    text, group = "", list[int]()
    column, last = min(above), max(above)
    while column <= last or (group and column <= last + MOST_NUMBERED):
        cell = cells.get((row, column))
        new = above.get(column, text if group else "")
        if group and (new != text or cell is None):
            yield text, group
            group = []
        text = new
        if text and cell is not None and cell.formula is None:
            group.append(column)
        column += 1
    if group:
        yield text, group


def _together(group: str, text: str) -> str:
    """`net` and `h1` → net h1; `∂E/∂w` and `w1` → ∂E/∂w 1."""
    stem = text.strip().rstrip("0123456789₀₁₂₃₄₅₆₇₈₉")
    if stem and stem != text.strip() and group.strip().endswith(stem):
        return f"{group.strip()} {text.strip()[len(stem) :]}"
    return f"{group.strip()} {text.strip()}"
