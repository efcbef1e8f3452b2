"""Explaining wrong cells: the slips behind them, and their effects."""
