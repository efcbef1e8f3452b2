"""The sheets of a trace: one row a step."""
