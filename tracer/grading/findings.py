"""What a check says, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tracer.grading.cells import Position, reference

TOLERANCE = 1e-9
"""Relative: what unrounded doubles may differ by."""


class Kind(StrEnum):
    """What a finding is. The last ones are no mistakes, they only say how the values came there."""

    FORMULA = "formula"
    UPDATE = "update"
    ETA = "eta"
    VALUE = "value"
    CONSTANT = "constant"
    HEADER = "header"
    ERROR = "error"
    REPEATED = "repeated"
    STALE = "stale"
    ROUNDED = "rounded"
    PASTED = "pasted"
    RATE = "rate"


NOTES = frozenset({Kind.ROUNDED, Kind.PASTED, Kind.RATE})
"""Kinds that are no mistake."""


class Verdict(StrEnum):
    """What a sheet's table came to."""

    RIGHT = "right"
    FINDINGS = "findings"
    UNFILLED = "unfilled"
    NO_TABLE = "no table"


@dataclass(frozen=True, slots=True)
class Finding:
    """Cells that are not what their row demands, or a note on how they came there.

    cells: in the person's sheet, Z33:Z100. cause: the likely slip in words, None where it stays unknown. theirs, right:
    the formulas in quantities (values, where the cells hold no formula); marks: (start, end) of what differs in theirs.
    effect: the final loss with this mistake alone minus the right final loss; None where that cannot be told. first:
    the first of the cells, with its value and the right one.
    """

    quantity: str
    kind: Kind
    places: tuple[Position, ...]
    cause: str | None
    theirs: str | None = None
    right: str | None = None
    marks: tuple[tuple[int, int], ...] = ()
    effect: float | None = None
    value: float | None = None
    right_value: float | None = None

    @property
    def is_mistake(self) -> bool:
        return self.kind not in NOTES

    @property
    def cells(self) -> str:
        return ranges(self.places)


@dataclass(frozen=True, slots=True)
class Departure:
    """How the whole trajectory compares with the right one from the same start.

    cell: the first loss that differs; row: its row in the sheet. final, right_final: the last losses.
    """

    row: int | None
    final: float
    right_final: float


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What was found in one table of a sheet. reason: why there is no table, or why something was not judged.

    judged, right: how many quantities were judged, and how many of them are right.
    """

    sheet: str
    verdict: Verdict
    table: str | None = None
    eta: float | None = None
    network: str | None = None
    recognised: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    judged: int = 0
    right: int = 0
    departure: Departure | None = None
    reason: str | None = None

    @property
    def mistakes(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_mistake]

    @property
    def score(self) -> float | None:
        """The share of judged quantities that are right, in per cent."""
        return 100.0 * self.right / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class BookReport:
    """A workbook: read, or unreadable and why."""

    workbook: str
    reason: str | None
    sheets: tuple[SheetReport, ...] = ()

    @property
    def readable(self) -> bool:
        return self.reason is None

    @property
    def has_findings(self) -> bool:
        return any(sheet.verdict is Verdict.FINDINGS for sheet in self.sheets)

    @property
    def score(self) -> float | None:
        """The share of judged quantities that are right, over all sheets, in per cent."""
        judged = sum(sheet.judged for sheet in self.sheets)
        return 100.0 * sum(sheet.right for sheet in self.sheets) / judged if judged else None


def ranges(places: Iterable[Position]) -> str:
    """Cells as ranges: Z33:Z100, or Z33, Z35:Z37; as blocks where columns lie side by side."""
    cells = sorted(set(places), key=lambda place: (place[1], place[0]))
    blocks: list[tuple[int, int, list[tuple[int, int]]]] = []
    for column in sorted({column for _, column in cells}):
        rows = _runs([row for row, c in cells if c == column])
        if blocks and blocks[-1][1] == column - 1 and blocks[-1][2] == rows:
            blocks[-1] = (blocks[-1][0], column, rows)
        else:
            blocks.append((column, column, rows))
    return ", ".join(
        _range(reference((top, left)), reference((bottom, right)))
        for left, right, rows in blocks
        for top, bottom in rows
    )


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}:{last}"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
