"""Running the equations."""
