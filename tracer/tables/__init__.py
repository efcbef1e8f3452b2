"""What a config can choose from, one row an entry."""
