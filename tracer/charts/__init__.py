"""Curves as SVG, in the terminal, by matplotlib."""

SVG, BY_MATPLOTLIB = ".svg", (".png", ".pdf")
"""The suffixes of the files that figures are drawn to."""
