"""Small edits of the tokens of a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracer.grading.book.formula import EXCEL
from tracer.grading.book.relative import PLACE
from tracer.grading.mending.moves import is_reference, moved, moved_ranges, next_to

HOLE = "R1048576C16384"
"""A placeholder for any reference: the last cell of a sheet, which no formula refers to."""
_ENDING = frozenset({")", ",", ";", "<", ">", "=", "<=", ">=", "<>"})
"""Tokens that end a term."""
_OPENING = (_ENDING - {")"}) | {"(", "+", "-", "*", "/", "^"}
"""Tokens before an operand."""


class Kind(StrEnum):
    """What an edit changes."""

    SIGN = "sign"
    OPERATOR = "operator"
    LESS = "factor or term removed"
    MORE = "factor or term added"
    COMPLEMENT = "1 −"
    POWER = "power"
    SLOPE = "slope of another activation function"
    REFERENCE = "reference"
    RANGE = "range"
    COPY = "formula of its neighbors"


def tokens_of(text: str, token: re.Pattern[str] = EXCEL.token) -> list[str] | None:
    """The tokens of a formula; None where one is unknown, by default a text."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = token.match(text, at)
        if match is None:
            return found if not text[at:].strip() else None
        found.append(match[0].strip())
        at = match.end()
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """An operand: from its first token to the one after its last, without the sign in front."""

    start: int
    end: int


class Rewriting:
    """Edits the tokens of a formula. Holds the positions of its operands and operators."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = list(tokens)
        self._close = self._brackets()
        self._parts = [_Part(i, self._end(i)) for i in range(len(tokens)) if self._begins(i)]
        self._binary = [i for i in range(1, len(tokens)) if tokens[i] in "+-*/" and not self._is_open(i - 1)]
        self._unary = [i for i, token in enumerate(tokens) if token == "-" and i not in set(self._binary)]

    def _brackets(self) -> dict[int, int]:
        stack, close = [], {}
        for index, token in enumerate(self._tokens):
            if token == "(":
                stack.append(index)
            elif token == ")" and stack:
                close[stack.pop()] = index
        return close

    def _is_open(self, index: int) -> bool:
        """Whether an operand begins after this token."""
        return index < 0 or self._tokens[index] in _OPENING

    def _begins(self, index: int) -> bool:
        """Whether an operand begins with this token, a sign not counted."""
        token = self._tokens[index]
        return self._is_open(index - 1) and (token == "(" or token[0].isalnum() or token[0] in "'._")

    def _end(self, index: int) -> int:
        token = self._tokens[index]
        if token == "(":
            end = self._close.get(index, index) + 1
        elif index + 1 < len(self._tokens) and self._tokens[index + 1] == "(" and not is_reference(token):
            end = self._close.get(index + 1, index + 1) + 1
        elif index + 2 < len(self._tokens) and self._tokens[index + 1] == ":":
            end = index + 3
        else:
            end = index + 1
        return end

    def _with_power(self, part: _Part) -> int:
        """Where an operand ends with its power."""
        if part.end + 1 < len(self._tokens) and self._tokens[part.end] == "^":
            after = part.end + 1 + (self._tokens[part.end + 1] == "-")
            return self._end(after) if after < len(self._tokens) else part.end
        return part.end

    def _put(self, start: int, end: int, *new: str) -> list[str]:
        return [*self._tokens[:start], *new, *self._tokens[end:]]

    def edits(self) -> Iterator[tuple[Kind, list[str]]]:
        """All edits."""
        yield from self._signs()
        yield from self._operators()
        yield from self._less()
        yield from self._complements()
        yield from self._powers()
        yield from self._references()
        yield from self._ranges()
        yield from self._more()

    def calls(self) -> Iterator[str]:
        """The operands that are calls or brackets."""
        for part in self._parts:
            if self._tokens[part.end - 1] == ")":
                yield "".join(self._tokens[part.start : self._with_power(part)])

    def like(
        self, numbers: Iterable[str], factors: Iterable[str], texts: Iterable[str]
    ) -> Iterator[tuple[Kind, list[str]]]:
        """The edits with what other formulas have."""
        whole = self._tokens if self._is_product() else ["(", *self._tokens, ")"]
        for number in numbers:
            yield Kind.MORE, [number, "*", *whole]
            yield Kind.MORE, [*whole, "/", number]
        for factor in factors:
            yield Kind.MORE, [*whole, "*", factor]
        for text in texts:
            yield Kind.REFERENCE, tokens_of(text) or []

    def _is_product(self) -> bool:
        return self._term_end(0) == len(self._tokens) and not any(t in _ENDING - {")", ","} for t in self._tokens)

    def _signs(self) -> Iterator[tuple[Kind, list[str]]]:
        tokens = self._tokens
        for index in self._unary:
            if tokens[index + 1 : index + 2] == ["("] and self._close.get(index + 1) == len(tokens) - 1 and not index:
                yield Kind.SIGN, tokens[2:-1]
            yield Kind.SIGN, self._put(index, index + 1)
        yield Kind.SIGN, ["-", "(", *tokens, ")"]
        for index, token in enumerate(tokens):
            if token in ("(", ",") and tokens[index + 1 : index + 2] != ["-"]:
                yield Kind.SIGN, self._put(index + 1, index + 1, "-")

    def _operators(self) -> Iterator[tuple[Kind, list[str]]]:
        for index in self._binary:
            for other in "+-*/":
                if other != self._tokens[index]:
                    yield Kind.OPERATOR, self._put(index, index + 1, other)

    def _less(self) -> Iterator[tuple[Kind, list[str]]]:
        tokens = self._tokens
        starts = {part.start: part for part in self._parts}
        for index in self._binary:
            after = starts.get(index + 1 + (tokens[index + 1] == "-"))
            if after and tokens[index] in "*/":
                yield Kind.LESS, self._put(index, self._with_power(after))
            if tokens[index] in "+-":
                yield Kind.LESS, self._put(index, self._term_end(index + 1))
                start = self._term_start(index)
                yield Kind.LESS, self._put(start, index + (tokens[index] == "+"))
        for part in self._parts:
            end = self._with_power(part)
            if tokens[end : end + 1] == ["*"]:
                yield Kind.LESS, self._put(part.start, end + 1)
            slope = part.end + len(rest := self._complement_of(part))
            if tokens[part.end : slope] == rest:
                if tokens[part.start - 1 : part.start] == ["*"]:
                    yield Kind.LESS, _unbracketed(self._put(part.start - 1, slope))
                elif tokens[slope : slope + 1] == ["*"]:
                    yield Kind.LESS, _unbracketed(self._put(part.start, slope + 1))

    def _complement_of(self, part: _Part) -> list[str]:
        """What makes an operand the slope of a sigmoid: `*(1-a)`."""
        return ["*", "(", "1", "-", *self._tokens[part.start : part.end], ")"]

    def _term_end(self, index: int) -> int:
        """Where the term ends that begins here."""
        while index < len(self._tokens):
            token = self._tokens[index]
            if token == "(":
                index = self._close.get(index, index)
            elif token in _ENDING or (token in "+-" and index in self._binary):
                return index
            index += 1
        return index

    def _term_start(self, index: int) -> int:
        """Where the term begins that ends before this operator."""
        opening = {close: start for start, close in self._close.items()}
        index -= 1
        while index >= 0:
            token = self._tokens[index]
            if token == ")":
                index = opening.get(index, index)
            elif token in (_ENDING - {")"}) | {"("} or (token in "+-" and index in self._binary):
                return index + 1
            index -= 1
        return 0

    def _complements(self) -> Iterator[tuple[Kind, list[str]]]:
        for index in self._binary:
            if self._tokens[index] == "-" and self._tokens[index - 1] == "1" and self._is_open(index - 2):
                yield Kind.COMPLEMENT, self._put(index - 1, index + 1)
        for part in self._parts:
            end = self._with_power(part)
            if not self._is_number(part):
                yield Kind.COMPLEMENT, self._put(part.start, end, "(", "1", "-", *self._tokens[part.start : end], ")")

    def _powers(self) -> Iterator[tuple[Kind, list[str]]]:
        for part in self._parts:
            end = self._with_power(part)
            if end > part.end:
                yield Kind.POWER, self._put(part.end, end)
            elif not self._is_number(part):
                yield Kind.POWER, self._put(end, end, "^", "2")
        yield from self._slopes()

    def _slopes(self) -> Iterator[tuple[Kind, list[str]]]:
        """The slope of a sigmoid for that of tanh, and the other way around."""
        for part in self._parts:
            own, end = self._tokens[part.start : part.end], self._with_power(part)
            rest = self._complement_of(part)
            if self._tokens[part.end : part.end + len(rest)] == rest:
                yield Kind.SLOPE, self._put(part.start, part.end + len(rest), "(", "1", "-", *own, "^", "2", ")")
            before = self._tokens[max(part.start - 2, 0) : part.start]
            if self._tokens[part.end : end] == ["^", "2"] and before == ["1", "-"]:
                new = (*own, "*", "(", "1", "-", *own, ")")
                if self._tokens[part.start - 3 : part.start - 2] == ["("] and self._tokens[end : end + 1] == [")"]:
                    yield Kind.SLOPE, self._put(part.start - 3, end + 1, *new)
                elif part.start == 2 or self._tokens[part.start - 3] in _OPENING:
                    yield Kind.SLOPE, self._put(part.start - 2, end, *new)

    def _references(self) -> Iterator[tuple[Kind, list[str]]]:
        yield from self._moved_together()
        places: dict[str, list[int]] = {}
        for part in self._parts:
            if part.end == part.start + 1 and is_reference(self._tokens[part.start]):
                places.setdefault(self._tokens[part.start], []).append(part.start)
        for found in places.values():
            for index in found:
                yield Kind.REFERENCE, self._put(index, index + 1, HOLE)
            if len(found) > 1:
                chosen = set(found)
                yield Kind.REFERENCE, [HOLE if i in chosen else token for i, token in enumerate(self._tokens)]

    def _moved_together(self) -> Iterator[tuple[Kind, list[str]]]:
        """All references to one row, or one column, moved to the next one or to another of the formula."""
        found = {i: PLACE.fullmatch(t.rpartition("!")[2]) for i, t in enumerate(self._tokens) if is_reference(t)}
        parts = {
            i: (f"R{m[1]}{m[2]}{']' * (m[1] != '')}", f"C{m[3]}{m[4]}{']' * (m[3] != '')}")
            for i, m in found.items()
            if m
        }
        for axis in (0, 1):
            used = {part[axis] for part in parts.values()}
            for own in sorted(used):
                chosen = [i for i, part in parts.items() if part[axis] == own]
                for other in sorted((used | set(next_to(own))) - {own}) if len(chosen) > 1 else ():
                    tokens = list(self._tokens)
                    for i in chosen:
                        sheet = tokens[i][: tokens[i].rfind("!") + 1]
                        tokens[i] = sheet + (other + parts[i][1] if axis == 0 else parts[i][0] + other)
                    yield Kind.REFERENCE, tokens
            if len(parts) > 2:
                for by in (-1, 1):
                    tokens = list(self._tokens)
                    for i in parts:
                        tokens[i] = moved(tokens[i], by * (axis == 0), by * (axis == 1))
                    yield Kind.REFERENCE, tokens

    def _ranges(self) -> Iterator[tuple[Kind, list[str]]]:
        places: dict[tuple[str, str], list[int]] = {}
        for part in self._parts:
            if self._tokens[part.start + 1 : part.start + 2] == [":"]:
                first, _, last = self._tokens[part.start : part.end]
                places.setdefault((first, last), []).append(part.start)
        for (first, last), found in places.items():
            for one, two in moved_ranges(first, last):
                for chosen in ([found] if len(found) > 1 else []) + [[index] for index in found]:
                    tokens = list(self._tokens)
                    for index in chosen:
                        tokens[index], tokens[index + 2] = one, two
                    yield Kind.RANGE, tokens
            for index in found:
                if self._tokens[index - 2 : index] == ["TRANSPOSE", "("]:
                    yield Kind.RANGE, self._put(index - 2, index + 4, *self._tokens[index : index + 3])
                else:
                    yield Kind.RANGE, self._put(index, index + 3, "TRANSPOSE", "(", first, ":", last, ")")

    def _more(self) -> Iterator[tuple[Kind, list[str]]]:
        tokens = self._tokens
        if all(token not in "+-" or index in self._unary for index, token in enumerate(tokens)):
            ends = set()
        else:
            ends = {len(tokens)}
        for part in self._parts:
            end = self._with_power(part)
            if tokens[end : end + 1] not in (["*"], ["/"], ["^"]):
                for factor in FACTORS:
                    yield Kind.MORE, self._put(end, end, "*", *factor)
        for end in ends:
            for factor in FACTORS:
                yield Kind.MORE, ["(", *tokens[:end], ")", "*", *factor]
        yield Kind.MORE, [*tokens, "+", HOLE]
        yield Kind.MORE, [*tokens, "-", HOLE]

    def _is_number(self, part: _Part) -> bool:
        return part.end == part.start + 1 and self._tokens[part.start][0].isdigit()


def _unbracketed(tokens: list[str]) -> list[str]:
    """A formula without the only brackets that it has, around all of it."""
    whole = tokens[0] == "(" and tokens[-1] == ")" and "(" not in tokens[1:]
    return tokens[1:-1] if whole else tokens


FACTORS: Sequence[Sequence[str]] = (
    (HOLE,),
    (HOLE, "*", "(", "1", "-", HOLE, ")"),
    ("(", "1", "-", HOLE, "^", "2", ")"),
    ("(", "1", "-", HOLE, ")"),
)
"""Factors to add: a cell, and the slopes of activation functions."""
