"""Texts that name quantities, which are marked while a sentence is written and told apart from its words afterwards."""

from __future__ import annotations

_BEGIN, _END = "\x02", "\x03"


def mark(number: int) -> str:
    """What stands in a text for the quantity of this number."""
    return f"{_BEGIN}{number}{_END}"


def parts(text: str) -> list[str | int]:
    """The words of a text, and the numbers of the quantities between them."""
    beginning, *others = text.split(_BEGIN)
    found: list[str | int] = [beginning] if beginning else []
    for other in others:
        number, _, after = other.partition(_END)
        found.append(int(number))
        if after:
            found.append(after)
    return found
