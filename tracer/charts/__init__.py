"""Curves as SVG, in the terminal, by matplotlib."""
