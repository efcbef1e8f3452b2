"""What a lecturer explains about a step, as data."""
