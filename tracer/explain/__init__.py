"""What a lecturer says of a step, as data."""
