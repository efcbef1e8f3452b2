"""How workbooks are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracer.grading.judging.findings import TOLERANCE, BookReport

SECONDS = 10.0
"""How long reading a workbook may take, and judging it; one of 500,000 cells takes two and six."""


@dataclass(frozen=True, slots=True)
class Options:
    """config: the network, if it is not to be inferred from the headers. tolerance: relative. strict: of an exercise of
    ours, only the key counts."""

    config: Path | None = None
    tolerance: float = TOLERANCE
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Headed:
    """A report by headers, while the rest of the workbook is still judged by its formulas."""

    report: BookReport
