"""The look of the Walkthrough sheet."""

from __future__ import annotations

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat

from tracer.model.system import Phase
from tracer.workbook.xlsx.styles import (
    FIXED,
    GIVEN,
    GREY,
    INK,
    INPUT_BORDER,
    INPUT_FILL,
    LINE,
    PALETTE,
    SCIENTIFIC,
    TOTAL_PALETTE,
    WARNING,
    WHITE,
    Palette,
    Styles,
    box,
    fill,
    font,
)

ANY = f"[>=0.0001]{FIXED}_+;[<=-0.0001]-{FIXED}_+;{SCIENTIFIC}"
"""The number format of results below LARGEST, other than 0."""
LARGEST = 1e3
"""What is larger need not fit in its cell with nine decimals."""
DARK = "334155"
"""Of the heads of the picture, and of equations with numbers."""


ZERO = "0_." + "_0" * 9 + "_+"
CUSTOM = 190
"""The first number of the formats that conditions give: of none built in, and of none of another sheet."""
ALIGNED = {FIXED: f"{FIXED}_+", SCIENTIFIC: SCIENTIFIC, ZERO: ZERO}
"""Number formats of results, with the decimal points below each other: E and + are as wide as two digits."""


def by_size(cell: str) -> list[Rule]:
    """Conditional formats that complete ANY, which has no room for more conditions; cell: the first they apply to."""
    forms = {f"AND(ISNUMBER({cell}),{cell}=0)": ZERO, f"AND(ISNUMBER({cell}),ABS({cell})>={LARGEST:.0f})": SCIENTIFIC}
    return [
        Rule("expression", formula=[condition], dxf=DifferentialStyle(numFmt=NumberFormat(CUSTOM + number, form)))
        for number, (condition, form) in enumerate(forms.items())
    ]


class WalkthroughStyles:
    """The index of every style that only the Walkthrough sheet has."""

    def __init__(self, styles: Styles) -> None:
        look = styles.look
        middle = Alignment(vertical="center", horizontal="right", indent=1)
        left = Alignment(vertical="center", horizontal="left", indent=1)
        wrapped = Alignment(vertical="center", horizontal="left", wrap_text=True, indent=1)
        self.title = styles.title
        centered = Alignment(horizontal="center", vertical="center")
        self.control_label = look(font=font(color=GREY), alignment=centered)
        self.control = look(
            font=font(size=12, bold=True, color=GIVEN), fill=fill(INPUT_FILL), border=box(INPUT_BORDER),
            alignment=centered,
        )  # fmt: skip
        self.given = look(font=font(size=12, bold=True), alignment=centered)
        self.hint = look(font=font(color=GREY), alignment=wrapped)
        self.warning = look(font=font(bold=True, color=WARNING), alignment=left)
        self.note = look(font=font(size=10, italic=True, color=GREY), alignment=left)
        self.why = look(font=font(size=10, italic=True, color=GREY), alignment=wrapped)
        self.link = look(font=font(size=10, underline="single", color=GIVEN), alignment=centered)
        self.link_left = look(font=font(size=10, underline="single", color=GIVEN), alignment=left)
        self.beside = look(font=font(size=10, color=GREY), alignment=left)
        self.band = {phase: _band(styles, palette) for phase, palette in PALETTE.items()}
        self.picture_band = _band(styles, Palette(DARK, "F1F5F9"))
        self.layer_head = look(
            font=font(bold=True, color=GREY), alignment=Alignment(vertical="bottom", horizontal="left", indent=1)
        )
        line = Border(bottom=Side(style="hair", color=LINE))
        self.symbols = {
            phase: look(font=font(color=p.strong), fill=fill(p.pale), border=line, alignment=wrapped)
            for phase, p in PALETTE.items()
        }
        self.numbers = look(font=font(color=DARK), border=line, alignment=wrapped)
        self.result = {
            form: look(font=font(bold=True, color=INK), border=line, number_format=aligned, alignment=middle)
            for form, aligned in ALIGNED.items()
        }
        self.sentence = look(font=font(size=12, bold=True, color=INK), alignment=wrapped)
        strong = PALETTE[Phase.BACKWARD].strong
        self.focus = (
            look(font=font(color=strong), alignment=wrapped), look(font=font(color=DARK), alignment=wrapped),
            look(font=font(bold=True, color=INK), number_format=ANY, alignment=middle),
        )  # fmt: skip
        self.loss = {
            form: look(
                font=font(size=12, bold=True, color=TOTAL_PALETTE.strong), number_format=form, alignment=centered
            )
            for form in (FIXED, SCIENTIFIC)
        }


def _band(styles: Styles, palette: Palette) -> int:
    return styles.look(
        font=font(size=12, bold=True, color=WHITE), fill=fill(palette.strong),
        alignment=Alignment(vertical="center", horizontal="left", indent=1),
    )  # fmt: skip
