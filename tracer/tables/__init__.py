"""What a config can choose from, one row per entry."""
