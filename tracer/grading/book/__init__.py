"""A workbook of a stranger: its cells, and what their formulas say."""
