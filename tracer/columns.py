"""Text in terminal columns: its width, padding, cutting and wrapping."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

BREAKS = "·/"
"""Characters after which a line may break besides a blank."""
ELLIPSIS = "…"


def columns(line: str) -> int:
    """How many columns of a terminal a text takes."""
    if line.isascii():
        return len(line)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
    return len(line) + wide - sum(map(bool, map(unicodedata.combining, line)))


def padded(line: str, width: int, right: bool = False) -> str:
    """A text with blanks behind it, or before it, up to a width."""
    blanks = " " * (width - columns(line))
    return blanks + line if right else line + blanks


def wrapped(line: str, width: int, before: Sequence[str] = ()) -> list[str]:
    """A text in lines that are at most so wide, broken at blanks and after the signs of products; where it is longer,
    rather before one of these signs outside of brackets."""
    if columns(line) <= width:
        return [line]
    pieces = [piece for term in _terms(line, before) for piece in ([term] if columns(term) <= width else _pieces(term))]
    found, now = [], ""
    for piece in pieces:
        if now and columns(now + piece.rstrip()) > width:
            found.append(now.rstrip())
            now = ""
        now += piece
    return [*found, now.rstrip()]


def _terms(line: str, before: Sequence[str]) -> Iterator[str]:
    """The parts of a text that begin with one of these signs, outside of brackets."""
    depth = begin = 0
    for place, character in enumerate(line):
        depth += (character == "(") - (character == ")")
        if not depth and place > begin and line.startswith(tuple(before), place):
            yield line[begin : place + 1]
            begin = place + 1
    yield line[begin:]


def _pieces(line: str) -> Iterator[str]:
    """The parts of a text between which a line may break."""
    now = ""
    for character in line:
        now += character
        if character == " " or character in BREAKS:
            yield now
            now = ""
    if now:
        yield now


def characters(line: str) -> Iterator[tuple[str, int]]:
    """The characters of a text, each with what combines with it, and how many columns it takes; those that cannot be
    shown are left out."""
    found: list[str] = []
    for character in line:
        if found and unicodedata.combining(character):
            found[-1] += character
        elif character.isprintable():
            found.append(character)
    return ((character, columns(character)) for character in found)


def cut(line: str, width: int) -> str:
    """The text, with an ellipsis where it is too long for so many columns."""
    if columns(line) <= width:
        return line
    kept, used = "", 0
    for character, size in characters(line):
        if used + size > width - 1:
            break
        kept, used = kept + character, used + size
    return kept + ELLIPSIS if width > 0 else ""
