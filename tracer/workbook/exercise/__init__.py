"""Workbooks with cells to fill in."""
