"""Cells, styles, charts and the parts of an .xlsx file."""
