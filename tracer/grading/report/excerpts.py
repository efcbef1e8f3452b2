"""What a report shows of long texts: a formula is cut around the place where it differs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from tracer.grading.judging.findings import UNKNOWN, Finding

LONGEST = 240
"""Maximum characters of a formula or a sentence in a line."""
BEFORE = 80
"""Characters of a cut formula before the place where it differs."""

Spans = Sequence[tuple[int, int]]
"""(start, end) of the parts of a formula that differ."""


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text; a long one without its middle."""
    kept = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[: longest - 3 - kept]} … {text[-kept:]}"


def cause(finding: Finding) -> str:
    """Why the cells are wrong."""
    return shortened(finding.cause or UNKNOWN)


def reads(finding: Finding) -> tuple[str, Spans] | None:
    """The person's formula and where it differs; None if there is none."""
    if finding.formula is None:
        return None
    return _around(finding.formula, finding.differs[0][0] if finding.differs else 0, finding.differs)


def right(finding: Finding) -> str | None:
    """The right formula; None if there is none to show."""
    return None if finding.right is None else _around(finding.right, _departs(finding))[0]


def _departs(finding: Finding) -> int:
    """Where the right formula begins to read otherwise than the person's."""
    pairs = zip(finding.formula or "", finding.right or "", strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _around(text: str, at: int, spans: Spans = ()) -> tuple[str, Spans]:
    """The text around a place, and the spans in it."""
    if len(text) <= LONGEST:
        return text, spans
    start = max(0, min(at - BEFORE, len(text) - LONGEST))
    end = min(len(text), start + LONGEST)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    moved = [(max(low, start), min(high, end)) for low, high in spans if low < end and high > start]
    by = len(before) - start
    return f"{before}{text[start:end]}{after}", [(low + by, high + by) for low, high in moved]
