"""References of relative formulas, moved to other rows and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracer.grading.book.relative import PLACE

MOST_MOVED = 2
"""Rows or columns that a range is moved by."""


def is_reference(token: str) -> bool:
    """Whether a token refers to a cell."""
    return PLACE.fullmatch(token.rpartition("!")[2]) is not None


def moved_ranges(first: str, last: str) -> Iterator[tuple[str, str]]:
    """A range moved, or with one end moved."""
    for rows, columns in _moves():
        ends = moved(first, rows, columns), moved(last, rows, columns)
        yield ends
        yield first, ends[1]
        yield ends[0], last


def next_to(part: str) -> tuple[str, str]:
    """The rows, or columns, before and after one: of R[2], R[1] and R[3]."""
    start, end = (2, len(part) - 1) if part.endswith("]") else (1, len(part))
    number = int(part[start:end])
    return f"{part[:start]}{number - 1}{part[end:]}", f"{part[:start]}{number + 1}{part[end:]}"


def _moves() -> Iterable[tuple[int, int]]:
    for by in range(1, MOST_MOVED + 1):
        yield from ((by, 0), (-by, 0), (0, by), (0, -by))


def moved(reference: str, rows: int, columns: int) -> str:
    """A reference to the cell that lies so many rows below, and columns to the right; other tokens as they are."""
    sheet, mark, place = reference.rpartition("!")
    match = PLACE.fullmatch(place)
    if match is None:
        return reference
    close = ["]" if match[1] else "", "]" if match[3] else ""]
    return f"{sheet}{mark}R{match[1]}{int(match[2]) + rows}{close[0]}C{match[3]}{int(match[4]) + columns}{close[1]}"
