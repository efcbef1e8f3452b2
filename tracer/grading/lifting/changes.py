"""What is taken out of a formula, step by step, and put back into what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.grading.graph.graph import Graph
from tracer.grading.lifting.clamps import CHOICES, MOST_TOKENS, clamp_in
from tracer.grading.lifting.parts import Kind, Span, Tokens, arguments, is_range, refers, tokens_with_ranges
from tracer.grading.lifting.stops import branch_without_stop
from tracer.grading.mending.formulas import Unreadable, referred
from tracer.grading.wording.sentences import home_of

MOST_CHANGES = 4
"""Clamps and stop conditions in one formula."""


@dataclass(frozen=True, slots=True)
class Change:
    """One replacement in a formula: a clamp or a stop condition by its contents.

    before, after: the formula's tokens. span: the part that is replaced, in `before`. inner: its replacement, in
    `after`. kind: of the part. multiplied: whether a constant multiplies the part.
    """

    before: Tokens
    after: Tokens
    span: Span
    inner: Span
    kind: Kind
    multiplied: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the whole formula was clamped."""
        return self.span == (0, len(self.before))

    def undone(self, tokens: Tokens) -> Tokens | None:
        """Another formula than the one after the change, with the clamp; None where it is not known where to put it."""
        (start, end), (first, last) = self.span, self.inner
        rest = len(self.after) - last
        stop = len(tokens) - rest
        if tokens[:first] == self.after[:first] and tokens[stop:] == self.after[last:] and first < stop:
            clamp = tuple(_with(self.before[start:end], self.after[first:last], tokens[first:stop]))
            return (*self.before[:start], *clamp, *self.before[end:])
        if self.multiplied:
            return None
        if tokens[:last] == self.after[:last]:
            return (*self.before[:end], *tokens[last:])
        start_of_value = stop - (last - first)
        if start_of_value >= 0 and tokens[start_of_value:] == self.after[first:]:
            return (*tokens[:start_of_value], *self.before[start:])
        return None


def _with(tokens: Tokens, part: Tokens, new: Tokens) -> Iterator[str]:
    """Tokens with new ones in place of each occurrence of a part."""
    index = 0
    while index < len(tokens):
        here = tokens[index : index + len(part)] == part
        yield from new if here else tokens[index : index + 1]
        index += len(part) if here else 1


def changes_of(graph: Graph, text: int) -> tuple[Change, ...]:
    """What limits or stops a formula, taken out piece by piece; nothing where that is not clear. text: its index."""
    own = graph.texts[text]
    if not any(name in own.relative.upper() for name in CHOICES) or not len(own.nodes):
        return ()
    tokens = tokens_with_ranges(own.relative)
    if tokens is None or len(tokens) > MOST_TOKENS:
        return ()
    found: list[Change] = []
    for _ in range(MOST_CHANGES):
        change = _stop(graph, text, tokens) if not found else None
        change = change or _clamp(graph, text, tokens)
        if change is None:
            break
        found.append(change)
        tokens = change.after
    limits = [change for change in found if change.kind is Kind.LIMIT]
    return () if len(limits) > 1 else tuple(found)


def _stop(graph: Graph, text: int, tokens: Tokens) -> Change | None:
    branch, parts = branch_without_stop(graph, text), arguments(tokens)
    if branch is None or len(parts) != 3:
        return None
    after = tokens[slice(*parts[branch.argument])]
    return Change(tokens, after, (0, len(tokens)), (0, len(after)), branch.kind)


def _clamp(graph: Graph, text: int, tokens: Tokens) -> Change | None:
    """The next clamp. Formulas that differ in their references alone are read once."""
    written: dict[str, str] = {}
    known: list[tuple[str, float]] = []
    for token in filter(refers, tokens):
        if token in written:
            continue
        row, column = (2, len(written) + 1) if is_range(token) else (1, len(written) + 1)
        written[token] = f"R{row}C{column}" + f":R{row}C{column}" * is_range(token)
        value = None if is_range(token) else _constant(graph, text, token)
        if value is not None:
            known.append((written[token], value))
    lift = clamp_in(tuple(written.get(token, token) for token in tokens), tuple(known))
    if lift is None:
        return None
    start, end = lift.span
    new = ("1",) if lift.left is None else tokens[slice(*lift.left)]
    multiplied = lift.times != 1.0
    around = (("(",), (")", "*", f"{lift.times:.12g}")) if multiplied else ((), ())
    first = start + len(around[0])
    after = (*tokens[:start], *around[0], *new, *around[1], *tokens[end:])
    return Change(tokens, after, lift.span, (first, first + len(new)), lift.kind, multiplied)


def _constant(graph: Graph, text: int, reference: str) -> float | None:
    """The number that a reference means in the last copy of a formula, typed in or computed from such; None of
    others."""
    sheet, home = home_of(graph, int(graph.texts[text].nodes[-1]))
    try:
        node = referred(graph, sheet, home, reference)
    except Unreadable:
        return None
    if node == len(graph.text):
        return 0.0
    typed = bool((graph.text[graph.operands_of(node)] < 0).all())
    return float(graph.values[node]) if typed else None
