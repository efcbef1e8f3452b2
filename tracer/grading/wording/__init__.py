"""The mistakes in formulas put into words."""
