"""A reader of MathML that sees what a person sees: rows are no groups, only brackets, bars and positions are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from xml.etree.ElementTree import Element, fromstring

from latex2mathml.converter import convert

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "ln": math.log, "log₁₀": math.log10, "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "arctan": math.atan,
    "erf": math.erf, "Φ": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), "min": min, "max": max,
    "sign": lambda x: float((x > 0) - (x < 0)), "sum": lambda *x: math.fsum(x),
    "mean": lambda *x: math.fsum(x) / len(x), "round": lambda x, digits: math.floor(abs(x) * 10**digits + 0.5) / 10**digits * math.copysign(1, x),
}  # fmt: skip
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda x, y: x < y, "≤": lambda x, y: x <= y, ">": lambda x, y: x > y, "≥": lambda x, y: x >= y,
    "=": lambda x, y: x == y, "≠": lambda x, y: x != y,
}  # fmt: skip

Token = str | float | tuple[str, Sequence[Sequence["Token"]]]
"""A sign or a name, a number, or something that is laid out in two dimensions with what it is made of."""


def of_latex(formula: str) -> str:
    """LaTeX as MathML, read by latex2mathml."""
    return convert(formula.replace(r"\cr", r"\\").replace(r"\lvert", "|").replace(r"\rvert", "|"))


def value(markup: str, names: Mapping[str, float]) -> float:
    """What a formula in MathML is, for the values of its names. Raises ValueError for one that no person can read."""
    tokens = _tokens(fromstring(markup if markup.startswith("<math") else f"<math>{markup}</math>"))
    reader = _Reader(tokens, names)
    found = reader.comparison()
    reader.end()
    return found


def _tokens(element: Element) -> list[Token]:
    kind, text = element.tag.rpartition("}")[2], (element.text or "").strip()
    parts = [_tokens(child) for child in element]
    match kind:
        case "math" | "mrow" | "mstyle" | "mpadded" | "mtd":
            return [token for part in parts for token in part]
        case "mn":
            return [float(text)]
        case "mi" | "mo" | "mtext":
            return [text.replace("\N{NO-BREAK SPACE}", " ").strip().replace("-", "−") or " "]
        case "msub":
            base, index = parts
            if base == ["log"] and index == [10.0]:
                return ["log₁₀"]
            return [f"{base[0]}_{index[0]}"]
        case "msup":
            return [*parts[0], ("power", [parts[1]])]
        case "mfrac" | "msqrt":
            return [(kind, parts if kind == "mfrac" else [[token for part in parts for token in part]])]
        case "mtr":
            return [("row", parts)]
        case "mtable":
            return [(kind, [cell for [row] in parts if isinstance(row, tuple) for cell in row[1]])]
    raise ValueError(kind)


class _Reader:
    """Reads tokens from left to right, as a person with the usual precedences does."""

    def __init__(self, tokens: Sequence[Token], names: Mapping[str, float]) -> None:
        self.tokens = [token for token in tokens if token not in ("\N{FUNCTION APPLICATION}", " ", "")]
        self.names, self.at = names, 0

    def inner(self, tokens: Sequence[Token]) -> float:
        reader = _Reader(tokens, self.names)
        found = reader.comparison()
        reader.end()
        return found

    def end(self) -> None:
        if self.at != len(self.tokens):
            raise ValueError(f"{self.next!r} is left")

    @property
    def next(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> Token:
        token = self.next
        if expected and token not in expected:
            raise ValueError(f"{token!r} in place of {expected}")
        self.at += 1
        return token

    def comparison(self) -> float:
        found = self.sum()
        if isinstance(self.next, str) and self.next in COMPARISONS:
            sign = self.take()
            assert isinstance(sign, str)
            return float(COMPARISONS[sign](found, self.sum()))
        return found

    def sum(self) -> float:
        sign = -1.0 if self.next == "−" and self.take() else 1.0
        found = sign * self.product()
        while self.next in ("+", "−"):
            found += self.product() if self.take() == "+" else -self.product()
        return found

    def product(self) -> float:
        found = self.power()
        while self.next in ("·", "⋅"):
            self.take()
            found *= self.power()
        return found

    def power(self) -> float:
        found = self.atom()
        if isinstance(self.next, tuple) and self.next[0] == "power":
            exponent = self.take()
            assert isinstance(exponent, tuple)
            found = _real(found ** self.inner(exponent[1][0]))
            if isinstance(self.next, tuple) and self.next[0] == "power":
                raise ValueError("two exponents")
        return found

    def atom(self) -> float:
        token = self.take()
        if isinstance(token, float):
            return token
        if isinstance(token, tuple):
            match token:
                case "mfrac", [above, below]:
                    return self.inner(above) / self.inner(below)
                case "msqrt", [inner]:
                    return math.sqrt(self.inner(inner))
            raise ValueError(token[0])
        if token in FUNCTIONS:
            self.take("(")
            args = [self.comparison()]
            while self.next == ",":
                self.take()
                args.append(self.comparison())
            self.take(")")
            return float(FUNCTIONS[token](*args))
        pairs = {"(": ")", "|": "|", "⌊": "⌋"}
        if token in pairs:
            found = self.comparison()
            self.take(pairs[token])
            return found if token == "(" else abs(found) if token == "|" else float(math.floor(found))
        if token == "{":
            return self.cases()
        if token == "e":
            return math.e
        return self.names[token]

    def cases(self) -> float:
        table = self.take()
        assert isinstance(table, tuple)
        *cases, last, otherwise = table[1]
        assert otherwise == ["otherwise"]
        for number, condition in zip(cases[::2], cases[1::2], strict=True):
            assert condition[0] == "if"
            if self.inner(condition[1:]):
                return self.inner(number)
        return self.inner(last)


def _real(number: complex | float) -> float:
    if isinstance(number, complex):
        raise ValueError("a root of a negative number")
    return number
