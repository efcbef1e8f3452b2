"""Edited formulas: each text that a small edit gives, once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracer.grading.mending.rewriting import HOLE, Kind, Rewriting, tokens_of

MOST_TOKENS = 120
"""Tokens of a formula that is edited."""
MOST_OTHERS = 10
"""Numbers, factors and formulas of other cells that are tried."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edited formula, in the form of `book.relative`; it may refer to HOLE. size: how many tokens were added.
    computed: whether only a cell with a formula belongs in its hole."""

    text: str
    kind: Kind
    size: int
    computed: bool = False


@dataclass(frozen=True, slots=True)
class Others:
    """What the other formulas of a step have: numbers, calls and brackets as factors, and whole formulas."""

    numbers: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def others_of(texts: Iterable[str]) -> Others:
    """What these formulas have."""
    numbers: dict[str, None] = {}
    factors: dict[str, None] = {}
    known: dict[str, None] = {}
    for text in texts:
        tokens = tokens_of(text)
        if tokens is None or len(tokens) > MOST_TOKENS:
            continue
        numbers.update((token, None) for token in tokens if token[0].isdigit() and token not in ("0", "1"))
        factors.update((part, None) for part in Rewriting(tokens).calls() if part != text)
        known[text] = None
    return Others(tuple(numbers)[:MOST_OTHERS], tuple(factors)[:MOST_OTHERS], tuple(known)[:MOST_OTHERS])


def edits_of(text: str, others: Others = Others()) -> Iterator[Edit]:
    """The edits of a relative formula, each text once; none of a long formula."""
    tokens = tokens_of(text)
    if tokens is None or len(tokens) > MOST_TOKENS:
        return
    formula = Rewriting(tokens)
    seen = {"".join(tokens)}
    for kind, edited in (*formula.edits(), *formula.like(others.numbers, others.factors, others.texts)):
        written = "".join(edited)
        if edited and written not in seen:
            seen.add(written)
            yield Edit(written, kind, len(edited) - len(tokens), kind is Kind.MORE and _is_slope(edited))


def _is_slope(tokens: Sequence[str]) -> bool:
    """Whether a slope was added."""
    return any(tokens[i : i + 3] == ["1", "-", HOLE] for i in range(len(tokens)))


def filled(text: str, reference: str) -> str:
    """The edited formula with a reference in its hole."""
    return text.replace(HOLE, reference)
