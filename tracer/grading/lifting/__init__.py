"""Clips, limits and stop conditions, taken out of formulas: what is left is judged."""
