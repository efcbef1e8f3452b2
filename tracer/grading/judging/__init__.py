"""Judging which cells of a table are right."""
