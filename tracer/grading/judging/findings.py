"""The results of a check, as plain data.

The fields and properties of these classes are the keys of the JSON, except for those named in `INTERNAL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from tracer.formulas.notation import shortest
from tracer.grading.book.cells import Position
from tracer.grading.judging.causes import Cause, Part
from tracer.workbook.xlsx.names import ranges

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
    COPIED = "copied"
    REPEATED = "repeated"
    STALE = "stale"
    ROUNDED = "rounded"
    PASTED = "pasted"
    RATE = "rate"
    FACTOR = "factor"
    CONSISTENT = "consistent"


NOTES = frozenset({Kind.ROUNDED, Kind.PASTED, Kind.RATE, Kind.FACTOR, Kind.CONSISTENT})
"""Kinds that are not mistakes."""


class Verdict(StrEnum):
    """The verdict on a sheet's table."""

    RIGHT = "right"
    FINDINGS = "findings"
    UNFILLED = "unfilled"
    NO_TABLE = "no table"


class Way(StrEnum):
    """How a sheet was understood: by headers that name quantities, or by its formulas as a graph of cells."""

    HEADERS = "headers"
    FORMULAS = "formulas"


@dataclass(frozen=True, slots=True)
class How:
    """What was understood of a sheet.

    parameters: how many are updated. updates: their names, with their cells; those of a matrix together. steps: how
    many updates of each were judged. loss, rate: in words, with their cells; None where there is none. note: what else
    a verdict rests on.
    """

    INTERNAL: ClassVar = frozenset[str]()

    way: Way
    parameters: int = 0
    updates: tuple[str, ...] = ()
    steps: int = 0
    loss: str | None = None
    rate: str | None = None
    note: str | None = None


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
    """The results for one table of a sheet, or for what its formulas train. reason: why there is nothing to judge, or
    why something was not judged. how: what was understood; None where nothing was. covered: the cells that the verdict
    is on, headed: those whose header says what they are, until the two ways are joined.

    judged, right: the numbers of judged quantities and of right ones. Of an exercise of ours, of the cells to fill in,
    and of those that equal the key; consistent, wrong, empty, copied: of the others, None for any other sheet. strict:
    whether consistent ones do not count.
    """

    INTERNAL: ClassVar = frozenset({"mistakes", "counted", "covered", "headed"})

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
    consistent: int | None = None
    wrong: int | None = None
    empty: int | None = None
    copied: int | None = None
    strict: bool = False
    departure: Departure | None = None
    reason: str | None = None
    how: How | None = None
    covered: frozenset[Position] = frozenset()
    headed: frozenset[Position] = frozenset()

    @property
    def mistakes(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.mistake]

    @property
    def unjudged(self) -> int:
        """The number of quantities that are filled in but could not be judged."""
        return len(self.not_judged)

    @property
    def counted(self) -> int:
        """The number of judged quantities, or cells of an exercise, that count as correct."""
        return self.right if self.strict else self.right + (self.consistent or 0)

    @property
    def score(self) -> float | None:
        """The share of them that count, in per cent, to one decimal; None if none was judged."""
        return _percent(self.counted, self.judged)


def cells_in_words(sheet: SheetReport) -> str | None:
    """The five numbers of an exercise's sheet; None for any other."""
    if sheet.empty is None:
        return None
    counted = f"{sheet.counted} of {sheet.judged} cells correct"
    return (
        f"{counted}: {sheet.right} right, {sheet.consistent} consistent, {sheet.wrong} wrong, {sheet.empty} empty, "
        f"{sheet.copied} copied"
    )


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
        """The share of what was judged that counts as correct, over all sheets, in per cent, to one decimal."""
        return _percent(sum(sheet.counted for sheet in self.sheets), sum(sheet.judged for sheet in self.sheets))


def no_table(sheet: str, reason: str) -> SheetReport:
    """The report on a sheet without a table, with the reason."""
    return SheetReport(sheet, Verdict.NO_TABLE, reason=reason)


def _percent(part: int, whole: int) -> float | None:
    return round(100.0 * part / whole, 1) if whole else None
