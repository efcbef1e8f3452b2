"""The Config sheet: the YAML as read, the version that read it, and the command to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.facts import PROGRAM, command_of, file_of
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


FIRST_FACT, COMMAND_ROW, FIRST_LINE = 3, 5, 7
"""The rows of the facts, of the command among them, and of the YAML."""
RUN_AGAIN = "run it again"


def build(sheet: Worksheet, context: Context, command: str = "run", options: Sequence[str] = ()) -> SheetCells:
    """Lay out the Config sheet and give its cells. command: that wrote the workbook, with `options` of its own."""
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
    again = command_of(experiment, command, options)
    origin = f"the YAML below, saved as {file_of(experiment)} next to the files that it names"
    origin += "" if source.file else " (it was passed in Python)"
    facts = {"version": (styles.wrapped, f"backprop-trace {VERSION}"), "config": (styles.wrapped, origin)}
    facts[RUN_AGAIN] = (boxed, again)
    for row, (label, (style, fact)) in enumerate(facts.items(), FIRST_FACT):
        grid.put((row, 1), styles.label, label)
        grid.put((row, 2), style, fact)
        grid.wrap(row, 1.2 * len(fact), WIDTHS[1])
    lines = source.text.splitlines()
    for index, line in enumerate(lines[:MOST_LINES]):
        grid.put((FIRST_LINE + index, 1), number, index + 1)
        grid.put((FIRST_LINE + index, 2), code, line)
    if len(lines) > MOST_LINES:
        grid.put((FIRST_LINE + MOST_LINES, 2), styles.warning, f"and {len(lines) - MOST_LINES:,} more lines")
    set_up_page(sheet, orientation="portrait")
    return grid.content(sheet)


def read(cell: Callable[[int, int], str | float | None]) -> tuple[list[str], str] | None:
    """The words of the command and the YAML of a Config sheet, given what stands at (row, column); None if it is
    none, or its YAML is cut."""
    command = cell(COMMAND_ROW, 2)
    lines: list[str] = []
    while len(lines) < MOST_LINES and isinstance(cell(FIRST_LINE + len(lines), 1), float):
        lines.append(str(cell(FIRST_LINE + len(lines), 2) or ""))
    try:
        words = shlex.split(str(command))
    except ValueError:
        return None
    cut = len(lines) == MOST_LINES and cell(FIRST_LINE + MOST_LINES, 2) is not None
    return (words, "\n".join(lines) + "\n") if words[:1] == [PROGRAM] and lines and not cut else None
