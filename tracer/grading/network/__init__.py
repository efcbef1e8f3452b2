"""Inferring what a table shows: its network, and the quantity of each cell."""
