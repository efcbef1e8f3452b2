"""Colors that follow the numbers, as conditional formats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.worksheet.worksheet import Worksheet

NEGATIVE, POSITIVE, WHITE = "60A5FA", "FB923C", "FFFFFF"
"""The colors of the largest numbers below and above 0; what is near 0 is white."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Cells colored by sign and size, white at 0, in full color at `largest`, a number or a formula, and beyond."""

    cells: tuple[str, ...]
    largest: float | str
    neutral: str = WHITE


def color(sheet: Worksheet, scales: Iterable[Scale]) -> None:
    """Give the sheet its color scales, as conditional formats."""
    for scale in scales:
        kind, largest = ("formula" if isinstance(scale.largest, str) else "num"), scale.largest or 1.0
        rule = ColorScaleRule(
            start_type=kind, start_value=f"-{largest}", start_color=NEGATIVE,
            mid_type="num", mid_value=0, mid_color=scale.neutral,
            end_type=kind, end_value=largest, end_color=POSITIVE,
        )  # fmt: skip
        sheet.conditional_formatting.add(" ".join(cell.replace("$", "") for cell in scale.cells), rule)
