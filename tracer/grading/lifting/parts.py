"""The parts of a formula, as ranges of its tokens: calls, their arguments, brackets and references."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tracer.grading.graph.language import TOKEN
from tracer.grading.mending.moves import is_reference
from tracer.grading.mending.rewriting import tokens_of

Tokens = tuple[str, ...]
Span = tuple[int, int]
"""From the first token to the one after the last."""


class Kind(Enum):
    """What is taken out of a formula."""

    CLIP = auto()
    """Limits a value to an interval around 0."""
    LIMIT = auto()
    """Limits it to another interval, or on one side."""
    SCALE = auto()
    """Scales it down where a norm is too large."""
    STOP = auto()
    """Keeps a parameter from some step on."""
    ZERO = auto()
    """Makes a gradient or a learning rate 0 from some step on."""
    RATE = auto()
    """Makes a learning rate depend on the loss."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a formula, each once. compound: the calls, arguments and brackets, the longest first. references:
    the references."""

    compound: tuple[Span, ...]
    references: tuple[Span, ...]

    def within(self, span: Span) -> list[Span]:
        """The parts that lie in a span, without this itself, the longest first."""
        inside = (part for part in (*self.compound, *self.references) if span[0] <= part[0] and part[1] <= span[1])
        return [part for part in inside if part != span]


def tokens_with_ranges(text: str) -> Tokens | None:
    """The tokens of a relative formula, a range as one; None where one is unknown."""
    tokens = tokens_of(text, TOKEN)
    if tokens is None:
        return None
    found: list[str] = []
    for token in tokens:
        if found and (token == ":" or found[-1].endswith(":")):
            found[-1] += token
        else:
            found.append(token)
    return tuple(found)


def is_range(token: str) -> bool:
    """Whether a token refers to several cells."""
    return ":" in token


def refers(token: str) -> bool:
    """Whether a token refers to a cell or to several."""
    return is_reference(token.partition(":")[0])


def parts_of(tokens: Tokens) -> Parts:
    """The parts of a formula, the whole included."""
    compound = {(0, len(tokens))}
    opened: list[tuple[int, int]] = []  # where a bracket, and its current argument, begins
    for index, token in enumerate(tokens):
        if token == "(":
            opened.append((index, index + 1))
        elif token in (",", ";") and opened:
            start, argument = opened.pop()
            compound.add((argument, index))
            opened.append((start, index + 1))
        elif token == ")" and opened:
            start, argument = opened.pop()
            compound.add((argument, index))
            compound.add((start - is_call(tokens, start), index + 1))
    references = tuple((index, index + 1) for index, token in enumerate(tokens) if refers(token))
    longest = sorted((s for s in compound if s[0] < s[1]), key=lambda s: (s[0] - s[1], s[0]))
    return Parts(tuple(s for s in longest if s not in references), references)


def is_call(tokens: Tokens, bracket: int) -> bool:
    """Whether a bracket holds the arguments of a function."""
    before = tokens[bracket - 1] if bracket else ""
    return before[:1].isalpha() and not refers(before)


def is_sum(tokens: Tokens) -> bool:
    """Whether a formula adds or subtracts terms outside of brackets."""
    return len(terms(tokens)) > 1


def terms(tokens: Tokens) -> list[Span]:
    """What a formula adds or subtracts outside of brackets."""
    found: list[Span] = []
    depth = start = 0
    for index, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        if not depth and token in ("+", "-"):
            if index > start:
                found.append((start, index))
            start = index + 1
    return [*found, (start, len(tokens))]


def arguments(tokens: Tokens) -> list[Span]:
    """The arguments of a formula that is a single call; none of another one."""
    found: list[Span] = []
    depth, start = 0, 2
    for index, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        ends = token == ")" and not depth
        if ends and index < len(tokens) - 1:
            return []
        if ends or (depth == 1 and token in (",", ";")):
            found.append((start, index))
            start = index + 1
    return found if len(tokens) > 1 and tokens[1] == "(" and is_call(tokens, 1) else []


def replaced(tokens: Tokens, part: Tokens, new: str) -> Tokens:
    """The tokens with a new one in place of each occurrence of a part."""
    found: list[str] = []
    index = 0
    while index < len(tokens):
        here = tokens[index : index + len(part)] == part
        found.append(new if here else tokens[index])
        index += len(part) if here else 1
    return tuple(found)
