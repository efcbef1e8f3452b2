"""The results of a check, as plain data.

The fields and properties of these classes are the keys of the JSON, except for those named in `INTERNAL`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from tracer.formulas.notation import shortest
from tracer.grading.book.cells import Position, reference
from tracer.grading.judging.causes import Cause, Part

UNKNOWN = "wrong; cause not identified"
"""The text for a mistake without a known cause."""
TOLERANCE = 1e-9
"""Relative tolerance of unrounded doubles."""


class Kind(StrEnum):
    """The kind of a finding. The last ones are not mistakes, but notes on how values were entered."""

    FORMULA = "formula"
    UPDATE = "update"
    ETA = "eta"
    GIVEN = "given"
    VALUE = "value"
    CONSTANT = "constant"
    HEADER = "header"
    ERROR = "error"
    EMPTY = "empty"
    REPEATED = "repeated"
    STALE = "stale"
    ROUNDED = "rounded"
    PASTED = "pasted"
    RATE = "rate"


NOTES = frozenset({Kind.ROUNDED, Kind.PASTED, Kind.RATE})
"""Kinds that are not mistakes."""


class Verdict(StrEnum):
    """The verdict on a sheet's table."""

    RIGHT = "right"
    FINDINGS = "findings"
    UNFILLED = "unfilled"
    NO_TABLE = "no table"


@dataclass(frozen=True, slots=True)
class Finding:
    """Cells that differ from what their row implies, or a note on how they were entered.

    places: the cells. why: the likely cause, None if unknown; its sentence is `cause`. formula: what their
    formula reads, in quantities, None if they hold none; right: what it should read. differs: (start, end) of what
    is different in the formula. effect: the final loss with this mistake alone minus the right final loss; None where
    that cannot be told. value, right_value: of the first of the cells.
    """

    INTERNAL: ClassVar = frozenset({"places", "formula", "why"})

    quantity: str
    kind: Kind
    places: tuple[Position, ...]
    why: Cause | None
    formula: str | None = None
    right: str | None = None
    differs: tuple[tuple[int, int], ...] = ()
    effect: float | None = None
    value: float | None = None
    right_value: float | None = None

    @property
    def cause(self) -> str | None:
        """The likely cause in words."""
        return self.why.sentence if self.why else None

    @property
    def slip(self) -> str | None:
        """The machine-readable name of the cause."""
        return self.why.slip if self.why else None

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts of the cause, by name."""
        return self.why.parts if self.why else {}

    @property
    def mistake(self) -> bool:
        """Whether it is a mistake, not just a note."""
        return self.kind not in NOTES

    @property
    def cells(self) -> str:
        """The ranges of cells, such as Z33:Z100."""
        return ranges(self.places)

    @property
    def theirs(self) -> str | None:
        """The content of the cells: their formula in quantities, or the value of the first."""
        return self.formula if self.formula is not None or self.value is None else shortest(self.value)


@dataclass(frozen=True, slots=True)
class Departure:
    """How the whole trajectory compares with the right one from the same start.

    row: of the sheet, the first in which a weight or the loss differs; None where all is right. final_loss,
    right_final_loss: the last loss of the table, and the right one.
    """

    INTERNAL: ClassVar = frozenset[str]()

    row: int | None
    final_loss: float
    right_final_loss: float


@dataclass(frozen=True, slots=True)
class SheetReport:
    """The results for one table of a sheet. reason: why no table was found, or why something was not judged.

    judged, right: the numbers of judged quantities and of right ones.
    """

    INTERNAL: ClassVar = frozenset({"mistakes"})

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
        return [finding for finding in self.findings if finding.mistake]

    @property
    def unjudged(self) -> int:
        """The number of quantities that are filled in but could not be judged."""
        return len(self.not_judged)

    @property
    def score(self) -> float | None:
        """The share of judged quantities that are right, in per cent, to one decimal; None if none was judged."""
        return _percent(self.right, self.judged)


@dataclass(frozen=True, slots=True)
class BookReport:
    """The report on a workbook: read, or unreadable for a reason, or given up because it took too long (`late`)."""

    INTERNAL: ClassVar = frozenset({"readable", "has_findings", "late"})

    workbook: str
    reason: str | None
    sheets: tuple[SheetReport, ...] = ()
    late: bool = False

    @property
    def status(self) -> Literal["read", "unreadable", "late"]:
        return "read" if self.readable else "late" if self.late else "unreadable"

    @property
    def readable(self) -> bool:
        return self.reason is None

    @property
    def has_findings(self) -> bool:
        return any(sheet.verdict is Verdict.FINDINGS for sheet in self.sheets)

    @property
    def unjudged(self) -> int:
        """The number of quantities in all sheets that are filled in but could not be judged."""
        return sum(sheet.unjudged for sheet in self.sheets)

    @property
    def score(self) -> float | None:
        """The share of judged quantities that are right, over all sheets, in per cent, to one decimal."""
        return _percent(sum(sheet.right for sheet in self.sheets), sum(sheet.judged for sheet in self.sheets))


def no_table(sheet: str, reason: str) -> SheetReport:
    """The report on a sheet without a table, with the reason."""
    return SheetReport(sheet, Verdict.NO_TABLE, reason=reason)


def _percent(part: int, whole: int) -> float | None:
    return round(100.0 * part / whole, 1) if whole else None


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
