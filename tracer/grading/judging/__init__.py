"""Which cells of a table are right."""
