"""A foreign workbook: its cells, and what their formulas mean."""
