"""Curves and graphs as SVG, in DOT, in the terminal, by matplotlib."""

SVG, BY_MATPLOTLIB, DOT = ".svg", (".png", ".pdf"), ".dot"
"""The suffixes of the files that figures are drawn to, and that graphs are: SVG and DOT."""
