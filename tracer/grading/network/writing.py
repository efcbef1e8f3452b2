"""Formulas of quantities as text, with the places that differ."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache

from tracer.explain.words import spelled
from tracer.formulas.expansion import expand
from tracer.formulas.notation import render
from tracer.formulas.notation.text import TEXT
from tracer.formulas.tree import Expression, Name
from tracer.model import naming


@lru_cache(maxsize=20_000)
def written(expression: Expression, home: int = 0) -> str:
    """The expression as text. home: the lag that needs no mention, 1 for an update; what stems from a later row reads
    `w5[+1]`, from an earlier one `w5[−1]`."""

    def spell(name: Name) -> str:
        rows = 0 if name.name == naming.ETA else home - name.lag
        place = "" if not rows else f"[{rows:+d}]".replace("-", "−")
        return spelled(replace(name, name=naming.label(name.name) + place))

    return render(expand(expression), TEXT, spell)


_TOKEN = re.compile(r"\$[A-Z]+\$\d+|∂[^·()+−^, ]+|[^\W\d]\w*(?:\[[+−]\d+\])?|\d[\d.e−]*|\S")


def tokens(text: str) -> list[tuple[int, int, str]]:
    """(start, end, text) of the names, numbers and signs of a formula."""
    return [(match.start(), match.end(), match[0]) for match in _TOKEN.finditer(text)]


def differences(theirs: str, right: str) -> list[tuple[int, int]]:
    """The parts of `theirs` that the right formula does not have: its surplus names and numbers where there are any,
    otherwise what a comparison from left to right shows."""
    ours = Counter(token for *_, token in tokens(right))
    found, surplus = tokens(theirs), []
    extra = Counter(token for *_, token in found) - ours
    words = {token for token in extra if re.match(r"[$∂\w]", token)}
    for start, end, token in found:
        if token in words:
            surplus.append((start, end))
    if surplus:
        return surplus
    left, other = [t for *_, t in found], [t for *_, t in tokens(right)]
    spans = []
    for kind, first, last, *_ in SequenceMatcher(None, left, other, autojunk=False).get_opcodes():
        if kind != "equal" and found:
            low = found[min(first, len(found) - 1)]
            high = found[max(first, last - 1)] if last > first else low
            spans.append((low[0], high[1]))
    return spans


def likeness(one: str, other: str) -> float:
    """How alike two formulas read, from 0 to 1."""
    return SequenceMatcher(None, [t for *_, t in tokens(one)], [t for *_, t in tokens(other)], autojunk=False).ratio()
