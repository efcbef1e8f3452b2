"""The Config sheet: the YAML as it was read, the version that read it, and how to run it again."""

from __future__ import annotations

import shlex

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from tracer.version import VERSION
from tracer.workbook.trace.context import Context
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.styles import FAINT, INK, fill, font

TITLE = "Config"
WIDTHS = (16.0, 110.0)
MOST_LINES = 10_000
"""Of a config that are shown."""


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Config sheet and give its cells."""
    experiment, styles = context.experiment, context.styles
    sheet.sheet_view.showGridLines = False
    grid = Grid(WIDTHS)
    grid.span((1, 1), 2, styles.title, "The config, and how to run it again")
    grid.height(1, 26)
    at_left = Alignment(vertical="top", horizontal="left", indent=1)
    code = styles.look(font=Font(name="Courier New", size=10, color=INK), alignment=at_left)
    boxed = styles.look(
        font=Font(name="Courier New", size=10, color=INK), fill=fill("F1F5F9"),
        alignment=Alignment(vertical="top", horizontal="left", wrap_text=True, indent=1),
    )  # fmt: skip
    number = styles.look(font=font(size=9, color=FAINT), alignment=Alignment(vertical="top", horizontal="right"))
    source = experiment.source
    file = source.file or f"{experiment.name}.yaml"
    command = " ".join(["backprop-trace run", shlex.quote(file), *(f"--set {shlex.quote(s)}" for s in source.settings)])
    origin = f"the YAML below, saved as {file} next to the files that it names"
    origin += "" if source.file else " (it was passed in Python)"
    facts = {"version": (styles.wrapped, f"backprop-trace {VERSION}"), "config": (styles.wrapped, origin)}
    facts["run it again"] = (boxed, command)
    for row, (label, (style, fact)) in enumerate(facts.items(), 3):
        grid.put((row, 1), styles.label, label)
        grid.put((row, 2), style, fact)
        grid.wrap(row, 1.2 * len(fact), WIDTHS[1])
    lines = source.text.splitlines()
    first = len(facts) + 4
    for index, line in enumerate(lines[:MOST_LINES]):
        grid.put((first + index, 1), number, index + 1)
        grid.put((first + index, 2), code, line)
    if len(lines) > MOST_LINES:
        grid.put((first + MOST_LINES, 2), styles.warning, f"and {len(lines) - MOST_LINES:,} more lines")
    set_up_page(sheet, orientation="portrait")
    return grid.content(sheet)
