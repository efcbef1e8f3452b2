"""Protects text from others in cells from being read as a formula ("CSV injection").

A spreadsheet computes a cell that begins with =, +, - or @, in any width, and after white space. In a CSV a cell may
begin behind any separator: where decimals take a comma, a file is parted at its semicolons.
"""

from __future__ import annotations

import re

BEGINS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺₌₊﬩"
"""What a formula begins with, for a character class: each of these is =, +, - or @ in another width or height."""
_UNSEEN = '\\s"\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff'
"""What may stand before it: white space, quotes, characters without a width."""
_CELL = re.compile(f"[{_UNSEEN}]*[{BEGINS}]|[\t\r\n]")
_PART = re.compile(f"(^|[;,|\t\r\n])(?=[{_UNSEEN}]*[{BEGINS}])|^(?=[\t\r\n])")


def is_formula(text: str) -> bool:
    """Whether a cell with this text could be read as a formula, now or once it is edited."""
    return bool(_CELL.match(text))


def guarded(text: str) -> str:
    """The text for a cell of a CSV, with an apostrophe before everything that could be read as a formula."""
    return _PART.sub(r"\g<0>'", text)
