"""A workbook from somebody else: its cells, and what their formulas say."""
