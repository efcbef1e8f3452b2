"""Sheets: the meaning of headers, and the position of tables."""
