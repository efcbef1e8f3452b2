"""The Excel workbook of a run: live formulas that carry their values."""
