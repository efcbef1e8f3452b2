"""Documents as text, in the notations that people read."""
