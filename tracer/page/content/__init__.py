"""What the page shows, as data for its program."""
