"""Breaks long equations in LaTeX into lines, at signs and before the terms of long sums."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tracer.documents.mathematics import Written

INDENT = r"\qquad "
"""Before what goes on in a further line."""
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|.", re.DOTALL)
_WORDS = {"ln", "exp", "sin", "cos", "tanh", "min", "max", "arctan", "log"}
_NO_WIDTH = {"mathit", "operatorname", "text", "textit", "texttt", "hat"}
_WIDTHS = {"+": 2.5, "-": 2.5, "=": 2.7, "<": 2.7, ">": 2.7, ".": 0.6, ",": 0.9, "(": 0.8, ")": 0.8, " ": 0.0, "&": 0.0,
           "cdot": 1.5, "leftarrow": 3.1, "le": 2.7, "ge": 2.7, "ne": 2.7, "qquad": 4.0,
           "left": 0.8, "right": 0.8, "m": 1.6, "w": 1.4, "M": 1.8, "W": 2.0}  # fmt: skip
"""Of signs with the space around them, where it is not that of a digit, in the fonts of LaTeX."""
_SMALL = 0.7
"""The size of an index or an exponent."""


def aligned(equations: Sequence[Written], width: int) -> list[str]:
    """The lines of equations, each with an `&` where they are aligned; a line is at most so wide, in digits, as far as
    a single term is."""
    return [line for equation in equations for line in _lines(equation, width)]


def _lines(equation: Written, width: int) -> Iterator[str]:
    whole = "".join(f"{form.sign}{''.join(form.pieces)}" for form in equation.forms)
    begin, room = f"{equation.left} ", width - width_of(equation.left)
    if width_of(whole) <= room:
        yield f"{begin}&{whole.lstrip()}" if whole else f"{begin}&"
        return
    line = ""
    for index, form in enumerate(equation.forms):
        together = f"{line}{form.sign}{''.join(form.pieces)}"
        is_result = index == len(equation.forms) - 1 and len(form.pieces) == 1
        if line and is_result and width_of(together) <= room:
            line = together
            continue
        if line:
            yield f"{begin}&{line.lstrip()}"
            begin = ""
        line = form.sign
        for number, piece in enumerate(form.pieces):
            if number and width_of(line + piece) > room:
                yield f"{begin}&{line.lstrip()}"
                begin, line = "", f"{INDENT}{{}}"
            line += piece
    yield f"{begin}&{line.lstrip()}"


def width_of(formula: str) -> float:
    """About how wide a formula is, in digits."""
    width, _ = _measured(_TOKEN.findall(formula), 0)
    return width


def _measured(tokens: Sequence[str], at: int) -> tuple[float, int]:
    """The width of what stands before the next closing brace, and the place behind it."""
    width = 0.0
    while at < len(tokens) and tokens[at] != "}":
        one, at = _one(tokens, at)
        width += one
    return width, at + 1


def _one(tokens: Sequence[str], at: int) -> tuple[float, int]:
    """The width of a token with its arguments, and the place behind them."""
    token = tokens[at] if at < len(tokens) else ""
    name = token[1:]
    if token == "{":
        return _measured(tokens, at + 1)
    if name == "begin":
        return _rows(tokens, at + 1)
    if token in ("_", "^"):
        width, at = _one(tokens, at + 1)
        return _SMALL * width, at
    if name == "frac":
        above, at = _one(tokens, at + 1)
        below, at = _one(tokens, at)
        return max(above, below) + 0.5, at
    if name in _WORDS:
        return float(len(name)), at + 1
    return 0.0 if name in _NO_WIDTH else _WIDTHS.get(name or token, 1.0), at + 1


def _rows(tokens: Sequence[str], at: int) -> tuple[float, int]:
    """The width of the longest row of cases, and the place behind them."""
    widths = [0.0]
    at = _behind(tokens, at)
    while at < len(tokens) and tokens[at] != r"\end":
        one, at = _one(tokens, at)
        if tokens[at - 1] == r"\cr":
            widths.append(0.0)
        else:
            widths[-1] += one
    at = _behind(tokens, at + 1)
    return max(widths) + 1.0, at


def _behind(tokens: Sequence[str], at: int) -> int:
    """The place behind a name in braces."""
    return tokens.index("}", at) + 1
