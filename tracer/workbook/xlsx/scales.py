"""Colors that follow the numbers, as conditional formats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.worksheet.worksheet import Worksheet

NEGATIVE, POSITIVE, WHITE = "60A5FA", "FB923C", "FFFFFF"
"""The colors of the largest numbers below and above 0; what is near 0 is white."""
CALM = "BFDBFE", "FED7AA"
"""The same, for large tables."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Cells colored by sign and size, neutral at `middle`, in full color at a distance of `largest` and beyond.

    largest: a number, or a formula where `middle` is 0.
    """

    cells: tuple[str, ...]
    largest: float | str
    neutral: str = WHITE
    colors: tuple[str, str] = (NEGATIVE, POSITIVE)
    middle: float = 0.0


def color(sheet: Worksheet, scales: Iterable[Scale]) -> None:
    """Give the sheet its color scales, as conditional formats."""
    for scale in scales:
        low: float | str
        high: float | str
        if isinstance(scale.largest, str):
            kind, low, high = "formula", f"-{scale.largest}", scale.largest
        else:
            largest = scale.largest or 1.0
            kind, low, high = "num", scale.middle - largest, scale.middle + largest
        rule = ColorScaleRule(
            start_type=kind, start_value=low, start_color=scale.colors[0],
            mid_type="num", mid_value=scale.middle, mid_color=scale.neutral,
            end_type=kind, end_value=high, end_color=scale.colors[1],
        )  # fmt: skip
        sheet.conditional_formatting.add(" ".join(cell.replace("$", "") for cell in scale.cells), rule)
