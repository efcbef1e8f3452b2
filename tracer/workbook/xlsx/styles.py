"""The look of the workbook: one color per phase, the number formats, the styles of all cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from tracer.model.system import Phase


@dataclass(frozen=True, slots=True)
class Palette:
    """The colors of a phase, as RRGGBB: strong for headers, pale for cells."""

    strong: str
    pale: str


PALETTE = {
    Phase.DATA: Palette("475569", "F1F5F9"),
    Phase.PARAMETER: Palette("B45309", "FEF6E0"),
    Phase.FORWARD: Palette("1D4ED8", "E8F0FE"),
    Phase.LOSS: Palette("BE123C", "FFE9EC"),
    Phase.BACKWARD: Palette("047857", "E3F9EE"),
    Phase.BATCH: Palette("0E7490", "E0F7FB"),
    Phase.OPTIMIZER: Palette("6D28D9", "F1EBFE"),
}
TOTAL_PALETTE = Palette("9F1239", "FDA4AF")
PALETTES = {str(phase): palette for phase, palette in PALETTE.items()} | {"total": TOTAL_PALETTE}
"""By the kind of a quantity: its phase, or "total" for the loss."""
INPUT_FILL, INPUT_BORDER = "FFF59D", "B45309"
"""Of the cells that a reader is invited to change."""
INK, SLATE, GREY, FAINT, LINE, WHITE = "111827", "475569", "64748B", "94A3B8", "CBD5E1", "FFFFFF"
"""Of text, from strong to faint, and of lines."""
GIVEN, WARNING = "1D4ED8", "BE123C"
"""Of numbers that are typed in, and of what went wrong."""

FIXED = "0.000000000"
"""Nine decimals, as the published walkthroughs print them. No conditions: LibreOffice drops the minus sign then."""
SCIENTIFIC = "0.000000E+00"
PLAIN = "General"
SMALL, LARGE = 1e-3, 100.0
"""A column that never reaches the first, or reaches the second, is shown in powers of ten."""


def number_format(largest: float) -> str:
    """How numbers up to this magnitude are shown."""
    return FIXED if largest == 0 or SMALL <= largest < LARGE else SCIENTIFIC


def common_format(values: Iterable[float]) -> str:
    """How these numbers are shown below each other: all in the form that any of them needs."""
    return next((SCIENTIFIC for value in values if number_format(abs(value)) == SCIENTIFIC), FIXED)


SERIES_COLORS = ("1D4ED8", "BE123C", "047857", "B45309", "7C3AED", "0891B2", "DB2777", "475569")


class Styles:
    """The index of every style in the workbook's table of cell formats; openpyxl keeps the table."""

    def __init__(self, book: Workbook) -> None:
        self._sheet = book.active
        self.title = self.look(font=font(size=16, bold=True, color=INK))
        self.subtitle = self.look(font=font(size=11, color=SLATE))
        wrapped = Alignment(vertical="center", wrap_text=True)
        self.hint = self.look(font=font(size=11, color=SLATE), alignment=wrapped)
        self.stopped = self.look(font=font(size=11, bold=True, color=WARNING), alignment=wrapped)
        self.warning = self.look(font=font(size=11, bold=True, color=WARNING))
        self.label = self.look(font=font(size=11, bold=True, color=SLATE), alignment=Alignment(vertical="top"))
        self.wrapped = self.look(alignment=Alignment(vertical="top", wrap_text=True))
        self.wrapped_warning = self.look(
            font=font(bold=True, color=WARNING), alignment=Alignment(vertical="top", wrap_text=True)
        )
        self.section = self.look(font=font(size=12, bold=True, color=INK))
        center = Alignment(horizontal="center")
        self.centered = self.look(alignment=center)
        self.centered_warning = self.look(font=font(bold=True, color=WARNING), alignment=center)
        self.link = self.look(font=font(underline="single", color=GIVEN), alignment=Alignment(vertical="center"))
        self.column_head = self.look(
            font=font(bold=True, color=WHITE), fill=fill(SLATE), alignment=Alignment(horizontal="center")
        )
        self.eta_label = self.look(
            font=font(size=12, bold=True), alignment=Alignment(horizontal="right", vertical="center")
        )
        self.eta = self.look(
            font=font(size=12, bold=True, color=GIVEN), fill=fill(INPUT_FILL), border=box(INPUT_BORDER),
            alignment=Alignment(horizontal="center", vertical="center"),
        )  # fmt: skip
        self.number = {form: self.look(number_format=form) for form in (FIXED, SCIENTIFIC, PLAIN)}
        self.score = self.look(
            font=font(size=12, bold=True, color=INK),
            number_format="0%",
            alignment=Alignment(horizontal="center", vertical="center"),
        )
        self.blank = {
            form: self.look(number_format=form, border=box(FAINT), fill=fill(WHITE))
            for form in (FIXED, SCIENTIFIC, PLAIN)
        }
        self.percent = self.look(number_format="0.000%")
        self.header = {key: self._header(palette) for key, palette in PALETTES.items()}
        self.group = {phase: self._group(palette) for phase, palette in PALETTE.items()}
        corner = Alignment(horizontal="left", vertical="center", wrap_text=True)
        self.corner, self.small_corner = (
            self.look(font=font(size=size, bold=True, color=INK), alignment=corner) for size in (13, 10)
        )
        self.words = {key: self._words(palette) for key, palette in PALETTES.items()}
        self._values = {
            (key, form, given): self._value(palette, form, given, key == "total")
            for key, palette in PALETTES.items()
            for form in (FIXED, SCIENTIFIC, PLAIN)
            for given in (False, True)
        }

    def value(self, kind: str, form: str, given: bool = False) -> int:
        """A number of a phase (or "total") in a number format; `given` numbers are typed in, not computed."""
        return self._values[kind, form, given]

    def look(self, **look: Any) -> int:
        """The index of a style; `look` as openpyxl calls its parts, in the sheets' typeface where it says none.

        To be called before the book is saved, and so not by rows that are made while it is.
        """
        cell = Cell(self._sheet, 1, 1)  # of the book, but in no sheet
        for attribute, value in ({"font": _PLAIN} | look).items():
            setattr(cell, attribute, value)
        index: int = cell.style_id
        return index

    def _header(self, palette: Palette) -> int:
        return self.look(
            font=font(bold=True, color=WHITE), fill=fill(palette.strong),
            alignment=Alignment(horizontal="center", vertical="center"),
        )  # fmt: skip

    def _group(self, palette: Palette) -> int:
        """Of a heading over several columns, with a gap to the next one of the same color."""
        side = Side(style="medium", color=WHITE)
        return self.look(
            font=font(size=12, bold=True, color=WHITE), fill=fill(palette.strong), border=Border(left=side, right=side),
            alignment=Alignment(horizontal="left", vertical="center", indent=1, shrink_to_fit=True),
        )  # fmt: skip

    def _words(self, palette: Palette) -> int:
        return self.look(
            font=font(size=10, color=palette.strong), fill=fill(palette.pale),
            alignment=Alignment(horizontal="center", vertical="center", wrap_text=True),
        )  # fmt: skip

    def _value(self, palette: Palette, form: str, given: bool, bold: bool) -> int:
        look = font(bold=bold, color=GIVEN if given else INK)
        return self.look(font=look, fill=fill(palette.pale), number_format=form, border=_LINE)


@cache  # openpyxl takes long to make one, and changes none
def font(**look: Any) -> Font:
    """The sheets' typeface."""
    return Font(name="Calibri", **look)


@cache
def fill(color: str) -> PatternFill:
    """A cell of one color, RRGGBB."""
    return PatternFill("solid", fgColor=color)


@cache
def box(color: str) -> Border:
    """A thin line on all sides."""
    side = Side(style="thin", color=color)
    return Border(left=side, right=side, top=side, bottom=side)


_LINE = Border(bottom=Side(style="hair", color=LINE))
_PLAIN = font(color=INK)
