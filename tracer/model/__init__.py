"""From an experiment to its equations."""
