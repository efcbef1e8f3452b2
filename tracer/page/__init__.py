"""The page: one HTML file without a network in which a run lives."""
