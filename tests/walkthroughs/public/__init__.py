"""Sheets as teachers, bloggers and students publish them, each written out by hand."""
