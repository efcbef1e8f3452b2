"""What Excel can hold (Microsoft, "Excel specifications and limits")."""

from __future__ import annotations

LAST_ROW, MAX_COLUMNS = 1_048_576, 16_384
"""Of a sheet."""
MAX_FORMULA, MAX_NESTED, MAX_LITERAL, MAX_ARGUMENTS = 8_192, 64, 255, 255
"""Of a formula: characters, functions inside each other, characters of a text in quotes, arguments of a function."""
MAX_TEXT, MAX_HEIGHT = 32_767, 409.0
"""Characters in a cell; the height of a row in points."""
MAX_SHEET_NAME = 31
"""Characters of a sheet's title."""
MAX_SERIES = 255
"""Of a chart."""
