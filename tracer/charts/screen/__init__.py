"""What a terminal shows, as rows of styled text; it is printed by the commands."""
