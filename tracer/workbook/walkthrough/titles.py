"""What the two sheets are called, and how one tells them in a workbook that is handed in."""

from __future__ import annotations

WALKTHROUGH, WORKINGS = "Walkthrough", "Workings"
HINT = "What is computed for the Walkthrough besides the numbers that it shows. Nothing here needs to be changed."
HINT_ROW = 2
"""Of the sheet of workings, in its first column."""
